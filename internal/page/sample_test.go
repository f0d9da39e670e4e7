package page

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"builders.test/helpers/claim"
	"builders.test/helpers/evidence"
	"builders.test/helpers/subject"
	"builders.test/helpers/usage"
	"builders.test/internal/report"
	"builders.test/internal/results"
	"builders.test/internal/run"
	"builders.test/internal/text/sanitize"
	"gotest.tools/v3/assert"
)

// hostile is what a build may print to harm its readers.
const hostile = "<script>window.owned=1</script><img src=x onerror=window.owned=1> </script></pre>" +
	"\x1b[31mred\x1b[0m\x1b]0;title\x07 \x00\x08 \xff\xfe \u202eright-to-left {{.}} ${1} `tick`"

// release returns the subject of a sample run.
func release(version string) report.Subject {
	return report.Subject{
		BuildKit: subject.BuildKit{
			Version: version, Image: "moby/buildkit:" + version, Runc: "1.1.5",
			Digest: "sha256:7be8bf871c2bc9e43656b5267bcfc43f8cea196d13a0beb9760ef32b54077688",
		},
		Buildx: subject.Buildx{Version: "v0.38.2"},
		Engine: subject.Engine{Version: "29.8.1", Store: "containerd"},
		Driver: "docker-container",
		Host:   subject.Host{Kernel: "6.1.0-41-amd64", Arch: "amd64", Emulation: "qemu-aarch64-static, flags PF"},
	}
}

// sampleClaims has every verdict, in four chapters. Claims of the last were
// tried several times, or are about a known fault.
func sampleClaims() []report.Claim {
	claims := []report.Claim{
		{ID: "builders/ls", Text: "`ls` lists each created builder, its driver and node, and marks the current one", Seconds: 1.2345},
		{ID: "builders/stand-in", Text: "A builder takes `ubuntu:20.04` for its base", Seconds: 3.21, StandIns: []string{"ubuntu:20.04"}},
		{ID: "caching/third", Text: "A third builder, pinned to the same version, misses what the first builder still hits", Verdict: claim.Broken, Reason: "the third builder must miss: it hit", Seconds: 17.567},
		{ID: "caching/hostile", Text: "What a build prints stays text: " + hostile, Verdict: claim.Broken, Reason: hostile, Seconds: 0.04},
		{ID: "caching/registry", Text: "A cache exported to a registry is used by the builder that imports it", Verdict: claim.Error, Reason: "the mirror no longer answers", Seconds: 60},
		{ID: "caching/strict", Text: "With `image-manifest=true` a cache goes to a registry that checks indexes", Verdict: claim.NotApplicable, Reason: "needs buildkit>=0.12: buildkit under test is v0.11.5"},
		{ID: "caching/second", Text: "The second build on the same builder is answered from its cache", Seconds: 4.4, Facts: []claim.Fact{{Name: "media type", Value: "application/vnd.oci.image.index.v1+json"}}},
		{ID: "cleanup/rm", Text: "`rm` removes the builder's container, state volume and record", Seconds: 3.2},
	}
	claims = append(claims, triedClaims()...)
	claims[0].Source, claims[0].History = "https://docs.docker.com/reference/cli/docker/buildx/ls/", "the mark is there since buildx v0.9"
	claims[1].Source = "what people say"
	for i := range claims {
		c := &claims[i]
		c.Chapter, _, _ = strings.Cut(c.ID, "/")
		c.Driver, c.Store, c.BuildKit = "docker-container", "containerd", "v0.11.5"
		c.Test = "Test" + strings.ToUpper(c.Chapter[:1]) + c.Chapter[1:] + strings.TrimPrefix(c.ID, c.Chapter)
		c.Repro = "make check BUILDKIT=v0.11.5 RUN=" + c.ID
		if c.Verdict != claim.NotApplicable {
			c.Evidence = report.EvidenceOf(c.ID)
		}
		for n := range c.Tries {
			c.Tries[n].Evidence = report.EvidenceOf(folderOfTry(c.ID, n))
		}
	}
	return claims
}

// triedClaims are claims that were asked more than once, and known faults.
func triedClaims() []report.Claim {
	const missing = "image.tar must be there: open image.tar: no such file or directory"
	failed := report.Try{Verdict: claim.Broken, Reason: missing, Seconds: 6.5}
	held := report.Try{Verdict: claim.Holds, Seconds: 6.25}
	beside, otherwise := failed, failed
	beside.Beside, otherwise.Reason = true, "the build failed: context deadline exceeded"
	return []report.Claim{
		{ID: "output/tar", Text: "`--output type=tar` writes one file", Verdict: claim.Broken, Reason: missing, Seconds: 6.5, Tries: []report.Try{beside, failed, otherwise, beside}},
		{ID: "output/oci", Text: "`--output type=oci` writes an index", Verdict: claim.Unsteady, Reason: missing, Seconds: 6.5, Tries: []report.Try{beside, held, held, beside}},
		{ID: "output/local", Text: "A result on the disk keeps its times", Verdict: claim.Broken, Reason: "the times must be those of the build: 1970-01-01", Seconds: 2.5, Known: "moby/buildkit/issues/1234, buildkit fixed in v0.12.0"},
		{ID: "output/stdout", Text: "`--output -` writes to the standard output", Seconds: 2.75, FixedHere: "docker/buildx/issues/4321, buildx not fixed yet"},
	}
}

