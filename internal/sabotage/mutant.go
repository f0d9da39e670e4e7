package sabotage

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
)

// Mutation makes one function of a Go program begin with our statements. It is
// compiled in by `go build -overlay`: the source itself stays as it is.
type Mutation struct {
	// File is the function's file, relative to the source tree.
	File string
	// Function is its name, without that of its receiver.
	Function string
	// Begin is what the function begins with: statements on one line.
	Begin string
	// Declare is what the file declares in addition, or empty.
	Declare string
}

// errNoFunction means that a source tree has no such function.
var errNoFunction = errors.New("no such function")

// Overlay writes the input of `go build -overlay` into a folder, so that it
// compiles the source tree with the mutation, and returns the file's path.
func (m Mutation) Overlay(tree, folder string) (string, error) {
	original := filepath.Join(tree, filepath.FromSlash(m.File))
	source, err := os.ReadFile(original)
	if err != nil {
		return "", err
	}
	changed, err := m.apply(source)
	if err != nil {
		return "", err
	}
	mutated := filepath.Join(folder, filepath.Base(m.File)+".mutated")
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{original: mutated}})
	if err != nil {
		return "", err
	}
	path := filepath.Join(folder, "overlay.json")
	return path, errors.Join(os.WriteFile(mutated, changed, 0o600), os.WriteFile(path, overlay, 0o600))
}

// apply keeps every line of the source where it is, so that traces stay true.
func (m Mutation) apply(source []byte) ([]byte, error) {
	files := token.NewFileSet()
	parsed, err := parser.ParseFile(files, m.File, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	for _, declared := range parsed.Decls {
		function, ok := declared.(*ast.FuncDecl)
		if !ok || function.Name.Name != m.Function || function.Body == nil {
			continue
		}
		after := files.Position(function.Body.Lbrace).Offset + 1
		return fmt.Appendf(nil, "%s %s;%s\n%s\n", source[:after], m.Begin, source[after:], m.Declare), nil
	}
	return nil, fmt.Errorf("%s: %w: %s", m.File, errNoFunction, m.Function)
}
