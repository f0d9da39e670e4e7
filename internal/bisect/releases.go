package bisect

import (
	"fmt"
	"slices"

	"github.com/Masterminds/semver/v3"
)

// Between returns the releases from good to bad in order, both included, out
// of the known ones. Lists may have gaps: a patch release that is missing
// between two known ones is put in, to be tried by its name.
func Between(known []string, good, bad string) ([]string, error) {
	from, err := semver.NewVersion(good)
	if err != nil {
		return nil, fmt.Errorf("GOOD=%s is no release", good)
	}
	to, err := semver.NewVersion(bad)
	if err != nil {
		return nil, fmt.Errorf("BAD=%s is no release", bad)
	}
	if !from.LessThan(to) {
		return nil, fmt.Errorf("GOOD=%s is not older than BAD=%s; exchange them", good, bad)
	}
	all := []*semver.Version{from, to}
	for _, text := range known {
		v, err := semver.NewVersion(text)
		if err == nil && v.Prerelease() == "" && from.LessThan(v) && v.LessThan(to) {
			all = append(all, v)
		}
	}
	all = append(all, gaps(all)...)
	slices.SortFunc(all, (*semver.Version).Compare)
	names := make([]string, 0, len(all))
	for _, v := range all {
		names = append(names, "v"+v.String())
	}
	return slices.Compact(names), nil
}

// gaps are the patch releases below the highest known one of each minor.
func gaps(all []*semver.Version) []*semver.Version {
	lowest, highest := map[[2]uint64]uint64{}, map[[2]uint64]uint64{}
	for _, v := range all {
		minor := [2]uint64{v.Major(), v.Minor()}
		if _, ok := lowest[minor]; !ok || v.Patch() < lowest[minor] {
			lowest[minor] = v.Patch()
		}
		highest[minor] = max(highest[minor], v.Patch())
	}
	var missing []*semver.Version
	for minor, last := range highest {
		for patch := lowest[minor]; patch < last; patch++ {
			missing = append(missing, semver.New(minor[0], minor[1], patch, "", ""))
		}
	}
	return missing
}
