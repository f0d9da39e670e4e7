package gobuild

import (
	"context"
	"slices"
	"sync"
)

// queue lets a few work at a time, and of those who wait the lowest rank first.
type queue struct {
	mu   sync.Mutex
	free int
	// waiting is in the order of ranks and, within one, of arrival.
	waiting []*waiter
}

type waiter struct {
	rank int
	turn chan struct{}
}

// newQueue returns a queue in which so many work at a time.
func newQueue(places int) *queue { return &queue{free: places} }

// Acquire waits for a place, until ctx ends.
func (q *queue) Acquire(ctx context.Context, rank int) error {
	w := q.join(rank)
	select {
	case <-w.turn:
		return nil
	case <-ctx.Done():
	}
	if !q.leave(w) {
		// Its turn came at the same moment.
		q.Release()
	}
	return ctx.Err()
}

func (q *queue) join(rank int) *waiter {
	q.mu.Lock()
	defer q.mu.Unlock()
	w := &waiter{rank, make(chan struct{})}
	at, _ := slices.BinarySearchFunc(q.waiting, rank+1, func(w *waiter, rank int) int { return w.rank - rank })
	q.waiting = slices.Insert(q.waiting, at, w)
	q.next()
	return w
}

// leave reports whether the waiter was still waiting.
func (q *queue) leave(w *waiter) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	at := slices.Index(q.waiting, w)
	if at < 0 {
		return false
	}
	q.waiting = slices.Delete(q.waiting, at, at+1)
	return true
}

// Release gives a place back.
func (q *queue) Release() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.free++
	q.next()
}

// next gives free places to those who wait.
func (q *queue) next() {
	for q.free > 0 && len(q.waiting) > 0 {
		q.free--
		close(q.waiting[0].turn)
		q.waiting = slices.Delete(q.waiting, 0, 1)
	}
}
