package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"builders.test/internal/check/exit"
	"gotest.tools/v3/assert"
)

// refusal is a wrong way to call the command. Its only effect must be one line
// that says what to do.
type refusal struct {
	// line is what is typed: variables, then words. $T is a temporary folder with the
	// files below.
	line string
	// want is part of the answer.
	want string
}

// files are what $T holds.
var files = map[string]string{
	"file":                  "just a file",
	"empty/.keep":           "",
	"tree/go.mod":           "module example.test\n",
	"good/a.txtar":          "# claim: x\nbuild .\n",
	"scripts/bogus.txtar":   "# claim: x\nbogus command\n",
	"noclaim/a.txtar":       "build .\n",
	"badneed/a.txtar":       "# claim: x\n# needs: bananas\nbuild .\n",
	"badtime/a.txtar":       "# claim: x\n# deadline: soon\nbuild .\n",
	"badcond/a.txtar":       "# claim: x\n[bananas] build .\n",
	"badversion/a.txtar":    "# claim: x\n# needs: buildkit:>=banana\nbuild .\n",
	"truncated/report.json": `{"schema":3,"claims":[{"id":"a/b","ver`,
	"future/report.json":    `{"schema":99}`,
	"nojson/report.json":    "<html>not found</html>",
	"strange/report.json":   `{"schema":3,"subject":{},"claims":[{"id":"a/b","verdict":"perhaps"}]}`,
	"empty/report.json":     "",
	"list/report.json":      `[1,2,3]`,
}

var refusals = []refusal{
	{"BUILDKIT=banana check", "BUILDKIT=banana is neither a release"},
	{"BUILDKIT=v0.11 check", "neither a release"},
	{"BUILDKIT=v99 check", "neither a release"},
	{"BUILDKIT=/nowhere check", "no such folder"},
	{"BUILDKIT=$T/empty check", "no source tree of BuildKit"},
	{"BUILDKIT=$T/tree check", "no source tree of BuildKit"},
	{"BUILDKIT=UPPER/Case:x check", "is not an image reference"},
	{"BUILDKIT=moby/buildkit:a:b check", "is not an image reference"},
	{"BUILDKIT=moby/buildkit@sha256:12 check", "is not an image reference"},
	{"BUILDX=banana check", "neither a release such as"},
	{"BUILDX=/nowhere/docker-buildx check", "nor a file"},
	{"BUILDX=$T/file check", "not an executable file"},
	{"BUILDX=$T check", "BUILDX="},
	{"STORE=vfs check", "STORE=vfs is none of"},
	{"DRIVER=kubernetes check", "DRIVER=kubernetes is none of"},
	{"DRIVER=docker STORE=overlay2 RUN=cleanup/rm check", "none of the 1 selected claims applies"},
	{"RUN=nothing/like-this check", "RUN=nothing/like-this: nothing/like-this is not a chapter"},
	{"RUN=, check", `RUN="," names no claim`},
	{"RUN=( check", "a matching glob of ids"},
	{"SPECS=/nowhere check", "is not a folder with scripts"},
	{"SPECS=$T/file check", "is not a folder with scripts"},
	{"SPECS=$T/empty check", "has no script"},
	{"SPECS=$T/scripts check", "bogus.txtar:2: unknown command"},
	{"SPECS=$T/noclaim check", "a.txtar"},
	{"SPECS=$T/badneed check", "bananas"},
	{"SPECS=$T/badtime check", "soon"},
	{"SPECS=$T/badcond check", "bananas"},
	{"SPECS=$T/badversion check", "banana"},
	{"OUT=$T/file RUN=builders/version check", "name a writable folder"},
	{"OUT=$T/file/below RUN=builders/version check", "name a writable folder"},
	{"OUT=/proc/builders RUN=builders/version check", "name a writable folder"},
	{"DOCKER_HOST=unix:///nowhere.sock check", "no Docker Engine answers at unix:///nowhere.sock"},
	{"DOCKER_HOST=tcp://127.0.0.1:1 check", "no Docker Engine answers"},
	{"DOCKER_HOST=bananas check", "no Docker Engine answers"},
	{"DOCKER_HOST=ssh://nobody@nowhere.invalid check", "no Docker Engine answers at ssh://nobody@nowhere.invalid, which DOCKER_HOST selects"},
	{"DOCKER_CONTEXT=missing check", "docker context"},
	{"HOME= XDG_CACHE_HOME= check", "set XDG_CACHE_HOME or HOME"},
	{"XDG_CACHE_HOME=relative check", "XDG_CACHE_HOME"},
	{"check --nonsense", "see `builders check --help`"},
	{"check extra", "see `builders check --help`"},
	{"nonsense", "unknown command"},
	{"lab bananas", "see `builders lab --help`"},
	{"BUILDKIT=v0.11.5 compare", "baseline and candidate are both"},
	{"BASELINE=banana BUILDKIT=v0.34.2 compare", "banana"},
	{"CLAIM=caching/no-cache bisect", "bisect needs"},
	{"CLAIM=caching/no-cache USES=. BAD=v0.34.2 bisect", "are two choices"},
	{"USES=. GOOD=v0.34.2 BAD=v0.11.5 bisect", "swap them"},
	{"CLAIM=nothing/x GOOD=v0.11.5 BAD=v0.34.2 bisect", "is not a chapter, a claim's id"},
	{"CLAIM=caching/no-cache GOOD=v0.34.2 BAD=v0.11.5 bisect", "swap them"},
	{"CLAIM=caching/no-cache GOOD=old BAD=new bisect", "old"},
	{"RUNS=ten soak", "RUNS=ten is not a number of runs"},
	{"RUNS=0 soak", "RUNS=0 is not a number of runs"},
	{"BESIDE=often soak", "BESIDE=often is neither"},
	{"RUNS=3 BESIDE=4 soak", "there are only 3 runs"},
	{"BUILDKIT=banana soak", "banana"},
	{"BUILDX=banana soak", "neither a release such as"},
	{"RUN=nothing/like-this soak", "is not a chapter, a claim's id"},
	{"STRICT=perhaps soak", "STRICT=perhaps"},
	{"history --run (", "RUN=(: ( is not a chapter"},
	{"history --run bananas", "bananas is not a chapter, a claim's id"},
	{"selftest --sabotage bananas", "no sabotage has such a name; docs/selftest.md lists them"},
	{"show bananas", "builders: no claim has the id bananas; `builders claims` lists the claims of the book, --specs=DIR those of your scripts"},
	{"show version", "but there is builders/version, "},
	{"show builders", "claims; name one by its id"},
	{"SPECS=$T/good show bananas", "`builders claims --specs "},
	{"selftest --sabotage (", "SABOTAGE=("},
	{"report", "see `builders report --help`"},
	{"report $T/nowhere", "read the report"},
	{"report $T/truncated", "is not a report"},
	{"report $T/future", "has schema 99"},
	{"report $T/nojson", "is not a report"},
	{"report $T/strange", "verdict"},
	{"report $T/list", "is not a report"},
	{"merge $T/truncated $T/future --html $T/x.html", "is not a report"},
	{"init", "see `builders init --help`"},
	{"init $T/nowhere", "init needs a Dockerfile"},
}

