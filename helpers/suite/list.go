package suite

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"testing"

	"builders.test/helpers/claim"
	"github.com/moby/sys/atomicwriter"
)

// register knows the claims that the suite has so far.
type register struct {
	list claim.List
	// tests are the names of their tests, by id.
	tests map[string]string
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

// id matches a valid claim id: it names a folder and a subtest.
var id = regexp.MustCompile(`^\S+/\S+$`)

// add registers a claim and reports whether it is to be proven.
func (r *register) add(t *testing.T, c claim.Listed) bool {
	t.Helper()
	if !id.MatchString(c.ID) {
		r.refuse(t, "%q is not an id of a claim; write one like caching/second-build", c.ID)
		return false
	}
	if other, twice := r.tests[c.ID]; twice {
		r.refuse(t, "two claims have the id %s, in %s and in %s", c.ID, other, t.Name())
		return false
	}
	if r.tests == nil {
		r.tests = map[string]string{}
	}
	r.tests[c.ID] = t.Name()
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
