// Package matrix sets reports side by side: claims down, runs across.
package matrix

import (
	"slices"

	"builders.test/helpers/claim"
	"builders.test/internal/report"
)

// Table is what several runs say about the same claims.
type Table struct {
	// Columns are the runs, in the given order; ranges follow from it, see [Sort].
	Columns []Column
	// Rows has every claim that some run has, chapter by chapter. The order is that
	// of the last run, whose book is assumed to be the newest.
	Rows []Row

	// axis is the version that changes from column to column, as an index of the main
	// properties; -1 if none does.
	axis int
	// releases are all releases of BuildKit, as far as known, if it is the axis.
	releases []string
}

// Column is one run.
type Column struct {
	// Label distinguishes the column from the others, in words: "BuildKit v0.34.2,
	// overlay2 store". Short does so with the values alone.
	Label, Short string
	Subject      report.Subject
	Summary      report.Summary
}

// Row is one claim in every column.
type Row struct {
	ID, Chapter, Text string
	// Cells has one entry per column: nil if the run had no such claim.
	Cells []*report.Claim
	// Ranges are the versions in which the claim is broken; there are none if it is
	// nowhere broken, or if no version changes from column to column.
	Ranges []Range
}

// New sets reports side by side.
func New(reports ...report.Report) Table {
	subjects := make([]report.Subject, 0, len(reports))
	for _, r := range reports {
		subjects = append(subjects, r.Subject)
	}
	t := Table{Columns: make([]Column, 0, len(reports))}
	for i, label := range labels(subjects) {
		t.Columns = append(t.Columns, Column{
			Label: label.long, Short: label.short, Subject: subjects[i], Summary: reports[i].Summary,
		})
	}
	t.Rows, t.axis = rows(reports), axis(subjects)
	lines := lines(subjects, t.axis)
	for i := range t.Rows {
		t.Rows[i].Ranges = ranges(t.Rows[i].Cells, lines)
	}
	return t
}

// Standing returns the standing in any column that most needs a look, except that
// a claim holds if it holds somewhere and does not apply elsewhere. It is a known
// fault only if every release that is broken is known for it.
func (r Row) Standing() report.Standing {
	worst, held := report.Holds, false
	for _, cell := range r.Cells {
		if cell != nil {
			worst = max(worst, cell.Standing())
			held = held || cell.Verdict == claim.Holds
		}
	}
	if worst == report.NotApplicable && held {
		return report.Holds
	}
	return worst
}

// FixedHere reports whether the claim holds in some column whose release is
// known to break it.
func (r Row) FixedHere() bool {
	return slices.ContainsFunc(r.Cells, func(cell *report.Claim) bool { return cell != nil && cell.FixedHere != "" })
}

// Count sums up the standings of the rows.
func (t Table) Count() report.Summary {
	all := make([]report.Standing, 0, len(t.Rows))
	for _, row := range t.Rows {
		all = append(all, row.Standing())
	}
	return report.Tally(all)
}

// rows collects the claims of all reports, chapter by chapter.
func rows(reports []report.Report) []Row {
	at := map[string]int{}
	var all []Row
	for column := len(reports) - 1; column >= 0; column-- {
		claims := reports[column].Claims
		for i := range claims {
			claim := &claims[i]
			row, known := at[claim.ID]
			if !known {
				row = len(all)
				at[claim.ID] = row
				all = append(all, Row{
					ID: claim.ID, Chapter: claim.Chapter, Text: claim.Text,
					Cells: make([]*report.Claim, len(reports)),
				})
			}
			all[row].Cells[column] = claim
		}
	}
	return byChapter(all)
}

// byChapter keeps the claims of a chapter together, including those that only an
// older run had.
func byChapter(all []Row) []Row {
	order := map[string]int{}
	for _, row := range all {
		if _, known := order[row.Chapter]; !known {
			order[row.Chapter] = len(order)
		}
	}
	slices.SortStableFunc(all, func(a, b Row) int { return order[a.Chapter] - order[b.Chapter] })
	return all
}

// axis returns the version that changes from column to column: BuildKit's if that
// differs at all, otherwise buildx's; -1 if neither does.
func axis(subjects []report.Subject) int {
	return slices.IndexFunc(mainProperties[:versions], func(p property) bool { return differs(p, subjects) })
}

// lines groups the columns that differ in one version alone. Between drivers or image
// stores there is no before and after.
func lines(subjects []report.Subject, axis int) [][]int {
	if axis < 0 {
		return nil
	}
	var groups [][]int
	at := map[string]int{}
	for column, subject := range subjects {
		key := ""
		for i, p := range mainProperties {
			if i != axis {
				key += p.of(subject) + "\n"
			}
		}
		group, known := at[key]
		if !known {
			group = len(groups)
			at[key] = group
			groups = append(groups, nil)
		}
		groups[group] = append(groups[group], column)
	}
	return groups
}
