package suite

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"builders.test/helpers/janitor"
)

// finish turns a failed clean-up into a failed run.
func finish(code int, err error) int {
	if err == nil {
		return code
	}
	for _, line := range complaints(err, opened.advice.CleanUp) {
		fmt.Fprintln(os.Stderr, "builders: clean-up:", line)
	}
	return max(code, 1)
}

// complaints returns the lines of an error, with the command that helps, if there
// is one.
func complaints(err error, command string) []string {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		parts := joined.Unwrap()
		if errors.Join(parts...).Error() == err.Error() {
			var all []string
			for _, part := range parts {
				all = append(all, complaints(part, command)...)
			}
			return all
		}
	}
	text := err.Error()
	if _, left := errors.AsType[janitor.Left](err); left && command != "" {
		text += "; " + command + " removes what is left"
	}
	var lines []string
	for line := range strings.Lines(text) {
		lines = append(lines, strings.TrimSpace(line))
	}
	return lines
}
