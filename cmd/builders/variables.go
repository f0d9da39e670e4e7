package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// knownVariables are those that make's targets take on its command line.
var knownVariables = []string{
	"BAD", "BASELINE", "BASELINE_BUILDX", "BESIDE", "BUILDKIT", "BUILDX", "CLAIM", "CONFIRM", "DRIVER", "FUZZTIME",
	"GOOD", "KEEP", "KILLS", "MODULE", "OUT", "REGRESSIONS", "RUN", "RUNS", "SABOTAGE", "SHOTS", "SPECS", "STORE", "STRICT",
}

// othersVariables begin the names of variables that make hands on to programs
// of others: docker, buildx, go, the shell.
var othersVariables = []string{
	"DOCKER_", "BUILDX_", "BUILDKIT_", "BUILDERS_", "GO", "CGO_", "XDG_", "GITHUB_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY",
	"http_proxy", "https_proxy", "no_proxy", "TMPDIR", "HOME", "PATH", "SHELL", "TERM", "NO_COLOR", "MAKE", "CI",
}

// newVariablesCommand is for the Makefile: a misspelt variable would otherwise be
// an answer about another BuildKit than was meant.
func newVariablesCommand() *cobra.Command {
	var nested bool
	c := &cobra.Command{
		Use:    "variables [NAME...]",
		Short:  "Refuses variables that no target of make takes",
		Hidden: true,
		RunE: func(_ *cobra.Command, names []string) error {
			for _, name := range names {
				if err := refuseVariable(name, nested); err != nil {
					return err
				}
			}
			return nil
		},
	}
	c.Flags().BoolVar(&nested, "nested", false, "make was called by another make, whose variables come along: refuse only what is nearly one of ours")
	return c
}

func refuseVariable(name string, nested bool) error {
	if slices.Contains(knownVariables, name) {
		return nil
	}
	if meant := closeVariables(name); len(meant) > 0 {
		return fmt.Errorf("%s is no variable of this make: did you mean %s?", name, strings.Join(meant, " or "))
	}
	others := slices.ContainsFunc(othersVariables, func(start string) bool { return strings.HasPrefix(name, start) })
	if nested || others {
		return nil
	}
	return fmt.Errorf("%s is no variable of this make; known are %s", name, strings.Join(knownVariables, ", "))
}

// closeVariables are the known ones that a name may be a slip for: of one letter,
// or of two where the word is long enough not to be close to many others.
func closeVariables(name string) []string {
	const long = 5
	var all []string
	for _, known := range knownVariables {
		slips := 1
		if len(known) >= long {
			slips = 2
		}
		suggest := &cobra.Command{Use: "make", SuggestionsMinimumDistance: slips}
		suggest.AddCommand(&cobra.Command{Use: known, Run: func(*cobra.Command, []string) {}})
		// cobra also suggests whatever a name only begins.
		if len(suggest.SuggestionsFor(name)) > 0 && len(known)-len(name) <= slips {
			all = append(all, known)
		}
	}
	return all
}
