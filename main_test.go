//go:build integration

// Package builders holds the specs: one file per chapter, each a list of
// claims and below it the proof of every claim.
package builders

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"builders.test/helpers/env"
	"builders.test/helpers/janitor"
	"builders.test/helpers/spec"
	"builders.test/internal/claims"
	"builders.test/internal/kin"
)

// environment is opened once, before the first spec.
var environment *env.Environment

func TestMain(m *testing.M) {
	janitor.BecomeReaper()
	// Nobody hears what is proven once go test is gone; the reaper cleans up.
	kin.Parent(func() { os.Exit(2) })
	os.Exit(run(m))
}

// run exists so that its deferred work is done before the process exits.
func run(m *testing.M) (code int) {
	var guard *janitor.Guard
	e, err := env.Open(context.Background(), func(e *env.Environment) (err error) {
		guard, err = janitor.Watch(e)
		return err
	})
	if err != nil {
		// A reaper that was started by then ends when this process does.
		fmt.Fprintln(os.Stderr, "builders:", err)
		return 2
	}
	environment = e
	// Deferred calls run from the last to the first.
	defer func() { code = finish(code, audit(guard)) }()
	defer func() { code = finish(code, e.Close()) }()
	defer func() { code = finish(code, guard.Close()) }()
	return m.Run()
}

// audit passes on what the guard notes, which makes no run fail.
func audit(guard *janitor.Guard) error {
	note, err := guard.Audit()
	if note != "" {
		fmt.Fprintln(os.Stderr, "builders: note:", note)
	}
	return err
}

// finish turns a clean-up that failed into a failed run.
func finish(code int, err error) int {
	if err == nil {
		return code
	}
	for line := range strings.Lines(err.Error()) {
		fmt.Fprintln(os.Stderr, "builders: clean-up:", strings.TrimSpace(line))
	}
	return max(code, 1)
}

// prove puts one claim to the test.
func prove(t *testing.T, id string, proof func(*spec.T)) {
	t.Helper()
	claim, ok := claims.Find(id)
	if !ok {
		t.Fatalf("no claim has the id %q; add it to internal/claims", id)
	}
	spec.Prove(t, environment, claim, proof)
}
