// Package versions names every version that the project pins: moving a pin is one edit,
// here or, for a suite's defaults, in helpers.
package versions

import (
	"builders.test/helpers/subject"
)

// BuildKit.
const (
	// BuildKit is the release that specs run against if BUILDKIT is empty.
	BuildKit = subject.DefaultBuildKit
	// NewestBuildKit is what moby/buildkit:latest and :buildx-stable-1 are in the
	// lab, where its docker/dockerfile:1 comes from, and what is run if a newer
	// BuildKit than the default is wanted.
	NewestBuildKit = subject.NewestBuildKit
	// OldBuildKit is what some claims build with, whatever is under test: it precedes
	// modes in words (v0.17) and the limits of prune (v0.17).
	OldBuildKit = "v0.11.5"
)

// The programs that the lab is made of.
const (
	// EngineModule is the release of github.com/moby/moby/v2 that dockerd is
	// built from. Module versions lag behind the engine's own numbering:
	// this one was tagged within hours of docker 29.8.1 and speaks the same
	// API (1.56).
	EngineModule = "v2.0.0-beta.24"
	Engine       = "29.8.1"
	// OldEngine is the last release before that whose module has the daemon.
	OldEngine  = "28.5.2"
	Containerd = "v2.4.2"
	// Runc starts the engine's containers. RUN instructions use another one: each
	// BuildKit release brings its own.
	Runc     = "v1.5.2"
	Buildx   = "v0.38.2"
	Registry = "v3.1.2"
	// Compose is the plugin for scripts that need it.
	Compose = "v5.6.0"
)

// NewestFrontend is the docker/dockerfile release of [NewestBuildKit]; it is
// docker/dockerfile:1, too.
const NewestFrontend = "1.28"

// Frontends are the releases of docker/dockerfile that the lab can serve, and
// the BuildKit release that each is compiled from: the last one that carries
// it as its built-in frontend. The two are released together, 1.4 with v0.10,
// 1.5 with v0.11 and so on; upstream's release notes say so, and from v0.33 on
// frontend/dockerfile/version as well.
var Frontends = map[string]string{
	"1.4": "v0.10.6", "1.5": "v0.11.5", "1.6": "v0.12.5", "1.7": "v0.13.2", "1.8": "v0.14.1",
	"1.9": "v0.15.2", "1.10": "v0.16.0", "1.11": "v0.17.3", "1.12": "v0.18.2", "1.13": "v0.19.0",
	"1.14": "v0.20.2", "1.15": "v0.21.1", "1.16": "v0.22.0", "1.17": "v0.23.2", "1.18": "v0.24.0",
	"1.19": "v0.25.2", "1.20": "v0.26.3", "1.21": "v0.27.1", "1.22": "v0.28.1", "1.23": "v0.29.0",
	"1.24": "v0.30.0", "1.25": "v0.31.2", "1.26": "v0.32.2", "1.27": "v0.33.1", NewestFrontend: NewestBuildKit,
}

// FrontendsAlways are those that every lab serves.
var FrontendsAlways = []string{"1.4", "1.5", "1.7", NewestFrontend}

// The releases of dive that claims compare.
const (
	// OldDive is the last release before the one that learned to read images
	// of every store.
	OldDive = "v0.12.0"
	// NewDive reads them.
	NewDive = "v0.13.1"
)

// Dives are the releases of dive that the specs compare: the first cannot read
// what `docker save` writes on the containerd store, the second can.
var Dives = []string{OldDive, NewDive}
