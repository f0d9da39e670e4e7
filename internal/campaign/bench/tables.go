package bench

import (
	"fmt"
	"strings"

	"github.com/docker/go-units"
)

// Tables writes what was measured as Markdown. What was not measured is left out.
func (s Set) Tables() string {
	var parts []string
	for _, part := range []func() string{s.goals, s.figures, s.floor, s.growth, s.paper} {
		if text := part(); text != "" {
			parts = append(parts, text)
		}
	}
	head := fmt.Sprintf("Measured on %s, BuildKit %s", s.Machine, s.Release)
	for _, tree := range []string{Before, Now} {
		if commit := s.commit(tree); commit != "" {
			head += fmt.Sprintf(", %s: `%s`", tree, commit)
		}
	}
	return head + ". A cell has the median of all runs and, in parentheses, the least and the most.\n\n" + strings.Join(parts, "\n")
}

func (s Set) commit(tree string) string {
	for _, r := range s.Results {
		if r.Tree == tree {
			return r.Commit
		}
	}
	return ""
}

// text is a spread with a unit, with as many digits as make sense.
func (v Spread) text(unit string) string {
	if v.N == 0 {
		return "–"
	}
	if v.Least == v.Most {
		return number(v.Median) + unit
	}
	return fmt.Sprintf("%s%s (%s–%s)", number(v.Median), unit, number(v.Least), number(v.Most))
}

func number(v float64) string {
	if v < 10 && v != float64(int(v)) {
		return fmt.Sprintf("%.2f", v)
	}
	return fmt.Sprintf("%.0f", v)
}

func (v Spread) bytes() string {
	if v.N == 0 {
		return "–"
	}
	return units.HumanSize(v.Most)
}

// What follows are the values that tables have.

func wall(r Result) float64        { return r.Wall }
func cpu(r Result) float64         { return r.CPU }
func builds(r Result) float64      { return float64(r.Builds) }
func boots(r Result) float64       { return float64(r.Boots) }
func claims(r Result) float64      { return float64(r.Claims) }
func first(r Result) float64       { return r.FirstVerdict }
func busyEarly(r Result) float64   { return r.BusyEarly }
func harness(r Result) float64     { return r.HarnessMemory }
func commandTime(r Result) float64 { return r.CommandTime }

// rest is what belongs to none of the others, such as runc and whatever else ran.
func rest(r Result) float64 {
	if r.CPU < 0 {
		return -1
	}
	return max(r.CPU-r.Clients-max(r.Engine, 0)-max(r.Builders, 0)-r.Harness, 0)
}

// figures lists every figure with its cost.
func (s Set) figures() string {
	var b strings.Builder
	b.WriteString("### Figures\n\n| figure | tree | runs | seconds | processor-seconds | clients | engine | builders | harness | rest | builds | boots | busy | … until 5 s before the end | memory of harness | engine | builders |\n|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|\n")
	rows := 0
	for _, figure := range s.known() {
		for _, tree := range []string{Before, Now} {
			of := func(v Value) Spread { return s.Of(figure, tree, v) }
			if of(wall).N == 0 {
				continue
			}
			rows++
			fmt.Fprintf(&b, "| %s | %s | %d | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", figure, tree, of(wall).N,
				of(wall).text(""), of(cpu).text(""), of(func(r Result) float64 { return r.Clients }).text(""), of(func(r Result) float64 { return r.Engine }).text(""),
				of(func(r Result) float64 { return r.Builders }).text(""), of(func(r Result) float64 { return r.Harness }).text(""), of(rest).text(""),
				of(builds).text(""), of(boots).text(""), of(func(r Result) float64 { return r.Busy }).text(" %"), of(busyEarly).text(" %"),
				of(harness).bytes(), of(func(r Result) float64 { return r.EngineMemory }).bytes(), of(func(r Result) float64 { return r.BuildersMemory }).bytes())
		}
	}
	if rows == 0 {
		return ""
	}
	return b.String()
}

// known are the figures that were measured, in the order of their list.
func (s Set) known() []string {
	var names []string
	for _, figure := range Figures(s.Release, nil) {
		for _, r := range s.Results {
			if r.Figure == figure.Name {
				names = append(names, figure.Name)
				break
			}
		}
	}
	return names
}

// floor is what the commands of a whole run cost if nothing else did.
func (s Set) floor() string {
	whole := s.Of(Whole, Now, wall)
	if len(s.Units) == 0 || whole.N == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("### The floor\n\n| command, on the quiet machine | seconds | processor-seconds | needed | processor-seconds in all |\n|---|---|---|---|---|\n")
	sum := 0.0
	for _, u := range s.Units {
		all := float64(u.Needed) * u.CPU
		sum += all
		fmt.Fprintf(&b, "| %s | %.2f | %.2f | %d | %.0f |\n", u.Name, u.Wall, u.CPU, u.Needed, all)
	}
	took, used := whole.Median, s.Of(Whole, Now, cpu).Median
	fmt.Fprintf(&b, "\nFloor of all claims: %.0f processor-seconds, %.0f s on %d processors. Measured: %.0f processor-seconds, %.2f × the floor, and %.0f s, %.2f × the floor.\n",
		sum, sum/float64(s.Processors), s.Processors, used, used/sum, took, took*float64(s.Processors)/sum)
	return b.String()
}
