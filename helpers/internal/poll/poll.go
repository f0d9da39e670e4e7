// Package poll waits for conditions that are not announced, by checking repeatedly.
package poll

import (
	"context"
	"time"
)

// longest bounds how much longer than asked for a pause may get.
const longest = 2 * time.Second

// Until asks, in its caller's goroutine, until the answer is done or an error, and
// pauses after every other answer. What has taken long is asked less often: the pauses
// grow to a tenth of the time that has passed, up to two seconds. Once the context is
// over it returns the context's error.
func Until(ctx context.Context, pause time.Duration, ask func() (done bool, err error)) error {
	began := time.Now()
	for {
		if done, err := ask(); done || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(max(pause, min(longest, time.Since(began)/10))):
		}
	}
}
