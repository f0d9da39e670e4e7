package console

import (
	"fmt"
	"time"

	"builders.test/helpers/spec"
	"builders.test/internal/report"
	"builders.test/internal/text"
)

// Summary closes a run: the stand-ins that took part, the counts with what was
// tested on what, where the reports lie, and the counts once more in the form
// that machines look for. known says what each stand-in really is; a report
// without a path was not written.
func (c *Console) Summary(r report.Report, elapsed time.Duration, known map[string]string, reports ...string) {
	c.clearStatus()
	fmt.Fprintln(c.out)
	for _, image := range report.StandIns(r.Claims) {
		phrase := "a stand-in"
		if known[image] != "" {
			phrase = known[image]
		}
		c.Note("stand-in", image+": "+phrase)
	}
	line := fmt.Sprintf("%s · %.0f s · %s", r.Summary, elapsed.Seconds(), text.Line(report.Describe(r.Subject)))
	fmt.Fprintln(c.out, c.paint(overall(r.Worst()), text.Wrap(line, c.width, 0)))
	for _, path := range reports {
		if path != "" {
			c.Note("report", path)
		}
	}
	fmt.Fprintf(c.out, "%d passed, %d failed, %d skipped\n",
		r.Summary.Holds, r.Summary.Broken+r.Summary.Error, r.Summary.NotApplicable)
}

// overall is the colour of a whole run: what does not apply spoils nothing.
func overall(worst spec.Verdict) string {
	if worst == spec.NotApplicable {
		worst = spec.Holds
	}
	return colours[worst]
}
