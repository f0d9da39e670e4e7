// Package bisect finds the release in which a claim broke, even if the claim fails only
// sometimes.
//
// It tries one release at a time, the one that is expected to tell the most, and keeps
// track of how probable it is of each release that it is the first bad one. A claim
// that fails each time is found as by halving, with the answer tried twice; if it fails
// half of the time, more tries are made with each release.
package bisect

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/bits"
	"slices"

	"builders.test/helpers/claim"
	"builders.test/internal/rate"
)

// Finding is the outcome of one try with one release.
type Finding struct {
	Version string
	Verdict claim.Verdict
	// Reason says why, unless the verdict is holds.
	Reason string
	// Seconds is how long that took, including making the release the first time.
	Seconds float64
	// Evidence is the folder with what was run, or empty.
	Evidence string
}

// Judge tests the claim on one release, once: a failure is not retried. It
// returns [ErrAbsent] if there is no such release; any other error ends the
// search.
type Judge func(ctx context.Context, version string) (Finding, error)

// ErrAbsent means that a release does not exist.
var ErrAbsent = errors.New("there is no such release")

// Answer is what a search found.
type Answer struct {
	// Change is where the claim broke, and Others are where else it may have, the
	// most probable first; empty if that is hardly possible.
	Change
	Others []Change
	// Judged is with how many releases the claim was tested, and Tries how often
	// altogether.
	Judged, Tries int
	// Wavers reports whether the claim was seen both to fail and to hold where it
	// should do the same each time.
	Wavers bool
}

// Change is a place where a claim may have broken.
type Change struct {
	// LastGood and FirstBad are adjacent, except for releases that could not be
	// judged.
	LastGood, FirstBad Release
	// Unjudged are the releases between the two that exist but could not be judged,
	// because the environment failed or the claim does not apply.
	Unjudged []Finding
	// Probability is how certain it is, from 0 to 1, that the claim broke above
	// LastGood and not above FirstBad.
	Probability float64
}

// Release is a release and how often the claim failed there.
type Release struct {
	Version string
	rate.Count
	// Finding is the last one that supports what the release is taken for: one that
	// holds for a good release and a failure for a bad one, if there was any.
	Finding Finding
}

const (
	// Sure is the probability at which the search for a claim that wavers ends.
	Sure = 0.95
	// possible is the probability from which on another place is worth mentioning.
	possible = 0.01
	// patience is how often a bad release may hold before it is no longer taken for
	// bad, and proofs how often a good one may fail at first without ever holding.
	patience, proofs = 20, 4
	// mostTries is how often one release is tried at most, and mostAhead how many
	// tries are planned ahead.
	mostTries, mostAhead = 40, 12
	// little is how many bits are not worth a try.
	little = 0.002
)

// Search finds the first bad release. The releases are in order: the first is believed
// to be good and the last one bad, and both beliefs are tested first. Every finding is
// reported as it is made. The error says that good is not good, bad is not bad, or
// both are alike.
func Search(ctx context.Context, releases []string, judge Judge, tell func(Finding)) (Answer, error) {
	if len(releases) < 2 {
		return Answer{}, errors.New("there is nothing between the good and the bad release")
	}
	s := search{judge: judge, tell: tell}
	for _, version := range releases {
		s.line = append(s.line, &place{version: version})
	}
	if err := s.good(ctx); err != nil {
		return Answer{}, err
	}
	if err := s.bad(ctx); err != nil {
		return Answer{}, err
	}
	for {
		answer, at := s.next()
		if at < 0 {
			return answer, s.alike(answer)
		}
		if err := s.ask(ctx, at); err != nil {
			return Answer{}, fmt.Errorf("%s: %w", s.line[at].version, err)
		}
	}
}

// place is one release in the line.
type place struct {
	version string
	rate.Count
	// held and failed are the last findings of their kind.
	held, failed Finding
	// mute is why the release cannot be judged; nil if it can, or may be.
	mute *Finding
}

// search is a line of releases about which more and more is known.
type search struct {
	judge Judge
	tell  func(Finding)
	line  []*place
	tries int
}

// ask makes one try. A release that does not exist leaves the line.
func (s *search) ask(ctx context.Context, at int) error {
	p := s.line[at]
	finding, err := s.judge(ctx, p.version)
	if errors.Is(err, ErrAbsent) && at > 0 && at < len(s.line)-1 {
		s.line = slices.Delete(s.line, at, at+1)
		return nil
	}
	if err != nil {
		return err
	}
	finding.Version = p.version
	s.tries++
	p.note(finding)
	s.tell(finding)
	return nil
}

func (p *place) note(f Finding) {
	switch f.Verdict {
	case claim.Holds:
		p.Count, p.held = p.Add(0), f
	case claim.Broken:
		p.Count, p.failed = p.Add(1), f
	default:
		p.mute = &f
	}
}

// good makes sure that the first release is not plainly bad.
func (s *search) good(ctx context.Context) error {
	p := s.line[0]
	for p.Failed == p.Asked && p.Asked < proofs {
		if err := s.ask(ctx, 0); err != nil {
			return fmt.Errorf("GOOD=%s: %w", p.version, err)
		}
		if p.mute != nil {
			return fmt.Errorf("GOOD=%s cannot be judged: the verdict is %s: %s", p.version, p.mute.Verdict, p.mute.Reason)
		}
	}
	if p.Always() {
		return fmt.Errorf("GOOD=%s is not good: the claim failed there %s times: %s", p.version, p.Count, p.failed.Reason)
	}
	return nil
}

