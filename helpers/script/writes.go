package script

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"builders.test/helpers/engine/relay"
	"github.com/rogpeppe/go-internal/testscript"
)

// expects notes what a build is about to make: names of images, and files outside of the
// script's folder. Files that are new are removed when the script ends; that it wrote
// to others is told.
func (r *runner) expects(ts *testscript.TestScript, verb string, made plan) {
	for _, output := range made.outputs {
		path := ts.MkAbs(output)
		if output == "" || output == "-" || r.isOwn(path) {
			continue
		}
		top := firstAbsent(path)
		if top == "" {
			r.wrote = append(r.wrote, relay.Touch{Object: "files in " + path, Name: output, Verb: verb})
			continue
		}
		r.t.Cleanup(func() {
			r.t.Undo("the files in "+top, func(context.Context) error { return os.RemoveAll(top) })
		})
	}
	if err := r.images.take(r.t.Context(), made.names...); err != nil {
		r.t.EnvironmentFailed("%v", err)
	}
}

// isOwn reports whether a path is the script's: in its folder, or one that it has written
// to before.
func (r *runner) isOwn(path string) bool {
	own := strings.HasPrefix(path, filepath.Dir(r.told)+string(filepath.Separator)) || slices.Contains(r.outputs, path)
	r.outputs = append(r.outputs, path)
	return own
}

// firstAbsent returns the topmost folder of a path that does not exist, or the path itself;
// empty if that exists.
func firstAbsent(path string) string {
	absent := ""
	for !exists(path) {
		absent, path = path, filepath.Dir(path)
	}
	return absent
}
