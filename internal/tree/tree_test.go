package tree

import (
	"os"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/fs"
	"gotest.tools/v3/golden"
)

// readable is how many boxes a person can take in.
const readable = 28

// -update writes the page.
func TestThePageIsUpToDate(t *testing.T) {
	// go test decides by the files that a test opens whether to run it again: a new
	// package changes the folder that it is in.
	for _, folder := range []string{"cmd", "helpers", "internal"} {
		_, err := os.ReadDir("../../" + folder)
		assert.NilError(t, err)
	}
	rooms, err := Rooms(t.Context(), "../..")
	assert.NilError(t, err)
	for _, r := range rooms {
		assert.Check(t, r.About != "", "%s: no package comment says what it is for", r.Name)
	}
	for what, part := range map[string][]Room{"claims": specs(rooms), "command": command(rooms)} {
		shown := len(boxes(part))
		assert.Check(t, shown <= readable, "the picture about the %s has %d boxes; rooms that belong together may lie in one folder", what, shown)
	}
	page, err := Markdown(rooms)
	assert.NilError(t, err)
	golden.Assert(t, page, "../../../docs/architecture.md", "make docs writes it")
}

// rooms are written "name: import import".
func rooms(lines ...string) []Room {
	var all []Room
	for _, line := range lines {
		name, imports, _ := strings.Cut(line, ":")
		all = append(all, Room{Name: name, Imports: strings.Fields(imports)})
	}
	return all
}

func lines(all []Room) []string {
	var written []string
	for _, r := range all {
		written = append(written, strings.TrimSpace(r.Name+": "+strings.Join(r.Imports, " ")))
	}
	return written
}

func TestFloors(t *testing.T) {
	floors, err := Floors(rooms("a: b d", "b: c", "c:", "d:"))
	assert.NilError(t, err)
	var found []string
	for _, floor := range floors {
		found = append(found, strings.Join(names(floor), " "))
	}
	assert.DeepEqual(t, found, []string{"c d", "b", "a"})

	_, err = Floors(rooms("a: b", "b: c", "c: b", "d:"))
	assert.Error(t, err, "rooms import each other in a cycle: a, b, c")
}

func TestArrowsThatOthersMakeNeedlessAreLeftOut(t *testing.T) {
	assert.DeepEqual(t, lines(direct(rooms("a: b c d", "b: c", "c: d", "d:"))), []string{"a: b", "b: c", "c: d", "d:"})
}

func TestBoxesHoldWhatLiesAlike(t *testing.T) {
	found := boxes(rooms("a: b c d", "b: e", "c: e", "d:", "e:"))
	var written []string
	for _, b := range found {
		written = append(written, strings.Join(b.rooms, "+")+": "+strings.Join(b.on, " "))
	}
	assert.DeepEqual(t, written, []string{"a: b d", "b+c: e", "d: ", "e: "})
	assert.Equal(t, mermaid(boxes(rooms(".: helpers/a helpers/end", "helpers/a:", "helpers/end:"))), "```mermaid\nflowchart TB\n"+
		"  r-chapters[\"the chapters\"]\n  r-helpers-a[\"a<br>end\"]\n  r-chapters --> r-helpers-a\n```\n")
}

func TestPartsOfTheTree(t *testing.T) {
	all := rooms(".: helpers/b", "cmd/c: internal/d", "helpers/a:", "helpers/b: helpers/a", "helpers/x:", "internal/d: helpers/b internal/e", "internal/e:", "internal/tests: internal/d")
	assert.DeepEqual(t, lines(specs(all)), []string{".: helpers/b", "helpers/a:", "helpers/b: helpers/a"})
	assert.DeepEqual(t, lines(command(all)), []string{"internal/d: helpers internal/e", "internal/e:", "helpers:", "cmd: internal/d"})
}

func TestPackagesAreGathered(t *testing.T) {
	dir := fs.NewDir(t, "tree", fs.WithFile("a.go", "package a\n\nvar A = 1\n"),
		fs.WithFile("a_test.go", "// Package a has\n// tests alone. They are many.\npackage a\n"))
	in := func(path string, p listed) listed {
		p.ImportPath, p.Dir, p.Module.Path = "example.test/m"+path, dir.Path(), "example.test/m"
		return p
	}
	tests := listed{TestGoFiles: []string{"a_test.go"}, TestImports: []string{"example.test/m/helpers/a/deep", "example.test/other"}}
	found, err := gather([]listed{
		in("/lab/deep", listed{Name: "deep", Doc: "Package deep is deep.", GoFiles: []string{"a.go"}, Imports: []string{"example.test/m/lab"}}),
		in("/lab", listed{Name: "lab", Doc: "Package lab is\nan engine. Or two.", GoFiles: []string{"a.go"}, Imports: []string{"example.test/m/helpers/a/deep", "fmt"}}),
		in("/helpers/a/deep", listed{Name: "deep", GoFiles: []string{"a.go"}, TestGoFiles: []string{"a_test.go"}}),
		in("/cmd/c", listed{Name: "main", Doc: "Command c does it.", GoFiles: []string{"a.go"}, TestImports: []string{"example.test/m/lab"}}),
		in("", tests),
	})
	assert.NilError(t, err)
	assert.DeepEqual(t, found, []Room{
		{Name: ".", About: "has tests alone", Lines: 3, Imports: []string{"helpers/a"}},
		{Name: "cmd/c", About: "does it", Lines: 3},
		{Name: "helpers/a", Lines: 3},
		{Name: "lab", About: "is an engine", Lines: 6, Imports: []string{"helpers/a"}},
	})
}

func TestRough(t *testing.T) {
	for count, want := range map[int]int{0: 1, 1: 1, 2: 2, 14: 10, 15: 20, 31: 20, 32: 50, 70: 50, 71: 100, 1400: 1000, 1500: 2000, 5527: 5000, 99999: 100000} {
		assert.Equal(t, rough(count), want, "%d", count)
	}
}
