package cache

import (
	"sync"

	"builders.test/helpers/env"
	"builders.test/helpers/spec"
)

// mountLock keeps two kinds of specs apart. A build with --no-cache empties the cache
// mounts that it uses, and BuildKit then also lets go of all others that are in use
// (ClearActiveCacheMounts in its solver/llbsolver/mounts), so builds that share one
// would no longer find each other.
func mountLock(t *spec.T) *sync.RWMutex {
	lock, err := env.Shared(t.Env, "cache mounts", func() (*sync.RWMutex, error) { return new(sync.RWMutex), nil })
	t.EnvironmentOK(err, "lock the cache mounts")
	return lock
}

// SharesMounts is for a spec whose builds meet in a cache mount: until the spec
// ends, it keeps away builds that empty cache mounts.
func SharesMounts(t *spec.T) {
	lock := mountLock(t)
	t.Wait(lock.RLock)
	t.Cleanup(lock.RUnlock)
}

// EmptiesMounts is for a spec that uses a cache mount with --no-cache: until the
// spec ends, it keeps away builds that meet in one.
func EmptiesMounts(t *spec.T) {
	lock := mountLock(t)
	t.Wait(lock.Lock)
	t.Cleanup(lock.Unlock)
}

// CountsShared is for a spec that lists the records of a builder that others build on.
// BuildKit gives a cache mount whose size it is computing to no build, which then gets a
// new one; so until the spec ends, it keeps away builds that meet in one.
func CountsShared(t *spec.T) { EmptiesMounts(t) }
