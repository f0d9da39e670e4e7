package registry

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"builders.test/helpers/proxy"
	"builders.test/helpers/spec"
	"builders.test/helpers/undo"
	"github.com/gofrs/flock"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// pollInterval is how often a condition is checked while it is waited for.
const pollInterval = 50 * time.Millisecond

// Tag is a tag of the mirror that a spec has locked: meanwhile no other spec of
// any run on the same testbed reads or moves it.
type Tag struct {
	t   *spec.T
	ref name.Reference
}

// LockTag takes a tag of the mirror for the spec alone, and moves it back when
// the spec ends. If the run is killed, the janitor moves it back.
func LockTag(t *spec.T, image string) Tag {
	lock(t, (*flock.Flock).TryLockContext)
	tag := Tag{t: t, ref: inMirror(t, image)}
	before, err := remote.Head(tag.ref, remote.WithContext(t.Context()))
	t.EnvironmentOK(err, "the mirror has no %s", image)
	note, err := t.Env.Undo.Write(movedTagKind, tag.ref.Name(), movedTag{Ref: tag.ref.Name(), Digest: before.Digest.String(), Lock: lockFile(t), Push: t.Env.Testbed.Mirror.Push})
	t.EnvironmentOK(err, "record where a tag was")
	t.Cleanup(func() {
		// The lock is held here.
		t.Undo("move a tag back", func(ctx context.Context) error { return undo.Handler{Undo: moveBack}.Do(ctx, *note) })
	})
	return tag
}

// RLockTags keeps the mirror's tags from being moved until the spec ends. It is
// for specs that rely on where a tag points.
func RLockTags(t *spec.T) {
	lock(t, (*flock.Flock).TryRLockContext)
}

// lockFile returns the file that runs that share a mirror lock for its tags.
func lockFile(t *spec.T) string {
	dir := t.Env.Testbed.Locks
	if dir == "" {
		dir = t.Env.Dir
	}
	return filepath.Join(dir, "tags.lock")
}

type lockFunc func(*flock.Flock, context.Context, time.Duration) (bool, error)

func lock(t *spec.T, acquire lockFunc) {
	l := flock.New(lockFile(t))
	t.Wait(func() {
		_, err := acquire(l, t.Context(), pollInterval)
		t.EnvironmentOK(err, "wait for the mirror's tags")
	})
	t.Cleanup(func() {
		if err := l.Unlock(); err != nil {
			t.Errorf("clean-up: release the mirror's tags: %v", err)
		}
	})
}

// Retag moves the tag to another image of the mirror.
func (tag Tag) Retag(image string) {
	descriptor, err := remote.Get(inMirror(tag.t, image), remote.WithContext(tag.t.Context()))
	tag.t.EnvironmentOK(err, "the mirror has no %s", image)
	tag.move(descriptor)
}

// RetagUnpullable moves the tag to an index whose only platform no
// machine has, so that every pull of it fails.
func (tag Tag) RetagUnpullable() {
	img, err := random.Image(64, 1)
	tag.t.EnvironmentOK(err, "make an image")
	index := mutate.AppendManifests(empty.Index, mutate.IndexAddendum{
		Add:        img,
		Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "plan9", Architecture: "mips"}},
	})
	tag.move(index)
}

func (tag Tag) move(to remote.Taggable) {
	options := append(writing(tag.t.Env.Testbed.Mirror.Push), remote.WithContext(tag.t.Context()))
	tag.t.EnvironmentOK(remote.Push(tag.ref, to, options...), "move the tag %s", tag.ref)
}

// writing returns how images get into the mirror: through its push socket, if it
// has one.
func writing(push string) []remote.Option {
	if push == "" {
		return nil
	}
	return []remote.Option{remote.WithTransport(proxy.Dial("unix", push))}
}

func inMirror(t *spec.T, image string) name.Reference {
	return parse(t, t.Env.Testbed.Mirror.Address+"/"+image)
}

// movedTag says where a tag belongs, which lock guards it and which socket moves
// it.
type movedTag struct{ Ref, Digest, Lock, Push string }

// movedTagKind is the kind of the notes about moved tags.
const movedTagKind = "mirror-tag"

// MovedTagHandler moves the mirror's tags back to where they were. It waits until no
// other run holds them.
func MovedTagHandler() undo.Handler {
	return undo.Handler{Kind: movedTagKind, Undo: moveBack, Alone: whileLocked}
}

func whileLocked(ctx context.Context, note undo.Note, do func() error) error {
	var tag movedTag
	if err := note.Read(&tag); err != nil {
		return err
	}
	l := flock.New(tag.Lock)
	if _, err := l.TryLockContext(ctx, pollInterval); err != nil {
		return fmt.Errorf("wait for the mirror's tags, to put %s back: %w", tag.Ref, err)
	}
	return errors.Join(do(), l.Unlock())
}

// moveBack must be called with the lock held.
func moveBack(ctx context.Context, note undo.Note) error {
	var moved movedTag
	if err := note.Read(&moved); err != nil {
		return err
	}
	tag, err := name.NewTag(moved.Ref, name.Insecure)
	if err != nil {
		return err
	}
	// A mirror that lets nobody move tags has not let the run, either.
	if now, err := remote.Head(tag, remote.WithContext(ctx)); err == nil && now.Digest.String() == moved.Digest {
		return nil
	}
	descriptor, err := remote.Get(tag.Context().Digest(moved.Digest), remote.WithContext(ctx))
	if err != nil {
		return fmt.Errorf("move %s back to %s: %w", moved.Ref, moved.Digest, err)
	}
	options := append(writing(moved.Push), remote.WithContext(ctx))
	if err := remote.Tag(tag, descriptor, options...); err != nil {
		return fmt.Errorf("move %s back to %s: %w", moved.Ref, moved.Digest, err)
	}
	return nil
}
