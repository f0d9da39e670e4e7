package main

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"builders.test/helpers/claim"
	"builders.test/internal/exit"
	"github.com/spf13/cobra"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/golden"
)

var smallBook = []claim.Listed{
	{Claim: claim.Claim{ID: "builders/ls", Text: "`ls` lists each created builder, its driver and node, and marks the current one", Source: "https://docs.docker.com/reference/cli/docker/buildx/ls/"}},
	{Claim: claim.Claim{ID: "builders/load", Text: "with `default-load` every build is loaded", Source: "https://github.com/docker/buildx/pull/2259", Needs: []claim.Need{claim.ARM64, claim.Buildx(">= 0.14")}, History: "Since buildx v0.14 the option exists; before it the option is refused"}},
	{Claim: claim.Claim{ID: "cleanup/rm", Text: "`rm` removes container, state volume and record", Source: "https://docs.docker.com/reference/cli/docker/buildx/rm/"}},
}

func TestListClaims(t *testing.T) {
	var whole, narrow bytes.Buffer
	assert.NilError(t, listClaims(&whole, smallBook, 0))
	golden.Assert(t, whole.String(), "claims.golden")
	assert.NilError(t, listClaims(&narrow, smallBook, 60))
	assert.Assert(t, strings.Contains(narrow.String(), "\n             the option is refused\n"), narrow.String())
}

func TestEncodeClaims(t *testing.T) {
	var out bytes.Buffer
	assert.NilError(t, encodeClaims(&out, smallBook))
	golden.Assert(t, out.String(), "claims.json.golden")
	out.Reset()
	assert.NilError(t, encodeClaims(&out, nil))
	assert.Equal(t, out.String(), "[]\n")
}

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

func TestAnInterruptIsNoMistake(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	interrupt()
	command := &cobra.Command{
		SilenceUsage: true, SilenceErrors: true,
		RunE: func(command *cobra.Command, _ []string) error { return fmt.Errorf("wait: %w", command.Context().Err()) },
	}
	command.SetArgs([]string{})
	var errs bytes.Buffer
	assert.Equal(t, execute(ctx, command, &errs), exit.Environment)
	assert.Equal(t, errs.String(), "builders: interrupted\n")
}
