package spec

import (
	"fmt"
	"math"
	"slices"

	"builders.test/helpers/env"
	"builders.test/helpers/subject"
	"github.com/Masterminds/semver/v3"
)

// Need is one capability out of a closed vocabulary. Outside this package a
// Need can only be had from the values and constructors below, so a word that
// nobody knows does not compile.
type Need struct {
	word    string
	serves  server
	missing func(*T) string
	// drivers and store say where the claim applies; empty is everywhere.
	drivers []string
	store   string
}

// server says who has to bring a capability.
type server int

const (
	// byLab: the lab always brings it, so there its absence is an error.
	byLab server = iota
	// bySubject: the version under test has it or has it not.
	bySubject
)

// Word is the capability's name, as reports print it.
func (n Need) Word() string { return n.word }

var (
	// AMD64 needs an engine whose host executes linux/amd64 programs.
	AMD64 = platformNeed("linux/amd64")
	// ARM64 needs an engine whose host executes linux/arm64 programs, on its
	// own processor or by emulation.
	ARM64 = platformNeed("linux/arm64")
	// EmulatedARM64 needs an engine host that executes linux/arm64 programs
	// only by emulation.
	EmulatedARM64 = Need{word: "emulated-arm64", missing: emulatedARM64Missing}
	// Mirror needs a registry that stands as Docker Hub's mirror and whose
	// tags the run may move (BUILDERS_MIRROR).
	Mirror = Need{word: "mirror", missing: mirrorMissing}
	// EngineProgram needs an engine on this machine whose program file may be
	// read, which usually takes root.
	EngineProgram = Need{word: "engine-program", missing: engineProgramMissing}
	// LocalEngine needs an engine on this machine, which shares its loopback
	// interface and its files with the specs.
	LocalEngine = Need{word: "local-engine", missing: localEngineMissing}

	// Dive needs the releases of dive that claims about it compare
	// (BUILDERS_DIVE).
	Dive = Need{word: "dive", missing: diveMissing}

	// ContainerDriver is for claims about builders that are containers of
	// buildx's own making, whatever driver the run prefers.
	ContainerDriver = driverNeed("docker-container-driver", subject.DriverContainer)
	// DockerDriver is for claims about the engine's own BuildKit.
	DockerDriver = driverNeed("docker-driver", subject.DriverDocker)
	// RemoteDriver is for claims about a BuildKit that somebody else runs.
	RemoteDriver = driverNeed("remote-driver", subject.DriverRemote)
	// OwnBuildKit is for claims about any BuildKit but the engine's own: one
	// with a cache to itself, that has to be told where its results go.
	OwnBuildKit = driverNeed("own-buildkit", subject.DriverContainer, subject.DriverRemote)

	// ContainerdStore needs an engine with the containerd image store.
	ContainerdStore = storeNeed(subject.StoreContainerd)
	// Overlay2Store needs an engine with the overlay2 image store.
	Overlay2Store = storeNeed(subject.StoreOverlay2)
)

// BuildKit needs a BuildKit under test within the constraint, for example
// ">= 0.13". A malformed constraint panics: it would skip silently otherwise.
func BuildKit(constraint string) Need {
	return versionNeed("buildkit", constraint, func(t *T) string { return t.BuildKit })
}

// Buildx needs a buildx under test within the constraint.
func Buildx(constraint string) Need {
	return versionNeed("buildx", constraint, func(t *T) string { return t.Env.Buildx.Version })
}

// Has tells whether a capability is there, for proofs that expect something
// else of an older version. The claim's own needs are met in any case.
// A driver or a store is there if it is the one that the claim is proven with.
func (t *T) Has(need Need) bool {
	if need.drivers != nil {
		return slices.Contains(need.drivers, t.Driver)
	}
	if need.store != "" {
		return need.store == t.Env.Engine.Store
	}
	return need.missing(t) == ""
}

func driverNeed(word string, drivers ...string) Need {
	return Need{word: word, drivers: drivers, missing: func(*T) string { return "" }}
}

func storeNeed(store string) Need {
	return Need{word: store + "-store", store: store, missing: func(t *T) string {
		if t.Env.Engine.Store == store {
			return ""
		}
		if _, err := t.Env.On(t.ctx, store); err != nil {
			return err.Error()
		}
		return "the engine has the " + t.Env.Engine.Store + " image store"
	}}
}

func platformNeed(platform string) Need {
	return Need{
		word: platform[len("linux/"):],
		missing: func(t *T) string {
			if err := t.Env.Executes(t.ctx, platform); err != nil {
				return err.Error()
			}
			return ""
		},
	}
}

func emulatedARM64Missing(t *T) string {
	if t.Env.Engine.Arch == "arm64" {
		return "the engine's host is itself arm64"
	}
	return ARM64.missing(t)
}

func mirrorMissing(t *T) string {
	if t.Env.Mirror == "" {
		return "no registry stands as Docker Hub's mirror (BUILDERS_MIRROR is not set)"
	}
	return ""
}

func engineProgramMissing(t *T) string {
	if _, err := t.Env.EngineProgram(); err != nil {
		return err.Error()
	}
	return ""
}

func localEngineMissing(t *T) string {
	if err := t.Env.Engine.Local(); err != nil {
		return err.Error()
	}
	return ""
}

func diveMissing(t *T) string {
	for _, release := range []string{env.OldDive, env.NewDive} {
		if _, err := t.Env.Dive(release); err != nil {
			return err.Error()
		}
	}
	return ""
}

// unreleased is what programs built from a source tree say of themselves, and
// newest the release that they count as: newer than every other.
var (
	unreleased = semver.New(0, 0, 0, "", "")
	newest     = semver.New(math.MaxUint32, 0, 0, "", "")
)

func versionNeed(component, constraint string, version func(*T) string) Need {
	parsed, err := semver.NewConstraint(constraint)
	if err != nil {
		panic(fmt.Sprintf("spec: %s constraint %q: %v", component, constraint, err))
	}
	return Need{
		word:   component + compact(constraint),
		serves: bySubject,
		missing: func(t *T) string {
			found := version(t)
			v, err := semver.NewVersion(found)
			if err != nil || v.Compare(unreleased) == 0 {
				v = newest
			}
			// A pre-release has what its release has: v0.13.0-rc1
			// counts as v0.13.0.
			if parsed.Check(semver.New(v.Major(), v.Minor(), v.Patch(), "", "")) {
				return ""
			}
			return fmt.Sprintf("%s under test is %s", component, found)
		},
	}
}
