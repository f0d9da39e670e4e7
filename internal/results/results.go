// Package results holds the runs that a report for people is made from, and
// says about them what every format says in the same words. All of it comes
// from the runs' report.json.
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
	// Dir is the folder of its report.json and its evidence.
	Dir    string
	Report report.Report
}

// Set is one run, two that are compared, or several side by side.
type Set struct {
	// Runs are in the order of the table's columns.
	Runs  []Run
	Table matrix.Table
	// Comparison is nil unless the first run is the baseline of the second.
	Comparison *compare.Comparison
}

// Read reads the runs that lie in folders. Several make a matrix.
func Read(dirs ...string) (Set, error) {
	if len(dirs) == 0 {
		return Set{}, errors.New("no folder of a run was named")
	}
	runs := make([]Run, 0, len(dirs))
	for _, dir := range dirs {
		r, err := report.Read(filepath.Join(dir, report.File))
		if err != nil {
			return Set{}, err
		}
		runs = append(runs, Run{Dir: dir, Report: r})
	}
	return Of(runs...), nil
}

// Of puts runs side by side.
func Of(runs ...Run) Set {
	d := Set{Runs: runs}
	d.Table = matrix.New(d.Reports()...)
	return d
}

// Compare sets a candidate against its baseline.
func Compare(baseline, candidate Run) Set {
	d := Of(baseline, candidate)
	c := compare.Reports(baseline.Report, candidate.Report)
	d.Comparison = &c
	return d
}

// OneBook is an error where the runs are about different books of claims: what
// is said of one does not hold for the other.
func (d Set) OneBook() error {
	first := d.Runs[0]
	for _, run := range d.Runs {
		if run.Report.Book != first.Report.Book {
			return fmt.Errorf("%s and %s don't belong together: their claims are of different books (%s and %s), so prove both again with the same builders and the same scripts",
				filepath.Clean(first.Dir), filepath.Clean(run.Dir), first.Report.Book, run.Report.Book)
		}
	}
	return nil
}

// ReadPair reads a baseline and its candidate, which have to be of one book.
func ReadPair(dirs ...string) (Set, error) {
	if len(dirs) != 2 {
		return Set{}, fmt.Errorf("--compare needs two folders, the baseline's first, and was given %d", len(dirs))
	}
	d, err := Read(dirs...)
	if err != nil {
		return Set{}, err
	}
	return Compare(d.Runs[0], d.Runs[1]), d.OneBook()
}

// Merge reads the reports of several machines, which have to belong together: they
// are of one book, and none is of another's subject. What is no folder but lies among
// them, such as report.html, is passed over.
func Merge(dirs ...string) (Set, error) {
	dirs = slices.DeleteFunc(slices.Clone(dirs), func(dir string) bool {
		info, err := os.Stat(dir)
		return err == nil && !info.IsDir()
	})
	d, err := Read(dirs...)
	if err != nil {
		return Set{}, err
	}
	if err := d.OneBook(); err != nil {
		return Set{}, err
	}
	seen := map[report.Subject]string{}
	for _, run := range d.Runs {
		if other, twice := seen[run.Report.Subject]; twice {
			return Set{}, fmt.Errorf("%s and %s don't belong together: they are two reports of the same subject", filepath.Clean(other), filepath.Clean(run.Dir))
		}
		seen[run.Report.Subject] = run.Dir
	}
	return d, nil
}

// Reports are those of the runs.
func (d Set) Reports() []report.Report {
	all := make([]report.Report, len(d.Runs))
	for i, run := range d.Runs {
		all[i] = run.Report
	}
	return all
}

// Seconds is how long the claims of each run took, added up.
func (d Set) Seconds() []float64 {
	all := make([]float64, len(d.Runs))
	for i, run := range d.Runs {
		for _, claim := range run.Report.Claims {
			all[i] += claim.Seconds
		}
	}
	return all
}

// Latest is the run that counts: the only one, or the candidate, or the last.
func (d Set) Latest() Run { return d.Runs[len(d.Runs)-1] }

// Changes are the compared claims by id; empty where nothing is compared.
func (d Set) Changes() map[string]compare.Change {
	changes := map[string]compare.Change{}
	if d.Comparison == nil {
		return changes
	}
	for _, change := range d.Comparison.Changes {
		changes[change.ID] = change
	}
	return changes
}