// folderOfTry names the folder of a try, counted from zero.
func folderOfTry(id string, n int) string {
	if n == 0 {
		return id
	}
	return fmt.Sprintf("%s.try-%d", id, n+1)
}

// sampleRun writes a run with its evidence.
func sampleRun(t testing.TB, version string, claims []report.Claim) results.Run {
	t.Helper()
	dir := t.TempDir()
	made := results.Run{Dir: dir, Report: report.New(release(version), claims)}
	for _, claim := range claims {
		if claim.Evidence != "" {
			writeEvidence(t, dir, claim.ID, claim.Verdict, claim.Reason)
		}
		for n, try := range claim.Tries {
			if n > 0 {
				writeEvidence(t, dir, folderOfTry(claim.ID, n), try.Verdict, try.Reason)
			}
		}
	}
	writeStream(t, dir, claims)
	return readBack(t, made)
}

// sampleBegan is when the commands of sample runs began.
var sampleBegan = time.Date(2026, 11, 25, 5, 16, 42, 0, time.UTC)

// writeStream writes when the claims of a run with two places ran, each for four
// seconds, and how busy the machine was.
func writeStream(t testing.TB, dir string, claims []report.Claim) {
	t.Helper()
	var stream, samples strings.Builder
	event := func(second int, action, test, output string) {
		at := sampleBegan.Add(time.Duration(second) * time.Second)
		fmt.Fprintf(&stream, `{"Time":%q,"Action":%q,"Test":%q,"Output":%q}`+"\n", at.Format(time.RFC3339), action, test, output)
	}
	event(-2, "start", "", "")
	for i, one := range claims {
		event(2*i, "run", one.Test, "")
		event(2*i+4, "output", one.Test, "--- PASS: "+one.Test+" (4.00s)\n")
	}
	length := 2*len(claims) + 6
	event(length, "pass", "", "")
	for second := range length {
		at := sampleBegan.Add(time.Duration(second) * time.Second)
		fmt.Fprintf(&samples, `{"time":%q,"machine":{"busy":%d,"idle":%d,"iowait":0,"memory":2000000000},"engine":{"cpu":%d,"memory":300000000}}`+"\n",
			at.Format(time.RFC3339), second+second*second/length/2, second-second*second/length/2, second/2)
	}
	assert.NilError(t, os.WriteFile(filepath.Join(dir, run.Stream), []byte(stream.String()), 0o644))
	assert.NilError(t, os.WriteFile(filepath.Join(dir, usage.File), []byte(samples.String()), 0o644))
}

// readBack writes the report of a run, and reads it as a page is made from it.
func readBack(t testing.TB, run results.Run) results.Run {
	t.Helper()
	path, err := run.Report.Write(run.Dir)
	assert.NilError(t, err)
	run.Report, err = report.Read(path)
	assert.NilError(t, err)
	return run
}

// cleaned returns a report as it is after reading.
func cleaned(r report.Report) report.Report {
	sanitize.Strings(&r)
	return r
}

func writeEvidence(t testing.TB, dir, name string, verdict claim.Verdict, reason string) {
	t.Helper()
	folder, err := evidence.Create(dir, name)
	assert.NilError(t, err)
	progress, err := os.ReadFile("../../helpers/progress/testdata/first-build-v0.11.5.rawjson")
	assert.NilError(t, err)
	exit := 0
	if verdict > claim.NotApplicable {
		exit = 1
		assert.NilError(t, folder.Failure(reason, reason+"\n\tError Trace:\tcaching_test.go:12\n\tError:      \t"+hostile))
		assert.NilError(t, folder.Note("daemon.log", "started\n"+hostile))
	}
	surroundings := []string{"DOCKER_HOST=unix:///run/docker.sock", "BUILDX_BUILDER=home " + name}
	for _, c := range []evidence.Command{
		{Args: []string{"docker", "buildx", "create", "--name", "b"}, Seconds: 0.5, Stdout: []byte("b\n")},
		{Args: []string{"docker", "buildx", "build", "--progress=rawjson", "."}, Seconds: 2.25, Exit: exit, Stderr: append([]byte(hostile+"\n"), progress...)},
		{Args: []string{"docker", "logs", "it's"}, Seconds: 0.1, Stdout: []byte(longOutput(name))},
		{Args: []string{"docker", "buildx", "rm", "b"}, Seconds: 0.75},
	} {
		c.Env, c.Started = surroundings, sampleBegan
		assert.NilError(t, folder.Command(c))
	}
}

// longOutput is 120 kB in which no two lines are alike.
func longOutput(id string) string {
	var b strings.Builder
	for i := 0; b.Len() < 120_000; i++ {
		fmt.Fprintf(&b, "%s line %d %s\n", id, i, strings.Repeat("x", i%60))
	}
	return b.String()
}

// writePage writes the page of a set and returns its path.
func writePage(t testing.TB, d results.Set) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "report.html")
	assert.NilError(t, Write(file, d))
	return file
}
