// Package pages generates the parts of the README and docs that depend on the claims
// and their verdicts, so that one more claim is one edit.
package pages

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"builders.test/helpers/claim"
	"builders.test/internal/report"
)

// Result has the claims' verdicts on one BuildKit, small enough to keep next to the
// code.
type Result struct {
	Subject report.Subject `json:"subject"`
	// Verdicts are keyed by the claims' ids.
	Verdicts map[string]claim.Verdict `json:"verdicts"`
}

// ResultOf returns what is kept of a report.
func ResultOf(r report.Report) Result {
	result := Result{Subject: r.Subject, Verdicts: map[string]claim.Verdict{}}
	for _, c := range r.Claims {
		result.Verdicts[c.ID] = c.Verdict
	}
	return result
}

// ReadResult reads a kept result.
func ReadResult(path string) (Result, error) {
	var r Result
	content, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(content, &r)
	}
	if err != nil {
		return r, fmt.Errorf("read the result %s: %w", filepath.Base(path), err)
	}
	return r, nil
}

// row matches a line of the README's table: a chapter and what it is about, its
// claims, and what came of them on one BuildKit and another.
var row = regexp.MustCompile(`(?m)^\| ([a-z]+)(: [^|]*) \| \d+ \|.*$`)

// Readme returns the README with a table that counts the claims of the book and
// their verdicts in each result, in order.
func Readme(text string, book []claim.Listed, results ...Result) string {
	return row.ReplaceAllStringFunc(text, func(line string) string {
		match := row.FindStringSubmatch(line)
		var ids []string
		for _, c := range book {
			if c.Chapter() == match[1] {
				ids = append(ids, c.ID)
			}
		}
		cells := fmt.Sprintf("| %s%s | %d |", match[1], match[2], len(ids))
		for _, r := range results {
			cells += " " + r.count(ids) + " |"
		}
		return cells
	})
}

// count sums up what became of some claims: "22 hold, 3 not applicable".
func (r Result) count(ids []string) string {
	counts, unknown := map[claim.Verdict]int{}, 0
	for _, id := range ids {
		verdict, known := r.Verdicts[id]
		if !known {
			unknown++
			continue
		}
		counts[verdict]++
	}
	var words []string
	for _, v := range []struct {
		verdict claim.Verdict
		word    string
	}{{claim.Holds, "hold"}, {claim.Broken, "broken"}, {claim.Unsteady, "unsteady"}, {claim.Error, "error"}, {claim.NotApplicable, "not applicable"}} {
		if n := counts[v.verdict]; n > 0 {
			words = append(words, fmt.Sprintf("%d %s", n, v.word))
		}
	}
	if unknown > 0 {
		words = append(words, fmt.Sprintf("%d not run", unknown))
	}
	return strings.Join(words, ", ")
}

var (
	// section matches a heading of the answers, which leads to the claims behind it.
	section = regexp.MustCompile(`(?m)^## \[.*\]\(\.\./([a-z_]+)_test\.go\)$`)
	// named matches a claim's id as pages write it.
	named = regexp.MustCompile("`([a-z0-9-]+/[a-z0-9.-]+)`")
	// also matches what was written here before.
	also = regexp.MustCompile(`\n\*\*Also proven:\*\*\n\n(- .*\n)+`)
)

// Answers returns the page of answers, with the claims that no answer names
// listed, with their sentences, at the end of the section about their file.
func Answers(text string, book []claim.Listed) string {
	text = also.ReplaceAllString(text, "")
	said := map[string]bool{}
	for _, match := range named.FindAllStringSubmatch(text, -1) {
		said[match[1]] = true
	}
	heads := section.FindAllStringSubmatchIndex(text, -1)
	var page strings.Builder
	page.WriteString(text[:start(heads, 0, text)])
	for i, head := range heads {
		body := text[head[0]:start(heads, i+1, text)]
		page.WriteString(strings.TrimRight(body, "\n") + "\n")
		page.WriteString(rest(book, said, files(heads, text), text[head[2]:head[3]]))
		if i+1 < len(heads) {
			page.WriteByte('\n')
		}
	}
	return page.String()
}

// start is where a section begins, or the end of the text after the last.
func start(heads [][]int, i int, text string) int {
	if i < len(heads) {
		return heads[i][0]
	}
	return len(text)
}

func files(heads [][]int, text string) []string {
	var all []string
	for _, head := range heads {
		all = append(all, text[head[2]:head[3]])
	}
	return all
}

// rest lists the claims of a file that nothing names.
func rest(book []claim.Listed, said map[string]bool, all []string, file string) string {
	var lines []string
	for _, c := range book {
		if !said[c.ID] && closest(all, c) == file {
			lines = append(lines, fmt.Sprintf("- `%s`: %s\n", c.ID, c.Text))
		}
	}
	if len(lines) == 0 {
		return ""
	}
	return "\n**Also proven:**\n\n" + strings.Join(lines, "")
}

// closest returns the section for a claim: that of its file, or of the file that
// its file continues, such as buildkit for buildkit_gc.
func closest(all []string, c claim.Listed) string {
	file, _, _ := strings.Cut(c.Where, "_test.go")
	for {
		if slices.Contains(all, file) {
			return file
		}
		cut := strings.LastIndexByte(file, '_')
		if cut < 0 {
			return c.Chapter()
		}
		file = file[:cut]
	}
}

// measured matches the part of a page that the measurements fill.
var measured = regexp.MustCompile(`(?s)(<!-- bench -->\n).*(<!-- /bench -->\n)`)

// Performance returns the page about performance with the tables of what was measured.
func Performance(text, tables string) string {
	return measured.ReplaceAllStringFunc(text, func(part string) string {
		ends := measured.FindStringSubmatch(part)
		return ends[1] + "\n" + tables + "\n" + ends[2]
	})
}
