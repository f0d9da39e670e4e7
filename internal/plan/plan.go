// Package plan lists the cells of a matrix: every BuildKit with every buildx, driver
// and image store, and the command that runs each cell alone.
package plan

import (
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"builders.test/helpers/subject"
	"builders.test/internal/makefile"
	"builders.test/internal/text"
	"github.com/goccy/go-yaml"
)

// Cell is one subject with one driver on one image store. Empty fields were not
// chosen: the cell's machine decides.
type Cell struct {
	BuildKit string `json:"buildkit,omitempty"`
	Buildx   string `json:"buildx,omitempty"`
	Driver   string `json:"driver,omitempty"`
	Store    string `json:"store,omitempty"`
}

// Axes are the words that a person gives for each part of a cell, as
// [text.Words] separates them.
type Axes struct{ BuildKitVersions, BuildxVersions, Drivers, Stores string }

// Cells returns all combinations, BuildKit by BuildKit. The docker driver's
// BuildKit is the engine's, so it has one cell however many BuildKits there are.
func (a Axes) Cells() ([]Cell, error) {
	var cells []Cell
	for _, store := range words(a.Stores) {
		for _, driver := range words(a.Drivers) {
			if _, err := subject.ParseCell(driver, store); err != nil {
				return nil, err
			}
			for _, buildx := range words(a.BuildxVersions) {
				for _, buildkit := range words(a.BuildKitVersions) {
					if _, err := subject.ParseBuildKit(buildkit); err != nil {
						return nil, err
					}
					cell := Cell{buildkit, buildx, driver, store}
					if driver == subject.DriverDocker {
						cell.BuildKit = ""
					}
					if !slices.Contains(cells, cell) {
						cells = append(cells, cell)
					}
				}
			}
		}
	}
	return cells, nil
}

// words returns the words of a list; if it has none, one empty word.
func words(list string) []string {
	if all := text.Words(list); len(all) > 0 {
		return all
	}
	return []string{""}
}

var unfit = regexp.MustCompile(`[^A-Za-z0-9._-]+`)

// Folder returns a name for the cell's folder.
func (c Cell) Folder() string {
	var parts []string
	for _, part := range []string{c.BuildKit, c.Buildx, c.Driver, c.Store} {
		if part != "" {
			parts = append(parts, strings.Trim(unfit.ReplaceAllString(part, "-"), "-"))
		}
	}
	if len(parts) == 0 {
		return "default"
	}
	return strings.Join(parts, "_")
}

// String names what was chosen.
func (c Cell) String() string {
	var parts []string
	for _, part := range []struct{ what, value string }{
		{"BuildKit ", c.BuildKit}, {"buildx ", c.Buildx}, {"driver ", c.Driver}, {"store ", c.Store},
	} {
		if part.value != "" {
			parts = append(parts, part.what+part.value)
		}
	}
	return strings.Join(parts, ", ")
}

// Command returns the command that proves the cell alone, on any machine, as a matrix
// does.
func (c Cell) Command() string {
	return makefile.Check{
		Regressions: "1", BuildKit: c.BuildKit, Buildx: c.Buildx, Driver: c.Driver, Store: c.Store, Out: "build/matrix/" + c.Folder(),
	}.Line()
}

// Write writes the cells in a form: github, gitlab or, if none is named, one
// command per line.
func Write(w io.Writer, form string, cells []Cell) error {
	switch form {
	case "github":
		return WriteGitHub(w, cells)
	case "gitlab":
		return WriteGitLab(w, cells)
	case "":
		return writeCommands(w, cells)
	}
	return fmt.Errorf("--form %s is neither github nor gitlab", form)
}

func writeCommands(w io.Writer, cells []Cell) error {
	for _, cell := range cells {
		if _, err := fmt.Fprintln(w, cell.Command()); err != nil {
			return err
		}
	}
	return nil
}

// entry is a cell with what a CI job needs.
type entry struct {
	Cell
	Name    string `json:"name"`
	Out     string `json:"out"`
	Command string `json:"command"`
}

// WriteGitHub writes the cells in the form that GitHub Actions takes with
// fromJSON for strategy.matrix.
func WriteGitHub(w io.Writer, cells []Cell) error {
	matrix := struct {
		Include []entry `json:"include"`
	}{Include: []entry{}}
	for _, c := range cells {
		matrix.Include = append(matrix.Include, entry{c, c.Folder(), "build/matrix/" + c.Folder(), c.Command()})
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(matrix)
}

// WriteGitLab writes the cells as a GitLab child pipeline: one job for each,
// and one that joins their reports.
func WriteGitLab(w io.Writer, cells []Cell) error {
	pipeline := yaml.MapSlice{{Key: "stages", Value: []string{"check", "merge"}}}
	var names []string
	for _, c := range cells {
		name := "check " + c.Folder()
		names = append(names, name)
		pipeline = append(pipeline, yaml.MapItem{Key: name, Value: yaml.MapSlice{
			{Key: "stage", Value: "check"},
			{Key: "script", Value: []string{c.Command()}},
			{Key: "artifacts", Value: yaml.MapSlice{
				{Key: "when", Value: "always"},
				{Key: "paths", Value: []string{"build/matrix/" + c.Folder()}},
			}},
		}})
	}
	pipeline = append(pipeline, yaml.MapItem{Key: "merge", Value: yaml.MapSlice{
		{Key: "stage", Value: "merge"},
		{Key: "when", Value: "always"},
		{Key: "needs", Value: names},
		{Key: "script", Value: []string{"make bin/builders", "bin/builders merge --html build/report.html build/matrix/*"}},
		// The page is wanted most when the job is red.
		{Key: "artifacts", Value: yaml.MapSlice{
			{Key: "when", Value: "always"},
			{Key: "paths", Value: []string{"build/report.html", "build/matrix"}},
		}},
	}})
	encoded, err := yaml.Marshal(pipeline)
	if err != nil {
		return fmt.Errorf("write the pipeline: %w", err)
	}
	_, err = w.Write(encoded)
	return err
}
