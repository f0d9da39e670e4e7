package page

import (
	"io/fs"
	"time"

	"builders.test/internal/dossier"
)

// limit is how many bytes are kept of a text's beginning and end.
type limit struct{ head, tail int }

// level is how much evidence a page carries.
type level struct {
	// failed and held are for each output of claims that need a look, and of
	// the others.
	failed, held limit
	// steps bounds the steps of one build's timeline.
	steps int
	// none leaves the evidence out altogether.
	none bool
}

// levels go from the most to nothing. The first whose page fits is taken.
var levels = []level{
	{failed: limit{8 << 10, 24 << 10}, held: limit{2 << 10, 6 << 10}, steps: 200},
	{failed: limit{4 << 10, 12 << 10}, held: limit{1 << 10, 2 << 10}, steps: 120},
	{failed: limit{2 << 10, 6 << 10}, held: limit{300, 700}, steps: 60},
	{failed: limit{2 << 10, 4 << 10}, held: limit{150, 350}, steps: 40},
	{failed: limit{1 << 10, 3 << 10}, held: limit{0, 150}, steps: 40},
	{failed: limit{500, 1 << 10}, steps: 25},
	{failed: limit{0, 300}},
	{none: true},
}

// exhibits is the evidence of all runs: per claim one per column, nil where
// there is none.
type exhibits map[string][]*exhibit

// gatherAll reads the evidence of every run. A run whose folder is gone has
// none.
func gatherAll(d dossier.Dossier) exhibits {
	all := exhibits{}
	for column, run := range d.Runs {
		folder, done, err := openRun(run.Dir)
		if err != nil {
			continue
		}
		all.gather(folder, column, d)
		_ = done()
	}
	return all
}

func (all exhibits) gather(folder fs.FS, column int, d dossier.Dossier) {
	for _, claim := range d.Runs[column].Report.Claims {
		e := gatherWithin(folder, claim.Evidence)
		found := !e.empty()
		for i := 1; i < len(claim.Tries); i++ {
			try := gatherWithin(folder, claim.Tries[i].Evidence)
			found = found || !try.empty()
			e.again = append(e.again, try)
		}
		if !found {
			continue
		}
		if all[claim.ID] == nil {
			all[claim.ID] = make([]*exhibit, len(d.Runs))
		}
		all[claim.ID][column] = &e
	}
}

// gatherWithin reads a folder of evidence if it is one within the run's.
func gatherWithin(run fs.FS, folder string) exhibit {
	if !fs.ValidPath(folder) || folder == "." {
		return exhibit{}
	}
	return gather(run, folder)
}

// at is the exhibit of a claim in a column, or nil.
func (all exhibits) at(id string, column int) *exhibit {
	if all[id] == nil {
		return nil
	}
	return all[id][column]
}

// began is when the first command of a run began; zero if none did.
func (all exhibits) began(column int) time.Time {
	var first time.Time
	for _, row := range all {
		if row[column] == nil {
			continue
		}
		for _, c := range row[column].commands {
			if first.IsZero() || c.Started.Before(first) {
				first = c.Started
			}
		}
	}
	return first
}
