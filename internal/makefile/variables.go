package makefile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// known are the variables that make's targets take on its command line.
var known = []string{
	"BAD", "BASELINE", "BASELINE_BUILDX", "BEFORE", "BESIDE", "BUILDKIT", "BUILDX", "CLAIM", "CONFIRM", "DRIVER", "FIGURES", "FUZZTIME",
	"GOOD", "KEEP", "KILLS", "MODULE", "OUT", "REGRESSIONS", "RUN", "RUNS", "SABOTAGE", "SHOTS", "SPECS", "STORE", "STRICT",
	"USES", "WORLDS",
}

// others begin the names of variables that make passes on to other programs:
// docker, buildx, go, the shell.
var others = []string{
	"DOCKER_", "BUILDX_", "BUILDKIT_", "BUILDERS_", "GO", "CGO_", "XDG_", "GITHUB_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY",
	"http_proxy", "https_proxy", "no_proxy", "TMPDIR", "HOME", "PATH", "SHELL", "TERM", "NO_COLOR", "MAKE", "CI",
}

// Refuse refuses names of variables that no target takes: with a misspelled one,
// the answer would be about another BuildKit than was meant.
func Refuse(names ...string) error {
	if err := RefuseSlips(names...); err != nil {
		return err
	}
	for _, name := range names {
		foreign := func(start string) bool { return strings.HasPrefix(name, start) }
		if !slices.Contains(known, name) && !slices.ContainsFunc(others, foreign) {
			return fmt.Errorf("%s is not a variable of this make; known are %s", name, strings.Join(known, ", "))
		}
	}
	return nil
}

// RefuseSlips refuses only near misses of the variables: those of an outer make
// come along.
func RefuseSlips(names ...string) error {
	for _, name := range names {
		if meant := slips(name); !slices.Contains(known, name) && len(meant) > 0 {
			return fmt.Errorf("%s is not a variable of this make: did you mean %s?", name, strings.Join(meant, " or "))
		}
	}
	return nil
}

// slips returns the known variables that a name may be a slip for: of one letter,
// or of two if the word is long enough not to be close to many others.
func slips(name string) []string {
	const long = 5
	var all []string
	for _, one := range known {
		distance := 1
		if len(one) >= long {
			distance = 2
		}
		suggest := &cobra.Command{Use: "make", SuggestionsMinimumDistance: distance}
		suggest.AddCommand(&cobra.Command{Use: one, Run: func(*cobra.Command, []string) {}})
		// cobra also suggests every name that this one is the beginning of.
		if len(suggest.SuggestionsFor(name)) > 0 && len(one)-len(name) <= distance {
			all = append(all, one)
		}
	}
	return all
}
