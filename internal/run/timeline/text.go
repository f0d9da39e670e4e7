package timeline

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"builders.test/internal/run"
	"github.com/docker/go-units"
)

// shown is how many of the longest claims are printed, and shownLulls how many of the
// longest lulls.
const (
	shown      = 12
	shownLulls = 6
)

// Print prints the timeline of the run whose output folder is dir, for lines of a
// width.
func Print(dir string, out io.Writer, width int) error {
	t, err := Read(dir)
	if err != nil {
		return err
	}
	return t.Write(out, width)
}

// Write prints the timeline for lines of a width.
func (t Timeline) Write(out io.Writer, width int) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "run of %s: %s until the first claim began, %s of claims, %s of clean-up\n",
		seconds(t.Length()), seconds(t.Opening()), seconds(t.Length()-t.Opening()-t.Closing()), seconds(t.Closing()))
	fmt.Fprintf(&b, "at the same time: claims %s; commands %s\n\n", t.shares(Itself), t.shares(Ran))
	t.chart(&b, width)
	fmt.Fprintf(&b, "\n%d commands, of which %d build; %d BuildKits started%s\n",
		t.Count(Commands), t.Count(Claim.Builds), t.Count(Claim.Boots), t.busyInWords())
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	row := func(format string, args ...any) { fmt.Fprintf(table, format+"\n", args...) }
	row("\ncommands\tseconds\tprocessor\t")
	for _, k := range t.Kinds() {
		row("%d\t%.1f\t%.1f\t  %s", k.Count, k.Took.Seconds(), k.CPU.Seconds(), k.What)
	}
	if costs := t.Costs(); len(costs) > 0 {
		row("\nprocessor\tmost memory\t")
		for _, c := range costs {
			row("%s\t%s\t  %s", c.cpu(), c.memory(), c.Who)
		}
	}
	if lulls := t.Lulls(shownLulls); len(lulls) > 0 {
		row("\nidle from\tseconds\tbusy\t")
		for _, l := range lulls {
			row("%.1f\t%.1f\t%.0f %%\t  %s", l.From.Sub(t.From).Seconds(), l.Length().Seconds(), l.Busy, l.during())
		}
	}
	row("\nlongest claims\twithout a command\tbuilds\tboots\t")
	for _, c := range t.Longest(shown) {
		row("%.1f\t%.1f\t%d\t%d\t  %s", c.Length().Seconds(), c.Waited().Seconds(), c.Builds(), c.Boots(), c.ID)
	}
	path := t.CriticalPath()
	row("\ncritical path from\tseconds\t")
	for _, c := range path {
		row("%.1f\t%.1f\t  %s", c.From.Sub(t.From).Seconds(), c.Length().Seconds(), c.ID)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := out.Write(b.Bytes())
	return err
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }

// shares says for which part of the run how many ran at the same time.
func (t Timeline) shares(of func(Claim) []run.Span) string {
	var parts []string
	for n, time := range t.AtOnce(of) {
		if share := 100 * time.Seconds() / t.Length().Seconds(); share >= 1 {
			parts = append(parts, fmt.Sprintf("%d %.0f %%", n, share))
		}
	}
	return strings.Join(parts, ", ")
}

// chart draws a line for each chapter: how many of its claims ran at what time.
func (t Timeline) chart(b *bytes.Buffer, width int) {
	const label, least = 13, 40
	columns := max(width-label-1, least)
	step := t.Length() / time.Duration(columns)
	full := t.most()
	for _, c := range t.Chapters() {
		fmt.Fprintf(b, "%-*s", label, c.Name)
		for i := range columns {
			from := t.From.Add(time.Duration(i) * step)
			b.WriteRune(level(c.Claims, run.Span{From: from, To: from.Add(step)}, full))
		}
		b.WriteByte('\n')
	}
	t.busyRow(b, label, columns, step)
	end := seconds(t.Length())
	fmt.Fprintf(b, "%*s%-*s%s  %c %d claims\n", label, "", columns-len(end), "0", end, levels[len(levels)-1], full)
}

// most is how many claims of one chapter ran at the same time, and at least two.
func (t Timeline) most() int {
	most := 2
	for _, c := range t.Chapters() {
		most = max(most, len(Timeline{Span: t.Span, Claims: c.Claims}.AtOnce(Itself))-1)
	}
	return most
}

// busyRow draws how busy the processors were, if that is known: a full block is all of
// them.
func (t Timeline) busyRow(b *bytes.Buffer, label, columns int, step time.Duration) {
	if len(t.Usage) == 0 {
		return
	}
	fmt.Fprintf(b, "%-*s", label, "busy")
	for i := range columns {
		from := t.From.Add(time.Duration(i) * step)
		mark := levels[0]
		if busy := t.Busy(run.Span{From: from, To: from.Add(step)}); busy.Known() {
			mark = block(float64(busy) / 100)
		}
		b.WriteRune(mark)
	}
	b.WriteByte('\n')
}

// busyInWords says how busy the processors were, if that is known.
func (t Timeline) busyInWords() string {
	whole, early := t.Busy(t.Measured()), t.Busy(t.UntilTail())
	if !whole.Known() || !early.Known() {
		return ""
	}
	kernel := ""
	if share := t.Kernel(); share.Known() {
		kernel = fmt.Sprintf(", %.0f %% of that in the kernel", share)
	}
	return fmt.Sprintf("; processors busy %.0f %%, %.0f %% until %.0f s before the end%s", whole, early, tail.Seconds(), kernel)
}

// during names the claims of a lull, if they are few.
func (l Lull) during() string {
	const few = 4
	if len(l.Claims) == 0 {
		return "no claim"
	}
	if more := len(l.Claims) - few; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(l.Claims[:few], ", "), more)
	}
	return strings.Join(l.Claims, ", ")
}

func (c Cost) cpu() string {
	if c.CPU < 0 {
		return "not known"
	}
	return fmt.Sprintf("%.1f", c.CPU.Seconds())
}

func (c Cost) memory() string {
	if c.Memory == 0 {
		return ""
	}
	return units.HumanSize(float64(c.Memory))
}

// Chapter is the claims of one chapter, in the order in which they began.
type Chapter struct {
	Name   string
	Claims []Claim
}

// Chapters are in the order in which they began.
func (t Timeline) Chapters() []Chapter {
	var all []Chapter
	for _, one := range t.Claims {
		name, _, _ := strings.Cut(one.ID, "/")
		i := slices.IndexFunc(all, func(c Chapter) bool { return c.Name == name })
		if i < 0 {
			i, all = len(all), append(all, Chapter{Name: name})
		}
		all[i].Claims = append(all[i].Claims, one)
	}
	return all
}

// levels are one for nothing and one for each eighth.
var levels = []rune(" ▁▂▃▄▅▆▇█")

// level says how many claims ran in a part of the run, on average, of as many as make
// a full block.
func level(claims []Claim, part run.Span, full int) rune {
	var ran time.Duration
	for _, one := range claims {
		from, to := later(one.From, part.From), later(part.From, earlier(one.To, part.To))
		ran += max(to.Sub(from), 0)
	}
	return block(ran.Seconds() / part.Length().Seconds() / float64(full))
}

// block draws a share between 0 and 1.
func block(share float64) rune {
	eighths := float64(len(levels) - 1)
	return levels[min(int(math.Ceil(share*eighths)), len(levels)-1)]
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
