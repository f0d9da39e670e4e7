package console

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"builders.test/helpers/spec"
	"builders.test/internal/report"
	"builders.test/internal/text"
)

// Summary closes a run: the stand-ins that took part, the counts with what was
// tested on what, where the report lies, and the counts once more in the form
// that machines look for. known says what each stand-in really is.
func (c *Console) Summary(r report.Report, elapsed time.Duration, known map[string]string, path string) {
	c.clearStatus()
	fmt.Fprintln(c.out)
	for _, image := range standIns(r.Claims) {
		phrase := "a stand-in"
		if known[image] != "" {
			phrase = known[image]
		}
		c.Note("stand-in", image+": "+phrase)
	}
	line := fmt.Sprintf("%s · %.0f s · %s", counts(r.Summary), elapsed.Seconds(), subject(r.Subject))
	fmt.Fprintln(c.out, c.paint(overall(r.Worst()), text.Wrap(line, c.width, 0)))
	c.Note("report", path)
	fmt.Fprintf(c.out, "%d passed, %d failed, %d skipped\n",
		r.Summary.Holds, r.Summary.Broken+r.Summary.Error, r.Summary.NotApplicable)
}

// overall is the colour of a whole run: what does not apply spoils nothing.
func overall(worst spec.Verdict) string {
	if worst == spec.NotApplicable {
		worst = spec.Holds
	}
	return styles[worst].colour
}

// standIns lists the images whose place something else took, without
// repetition.
func standIns(claims []report.Claim) []string {
	images := map[string]bool{}
	for _, claim := range claims {
		for _, image := range claim.StandIns {
			images[image] = true
		}
	}
	return slices.Sorted(maps.Keys(images))
}

func counts(s report.Summary) string {
	return fmt.Sprintf("%d hold, %d broken, %d error, %d not applicable", s.Holds, s.Broken, s.Error, s.NotApplicable)
}

// subject leaves out what nobody knows.
func subject(s report.Subject) string {
	engine := "engine " + s.Engine.Version
	if s.Engine.Store != "" {
		engine += " (" + s.Engine.Store + " store)"
	}
	var parts []string
	for _, part := range []string{"BuildKit " + s.BuildKit.Version, "buildx " + s.Buildx.Version, engine, "kernel " + s.Host.Kernel} {
		if !strings.HasSuffix(part, " ") {
			parts = append(parts, text.Line(part))
		}
	}
	return strings.Join(parts, ", ")
}
