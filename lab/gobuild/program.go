// Package gobuild compiles programs from Go modules: verified, from the
// module's own folder, and kept by version.
package gobuild

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"builders.test/internal/versions"
)

// Program is a set of commands compiled from one Go module.
type Program struct {
	// Name is for people and for folders: "buildx".
	Name            string
	Module, Version string
	// Packages are the commands within the module: "./cmd/buildx".
	Packages []string
	Tags     string
	// Vars are the string variables set by the linker.
	Vars map[string]string
	// Static links C code statically; otherwise C code is disabled.
	Static bool
	// Instead are texts that take the place of the module's files, by path.
	Instead map[string]string
	// VendorMod reports whether the module says in vendor.mod and vendor.sum what others
	// say in go.mod and go.sum, as the engine did before it was a Go module.
	VendorMod bool
}

// String names the program and its version.
func (p Program) String() string { return p.Name + " " + p.Version }

// folder returns the name of the program's folder. It changes with whatever
// changes the binaries, and with nothing else, so that compiled programs can be
// kept.
func (p Program) folder() string {
	what := fmt.Appendf(nil, "{name:%s module:%s version:%s packages:%v tags:%s vars:%v static:%t}",
		p.Name, p.Module, p.Version, p.Packages, p.Tags, p.Vars, p.Static)
	if len(p.Instead) > 0 {
		what = fmt.Append(what, p.Instead)
	}
	if p.VendorMod {
		what = fmt.Append(what, "vendor.mod")
	}
	sum := sha256.Sum256(what)
	return fmt.Sprintf("%s-%s-%s", p.Name, p.Version, hex.EncodeToString(sum[:])[:8])
}

func (p Program) ldflags() string {
	flags := []string{"-s", "-w"}
	for _, name := range slices.Sorted(maps.Keys(p.Vars)) {
		flags = append(flags, "-X "+name+"="+p.Vars[name])
	}
	if p.Static {
		flags = append(flags, "-extldflags -static")
	}
	return strings.Join(flags, " ")
}

func (p Program) cgo() string {
	if p.Static {
		return "CGO_ENABLED=1"
	}
	return "CGO_ENABLED=0"
}

// order is the order in which programs are compiled, by name: first what the most
// waits for, last what nothing waits for.
var order = []string{"registry", "dockerd", "containerd", "runc", "buildkit", "buildx", "dockerfile-frontend", "dive", "compose"}

// rank is the program's place in that order.
func (p Program) rank() int { return slices.Index(order, p.Name) }

// The programs of the lab, and how each is compiled.

// Dockerd is the engine's daemon, with the proxy of its published ports.
func Dockerd() Program {
	return Program{
		Name: "dockerd", Module: "github.com/moby/moby/v2", Version: versions.EngineModule,
		Packages: []string{"./cmd/dockerd", "./cmd/docker-proxy"},
		Tags:     "exclude_graphdriver_btrfs netgo osusergo",
		Vars:     map[string]string{"github.com/moby/moby/v2/dockerversion.Version": versions.Engine},
	}
}

// OldDockerd is the daemon of the engine's previous major release.
func OldDockerd() Program {
	const module = "github.com/docker/docker"
	return Program{
		Name: "dockerd", Module: module, Version: "v" + versions.OldEngine + "+incompatible",
		Packages: []string{"./cmd/dockerd", "./cmd/docker-proxy"},
		Tags:     "exclude_graphdriver_btrfs netgo osusergo",
		Vars:     map[string]string{module + "/dockerversion.Version": versions.OldEngine}, VendorMod: true,
	}
}

// Containerd is containerd and its shim. It leaves out what serves Kubernetes, which
// dockerd switches off.
func Containerd() Program {
	return Program{
		Name: "containerd", Module: "github.com/containerd/containerd/v2", Version: versions.Containerd,
		Packages: []string{"./cmd/containerd", "./cmd/containerd-shim-runc-v2"},
		Tags:     "netgo osusergo no_cri",
		Vars:     map[string]string{"github.com/containerd/containerd/v2/version.Version": versions.Containerd},
	}
}

// Runc is a release of runc.
func Runc(version string) Program {
	return Program{
		Name: "runc", Module: "github.com/opencontainers/runc", Version: version,
		Packages: []string{"."},
		Tags:     "seccomp netgo osusergo",
		// From 1.2 on runc knows its version itself, with the same spelling.
		Vars:   map[string]string{"main.version": strings.TrimPrefix(version, "v")},
		Static: true,
	}
}

// Buildx is a release of buildx.
func Buildx(version string) Program {
	return Program{
		Name: "buildx", Module: "github.com/docker/buildx", Version: version,
		Packages: []string{"./cmd/buildx"},
		Vars: map[string]string{
			"github.com/docker/buildx/version.Version": version,
			"github.com/docker/buildx/version.Package": "github.com/docker/buildx",
		},
	}
}

// BuildKitModule is the module of BuildKit and its frontends.
const BuildKitModule = "github.com/moby/buildkit"

// BuildKit is a release of BuildKit's daemon and client.
func BuildKit(version string) Program {
	return Program{
		Name: "buildkit", Module: BuildKitModule, Version: version,
		Packages: []string{"./cmd/buildkitd", "./cmd/buildctl"},
		Tags:     "osusergo netgo static_build seccomp",
		Vars: map[string]string{
			BuildKitModule + "/version.Version": version,
			BuildKitModule + "/version.Package": BuildKitModule,
		},
	}
}

// Frontend is the Dockerfile frontend that a release of BuildKit carries.
func Frontend(version string) Program {
	return Program{
		Name: "dockerfile-frontend", Module: BuildKitModule, Version: version,
		Packages: []string{"./frontend/dockerfile/cmd/dockerfile-frontend"},
		Tags:     "osusergo netgo static_build",
	}
}

// Compose is a release of the compose plugin.
func Compose(version string) Program {
	const module = "github.com/docker/compose/v5"
	return Program{
		Name: "compose", Module: module, Version: version,
		Packages: []string{"./cmd"},
		Vars:     map[string]string{module + "/internal.Version": version},
	}
}

// Dive is a release of dive.
func Dive(version string) Program {
	return Program{
		Name: "dive", Module: "github.com/wagoodman/dive", Version: version,
		Packages: []string{"."},
		Tags:     "netgo osusergo",
		Vars:     map[string]string{"main.version": strings.TrimPrefix(version, "v")},
	}
}
