package build

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"builders.test/helpers/claim"
	"github.com/Masterminds/semver/v3"
	"github.com/stretchr/testify/require"
)

// Why a build failed is known from the last words of buildx, whatever happened to
// the progress.
func TestFailedAtSurvivesTheLoss(t *testing.T) {
	for file, names := range map[string][2]string{
		"failure-v0.11.5":          {`[ "$END" = 0 ]`, "/gate/waits &&"},
		"failure-v0.34.2":          {`[ "$END" = 0 ]`, "/gate/waits &&"},
		"cut-before-error-v0.11.5": {`[ "$END" = 0 ]`, "/gate/waits &&"},
		"cut-all-canceled-v0.11.5": {`[ "$END" = 0 ]`, "/gate/waits &&"},
		"merged-failure-v0.11.5":   {"exit 3", "COPY"},
		"merged-failure-v0.34.2":   {"exit 3", "COPY"},
		"missing-base-v0.11.5":     {"127.0.0.1:1/nowhere", "busybox"},
		"missing-base-v0.34.2":     {"127.0.0.1:1/nowhere", "busybox"},
		"missing-frontend-v0.34.2": {"dockerfile:missing", "busybox"},
		"refused-v0.11.5":          {"bananas", "COPY"},
		"refused-v0.34.2":          {"bananas", "COPY"},
		"printed-v0.11.5":          {"nothing failed", "RUN"},
	} {
		r := resultOf(t, filepath.Join("../progress/testdata", file+".rawjson"))
		require.Equal(t, file != "printed-v0.11.5", r.FailedAt(names[0]), file)
		require.False(t, r.FailedAt(names[1]), "%s: that did not fail", file)
	}
}

func TestFailureOfSeveralWords(t *testing.T) {
	require.Equal(t, Failure{}, parseFailure("WARNING: no output"))
	require.Equal(t, Failure{Text: "no builder \"x\" found"}, parseFailure(`ERROR: no builder "x" found`))
	require.Equal(t, Failure{Text: "last"}, parseFailure("ERROR: first\nsomething\nERROR: failed to solve: last\n"))
	failure := parseFailure(`ERROR: failed to solve: process "/bin/sh -c say \"a\\n\"" did not complete successfully: exit code: 137: context canceled`)
	require.Equal(t, `/bin/sh -c say "a\n"`, failure.Command)
	require.Equal(t, 137, failure.Exit)
}

// Each loss is usable data, and docs/progress.md lists the same ones.
func TestLossesAreOnThePage(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "progress.md"))
	require.NoError(t, err)
	var facts []Fact
	for _, loss := range Losses() {
		_, err := semver.NewConstraint(loss.Releases)
		require.NoError(t, err)
		require.NotPanics(t, func() { claim.BuildKit(loss.Releases) })
		require.Contains(t, string(page), row(loss))
		facts = append(facts, loss.Fact)
	}
	for _, fact := range []Fact{Took, Ran, Hit, Erred, Stopped, Printed, Moved} {
		require.True(t, slices.Contains(facts, fact), "nothing is said of %q", fact)
	}
	require.Equal(t, len(Losses()), strings.Count(string(page), "\n| ")-1, "the page has other rows than there are losses")
}

// row returns a loss as a row of the table in docs/progress.md.
func row(l Loss) string {
	releases := map[string]string{anyRelease: "all", merged: "before v0.13"}[l.Releases]
	source := l.Source
	if name, ok := strings.CutPrefix(source, "https://github.com/"); ok {
		source = "[" + name[strings.LastIndex(name, "/")+1:] + "](" + l.Source + ")"
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %s |", l.Fact, releases, l.When, l.Instead, source)
}

func TestTheEndOfALogFitsALine(t *testing.T) {
	require.Empty(t, tail(""))
	require.Equal(t, "; it said: sed: bad option / Usage: sed", tail("\n sed: bad option\n\nUsage: sed\n"))
	long := tail(strings.Repeat("x", 400) + "\nthe cause\n")
	require.Regexp(t, "^; it said: …x+ / the cause$", long)
}
