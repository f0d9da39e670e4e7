// Package results holds the runs that reports for people are made from, and the
// sentences that all formats share. All of it comes from the runs' report.json.
package results

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"builders.test/internal/compare"
	"builders.test/internal/matrix"
	"builders.test/internal/report"
)

// Run is one run.
type Run struct {
	// Dir is the folder with its report.json and its evidence.
	Dir    string
	Report report.Report
}

// Set is one run, a comparison of two, or several side by side.
type Set struct {
	// Runs are in the order of the table's columns.
	Runs  []Run
	Table matrix.Table
	// Comparison is nil unless the first run is the baseline of the second.
	Comparison *compare.Comparison
}

// Read reads the runs in the folders. Several make a matrix, see [Grid].
func Read(dirs ...string) (Set, error) {
	runs, err := read(dirs)
	if err != nil {
		return Set{}, err
	}
	return Grid(runs...), nil
}

func read(dirs []string) ([]Run, error) {
	if len(dirs) == 0 {
		return nil, errors.New("no run folder was named")
	}
	runs := make([]Run, 0, len(dirs))
	for _, dir := range dirs {
		r, err := report.Read(filepath.Join(dir, report.File))
		if err != nil {
			return nil, err
		}
		runs = append(runs, Run{Dir: dir, Report: r})
	}
	return runs, nil
}

// Grid puts runs side by side in the order of their versions, whatever the order in
// which they were made or named.
func Grid(runs ...Run) Set {
	runs = slices.Clone(runs)
	matrix.Sort(runs, func(r Run) report.Subject { return r.Report.Subject })
	return Of(runs...)
}

// Of puts runs side by side.
func Of(runs ...Run) Set {
	s := Set{Runs: runs}
	s.Table = matrix.New(s.Reports()...)
	return s
}

// Compare sets a candidate against its baseline.
func Compare(baseline, candidate Run) Set {
	s := Of(baseline, candidate)
	c := compare.Reports(baseline.Report, candidate.Report)
	s.Comparison = &c
	return s
}

// OneBook returns an error if the runs are about different books of claims: what
// is said about one does not hold for the other.
func (s Set) OneBook() error {
	first := s.Runs[0]
	for _, run := range s.Runs {
		if run.Report.Book != first.Report.Book {
			return fmt.Errorf("%s and %s don't belong together: their claims are from different books (%s and %s); prove both again with the same builders and scripts",
				filepath.Clean(first.Dir), filepath.Clean(run.Dir), first.Report.Book, run.Report.Book)
		}
	}
	return nil
}

// ReadPair reads a baseline and its candidate, which must be of one book.
func ReadPair(dirs ...string) (Set, error) {
	if len(dirs) != 2 {
		return Set{}, fmt.Errorf("--compare needs two folders, the baseline's first, but got %d", len(dirs))
	}
	runs, err := read(dirs)
	if err != nil {
		return Set{}, err
	}
	s := Compare(runs[0], runs[1])
	return s, s.OneBook()
}

// Merge reads the reports of several machines, which must belong together: they are of
// one book, and none is about another's subject. What is not a folder, such as a
// report.html among them, is skipped.
func Merge(dirs ...string) (Set, error) {
	dirs = slices.DeleteFunc(slices.Clone(dirs), func(dir string) bool {
		info, err := os.Stat(dir)
		return err == nil && !info.IsDir()
	})
	s, err := Read(dirs...)
	if err != nil {
		return Set{}, err
	}
	if err := s.OneBook(); err != nil {
		return Set{}, err
	}
	seen := map[report.Subject]string{}
	for _, run := range s.Runs {
		if other, twice := seen[run.Report.Subject]; twice {
			return Set{}, fmt.Errorf("%s and %s don't belong together: they are two reports of the same subject", filepath.Clean(other), filepath.Clean(run.Dir))
		}
		seen[run.Report.Subject] = run.Dir
	}
	return s, nil
}

// Reports returns the reports of the runs.
func (s Set) Reports() []report.Report {
	all := make([]report.Report, len(s.Runs))
	for i, run := range s.Runs {
		all[i] = run.Report
	}
	return all
}

// Seconds returns how long the claims of each run took, added up.
func (s Set) Seconds() []float64 {
	all := make([]float64, len(s.Runs))
	for i, run := range s.Runs {
		for _, claim := range run.Report.Claims {
			all[i] += claim.Seconds
		}
	}
	return all
}

// Latest returns the run that counts: the only one, or the candidate, or the last.
func (s Set) Latest() Run { return s.Runs[len(s.Runs)-1] }

// Changes returns the compared claims by id; empty if nothing is compared.
func (s Set) Changes() map[string]compare.Change {
	changes := map[string]compare.Change{}
	if s.Comparison == nil {
		return changes
	}
	for _, change := range s.Comparison.Changes {
		changes[change.ID] = change
	}
	return changes
}
