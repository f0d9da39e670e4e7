// Package soak counts the results of many runs of the same claims on the same
// BuildKits: how often each claim failed, how long it took, and where the evidence of
// every failure is.
package soak

import (
	"fmt"
	"slices"

	"builders.test/helpers/claim"
	"builders.test/internal/report"
	"builders.test/internal/text"
)

// Schema is the version of the format of [File]. It changes when a reader would
// have to.
const Schema = 2

// What a soak leaves in its folder: for programs, for people, and for documents.
const (
	File     = "soak.json"
	Page     = "soak.html"
	Markdown = "soak.md"
)

// Soak is all runs, and their results.
type Soak struct {
	Schema int `json:"schema"`
	// Book identifies the set of claims, and Selection says what was chosen from it;
	// empty means all of it.
	Book      string `json:"book"`
	Selection string `json:"selection"`
	// Wanted is how many runs were asked for, without those alongside them.
	Wanted  int      `json:"wanted"`
	Columns []Column `json:"columns"`
	// Claims are in the order of the book.
	Claims []Claim `json:"claims"`
}

// Column is what was run again and again: one BuildKit with one buildx, driver
// and image store.
type Column struct {
	// Label names the column as it was asked for: "BuildKit v0.11.5"; Short
	// leaves out what goes without saying.
	Label string `json:"label"`
	Short string `json:"short"`
	// Subject is the subject of the first run that has a report.
	Subject report.Subject `json:"subject"`
	Runs    []Run          `json:"runs"`
	// Alone are the times of runs with nothing running alongside, Company those of
	// the others.
	Alone   Times `json:"alone"`
	Company Times `json:"company"`
}

// InCompany returns how many of the runs were made two at a time.
func (c Column) InCompany() int {
	n := 0
	for _, run := range c.Runs {
		if run.Company {
			n++
		}
	}
	return n
}

// Run is one run of all claims.
type Run struct {
	// Number counts from one. The run alongside another has its number.
	Number int `json:"number"`
	// Second reports whether this is the run alongside another, and Company whether
	// there were two at a time.
	Second  bool `json:"second"`
	Company bool `json:"company"`
	// Folder is where its report is, relative to that of the soak.
	Folder string `json:"folder"`
	// Seconds is how long it took; zero for a run that made no report.
	Seconds float64        `json:"seconds"`
	Summary report.Summary `json:"summary"`
	// RunErrors lists what went wrong with the run itself.
	RunErrors []string `json:"runErrors"`
	// Failed says why there is no report; then nothing is known about the claims.
	Failed string `json:"failed"`

	// Report is what the run said; nil if Failed says why there is none.
	Report *report.Report `json:"-"`
}

// Name returns what the run is called within its column: "run 3", "run 3, beside".
func (r Run) Name() string {
	if r.Second {
		return fmt.Sprintf("run %d, beside", r.Number)
	}
	return fmt.Sprintf("run %d", r.Number)
}

// Complaints returns everything that went wrong with the run outside its claims.
func (r Run) Complaints() []string {
	if r.Failed != "" {
		return []string{r.Failed}
	}
	return r.RunErrors
}

// Claim is one claim with a tally for each column.
type Claim struct {
	ID      string  `json:"id"`
	Chapter string  `json:"chapter"`
	Text    string  `json:"text"`
	Tallies []Tally `json:"tallies"`
}

// Silent reports whether there is nothing to say about the claim: it held
// wherever it applied.
func (c Claim) Silent() bool {
	return !slices.ContainsFunc(c.Tallies, func(t Tally) bool { return t.Failures() > 0 })
}

