package console

import (
	"fmt"
	"strings"

	"builders.test/helpers/claim"
	"builders.test/internal/compare"
	"builders.test/internal/report"
)

// Comparison prints what becomes of the claims, starting with those that need a
// look, then what changed its shape, and the counts.
func (c *Console) Comparison(all compare.Comparison) {
	for _, class := range compare.Classes() {
		if class != compare.Same {
			c.class(class, all.Changes)
		}
	}
	c.shapes(all.Shapes)
	counts, parts := all.Count(), all.InWords()
	if len(all.Shapes) == 1 {
		parts = append(parts, "1 change of shape")
	} else {
		parts = append(parts, fmt.Sprintf("%d changes of shape", len(all.Shapes)))
	}
	color := "32"
	switch {
	case counts[compare.Regressed] > 0:
		color = "31"
	case counts[compare.Environment]+counts[compare.Undecided] > 0:
		color = "33"
	case counts[compare.NewlyUnsteady] > 0:
		color = colors[claim.Unsteady]
	}
	fmt.Fprintf(c.out, "\n%s\n", c.paint(color, strings.Join(parts, ", ")))
	c.Note("from", report.Describe(all.Baseline))
	c.Note("to", report.Describe(all.Candidate))
}

// class prints the claims of one class.
func (c *Console) class(class compare.Class, changes []compare.Change) {
	headed := false
	for _, change := range changes {
		if change.Class != class {
			continue
		}
		if !headed {
			fmt.Fprintf(c.out, "\n%s\n", class)
			headed = true
		}
		fmt.Fprintf(c.out, "  %-28s %s\n", change.ID, change.Text)
		if said := change.String(); said != string(class) {
			fmt.Fprintf(c.out, "    %s\n", said)
		}
		c.sideOf("before", change.Baseline)
		c.sideOf("after", change.Candidate)
	}
}

func (c *Console) sideOf(when string, claim *report.Claim) {
	if claim == nil {
		fmt.Fprintf(c.out, "    %-8s not tested\n", when)
		return
	}
	line := claim.Word()
	if why := claim.Why(); why != "" {
		line += ": " + why
	}
	fmt.Fprintf(c.out, "    %-8s %s\n", when, c.paint(colorOf(*claim), line))
}

func (c *Console) shapes(shapes []compare.Shape) {
	if len(shapes) > 0 {
		fmt.Fprintf(c.out, "\nchanges of shape, none of which breaks a claim\n")
	}
	for _, shape := range shapes {
		fmt.Fprintf(c.out, "  %s: %s\n", shape.Claim, shape.Name)
		fmt.Fprintf(c.out, "    %-8s %s\n    %-8s %s\n", "before", orNothing(shape.Baseline), "after", orNothing(shape.Candidate))
	}
}

func orNothing(value string) string {
	if value == "" {
		return "(nothing)"
	}
	return value
}
