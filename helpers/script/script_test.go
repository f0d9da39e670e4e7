package script

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"builders.test/helpers/claim"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/fs"
)

const good = `# claim: My application builds on both architectures.
# Everything else in the head is a plain comment: it may say anything.
# source: https://example.com/app
# needs: arm64 buildkit:>=0.13,<0.40 own-buildkit
# deadline: 3m
# component: buildkit
# known: >=0.17.2 <0.17.3 || =0.18.0
# broken: v0.18.0
# fixed: v0.18.1 v0.17.3
# with: buildx:v0.30.0

build --platform linux/amd64 .
[arm64] [!buildkit:<0.13] ! build broken
[linux] exec true
# claims: are no keys here
-- Dockerfile --
FROM scratch
`

func TestRead(t *testing.T) {
	dir := fs.NewDir(t, "My Specs", fs.WithFile("App one.txtar", good))
	s, err := Read(dir.Join("App one.txtar"))
	assert.NilError(t, err)
	assert.Equal(t, s.Claim.Name(), "app-one")
	assert.Equal(t, s.Claim.Text, "My application builds on both architectures")
	assert.Equal(t, s.Claim.Source, "https://example.com/app")
	assert.DeepEqual(t, s.Claim.Words(), []string{"arm64", "buildkit>=0.13,<0.40", "own-buildkit"})
	assert.Equal(t, s.Claim.Deadline, 3*time.Minute)
	assert.DeepEqual(t, s.Claim.Known, &claim.Known{Component: "buildkit", Range: ">=0.17.2 <0.17.3 || =0.18.0", Broken: "v0.18.0", Fixed: []string{"v0.18.1", "v0.17.3"}, Buildx: "v0.30.0"})
}

func TestNeedsAsClaimsPrintsThem(t *testing.T) {
	s, err := parse("x.txtar", []byte("# claim: a\n# needs: own-buildkit, buildkit>=0.17, buildx>=0.18\n[!buildkit>=0.20] build .\n"))
	assert.NilError(t, err)
	assert.DeepEqual(t, s.Claim.Words(), []string{"own-buildkit", "buildkit>=0.17", "buildx>=0.18"})
}

func TestMistakesAreSaidByFileAndLine(t *testing.T) {
	for content, want := range map[string]string{
		"build .\n":                                        `x.txtar:1: the head lacks a line`,
		"# claim: nothing is done\n":                       `x.txtar:1: the script has no command`,
		"# claim: a\n# need: arm64\nbuild .\n":             `x.txtar:2: unknown key "need" in the head`,
		"# claim: a\n# needs: arm46\nbuild .\n":            `x.txtar:2: unknown word "arm46"`,
		"# claim: a\n# needs: buildkit:new\nbuild .\n":     `x.txtar:2: "new" is not a version constraint`,
		"# claim: a\n# deadline: soon\nbuild .\n":          `x.txtar:2: deadline "soon" is not a duration`,
		"# claim: a\n# component: runc\nbuild .\n":         `x.txtar:2: component "runc" is none of buildkit, buildx`,
		"# claim: a\n# known: new\nbuild .\n":              `x.txtar:2: known "new" is not a version constraint`,
		"# claim: a\n# broken: yes\nbuild .\n":             `x.txtar:2: broken "yes" is not a release`,
		"# claim: a\n# with: runc:v1.0.0\nbuild .\n":       `x.txtar:2: with "runc:v1.0.0" is not a release`,
		"# claim: a\n# broken: v1.0.0\nbuild .\n":          `x.txtar:1: the head tells of a known regression only in part`,
		"# claim: a\n\nbiuld .\n":                          `x.txtar:3: unknown command "biuld"`,
		"# claim: a\nbuild .\n! ! build .\n":               `x.txtar:3: unknown command "!"`,
		"# claim: a\n[arm46] build .\n":                    `x.txtar:2: unknown word "arm46"`,
		"# claim: a\n[buildkit:>=new] build .\n":           `x.txtar:2: ">=new" is not a version constraint`,
		"# claim: a\n[arm64 build .\n":                     `x.txtar:2: the condition "[arm64 build ." has no closing bracket`,
		"# claim: a\n[arm64]\n":                            `x.txtar:2: there is no command on this line`,
		"# claim: a\nbuild .\n\n# text\nexec a\nrunn $A\n": `x.txtar:6: unknown command "runn"`,
	} {
		_, err := parse("x.txtar", []byte(content))
		assert.ErrorContains(t, err, want)
		var mistake Mistake
		assert.Assert(t, errors.As(err, &mistake))
	}
}

func TestFolder(t *testing.T) {
	dir := fs.NewDir(t, "specs", fs.WithFile("b.txtar", good), fs.WithFile("a.txtar", good), fs.WithFile("notes.md", "#"))
	scripts, err := Folder(dir.Path())
	assert.NilError(t, err)
	assert.Equal(t, len(scripts), 2)
	assert.Equal(t, scripts[0].Claim.Name(), "a")

	_, err = Folder(filepath.Join(dir.Path(), "none"))
	assert.ErrorContains(t, err, "is not a folder with scripts")
	empty := fs.NewDir(t, "empty")
	_, err = Folder(empty.Path())
	assert.ErrorContains(t, err, "has no script")
	assert.NilError(t, os.WriteFile(filepath.Join(empty.Path(), "x.txtar"), []byte("# claim: a\n\nnope\n"), 0o600))
	_, err = Folder(empty.Path())
	assert.ErrorContains(t, err, "x.txtar:3: unknown command")
}

func TestBound(t *testing.T) {
	below, err := parseBound([]string{"<10"})
	assert.NilError(t, err)
	assert.Assert(t, below.holds(9) && !below.holds(10))
	above, err := parseBound([]string{">10"})
	assert.NilError(t, err)
	assert.Assert(t, above.holds(11) && !above.holds(10))
	for _, wrong := range [][]string{nil, {"<1", "<2"}, {"10"}, {"=10"}, {"<many"}} {
		_, err := parseBound(wrong)
		assert.ErrorContains(t, err, "<N or >N")
	}
}

func TestShorten(t *testing.T) {
	assert.Equal(t, shorten("/somewhere/else/app.txtar:3: the build failed"), "app.txtar:3: the build failed")
	assert.Equal(t, shorten("without a file"), "without a file")
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte("# claim: a\n[\n-- x --\n-- \n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		s, err := parse("x.txtar", content)
		if err == nil {
			assert.Assert(t, s.Claim.Text != "")
		}
	})
}
