package site

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"
)

func TestDoSharesResultsAndStopsAtTheFirstFailure(t *testing.T) {
	w := At(t.TempDir(), nil)
	failure := errors.New("first")
	err := w.Work(t.Context(), func(context.Context) error {
		runs := 0
		for range 3 {
			if err := w.Do("good", func(context.Context) error { runs++; return nil }); err != nil {
				t.Error(err)
			}
		}
		if runs != 1 {
			t.Errorf("ran %d times", runs)
		}
		waiting := make(chan error, 1)
		go func() {
			waiting <- w.Do("slow", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		}()
		if err := w.Do("bad", func(context.Context) error { return failure }); !errors.Is(err, failure) {
			t.Errorf("error %v", err)
		}
		err := <-waiting
		if !errors.Is(err, context.Canceled) {
			t.Errorf("the other work ended with %v", err)
		}
		return err
	})
	if !errors.Is(err, failure) {
		t.Errorf("reason %v, want %v", err, failure)
	}
}

func TestWorkForgetsWhatAnEarlierOneDid(t *testing.T) {
	w := At(t.TempDir(), nil)
	runs := 0
	for range 2 {
		err := w.Work(t.Context(), func(context.Context) error {
			return w.Do("piece", func(context.Context) error { runs++; return nil })
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if runs != 2 {
		t.Errorf("ran %d times", runs)
	}
}

func TestProgressLines(t *testing.T) {
	var out bytes.Buffer
	w := At(t.TempDir(), &out)
	if err := w.Timed("buildx v1", "building", "built", func() error { return nil }); err != nil {
		t.Fatal(err)
	}
	if want := "lab  buildx v1 … building\nlab  buildx v1 … built in 0.0s\n"; out.String() != want {
		t.Errorf("progress %q, want %q", out.String(), want)
	}
	now := time.Now()
	got := describe(map[string]time.Time{"b": now.Add(-5 * time.Second), "a": now.Add(-75 * time.Second)}, now)
	if want := "a (1m15s), b (5.0s)"; got != want {
		t.Errorf("described %q, want %q", got, want)
	}
}
