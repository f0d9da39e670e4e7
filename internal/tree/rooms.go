// Package tree reads how the project's packages depend on each other, and draws it for
// docs/architecture.md.
package tree

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Room is a package with its subpackages.
type Room struct {
	// Name is its folder, such as "helpers/build"; "." is the project's own.
	Name string
	// About is the first sentence of its package comment, without "Package …".
	About string
	// Lines counts its lines of Go, without tests unless it exists for them.
	Lines int
	// Imports are the names of the rooms that it builds on, sorted.
	Imports []string
}

// listed is what `go list` says about a package.
type listed struct {
	ImportPath, Dir, Name, Doc string
	Module                     struct{ Path string }

	GoFiles, TestGoFiles, XTestGoFiles []string
	Imports, TestImports, XTestImports []string
}

// Rooms lists the rooms of the project in a folder, sorted by name: as they are
// on Linux, with every build tag.
func Rooms(ctx context.Context, folder string) ([]Room, error) {
	command := exec.CommandContext(ctx, "go", "list", "-tags", "integration,faults,browser,vulncheck",
		"-json=ImportPath,Dir,Name,Doc,Module,GoFiles,TestGoFiles,XTestGoFiles,Imports,TestImports,XTestImports", "./...")
	command.Dir, command.Env = folder, append(os.Environ(), "GOOS=linux", "CGO_ENABLED=0")
	var complaints bytes.Buffer
	command.Stderr = &complaints
	out, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("list the packages: %w\n%s", err, complaints.String())
	}
	packages, err := decode(bytes.NewReader(out))
	if err != nil {
		return nil, err
	}
	return gather(packages)
}

func decode(stream io.Reader) ([]listed, error) {
	var all []listed
	for decoder := json.NewDecoder(stream); ; {
		var p listed
		err := decoder.Decode(&p)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read the list of packages: %w", err)
		}
		all = append(all, p)
	}
}

// gather groups packages into rooms. The package that a room is named after comes
// first, and says what the room is for.
func gather(packages []listed) ([]Room, error) {
	imported := map[string]bool{}
	for _, p := range packages {
		for _, other := range p.Imports {
			imported[other] = true
		}
	}
	rooms := map[string]*Room{}
	slices.SortFunc(packages, func(a, b listed) int { return cmp.Compare(a.ImportPath, b.ImportPath) })
	for _, p := range packages {
		if !imported[p.ImportPath] && p.Name != "main" {
			p = p.withTests()
		}
		name := p.room(p.ImportPath)
		if rooms[name] == nil {
			about, err := p.about()
			if err != nil {
				return nil, err
			}
			rooms[name] = &Room{Name: name, About: about}
		}
		if err := rooms[name].add(p); err != nil {
			return nil, err
		}
	}
	var all []Room
	for _, name := range slices.Sorted(maps.Keys(rooms)) {
		all = append(all, *rooms[name])
	}
	return all, nil
}

// withTests counts the tests, too, for a package that nothing imports: it exists
// for them.
func (p listed) withTests() listed {
	p.GoFiles = slices.Concat(p.GoFiles, p.TestGoFiles, p.XTestGoFiles)
	p.Imports = slices.Concat(p.Imports, p.TestImports, p.XTestImports)
	return p
}

// room returns the name of the room that a package is in; empty for a package of
// another module. Folders that only hold rooms are not rooms.
func (p listed) room(path string) string {
	if path == p.Module.Path {
		return "."
	}
	inside, ours := strings.CutPrefix(path, p.Module.Path+"/")
	if !ours {
		return ""
	}
	parts := strings.Split(inside, "/")
	if slices.Contains([]string{"cmd", "helpers", "internal"}, parts[0]) && len(parts) > 1 {
		return parts[0] + "/" + parts[1]
	}
	return parts[0]
}

func (r *Room) add(p listed) error {
	for _, file := range p.GoFiles {
		content, err := os.ReadFile(filepath.Join(p.Dir, file))
		if err != nil {
			return err
		}
		r.Lines += bytes.Count(content, []byte("\n"))
	}
	for _, path := range p.Imports {
		if other := p.room(path); other != "" && other != r.Name {
			r.Imports = append(r.Imports, other)
		}
	}
	slices.Sort(r.Imports)
	r.Imports = slices.Compact(r.Imports)
	return nil
}

// about returns the first sentence of the package comment. `go list` does not
// look for it in tests.
func (p listed) about() (string, error) {
	doc := p.Doc
	for i := 0; doc == "" && i < len(p.GoFiles); i++ {
		parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, p.GoFiles[i]), nil, parser.PackageClauseOnly|parser.ParseComments)
		if err != nil {
			return "", err
		}
		doc = parsed.Doc.Text()
	}
	sentence, _, _ := strings.Cut(strings.Join(strings.Fields(doc), " "), ". ")
	for _, word := range []string{"Package ", "Command "} {
		if rest, cut := strings.CutPrefix(sentence, word); cut {
			_, sentence, _ = strings.Cut(rest, " ")
		}
	}
	return strings.TrimSuffix(sentence, "."), nil
}
