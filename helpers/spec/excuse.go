package spec

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"builders.test/helpers/claim"
	"builders.test/helpers/env"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/api/types/filters"
)

// excuse says in one line why a failed claim says nothing about BuildKit: the
// environment no longer works, or did not for a moment. It is empty if there is no
// such reason.
func (t *T) excuse(ctx context.Context) string {
	if err := t.Env.Probe(ctx); err != nil {
		return err.Error()
	}
	if now := t.Env.Start(ctx); now != t.start && now != "" && t.start != "" {
		return fmt.Sprintf("the engine at %s was restarted while the claim was being tested", t.Env.Engine.Place())
	}
	if err := t.Env.Trouble(t.began, t.ended()); err != nil {
		return err.Error()
	}
	if t.noticed != "" {
		return t.noticed
	}
	if who := t.killed(ctx); who != "" {
		return who
	}
	now := time.Now()
	// Without its monotonic part, a time is what the clock shows.
	return jumped(now.Round(0).Sub(t.began.Round(0)), now.Sub(t.began))
}

// steady is how far the clock may be off while a claim is being tested: clocks
// are corrected in small steps all the time.
const steady = 2 * time.Second

// jumped says how this machine's clock was set while a claim was being tested, or
// that the machine slept: the clock shows that more or less time passed than did.
// Ages of caches, certificates and logs mean nothing then.
func jumped(shown, passed time.Duration) string {
	by := (shown - passed).Round(time.Second)
	if by.Abs() <= steady {
		return ""
	}
	way := "ahead"
	if by < 0 {
		way = "back"
	}
	return fmt.Sprintf("the clock of this machine jumped %s by %s while the claim was being tested", way, by.Abs())
}

// notice checks what can be checked only while the claim has its builders and its
// registries: the room on their disks, and whether the registries do their part.
func (t *T) notice() {
	if !t.Failed() || t.verdict >= claim.Error {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), env.ProbeTimeout)
	defer cancel()
	t.noticed = t.roomless(ctx)
	if t.noticed == "" {
		t.noticed = oneLine(t.unserved(ctx))
	}
}

// roomless says which of the claim's builders has a full disk; empty if none has.
func (t *T) roomless(ctx context.Context) string {
	of := filters.NewArgs(filters.Arg("name", env.Prefix+t.Env.Run), filters.Arg("volume", "/var/lib/buildkit"))
	found, err := t.Env.Client.ContainerList(ctx, container.ListOptions{All: true, Filters: of})
	if err != nil {
		return "" // the engine is asked again
	}
	for _, c := range found {
		name := strings.TrimPrefix(c.Names[0], "/")
		if !t.uses(name) {
			continue
		}
		if err := t.Env.RoomOf(ctx, name); err != nil {
			return err.Error()
		}
	}
	return ""
}

// ended is when the claim failed.
func (t *T) ended() time.Time {
	if at := t.failures.first(); !at.IsZero() {
		return at
	}
	return time.Now()
}

// killedCode is the exit code of a container whose program was killed, by someone
// or by the kernel for lack of memory. Programs that crash have other codes.
const killedCode = "137"

// killed looks for a container of the claim that was killed before the claim
// failed, but not because the spec removed it.
func (t *T) killed(ctx context.Context) string {
	var found []events.Message
	messages, ended := t.Env.Client.Events(ctx, events.ListOptions{
		Since: stamp(t.began), Until: stamp(t.ended()),
		Filters: filters.NewArgs(filters.Arg("type", "container"), filters.Arg("event", "die"), filters.Arg("event", "destroy")),
	})
	for {
		select {
		case message := <-messages:
			found = append(found, message)
		case err := <-ended:
			if err != nil && !errors.Is(err, io.EOF) {
				return ""
			}
			return t.victim(found)
		}
	}
}

// victim returns the container of the claim that was killed and not removed.
func (t *T) victim(all []events.Message) string {
	destroyed := map[string]bool{}
	for _, message := range all {
		if message.Action == events.ActionDestroy {
			destroyed[message.Actor.ID] = true
		}
	}
	for _, message := range all {
		name := message.Actor.Attributes["name"]
		if message.Action == events.ActionDie && message.Actor.Attributes["exitCode"] == killedCode && !destroyed[message.Actor.ID] && t.uses(name) {
			return fmt.Sprintf("the container %s was killed while the claim was being tested, by someone or for lack of memory", name)
		}
	}
	return ""
}

// uses reports whether a container belongs to the claim, or is one that specs share.
func (t *T) uses(container string) bool {
	return strings.Contains(container, env.Prefix+t.Env.Run+"-"+t.Claim.Name()+"-") ||
		strings.Contains(container, env.Prefix+t.Env.Run) && env.IsShared(container)
}

// stamp formats a time for the engine.
func stamp(at time.Time) string {
	return strconv.FormatInt(at.Unix(), 10) + "." + fmt.Sprintf("%09d", at.Nanosecond())
}
