package process

import "time"

// askAgain is how often [Await] looks.
const askAgain = 20 * time.Millisecond

// Await waits until the condition is true and reports whether it became so
// within the limit. It asks at least once, so a limit of zero only looks.
func Await(limit time.Duration, condition func() bool) bool {
	deadline := time.NewTimer(limit)
	defer deadline.Stop()
	again := time.NewTicker(askAgain)
	defer again.Stop()
	for !condition() {
		select {
		case <-deadline.C:
			return condition()
		case <-again.C:
		}
	}
	return true
}
