package spec

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
)

// where returns the line of the body, or of the clean-up, that led to a message, in
// the format of go test. So functions that bodies call need not call Helper;
// testify's trace shows where in them a failure is.
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

// runsBodies reports whether a function calls bodies or clean-ups; in tests of helpers,
// those of package testing do.
func runsBodies(function string) bool {
	return strings.HasSuffix(function, ".(*T).body") || strings.Contains(function, ".(*T).guard.") || strings.HasPrefix(function, "testing.")
}
