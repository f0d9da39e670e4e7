// Package page writes runs as one HTML file for a person with a browser: the verdict in
// one line, what was tested on what, what needs attention, and the rest by chapter,
// each claim with its evidence. The file asks the network for nothing, and all figures
// in it are those of the runs' report.json.
package page

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"path/filepath"
	"regexp"

	"builders.test/internal/results"
	"github.com/moby/sys/atomicwriter"
)

// Budget is the size that a page stays below, in bytes, by carrying less of
// the evidence's outputs. A page whose claims alone take nearly as much, or
// more, may still carry evidence of the size least.
const (
	Budget = 950_000
	least  = 250_000
)

var (
	//go:embed page.html.tmpl
	markup string
	//go:embed style.css
	style string
	//go:embed script.js
	script string
)

// layout is the template without its indentation, which is for its editors: in a
// page with hundreds of claims it would take more room than their evidence.
var layout = template.Must(template.New("page").Parse(indentation.ReplaceAllString(markup, "$1")))

var indentation = regexp.MustCompile(`(>|}})\n\s*`)

// Write writes the page to a file, whole or not at all.
func Write(file string, d results.Set) error {
	content, err := Render(d, filepath.Dir(file))
	if err != nil {
		return err
	}
	if err := atomicwriter.WriteFile(file, content, 0o644); err != nil {
		return fmt.Errorf("write %s: %w; name a file in a writable folder with --html", file, err)
	}
	return nil
}

// Render makes the page that will be in folder, from which its links lead to the
// evidence. The page carries as much of the evidence as its budget allows.
func Render(d results.Set, folder string) ([]byte, error) {
	return fit(d, gather(d), folder)
}

// fit uses the first level whose page is small enough, or the last one if none
// is.
func fit(d results.Set, all gathered, folder string) ([]byte, error) {
	v := newView(d, all, folder)
	bare, err := v.render(d, all, level{none: true})
	budget := max(Budget, len(bare)+least)
	for _, l := range levels {
		content, err := v.render(d, all, l)
		if err != nil || len(content) <= budget {
			return content, err
		}
	}
	return bare, err
}

func (v view) render(d results.Set, all gathered, l level) ([]byte, error) {
	packed, err := all.pack(d, l)
	if err != nil {
		return nil, err
	}
	v.Evidence = packed
	v.LeftOut = l.none && len(all) > 0
	var content bytes.Buffer
	if err := layout.Execute(&content, v); err != nil {
		return nil, fmt.Errorf("make the page: %w", err)
	}
	return content.Bytes(), nil
}

// policy forbids the page everything but its own style and script, so that
// text from builds could do no harm even if it were taken for markup.
func policy(styles, scripts string) string {
	return fmt.Sprintf("default-src 'none'; img-src data:; style-src '%s'; script-src '%s'; base-uri 'none'; form-action 'none'", hash(styles), hash(scripts))
}

func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}
