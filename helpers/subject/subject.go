// Package subject is what a run tests, as data: the names of a BuildKit, a buildx, a
// driver and an image store, and what was found under those names.
package subject

// Subject says what was tested on what; it is the head of every report.
type Subject struct {
	BuildKit BuildKit `json:"buildkit"`
	Buildx   Buildx   `json:"buildx"`
	Engine   Engine   `json:"engine"`
	Driver   string   `json:"driver"`
	Host     Host     `json:"host"`
}

// BuildKit identifies the BuildKit under test.
type BuildKit struct {
	// Version is what its buildkitd reports, for example v0.11.5.
	Version string `json:"version"`
	// Image is the image that builders are created from.
	Image string `json:"image"`
	// Digest is the image's digest in its registry; empty for an image that exists
	// only in the engine.
	Digest string `json:"digest"`
	// Runc is the version of the runc inside the image, which executes RUN.
	Runc string `json:"runc"`
}

// Buildx identifies the plugin under test.
type Buildx struct {
	Version string `json:"version"`
}

// Engine identifies the engine and its image store.
type Engine struct {
	Version string `json:"version"`
	Store   string `json:"store"`
}

// Host is the machine that the engine runs on. Emulation is what executes foreign
// programs there; empty if nothing is known to.
type Host struct {
	Kernel    string `json:"kernel"`
	Arch      string `json:"arch"`
	Emulation string `json:"emulation"`
}

// File is the file in OUT that holds the [Subject] while a run is under way.
const File = "subject.json"
