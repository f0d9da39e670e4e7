package lab

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"runtime"

	"builders.test/lab/catalog"
	"builders.test/lab/debian"
	"builders.test/lab/emulation"
	"builders.test/lab/engine"
	"builders.test/lab/gobuild"
	"builders.test/lab/network"
	"builders.test/lab/packages"
	"builders.test/lab/problem"
	"builders.test/lab/registry"
	"builders.test/lab/site"
	"golang.org/x/sync/semaphore"
)

// Options choose where a lab is and who watches it.
type Options struct {
	// Cache is the folder that everything is kept in; empty means
	// $XDG_CACHE_HOME/builders or ~/.cache/builders.
	Cache string
	// Progress receives one line per event; nil means silence.
	Progress io.Writer
}

// Lab is one lab: a cache folder and the daemons that run from it. Labs with
// different folders do not affect each other.
type Lab struct {
	site *site.Site
	host debian.Release

	programs  *gobuild.Builder
	packages  *packages.Packages
	registry  *registry.Registry
	images    *catalog.Catalog
	network   *network.Network
	engines   engine.Engines
	emulation *emulation.Emulation

	// sessions lets one session at a time use what this process shares.
	sessions *semaphore.Weighted
}

// Open returns a lab; it neither creates nor starts anything.
func Open(o Options) (*Lab, error) {
	cache, err := cacheFolder(o.Cache)
	if err != nil {
		return nil, err
	}
	s := site.At(cache, o.Progress)
	l := &Lab{site: s, sessions: semaphore.NewWeighted(1)}
	l.host, _ = debian.HostRelease()
	archives := map[string]*debian.Archive{}
	for _, arch := range []string{"amd64", "arm64"} {
		archives[arch] = &debian.Archive{Dir: s.Path("apt", arch), Temp: s.Temp(), Arch: arch}
	}
	l.packages = packages.New(s, archives[runtime.GOARCH])
	l.programs = gobuild.New(s, l.packages.Seccomp)
	l.registry = registry.New(s, l.programs)
	l.images = catalog.New(catalog.Parts{
		Site: s, Arch: runtime.GOARCH, Codename: l.host.Codename, Archives: archives,
		Programs: l.programs, Registry: l.registry,
	})
	l.network = &network.Network{Site: s}
	l.engines = engine.New(engine.Parts{
		Site: s, Programs: l.programs, Packages: l.packages, Registry: l.registry, Network: l.network,
	})
	l.emulation = emulation.New(s, runtime.GOARCH, l.packages)
	return l, nil
}

// cacheFolder returns the absolute path of a lab's cache.
func cacheFolder(named string) (string, error) {
	if named == "" {
		base, err := os.UserCacheDir()
		if err != nil {
			return "", problem.New("finding the cache folder", err.Error(), "set XDG_CACHE_HOME or HOME")
		}
		named = filepath.Join(base, "builders")
	}
	cache, err := filepath.Abs(named)
	return cache, explain("finding the cache folder", err)
}

// Hosts returns the endpoints of the lab's engines, for DOCKER_HOST, by image store.
func (l *Lab) Hosts() map[string]string { return l.engines.Hosts() }

// Running returns the endpoints of the engines that answer.
func (l *Lab) Running(ctx context.Context) []string {
	var hosts []string
	for _, e := range l.engines {
		if e.Ping(ctx) == nil {
			hosts = append(hosts, e.Host())
		}
	}
	return hosts
}
