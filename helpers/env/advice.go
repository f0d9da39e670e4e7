package env

import "strings"

// Advice is what a suite says about commands of its own, where something is missing
// or left. Empty words are left out.
type Advice struct {
	// Engine is one more way to an engine, such as "run `make engine`"; it
	// follows an "or".
	Engine string
	// Buildx is what BUILDX takes elsewhere besides the path of a plugin; it follows an
	// "or".
	Buildx string
	// BuildKit says for a BUILDKIT that is not available how to get it; it may be nil.
	BuildKit func(buildkit string) string
	// CleanUp is the command that removes what runs have left, such as "`make clean`".
	CleanUp string
	// Scripts says how to get a first script.
	Scripts string
}

// WithAdvice names the suite's own commands in what it says.
func WithAdvice(a Advice) Option { return func(s *settings) { s.advice = a } }

// AdviceAmong is the advice that one of the options gives.
func AdviceAmong(options []Option) Advice { return decided(options).advice }

// anyOf joins ways out, the last of which may be empty: then it is none.
func anyOf(ways ...string) string {
	if ways[len(ways)-1] == "" {
		ways = ways[:len(ways)-1]
	}
	last := len(ways) - 1
	if last == 0 {
		return ways[0]
	}
	return strings.Join(ways[:last], ", ") + ", or " + ways[last]
}
