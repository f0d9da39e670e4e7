package spec

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"builders.test/helpers/claim"
	"builders.test/helpers/env"
	"builders.test/helpers/evidence"
	cerrdefs "github.com/containerd/errdefs"
)

// T is what a spec's body gets: one try at proving a claim. It is a test that
// knows its claim, the environment, and where its evidence goes. A failure fails
// the try alone; what that means for the claim is decided once it has been tried
// often enough. The context of T ends at the claim's deadline.
type T struct {
	testing.TB

	// Env is the environment that the run was opened with, on an engine with
	// the image store that the claim is about.
	Env *env.Environment
	// Driver is the driver of the builders that prove the claim.
	Driver string
	// BuildKit is the version of their BuildKit.
	BuildKit string
	// Claim is the claim being proven.
	Claim claim.Claim
	// Evidence collects every command that is run for the try.
	Evidence *evidence.Folder

	// proof is what the try is part of; nil in tests of helpers.
	proof *proof
	// number counts the tries of the claim from one.
	number int
	// round separates what this try shares from what all first tries share; empty for
	// first tries.
	round string
	ctx   context.Context
	began time.Time
	took  time.Duration
	// start identifies the engine's start, as of then.
	start    string
	verdict  claim.Verdict
	reason   string
	failures failures
	// late reports whether the deadline passed before the body ended.
	late     bool
	cleanUps []func()
	// beside are the proofs that built while this try did.
	beside map[*proof]bool
	// placed reports whether the try holds one of the schedule's places, waits how many of
	// its waits are under way. Both belong to the schedule.
	placed bool
	waits  int
	facts  []string

	// abandoned is a try whose body did not end; the test goes on without it.
	abandoned atomic.Bool

	mu       sync.Mutex
	standIns map[string]bool
	// roles are what registries are to the claim, by host.
	roles map[string]role
	// doubts are what registries are asked about if the try fails.
	doubts []doubts
	// noticed is what was wrong while the claim had its builders and registries.
	noticed string
}

// prefix distinguishes the tries of a claim in its log.
func (t *T) prefix() string {
	switch {
	case t.proof == nil || t.number == 1:
		return ""
	case t.number == 0:
		return "beside, " + t.Claim.ID + ": "
	}
	return fmt.Sprintf("try %d: ", t.number)
}

// SharedKey returns the key under which things that specs share are kept: all
// first tries have the same, and a retry of a failed claim has its own, so that
// it gets fresh builders.
func (t *T) SharedKey(key string) string {
	if t.round == "" {
		return key
	}
	return key + " for " + t.round
}

// run makes the whole try: it opens the claim's surroundings, runs the body and
// every clean-up, and decides what the try came to.
func (t *T) run() {
	t.began = time.Now()
	ctx, cancel := context.WithTimeout(t.TB.Context(), t.Claim.Limit())
	defer cancel()
	t.ctx = ctx
	t.guard(func() {
		t.open()
		if t.applies() {
			t.body()
		}
	})
	if t.late = ctx.Err() == context.DeadlineExceeded; t.late {
		t.Env.Cut()
	}
	t.notice()
	t.cleanUp()
	t.keepSomething()
	t.conclude()
	t.took = time.Since(t.began)
}

// body runs what proves the claim; see [T.where].
func (t *T) body() { t.proof.body(t) }

// open makes the evidence's folder, chooses the engine and learns which
// BuildKit the claim is about.
func (t *T) open() {
	folder, err := evidence.Create(t.evidenceIn())
	t.EnvironmentOK(err, "cannot save the evidence")
	t.Evidence = folder
	if t.number == 1 {
		t.forgetEarlier()
	}
	if store := t.Claim.Store(); store != "" {
		// If there is none, the need says so.
		if there, err := t.Env.On(t.ctx, store); err == nil {
			t.Env = there
		}
	}
	t.start = t.Env.Start(t.ctx)
	version, err := t.Env.BuildKitVersion(t.ctx, t.Driver)
	t.EnvironmentOK(err, "cannot find out which BuildKit the builders run")
	t.BuildKit = version
	if t.number == 1 {
		t.TB.Attr("buildkit", version)
		t.TB.Attr("driver", t.Driver)
		t.TB.Attr("store", t.Env.Engine.Store)
	}
}

