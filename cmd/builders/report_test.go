package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"builders.test/helpers/claim"
	"builders.test/helpers/subject"
	"builders.test/internal/check/exit"
	"builders.test/internal/report"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/assert/cmp"
)

// runIn writes the report of a run with one claim and returns its folder.
func runIn(t *testing.T, version string, verdict claim.Verdict) string {
	t.Helper()
	dir := t.TempDir()
	subject := report.Subject{BuildKit: subject.BuildKit{Version: version}}
	_, err := report.New(subject, []report.Claim{{ID: "caching/third", Chapter: "caching", Verdict: verdict, Reason: "it hit"}}).Write(dir)
	assert.NilError(t, err)
	return dir
}

// said is what a command left behind.
type said struct {
	code        int
	out, errors string
}

// reportOn runs `builders report` as from the command line.
func reportOn(t *testing.T, args ...string) said {
	t.Helper()
	var out, errs bytes.Buffer
	root := newRootCommand()
	root.SetArgs(append([]string{"report"}, args...))
	root.SetOut(&out)
	root.SetErr(&errs)
	code := execute(t.Context(), root, &errs)
	return said{code: code, out: out.String(), errors: errs.String()}
}

func content(t *testing.T, parts ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(parts...))
	assert.NilError(t, err)
	return string(text)
}

func TestReportOnOneRunIsAPageBesideIt(t *testing.T) {
	dir := runIn(t, "v0.11.5", claim.Broken)
	assert.Equal(t, reportOn(t, dir), said{code: exit.Holds})
	assert.Assert(t, cmp.Contains(content(t, dir, report.Page), "1 of 1 claim is broken on BuildKit v0.11.5"))
	entries, err := os.ReadDir(dir)
	assert.NilError(t, err)
	assert.Assert(t, cmp.Len(entries, 2), "no format was asked for, so only the page is made")
}

func TestReportsOfDifferentBooksAreNotCompared(t *testing.T) {
	before, after, page := runIn(t, "v0.11.5", claim.Holds), runIn(t, "v0.34.2", claim.Holds), filepath.Join(t.TempDir(), "p.html")
	r, err := report.Read(filepath.Join(after, report.File))
	assert.NilError(t, err)
	r.Book = "other"
	_, err = r.Write(after)
	assert.NilError(t, err)
	got := reportOn(t, "--compare", "--html", page, before, after)
	assert.Equal(t, got.code, exit.Environment)
	assert.Assert(t, cmp.Contains(got.errors, "their claims are from different books"))
	assert.Assert(t, cmp.Contains(got.errors, "prove both again"))
	_, err = os.Stat(page)
	assert.Assert(t, os.IsNotExist(err), "a page was made of what does not belong together")
}

func TestReportOnTwoRuns(t *testing.T) {
	before, after, out := runIn(t, "v0.11.5", claim.Holds), runIn(t, "v0.34.2", claim.Broken), t.TempDir()
	got := reportOn(t, "--compare", "--markdown", "-", "--junit", filepath.Join(out, "j.xml"), "--html", filepath.Join(out, "p.html"), before, after)
	assert.Equal(t, got.code, exit.Holds, got.errors)
	// Each was tried once, which says little.
	const headline = "No regression from BuildKit v0.11.5 to BuildKit v0.34.2 is known, but 1 claim differs and was tried too few times"
	assert.Assert(t, cmp.Contains(got.out, headline))
	assert.Assert(t, cmp.Contains(content(t, out, "p.html"), headline))
	assert.Assert(t, cmp.Contains(content(t, out, "j.xml"), `<failure message="undecided: 0 of 1 → 1 of 1, too few tries to rule out chance: it hit"`))

	got = reportOn(t, "--markdown", filepath.Join(out, "m.md"), before, after)
	assert.Equal(t, got.code, exit.Holds, got.errors)
	assert.Assert(t, cmp.Contains(content(t, out, "m.md"), "1 of 1 claim is broken in at least one of 2 runs"))
}

func TestReportRefuses(t *testing.T) {
	dir := runIn(t, "v0.11.5", claim.Holds)
	for name, tc := range map[string]struct {
		args []string
		want string
	}{
		"no run folder":        {nil, "requires at least 1 arg"},
		"a folder without one": {[]string{t.TempDir()}, "read the report: open "},
		"one to compare":       {[]string{"--compare", dir}, "--compare needs two folders, the baseline's first, but got 1"},
		"an impossible file":   {[]string{"--html", filepath.Join(dir, "no", "x.html"), dir}, "name a file in a writable folder with --html"},
	} {
		t.Run(name, func(t *testing.T) {
			got := reportOn(t, tc.args...)
			assert.Equal(t, got.code, exit.Environment)
			assert.Assert(t, cmp.Contains(got.errors, tc.want))
		})
	}
}
