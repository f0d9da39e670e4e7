package cache

import (
	"context"
	"fmt"
	"strings"
	"time"

	"builders.test/helpers/builder"
	"builders.test/helpers/internal/poll"
	"builders.test/helpers/spec"
)

// pause is the time between two looks at a cache; each look starts a process.
const pause = 250 * time.Millisecond

// Until looks again and again, in the claim's goroutine, until a look has no
// complaint. If a look fails, its error ends the claim at once; if there is still
// a complaint after patience, or at the claim's deadline, the complaint does.
func Until(t *spec.T, patience time.Duration, look func() (complaint string, err error)) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var complaint string
	var failed error
	var over error
	t.Wait(func() {
		over = poll.Until(ctx, pause, func() (bool, error) {
			complaint, failed = look()
			return complaint == "", failed
		})
	})
	switch {
	case failed != nil:
		fail(t, failed)
	case over != nil && t.Context().Err() != nil:
		t.Fatalf("at the claim's deadline: %s", complaint)
	case over != nil:
		t.Fatalf("after %s: %s", patience, complaint)
	}
}

// Await looks at a builder's cache until it is as wished. If it is not after
// patience, the claim fails with complaint; if the cache cannot be looked at, the
// claim fails at once.
func Await(t *spec.T, b *builder.Builder, patience time.Duration, complaint string, wish func(Records) bool) {
	Until(t, patience, func() (string, error) {
		held, err := TryUsage(t, b)
		if err != nil || wish(held) {
			return "", err
		}
		return fmt.Sprintf("%s; the cache still has %s", complaint, held), nil
	})
}

// restPatience is how long a BuildKit may go on using what a build made after
// the build has ended.
const restPatience = 30 * time.Second

// AwaitIdle waits until nothing in a builder's cache is in use. What a build made
// is in use for a moment after the build, and prune spares it.
func AwaitIdle(t *spec.T, b *builder.Builder) {
	Await(t, b, restPatience, "no build runs, and BuildKit still calls a part of its cache in use",
		func(held Records) bool { return len(held.InUse()) == 0 })
}

// AwaitGone waits until a builder's disk holds none of the files, in any folder. It does not ask
// BuildKit, which uses a record to report its size: it would spare the record and consider it
// recently used. If files stay longer than patience, the claim fails with complaint.
func AwaitGone(t *spec.T, b *builder.Builder, patience time.Duration, complaint string, files ...string) {
	Until(t, patience, func() (string, error) {
		left, err := TryFiles(t, b, files...)
		if err != nil || left == "" {
			return "", err
		}
		return fmt.Sprintf("%s; the disk still has %s", complaint, strings.ReplaceAll(left, "\n", " ")), nil
	})
}
