package console

import (
	"fmt"
	"strings"
	"time"

	"builders.test/helpers/claim"
	"builders.test/internal/report"
	"builders.test/internal/text"
)

// Summary closes a run: the stand-ins that took part, the counts with what was
// tested on what, where the reports are, and the counts once more in the form
// that machines look for. What failed is repeated, since the list of all claims
// is longer than a screen. A report without a path was not written.
func (c *Console) Summary(r report.Report, elapsed time.Duration, reports ...string) {
	c.clearStatus()
	fmt.Fprintln(c.out)
	for _, s := range r.StandIns {
		c.Note("stand-in", s.String())
	}
	c.Failed(r)
	c.loud(r)
	line := fmt.Sprintf("%s · %.0f s · %s", r.Summary, elapsed.Seconds(), report.Describe(r.Subject))
	fmt.Fprintln(c.out, c.paint(overall(r.Worst()), text.Wrap(line, c.width, 0)))
	for _, path := range reports {
		if path != "" {
			c.Note("report", path)
		}
	}
	fmt.Fprintf(c.out, "%d passed, %d failed, %d skipped\n",
		r.Summary.Holds, r.Summary.Broken+r.Summary.Error, r.Summary.NotApplicable+r.Summary.Known+r.Summary.Unsteady)
}

// loud says what does not fail the run but must not be overlooked.
func (c *Console) loud(r report.Report) {
	var unsteady []string
	for _, one := range r.Claims {
		if one.FixedHere != "" {
			c.Note("fixed", one.ID+" holds on a release that is known to break it: "+one.FixedHere)
		}
		if one.Verdict == claim.Unsteady {
			unsteady = append(unsteady, one.ID)
		}
	}
	if len(unsteady) > 0 {
		c.warn(fmt.Sprintf("UNSTEADY: %s failed and then held; do not rely on it. STRICT=1 makes the run fail for it", strings.Join(unsteady, ", ")))
	}
}

func (c *Console) warn(line string) {
	fmt.Fprintln(c.out, c.paint(colors[claim.Unsteady], text.Wrap(line, c.width, 0)))
}

// Failed prints what is broken or unknown, one line each.
func (c *Console) Failed(reports ...report.Report) {
	for _, r := range reports {
		for _, one := range r.Claims {
			if one.Verdict > claim.NotApplicable {
				line := fmt.Sprintf("%s %s: %s", one.Mark(), one.ID, one.Why())
				fmt.Fprintln(c.out, c.paint(colorOf(one), c.clip(line)))
			}
		}
		for _, line := range r.RunErrors {
			fmt.Fprintln(c.out, c.paint(colors[claim.Error], c.clip(failed+" "+line)))
		}
	}
}

// clip shortens a line that only reminds of one above.
func (c *Console) clip(line string) string {
	return text.Cut(line, max(c.width-1, 160))
}

// overall returns the color of a whole run: what does not apply spoils nothing.
func overall(worst claim.Verdict) string {
	if worst == claim.NotApplicable {
		worst = claim.Holds
	}
	return colors[worst]
}
