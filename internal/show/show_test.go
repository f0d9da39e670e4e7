package show

import (
	"strings"
	"testing"
	"testing/fstest"

	"builders.test/helpers/claim"
	"builders.test/helpers/subject"
	"builders.test/internal/report"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/golden"
)

// known returns a claim about which much is known.
func known() Sheet {
	r := report.New(report.Subject{BuildKit: subject.BuildKit{Version: "v0.18.0"}}, []report.Claim{
		{ID: "cleanup/other", Verdict: claim.Holds},
		{ID: "cleanup/rm", Verdict: claim.Broken, Reason: "rm left the state volume", Seconds: 2.5, Evidence: "evidence/cleanup/rm"},
	})
	return Sheet{
		Claim: claim.Listed{
			Claim: claim.Claim{
				ID: "cleanup/rm", Text: "`rm` removes container, state volume and record", Source: "https://docs.docker.com/x",
				Needs: []claim.Need{claim.ContainerDriver}, History: "Since ever", Known: &claim.Known{Component: "buildx", Range: ">=0.36.0 <0.37.1"},
			},
			Test: "TestCleanup/rm", Where: "cleanup_test.go:30",
		},
		Killers: [][2]string{{"ignore-rm", "does nothing at `rm` and reports success"}},
		Dir:     "build/check", Report: &r,
		Run: fstest.MapFS{
			"evidence/cleanup/rm/02-docker-buildx-rm/command.json":    {Data: []byte(`{"args":["docker","buildx","rm","x"],"exit":1,"line":"docker buildx rm x"}`)},
			"evidence/cleanup/rm/02-docker-buildx-rm/stderr":          {Data: []byte("ERROR: \x1b[31mno\x1b[0m\n")},
			"evidence/cleanup/rm/10-docker-volume-ls/command.json":    {Data: []byte(`{"args":["docker","volume","ls"],"line":"docker volume ls"}`)},
			"evidence/cleanup/rm/10-docker-volume-ls/stdout":          {Data: []byte(strings.Repeat("volume\n", 1000))},
			"evidence/cleanup/rm/buildkitd.toml":                      {Data: []byte("debug = true\n")},
			"evidence/cleanup/rm/11-docker-torn/command.json":         {Data: []byte(`{"args":`)},
			"evidence/cleanup/other/01-docker-buildx-rm/command.json": {Data: []byte(`{"args":["docker"],"line":"docker other"}`)},
		},
	}
}

func TestSheet(t *testing.T) {
	var b strings.Builder
	assert.NilError(t, known().Write(&b, 0))
	text := strings.ReplaceAll(b.String(), strings.Repeat("volume\n", 585), "…\n")
	golden.Assert(t, text, "sheet.golden")
}

func TestSheetWithoutARun(t *testing.T) {
	s := known()
	s.Report = nil
	var b strings.Builder
	assert.NilError(t, s.Write(&b, 0))
	assert.Assert(t, strings.HasSuffix(b.String(), "last run   none in build/check; `make check RUN=cleanup/rm` makes one\n"), b.String())

	s.Specs = "my scripts"
	b.Reset()
	assert.NilError(t, s.Write(&b, 0))
	assert.Assert(t, strings.Contains(b.String(), "`make check RUN=cleanup/rm SPECS='my scripts'` makes one"), b.String())
}