// evidenceIn returns where the try's evidence goes: next to that of the claim's
// first try. The evidence of a neighbor that only keeps the machine busy is
// thrown away with the run's folder.
func (t *T) evidenceIn() (out, name string) {
	switch t.number {
	case 0:
		return t.Env.Dir, t.Env.Name("beside")
	case 1:
		return t.Env.Out, t.Claim.ID
	}
	return t.Env.Out, t.Claim.ID + tryMark + strconv.Itoa(t.number)
}

// tryMark separates a claim's id from the number of a later try in the name of
// its evidence.
const tryMark = ".try-"

// forgetEarlier removes the evidence of later tries that an earlier run left.
func (t *T) forgetEarlier() {
	chapter, name := filepath.Split(filepath.Join(t.Env.Out, t.Evidence.Name()))
	entries, err := os.ReadDir(chapter)
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), name+tryMark) {
			err = errors.Join(err, os.RemoveAll(filepath.Join(chapter, entry.Name())))
		}
	}
	t.EnvironmentOK(err, "cannot remove an earlier run's evidence")
}

// applies checks the claim's needs. It is an error if something is missing that
// the testbed promises; if anything else is missing, the claim is not applicable.
func (t *T) applies() bool {
	for _, need := range t.Claim.Needs {
		missing := t.missing(need)
		if missing == "" {
			continue
		}
		reason := fmt.Sprintf("needs %s: %s", need.Word(), missing)
		if need.Component() == "" && !need.IsCustom() && t.Env.Testbed.Complete {
			t.EnvironmentFailed("%s; the testbed promises it", reason)
		}
		t.verdict, t.reason = claim.NotApplicable, oneLine(reason)
		return false
	}
	return true
}

// Context ends at the claim's deadline or when the test ends.
func (t *T) Context() context.Context {
	if t.ctx == nil {
		return t.TB.Context()
	}
	return t.ctx
}

// Cleanup registers a function that runs when the try is over, the last one
// first.
func (t *T) Cleanup(f func()) {
	if t.proof == nil {
		t.TB.Cleanup(f)
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.cleanUps = append(t.cleanUps, f)
}

func (t *T) cleanUp() {
	for f := t.lastCleanUp(); f != nil; f = t.lastCleanUp() {
		t.guard(f)
	}
}

func (t *T) lastCleanUp() func() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.cleanUps) == 0 {
		return nil
	}
	last := len(t.cleanUps) - 1
	f := t.cleanUps[last]
	t.cleanUps = t.cleanUps[:last]
	return f
}

// TempDir returns a folder that is removed when the try is over.
func (t *T) TempDir() string {
	if t.proof == nil {
		return t.TB.TempDir()
	}
	dir, err := os.MkdirTemp(t.Env.Dir, "spec-")
	t.EnvironmentOK(err, "create a folder")
	t.Cleanup(func() {
		if t.Keeps() {
			t.keep(dir)
			return
		}
		_ = os.RemoveAll(dir)
	})
	return dir
}

// keep leaves a folder for inspection.
func (t *T) keep(dir string) {
	look := evidence.Line(nil, []string{"ls", "-l", dir})
	if err := t.Env.KeepFor(env.Kept{Claim: t.Claim.Name(), Look: look}); err != nil {
		t.Logf("%v", err)
	}
}

// keepSomething leaves the run's folder, which has all files that a claim made, if
// nothing else was left for inspection.
func (t *T) keepSomething() {
	kept := func(k env.Kept) bool { return k.Claim == t.Claim.Name() }
	if t.Keeps() && !slices.ContainsFunc(env.KeptBy(t.Env.Run), kept) {
		t.keep(t.Env.Dir)
	}
}

