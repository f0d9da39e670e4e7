// Package testbed describes what specs run on: which engines there are, a mirror,
// what stands in for images. The description is one file, written by the provider
// of the testbed and read by every run; [Variable] names it. What a testbed does
// not have is left out, so the shortest useful file is
//
//	{"mirror": {"address": "127.0.0.1:5000"}}
package testbed

import (
	"encoding/json"
	"fmt"

	"github.com/moby/sys/atomicwriter"
)

// Variable is the environment variable with the path of the testbed's file. If it
// is not set, specs run on the engine that the docker command reaches, and on
// nothing else.
const Variable = "BUILDERS_TESTBED"

// Testbed is what specs run on, besides the engine that the docker command reaches.
type Testbed struct {
	// Engines are endpoints of engines, for claims about one particular image store:
	// containerd or overlay2 → an endpoint such as unix:///var/run/docker.sock.
	Engines map[string]string `json:"engines,omitempty"`
	// Mirror is a registry that images come from.
	Mirror Mirror `json:"mirror,omitzero"`
	// StandIns are images that are not what their names say: the reference → what
	// stands in for it, in words.
	StandIns map[string]string `json:"standIns,omitempty"`
	// Dive are program files of dive: the release, such as v0.13.1 → an absolute path.
	Dive map[string]string `json:"dive,omitempty"`
	// Locks is the folder in which runs that share the testbed keep their locks;
	// without one, a run assumes that it is alone.
	Locks string `json:"locks,omitempty"`
	// Complete promises everything that a claim may need: if something is missing,
	// that is an error, and the claim is not just inapplicable.
	Complete bool `json:"complete,omitempty"`
	// KeepImages keeps the images that runs pull, so that the next run is faster.
	// Otherwise they are removed when the run ends.
	KeepImages bool `json:"keepImages,omitempty"`
}

// Mirror is a registry that serves the images of others.
type Mirror struct {
	// Address is host:port, reached without TLS; empty means that there is no mirror.
	// Runs move tags in it and move them back.
	Address string `json:"address,omitempty"`
	// Push is the socket of a registry that takes images for the mirror, if the
	// mirror itself is read-only.
	Push string `json:"push,omitempty"`
	// Registries are those whose images it has; docker.io if none is named.
	Registries []string `json:"registries,omitempty"`
}

// Mirrored returns the registries whose images the mirror has.
func (m Mirror) Mirrored() []string {
	if m.Address != "" && len(m.Registries) == 0 {
		return []string{"docker.io"}
	}
	return m.Registries
}

// Write writes the file, which is complete at any time.
func (b Testbed) Write(path string) error {
	encoded, err := json.MarshalIndent(b, "", "  ")
	if err != nil {
		return fmt.Errorf("describe the testbed: %w", err)
	}
	if err := atomicwriter.WriteFile(path, append(encoded, '\n'), 0o644); err != nil {
		return fmt.Errorf("describe the testbed: %w", err)
	}
	return nil
}
