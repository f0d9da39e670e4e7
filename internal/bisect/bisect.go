// Package bisect finds the release in which a claim broke.
package bisect

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"builders.test/helpers/spec"
)

// Finding is what one release does with the claim.
type Finding struct {
	Version string
	Verdict spec.Verdict
	// Reason says why, where the verdict is not holds.
	Reason string
	// Evidence is the folder with what was run, or empty.
	Evidence string
}

// Judge puts the claim to the test on one release. [ErrAbsent] tells that
// there is no such release; any other error ends the search.
type Judge func(ctx context.Context, version string) (Finding, error)

// ErrAbsent tells that a release does not exist.
var ErrAbsent = errors.New("there is no such release")

// Answer is what a search found.
type Answer struct {
	// LastGood holds and FirstBad is broken; nothing that could be judged
	// lies between them.
	LastGood, FirstBad Finding
	// Unjudged are the releases between the two that exist and could not be
	// judged, because the environment failed or the claim does not apply.
	Unjudged []Finding
	// Judged is on how many releases the claim was put to the test.
	Judged int
}

// Search finds the first bad one of the releases, which are in order: the
// first is believed to be good and the last one bad, and both beliefs are put
// to the test first. Each release is judged once; the two in the answer are
// judged a second time, since an answer that flips is none. Every finding is
// told as it is made.
func Search(ctx context.Context, releases []string, judge Judge, tell func(Finding)) (Answer, error) {
	if len(releases) < 2 {
		return Answer{}, errors.New("there is nothing between the good and the bad release")
	}
	s := search{judge: judge, tell: tell, left: slices.Clone(releases), known: map[string]Finding{}}
	if err := s.ends(ctx); err != nil {
		return Answer{}, err
	}
	if err := s.narrow(ctx); err != nil {
		return Answer{}, err
	}
	answer := Answer{LastGood: s.known[s.left[0]], FirstBad: s.known[s.left[len(s.left)-1]], Judged: len(s.known)}
	for _, version := range s.left[1 : len(s.left)-1] {
		answer.Unjudged = append(answer.Unjudged, s.known[version])
	}
	return answer, s.confirm(ctx, answer)
}

// search narrows left until nothing that can be judged is inside its ends.
type search struct {
	judge Judge
	tell  func(Finding)
	left  []string
	known map[string]Finding
}

func (s *search) find(ctx context.Context, version string) (Finding, error) {
	finding, err := s.judge(ctx, version)
	if err != nil {
		return Finding{}, err
	}
	finding.Version = version
	s.known[version] = finding
	s.tell(finding)
	return finding, nil
}

// ends makes sure of what the caller believes.
func (s *search) ends(ctx context.Context) error {
	good, err := s.find(ctx, s.left[0])
	if err != nil {
		return fmt.Errorf("GOOD=%s: %w", s.left[0], err)
	}
	if good.Verdict != spec.Holds {
		return fmt.Errorf("GOOD=%s is not good: the verdict is %s: %s", good.Version, good.Verdict, good.Reason)
	}
	last := s.left[len(s.left)-1]
	bad, err := s.find(ctx, last)
	if err != nil {
		return fmt.Errorf("BAD=%s: %w", last, err)
	}
	switch bad.Verdict {
	case spec.Broken:
		return nil
	case spec.Holds:
		return fmt.Errorf("BAD=%s is not bad: the claim holds there", bad.Version)
	}
	return fmt.Errorf("BAD=%s is not bad: the verdict is %s: %s", bad.Version, bad.Verdict, bad.Reason)
}

func (s *search) narrow(ctx context.Context) error {
	for {
		at := s.next()
		if at < 0 {
			return nil
		}
		version := s.left[at]
		finding, err := s.find(ctx, version)
		switch {
		case errors.Is(err, ErrAbsent):
			s.left = slices.Delete(s.left, at, at+1)
		case err != nil:
			return fmt.Errorf("%s: %w", version, err)
		case finding.Verdict == spec.Holds:
			s.left = s.left[at:]
		case finding.Verdict == spec.Broken:
			s.left = s.left[:at+1]
		}
	}
}

// next is the release nearest to the middle that was not judged yet, or -1.
func (s *search) next() int {
	middle, best := (len(s.left)-1)/2, -1
	for i := 1; i < len(s.left)-1; i++ {
		if _, judged := s.known[s.left[i]]; judged {
			continue
		}
		if best < 0 || distance(i, middle) < distance(best, middle) {
			best = i
		}
	}
	return best
}

func distance(a, b int) int { return max(a-b, b-a) }

func (s *search) confirm(ctx context.Context, answer Answer) error {
	for _, before := range []Finding{answer.LastGood, answer.FirstBad} {
		again, err := s.find(ctx, before.Version)
		if err != nil {
			return fmt.Errorf("judging %s again: %w", before.Version, err)
		}
		if again.Verdict != before.Verdict {
			return fmt.Errorf("the answer flips: %s was %s and is %s when judged again; nothing follows from that", before.Version, before.Verdict, again.Verdict)
		}
	}
	return nil
}
