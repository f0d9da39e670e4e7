package report

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"builders.test/helpers/claim"
	"builders.test/helpers/subject"
	"builders.test/internal/text/sanitize"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/assert/cmp"
	"gotest.tools/v3/fs"
	"gotest.tools/v3/golden"
)

func example() Report {
	return New(Subject{
		BuildKit: subject.BuildKit{Version: "v0.11.5", Image: "moby/buildkit:v0.11.5", Digest: "sha256:d1", Runc: "1.1.5"},
		Buildx:   subject.Buildx{Version: "v0.38.2"},
		Engine:   subject.Engine{Version: "29.1.0", Store: "containerd"},
		Driver:   "docker-container",
		Host:     subject.Host{Kernel: "6.1.0", Arch: "amd64", Emulation: "qemu-aarch64"},
	}, []Claim{
		{
			ID: "builders/ls", Chapter: "builders", Text: "`ls` lists each builder", Verdict: claim.Holds, Seconds: 1.25,
			Test: "TestBuilders/ls", Repro: "make check RUN=builders/ls", Evidence: "evidence/builders/ls",
			StandIns: []string{"ubuntu:20.04"},
		},
		{
			ID: "caching/third", Chapter: "caching", Text: "the third builder misses", Verdict: claim.Broken,
			Reason: "the third builder must miss: it hit", Seconds: 7.5,
			Test: "TestCaching/third", Repro: "make check RUN=caching/third", Evidence: "evidence/caching/third",
		},
		{ID: "caching/local", Chapter: "caching", Text: "a folder carries the cache", Verdict: claim.Error, Reason: "not reached: interrupted"},
		{ID: "cleanup/rm", Chapter: "cleanup", Text: "`rm` removes", Verdict: claim.NotApplicable, Reason: "needs buildkit>= 0.13: buildkit under test is v0.11.5"},
	})
}

func TestADraftIsReplacedByTheReport(t *testing.T) {
	dir := t.TempDir()
	assert.NilError(t, example().Draft(dir))
	draft, err := os.ReadFile(filepath.Join(dir, File))
	assert.NilError(t, err)
	_, err = example().Write(dir)
	assert.NilError(t, err)
	whole, err := os.ReadFile(filepath.Join(dir, File))
	assert.NilError(t, err)
	assert.Equal(t, string(draft), string(whole))
	entries, err := os.ReadDir(dir)
	assert.NilError(t, err)
	assert.Equal(t, len(entries), 1)
	assert.Assert(t, example().Draft(filepath.Join(dir, "nowhere")) != nil)
}

func TestWriteIsTheDocumentedFormat(t *testing.T) {
	dir := fs.NewDir(t, "report")
	path, err := example().Write(dir.Path())
	assert.NilError(t, err)
	content, err := os.ReadFile(path)
	assert.NilError(t, err)
	golden.Assert(t, string(content), "report.golden")
	entries, err := os.ReadDir(dir.Path())
	assert.NilError(t, err)
	assert.Assert(t, cmp.Len(entries, 1), "nothing half made is left next to it")
}

func TestReadBack(t *testing.T) {
	path, err := example().Write(t.TempDir())
	assert.NilError(t, err)
	got, err := Read(path)
	assert.NilError(t, err)
	assert.DeepEqual(t, got, example())
	assert.Equal(t, got.Worst(), claim.Broken)
	assert.Equal(t, got.Summary, Summary{Holds: 1, Broken: 1, Error: 1, NotApplicable: 1})
}

func TestReadRefuses(t *testing.T) {
	for name, tc := range map[string]struct{ content, want string }{
		"a later schema":     {`{"schema":4,"claims":{"new":"shape"}}`, "has schema 4 but only schema 3 can be read here"},
		"an old schema":      {`{"schema":2,"outside":[]}`, "has schema 2 but only schema 3 can be read here"},
		"no schema":          {`{}`, "has schema 0"},
		"something else":     {`<html>`, "is not a report"},
		"an unknown verdict": {`{"schema":3,"claims":[{"verdict":"maybe"}]}`, `unknown verdict "maybe"`},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), File)
			assert.NilError(t, os.WriteFile(path, []byte(tc.content), 0o644))
			_, err := Read(path)
			assert.ErrorContains(t, err, tc.want)
			assert.Assert(t, cmp.Regexp(`^[^\n]+$`, err.Error()))
		})
	}
}

