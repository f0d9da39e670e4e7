package spec

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
)

// where is the line of the body, or of the clean-up, that led to a message, as go
// test shows it. So no function that bodies call has to say by Helper that it is not
// to be shown itself; testify traces a failure to its place in there.
func (t *T) where() string {
	pcs := make([]uintptr, 100)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs)])
	var here runtime.Frame
	for {
		frame, more := frames.Next()
		if !more || runsBodies(frame.Function) {
			break
		}
		here = frame
	}
	return fmt.Sprintf("%s:%d: ", filepath.Base(here.File), here.Line)
}

// runsBodies knows what calls a body or a clean-up, in tests of helpers package testing.
func runsBodies(function string) bool {
	return strings.HasSuffix(function, ".(*T).body") || strings.Contains(function, ".(*T).guard.") || strings.HasPrefix(function, "testing.")
}
