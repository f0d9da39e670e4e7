package cache

import (
	"sync"

	"builders.test/helpers/env"
	"builders.test/helpers/spec"
)

// mountLock keeps specs of two kinds apart. A build with --no-cache empties the cache
// mounts that it uses. When it does, BuildKit also lets go of all others that are in
// use (ClearActiveCacheMounts in its solver/llbsolver/mounts): builds that share one
// would no longer find each other.
func mountLock(t *spec.T) *sync.RWMutex {
	lock, err := env.Shared(t.Env, "cache mounts", func() (*sync.RWMutex, error) { return new(sync.RWMutex), nil })
	t.EnvironmentOK(err, "lock the cache mounts")
	return lock
}

// SharesMounts is for a spec whose builds meet in a cache mount: it keeps builds
// away that empty cache mounts, until the spec ends.
func SharesMounts(t *spec.T) {
	lock := mountLock(t)
	lock.RLock()
	t.Cleanup(lock.RUnlock)
}

// EmptiesMounts is for a spec that uses a cache mount with --no-cache: it keeps
// builds away that meet in one, until the spec ends.
func EmptiesMounts(t *spec.T) {
	lock := mountLock(t)
	lock.Lock()
	t.Cleanup(lock.Unlock)
}
