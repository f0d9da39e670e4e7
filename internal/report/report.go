// Package report is a run's result for people and programs: one JSON file with the
// subject, the verdict on every claim, and the counts.
package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"builders.test/helpers/claim"
	"builders.test/helpers/subject"
	"builders.test/helpers/usage"
	"builders.test/internal/text/sanitize"
	"github.com/moby/sys/atomicwriter"
)

// Schema is the version of the format that this package writes and reads. It
// changes when a reader would have to.
const Schema = 3

// File is the report's name in the folder that a run writes to.
const File = "report.json"

// Page and JUnit are the names of the files that are made from it, next to it,
// for people and for CI servers.
const (
	Page  = "report.html"
	JUnit = "junit.xml"
)

// Subject is what was tested, and on what.
type Subject = subject.Subject

// Report is one run.
type Report struct {
	Schema  int     `json:"schema"`
	Subject Subject `json:"subject"`
	// Selection is what was chosen from the book, as it was written; empty means all
	// of it.
	Selection string `json:"selection"`
	// Book identifies the set of claims that the selected ones were taken
	// from: reports of different books do not belong together.
	Book string `json:"book"`
	// Claims has every claim that was selected, in the order of the book.
	Claims  []Claim `json:"claims"`
	Summary Summary `json:"summary"`
	// RunErrors lists what went wrong with the run itself, not with one of its claims:
	// something was left behind, or the run ended early.
	RunErrors []string `json:"runErrors"`
	// StandIns says what really took the place of an image that some claim
	// was proven with.
	StandIns []StandIn `json:"standIns"`
}

// StandIn is an image and what took its place.
type StandIn struct {
	Image string `json:"image"`
	// Is says what it really was; empty if unknown.
	Is string `json:"is"`
}

// Claim is the outcome of one claim.
type Claim struct {
	ID      string `json:"id"`
	Chapter string `json:"chapter"`
	Text    string `json:"text"`
	// Source is where the claim comes from, such as a page of documentation; empty if
	// it says so itself.
	Source string `json:"source"`
	// History says since which versions it is true; empty if it always was.
	History string        `json:"history"`
	Verdict claim.Verdict `json:"verdict"`
	// Reason says why, in one line, unless the verdict is holds.
	Reason string `json:"reason"`
	// Known names, if the claim is broken, the reference of the fault and its fix,
	// provided that the release under test is known for it; then it is not news.
	Known string `json:"known"`
	// FixedHere says the same about a claim that holds although the release under
	// test is known to break it.
	FixedHere string `json:"fixedHere"`
	// Tries has every try at proving the claim, in order, if it was tried more
	// than once.
	Tries []Try `json:"tries"`
	// Seconds is how long the first try took, without waiting for its turn.
	Seconds float64 `json:"seconds"`
	// Driver, Store and BuildKit say what it was proven on: the builders' driver, the
	// engine's image store, and the version of their BuildKit. They are empty if the
	// proof did not get that far.
	Driver   string `json:"driver"`
	Store    string `json:"store"`
	BuildKit string `json:"buildkit"`
	// Test is the name that `go test -run` knows the spec by.
	Test string `json:"test"`
	// Repro is a command that tests the claim again.
	Repro string `json:"repro"`
	// Evidence is the folder of the claim, relative to the report; empty if
	// there is none.
	Evidence string `json:"evidence"`
	// Facts are what the proof noted about the shape of the result.
	Facts []claim.Fact `json:"facts"`
	// StandIns names the images that something else took the place of.
	StandIns []string `json:"standIns"`
}

// Try is the outcome of one try at proving a claim.
type Try = claim.Try

// News reports whether the claim is broken by a fault that is not known in this
// release.
func (c Claim) News() bool { return c.Verdict == claim.Broken && c.Known == "" }

// Count says how often the claim failed, if it was tried more than once:
// "failed 4 of 4".
func (c Claim) Count() string { return claim.CountTries(c.Tries) }

// Summary counts the verdicts. Known faults are counted apart from news.
type Summary struct {
	Holds         int `json:"holds"`
	Broken        int `json:"broken"`
	Known         int `json:"known"`
	Unsteady      int `json:"unsteady"`
	Error         int `json:"error"`
	NotApplicable int `json:"notApplicable"`
}

// New makes the report of a run.
func New(subject Subject, claims []Claim) Report {
	r := Report{Schema: Schema, Subject: subject, Claims: claims}.whole()
	r.Summary = Count(r.Claims)
	for _, image := range standIns(r.Claims) {
		r.StandIns = append(r.StandIns, StandIn{Image: image})
	}
	return r
}

// whole replaces absent lists by empty ones: readers need not tell the two apart.
func (r Report) whole() Report {
	r.Claims = append([]Claim{}, r.Claims...)
	for i := range r.Claims {
		c := &r.Claims[i]
		c.StandIns, c.Facts, c.Tries = present(c.StandIns), present(c.Facts), present(c.Tries)
	}
	r.RunErrors, r.StandIns = present(r.RunErrors), present(r.StandIns)
	return r
}

