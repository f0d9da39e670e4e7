package spec

import (
	"flag"
	"maps"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"

	"builders.test/helpers/claim"
	"builders.test/helpers/env"
)

// schedule knows which tries are under way, so that a failed claim can be retried
// while nothing else builds, and alongside the same neighbors.
type schedule struct {
	mu      sync.Mutex
	changed *sync.Cond
	// places is how many tests run at the same time, as set for go test.
	places int
	// announced are the claims whose first try has not begun.
	announced int
	running   map[*T]bool
	// waiting are the claims that wait for quiet; each holds a place.
	waiting int
	// alone reports whether one of them has it.
	alone bool
}

// scheduleOf returns the one schedule of a run.
func scheduleOf(e *env.Environment) *schedule {
	s, err := env.Shared(e, "the schedule of tries", func() (*schedule, error) { return newSchedule(places()), nil })
	if err != nil {
		panic(err) // making it never fails
	}
	return s
}

func newSchedule(places int) *schedule {
	s := &schedule{places: places, running: map[*T]bool{}}
	s.changed = sync.NewCond(&s.mu)
	return s
}

// places returns the value of -test.parallel.
func places() int {
	if parallel := flag.Lookup("test.parallel"); parallel != nil {
		if n, err := strconv.Atoi(parallel.Value.String()); err == nil && n > 0 {
			return n
		}
	}
	return 1
}

// announce counts a claim whose first try is yet to come.
func (s *schedule) announce() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.announced++
}

// first runs a claim's first try.
func (s *schedule) first(t *T) {
	s.mu.Lock()
	s.announced--
	s.wait()
	s.enter(t)
	s.mu.Unlock()
	t.run()
	s.leave(t)
}

// wait is for a claim that begins: it must not while another has its turn alone.
func (s *schedule) wait() {
	for s.alone {
		s.changed.Wait()
	}
}

// enter makes a try and those under way each other's neighbors.
func (s *schedule) enter(t *T) {
	for other := range s.running {
		other.beside[t.proof] = true
		t.beside[other.proof] = true
	}
	s.running[t] = true
	s.changed.Broadcast()
}

func (s *schedule) leave(t *T) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.running, t)
	s.changed.Broadcast()
}

// forgetIdle drops the try's neighbors that did not apply, and so built nothing.
// It is for when none of them is under way.
func (t *T) forgetIdle() {
	maps.DeleteFunc(t.beside, func(p *proof, _ bool) bool { return p.tries[0].verdict == claim.NotApplicable })
}

// quiet waits until nothing builds and no claim of the chapter is still to begin,
// and keeps it so until the function that it returns is called. Claims that wait
// hold places: if they hold all of them, claims that have not begun must wait for
// them.
func (s *schedule) quiet() (over func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting++
	for s.alone || len(s.running) > 0 || s.announced > 0 && s.waiting < s.places {
		s.changed.Wait()
	}
	s.waiting--
	s.alone = true
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.alone = false
		s.changed.Broadcast()
	}
}

// besides runs a try while other claims are proven over and over, as they were
// when the claim failed. Their verdicts are not reported.
func (s *schedule) besides(t *T, neighbours map[*proof]bool) {
	var over atomic.Bool
	var group sync.WaitGroup
	all := slices.Collect(maps.Keys(neighbours))
	for worker := range min(max(1, s.places-1), len(all)) {
		group.Go(func() {
			for i := worker; !over.Load(); i = (i + 1) % len(all) {
				all[i].keepBusy(t)
			}
		})
	}
	t.beside = neighbours
	t.run()
	over.Store(true)
	group.Wait()
}

// keepBusy runs the claim's body once, for a neighbor's sake.
func (p *proof) keepBusy(neighbour *T) {
	t := &T{
		TB: neighbour.TB, Env: p.env, Claim: p.claim, Driver: p.claim.DriverOr(p.env.Driver),
		proof: p, round: neighbour.round, beside: map[*proof]bool{},
	}
	t.run()
}
