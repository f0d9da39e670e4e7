package lab

import (
	"strings"

	"builders.test/internal/versions"
)

// The programs of the lab, and how each is compiled.

func dockerd() program {
	return program{
		name: "dockerd", module: "github.com/moby/moby/v2", version: versions.EngineModule,
		packages: []string{"./cmd/dockerd", "./cmd/docker-proxy"},
		tags:     "exclude_graphdriver_btrfs netgo osusergo",
		vars:     map[string]string{"github.com/moby/moby/v2/dockerversion.Version": versions.Engine},
	}
}

func containerd() program {
	return program{
		name: "containerd", module: "github.com/containerd/containerd/v2", version: versions.Containerd,
		packages: []string{"./cmd/containerd", "./cmd/containerd-shim-runc-v2"},
		tags:     "netgo osusergo",
		vars:     map[string]string{"github.com/containerd/containerd/v2/version.Version": versions.Containerd},
	}
}

func runc(version string) program {
	return program{
		name: "runc", module: "github.com/opencontainers/runc", version: version,
		packages: []string{"."},
		tags:     "seccomp netgo osusergo",
		// From 1.2 on runc knows its version itself, with the same spelling.
		vars:   map[string]string{"main.version": strings.TrimPrefix(version, "v")},
		static: true,
	}
}

func buildx(version string) program {
	return program{
		name: "buildx", module: "github.com/docker/buildx", version: version,
		packages: []string{"./cmd/buildx"},
		vars: map[string]string{
			"github.com/docker/buildx/version.Version": version,
			"github.com/docker/buildx/version.Package": "github.com/docker/buildx",
		},
	}
}

func registry() program {
	return program{
		name: "registry", module: "github.com/distribution/distribution/v3", version: versions.Registry,
		packages: []string{"./cmd/registry"},
		vars:     map[string]string{"github.com/distribution/distribution/v3/version.version": versions.Registry},
	}
}

const buildkitModule = "github.com/moby/buildkit"

func buildkit(version string) program {
	return program{
		name: "buildkit", module: buildkitModule, version: version,
		packages: []string{"./cmd/buildkitd", "./cmd/buildctl"},
		tags:     "osusergo netgo static_build seccomp",
		vars: map[string]string{
			buildkitModule + "/version.Version": version,
			buildkitModule + "/version.Package": buildkitModule,
		},
	}
}

func frontend(version string) program {
	return program{
		name: "dockerfile-frontend", module: buildkitModule, version: version,
		packages: []string{"./frontend/dockerfile/cmd/dockerfile-frontend"},
		tags:     "osusergo netgo static_build",
	}
}

func dive(version string) program {
	return program{
		name: "dive", module: "github.com/wagoodman/dive", version: version,
		packages: []string{"."},
		tags:     "netgo osusergo",
		vars:     map[string]string{"main.version": strings.TrimPrefix(version, "v")},
	}
}
