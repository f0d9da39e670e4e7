package bisect

import (
	"fmt"
	"slices"

	"github.com/Masterminds/semver/v3"
)

// Between returns the known releases from good to bad in order, both included.
// Lists may have gaps: releases that may exist are added, to be tried by name.
func Between(known []string, good, bad string) ([]string, error) {
	from, err := semver.NewVersion(good)
	if err != nil {
		return nil, fmt.Errorf("GOOD=%s is not a release", good)
	}
	to, err := semver.NewVersion(bad)
	if err != nil {
		return nil, fmt.Errorf("BAD=%s is not a release", bad)
	}
	if !from.LessThan(to) {
		return nil, fmt.Errorf("GOOD=%s is not older than BAD=%s; swap them", good, bad)
	}
	all := []*semver.Version{from, to}
	for _, text := range known {
		v, err := semver.NewVersion(text)
		if err == nil && v.Prerelease() == "" && from.LessThan(v) && v.LessThan(to) {
			all = append(all, v)
		}
	}
	all = append(all, gaps(from, to, all)...)
	slices.SortFunc(all, (*semver.Version).Compare)
	names := make([]string, 0, len(all))
	for _, v := range all {
		names = append(names, "v"+v.String())
	}
	return slices.Compact(names), nil
}

// guessed is how many patch releases a minor may have if none of them is known.
const guessed = 4

// gaps are releases that may exist although no list has them: the patch releases
// below the highest known one of each minor, and the first ones of minors of
// which none is known.
func gaps(from, to *semver.Version, all []*semver.Version) []*semver.Version {
	highest := map[uint64]uint64{}
	for _, v := range all {
		highest[v.Minor()] = max(highest[v.Minor()], v.Patch())
	}
	var missing []*semver.Version
	for minor := from.Minor(); minor <= to.Minor(); minor++ {
		last, known := highest[minor]
		if !known {
			last = guessed - 1
		}
		for patch := range last + 1 {
			v := semver.New(from.Major(), minor, patch, "", "")
			if from.LessThan(v) && v.LessThan(to) {
				missing = append(missing, v)
			}
		}
	}
	return missing
}
