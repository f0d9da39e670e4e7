package history

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"builders.test/helpers/claim"
	"builders.test/internal/report"
	"builders.test/internal/text/sanitize"
	"github.com/moby/sys/atomicwriter"
)

// File is the ledger's name in its folder.
const File = "history.json"

// Judgement is the outcome of one regression on one cell.
type Judgement struct {
	Verdict claim.Verdict `json:"verdict"`
	Reason  string        `json:"reason"`
}

// Ledger keeps what was judged, by the proof's digest and the releases: a changed
// script is judged again.
type Ledger struct {
	path   string
	judged map[string]Judgement
}

// New returns the ledger of a folder in which no earlier judgement counts.
func New(dir string) *Ledger {
	return &Ledger{path: filepath.Join(dir, File), judged: map[string]Judgement{}}
}

// Open reads the ledger of a folder. It may not exist yet.
func Open(dir string) (*Ledger, error) {
	l := New(dir)
	content, err := os.ReadFile(l.path)
	if errors.Is(err, fs.ErrNotExist) {
		return l, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the earlier judgments: %w", err)
	}
	if err := sanitize.Unmarshal(content, &l.judged); err != nil {
		return nil, fmt.Errorf("%s is not a ledger: %w; delete it, or use --fresh", l.path, err)
	}
	return l, nil
}

func key(r Regression, c Cell) string { return r.Claim.ID + " " + r.Digest + " " + c.Folder() }

// Knows reports whether a regression was judged on a cell. An error of the
// environment is not a judgement.
func (l *Ledger) Knows(r Regression, c Cell) bool {
	judgement, there := l.judged[key(r, c)]
	return there && r.Digest != "" && judgement.Verdict != claim.Error
}

// Note keeps what a run on a cell said about some regressions.
func (l *Ledger) Note(c Cell, all []Regression, claims []report.Claim) error {
	verdicts := map[string]report.Claim{}
	for _, claim := range claims {
		verdicts[claim.ID] = claim
	}
	for _, r := range all {
		if claim, ok := verdicts[r.Claim.ID]; ok {
			l.judged[key(r, c)] = Judgement{Verdict: claim.Verdict, Reason: claim.Reason}
		}
	}
	content, err := json.MarshalIndent(l.judged, "", "  ")
	if err != nil {
		return err
	}
	if err := atomicwriter.WriteFile(l.path, content, 0o644); err != nil {
		return fmt.Errorf("save the judgments: %w; name a writable folder with OUT", err)
	}
	return nil
}

// Score is what became of one regression on both sides.
type Score struct {
	Component string
	// Broken and Fixed are the releases, and what was said about them; nil if nothing
	// was.
	Broken, Fixed     string
	OnBroken, OnFixed *Judgement
}

// Score sums one regression up.
func (l *Ledger) Score(r Regression, newest string) Score {
	known := *r.Claim.Known
	score := Score{Component: known.Component, Broken: known.Broken}
	if len(known.Fixed) > 0 {
		score.Fixed = known.Fixed[0]
	}
	for _, side := range sides(known, newest) {
		judgement, there := l.judged[key(r, side)]
		if !there {
			continue
		}
		if side.BuildKit == known.Broken || side.Buildx == known.Broken {
			score.OnBroken = &judgement
		} else {
			score.OnFixed = &judgement
		}
	}
	return score
}

// Caught reports whether the regression is red on the release that had it and
// green on the one that fixed it. A fault without a fix only needs to be red.
func (s Score) Caught() bool {
	red := s.OnBroken != nil && s.OnBroken.Verdict == claim.Broken
	green := s.OnFixed != nil && s.OnFixed.Verdict == claim.Holds
	return red && (green || s.Fixed == "")
}

// Unknown reports whether a side was not judged.
func (s Score) Unknown() bool {
	open := func(j *Judgement) bool { return j == nil || j.Verdict == claim.Error }
	return open(s.OnBroken) || s.Fixed != "" && open(s.OnFixed)
}

// String says what was seen on both sides.
func (s Score) String() string {
	said := s.Component + " " + s.Broken + " " + verdict(s.OnBroken)
	if s.Fixed != "" {
		said += ", " + s.Fixed + " " + verdict(s.OnFixed)
	}
	return said
}

func verdict(j *Judgement) string {
	if j == nil {
		return "not judged"
	}
	return report.Word(j.Verdict)
}
