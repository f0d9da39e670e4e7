package spec

import (
	"cmp"
	"flag"
	"maps"
	"math"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"

	"builders.test/helpers/claim"
	"builders.test/helpers/env"
)

// schedule decides which tries are under way. Claims of all chapters queue for a few
// places, those that take longest first, and one that only waits gives its place to
// another meanwhile. A failed claim is retried while nothing else builds, and
// alongside the same neighbors.
type schedule struct {
	mu      sync.Mutex
	changed *sync.Cond
	// places is how many claims may use the processors at the same time; taken is
	// how many do.
	places, taken int
	// announced are the claims whose first try has not begun.
	announced int
	// queue are those among them that are ready to begin, in the order in which they
	// will.
	queue   []*T
	running map[*T]bool
	// alone reports whether a claim has the machine to itself.
	alone bool
}

// scheduleOf returns the one schedule of a run.
func scheduleOf(e *env.Environment) *schedule {
	s, err := env.Shared(e, "the schedule of tries", func() (*schedule, error) { return newSchedule(max(1, e.Places)), nil })
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

// placesPerProcessor is how many claims run on a processor: the commands of one wait for
// disks, sockets and each other for a part of the time.
const placesPerProcessor = 2

// TakePlaces returns how many claims may be tested at the same time: the value of
// -test.parallel if it is given. It lets go test begin all tests at once, since
// claims queue for places by themselves. Call it before the tests run.
func TakePlaces() int {
	if !flag.Parsed() {
		flag.Parse()
	}
	places := placesPerProcessor * runtime.GOMAXPROCS(0)
	flag.Visit(func(f *flag.Flag) {
		if n, err := strconv.Atoi(f.Value.String()); f.Name == parallelFlag && err == nil && n > 0 {
			places = n
		}
	})
	// A test binary without that flag is not one of go test's, and needs nothing.
	_ = flag.Set(parallelFlag, strconv.Itoa(math.MaxInt32))
	return places
}

const parallelFlag = "test.parallel"

// announce counts a claim whose first try is yet to come.
func (s *schedule) announce() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.announced++
}

// take waits for a place for a claim's first try and begins it.
func (s *schedule) take(t *T) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at, _ := slices.BinarySearchFunc(s.queue, t, func(a, b *T) int {
		// Among equals, who comes first is first.
		return cmp.Or(cmp.Compare(b.Claim.Takes, a.Claim.Takes), -1)
	})
	s.queue = slices.Insert(s.queue, at, t)
	for s.alone || s.taken >= s.places || s.next() != t {
		s.changed.Wait()
	}
	s.queue = slices.DeleteFunc(s.queue, func(one *T) bool { return one == t })
	s.announced--
	s.taken++
	t.placed = true
	s.enter(t)
}

// next returns the claim that begins next, or nil if all have to wait for their turn.
func (s *schedule) next() *T {
	for _, t := range s.queue {
		if !s.turnTaken(t.Claim.Turns) {
			return t
		}
	}
	return nil
}

// turnTaken reports whether a claim of those that take turns is under way.
func (s *schedule) turnTaken(turns string) bool {
	for other := range s.running {
		if turns != "" && other.Claim.Turns == turns {
			return true
		}
	}
	return false
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

// leave ends a claim's first try and gives its place back.
func (s *schedule) leave(t *T) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken--
	t.placed = false
	delete(s.running, t)
	s.changed.Broadcast()
}

// Wait calls f, which waits for something and hardly uses a processor: another claim
// may begin meanwhile. What the claim does once f returns does not have to wait
// for a place.
func (t *T) Wait(f func()) {
	if t.proof == nil {
		f()
		return
	}
	s := t.proof.schedule
	s.lend(t, 1)
	defer s.lend(t, -1)
	f()
}

// lend gives a try's place to others, or takes it back. Only the outermost of several
// waits at the same time does.
func (s *schedule) lend(t *T, change int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := t.waits
	t.waits += change
	if t.placed && (before == 0 || t.waits == 0) {
		s.taken -= change
		s.changed.Broadcast()
	}
}

// Shared is [env.Shared] for specs: one that has to wait while another makes the value
// lets others go on meanwhile.
func Shared[V any](t *T, key string, construct func() (V, error)) (value V, err error) {
	t.Wait(func() {
		value, err = env.Shared(t.Env, key, func() (made V, err error) {
			t.work(func() { made, err = construct() })
			return made, err
		})
	})
	return value, err
}

// work calls f from within a wait: f does use the processors.
func (t *T) work(f func()) {
	if t.proof == nil {
		f()
		return
	}
	s := t.proof.schedule
	s.lend(t, -1)
	defer s.lend(t, 1)
	f()
}

// forgetIdle drops the try's neighbors that did not apply, and so built nothing.
// It is for when none of them is under way.
func (t *T) forgetIdle() {
	maps.DeleteFunc(t.beside, func(p *proof, _ bool) bool { return p.tries[0].verdict == claim.NotApplicable })
}

// quiet waits until nothing builds and no claim is still to begin, and keeps it so
// until the function that it returns is called.
func (s *schedule) quiet() (over func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.alone || len(s.running) > 0 || s.announced > 0 {
		s.changed.Wait()
	}
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
	workers := min(max(1, s.places-1), len(all))
	for worker := range workers {
		group.Go(func() {
			// Each has claims of its own: none is proven twice at a time, which it never is
			// otherwise.
			for i := worker; !over.Load(); i += workers {
				if i >= len(all) {
					i = worker
				}
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
