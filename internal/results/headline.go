package results

import (
	"fmt"
	"slices"
	"strings"

	"builders.test/helpers/claim"
	"builders.test/internal/compare"
	"builders.test/internal/report"
	"builders.test/internal/text"
)

// Headline is a set of runs in one line.
type Headline struct {
	// Verdict is what the line amounts to: holds, unsteady, error or broken.
	Verdict claim.Verdict
	Text    string
}

// Headline says what came out, the worst first.
func (s Set) Headline() Headline {
	h := s.ofClaims()
	if selected := s.Selected(); selected != "" {
		h.Text = "Of " + selected + ": " + h.Text
	}
	lines := len(s.RunErrors())
	if lines == 0 || h.Verdict == claim.Broken {
		return h
	}
	return Headline{claim.Error, h.Text + ", but " + plural(lines, "something", fmt.Sprintf("%d things", lines)) + " went wrong with the run itself"}
}

// Selected says which claims of the book the set is about; empty if it is about
// all of them.
func (s Set) Selected() string {
	var chosen []string
	for _, run := range s.Runs {
		words := "all"
		switch chosen := run.Report.Selection; {
		case strings.HasPrefix(chosen, "USES="):
			words = chosen
		case chosen != "":
			words = "RUN=" + chosen
		}
		if !slices.Contains(chosen, words) {
			chosen = append(chosen, words)
		}
	}
	if len(chosen) == 0 || len(chosen) == 1 && chosen[0] == "all" {
		return ""
	}
	return "the selected claims (" + strings.Join(chosen, ", ") + ")"
}

// RunErrors lists what went wrong with the runs themselves, with the run's name if
// there are several.
func (s Set) RunErrors() []string {
	var lines []string
	for i, run := range s.Runs {
		for _, line := range run.Report.RunErrors {
			if len(s.Runs) > 1 {
				line = s.Table.Columns[i].Label + ": " + line
			}
			lines = append(lines, line)
		}
	}
	return lines
}

// ofClaims returns the headline as far as claims go.
func (s Set) ofClaims() Headline {
	switch {
	case s.Comparison != nil:
		return s.compared()
	case len(s.Runs) == 1:
		on := "on " + s.Table.Columns[0].Label
		return checked(s.Runs[0].Report.Summary, place{some: on, all: on})
	}
	return checked(s.Table.Count(), place{
		some: fmt.Sprintf("in at least one of %d runs", len(s.Runs)),
		all:  fmt.Sprintf("in all %d runs, where applicable", len(s.Runs)),
		rare: " somewhere",
	})
}

// place says where verdicts were reached: some of them, all of them, and those
// that are counted after the others.
type place struct{ some, all, rare string }

// checked returns the headline of verdicts that are compared with nothing.
func checked(s report.Summary, where place) Headline {
	total := s.Total()
	beside := rare(s, where)
	switch {
	case s.Broken > 0 && s.Error > 0:
		return Headline{claim.Broken, fmt.Sprintf("%s broken %s, and %s not be tested%s", some(s.Broken, total), where.some, could(s.Error), beside)}
	case s.Broken > 0:
		return Headline{claim.Broken, fmt.Sprintf("%s broken %s%s", some(s.Broken, total), where.some, beside)}
	case s.Error > 0:
		nothing := "Nothing"
		if s.Known > 0 {
			nothing = "Nothing new"
		}
		return Headline{claim.Error, fmt.Sprintf("%s is known to be broken, but %d of %s not be tested %s%s", nothing, s.Error, could(total), where.some, beside)}
	case s.Unsteady > 0:
		return Headline{claim.Unsteady, hold(s, where) + beside}
	case s.Known > 0:
		return Headline{claim.Holds, hold(s, where) + beside}
	case s.Holds == 0:
		return Headline{claim.Error, "No claim was tested " + where.some}
	}
	return Headline{claim.Holds, hold(s, where)}
}

// hold says how many claims hold of those that apply.
func hold(s report.Summary, where place) string {
	applicable := s.Total() - s.NotApplicable
	that := ""
	if s.NotApplicable > 0 {
		that = plural(applicable, " that applies", " that apply")
	}
	switch s.Holds {
	case applicable:
		return fmt.Sprintf("%s%s %s %s", all(applicable), that, plural(applicable, "holds", "hold"), where.all)
	case 0:
		return "No claim holds " + where.all
	}
	return fmt.Sprintf("%d of %s%s %s %s", s.Holds, counted(applicable), that, plural(s.Holds, "holds", "hold"), where.all)
}

