package disk

import (
	"time"

	"builders.test/helpers/spec"
)

// pause is the time between two looks at a cache, each of which starts a
// process.
const pause = 250 * time.Millisecond

// Until looks again and again, in the goroutine of the claim, until a look
// complains of nothing. A look that fails ends the claim at once, in its own
// words; one that still complains after patience, or at the claim's deadline,
// ends it with the complaint.
func Until(t *spec.T, patience time.Duration, look func() (complaint string, err error)) {
	t.Helper()
	over := time.After(patience)
	for {
		complaint, err := look()
		if err != nil {
			fail(t, err)
		}
		if complaint == "" {
			return
		}
		select {
		case <-over:
			t.Fatalf("after %s: %s", patience, complaint)
		case <-t.Context().Done():
			t.Fatalf("at the claim's deadline: %s", complaint)
		case <-time.After(pause):
		}
	}
}
