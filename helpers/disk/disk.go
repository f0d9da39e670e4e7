// Package disk asks builders what their caches hold and prunes them.
//
//	layers := disk.Usage(t, b).Of("regular").About("/big")
//	disk.Prune(t, b, "--filter", "type=exec.cachemount")
package disk

import (
	"strings"
	"time"

	"builders.test/helpers/builder"
	"builders.test/helpers/cli"
	"builders.test/helpers/spec"
	"gotest.tools/v3/icmd"
	"gotest.tools/v3/poll"
)

// Usage lists what a builder's cache holds, as docker buildx du says. More
// words, such as --filter type=regular, narrow the list.
func Usage(t *spec.T, b *builder.Builder, words ...string) Records {
	t.Helper()
	result := b.Home.Buildx(t, append([]string{"du", "--verbose", "--builder", b.Name}, words...)...)
	records, err := Parse(result.Stdout())
	if err != nil {
		t.Fatalf("what `docker buildx du --verbose` printed cannot be read: %v", err)
	}
	return records
}

// Prune takes from a builder's cache what the words say, without asking, and
// fails the claim if buildx refuses.
func Prune(t *spec.T, b *builder.Builder, words ...string) {
	t.Helper()
	result := TryPrune(t, b, words...)
	if result.ExitCode != 0 || result.Timeout {
		t.Fatalf("%s", cli.Complaint(result))
	}
}

// TryPrune prunes like [Prune] and returns the command's result, whatever it
// is.
func TryPrune(t *spec.T, b *builder.Builder, words ...string) *icmd.Result {
	t.Helper()
	return b.Home.Try(t, append([]string{"buildx", "prune", "--force", "--builder", b.Name}, words...)...)
}

// pause is the time between two looks at a cache, each of which starts a
// process.
const pause = 250 * time.Millisecond

// Await looks at a builder's cache until it is as wished. A cache that is not
// after patience fails the claim with complaint.
func Await(t *spec.T, b *builder.Builder, patience time.Duration, complaint string, wish func(Records) bool) {
	t.Helper()
	poll.WaitOn(t, func(poll.LogT) poll.Result {
		held := Usage(t, b)
		if wish(held) {
			return poll.Success()
		}
		return poll.Continue("%s; the cache still holds %s", complaint, held)
	}, poll.WithTimeout(patience), poll.WithDelay(pause))
}

// state is where a BuildKit keeps what it has.
const state = "/var/lib/buildkit"

// AwaitGone waits until a builder's disk holds none of the files, whatever
// their folder. It does not ask BuildKit, to which a look at a record is a use
// of it: it would spare what is looked at. Files that stay longer than patience
// fail the claim with complaint.
func AwaitGone(t *spec.T, b *builder.Builder, patience time.Duration, complaint string, files ...string) {
	t.Helper()
	poll.WaitOn(t, func(poll.LogT) poll.Result {
		left := Files(t, b, files...)
		if left == "" {
			return poll.Success()
		}
		return poll.Continue("%s; the disk still holds %s", complaint, strings.ReplaceAll(left, "\n", " "))
	}, poll.WithTimeout(patience), poll.WithDelay(pause))
}

// Files lists those on a builder's disk that have one of the names.
func Files(t *spec.T, b *builder.Builder, names ...string) string {
	t.Helper()
	find := []string{"find", state, "-name", names[0]}
	for _, name := range names[1:] {
		find = append(find, "-o", "-name", name)
	}
	// A folder that BuildKit removes meanwhile is no fault.
	result := b.Home.Try(t, append([]string{"exec", b.Container()}, find...)...)
	if result.Timeout || result.ExitCode > 1 {
		t.Fatalf("%s", cli.Complaint(result))
	}
	return strings.TrimSpace(result.Stdout())
}
