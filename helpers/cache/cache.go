// Package cache lists and prunes builders' caches, and finds out whether a build was
// answered from them.
//
//	layers := cache.Usage(t, b).Of("regular").About("/big")
//	cache.Prune(t, b, "--filter", "type=exec.cachemount")
package cache

import (
	"errors"
	"fmt"
	"strings"

	"builders.test/helpers/builder"
	"builders.test/helpers/cli"
	"builders.test/helpers/spec"
	"gotest.tools/v3/icmd"
)

// Usage lists what a builder's cache holds according to docker buildx du. Further
// words, such as --filter type=regular, narrow the list. BuildKit may count the
// look as a use of a record: see [AwaitGone].
func Usage(t *spec.T, b *builder.Builder, words ...string) Records {
	records, err := TryUsage(t, b, words...)
	if err != nil {
		fail(t, err)
	}
	return records
}

// TryUsage is like [Usage] but returns an error, which says in one line why
// buildx did not answer or that its answer cannot be read.
func TryUsage(t *spec.T, b *builder.Builder, words ...string) (Records, error) {
	result := b.Config.Try(t, append([]string{"buildx", "du", "--verbose", "--builder", b.Name}, words...)...)
	if err := cli.Err(result); err != nil {
		return nil, err
	}
	records, err := Parse(result.Stdout())
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errUnreadable, err)
	}
	return records, nil
}

// errUnreadable means that du answered, but not in a known format.
var errUnreadable = errors.New("cannot read the output of `docker buildx du --verbose`")

// fail ends the claim because a look at a cache failed. If du failed, that counts
// against buildx; if only its output cannot be read here, it does not.
func fail(t *spec.T, err error) {
	if errors.Is(err, errUnreadable) {
		t.EnvironmentFailed("%v", err)
	}
	t.Fatalf("%v", err)
}

// Prune removes from a builder's cache what the words select, without a prompt,
// and fails the claim if buildx refuses.
func Prune(t *spec.T, b *builder.Builder, words ...string) {
	cli.Must(t, TryPrune(t, b, words...))
}

// TryPrune is like [Prune] but returns the command's result, whatever it is.
func TryPrune(t *spec.T, b *builder.Builder, words ...string) *icmd.Result {
	return b.Config.Try(t, append([]string{"buildx", "prune", "--force", "--builder", b.Name}, words...)...)
}

// state is where a BuildKit keeps its data.
const state = "/var/lib/buildkit"

// TryFiles lists the files on a builder's disk that have one of the names. The error
// says in one line why they cannot be listed.
func TryFiles(t *spec.T, b *builder.Builder, names ...string) (string, error) {
	find := []string{"find", state, "-name", names[0]}
	for _, name := range names[1:] {
		find = append(find, "-o", "-name", name)
	}
	result := b.Config.Try(t, append([]string{"exec", b.Container()}, find...)...)
	// A folder that BuildKit removes meanwhile is not a fault.
	if result.Timeout || result.ExitCode > 1 {
		return "", errors.New(cli.FailureMessage(result))
	}
	return strings.TrimSpace(result.Stdout()), nil
}
