package soak

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"builders.test/helpers/claim"
	"builders.test/internal/report"
)

// Tally is what became of a claim in the runs of a column.
type Tally struct {
	// Summary counts the runs with each verdict.
	report.Summary
	// Tries and FailedTries count the tries of all runs: a claim that fails is
	// retried. Tries that the environment failed do not count.
	Tries       int `json:"tries"`
	FailedTries int `json:"failedTries"`
	// Times are the times of each run's first try.
	Times Times `json:"times"`
	// Incidents are the runs in which it failed unexpectedly.
	Incidents []Incident `json:"incidents"`

	took []took
}

// Incident is a run in which a claim failed.
type Incident struct {
	// Run is the run's name, and Folder where it is.
	Run    string `json:"run"`
	Folder string `json:"folder"`
	// Company reports whether another run ran alongside it.
	Company bool          `json:"company"`
	Verdict claim.Verdict `json:"verdict"`
	// Count says how many of the run's tries failed: "failed 1 of 4".
	Count  string `json:"count"`
	Reason string `json:"reason"`
	// Evidence are the folders of all tries, in order, relative to the soak's.
	Evidence []string `json:"evidence"`
}

// Why says what was seen, in one line.
func (i Incident) Why() string {
	if i.Count == "" {
		return i.Reason
	}
	return i.Count + ": " + i.Reason
}

// Failures is in how many runs the claim did not hold.
func (t Tally) Failures() int { return t.Unsteady + t.Broken + t.Known + t.Error }

// Runs returns how many runs tested it.
func (t Tally) Runs() int { return t.Holds + t.Failures() }

// Worst returns the most severe verdict in any of the runs.
func (t Tally) Worst() claim.Verdict {
	for _, v := range []claim.Verdict{claim.Broken, claim.Error, claim.Unsteady} {
		if t.Of(report.StandingOf(v)) > 0 {
			return v
		}
	}
	if t.Runs() == 0 {
		return claim.NotApplicable
	}
	return claim.Holds
}

// String returns the failures out of the runs: "0 of 14", "1 of 14 (unsteady)",
// "3 of 14 (1 broken, 2 unsteady)".
func (t Tally) String() string {
	if t.Runs() == 0 {
		if t.NotApplicable > 0 {
			return "not applicable"
		}
		return "not run"
	}
	said := fmt.Sprintf("%d of %d", t.Failures(), t.Runs())
	var kinds, counted []string
	for _, kind := range []struct {
		n    int
		word string
	}{{t.Broken, "broken"}, {t.Error, "error"}, {t.Unsteady, "unsteady"}, {t.Known, "known"}} {
		if kind.n > 0 {
			kinds = append(kinds, kind.word)
			counted = append(counted, fmt.Sprintf("%d %s", kind.n, kind.word))
		}
	}
	switch len(kinds) {
	case 0:
		return said
	case 1:
		counted = kinds
	}
	return said + " (" + strings.Join(counted, ", ") + ")"
}

// TriesSaid returns how many of all tries failed, if a failure was retried: "1 of
// 17 tries failed".
func (t Tally) TriesSaid() string {
	if t.FailedTries == 0 || t.Unsteady+t.Broken == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %d tries failed", t.FailedTries, t.Tries)
}

func (t *Tally) add(run Run, c report.Claim) {
	t.Add(c.Standing())
	t.addTries(c)
	if c.Verdict != claim.NotApplicable && c.Verdict != claim.Error {
		t.took = append(t.took, took{run.Name(), c.Seconds})
	}
	if c.Verdict > claim.NotApplicable && c.Known == "" {
		t.Incidents = append(t.Incidents, incident(run, c))
	}
}

func (t *Tally) addTries(c report.Claim) {
	tries := c.Tries
	if len(tries) == 0 {
		tries = []report.Try{{Verdict: c.Verdict}}
	}
	for _, try := range tries {
		switch try.Verdict {
		case claim.Broken:
			t.FailedTries++
			t.Tries++
		case claim.Holds:
			t.Tries++
		}
	}
}

func incident(run Run, c report.Claim) Incident {
	i := Incident{
		Run: run.Name(), Folder: run.Folder, Company: run.Company,
		Verdict: c.Verdict, Count: c.Count(), Reason: c.Reason, Evidence: []string{},
	}
	folders := []string{c.Evidence}
	for _, try := range c.Tries {
		folders = append(folders, try.Evidence)
	}
	for _, folder := range folders {
		if folder == "" {
			continue
		}
		if path := run.Folder + "/" + folder; !slices.Contains(i.Evidence, path) {
			i.Evidence = append(i.Evidence, path)
		}
	}
	return i
}

// Times are how long something took, in seconds.
type Times struct {
	// All are in the order of the runs.
	All     []float64 `json:"all"`
	Median  float64   `json:"median"`
	Slowest float64   `json:"slowest"`
	// SlowestIn is the name of the run that took longest.
	SlowestIn string `json:"slowestIn"`
}

// String says the times in whole seconds; of several, those that matter.
func (t Times) String() string {
	if len(t.All) == 1 {
		return fmt.Sprintf("%.0f", t.Median)
	}
	return fmt.Sprintf("median %.0f, slowest %.0f", t.Median, t.Slowest)
}

// took is how long something took in a run.
type took struct {
	run     string
	seconds float64
}

func times(all []took) Times {
	t := Times{All: []float64{}}
	for _, one := range all {
		t.All = append(t.All, one.seconds)
		if one.seconds > t.Slowest {
			t.Slowest, t.SlowestIn = one.seconds, one.run
		}
	}
	t.Median = median(t.All)
	return t
}

// median returns the middle value or, for an even number of values, the mean of
// the two in the middle; zero if there is none.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// timesOf returns the times of the runs that have a report.
func timesOf(runs []Run) (alone, company Times) {
	var a, c []took
	for _, run := range runs {
		switch {
		case run.Report == nil:
		case run.Company:
			c = append(c, took{run.Name(), run.Seconds})
		default:
			a = append(a, took{run.Name(), run.Seconds})
		}
	}
	return times(a), times(c)
}

// UpTo returns the highest rate of failure, from 0 to 1, that a series of runs
// without a failure does not rule out: at a higher one, fewer than one in twenty
// such series would come out without any.
func UpTo(runs int) float64 {
	if runs == 0 {
		return 1
	}
	return 1 - math.Pow(0.05, 1/float64(runs))
}
