package spec

import (
	"fmt"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"
)

// vocabulary is every word that needs no version.
func vocabulary() []Need {
	return []Need{
		AMD64, ARM64, EmulatedARM64, Mirror, EngineProgram, LocalEngine,
		ContainerDriver, DockerDriver, RemoteDriver, OwnBuildKit,
		ContainerdStore, Overlay2Store, Dive,
	}
}

// Vocabulary lists the words that [ParseNeed] knows.
func Vocabulary() []string {
	var words []string
	for _, need := range vocabulary() {
		words = append(words, need.word)
	}
	slices.Sort(words)
	return append(words, "buildkit:>=X", "buildx:>=X")
}

// ParseNeed reads a word of the vocabulary as people write it in scripts:
// arm64, containerd-store, buildkit:>=0.13, buildx:<0.34. Constraints have no
// blanks; a comma joins them.
func ParseNeed(word string) (Need, error) {
	for _, need := range vocabulary() {
		if need.word == word {
			return need, nil
		}
	}
	component, constraint, versioned := strings.Cut(word, ":")
	if !versioned || component != "buildkit" && component != "buildx" {
		return Need{}, fmt.Errorf("unknown word %q; known are %s", word, strings.Join(Vocabulary(), ", "))
	}
	if _, err := semver.NewConstraint(constraint); err != nil || constraint == "" {
		return Need{}, fmt.Errorf("%q is no version constraint; write one like >=0.13 or >=0.13,<0.15", constraint)
	}
	if component == "buildkit" {
		return BuildKit(constraint), nil
	}
	return Buildx(constraint), nil
}
