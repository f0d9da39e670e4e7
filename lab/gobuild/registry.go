package gobuild

import (
	_ "embed"

	"builders.test/internal/versions"
)

// registryCommand is the registry's command without the drivers for clouds, which
// the lab has no use for and which are half of what there is to compile.
//
//go:embed registry.go.txt
var registryCommand string

// Registry is the registry, with the storage drivers filesystem and inmemory.
func Registry() Program {
	return Program{
		Name: "registry", Module: "github.com/distribution/distribution/v3", Version: versions.Registry,
		Packages: []string{"./cmd/registry"},
		Vars:     map[string]string{"github.com/distribution/distribution/v3/version.version": versions.Registry},
		Instead:  map[string]string{"cmd/registry/main.go": registryCommand},
	}
}
