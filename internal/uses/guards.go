package uses

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"builders.test/helpers/evidence"
)

// Guards are the claims whose proofs use an item, by the item's text. A claim that only
// uses it in passing, as most builds use --output, does not guard it unless its
// sentence says so.
type Guards map[string][]string

//go:embed guards.json
var stored []byte

// Kept returns the guards as the last whole run showed them.
func Kept() (Guards, error) {
	var g Guards
	if err := json.Unmarshal(stored, &g); err != nil {
		return nil, fmt.Errorf("read which claims guard what: %w", err)
	}
	return g, nil
}

// Of returns the ids of the claims that guard an item.
func (g Guards) Of(item Item) []string { return g[item.String()] }

// Proof is a claim with the commands that proved it.
type Proof struct {
	ID, Text string
	Commands []evidence.Stored
	// own are the items of files that few other claims build.
	own map[Item]bool
}

// FromRun finds what the claims of a run use: on command lines, and in the files of the
// tree that these name. A file that many claims build says little about each.
func FromRun(tree fs.FS, proofs []Proof) Guards {
	popular := map[string]int{}
	for _, p := range proofs {
		for _, file := range p.files() {
			popular[file]++
		}
	}
	by := map[Item][]Proof{}
	for _, p := range proofs {
		own := p.uses(tree, func(file string) bool { return popular[file] <= len(proofs)/ofFile })
		all := p.uses(tree, func(string) bool { return true })
		p.own = map[Item]bool{}
		for _, item := range Items(own) {
			p.own[item] = true
		}
		for _, item := range Items(all) {
			by[item] = append(by[item], p)
		}
	}
	guards := Guards{}
	for item, all := range by {
		if len(all) > len(proofs)/inPassing {
			all = slices.DeleteFunc(all, func(p Proof) bool { return !p.mentions(item) && !p.has(item) })
		}
		for _, p := range all {
			guards[item.String()] = append(guards[item.String()], p.ID)
		}
		slices.Sort(guards[item.String()])
	}
	return guards
}

// And adds what another run showed about claims that still exist. Which claim of a run
// makes what several share is chance, so one run does not show everything.
func (g Guards) And(other Guards, exists func(id string) bool) Guards {
	both := Guards{}
	for _, guards := range []Guards{g, other} {
		for item, ids := range guards {
			for _, id := range ids {
				if exists(id) {
					both[item] = append(both[item], id)
				}
			}
		}
	}
	for item, ids := range both {
		slices.Sort(ids)
		both[item] = slices.Compact(ids)
	}
	return both
}

const (
	// inPassing: what more than one in so many claims uses, most use in passing.
	inPassing = 8
	// ofFile: a file that more than one in so many claims builds is no claim's own.
	ofFile = 24
)

// mentions reports whether the claim's sentence has the last word of the item.
func (p Proof) mentions(item Item) bool {
	words := strings.Fields(item.Name)
	return strings.Contains(p.Text, words[len(words)-1])
}

// has reports whether the item stands in a file that is the claim's own, as an option
// and not as an instruction that every file has.
func (p Proof) has(item Item) bool {
	return p.own[item] && item.Kind != Command && item.Kind != Flag && strings.Contains(item.Name, " ")
}

// files are what the claim's commands build.
func (p Proof) files() []string {
	seen := map[string]bool{}
	for _, c := range p.Commands {
		for _, file := range files(c.Args) {
			seen[file] = true
		}
	}
	return slices.Sorted(maps.Keys(seen))
}

// uses returns what the commands use, with those of their files that are wanted.
func (p Proof) uses(tree fs.FS, wanted func(file string) bool) []Use {
	var all []Use
	for _, c := range p.Commands {
		all = append(all, CommandLine(1, c.Args)...)
		for _, pair := range c.Env {
			name, _, _ := strings.Cut(pair, "=")
			all = append(all, variable(1, name)...)
		}
	}
	for _, file := range p.files() {
		if wanted(file) {
			all = append(all, inTree(tree, file)...)
		}
	}
	return all
}

// files are the Dockerfile or the bake files of a command line, relative to the tree.
func files(args []string) []string {
	name, rest := subcommand(args)
	if name != "build" && name != "bake" {
		return nil
	}
	var named []string
	for i, arg := range rest {
		if (arg == "--file" || arg == "-f") && i+1 < len(rest) {
			named = append(named, rest[i+1])
		}
		if value, ok := strings.CutPrefix(arg, "--file="); ok {
			named = append(named, value)
		}
	}
	if len(named) == 0 && name == "build" && len(rest) > 0 {
		named = append(named, path.Join(rest[len(rest)-1], "Dockerfile"))
	}
	return named
}

func inTree(tree fs.FS, file string) []Use {
	content, err := fs.ReadFile(tree, path.Clean(file))
	if err != nil {
		return nil // a temporary file, or one of another place
	}
	read := readerOf(file)
	if read == nil {
		read = Dockerfile
	}
	found, err := read(content)
	if err != nil {
		return nil
	}
	return found
}

// Encode writes the guards so that a change is a line.
func (g Guards) Encode() ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(g)
	return text.Bytes(), err
}
