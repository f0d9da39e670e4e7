// Package suite is the front door for a suite of specs: Main in TestMain, and
// Prove for each claim. Main opens the environment once, watches over what the
// run makes, and removes it at the end, even if the run is killed.
//
//	func TestMain(m *testing.M) { suite.Main(m) }
//
//	func TestCaching(t *testing.T) {
//		suite.Prove(t, claim.Claim{
//			ID:   "caching/second-build",
//			Text: "The second build on the same builder is answered from its cache",
//		}, func(t *suite.T) {
//			b := builder.New(t) // gone when the claim ends
//			…
//		})
//	}
//
// What such runs keep (KEEP=1), and what a power cut left, goes with
//
//	BUILDERS_CLEAN=1 go test -tags integration -count=1 -v .
package suite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"testing"

	"builders.test/helpers/claim"
	"builders.test/helpers/env"
	"builders.test/helpers/janitor"
	"builders.test/helpers/script"
	"builders.test/helpers/spec"
	"builders.test/helpers/subject"
	"builders.test/internal/kin"
)

// T is what a proof gets: a test that knows its claim and the environment.
type T = spec.T

// Option is something that a suite decides for itself.
type Option = env.Option

// Again is what it takes to prove a claim again.
type Again = env.Again

// Advice names a suite's own commands in messages.
type Advice = env.Advice

// WithBuildKit sets the BuildKit under test if the variable BUILDKIT is empty: a
// release such as v0.34.2, latest, or an image. Without both it is
// [subject.DefaultBuildKit].
func WithBuildKit(buildkit string) Option { return env.WithBuildKit(buildkit) }

// WithNeed says how to find out whether a need of the suite's own, made by
// [claim.Custom], is met. The error of missing says why it is not; a claim with that
// need is then not applicable.
func WithNeed(need claim.Need, missing func(context.Context, *env.Environment) error) Option {
	return env.WithNeed(need, missing)
}

// WithRepro sets the line by which reports say how to prove one claim again. Without
// it that is a call of go test.
func WithRepro(line func(Again) string) Option { return env.WithRepro(line) }

// WithAdvice makes messages name the suite's own commands; see [env.Advice] for which.
func WithAdvice(advice Advice) Option { return env.WithAdvice(advice) }

// opened is what Main opened, before the first test.
var opened struct {
	env      *env.Environment
	register register
	chapters chapters
	advice   Advice
}

// Main runs the tests of a suite and ends the process. Call it in TestMain. If
// the environment cannot be opened, it says why in one line and exits with code
// 2. If BUILDERS_LIST names a file, it opens nothing and writes the suite's
// claims there instead. If BUILDERS_CLEAN is 1, it proves nothing, removes what
// dead runs left, and names it, one per line.
//
// What it runs on is said by variables: BUILDKIT and BUILDX are under test, DRIVER is
// the builders' driver, OUT the folder for the report's data and the evidence
// (build/check), CONFIRM how often a claim that fails is retried (3), KEEP=1 keeps the
// builders and files of failed claims, BUILDERS_TESTBED describes more than an engine.
// Package env has the full list.
func Main(m *testing.M, options ...Option) {
	debug.SetGCPercent(gcPercent)
	janitor.BecomeReaper()
	opened.advice = env.AdviceAmong(options)
	if file := os.Getenv(claim.ListVariable); file != "" {
		os.Exit(writeList(m, file))
	}
	if asked, err := subject.Clean(os.Getenv(env.CleanVariable)); asked || err != nil {
		if err == nil {
			err = clean(context.Background(), os.Stdout, opened.advice.CleanUp)
		}
		os.Exit(refused(err))
	}
	// Once go test is gone, no one reads what is proven; the reaper cleans up.
	kin.Parent(func() { os.Exit(2) })
	os.Exit(run(m, options))
}

// gcPercent makes this process and its reaper collect garbage earlier than usual: the
// machine's memory is for builders, and specs use little of its processors.
const gcPercent = 50

// run exists so that deferred calls are made before the process exits.
func run(m *testing.M, options []Option) (code int) {
	var guard *janitor.Guard
	e, err := env.Open(context.Background(), func(e *env.Environment) (err error) {
		guard, err = janitor.Watch(e)
		return err
	}, options...)
	if err != nil {
		// A reaper that was already started ends when this process does.
		return refused(err)
	}
	opened.env = e
	e.Places = spec.TakePlaces()
	// Deferred calls run last to first.
	defer func() { code = finish(code, audit(guard)) }()
	defer func() { code = finish(code, e.Close()) }()
	defer func() { code = finish(code, guard.Close()) }()
	return m.Run()
}

// refused says what went wrong, if anything, and returns the exit code.
func refused(err error) int {
	if err == nil {
		return 0
	}
	fmt.Fprintln(os.Stderr, "builders:", err)
	return 2
}

// audit passes on what the guard notes, which fails no run.
func audit(guard *janitor.Guard) error {
	note, err := guard.Audit()
	if note != "" {
		fmt.Fprintln(os.Stderr, "builders: note:", note)
	}
	for _, kept := range env.KeptBy(opened.env.Run) {
		until := ""
		if opened.advice.CleanUp != "" {
			until = ", until " + opened.advice.CleanUp
		}
		fmt.Fprintf(os.Stderr, "builders: note: kept for a look%s: %s\n", until, kept.Look)
	}
	return err
}

// Prove tests one claim, in parallel with others. It makes the test function parallel,
// too, so that the claims of all of them share the machine; only what precedes the
// function's first claim runs before any claim.
// Its verdict is in the test's attributes; see [spec.Prove] for what fails a test
// and how often a claim is tried.
func Prove(t *testing.T, c claim.Claim, body func(*T)) {
	t.Helper()
	if opened.register.add(t, claim.Listed{Claim: c, Where: caller()}) {
		opened.chapters.parallel(t)
		spec.Prove(t, opened.env, c, body)
	}
}

// Shared returns what the suite's specs make once and share, by its key: the first that
// asks makes it, and the others wait without keeping a processor from other claims.
func Shared[V any](t *T, key string, construct func() (V, error)) (V, error) {
	return spec.Shared(t, key, construct)
}

// Scripts tests the claims of the scripts in a folder, one per script.
func Scripts(t *testing.T, folder string) {
	t.Helper()
	scripts, err := script.Folder(folder)
	if errors.Is(err, script.ErrNone) && opened.advice.Scripts != "" {
		err = fmt.Errorf("%w; %s", err, opened.advice.Scripts)
	}
	if err != nil {
		opened.register.refuse(t, "%v", err)
	}
	for _, s := range scripts {
		if opened.register.add(t, claim.Listed{Claim: s.Claim, Where: s.Path, Digest: s.Digest}) {
			opened.chapters.parallel(t)
			spec.Prove(t, opened.env, s.Claim, s.Run)
		}
	}
}

// Listing reports whether the suite only lists its claims and proves nothing. A
// test that is skipped by default must still list its claims then.
func Listing() bool { return opened.register.listing }

// caller returns the file and line of the call of Prove.
func caller() string {
	const prove = 2
	_, file, line, known := runtime.Caller(prove)
	if !known {
		return ""
	}
	return fmt.Sprintf("%s:%d", filepath.Base(file), line)
}