func TestRefusals(t *testing.T) {
	for _, r := range refusals {
		t.Run(r.line, func(t *testing.T) { r.try(t) })
	}
	t.Logf("%d wrong ways to call the command, each refused with one line and exit code 2", len(refusals))
}

func (r refusal) try(t *testing.T) {
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		assert.NilError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		assert.NilError(t, os.WriteFile(path, []byte(content), 0o600))
	}
	t.Chdir("../..")
	for _, name := range []string{"GOCACHE", "GOMODCACHE"} {
		t.Setenv(name, goEnv(t, name))
	}
	// If a refusal comes too late, the lab still cannot be made.
	t.Setenv("XDG_CACHE_HOME", "/proc/builders")
	t.Setenv("OUT", filepath.Join(dir, "out"))
	for _, name := range []string{"BUILDERS_TESTBED", "DOCKER_HOST", "DOCKER_CONTEXT", "BUILDKIT", "BUILDX", "RUN", "RUNS", "BESIDE", "GITHUB_STEP_SUMMARY"} {
		t.Setenv(name, "")
	}
	words := strings.Fields(strings.ReplaceAll(r.line, "$T", dir))
	for len(words) > 0 && strings.Contains(words[0], "=") {
		name, value, _ := strings.Cut(words[0], "=")
		t.Setenv(name, value)
		words = words[1:]
	}
	var out, errs bytes.Buffer
	root := newRootCommand()
	root.SetArgs(words)
	root.SetOut(&out)
	root.SetErr(&errs)

	code := execute(t.Context(), root, &errs)

	line := errs.String()
	assert.Equal(t, code, exit.Environment, "%s%s", out.String(), line)
	assert.Assert(t, strings.Contains(line, r.want), "said: %s", line)
	assert.Equal(t, strings.Count(line, "\n"), 1, "more than one line: %s", line)
	assert.Assert(t, strings.HasPrefix(line, "builders: "), line)
	assert.Assert(t, !strings.Contains(line, "goroutine"), line)
	_, err := os.Stat(filepath.Join(dir, "out"))
	assert.Assert(t, os.IsNotExist(err), "a folder for the report was left")
}

// goEnv is where go keeps what it has made, whatever folder the test sets for caches.
func goEnv(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.Command("go", "env", name).Output()
	assert.NilError(t, err)
	return strings.TrimSpace(string(out))
}
