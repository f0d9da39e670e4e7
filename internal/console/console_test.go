package console

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"builders.test/helpers/claim"
	"builders.test/helpers/subject"
	"builders.test/internal/report"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/assert/cmp"
	"gotest.tools/v3/golden"
)

var subjectUnderTest = report.Subject{
	BuildKit: subject.BuildKit{Version: "v0.11.5"},
	Buildx:   subject.Buildx{Version: "v0.38.2"},
	Engine:   subject.Engine{Version: "29.1.0", Store: "containerd"},
	Host:     subject.Host{Kernel: "6.1.0"},
}

var finished = []report.Claim{
	{ID: "builders/ls", Chapter: "builders", Text: "`ls` lists each created builder, its driver and node, and marks the current one", Seconds: 1.23, Evidence: "evidence/builders/ls"},
	{ID: "builders/default-load", Chapter: "builders", Text: "`default-load` loads by itself", Verdict: claim.NotApplicable, Reason: "needs buildkit>= 0.13: buildkit under test is v0.11.5"},
	{ID: "caching/third", Chapter: "caching", Text: "the third builder misses while the first still hits", Verdict: claim.Broken, Seconds: 12, Reason: "the third builder must miss: Should be false", Evidence: "evidence/caching/third", StandIns: []string{"ubuntu:20.04", "debian:bookworm-slim"}},
	{ID: "caching/second", Chapter: "caching", Text: "the second build is answered from the cache", Verdict: claim.Unsteady, Seconds: 4.4, Reason: "the second build executed RUN", Evidence: "evidence/caching/second", Tries: []report.Try{
		{Verdict: claim.Broken, Reason: "the second build executed RUN", Seconds: 4.4, Beside: true, Evidence: "evidence/caching/second"},
		{Verdict: claim.Holds, Seconds: 4.1, Evidence: "evidence/caching/second.try-2"},
		{Verdict: claim.Holds, Seconds: 4.2, Evidence: "evidence/caching/second.try-3"},
		{Verdict: claim.Broken, Reason: "the second build executed RUN", Seconds: 4.4, Beside: true, Evidence: "evidence/caching/second.try-4"},
	}},
	{ID: "caching/known", Chapter: "caching", Text: "a cache of a build stays", Verdict: claim.Broken, Seconds: 2.5, Reason: "the cache is gone", Known: "x/y#1, buildkit fixed in v0.12", Evidence: "evidence/caching/known"},
	{ID: "caching/mended", Chapter: "caching", Text: "a cache of a stage stays", Seconds: 2.5, FixedHere: "x/y#2, buildkit not fixed yet", Evidence: "evidence/caching/mended"},
	{ID: "caching/registry", Chapter: "caching", Text: "a registry shares the cache", Verdict: claim.Error, Seconds: 100.04, Reason: "the mirror no longer answers", Evidence: "evidence/caching/registry", StandIns: []string{"ubuntu:20.04"}},
}

func play(c *Console) {
	c.Note("engine", "29.1.0 at unix:///var/run/docker.sock")
	for _, claim := range finished {
		c.Started(claim)
	}
	for _, claim := range finished {
		c.Finished(claim)
	}
	c.Failure("TestOwn", []string{"own_test.go:3: no"})
	c.Unreached(2, "the run was interrupted")
	r := report.New(subjectUnderTest, finished).
		Explain(map[string]string{"ubuntu:20.04": "Debian bookworm, built by the lab from Debian packages"})
	r.RunErrors = []string{"TestOwn failed outside of its claims: own_test.go:3: no"}
	c.Summary(r, 181*time.Second, "build/check/report.json")
}

func TestPlain(t *testing.T) {
	var out, errs bytes.Buffer
	play(New(&out, &errs, "build/check"))
	golden.Assert(t, out.String(), "plain.golden")
	assert.Equal(t, errs.String(), "")
	assert.Assert(t, strings.HasSuffix(out.String(), "\n2 passed, 2 failed, 3 skipped\n"))
}

func TestTerminal(t *testing.T) {
	var out bytes.Buffer
	play(&Console{out: &out, err: &out, folder: "build/check", live: true, width: 80, color: true})
	golden.Assert(t, strings.ReplaceAll(out.String(), "\x1b", "␛"), "terminal.golden")
}

func TestWidthOfWhatIsNoTerminal(t *testing.T) {
	file, err := os.CreateTemp(t.TempDir(), "")
	assert.NilError(t, err)
	defer file.Close()
	_, ok := Width(file)
	assert.Assert(t, !ok)
	assert.Assert(t, cmp.Equal(New(file, file, "").live, false))
}
