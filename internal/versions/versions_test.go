package versions

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/Masterminds/semver/v3"
	"gotest.tools/v3/assert"
)

func TestTheMakefileRunsThePinnedReleases(t *testing.T) {
	makefile, err := os.ReadFile("../../Makefile")
	assert.NilError(t, err)
	found := regexp.MustCompile(`(?m)^RELEASES := (.*)$`).FindStringSubmatch(string(makefile))
	assert.Assert(t, found != nil)
	assert.DeepEqual(t, strings.Fields(found[1]), []string{BuildKit, NewestBuildKit})
}

func TestEveryFrontendComesFromTheBuildKitThatCarriesIt(t *testing.T) {
	const apart = 6 // 1.4 came with v0.10
	newest := semver.MustParse(NewestFrontend)
	for tag, release := range Frontends {
		frontend := semver.MustParse(tag)
		if got := semver.MustParse(release).Minor() - frontend.Minor(); got != apart {
			t.Errorf("%s is compiled from %s, %d minor releases apart", tag, release, got)
		}
		if frontend.GreaterThan(newest) {
			t.Errorf("%s is newer than the newest", tag)
		}
	}
	assert.Equal(t, Frontends[NewestFrontend], NewestBuildKit)
	for _, tag := range FrontendsAlways {
		if _, ok := Frontends[tag]; !ok {
			t.Errorf("%s cannot be made", tag)
		}
	}
}