// bad makes sure that the last release fails at all.
func (s *search) bad(ctx context.Context) error {
	at := len(s.line) - 1
	p := s.line[at]
	for p.Failed == 0 && p.Asked < patience {
		if err := s.ask(ctx, at); err != nil {
			return fmt.Errorf("BAD=%s: %w", p.version, err)
		}
		if p.mute != nil {
			return fmt.Errorf("BAD=%s cannot be judged: the verdict is %s: %s", p.version, p.mute.Verdict, p.mute.Reason)
		}
	}
	if p.Failed == 0 {
		return fmt.Errorf("BAD=%s is not bad: the claim holds there, %d of %d times", p.version, p.Asked, p.Asked)
	}
	return nil
}

// next returns what is known, and which release to ask; -1 if there is nothing
// left to ask. As long as the claim does the same each time, its releases are
// halved.
func (s *search) next() (Answer, int) {
	counts := s.counts()
	b := believe(counts)
	answer := s.answer(b)
	steady := !wavering(counts)
	if at := s.halving(); steady && at >= 0 {
		return answer, at
	}
	if steady || answer.Probability >= Sure {
		if at := s.once(answer.Change); at >= 0 {
			return answer, at
		}
	}
	if answer.Probability >= Sure || steady && s.tries >= s.budget() {
		return answer, -1
	}
	return answer, s.telling(b, counts)
}

// halving returns the release nearest to the middle that was not asked yet,
// between those that hold and those that fail; -1 if there is none.
func (s *search) halving() int {
	from, to := 0, len(s.line)-1
	for i, p := range s.line {
		if p.Never() {
			from = i
		}
		if p.Failed > 0 {
			to = min(to, i)
		}
	}
	middle, best := (from+to)/2, -1
	for i := from + 1; i < to; i++ {
		if p := s.line[i]; p.Asked == 0 && p.mute == nil && (best < 0 || distance(i, middle) < distance(best, middle)) {
			best = i
		}
	}
	return best
}

func distance(a, b int) int { return max(a-b, b-a) }

// budget returns how many tries a claim is worth that fails each time: both ends,
// the halving, and the answer again. Whether it would waver if it were asked more
// often is what the probability says.
func (s *search) budget() int {
	tries := 4 + bits.Len(uint(len(s.line)-2))
	for _, p := range s.line {
		if p.mute != nil {
			tries++
		}
	}
	return tries
}

// wavering reports whether no release explains the counts, that is, whether there
// is none below which the claim never fails and from which on it always does.
func wavering(counts []rate.Count) bool {
	failed := false
	for _, c := range counts {
		if c.Wavers() || failed && c.Never() {
			return true
		}
		failed = failed || c.Failed > 0
	}
	return false
}

// once returns an end of a change that was asked less than twice: an answer that
// rests on one try is none. It returns -1 if both were asked twice.
func (s *search) once(c Change) int {
	for i, p := range s.line {
		if (p.version == c.LastGood.Version || p.version == c.FirstBad.Version) && p.Asked < 2 && p.mute == nil {
			return i
		}
	}
	return -1
}

// telling returns the release that is expected to tell the most, or -1.
func (s *search) telling(b belief, counts []rate.Count) int {
	tries := enough(counts[len(counts)-1])
	best, most := -1, little
	for i, p := range s.line {
		if p.mute != nil || p.Asked >= mostTries || b.decided(i) {
			continue
		}
		if gain := b.gain(counts, i, tries); gain > most {
			best, most = i, gain
		}
	}
	return best
}

func (s *search) counts() []rate.Count {
	counts := make([]rate.Count, 0, len(s.line))
	for _, p := range s.line {
		counts = append(counts, p.Count)
	}
	return counts
}

// answer ranks the places where the claim may have broken.
func (s *search) answer(b belief) Answer {
	changes := s.changes(b)
	slices.SortStableFunc(changes, func(a, b Change) int { return cmp.Compare(b.Probability, a.Probability) })
	answer := Answer{Change: changes[0], Tries: s.tries, Wavers: wavering(s.counts())}
	for _, change := range changes[1:] {
		if change.Probability >= possible {
			answer.Others = append(answer.Others, change)
		}
	}
	for _, p := range s.line {
		if p.Asked > 0 || p.mute != nil {
			answer.Judged++
		}
	}
	return answer
}

// changes returns the places between neighboring releases that can be judged:
// those that cannot are indistinguishable from each other.
func (s *search) changes(b belief) []Change {
	var all []Change
	now := Change{LastGood: s.line[0].asGood()}
	for i, p := range s.line[1:] {
		now.Probability += b.at[i+1]
		if p.mute != nil && p.Asked == 0 {
			now.Unjudged = append(now.Unjudged, *p.mute)
			continue
		}
		now.FirstBad = p.asBad()
		all = append(all, now)
		now = Change{LastGood: p.asGood()}
	}
	return all
}

func (p *place) asGood() Release { return Release{p.version, p.Count, p.held} }
func (p *place) asBad() Release  { return Release{p.version, p.Count, p.failed} }

// alike returns the error if both ends seem to fail at the same rate.
func (s *search) alike(answer Answer) error {
	alike := believe(s.counts()).at[none]
	if alike < answer.Probability {
		return nil
	}
	good, bad := s.line[0], s.line[len(s.line)-1]
	return fmt.Errorf("GOOD=%s and BAD=%s do not differ: the claim failed %s times and %s times", good.version, bad.version, good.Count, bad.Count)
}
