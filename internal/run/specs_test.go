package run

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"builders.test/helpers/claim"
	"builders.test/internal/book"
	"gotest.tools/v3/assert"
)

// toyBook returns what the toy module in testdata lists.
func toyBook(t testing.TB) book.Book {
	t.Helper()
	t.Setenv("GOFLAGS", "-mod=mod")
	t.Setenv("GOWORK", "off")
	b, err := book.Open(t.Context(), "testdata/toy", "", os.Stderr)
	assert.NilError(t, err)
	return b
}

// toy returns the toy module in a mood that its TOY variable sets.
func toy(t *testing.T, mood, choice string) Specs {
	t.Helper()
	chosen, err := toyBook(t).Select(choice)
	assert.NilError(t, err)
	out := t.TempDir()
	return Specs{Dir: "testdata/toy", Out: out, Book: chosen, Env: append(os.Environ(), "TOY="+mood, "OUT="+out)}
}

func TestRunFollowsGoTest(t *testing.T) {
	specs := toy(t, "broken", "caching")
	h := &hearer{}
	o, err := specs.Run(t.Context(), h)
	assert.NilError(t, err)
	assert.Equal(t, verdicts(o), "holds broken holds")
	assert.Equal(t, o.Why, "")
	stream, err := os.ReadFile(filepath.Join(specs.Out, Stream))
	assert.NilError(t, err)
	first, _, _ := bytes.Cut(stream, []byte("\n"))
	e, ok := parseEvent(first)
	assert.Assert(t, ok)
	assert.Equal(t, e.Action, "start")
}

func TestRunInterrupted(t *testing.T) {
	specs := toy(t, "interrupt", "")
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	h := &hearer{}
	h.onStart = func() {
		// The toy's builders/arch waits for the signal and then fails.
		if h.started[len(h.started)-1] == "builders/arch" {
			interrupt()
		}
	}
	o, err := specs.Run(ctx, h)
	assert.NilError(t, err)
	assert.Equal(t, o.Why, interruption)
	assert.Equal(t, o.Claims[1].Verdict, claim.Error)
	assert.Equal(t, o.Claims[6].Verdict, claim.Error)
}
