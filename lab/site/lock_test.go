package site

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
)

// told passes on lines as they are written.
type told chan string

func (c told) Write(line []byte) (int, error) {
	c <- string(line)
	return len(line), nil
}

// two returns two sites of one lab, as two processes have them: their locks exclude
// each other. The second one's lines are passed on.
func two(t *testing.T) (first, second *Site, said told) {
	t.Helper()
	dir := t.TempDir()
	said = make(told, 10)
	return At(dir, nil), At(dir, said), said
}

func TestAloneWaitsForTheSameNameOnly(t *testing.T) {
	first, second, said := two(t)
	done := make(chan error, 1)
	err := first.Alone(t.Context(), "buildkit v1", func() error {
		ran := false
		if err := second.Alone(t.Context(), "buildkit v2", func() error { ran = true; return nil }); err != nil || !ran {
			t.Errorf("another name: ran %v, error %v", ran, err)
		}
		go func() { done <- second.Alone(t.Context(), "buildkit v1", func() error { return nil }) }()
		if line := <-said; !strings.Contains(line, "buildkit v1 … waiting for another") {
			t.Errorf("said %q", line)
		}
		select {
		case err := <-done:
			t.Errorf("did not wait, error %v", err)
		default:
		}
		return nil
	})
	if err := errors.Join(err, <-done); err != nil {
		t.Error(err)
	}
}

func TestManyUseALabAndOneOwnsIt(t *testing.T) {
	first, second, said := two(t)
	done := make(chan error, 1)
	err := first.Use(t.Context(), func() error {
		if err := second.Use(t.Context(), func() error { return nil }); err != nil {
			t.Errorf("a second user: %v", err)
		}
		if err := os.WriteFile(first.Path(LockName), []byte("4711"), 0o644); err != nil {
			t.Error(err)
		}
		go func() { done <- second.Own(t.Context(), func() error { return nil }) }()
		if line := <-said; !strings.Contains(line, "pid 4711") {
			t.Errorf("said %q, which does not name the user", line)
		}
		return nil
	})
	if err := errors.Join(err, <-done); err != nil {
		t.Error(err)
	}
}

func TestWaitingForTheLabEndsWithTheContext(t *testing.T) {
	first, second, said := two(t)
	err := first.Own(t.Context(), func() error {
		ctx, cancel := context.WithCancel(t.Context())
		go func() { <-said; cancel() }()
		return second.Use(ctx, func() error { t.Error("ran without the lock"); return nil })
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestTemporaryRemovesItsOwnAndWhatTheDeadLeft(t *testing.T) {
	first, second, _ := two(t)
	left := first.Path("tmp", "left", "half")
	if err := os.MkdirAll(left, 0o755); err != nil {
		t.Fatal(err)
	}
	err := first.Temporary(t.Context(), func() error {
		return second.Temporary(t.Context(), func() error {
			if !Exists(first.Temp()) || !Exists(second.Temp()) || first.Temp() == second.Temp() {
				t.Errorf("%s, %s", first.Temp(), second.Temp())
			}
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	if entries, err := os.ReadDir(first.temps()); err != nil || len(entries) > 0 {
		t.Errorf("left over: %v, %v", entries, err)
	}
}