func present[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// Explain adds what the images of the stand-ins really were.
func (r Report) Explain(known map[string]string) Report {
	r.StandIns = slices.Clone(r.StandIns)
	for i := range r.StandIns {
		r.StandIns[i].Is = known[r.StandIns[i].Image]
	}
	return r
}

// Count sums the verdicts up.
func Count(claims []Claim) Summary {
	all := make([]Standing, 0, len(claims))
	for _, c := range claims {
		all = append(all, c.Standing())
	}
	return Tally(all)
}

// Worst returns the most severe verdict of the run that is news: known faults do
// not count. Whatever went wrong with the run itself is an error.
func (r Report) Worst() claim.Verdict {
	worst := claim.Holds
	if len(r.RunErrors) > 0 {
		worst = claim.Error
	}
	for _, c := range r.Claims {
		if c.Known == "" {
			worst = worst.Escalate(c.Verdict)
		}
	}
	return worst
}

// Write writes the report into the folder out, whole or not at all, and returns
// its path.
func (r Report) Write(out string) (string, error) {
	path := filepath.Join(out, File)
	content, err := r.encode()
	if err != nil {
		return "", err
	}
	if err := atomicwriter.WriteFile(path, content, 0o644); err != nil {
		return "", fmt.Errorf("write %s: %w; name a writable folder with --out", path, err)
	}
	return path, nil
}

// Draft is [Report.Write] for a report that another one will replace. It survives the end
// of this process, but, not having been flushed to the disk, perhaps not the machine's.
func (r Report) Draft(out string) error {
	content, err := r.encode()
	if err != nil {
		return err
	}
	draft := filepath.Join(out, "."+File)
	if err := os.WriteFile(draft, content, 0o644); err != nil {
		return err
	}
	return os.Rename(draft, filepath.Join(out, File))
}

func (r Report) encode() ([]byte, error) {
	var content bytes.Buffer
	encoder := json.NewEncoder(&content)
	encoder.SetIndent("", "  ")
	// Constraints such as ">= 0.13" stay readable.
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(r.whole()); err != nil {
		return nil, fmt.Errorf("encode the report: %w", err)
	}
	return content.Bytes(), nil
}

// Read reads a report back and refuses an unknown schema.
func Read(path string) (Report, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return Report{}, fmt.Errorf("read the report: %w", err)
	}
	return parse(path, content)
}

func parse(path string, content []byte) (Report, error) {
	var head struct {
		Schema int `json:"schema"`
	}
	if err := json.Unmarshal(content, &head); err != nil {
		return Report{}, fmt.Errorf("%s is not a report: %w", path, err)
	}
	if head.Schema != Schema {
		return Report{}, fmt.Errorf("%s has schema %d but only schema %d can be read here; use the builders that wrote it", path, head.Schema, Schema)
	}
	var r Report
	if err := sanitize.Unmarshal(content, &r); err != nil {
		return Report{}, fmt.Errorf("%s is not a report: %w", path, err)
	}
	return r, nil
}

// ErrNoSubject means that the environment was never opened.
var ErrNoSubject = errors.New("the environment was not opened")

// ReadSubject reads what the environment wrote about the subject when it was
// opened. Without it the error is [ErrNoSubject].
func ReadSubject(out string) (Subject, error) {
	path := filepath.Join(out, subject.File)
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Subject{}, ErrNoSubject
	}
	if err != nil {
		return Subject{}, fmt.Errorf("read the subject: %w", err)
	}
	var s Subject
	if err := sanitize.Unmarshal(content, &s); err != nil {
		return Subject{}, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

// Clear removes what an earlier run left in out, so that whatever is there
// afterwards belongs to one run: the report in all its formats, the subject, the usage, and
// the evidence of the claims with the given ids. Nothing else is touched.
func Clear(out string, ids []string) error {
	stale := []string{File, "." + File, Page, JUnit, subject.File, usage.File}
	for _, id := range ids {
		stale = append(stale, EvidenceOf(id))
	}
	for _, id := range ids {
		again, err := filepath.Glob(filepath.Join(out, filepath.FromSlash(EvidenceOf(id))+".try-*"))
		if err != nil {
			return fmt.Errorf("look for leftovers of an earlier run: %w", err)
		}
		for _, path := range again {
			stale = append(stale, strings.TrimPrefix(path, out))
		}
	}
	for _, name := range stale {
		if err := os.RemoveAll(filepath.Join(out, filepath.FromSlash(name))); err != nil {
			return fmt.Errorf("clear an earlier run's %s: %w; name a writable folder with --out", out, err)
		}
	}
	return nil
}

// EvidenceOf is where the evidence of a claim is, relative to the report.
func EvidenceOf(id string) string { return "evidence/" + id }
