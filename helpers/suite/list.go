package suite

import (
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"testing"

	"builders.test/helpers/claim"
	"github.com/moby/sys/atomicwriter"
)

// chapters are the test functions that have claims.
type chapters struct {
	mu  sync.Mutex
	are map[*testing.T]bool
}

// parallel makes a test function parallel at its first claim.
func (c *chapters) parallel(t *testing.T) {
	c.mu.Lock()
	known := c.are[t]
	if c.are == nil {
		c.are = map[*testing.T]bool{}
	}
	c.are[t] = true
	c.mu.Unlock()
	if !known {
		t.Parallel()
	}
}

// register knows the claims that the suite has so far.
type register struct {
	mu   sync.Mutex
	list claim.List
	// proofs are where they are proven, by id.
	proofs map[string]proof
	// listing says that nothing is to be proven.
	listing bool
}

// writeList runs every test in a binary that proves nothing and writes what it
// would have proven.
func writeList(m *testing.M, file string) int {
	opened.register.listing = true
	if code := m.Run(); code != 0 {
		return code
	}
	encoded, err := json.Marshal(opened.register.list)
	if err == nil {
		err = atomicwriter.WriteFile(file, encoded, 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "builders: list the claims:", err)
		return 2
	}
	return 0
}

// proof is a call of Prove, by which a claim came.
type proof struct {
	where string
	test  *testing.T
}

// again reports whether it is the same call in another run of the same test, which
// -count and -cpu of go test make.
func (p proof) again(other proof) bool { return p.where == other.where && p.test != other.test }

// add registers a claim and reports whether it is to be proven.
func (r *register) add(t *testing.T, c claim.Listed) bool {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if !claim.ValidID(c.ID) {
		r.refuse(t, "%q is not an id of a claim; write one like caching/second-build", c.ID)
		return false
	}
	this := proof{where: c.Where, test: t}
	other, known := r.proofs[c.ID]
	if known && !this.again(other) {
		r.refuse(t, "two claims have the id %s, at %s and at %s", c.ID, other.where, c.Where)
		return false
	}
	if opened.env == nil && !r.listing {
		t.Fatalf("%s cannot be proven: the suite is not open; call suite.Main(m) in TestMain", c.ID)
	}
	if known {
		return !r.listing
	}
	if r.proofs == nil {
		r.proofs = map[string]proof{}
	}
	r.proofs[c.ID] = this
	c.Test = t.Name() + "/" + c.Name()
	r.list.Claims = append(r.list.Claims, c)
	return !r.listing
}

// refuse reports a mistake in the suite: it is in the list, and fails a test.
func (r *register) refuse(t *testing.T, format string, args ...any) {
	t.Helper()
	if !r.listing {
		t.Fatalf(format, args...)
	}
	r.list.Mistakes = append(r.list.Mistakes, fmt.Sprintf(format, args...))
}
