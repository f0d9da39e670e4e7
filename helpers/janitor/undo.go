package janitor

import (
	"context"
	"fmt"
	"os"
	"strings"

	"builders.test/helpers/enginecache"
	"builders.test/helpers/env"
	"builders.test/helpers/registry"
	"builders.test/helpers/undo"
)

// handlers are in the order of what is lost if they do not run: images of the
// user's, then what merely takes up disk space, then the mirror's tags, for which
// other runs may have to be waited for. None of them needs what another undoes.
func handlers() []undo.Handler {
	return []undo.Handler{env.TagHandler(), enginecache.Handler(), registry.MovedTagHandler()}
}

// Left is an error whose cause another sweep may remove.
type Left struct{ Err error }

// Error returns what was left and why.
func (l Left) Error() string { return l.Err.Error() }

// Unwrap returns the cause.
func (l Left) Unwrap() error { return l.Err }

// removeFolder undoes what a run did, and then removes its folder. While something
// is not undone, the folder stays for the next sweep.
func removeFolder(ctx context.Context, dir string) error {
	if err := undo.All(ctx, dir, handlers()...); err != nil {
		// As one line of text, without the errors themselves: that something else is not
		// found does not mean that the folder is gone.
		what := strings.ReplaceAll(err.Error(), "\n", "; ")
		return Left{fmt.Errorf("%s; the folder stays", what)}
	}
	return os.RemoveAll(dir)
}
