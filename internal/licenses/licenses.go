// Package licenses reads the licenses of the modules that the project is built from, so
// that only approved ones come in.
package licenses

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/google/licensecheck"
	"golang.org/x/mod/modfile"
)

// Module is a module that the project requires.
type Module struct {
	Path, Version string
	// Licenses are the SPDX ids of all its licenses, sorted.
	Licenses []string
}

// Refused returns the module's licenses that have not been agreed to. Those that
// have been require no more than that their text is included; MPL-2.0 also wants
// changes to its own files published, and none are made.
func (m Module) Refused() []string {
	agreed := []string{"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MPL-2.0", "Unicode-DFS-2016"}
	var refused []string
	for _, id := range m.Licenses {
		if !slices.Contains(agreed, id) {
			refused = append(refused, id)
		}
	}
	return refused
}

// Modules lists what the go.mod of a folder requires, sorted by path: the modules
// of every platform, build tag and test. It downloads those that the module cache
// lacks.
func Modules(ctx context.Context, folder string) ([]Module, error) {
	paths, err := required(filepath.Join(folder, "go.mod"))
	if err != nil {
		return nil, err
	}
	command := exec.CommandContext(ctx, "go", append([]string{"mod", "download", "-json"}, paths...)...)
	command.Dir = folder
	out, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("download the modules: %w\n%s", err, out)
	}
	return read(bytes.NewReader(out))
}

func required(file string) ([]string, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	parsed, err := modfile.Parse(file, content, nil)
	if err != nil {
		return nil, err
	}
	var paths []string
	for _, r := range parsed.Require {
		paths = append(paths, r.Mod.Path)
	}
	slices.Sort(paths)
	return paths, nil
}

// read looks into each module in the output of `go mod download -json`.
func read(stream io.Reader) ([]Module, error) {
	var modules []Module
	for decoder := json.NewDecoder(stream); ; {
		var m struct{ Path, Version, Dir string }
		err := decoder.Decode(&m)
		if errors.Is(err, io.EOF) {
			return modules, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read the list of modules: %w", err)
		}
		found, err := Of(os.DirFS(m.Dir))
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", m.Path, m.Version, err)
		}
		modules = append(modules, Module{Path: m.Path, Version: m.Version, Licenses: found})
	}
}

// file matches the names of files with a license.
var file = regexp.MustCompile(`(?i)^(un)?(licen[cs]e|copying)([.-].*)?$`)

// enough is how much of a file, in percent, must be the text of known licenses:
// the rest might be another license.
const enough = 75

// holdsLicense reports whether a file of the name is the license of a module's
// code, rather than of its documentation, which no program is built from.
func holdsLicense(name string) bool {
	return file.MatchString(name) && !slices.Contains([]string{".go", ".docs"}, filepath.Ext(name))
}

// Of returns the SPDX ids of the licenses at the top of a folder, sorted. It
// fails if there is none, or one is unknown.
func Of(folder fs.FS) ([]string, error) {
	entries, err := fs.ReadDir(folder, ".")
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, entry := range entries {
		if entry.IsDir() || !holdsLicense(entry.Name()) {
			continue
		}
		text, err := fs.ReadFile(folder, entry.Name())
		if err != nil {
			return nil, err
		}
		coverage := licensecheck.Scan(text)
		if coverage.Percent < enough {
			return nil, fmt.Errorf("%s is not the text of a known license: %.0f %% of it are", entry.Name(), coverage.Percent)
		}
		for _, match := range coverage.Match {
			ids = append(ids, match.ID)
		}
	}
	if len(ids) == 0 {
		return nil, errors.New("there is no file with a license")
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}
