package spec

import (
	"context"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"builders.test/helpers/env"
	"builders.test/helpers/evidence"
)

// T is what a spec's body gets: a test that knows its claim, the environment,
// and where its evidence goes. Its context ends at the claim's deadline.
type T struct {
	*testing.T
	// Env is the environment that the run was opened with, on an engine with
	// the image store that the claim is about.
	Env *env.Environment
	// Driver is the driver of the builders that prove the claim.
	Driver string
	// BuildKit is the version of their BuildKit.
	BuildKit string
	// Claim is the claim being proven.
	Claim Claim
	// Evidence collects every command that is run for the claim.
	Evidence *evidence.Folder

	ctx   context.Context
	began time.Time
	// start is the engine's, as of then.
	start    string
	verdict  Verdict
	reason   string
	failures failures

	mu       sync.Mutex
	standIns map[string]bool
}

// Prove runs body as a subtest named after the claim, in parallel with the
// other claims of its chapter, and reports the verdict as attributes of the
// test: claim, chapter, verdict, reason, evidence, repro.
func Prove(parent *testing.T, e *env.Environment, c Claim, body func(*T)) {
	parent.Helper()
	parent.Run(c.Name(), func(inner *testing.T) {
		inner.Parallel()
		t := begin(inner, e, c)
		if !t.applies() {
			inner.Skip(t.reason)
		}
		t.run(body)
	})
}

// begin registers the conclusion before anything else, so that it runs after
// every clean-up of the body and sees their failures too.
func begin(inner *testing.T, e *env.Environment, c Claim) *T {
	t := &T{T: inner, Env: e, Claim: c, Driver: c.driver(e.Driver), began: time.Now()}
	inner.Cleanup(t.conclude)
	inner.Attr("claim", c.ID)
	inner.Attr("chapter", c.Chapter())
	folder, err := evidence.Create(e.Out, c.ID)
	if err != nil {
		t.EnvironmentFailed("evidence cannot be kept: %v", err)
	}
	t.Evidence = folder
	ctx, cancel := context.WithTimeout(inner.Context(), c.deadline())
	inner.Cleanup(cancel)
	t.ctx = ctx
	t.settle()
	return t
}

// settle chooses the engine and learns which BuildKit the claim is about.
func (t *T) settle() {
	if store := t.Claim.store(); store != "" {
		// Where there is none, the need says so.
		if there, err := t.Env.On(t.ctx, store); err == nil {
			t.Env = there
		}
	}
	t.start = t.Env.Start(t.ctx)
	version, err := t.Env.BuildKitVersion(t.ctx, t.Driver)
	if err != nil {
		t.EnvironmentFailed("which BuildKit the builders run cannot be told: %v", err)
	}
	t.BuildKit = version
	t.T.Attr("buildkit", version)
	t.T.Attr("driver", t.Driver)
	t.T.Attr("store", t.Env.Engine.Store)
}

// applies checks the claim's needs. What the lab should serve and does not is
// an error; anything else that is missing makes the claim not applicable.
func (t *T) applies() bool {
	for _, need := range t.Claim.Needs {
		missing := need.missing(t)
		if missing == "" {
			continue
		}
		reason := fmt.Sprintf("needs %s: %s", need.word, missing)
		if need.serves == byLab && t.Env.InLab {
			t.EnvironmentFailed("%s; the lab should serve it", reason)
		}
		t.verdict, t.reason = NotApplicable, oneLine(reason)
		return false
	}
	return true
}

// run turns a panic of the body into a failed spec, so that the other claims
// are still heard.
func (t *T) run(body func(*T)) {
	defer func() {
		if cause := recover(); cause != nil {
			t.verdict = t.verdict.Escalate(Error)
			t.reason = oneLine(fmt.Sprintf("the spec itself panicked: %v", cause))
			t.T.Errorf("%s\n%s", t.reason, debug.Stack())
		}
	}()
	body(t)
}

