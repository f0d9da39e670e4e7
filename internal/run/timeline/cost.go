package timeline

import (
	"math"
	"time"

	"builders.test/helpers/usage"
	"builders.test/internal/run"
)

// Share is a part of the processors' time; unknown is NaN.
type Share float64

// Known reports whether it is known.
func (s Share) Known() bool { return !math.IsNaN(float64(s)) }

// Busy is the share of the processors' time, in percent, in which they were not idle
// during a part of the run.
func (t Timeline) Busy(part run.Span) Share {
	from, fromKnown := t.clock(part.From)
	to, toKnown := t.clock(part.To)
	all := to.Busy + to.Idle + to.IOWait - from.Busy - from.Idle - from.IOWait
	if !fromKnown || !toKnown || all <= 0 {
		return Share(math.NaN())
	}
	return Share(100 * (to.Busy - from.Busy) / all)
}

// BusyTime is how long the processors were busy during a part of the run, added up;
// negative if unknown.
func (t Timeline) BusyTime(part run.Span) time.Duration {
	from, fromKnown := t.clock(part.From)
	to, toKnown := t.clock(part.To)
	if !fromKnown || !toKnown {
		return -1
	}
	return time.Duration((to.Busy - from.Busy) * float64(time.Second))
}

// Kernel is the share of the busy time, in percent, that the kernel took.
func (t Timeline) Kernel() Share {
	if len(t.Usage) == 0 || t.Usage[0].Machine == nil || t.Usage[len(t.Usage)-1].Machine == nil {
		return Share(math.NaN())
	}
	from, to := t.Usage[0].Machine, t.Usage[len(t.Usage)-1].Machine
	if to.Kernel <= 0 || to.Busy <= from.Busy {
		return Share(math.NaN())
	}
	return Share(100 * (to.Kernel - from.Kernel) / (to.Busy - from.Busy))
}

// clock is the state of the machine at a moment, on a line between the samples before
// and after it; false if it is before the first or after the last.
func (t Timeline) clock(at time.Time) (usage.Machine, bool) {
	for i, next := range t.Usage {
		if next.Machine == nil || next.Time.Before(at) {
			continue
		}
		if next.Time.Equal(at) {
			return *next.Machine, true
		}
		if i == 0 || t.Usage[i-1].Machine == nil {
			return usage.Machine{}, false
		}
		before := t.Usage[i-1]
		share := at.Sub(before.Time).Seconds() / next.Time.Sub(before.Time).Seconds()
		between := func(a, b float64) float64 { return a + share*(b-a) }
		return usage.Machine{
			Busy:   between(before.Machine.Busy, next.Machine.Busy),
			Idle:   between(before.Machine.Idle, next.Machine.Idle),
			IOWait: between(before.Machine.IOWait, next.Machine.IOWait),
		}, true
	}
	return usage.Machine{}, false
}

// Measured is the part of the run between the first and the last sample.
func (t Timeline) Measured() run.Span {
	if len(t.Usage) == 0 {
		return run.Span{}
	}
	return run.Span{From: t.Usage[0].Time, To: t.Usage[len(t.Usage)-1].Time}
}

// tail is how long before its end a run may leave processors idle.
const tail = 5 * time.Second

// UntilTail is the measured part of the run without its last seconds.
func (t Timeline) UntilTail() run.Span {
	part := t.Measured()
	part.To = earlier(part.To, t.To.Add(-tail))
	return part
}

// Cost is the processor time of a part of the machine, and the most memory that it had
// in any sample, in bytes.
type Cost struct {
	Who string
	// CPU is unknown if it is negative, and Memory if it is zero.
	CPU    time.Duration
	Memory uint64
}

// Those who use the processors.
const (
	Clients  = "clients"
	Engine   = "engine"
	Builders = "builders"
	Harness  = "harness"
	Rest     = "rest of the machine"
	All      = "all"
)

// Costs say who used the processors while the run was measured: the clients, the engine,
// the builders, the harness, the rest of the machine, and all of it. Runs without
// samples have none.
func (t Timeline) Costs() []Cost {
	if len(t.Usage) == 0 {
		return nil
	}
	groups := []struct {
		who string
		of  func(usage.Sample) *usage.Group
	}{
		{Clients, func(s usage.Sample) *usage.Group { return s.Clients }},
		{Engine, func(s usage.Sample) *usage.Group { return s.Engine }},
		{Builders, func(s usage.Sample) *usage.Group { return s.Builders }},
		{Harness, func(s usage.Sample) *usage.Group { return s.Harness }},
	}
	all := t.cost(All, func(s usage.Sample) *usage.Group {
		if s.Machine == nil {
			return nil
		}
		return &usage.Group{CPU: s.Machine.Busy, Memory: s.Machine.Memory}
	})
	rest := Cost{Who: Rest, CPU: all.CPU}
	var costs []Cost
	for _, g := range groups {
		c := t.cost(g.who, g.of)
		rest.CPU -= max(c.CPU, 0)
		costs = append(costs, c)
	}
	rest.CPU = max(rest.CPU, 0)
	return append(costs, rest, all)
}

func (t Timeline) cost(who string, of func(usage.Sample) *usage.Group) Cost {
	c := Cost{Who: who, CPU: -1}
	var first, last *usage.Group
	for _, s := range t.Usage {
		g := of(s)
		if g == nil {
			continue
		}
		if first == nil {
			first = g
		}
		last, c.Memory = g, max(c.Memory, g.Memory)
	}
	if first != nil {
		c.CPU = time.Duration((last.CPU - first.CPU) * float64(time.Second))
	}
	return c
}