func TestReadSubject(t *testing.T) {
	dir := t.TempDir()
	_, err := ReadSubject(dir)
	assert.ErrorIs(t, err, ErrNoSubject)

	path := filepath.Join(dir, subject.File)
	assert.NilError(t, os.WriteFile(path, []byte(`{"buildkit":{"version":"v0.11.5"},"driver":"docker-container"}`), 0o644))
	s, err := ReadSubject(dir)
	assert.NilError(t, err)
	assert.Equal(t, s.BuildKit.Version, "v0.11.5")

	assert.NilError(t, os.WriteFile(path, []byte(`{`), 0o644))
	_, err = ReadSubject(dir)
	assert.ErrorContains(t, err, subject.File)
}

func TestClearTakesOnlyWhatRunsWrite(t *testing.T) {
	dir := fs.NewDir(t, "out",
		fs.WithFile(File, "old"), fs.WithFile(subject.File, "old"), fs.WithFile("thesis.txt", "mine"),
		fs.WithDir("evidence",
			fs.WithDir("builders", fs.WithDir("ls", fs.WithFile("failure.txt", "old")), fs.WithFile("own", "mine"))))
	assert.NilError(t, Clear(dir.Path(), []string{"builders/ls", "builders/never-run"}))
	want := fs.Expected(t,
		fs.WithFile("thesis.txt", "mine"),
		fs.WithDir("evidence", fs.WithDir("builders", fs.WithFile("own", "mine"))))
	assert.Assert(t, fs.Equal(dir.Path(), want))
}

func TestDescribeLeavesOutWhatNobodyKnows(t *testing.T) {
	assert.Equal(t, Describe(example().Subject), "BuildKit v0.11.5, buildx v0.38.2, engine 29.1.0 (containerd store), kernel 6.1.0")
	assert.Equal(t, Describe(Subject{BuildKit: subject.BuildKit{Version: "v0.11.5"}}), "BuildKit v0.11.5")
}

func TestStandInsAreNamedOnce(t *testing.T) {
	claims := []Claim{{StandIns: []string{"ubuntu:20.04", "busybox"}}, {StandIns: []string{"ubuntu:20.04"}}, {}}
	r := New(Subject{}, claims).Explain(map[string]string{"busybox": "Debian's busybox"})
	assert.DeepEqual(t, r.StandIns, []StandIn{{"busybox", "Debian's busybox"}, {"ubuntu:20.04", ""}})
	assert.Equal(t, r.StandIns[0].String(), "busybox: Debian's busybox")
	assert.Equal(t, r.StandIns[1].String(), "ubuntu:20.04: a stand-in")
}

func TestWhatFailsBesideTheClaimsIsAnError(t *testing.T) {
	r := New(Subject{}, []Claim{{Verdict: claim.Holds}})
	assert.Equal(t, r.Worst(), claim.Holds)
	r.RunErrors = []string{"left behind: container x"}
	assert.Equal(t, r.Worst(), claim.Error)
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"schema":3,"claims":[{"id":"a/b","verdict":"holds"}]}`))
	f.Add([]byte(`{"schema":3,"claims":[{"id":"a/b","verdict":"perhaps"}]}`))
	f.Add([]byte(`{"schema":99}`))
	f.Add([]byte(`{"schema":3,"cl`))
	f.Fuzz(func(t *testing.T, content []byte) {
		r, err := parse("report.json", content)
		if err != nil {
			return
		}
		before, err := json.Marshal(r)
		assert.NilError(t, err)
		sanitize.Strings(&r)
		after, err := json.Marshal(r)
		assert.NilError(t, err)
		assert.Equal(t, string(before), string(after), "what was read is clean")
		// What can be read can be written, and is the same when read again.
		dir := t.TempDir()
		path, err := r.Write(dir)
		assert.NilError(t, err)
		again, err := Read(path)
		assert.NilError(t, err)
		assert.Equal(t, again.Worst(), r.Worst())
		assert.Equal(t, len(again.Claims), len(r.Claims))
	})
}