// Context ends at the claim's deadline or when the test ends.
func (t *T) Context() context.Context { return t.ctx }

// EnvironmentFailed ends the claim with the verdict error: the environment
// did not let it be put to the test.
func (t *T) EnvironmentFailed(format string, args ...any) {
	t.T.Helper()
	t.verdict = t.verdict.Escalate(Error)
	t.reason = oneLine(fmt.Sprintf(format, args...))
	t.T.Fatalf("environment: "+format, args...)
}

// Mistaken ends the claim with the verdict error: the spec itself is wrong, so
// nothing is known about the claim.
func (t *T) Mistaken(format string, args ...any) {
	t.T.Helper()
	t.verdict = t.verdict.Escalate(Error)
	t.reason = oneLine(fmt.Sprintf(format, args...))
	t.T.Fatalf("mistake: "+format, args...)
}

// Uses notes that an image took part in the proof. If it is a stand-in for
// one that cannot be had here, the report says so by name.
func (t *T) Uses(image string) {
	if _, ok := t.Env.StandIns[image]; !ok {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.standIns == nil {
		t.standIns = map[string]bool{}
	}
	t.standIns[image] = true
}

// Fact notes something about the result that is neither right nor wrong, such
// as a media type or the digest of a layer. Two runs are compared by it: what
// differs is a change of shape, not a broken claim. The name may be used once
// per claim.
func (t *T) Fact(name, value string) {
	t.T.Helper()
	t.T.Attr("fact", oneLine(name)+factSeparator+oneLine(value))
}

// factSeparator cannot be part of a fact's name: oneLine leaves no tabs.
const factSeparator = "\t"

// ParseFact reads the attribute that [T.Fact] writes.
func ParseFact(attribute string) (name, value string) {
	name, value, _ = strings.Cut(attribute, factSeparator)
	return name, value
}

// conclude decides the verdict and writes it into the test stream.
func (t *T) conclude() {
	if t.T.Failed() && t.verdict < Error {
		t.blame()
	}
	if t.Evidence != nil && t.T.Failed() {
		if err := t.Evidence.Failure(t.reason, t.failures.text()); err != nil {
			t.T.Logf("evidence: %v", err)
		}
	}
	t.T.Attr("verdict", t.verdict.String())
	if t.reason != "" {
		t.T.Attr("reason", t.reason)
	}
	if t.Evidence != nil {
		t.T.Attr("evidence", t.Evidence.Name())
	}
	t.T.Attr("repro", t.Env.Repro(t.Claim.ID))
	if len(t.standIns) > 0 {
		t.T.Attr("stand-ins", strings.Join(slices.Sorted(maps.Keys(t.standIns)), ","))
	}
}

// blame probes the environment before BuildKit is held responsible.
func (t *T) blame() {
	ctx, cancel := context.WithTimeout(context.Background(), env.ProbeTimeout)
	defer cancel()
	if why := t.excuse(ctx); why != "" {
		t.verdict, t.reason = Error, oneLine(why)
		return
	}
	t.verdict, t.reason = Broken, oneLine(t.failures.reason())
	if t.ctx.Err() == context.DeadlineExceeded {
		t.reason = fmt.Sprintf("no end within %s: %s", t.Claim.deadline(), t.reason)
	}
	if note := t.Claim.Known.note(t); note != "" {
		t.reason += " (" + note + ")"
	}
}

// oneLine makes text fit for an attribute: valid, printable, one line, and
// short enough to be read.
func oneLine(text string) string {
	const limit = 600
	text = strings.Map(printable, strings.ToValidUTF8(text, "\uFFFD"))
	runes := []rune(strings.Join(strings.Fields(text), " "))
	if len(runes) > limit {
		return string(runes[:limit]) + " …"
	}
	return string(runes)
}

func printable(r rune) rune {
	switch {
	case r == '\n' || r == '\t':
		return ' '
	case r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0:
		return -1
	}
	return r
}
