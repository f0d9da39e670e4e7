package page

import (
	"fmt"
	"math"
	"os"
	"strings"
	"time"

	"builders.test/internal/report"
	"builders.test/internal/results"
	"builders.test/internal/run"
	"builders.test/internal/run/timeline"
	"github.com/docker/go-units"
)

// The units of the charts. Across, the whole run is as wide as resolution; down, each
// lane of claims is as high as lane.
const (
	resolution = 2000
	lane       = 10
	// steps is how many values the strip of the processors has.
	steps = 200
)

// mostCourses is up to how many runs a page shows their timelines.
const mostCourses = 2

// courseView is the timeline of a run.
type courseView struct {
	// Label is the run's; empty if there is only one.
	Label, Summary, Length string
	Width                  int
	Chapters               []chapterView
	// Busy is the strip's outline, and BusyInWords what it amounts to; empty if unknown.
	Busy, BusyInWords string
	Costs             []costView
}

// chapterView is when a chapter's claims ran: those that overlap are in different lanes.
type chapterView struct {
	Name   string
	Height int
	Claims []barView
	// Commands is the outline of the claims' commands.
	Commands string
}

// barView is when a claim ran.
type barView struct {
	ID, Title, Class string
	X, Y, Width      int
}

// costView is who used the machine.
type costView struct{ Who, CPU, Memory string }

// courses returns the timelines of the runs whose folders still say when claims ran,
// and none if there are many runs.
func courses(d results.Set) []courseView {
	if len(d.Runs) > mostCourses {
		return nil
	}
	var all []courseView
	for column, one := range d.Runs {
		// Whatever paths its report names, nothing outside the folder is read.
		folder, err := os.OpenRoot(one.Dir)
		if err != nil {
			continue
		}
		t, err := timeline.Of(folder.FS(), one.Report)
		_ = folder.Close()
		if err != nil || t.Length() <= 0 {
			continue
		}
		v := newCourse(t, one.Report)
		if len(d.Runs) > 1 {
			v.Label = d.Table.Columns[column].Label
		}
		all = append(all, v)
	}
	return all
}

func newCourse(t timeline.Timeline, r report.Report) courseView {
	standings := map[string]string{}
	for _, one := range r.Claims {
		standings[one.ID] = one.Standing().String()
	}
	v := courseView{
		Summary: fmt.Sprintf("%.1f s, %d commands, %d builds, %d BuildKits started", t.Length().Seconds(), t.Count(timeline.Commands), t.Count(timeline.Claim.Builds), t.Count(timeline.Claim.Boots)),
		Length:  fmt.Sprintf("%.0f s", t.Length().Seconds()), Width: resolution,
	}
	for _, chapter := range t.Chapters() {
		v.Chapters = append(v.Chapters, newChapter(t, chapter, standings))
	}
	if busy := t.Busy(t.Measured()); busy.Known() {
		v.Busy, v.BusyInWords = strip(t), fmt.Sprintf("busy %.0f %%", float64(busy))
	}
	for _, cost := range t.Costs() {
		one := costView{Who: cost.Who, CPU: "not known"}
		if cost.CPU >= 0 {
			one.CPU = fmt.Sprintf("%.1f s", cost.CPU.Seconds())
		}
		if cost.Memory > 0 {
			one.Memory = units.HumanSize(float64(cost.Memory))
		}
		v.Costs = append(v.Costs, one)
	}
	return v
}

func newChapter(t timeline.Timeline, chapter timeline.Chapter, standings map[string]string) chapterView {
	v := chapterView{Name: chapter.Name}
	var commands strings.Builder
	var free []time.Time
	for _, one := range chapter.Claims {
		number := firstFree(free, one.From)
		if number == len(free) {
			free = append(free, time.Time{})
		}
		free[number] = one.To
		from, to := across(t, one.From), across(t, one.To)
		v.Claims = append(v.Claims, barView{
			ID: one.ID, Class: standings[one.ID],
			Title: fmt.Sprintf("%s: %.1f s from %.1f s, commands %d, builds %d, boots %d", one.ID, one.Length().Seconds(), one.From.Sub(t.From).Seconds(), len(one.Commands), one.Builds(), one.Boots()),
			X:     from, Y: number*lane + 1, Width: max(to-from, 2),
		})
		outline(&commands, t, one, number*lane+lane/2)
	}
	v.Height, v.Commands = len(free)*lane, commands.String()
	return v
}

// firstFree returns the first lane whose last claim has ended, or a new one.
func firstFree(free []time.Time, from time.Time) int {
	for number, since := range free {
		if !since.After(from) {
			return number
		}
	}
	return len(free)
}

// across returns where a moment is on the chart.
func across(t timeline.Timeline, moment time.Time) int {
	at := moment.Sub(t.From).Seconds() / t.Length().Seconds()
	return int(at*resolution + 0.5)
}

// outline draws when commands of a claim ran. Those that touch become one: a chart of
// thousands of claims must stay small.
func outline(to *strings.Builder, t timeline.Timeline, one timeline.Claim, y int) {
	from, end := -1, -1
	draw := func() {
		if from >= 0 {
			fmt.Fprintf(to, "M%d %dh%d", from, y, end-from)
		}
	}
	for _, c := range one.Commands {
		begin, finish := across(t, c.From), max(across(t, c.To), across(t, c.From)+1)
		if from >= 0 && begin <= end {
			end = max(end, finish)
			continue
		}
		draw()
		from, end = begin, finish
	}
	draw()
}

// strip draws how busy the processors were, in percent from the bottom.
func strip(t timeline.Timeline) string {
	var d strings.Builder
	d.WriteString("M0 100")
	step, height := t.Length()/steps, 0
	for i := range steps {
		from := t.From.Add(time.Duration(i) * step)
		share, now := t.Busy(run.Span{From: from, To: from.Add(step)}), 0
		if share.Known() {
			now = int(math.Round(float64(share)))
		}
		if now != height {
			fmt.Fprintf(&d, "H%dV%d", i*resolution/steps, 100-now)
			height = now
		}
	}
	fmt.Fprintf(&d, "H%dV100z", resolution)
	return d.String()
}
