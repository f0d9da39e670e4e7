package enginecache

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/docker/docker/api/types/build"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/client"
)

const (
	// batch is how many records are removed with one request. The engine takes a single
	// pattern for ids. Its BuildKit compiles the pattern again for every record that it
	// holds, and once more for every ten that it removes, so one pattern for 400 records
	// takes as long as 200 requests for two. A batch needs two rounds: one that removes
	// its records, one that finds nothing.
	batch = 10
	// shortest is how much of an id its pattern has at least. Ids are random, of 36
	// letters and digits: with eight of them the chance that a record which another build
	// makes meanwhile has the same ones is 1 in 2.8 billion for each thousand records that
	// are removed.
	shortest = 8
)

// prune removes records by id, those that were built on others before these; a record
// in use stays. held are the ids of all records.
func prune(ctx context.Context, engine *client.Client, ids, held []string) error {
	for len(ids) > 0 {
		left, err := pruneOnce(ctx, engine, ids, held)
		if err != nil {
			return fmt.Errorf("remove the run's records from the engine's build cache: %w", err)
		}
		if len(left) == len(ids) {
			return nil
		}
		// What was built on the others may have been in a later batch.
		ids = left
	}
	return nil
}

// pruneOnce asks once for every record, and returns those that are left.
func pruneOnce(ctx context.Context, engine *client.Client, ids, held []string) (left []string, err error) {
	for some := range slices.Chunk(ids, batch) {
		pattern := "/^(" + strings.Join(distinct(some, held), "|") + ")/"
		gone, err := engine.BuildCachePrune(ctx, build.CachePruneOptions{All: true, Filters: filters.NewArgs(filters.Arg("id", pattern))})
		if err != nil {
			return nil, err
		}
		left = append(left, without(some, gone.CachesDeleted)...)
	}
	return left, nil
}

// distinct returns the beginning of each id that is long enough for no other record to
// begin with it.
func distinct(ids, held []string) []string {
	all := slices.Sorted(slices.Values(held))
	prefixes := make([]string, 0, len(ids))
	for _, id := range ids {
		length := shortest
		if i, found := slices.BinarySearch(all, id); found {
			// Whatever has most in common with it is next to it.
			if i > 0 {
				length = max(length, shared(id, all[i-1])+1)
			}
			if i < len(all)-1 {
				length = max(length, shared(id, all[i+1])+1)
			}
		}
		if length >= len(id) {
			id += "$"
			length = len(id)
		}
		prefixes = append(prefixes, id[:length])
	}
	return prefixes
}

// shared returns the length of what two ids begin with.
func shared(a, b string) int {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return n
}
