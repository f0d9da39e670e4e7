package page

import (
	"os"
	"time"

	"builders.test/internal/report/snippet"
	"builders.test/internal/results"
)

// level is how much evidence a page carries.
type level struct {
	// failed and held limit each output of claims that need a look, and of the
	// others.
	failed, held snippet.Limit
	// steps bounds the steps of one build's timeline.
	steps int
	// none leaves the evidence out altogether.
	none bool
}

// levels go from the most to the least. The first whose page fits is used.
var levels = []level{
	{failed: snippet.Limit{Head: 8 << 10, Tail: 24 << 10}, held: snippet.Limit{Head: 1 << 10, Tail: 2 << 10}, steps: 200},
	{failed: snippet.Limit{Head: 2 << 10, Tail: 6 << 10}, steps: 40},
	{failed: snippet.Limit{Tail: 300}},
}

// gathered is the evidence of all runs: for each claim one entry per column, nil if
// there is none.
type gathered map[string][]*snippet.Evidence

// gather reads the evidence of every run. A run whose folder is gone has none.
func gather(d results.Set) gathered {
	all := gathered{}
	for column, run := range d.Runs {
		// Whatever paths its report names, nothing outside it is read.
		folder, err := os.OpenRoot(run.Dir)
		if err != nil {
			continue
		}
		for _, claim := range run.Report.Claims {
			e := snippet.Of(folder.FS(), claim)
			if e == nil {
				continue
			}
			if all[claim.ID] == nil {
				all[claim.ID] = make([]*snippet.Evidence, len(d.Runs))
			}
			all[claim.ID][column] = e
		}
		_ = folder.Close()
	}
	return all
}

// at returns the evidence of a claim in a column, or nil.
func (all gathered) at(id string, column int) *snippet.Evidence {
	if all[id] == nil {
		return nil
	}
	return all[id][column]
}

// began is when the first command of a run began; zero if none did.
func (all gathered) began(column int) time.Time {
	var first time.Time
	for _, row := range all {
		if row[column] == nil {
			continue
		}
		for _, c := range row[column].Commands {
			if first.IsZero() || c.Started.Before(first) {
				first = c.Started
			}
		}
	}
	return first
}
