package main

import (
	"bytes"
	"strings"
	"testing"

	"builders.test/internal/check/exit"
	"gotest.tools/v3/assert"
)

func TestUsageErrorsAreOneLine(t *testing.T) {
	for _, args := range [][]string{{"nope"}, {"check", "--nope"}, {"check", "stray"}, {"claims", "--json=maybe"}} {
		var out, errs bytes.Buffer
		root := newRootCommand()
		root.SetArgs(args)
		root.SetOut(&out)
		root.SetErr(&out)
		assert.Equal(t, execute(t.Context(), root, &errs), exit.Environment)
		assert.Assert(t, strings.HasPrefix(errs.String(), "builders: "), errs.String())
		assert.Equal(t, strings.Count(errs.String(), "\n"), 1, errs.String())
		assert.Equal(t, out.String(), "")
	}
}

func TestSoakTakesItsNumbersAsWords(t *testing.T) {
	command := newSoakCommand()
	assert.NilError(t, command.ParseFlags(strings.Fields("--runs 10 --beside 4")))
	assert.Equal(t, command.Flags().NArg(), 0)
}
