package console

import (
	"fmt"
	"strings"

	"builders.test/internal/matrix"
	"builders.test/internal/report"
	"builders.test/internal/text"
)

// Matrix prints claims down and runs across: every claim that does not hold
// everywhere, where it stopped to, and the counts and times of the runs. The
// seconds have one entry per column.
func (c *Console) Matrix(t matrix.Table, seconds []float64) {
	width := len([]rune("✗ broken")) // the longest entry, see shortWord
	for _, column := range t.Columns {
		width = max(width, len([]rune(column.Short)))
	}
	fmt.Fprintf(c.out, "\n%-34s", "")
	for _, column := range t.Columns {
		fmt.Fprintf(c.out, "  %s", pad(text.Line(column.Short), width))
	}
	fmt.Fprintln(c.out)
	everywhere := 0
	for _, row := range t.Rows {
		if holdsEverywhere(row) {
			everywhere++
			continue
		}
		fmt.Fprintf(c.out, "%s", pad(text.Line(row.ID), 34))
		for _, cell := range row.Cells {
			fmt.Fprintf(c.out, "  %s", c.entry(cell, width))
		}
		fmt.Fprintln(c.out)
		for _, turn := range row.Turns {
			fmt.Fprintf(c.out, "    first bad: %s%s\n", t.Columns[turn.FirstBad].Label, lastGood(t, turn))
		}
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

func holdsEverywhere(row matrix.Row) bool {
	for _, cell := range row.Cells {
		if cell == nil || cell.Verdict != 0 {
			return false
		}
	}
	return true
}

func (c *Console) entry(cell *report.Claim, width int) string {
	if cell == nil {
		return pad("·", width)
	}
	return c.paint(colours[cell.Verdict], pad(report.Mark(cell.Verdict)+" "+shortWord(cell), width))
}

// shortWord keeps columns narrow: "not applicable" is longer than a version.
func shortWord(cell *report.Claim) string {
	word := cell.Verdict.String()
	if strings.HasPrefix(word, "not-") {
		return "n/a"
	}
	return word
}

func lastGood(t matrix.Table, turn matrix.Turn) string {
	if turn.LastGood == matrix.None {
		return ", it holds in none before"
	}
	return ", last good: " + t.Columns[turn.LastGood].Label
}
