package spec

import (
	"flag"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

// enters begins a claim's first try, as far as the schedule is concerned.
func enters(s *schedule) *T {
	t := &T{proof: &proof{}, beside: map[*proof]bool{}}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.announced--
	s.enter(t)
	return t
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
		require.False(t, has(), "a claim of the chapter is to begin, and there is a place for it")
		s.leave(enters(s))
		require.True(t, has())
		done()
	})
}

func TestQuietDoesNotWaitForThoseThatHaveNoPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := announced(2, 1)
		one, oneDone := asksForQuiet(s)
		require.False(t, one())
		two, twoDone := asksForQuiet(s)
		require.True(t, one() != two(), "both places are held by claims that wait, so one of them has to go on, and only one")
		first, second := oneDone, twoDone
		if two() {
			first, second = twoDone, oneDone
		}
		first()
		require.False(t, one() || two(), "there is a place again for the claim that is to begin")
		s.leave(enters(s))
		require.True(t, one() || two())
		second()
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

func TestNobodyBeginsWhereAClaimHasItsTurnAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := announced(1, 1)
		has, done := asksForQuiet(s)
		require.True(t, has(), "the only place is held")
		began := make(chan struct{})
		go func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.announced--
			s.wait()
			close(began)
		}()
		synctest.Wait()
		select {
		case <-began:
			t.Fatal("a claim began in the middle of another one's quiet")
		default:
		}
		done()
		<-began
	})
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
	parallel := flag.Lookup("test.parallel").Value
	before := parallel.String()
	t.Cleanup(func() { require.NoError(t, parallel.Set(before)) })
	require.NoError(t, parallel.Set("7"))
	require.Equal(t, 7, places())
}
