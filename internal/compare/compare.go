// Package compare compares two reports: what held with the baseline and what happens to
// it with the candidate. If a claim fails only some of the time, it compares how often,
// and says which side has to be asked again.
package compare

import (
	"fmt"

	"builders.test/internal/rate"
	"builders.test/internal/report"
)

// Class is what becomes of one claim between the baseline and the candidate.
type Class string

const (
	// Regressed: it fails more often with the candidate than with the baseline, and
	// not by chance. Usually it held each time and fails each time now.
	Regressed Class = "regressed"
	// NewlyUnsteady: it never failed with the baseline and sometimes fails with the
	// candidate, too rarely to rule out chance.
	NewlyUnsteady Class = "newly unsteady"
	// Unsteady: it sometimes fails on at least one side, and does not fail more often
	// with the candidate than chance explains.
	Unsteady Class = "unsteady"
	// Undecided: the sides differ, but were tried too few times to rule out
	// chance.
	Undecided Class = "undecided"
	// Fixed: it failed with the baseline and holds with the candidate, and not by
	// chance.
	Fixed Class = "fixed"
	// BothBroken: neither does what the claim says.
	BothBroken Class = "both broken"
	// Environment: on at least one side the environment failed, or the claim was not
	// tested, so nothing can be said.
	Environment Class = "environment"
	// Gained: the claim did not apply to the baseline but does to the candidate,
	// whatever comes of it.
	Gained Class = "gained"
	// Lost: the other way around.
	Lost Class = "lost"
	// Same: it holds on both sides, or applies to neither.
	Same Class = "same"
)

// Classes lists every class, those that need a look first.
func Classes() []Class {
	return []Class{Regressed, Undecided, Environment, NewlyUnsteady, Unsteady, Lost, BothBroken, Fixed, Gained, Same}
}

// Comparison is everything that two reports say together.
type Comparison struct {
	Baseline  report.Subject
	Candidate report.Subject
	// Changes has every claim that either report has, in the candidate's order.
	Changes []Change
	// Shapes are the facts that differ although nothing is broken.
	Shapes []Shape
}

// Change is one claim on both sides. The side that has no such claim is nil.
type Change struct {
	ID        string
	Text      string
	Class     Class
	Baseline  *report.Claim
	Candidate *report.Claim
	// Before and After are how often it failed, with the baseline and with the
	// candidate; 0 of 0 if it was not tested.
	Before rate.Count
	After  rate.Count
}

// Shape is a fact that differs between the sides. A side that did not note it has
// an empty value.
type Shape struct {
	Claim     string
	Name      string
	Baseline  string
	Candidate string
}

// Reports compares two reports.
func Reports(baseline, candidate report.Report) Comparison {
	c := Comparison{Baseline: baseline.Subject, Candidate: candidate.Subject}
	before := index(baseline)
	for i := range candidate.Claims {
		after := &candidate.Claims[i]
		c.add(before[after.ID], after)
		delete(before, after.ID)
	}
	for i := range baseline.Claims {
		if only, ok := before[baseline.Claims[i].ID]; ok {
			c.add(only, nil)
		}
	}
	return c
}

func index(r report.Report) map[string]*report.Claim {
	claims := map[string]*report.Claim{}
	for i := range r.Claims {
		claims[r.Claims[i].ID] = &r.Claims[i]
	}
	return claims
}

func (c *Comparison) add(before, after *report.Claim) {
	known := after
	if known == nil {
		known = before
	}
	change := Change{ID: known.ID, Text: known.Text, Baseline: before, Candidate: after, Before: failures(before), After: failures(after)}
	change.Class = change.classOf()
	c.Changes = append(c.Changes, change)
	c.Shapes = append(c.Shapes, shapes(before, after)...)
}

// shapes lists the facts that differ. If one side noted none, there is nothing to
// compare.
func shapes(before, after *report.Claim) []Shape {
	if before == nil || after == nil || len(before.Facts) == 0 || len(after.Facts) == 0 {
		return nil
	}
	was := map[string]string{}
	for _, fact := range before.Facts {
		was[fact.Name] = fact.Value
	}
	var changed []Shape
	for _, fact := range after.Facts {
		if was[fact.Name] != fact.Value {
			changed = append(changed, Shape{Claim: after.ID, Name: fact.Name, Baseline: was[fact.Name], Candidate: fact.Value})
		}
		delete(was, fact.Name)
	}
	for _, fact := range before.Facts {
		if value, gone := was[fact.Name]; gone {
			changed = append(changed, Shape{Claim: before.ID, Name: fact.Name, Baseline: value})
		}
	}
	return changed
}

// InWords says how many claims of each class there are, if any: "2 regressed".
func (c Comparison) InWords() []string {
	counts := c.Count()
	var words []string
	for _, class := range Classes() {
		if counts[class] > 0 {
			words = append(words, fmt.Sprintf("%d %s", counts[class], class))
		}
	}
	return words
}

// Count returns how many claims of each class there are.
func (c Comparison) Count() map[Class]int {
	counts := map[Class]int{}
	for _, change := range c.Changes {
		counts[change.Class]++
	}
	return counts
}