// Keeps reports whether what the try made is kept for inspection: the first try
// failed, and the environment says so.
func (t *T) Keeps() bool { return t.Env.Keep && t.number == 1 && t.Failed() }

// Undo runs a clean-up. It has its own minute, since the claim's deadline may have
// passed; words say what it does, in case it fails.
func (t *T) Undo(words string, do func(context.Context) error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := do(ctx); err != nil {
		t.Errorf("clean-up: %s: %v", words, err)
	}
}

// TakeAway is [T.Undo] for what may be gone already.
func (t *T) TakeAway(words string, remove func(context.Context) error) {
	t.Undo(words, func(ctx context.Context) error {
		if err := remove(ctx); !cerrdefs.IsNotFound(err) {
			return err
		}
		return nil
	})
}

// EnvironmentFailed ends the claim with the verdict error: the environment
// did not let it be tested.
func (t *T) EnvironmentFailed(format string, args ...any) {
	t.errored(format, args...)
	t.Fatalf("environment: "+format, args...)
}

// OK fails the claim if err is not nil; the message says what failed.
func (t *T) OK(err error, format string, args ...any) {
	if err != nil {
		t.Fatalf("%s: %v", fmt.Sprintf(format, args...), err)
	}
}

// EnvironmentOK ends the claim with the verdict error if err is not nil; the message
// says what failed.
func (t *T) EnvironmentOK(err error, format string, args ...any) {
	if err != nil {
		t.EnvironmentFailed("%s: %v", fmt.Sprintf(format, args...), err)
	}
}

// Mistaken ends the claim with the verdict error: the spec itself is wrong, so
// nothing is known about the claim.
func (t *T) Mistaken(format string, args ...any) {
	t.errored(format, args...)
	t.Fatalf("mistake: "+format, args...)
}

func (t *T) errored(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.verdict >= claim.Error {
		return // an earlier failure may be the cause of this one
	}
	t.verdict, t.reason = claim.Error, oneLine(fmt.Sprintf(format, args...))
}

// Uses notes that an image took part in the proof. If it is a stand-in for one
// that is not available here, the report names it.
func (t *T) Uses(image string) {
	if _, ok := t.Env.Testbed.StandIns[image]; !ok {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.standIns == nil {
		t.standIns = map[string]bool{}
	}
	t.standIns[image] = true
}

// replaced names the stand-ins that took part.
func (t *T) replaced() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.Join(slices.Sorted(maps.Keys(t.standIns)), ",")
}

// Fact notes something about the result that is neither right nor wrong, such as
// a media type or the digest of a layer. Two runs are compared by their facts: a
// difference is a change of shape, not a broken claim. The name may be used once
// per claim.
func (t *T) Fact(name, value string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.facts = append(t.facts, claim.Fact{Name: oneLine(name), Value: oneLine(value)}.String())
}

// conclude decides what the try came to, and keeps what was said about it.
func (t *T) conclude() {
	if !t.Failed() {
		return
	}
	if t.verdict < claim.Error {
		t.blame()
	}
	if t.Evidence == nil {
		return
	}
	if err := t.Evidence.Failure(t.reason, t.failures.text()); err != nil {
		t.Logf("evidence: %v", err)
	}
}

// blame probes the environment before BuildKit is held responsible.
func (t *T) blame() {
	ctx, cancel := context.WithTimeout(context.Background(), env.ProbeTimeout)
	defer cancel()
	why := t.excuse(ctx)
	if why == "" && t.late {
		why = t.overloaded()
	}
	if why != "" {
		t.verdict, t.reason = claim.Error, oneLine(why)
		return
	}
	t.verdict, t.reason = claim.Broken, oneLine(t.failures.reason())
	if t.late {
		t.reason = fmt.Sprintf("no end within %s: %s", t.Claim.Limit(), t.reason)
	}
}