// Of counts the runs of columns.
func Of(wanted int, columns ...Column) Soak {
	s := Soak{Schema: Schema, Wanted: wanted, Columns: columns, Claims: []Claim{}}
	rows := map[string]int{}
	for i := range s.Columns {
		column := &s.Columns[i]
		opened := false
		for j := range column.Runs {
			run := &column.Runs[j]
			run.RunErrors = append([]string{}, run.RunErrors...)
			if run.Report == nil {
				continue
			}
			if !opened {
				column.Subject, opened = run.Report.Subject, true
			}
			s.Book, s.Selection = run.Report.Book, run.Report.Selection
			run.Summary, run.RunErrors = run.Report.Summary, append([]string{}, run.Report.RunErrors...)
			for _, claim := range run.Report.Claims {
				row, known := rows[claim.ID]
				if !known {
					row = len(s.Claims)
					rows[claim.ID] = row
					s.Claims = append(s.Claims, newClaim(claim, len(columns)))
				}
				s.Claims[row].Tallies[i].add(*run, claim)
			}
		}
		column.Alone, column.Company = timesOf(column.Runs)
	}
	for i := range s.Claims {
		for j := range s.Claims[i].Tallies {
			t := &s.Claims[i].Tallies[j]
			t.Times = times(t.took)
		}
	}
	return s
}

func newClaim(c report.Claim, columns int) Claim {
	all := Claim{ID: c.ID, Chapter: c.Chapter, Text: c.Text, Tallies: make([]Tally, columns)}
	for i := range all.Tallies {
		all.Tallies[i].Incidents = []Incident{}
	}
	return all
}

// Runs returns how many runs there were, including those alongside others.
func (s Soak) Runs() int {
	n := 0
	for _, c := range s.Columns {
		n += len(c.Runs)
	}
	return n
}

// Loud returns the claims that have something to say.
func (s Soak) Loud() []Claim {
	return slices.DeleteFunc(slices.Clone(s.Claims), Claim.Silent)
}

// Failing returns the ids of the claims that got the verdict in some run. Known
// faults do not count as broken.
func (s Soak) Failing(v claim.Verdict) []string {
	var ids []string
	for _, c := range s.Claims {
		for _, t := range c.Tallies {
			if t.Of(report.StandingOf(v)) > 0 {
				ids = append(ids, c.ID)
				break
			}
		}
	}
	return ids
}

// Worst returns the most severe verdict in any run that is news. A complaint
// outside the claims is an error.
func (s Soak) Worst() claim.Verdict {
	worst := claim.Holds
	for _, v := range []claim.Verdict{claim.Unsteady, claim.Error, claim.Broken} {
		if len(s.Failing(v)) > 0 {
			worst = worst.Escalate(v)
		}
	}
	if len(s.Complaints()) > 0 {
		worst = worst.Escalate(claim.Error)
	}
	return worst
}

// Complaint is something that went wrong with a run itself.
type Complaint struct {
	// Column is the short name of the run's column, and Run the run's name.
	Column, Run, Line string
}

// Complaints are those of all runs.
func (s Soak) Complaints() []Complaint {
	var all []Complaint
	for _, c := range s.Columns {
		for _, run := range c.Runs {
			for _, line := range run.Complaints() {
				all = append(all, Complaint{c.Short, run.Name(), line})
			}
		}
	}
	return all
}

// Headline sums it up in a sentence.
func (s Soak) Headline() string {
	runs := text.Count(s.Runs(), "run")
	switch s.Worst() {
	case claim.Broken:
		return fmt.Sprintf("%s broke in %s", text.Count(len(s.Failing(claim.Broken)), "claim"), runs)
	case claim.Error:
		return fmt.Sprintf("No claim broke in %s, but something else went wrong in %d of them", runs, s.troubled())
	case claim.Unsteady:
		return fmt.Sprintf("No claim broke in %s, but %s wavered", runs, text.Count(len(s.Failing(claim.Unsteady)), "claim"))
	}
	return fmt.Sprintf("No claim failed in %s", runs)
}

// troubled counts the runs in which the environment failed, or something went
// wrong with the run itself.
func (s Soak) troubled() int {
	n := 0
	for _, c := range s.Columns {
		for _, run := range c.Runs {
			if run.Summary.Error > 0 || len(run.Complaints()) > 0 {
				n++
			}
		}
	}
	return n
}
