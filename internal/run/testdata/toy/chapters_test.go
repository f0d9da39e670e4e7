//go:build integration

package toy

import (
	"os"
	"os/signal"
	"syscall"
	"testing"
)

func is(mode string) bool { return os.Getenv("TOY") == mode }

func TestBuilders(t *testing.T) {
	prove(t, "builders/ls", "`ls` lists each builder", func(t *testing.T) {})
	prove(t, "builders/arch", "both builders print the host's architecture", func(t *testing.T) {
		t.Log("a line\nand another\n\x1b[31mred\x1b[0m \xff")
		if is("interrupt") {
			c := make(chan os.Signal, 1)
			signal.Notify(c, os.Interrupt)
			<-c
			t.Fatal("interrupted")
		}
	})
	prove(t, "builders/platforms", "`--platform` marks the preferred ones", func(t *testing.T) { t.Skip("needs buildkit>= 0.13") })
}

func TestCaching(t *testing.T) {
	if is("interrupt") && list == "" {
		os.Exit(1) // no chapter begins after the signal
	}
	if is("chapter") && list == "" {
		t.Fatal("the chapter's own preparation failed")
	}
	prove(t, "caching/hits", "the second build hits", func(t *testing.T) {})
	prove(t, "caching/third", "the third builder misses", func(t *testing.T) {
		switch {
		case is("panic"):
			done := make(chan bool)
			go func() {
				defer close(done)
				var m map[string]int
				m["x"] = 1
			}()
			<-done
		case is("timeout"):
			select {} // hangs until go test's own -timeout
		case is("kill"):
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
		case is("broken"), is("hostile"), is("regressed") && os.Getenv("BUILDKIT") >= "v0.34":
			t.Error("a value\nthat differs")
		}
	})
	prove(t, "caching/loaded", "a loaded image gives no cache", func(t *testing.T) {})
}

func TestProcessor(t *testing.T) {
	prove(t, "processor/prints", "each image prints its architecture", func(t *testing.T) {})
}
