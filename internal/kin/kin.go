// Package kin watches the processes that this one belongs to: if they are killed,
// no one is left to wait for its work.
package kin

// Parent calls ended when the parent of this process is gone. It does nothing if
// processes cannot be watched.
func Parent(ended func()) { watch(parent(), ended) }

// Ancestor is [Parent] for the nearest ancestor that runs a program of one of
// the names, such as make. Without one it does nothing.
func Ancestor(ended func(), names ...string) {
	if pid, ok := ancestor(names); ok {
		watch(pid, ended)
	}
}
