package lab

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// locked runs fn while no other process changes this lab. It waits for one
// that does, and says so.
func (l *Lab) locked(ctx context.Context, fn func() error) error {
	if err := os.MkdirAll(l.site.Cache, 0o755); err != nil {
		return err
	}
	lock := flock.New(l.site.Path("lock"))
	ok, err := lock.TryLock()
	if err != nil {
		return err
	}
	if !ok {
		l.site.Say("waiting", "another `builders` works on this lab"+l.owner())
		if _, err := lock.TryLockContext(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
	defer lock.Unlock()
	// The lock file must stay the same file: those who wait hold it open.
	if err := os.WriteFile(l.site.Path("lock"), []byte(strconv.Itoa(os.Getpid())), 0o644); err != nil {
		return err
	}
	return fn()
}

// owner names the process that holds the lock, as far as it is known.
func (l *Lab) owner() string {
	text, err := os.ReadFile(l.site.Path("lock"))
	if err != nil || len(strings.TrimSpace(string(text))) == 0 {
		return ""
	}
	return fmt.Sprintf(", pid %s", strings.TrimSpace(string(text)))
}
