package console

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"builders.test/helpers/claim"
	"builders.test/internal/matrix"
	"builders.test/internal/report"
)

// Matrix prints claims down and runs across: every claim that does not hold
// everywhere, the versions in which it is broken, and the counts and times of the runs. The
// seconds have one entry per column.
func (c *Console) Matrix(t matrix.Table, seconds []float64) {
	width := widest(t)
	fmt.Fprintf(c.out, "\n%-34s", "")
	for _, column := range t.Columns {
		fmt.Fprintf(c.out, "  %s", pad(column.Short, width))
	}
	fmt.Fprintln(c.out)
	everywhere := 0
	for _, row := range t.Rows {
		if holdsEverywhere(row) {
			everywhere++
			continue
		}
		fmt.Fprintf(c.out, "%s", pad(row.ID, 34))
		for _, cell := range row.Cells {
			fmt.Fprintf(c.out, "  %s", c.entry(cell, width))
		}
		fmt.Fprintln(c.out)
		for _, r := range row.Ranges {
			fmt.Fprintf(c.out, "    %s\n", t.Words(r))
		}
		c.remarks(t, row)
	}
	fmt.Fprintf(c.out, "%s", pad("the others hold", 34))
	for range t.Columns {
		fmt.Fprintf(c.out, "  %s", pad(fmt.Sprint(everywhere), width))
	}
	fmt.Fprintf(c.out, "\n%s", pad("seconds", 34))
	for i := range t.Columns {
		fmt.Fprintf(c.out, "  %s", pad(fmt.Sprintf("%.0f", seconds[i]), width))
	}
	fmt.Fprintln(c.out)
}

// widest returns how much room a column needs.
func widest(t matrix.Table) int {
	width := 0
	for _, column := range t.Columns {
		width = max(width, utf8.RuneCountInString(column.Short))
	}
	for _, row := range t.Rows {
		for _, cell := range row.Cells {
			if cell != nil {
				width = max(width, utf8.RuneCountInString(entryOf(*cell)))
			}
		}
	}
	return width
}

func holdsEverywhere(row matrix.Row) bool {
	for _, cell := range row.Cells {
		if cell == nil || cell.Verdict != claim.Holds || cell.FixedHere != "" {
			return false
		}
	}
	return true
}

// remarks say what does not fit into an entry: how often a claim failed, and
// which fault is known, in which columns.
func (c *Console) remarks(t matrix.Table, row matrix.Row) {
	var said []string
	where := map[string][]string{}
	for column, cell := range row.Cells {
		if cell == nil {
			continue
		}
		remark := remarkOn(*cell)
		if remark == "" {
			continue
		}
		if where[remark] == nil {
			said = append(said, remark)
		}
		where[remark] = append(where[remark], t.Columns[column].Short)
	}
	for _, remark := range said {
		line := remark + ": " + strings.Join(where[remark], ", ")
		fmt.Fprintf(c.out, "    %s\n", line)
	}
}

func remarkOn(one report.Claim) string {
	switch {
	case one.FixedHere != "":
		return "fixed here (" + one.FixedHere + ")"
	case one.Standing() == report.Known:
		return "known fault (" + one.Known + ")"
	case one.Verdict == claim.Unsteady:
		return one.Count()
	}
	return ""
}

func (c *Console) entry(cell *report.Claim, width int) string {
	if cell == nil {
		return pad("·", width)
	}
	return c.paint(colorOf(*cell), pad(entryOf(*cell), width))
}

// entryOf keeps columns narrow: "not applicable" is longer than a version.
func entryOf(cell report.Claim) string {
	word := cell.Standing().String()
	if cell.Verdict == claim.NotApplicable {
		word = "n/a"
	}
	return cell.Mark() + " " + word
}
