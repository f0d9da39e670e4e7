package rehearsal

import "builders.test/lab/gobuild"

// Conditions are what distinguishes one world from another.
type Conditions struct {
	// Store is the engine's image store; empty means containerd.
	Store string
	// Dockerd is the engine's program; the zero value is the lab's.
	Dockerd gobuild.Program
	// Way is how programs reach registries; empty means directly.
	Way Way
	// Reach is how the user's docker command reaches the engine; empty means over the
	// socket in its usual place.
	Reach Reach
	// Account is the user's at Docker Hub; the zero value is none.
	Account Account
	// Checkout is whose files the project is; empty means the user's own.
	Checkout Checkout
}

// Way is how programs reach registries.
type Way string

// Proxied is a network in which registries are reached through a proxy only, which
// the engine and the user's docker configuration name.
const Proxied Way = "proxied"

// Reach is how the user's docker command reaches the engine.
type Reach string

// The ways that are not the usual one: contexts of the docker command.
const (
	OverSSH Reach = "ssh"
	OverTLS Reach = "tls"
)

// Checkout is whose files the project is.
type Checkout string

// Roots is a project that belongs to root, which the user cannot write to.
const Roots Checkout = "root's"
