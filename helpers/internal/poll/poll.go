// Package poll waits for conditions that are not announced, by checking repeatedly.
package poll

import (
	"context"
	"time"
)

// Until asks, in its caller's goroutine, until the answer is done or an error, and
// pauses after every other answer. Once the context is over it returns the
// context's error.
func Until(ctx context.Context, pause time.Duration, ask func() (done bool, err error)) error {
	for {
		if done, err := ask(); done || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}
