package builder

import (
	"strings"
	"sync"

	"builders.test/helpers/cli"
	"builders.test/helpers/env"
	"builders.test/helpers/spec"
	"builders.test/helpers/subject"
)

// Borrow returns a running builder with an empty cache, which no other spec uses until
// this one ends. It is [New] for specs that do not care how the builder came about
// and change nothing but its cache: a builder costs many times what a small build does,
// so it is emptied and passed on. A builder of a claim that failed is not, and neither is
// one that cannot be emptied. Only the docker-container driver has builders to
// borrow; with others Borrow is New.
func Borrow(t *spec.T) *Builder {
	if t.Driver != subject.DriverContainer {
		return New(t, Bootstrapped())
	}
	s, err := env.Shared(t.Env, t.SharedKey("idle builders"), func() (*idle, error) { return new(idle), nil })
	t.EnvironmentOK(err, "borrow a builder")
	b := s.take(t)
	if b == nil {
		b = lendable(t)
	}
	t.Cleanup(func() {
		if t.Failed() {
			b.cleanUp(t)
			return
		}
		s.give(b)
	})
	return b
}

// lendable creates a builder that outlives the claim.
func lendable(t *spec.T) *Builder {
	o := apply(t, []Option{Named(t.Env.SharedName()), Bootstrapped()})
	b := o.builder()
	if err := b.make(t, o); err != nil {
		b.cleanUp(t)
		t.Fatalf("%v", err)
	}
	return b
}

// idle are builders that wait to be borrowed again.
type idle struct {
	mu  sync.Mutex
	all []*Builder
}

func (i *idle) give(b *Builder) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.all = append(i.all, b)
}

// take returns a builder that was given back, emptied, or nil if there is none.
func (i *idle) take(t *spec.T) *Builder {
	for {
		b := i.last()
		if b == nil || b.empty(t) {
			return b
		}
		b.cleanUp(t)
	}
}

func (i *idle) last() *Builder {
	i.mu.Lock()
	defer i.mu.Unlock()
	last := len(i.all) - 1
	if last < 0 {
		return nil
	}
	b := i.all[last]
	i.all = i.all[:last]
	return b
}

// empty empties the builder's cache and reports whether it is empty now. buildctl asks
// without buildx, which may be what the next claim is about.
func (b *Builder) empty(t *spec.T) bool {
	const script = "buildctl prune --all >/dev/null && buildctl du"
	result := b.Config.Try(t, "exec", b.Container(), "sh", "-c", script)
	return cli.Err(result) == nil && holdsNothing(result.Stdout())
}

// holdsNothing reads what buildctl du prints: the records, if there are any, and the sums.
func holdsNothing(usage string) bool {
	reclaimable, total := false, false
	for line := range strings.Lines(usage) {
		switch strings.Join(strings.Fields(line), " ") {
		case "Reclaimable: 0B":
			reclaimable = true
		case "Total: 0B":
			total = true
		}
	}
	return reclaimable && total
}
