package claim

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"
)

// vocabulary returns every need that names no version.
func vocabulary() []Need {
	return []Need{
		AMD64, ARM64, EmulatedARM64, Mirror, EngineProgram, LocalEngine,
		ContainerDriver, DockerDriver, RemoteDriver, OwnBuildKit,
		ContainerdStore, Overlay2Store, Dive, Compose,
	}
}

// Vocabulary lists the words that [ParseNeed] knows.
func Vocabulary() []string {
	var words []string
	for _, need := range vocabulary() {
		words = append(words, need.word)
	}
	slices.Sort(words)
	return append(words, "buildkit>=X", "buildx>=X")
}

// versioned matches a component and a constraint, with or without a colon in between.
var versioned = regexp.MustCompile(`^(buildkit|buildx)(?::(.*)|([<>=!~^].*))$`)

// ParseNeed reads a word of the vocabulary as people write it in scripts and as
// [Need.Word] prints it: arm64, containerd-store, buildkit>=0.13, buildx<0.34. A
// colon may precede the constraint. Constraints have no spaces; a comma joins
// them.
func ParseNeed(word string) (Need, error) {
	for _, need := range vocabulary() {
		if need.word == word {
			return need, nil
		}
	}
	match := versioned.FindStringSubmatch(word)
	if match == nil {
		return Need{}, fmt.Errorf("unknown word %q; known are %s", word, strings.Join(Vocabulary(), ", "))
	}
	constraint := match[2] + match[3]
	if _, err := semver.NewConstraint(constraint); err != nil || constraint == "" {
		return Need{}, fmt.Errorf("%q is not a version constraint; write one like >=0.13 or >=0.13,<0.15", constraint)
	}
	if match[1] == "buildkit" {
		return BuildKit(constraint), nil
	}
	return Buildx(constraint), nil
}

var (
	blankAfterOperator = regexp.MustCompile(`([<>=!~^])\s+`)
	blankAtSeparator   = regexp.MustCompile(`\s*(,|\|\|)\s*`)
)

// compact returns a constraint without spaces, so that it fits into one word.
func compact(constraint string) string {
	constraint = blankAfterOperator.ReplaceAllString(constraint, "$1")
	return blankAtSeparator.ReplaceAllString(constraint, "$1")
}
