package page

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"builders.test/helpers/claim"
	"builders.test/helpers/evidence"
	"builders.test/internal/report"
	"builders.test/internal/report/snippet"
	"builders.test/internal/results"
	"builders.test/internal/text"
)

// archive is what the page's script reads. Texts are stored once and named by
// their index in the list; -1 is no text.
type archive struct {
	Texts []string `json:"texts"`
	// Claims has one entry per column, null if there is no evidence.
	Claims map[string][]*archivedCell `json:"claims"`
}

type archivedCell struct {
	Failed   bool              `json:"failed"`
	Commands []archivedCommand `json:"commands"`
	Notes    []archivedText    `json:"notes"`
	// Again are the further tries.
	Again []*archivedCell `json:"again,omitempty"`
}

type archivedCommand struct {
	// Line is the command as it was run, Paste as it can be run again.
	Line     int          `json:"line"`
	Paste    int          `json:"paste"`
	Seconds  float64      `json:"seconds"`
	Exit     int          `json:"exit"`
	TimedOut bool         `json:"timedOut,omitempty"`
	Stdout   archivedText `json:"stdout"`
	Stderr   archivedText `json:"stderr"`
	// Steps are the steps of a build; Hidden counts those that were left out.
	Steps  []archivedStep `json:"steps,omitempty"`
	Hidden int            `json:"hidden,omitempty"`
}

// archivedText is a text with Gap bytes missing between its ends; the whole is at
// Path.
type archivedText struct {
	Head int   `json:"head"`
	Tail int   `json:"tail"`
	Gap  int64 `json:"gap,omitempty"`
	Path int   `json:"path"`
}

// archivedStep is a vertex of a build. Begin and End are milliseconds since the
// first step began, -1 if that did not happen.
type archivedStep struct {
	Name   int   `json:"name"`
	Begin  int64 `json:"begin"`
	End    int64 `json:"end"`
	Cached bool  `json:"cached,omitempty"`
	Error  int   `json:"error"`
	Sent   int64 `json:"sent,omitempty"`
	// Log is what the step printed.
	Log *archivedText `json:"log,omitempty"`
}

// packer turns evidence into an archive.
type packer struct {
	level level
	index map[string]int
	texts []string
}

// pack shortens the evidence to a level and compresses it, as base64 that needs
// no escaping in a page. It is empty if there is nothing to show.
func (all gathered) pack(d results.Set, l level) (string, error) {
	if l.none || len(all) == 0 {
		return "", nil
	}
	p := packer{level: l, index: map[string]int{}}
	a := archive{Claims: map[string][]*archivedCell{}}
	for _, row := range d.Table.Rows {
		if all[row.ID] == nil {
			continue
		}
		cells := make([]*archivedCell, len(d.Runs))
		for column, e := range all[row.ID] {
			if e != nil {
				cells[column] = p.claim(e, *row.Cells[column])
			}
		}
		a.Claims[row.ID] = cells
	}
	a.Texts = p.texts
	return compress(a)
}

func compress(a archive) (string, error) {
	content, err := json.Marshal(a)
	if err != nil {
		return "", fmt.Errorf("encode the evidence: %w", err)
	}
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, flate.BestCompression)
	if err != nil {
		return "", fmt.Errorf("compress the evidence: %w", err)
	}
	if _, err := w.Write(content); err != nil {
		return "", fmt.Errorf("compress the evidence: %w", err)
	}
	if err := w.Close(); err != nil {
		return "", fmt.Errorf("compress the evidence: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(packed.Bytes()), nil
}

// claim packs every try of a claim.
func (p *packer) claim(e *snippet.Evidence, claim report.Claim) *archivedCell {
	if len(claim.Tries) < 2 {
		return p.cell(*e, claim.Verdict)
	}
	first := p.cell(*e, claim.Tries[0].Verdict)
	for i, try := range claim.Tries[1:] {
		first.Again = append(first.Again, p.cell(*e.OfTry(i + 1), try.Verdict))
	}
	return first
}

func (p *packer) cell(e snippet.Evidence, verdict claim.Verdict) *archivedCell {
	failed := verdict > claim.NotApplicable
	room := p.level.held
	if failed {
		room = p.level.failed
	}
	c := &archivedCell{Failed: failed, Commands: []archivedCommand{}, Notes: []archivedText{}}
	for _, one := range e.Commands {
		c.Commands = append(c.Commands, p.command(one, room))
	}
	for _, note := range e.Notes {
		c.Notes = append(c.Notes, p.shortened(note, room))
	}
	return c
}

func (p *packer) command(c snippet.Command, room snippet.Limit) archivedCommand {
	steps := snippet.MostRelevant(c.Steps, p.level.steps)
	return archivedCommand{
		Line: p.text(evidence.Line(nil, c.Args)), Paste: p.text(c.Line),
		Seconds: c.Seconds, Exit: c.Exit, TimedOut: c.TimedOut,
		Stdout: p.shortened(c.Stdout, room), Stderr: p.shortened(c.Stderr, room),
		Steps: p.steps(steps, room), Hidden: len(c.Steps) - len(steps),
	}
}

func (p *packer) shortened(t snippet.Text, room snippet.Limit) archivedText {
	kept := t.Keep(room)
	return archivedText{Head: p.text(kept.Head), Tail: p.text(kept.Tail), Gap: kept.Gap, Path: p.text(t.Path)}
}

// keptName bounds the name of a step, in characters.
const keptName = 300

func (p *packer) steps(steps []snippet.Step, room snippet.Limit) []archivedStep {
	zero := snippet.FirstStart(steps)
	since := func(t *time.Time) int64 {
		if t == nil {
			return -1
		}
		return t.Sub(zero).Milliseconds()
	}
	var archived []archivedStep
	for _, s := range steps {
		one := archivedStep{
			Name: p.text(text.Cut(s.Name, keptName)), Begin: since(s.Started), End: since(s.Completed),
			Cached: s.Cached, Error: p.text(text.Cut(s.Error, keptName)), Sent: s.Sent,
		}
		if s.Executing() {
			one.End = -1 // the reported end is that of an earlier look at it
		}
		if s.Printed.Head != "" {
			log := p.shortened(s.Printed, room)
			one.Log = &log
		}
		archived = append(archived, one)
	}
	return archived
}

// text stores a text once and returns its index, -1 for an empty one.
func (p *packer) text(s string) int {
	if s == "" {
		return -1
	}
	i, known := p.index[s]
	if !known {
		i = len(p.texts)
		p.index[s] = i
		p.texts = append(p.texts, s)
	}
	return i
}
