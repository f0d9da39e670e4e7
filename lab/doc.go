// Package lab is the Docker Engine for machines where none is reachable; in fact two
// of them, one for each image store.
//
// It compiles the engine, buildx, a registry and BuildKit releases from the Go module
// proxy, makes the images they need from Debian packages, and runs all of it alongside
// whatever the host has: nothing is installed, no firewall rule is written, everything
// listens on loopback or on a unix socket. What it makes is kept by version in one
// cache folder, so a second [Lab.Up] takes a moment.
//
// Processes may use one lab at the same time. They share its lock, which only stopping
// it takes alone; what only one of them may do has a lock of its own, such as compiling
// a certain program or starting an engine. So a process waits for another one only if
// it needs what that one is making.
//
// [Lab] puts the parts together, each a package below this one: gobuild compiles
// programs, debian and packages unpack what the distribution has, image makes images
// and catalog knows which, registry serves them, network, engine and emulation run.
// The specs learn about the lab only through the variables of [Lab.Env].
package lab
