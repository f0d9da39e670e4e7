package spec

import (
	"flag"
	"math"
	"runtime"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"builders.test/helpers/claim"
	"builders.test/helpers/env"
	"github.com/stretchr/testify/require"
)

// enters begins a claim's first try, as far as the schedule is concerned.
func enters(s *schedule) *T {
	t := claimed(s, 0)
	s.take(t)
	return t
}

// claimed is a try of a claim that takes as long.
func claimed(s *schedule, takes time.Duration) *T {
	return &T{proof: &proof{schedule: s}, Claim: claim.Claim{Takes: takes}, beside: map[*proof]bool{}}
}

// waits starts a claim that waits for a place, and returns whether it has one.
func waits(s *schedule, takes time.Duration) (t *T, has func() bool) {
	t = claimed(s, takes)
	began := make(chan bool)
	go func() { s.take(t); close(began) }()
	return t, func() bool {
		synctest.Wait()
		select {
		case <-began:
			return true
		default:
			return false
		}
	}
}

// asksForQuiet starts a claim that waits for quiet, and returns two functions: has reports
// whether it got quiet, done ends it.
func asksForQuiet(s *schedule) (has func() bool, done func()) {
	over := make(chan func(), 1)
	go func() { over <- s.quiet() }()
	return func() bool { synctest.Wait(); return len(over) > 0 }, func() { (<-over)() }
}

func announced(places, claims int) *schedule {
	s := newSchedule(places)
	for range claims {
		s.announce()
	}
	return s
}

func TestQuietWaitsForThoseThatRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := announced(2, 1)
		running := enters(s)
		has, done := asksForQuiet(s)
		require.False(t, has(), "a claim is under way")
		s.leave(running)
		require.True(t, has())
		done()
	})
}

func TestQuietWaitsForThoseThatHaveNotBegun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := announced(2, 1)
		has, done := asksForQuiet(s)
		require.False(t, has(), "a claim is to begin")
		s.leave(enters(s))
		require.True(t, has())
		done()
	})
}

func TestQuietIsOneClaimsAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSchedule(4)
		one, oneDone := asksForQuiet(s)
		require.True(t, one())
		two, twoDone := asksForQuiet(s)
		require.False(t, two())
		oneDone()
		require.True(t, two())
		twoDone()
	})
}

func TestNoneBeginsWhileAClaimHasItsTurnAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := announced(1, 0)
		has, done := asksForQuiet(s)
		require.True(t, has())
		s.announce()
		_, begun := waits(s, 0)
		require.False(t, begun(), "a claim began in the middle of another one's quiet")
		done()
		require.True(t, begun())
	})
}

func TestTheLongestBeginFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := announced(1, 4)
		running := enters(s)
		one, oneHas := waits(s, 0)
		require.False(t, oneHas())
		_, twoHas := waits(s, 0)
		require.False(t, twoHas())
		long, longHas := waits(s, time.Minute)
		require.False(t, longHas())

		s.leave(running)
		require.True(t, longHas())
		require.False(t, oneHas() || twoHas())
		s.leave(long)
		require.True(t, oneHas(), "it came before the other")
		require.False(t, twoHas())
		s.leave(one)
		require.True(t, twoHas())
	})
}

func TestAClaimThatWaitsGivesItsPlaceToAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := announced(1, 2)
		waiting := enters(s)
		other, has := waits(s, 0)
		require.False(t, has())
		waiting.Wait(func() {
			require.True(t, has(), "the claim that has the place only waits")
			waiting.Wait(func() { require.Equal(t, 1, s.taken) })
			require.Equal(t, 1, s.taken, "the outer wait goes on")
			waiting.work(func() { require.Equal(t, 2, s.taken) })
		})
		require.Equal(t, 2, s.taken, "what waited goes on at once")
		s.leave(waiting)
		s.leave(other)
		require.Zero(t, s.taken)
	})
}

func TestAFailureInAWaitGivesThePlaceBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := announced(1, 1)
		failing := enters(s)
		go failing.Wait(runtime.Goexit)
		synctest.Wait()
		require.Equal(t, 1, s.taken)
		s.leave(failing)
		require.Zero(t, s.taken)
	})
}

func TestSharedIsMadeOnceAndWaitedForWithoutAPlace(t *testing.T) {
	s := announced(2, 3)
	e := env.New()
	first, second := enters(s), enters(s)
	first.Env, second.Env = e, e
	making, release := make(chan struct{}), make(chan struct{})
	got := make(chan int, 2)
	ask := func(t *T) {
		value, _ := Shared(t, "thing", func() (int, error) { close(making); <-release; return 7, nil })
		got <- value
	}
	go ask(first)
	<-making
	go ask(second)
	enters(s) // there is a place, since the second one waits
	close(release)
	require.Equal(t, []int{7, 7}, []int{<-got, <-got})
}

func TestNeighboursAreThoseThatRanMeanwhile(t *testing.T) {
	s := announced(3, 3)
	one, two := enters(s), enters(s)
	s.leave(one)
	three := enters(s)
	require.Equal(t, map[*proof]bool{two.proof: true}, one.beside)
	require.Equal(t, map[*proof]bool{one.proof: true, three.proof: true}, two.beside)
	require.Equal(t, map[*proof]bool{two.proof: true}, three.beside)
}

func TestPlacesAreThoseOfGoTest(t *testing.T) {
	parallel := flag.Lookup(parallelFlag).Value
	before := parallel.String()
	t.Cleanup(func() { require.NoError(t, parallel.Set(before)) })
	require.NoError(t, flag.Set(parallelFlag, "7"))
	require.Equal(t, 7, TakePlaces())
	require.Equal(t, strconv.Itoa(math.MaxInt32), parallel.String(), "go test begins all tests")
}
