package console

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"builders.test/helpers/claim"
	"builders.test/internal/report"
	"builders.test/internal/soak"
)

// Soak prints the claims that failed in some run, out of how many, each with what
// was seen and where its evidence is; below them the times of the runs and what
// went wrong with the runs themselves.
func (c *Console) Soak(s soak.Soak) {
	width := soakWidth(s)
	c.soakRow("", width, s, func(i int) string { return s.Columns[i].Short })
	for _, claim := range s.Loud() {
		c.soakRow(claim.ID, width, s, func(i int) string { return claim.Tallies[i].String() })
		c.soakTries(claim, width, s)
		c.incidents(s, claim)
	}
	c.soakRow("the others hold", width, s, func(i int) string { return fmt.Sprint(silentlyHeld(s, i)) })
	c.soakRow("runs", width, s, func(i int) string { return runsWord(s.Columns[i]) })
	c.soakRow("seconds, alone", width, s, func(i int) string { return timesWord(s.Columns[i].Alone) })
	c.soakRow("seconds, two at a time", width, s, func(i int) string { return timesWord(s.Columns[i].Company) })
	c.soakComplaints(s)
	if unsteady := s.Failing(claim.Unsteady); len(unsteady) > 0 {
		c.warn(fmt.Sprintf("UNSTEADY: %s failed and then held; do not rely on it. STRICT=1 makes the soak fail for it", strings.Join(unsteady, ", ")))
	}
	fmt.Fprintf(c.out, "%s\n", c.paint(overall(s.Worst()), s.Headline()))
}

// soakWidth returns the width of the longest entry of a column.
func soakWidth(s soak.Soak) int {
	width := len("not applicable")
	for i, column := range s.Columns {
		width = max(width, utf8.RuneCountInString(column.Short), utf8.RuneCountInString(runsWord(column)),
			utf8.RuneCountInString(timesWord(column.Alone)), utf8.RuneCountInString(timesWord(column.Company)))
		for _, claim := range s.Loud() {
			width = max(width, utf8.RuneCountInString(claim.Tallies[i].String()))
		}
	}
	return width
}

func (c *Console) soakRow(name string, width int, s soak.Soak, entry func(column int) string) {
	line := pad(name, 34)
	for i := range s.Columns {
		line += "  " + pad(entry(i), width)
	}
	fmt.Fprintln(c.out, strings.TrimRight(line, " "))
}

// soakTries says how many of all tries failed, if any did.
func (c *Console) soakTries(claim soak.Claim, width int, s soak.Soak) {
	for _, t := range claim.Tallies {
		if t.TriesSaid() != "" {
			c.soakRow("", width, s, func(i int) string { return claim.Tallies[i].TriesSaid() })
			return
		}
	}
}

func (c *Console) incidents(s soak.Soak, claim soak.Claim) {
	for i, t := range claim.Tallies {
		for _, seen := range t.Incidents {
			line := c.clip(fmt.Sprintf("%s %s, %s: %s", report.Mark(seen.Verdict), s.Columns[i].Short, seen.Run, seen.Why()))
			fmt.Fprintf(c.out, "    %s\n", c.paint(colors[seen.Verdict], line))
			if len(seen.Evidence) > 0 {
				fmt.Fprintf(c.out, "      %s\n", c.paint("2", c.folder+"/"+seen.Evidence[0]))
			}
		}
	}
}

// silentlyHeld counts the claims that were tested in a column and have nothing to
// say in any.
func silentlyHeld(s soak.Soak, column int) int {
	n := 0
	for _, claim := range s.Claims {
		if claim.Silent() && claim.Tallies[column].Holds > 0 {
			n++
		}
	}
	return n
}

func runsWord(column soak.Column) string {
	n := len(column.Runs)
	if company := column.InCompany(); company > 0 {
		return fmt.Sprintf("%d, %d of them two at a time", n, company)
	}
	return fmt.Sprint(n)
}

func timesWord(t soak.Times) string {
	if len(t.All) == 0 {
		return "·"
	}
	return t.String()
}

// soakComplaints are not cut: they were not printed before, and what happened is
// often at their end.
func (c *Console) soakComplaints(s soak.Soak) {
	for _, one := range s.Complaints() {
		said := fmt.Sprintf("%s %s, %s: %s", failed, one.Column, one.Run, one.Line)
		fmt.Fprintln(c.out, c.paint(colors[claim.Error], said))
	}
}
