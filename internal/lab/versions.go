package lab

import "time"

// The versions the lab is made of. This is the only place that names them.
const (
	// EngineModule is the release of github.com/moby/moby/v2 that dockerd is
	// built from. Module versions lag behind the engine's own numbering:
	// this one was tagged within hours of docker 29.8.1 and speaks the same
	// API (1.56).
	EngineModule  = "v2.0.0-beta.24"
	EngineVersion = "29.8.1"

	ContainerdVersion = "v2.4.2"
	// RuncVersion is the runc that starts the engine's containers. What RUN
	// instructions execute with is another one: each BuildKit release
	// brings its own.
	RuncVersion     = "v1.5.2"
	BuildxVersion   = "v0.38.2"
	RegistryVersion = "v3.1.2"

	// BuildKitDefault is the release that the specs run against when nobody
	// asks for another.
	BuildKitDefault = "v0.11.5"
	// BuildKitStable is what moby/buildkit:latest and :buildx-stable-1 are,
	// and where the docker/dockerfile:1 frontend comes from.
	BuildKitStable = "v0.34.2"
)

// imageDate is the creation time in every image's config. It is fixed, so that
// the same inputs give the same digest.
var imageDate = time.Date(2026, time.November, 1, 0, 0, 0, 0, time.UTC)
