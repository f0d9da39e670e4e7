package build

import (
	"regexp"
	"strconv"
	"strings"
)

// Failure is why a build failed, in its own words: the error that buildx prints
// last, whatever its progress reports.
type Failure struct {
	// Text is the error without the words that say that it is one.
	Text string
	// Command is that of the step whose process failed, as the Dockerfile has
	// it, with the shell before it; empty if no process failed.
	Command string
	// Exit is the exit code of that process.
	Exit int
}

// Failure is why the build failed; it is empty if the build succeeded, or did
// not say.
func (r *Result) Failure() Failure {
	if r.succeeded() {
		return Failure{}
	}
	return parseFailure(r.Stderr())
}

var (
	// ownError begins the last thing that buildx says of a build that failed.
	ownError = regexp.MustCompile(`(?m)^ERROR: (?:failed to build: )?(?:failed to solve: )?(.*)$`)
	// process is how BuildKit reports a command that failed: by its words,
	// quoted as Go does it.
	process = regexp.MustCompile(`process ("(?:[^"\\]|\\.)*") did not complete successfully(?:: exit code: (\d+))?`)
)

func parseFailure(said string) Failure {
	errors := ownError.FindAllStringSubmatch(said, -1)
	if len(errors) == 0 {
		return Failure{}
	}
	failure := Failure{Text: strings.TrimSpace(errors[len(errors)-1][1])}
	words := process.FindStringSubmatch(failure.Text)
	if words == nil {
		return failure
	}
	// What Go quoted, Go can read.
	failure.Command, _ = strconv.Unquote(words[1])
	failure.Exit, _ = strconv.Atoi(words[2])
	return failure
}
