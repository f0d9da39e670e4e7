// Package script reads specs that are written as scripts, one file per claim, so that
// people can test their own Dockerfiles without writing Go. The language is that of
// rogpeppe's testscript, plus commands and conditions about builders; docs/scripts.md
// describes it.
package script

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"builders.test/helpers/claim"
	"golang.org/x/tools/txtar"
)

// Suffix is the suffix of script files.
const Suffix = ".txtar"

// Script is one file.
type Script struct {
	// Path is where the file is.
	Path string
	// Claim is what the file's head says; its id is <folder>/<file>.
	Claim claim.Claim
	// Digest changes when the file does.
	Digest string

	// rows are the lines of the table in its head, set the variables of one of them.
	rows []row
	set  []string
}

// Mistake is something wrong in a script, with its file and line.
type Mistake struct {
	File string
	// Line counts from one; 0 means the file as a whole.
	Line int
	What string
}

// Error is file:line: what.
func (m Mistake) Error() string { return fmt.Sprintf("%s:%d: %s", m.File, m.Line, m.What) }

// ErrNone is the error of a folder without scripts.
var ErrNone = errors.New("no script (*" + Suffix + ")")

// Folder reads every script of a folder, in the order of their names; one with a table is
// there once for each row. The error names the first mistake.
func Folder(dir string) ([]Script, error) {
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("%s is not a folder with scripts", dir)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"+Suffix))
	if err != nil {
		return nil, fmt.Errorf("look for scripts in %s: %w", dir, err)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s has %w", dir, ErrNone)
	}
	slices.Sort(files)
	var scripts []Script
	for _, file := range files {
		s, err := Read(file)
		if err != nil {
			return nil, err
		}
		scripts = append(scripts, s.each()...)
	}
	return scripts, nil
}

// Read reads a script's head and looks for mistakes in all of its lines.
func Read(file string) (Script, error) {
	path, err := filepath.Abs(file)
	if err != nil {
		return Script{}, err
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return Script{}, fmt.Errorf("read the script: %w", err)
	}
	s, err := parse(file, content)
	if err != nil {
		return Script{}, err
	}
	s.Path = path
	s.Digest = fmt.Sprintf("%x", sha256.Sum256(content))[:12]
	folder := filepath.Base(filepath.Dir(path))
	s.Claim.ID = Slug(folder) + "/" + Slug(strings.TrimSuffix(filepath.Base(path), Suffix))
	return s, nil
}

// Slug makes a name fit for a claim's id, a test's name and a script's file.
func Slug(name string) string {
	return strings.Trim(strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '.', r == '-', r == '_':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '-'
	}, name), "-.")
}

func parse(file string, content []byte) (Script, error) {
	archive := txtar.Parse(content)
	var s Script
	lines := bufio.NewScanner(strings.NewReader(string(archive.Comment)))
	lines.Buffer(nil, len(archive.Comment)+1)
	head := true
	var set variables
	for number := 1; lines.Scan(); number++ {
		text := strings.TrimSpace(lines.Text())
		comment, isComment := strings.CutPrefix(text, "#")
		if head && text != "" && !isComment {
			head = false
			set.set = s.tabled()
		}
		var what error
		switch {
		case head && isComment:
			what = s.directive(strings.TrimSpace(comment))
		case !head:
			what = check(text)
		}
		if !head && what == nil {
			what = set.read(text)
		}
		if what != nil {
			return Script{}, Mistake{File: file, Line: number, What: what.Error()}
		}
	}
	s.Claim.Turns = takesTurns(content)
	s.needsCompose(archive.Comment)
	if s.Claim.Text == "" {
		return Script{}, Mistake{File: file, Line: 1, What: "the head lacks a line `# claim: …`, the sentence that the script proves"}
	}
	if known := s.Claim.Known; known != nil && (known.Component == "" || known.Range == "" || known.Broken == "") {
		return Script{}, Mistake{File: file, Line: 1, What: "the head tells of a known regression only in part; it needs component, known and broken"}
	}
	if head {
		return Script{}, Mistake{File: file, Line: 1, What: "the script has no command, so it proves nothing"}
	}
	return s, nil
}

// directive reads one comment line of the head. Lines without a known key are
// plain comments, except that a single word before a colon must be known: a
// misspelled key would be lost silently.
func (s *Script) directive(text string) error {
	key, value, found := strings.Cut(text, ":")
	value = strings.TrimSpace(value)
	if !found || strings.ContainsAny(key, " \t") || key == "" || strings.HasPrefix(value, "//") {
		return nil
	}
	switch key {
	case "component", "known", "broken", "fixed", "with":
		return s.known(key, value)
	case "claim":
		s.Claim.Text = strings.TrimSuffix(value, ".")
	case "source":
		s.Claim.Source = value
	case "history":
		s.Claim.History = value
	case "needs":
		return s.needs(value)
	case "for":
		return s.addRow(value)
	case "deadline":
		deadline, err := time.ParseDuration(value)
		if err != nil || deadline <= 0 {
			return fmt.Errorf("deadline %q is not a duration; write one like 90s or 5m", value)
		}
		s.Claim.Deadline = deadline
	default:
		return fmt.Errorf("unknown key %q in the header; known are claim, source, needs, for, history, deadline, component, known, broken, fixed, with", key)
	}
	return nil
}

// needs takes words separated by spaces or, as lists of claims print them, by
// commas, too.
func (s *Script) needs(words string) error {
	for word := range strings.FieldsSeq(words) {
		need, err := claim.ParseNeed(strings.TrimSuffix(word, ","))
		if err != nil {
			return err
		}
		s.Claim.Needs = append(s.Claim.Needs, need)
	}
	return nil
}
