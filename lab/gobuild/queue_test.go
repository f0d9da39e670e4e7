package gobuild

import (
	"context"
	"errors"
	"slices"
	"testing"
)

func TestTheLowestRankIsNext(t *testing.T) {
	q := newQueue(1)
	if err := q.Acquire(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	var turns []*waiter
	for _, rank := range []int{3, 1, 2, 1} {
		turns = append(turns, q.join(rank))
	}
	var order []int
	for range turns {
		q.Release()
		at := slices.IndexFunc(turns, func(w *waiter) bool {
			select {
			case <-w.turn:
				return true
			default:
				return false
			}
		})
		if at < 0 {
			t.Fatal("no one got the place")
		}
		order = append(order, at)
		turns[at] = &waiter{}
	}
	// Of the two of rank 1, the one that came first.
	if want := []int{1, 3, 2, 0}; !slices.Equal(order, want) {
		t.Errorf("order %v, want %v", order, want)
	}
}

func TestWaitingForAPlaceEndsWithTheContext(t *testing.T) {
	q := newQueue(1)
	if err := q.Acquire(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := q.Acquire(ctx, 0); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	q.Release()
	if err := q.Acquire(t.Context(), 0); err != nil || q.free != 0 || len(q.waiting) != 0 {
		t.Errorf("error %v, %d free, %d waiting", err, q.free, len(q.waiting))
	}
}
