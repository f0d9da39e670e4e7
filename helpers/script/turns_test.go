package script

import (
	"context"
	"testing"
	"testing/synctest"

	"builders.test/helpers/claim"
	"builders.test/helpers/spec"
	"gotest.tools/v3/assert"
)

// giver is a script that gives names.
func giver(id string) *imageNames {
	return &imageNames{t: &spec.T{Claim: claim.Claim{ID: id}}}
}

func TestTheSecondScriptWaitsForAName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns, err := newTurns()
		assert.NilError(t, err)
		first, second := giver("specs/first"), giver("specs/second")
		assert.NilError(t, turns.take(t.Context(), first, "app:1"))
		assert.NilError(t, turns.take(t.Context(), first, "app:1"), "it has the name already")
		assert.NilError(t, turns.take(t.Context(), second, "other:1"))
		done := make(chan error, 1)
		go func() { done <- turns.take(t.Context(), second, "app:1") }()
		synctest.Wait()
		assert.Equal(t, len(done), 0, "the first one still has the name")
		turns.end(first)
		assert.NilError(t, <-done)
	})
}

func TestScriptsThatWaitForEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns, err := newTurns()
		assert.NilError(t, err)
		first, second := giver("specs/first"), giver("specs/second")
		assert.NilError(t, turns.take(t.Context(), first, "a"))
		assert.NilError(t, turns.take(t.Context(), second, "b"))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- turns.take(ctx, first, "b") }()
		synctest.Wait()
		assert.ErrorContains(t, turns.take(t.Context(), second, "a"), "the name a belongs to specs/first, which waits for a name of this script")
		cancel()
		assert.ErrorContains(t, <-done, "the name b was waited for: specs/second gives it to an image, too")
	})
}
