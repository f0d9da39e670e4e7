package spec

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"builders.test/helpers/env"
	"builders.test/helpers/upstream"
)

// role is what a registry is to a claim.
type role int

const (
	// bystander: what it does wrong is the environment's fault.
	bystander role = iota
	// filled: the claim puts everything there, so the registry is not at fault if
	// something is missing.
	filled
	// judged: what it does is on the claim's behalf.
	judged
)

// Fills declares that a registry holds only what the claim itself put there: if an
// image is missing, the push that should have put it there is at fault.
func (t *T) Fills(host string) { t.assign(host, filled) }

// Judges declares that what a registry does is on the claim's behalf, such as
// refusing a push or being absent: it excuses nothing. An image limits that to the
// image alone, such as one that may not be pulled.
func (t *T) Judges(hostOrImage ...string) {
	for _, one := range hostOrImage {
		t.assign(one, judged)
	}
}

func (t *T) assign(to string, r role) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.roles == nil {
		t.roles = map[string]role{}
	}
	t.roles[to] = r
}

// role returns the role of the image if it has one, or else of its registry.
func (t *T) role(image, host string) role {
	t.mu.Lock()
	defer t.mu.Unlock()
	for to, r := range t.roles {
		if to == host || upstream.SameRepository(to, image) {
			return r
		}
	}
	return bystander
}

// doubts are the questions to registries that a command gave rise to.
type doubts struct {
	questions []env.Question
	// ended reports whether the command may have failed because of them.
	ended bool
}

// Doubts notes images that a command had trouble with but went on, such as an
// import of cache. If the claim fails, their registries are asked.
func (t *T) Doubts(questions ...env.Question) { t.doubt(doubts{questions: questions}) }

// Stumbles notes images over which a command may have failed. If the claim fails
// because of that, their registries are asked. What a later command notes
// replaces it, since a claim that goes on wanted the failure.
func (t *T) Stumbles(questions ...env.Question) { t.doubt(doubts{questions: questions, ended: true}) }

// Succeeds notes that a command succeeded: earlier failures were wanted.
func (t *T) Succeeds() { t.doubt(doubts{}) }

func (t *T) doubt(d doubts) {
	if t.Failed() {
		return // what clean-ups do explains nothing
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.doubts = slices.DeleteFunc(t.doubts, func(earlier doubts) bool { return earlier.ended })
	if len(d.questions) > 0 {
		t.doubts = append(t.doubts, d)
	}
}

// questions are those that a failure gave rise to.
func (t *T) questions() []env.Question {
	t.mu.Lock()
	defer t.mu.Unlock()
	var all []env.Question
	for _, d := range t.doubts {
		for _, q := range d.questions {
			if !slices.Contains(all, q) {
				all = append(all, q)
			}
		}
	}
	return all
}

// unserved says which registry does not do its part; empty if each does.
func (t *T) unserved(ctx context.Context) string {
	for _, q := range t.questions() {
		host, err := upstream.HostOf(q.Image)
		if err != nil || t.role(q.Image, host) == judged {
			continue
		}
		fault := t.Env.AskUpstream(ctx, q)
		var first *upstream.Fault
		if !errors.As(fault, &first) || first.Kind == upstream.Missing && t.role(q.Image, host) == filled {
			continue
		}
		if q.Push {
			return fmt.Sprintf("%s cannot be pushed: %v", q.Image, fault)
		}
		return fmt.Sprintf("the image %s is not available: %v", q.Image, fault)
	}
	return ""
}
