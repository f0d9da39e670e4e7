package env

import "strings"

// Advice names a suite's own commands in messages about something that is missing
// or left over. Empty words are left out.
type Advice struct {
	// Engine is another way to get an engine, such as "run `make engine`"; it follows
	// an "or".
	Engine string
	// Buildx is what the suite's command takes as BUILDX besides the path of a plugin;
	// it follows an "or".
	Buildx string
	// BuildKit says how to get a BUILDKIT that is not available; it may be nil.
	BuildKit func(buildkit string) string
	// CleanUp is the command that removes what runs have left, such as "`make clean`";
	// if it is empty, a call of go test with [CleanVariable].
	CleanUp string
	// Scripts says how to get a first script.
	Scripts string
}

// CleanVariable is the environment variable that, if it is 1, makes a suite remove
// what its runs have left, and prove nothing.
const CleanVariable = "BUILDERS_CLEAN"

// WithAdvice makes messages name the suite's own commands.
func WithAdvice(a Advice) Option { return func(s *settings) { s.advice = a } }

// AdviceAmong returns the advice that one of the options gives.
func AdviceAmong(options []Option) Advice { return decided(options).advice }

// anyOf joins the ways to do something; the last one is left out if it is empty.
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
