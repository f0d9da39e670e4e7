package site

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"
)

// heartbeat is the longest that a working lab stays silent.
const heartbeat = 15 * time.Second

// progress writes one line per event, fit for a terminal and for a CI log. Its
// zero value is silent.
type progress struct {
	lines  sync.Mutex
	w      io.Writer
	last   time.Time
	active map[string]time.Time
}

func newProgress(w io.Writer) progress {
	return progress{w: w, active: map[string]time.Time{}}
}

// Say writes one line about a component.
func (p *progress) Say(component, text string) {
	p.lines.Lock()
	defer p.lines.Unlock()
	p.write(fmt.Sprintf("%s … %s", component, text))
}

// Line writes a line as it is.
func (p *progress) Line(text string) {
	p.lines.Lock()
	defer p.lines.Unlock()
	p.write(text)
}

func (p *progress) write(text string) {
	if p.w == nil {
		return
	}
	p.last = time.Now()
	fmt.Fprintf(p.w, "lab  %s\n", text)
}

// Timed runs fn and says when it starts and how long it took: doing is
// "building", done is "built".
func (p *progress) Timed(component, doing, done string, fn func() error) error {
	start := time.Now()
	p.lines.Lock()
	p.active[component] = start
	p.write(fmt.Sprintf("%s … %s", component, doing))
	p.lines.Unlock()

	err := fn()

	p.lines.Lock()
	defer p.lines.Unlock()
	delete(p.active, component)
	if err == nil {
		p.write(fmt.Sprintf("%s … %s in %s", component, done, Short(time.Since(start))))
	}
	return err
}

// beat reports what is still running whenever nothing else was written for a
// while. It returns when ctx ends.
func (p *progress) beat(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			p.remind()
		}
	}
}

func (p *progress) remind() {
	p.lines.Lock()
	defer p.lines.Unlock()
	if len(p.active) == 0 || time.Since(p.last) < heartbeat {
		return
	}
	p.write("still working: " + describe(p.active, time.Now()))
}

// describe lists what is running, the longest first.
func describe(active map[string]time.Time, now time.Time) string {
	names := make([]string, 0, len(active))
	for name := range active {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		if c := active[a].Compare(active[b]); c != 0 {
			return c
		}
		return strings.Compare(a, b)
	})
	for i, name := range names {
		names[i] = fmt.Sprintf("%s (%s)", name, Short(now.Sub(active[name])))
	}
	return strings.Join(names, ", ")
}

// Short rounds a duration to what a reader cares about: tenths below ten
// seconds, seconds above.
func Short(d time.Duration) string {
	if d < 10*time.Second {
		return fmt.Sprintf("%.1fs", d.Seconds())
	}
	return d.Round(time.Second).String()
}