// rare returns the end of the sentence: what failed and held, and what is broken
// without being news.
func rare(s report.Summary, where place) string {
	var parts []string
	if s.Unsteady > 0 {
		parts = append(parts, fmt.Sprintf("%d %s unsteady", s.Unsteady, plural(s.Unsteady, "is", "are")))
	}
	if s.Known > 0 {
		parts = append(parts, fmt.Sprintf("%d %s", s.Known, plural(s.Known, "is a known fault", "are known faults")))
	}
	if len(parts) == 0 {
		return ""
	}
	return "; " + strings.Join(parts, " and ") + where.rare
}

// compared returns the headline of a candidate set against its baseline.
func (s Set) compared() Headline {
	before, after := s.Table.Columns[0].Label, s.Table.Columns[1].Label
	count := s.Comparison.Count()
	unknown, alsoUnknown := untold(count), ""
	if unknown != "" {
		alsoUnknown = "; " + unknown
	}
	switch newly := s.newlyBroken(); {
	case count[compare.Regressed] > 0:
		return Headline{claim.Broken, fmt.Sprintf("%s breaks %s with %s%s", after, thatHold(count[compare.Regressed]), before, alsoUnknown)}
	case newly > 0:
		return Headline{claim.Broken, fmt.Sprintf("%s breaks %s that did not apply to %s%s", after, counted(newly), before, alsoUnknown)}
	case unknown != "":
		return Headline{claim.Error, fmt.Sprintf("No regression from %s to %s is known, but %s", before, after, unknown)}
	}
	kept := fmt.Sprintf("%s keeps every claim that holds with %s%s", after, before, exceptions(count))
	if n := count[compare.BothBroken]; n > 0 {
		kept += fmt.Sprintf("; %s broken with both", plural(n, "1 claim is", fmt.Sprintf("%d claims are", n)))
	}
	if n := count[compare.Unsteady]; n > 0 {
		kept += fmt.Sprintf("; %s unsteady, not more than before", plural(n, "1 claim is", fmt.Sprintf("%d claims are", n)))
	}
	if count[compare.NewlyUnsteady] > 0 {
		return Headline{claim.Unsteady, kept}
	}
	return Headline{claim.Holds, kept}
}

// untold says for how many claims nothing is known; empty if for none.
func untold(count map[compare.Class]int) string {
	var all []string
	if n := count[compare.Environment]; n > 0 {
		all = append(all, could(n)+" not be compared")
	}
	if n := count[compare.Undecided]; n > 0 {
		all = append(all, fmt.Sprintf("%s %s and %s tried too few times", counted(n), plural(n, "differs", "differ"), plural(n, "was", "were")))
	}
	return strings.Join(all, " and ")
}

// exceptions returns the claims that held before and now neither hold nor are broken.
func exceptions(count map[compare.Class]int) string {
	var all []string
	if n := count[compare.Lost]; n > 0 {
		all = append(all, fmt.Sprintf("%d that no longer %s", n, plural(n, "applies", "apply")))
	}
	if n := count[compare.NewlyUnsteady]; n > 0 {
		all = append(all, fmt.Sprintf("%d that %s unsteady now, which may be chance", n, plural(n, "is", "are")))
	}
	if len(all) == 0 {
		return ""
	}
	return ", except " + strings.Join(all, " and ")
}

// newlyBroken counts the claims that did not apply before and are broken now.
func (s Set) newlyBroken() int {
	n := 0
	for _, change := range s.Comparison.Changes {
		if change.Class == compare.Gained && change.Candidate.Verdict == claim.Broken {
			n++
		}
	}
	return n
}

func plural(n int, one, more string) string {
	if n == 1 {
		return one
	}
	return more
}

func counted(n int) string { return text.Count(n, "claim") }

func all(n int) string { return plural(n, "The ", "All ") + counted(n) }

func could(n int) string { return counted(n) + " could" }

func thatHold(n int) string { return counted(n) + plural(n, " that holds", " that hold") }

// some is "2 of 45 claims are", or "1 of 45 claims is".
func some(n, total int) string {
	return fmt.Sprintf("%d of %s %s", n, counted(total), plural(n, "is", "are"))
}
