package build

import (
	"regexp"
	"strconv"
	"strings"
)

// Failure is why a build failed, in its own words: the error that buildx prints
// last, whatever its progress reports.
type Failure struct {
	// Text is the error without prefixes such as "ERROR: failed to solve: ".
	Text string
	// Command is the command of the step whose process failed, as in the Dockerfile
	// and with the shell in front; empty if no process failed.
	Command string
	// Exit is the exit code of that process.
	Exit int
}

// Failure returns why the build failed; it is empty if the build succeeded or did
// not say why.
func (r *Result) Failure() Failure {
	if r.succeeded() {
		return Failure{}
	}
	return parseFailure(r.Stderr())
}

var (
	// ownError matches the last error that buildx prints for a build that failed.
	ownError = regexp.MustCompile(`(?m)^ERROR: (?:failed to build: )?(?:failed to solve: )?(.*)$`)
	// process matches BuildKit's report of a command that failed, whose words are
	// quoted as in Go.
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
	// BuildKit quoted it with Go, so this cannot fail.
	failure.Command, _ = strconv.Unquote(words[1])
	failure.Exit, _ = strconv.Atoi(words[2])
	return failure
}
