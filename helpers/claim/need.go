package claim

import (
	"fmt"
	"math"

	"builders.test/helpers/subject"
	"github.com/Masterminds/semver/v3"
)

// Need is a capability that a claim cannot be proven without. The values and
// constructors below are the vocabulary, so a word that does not exist does not
// compile; [Custom] adds a suite's own.
type Need struct {
	word string
	// drivers and store say where the claim applies; empty means everywhere.
	drivers []string
	store   string
	// component and constraint ask for a version of what is under test.
	component, constraint string
	custom                bool
}

var (
	// AMD64 needs an engine whose host executes linux/amd64 programs.
	AMD64 = Need{word: "amd64"}
	// ARM64 needs an engine whose host executes linux/arm64 programs, natively or by
	// emulation.
	ARM64 = Need{word: "arm64"}
	// EmulatedARM64 needs an engine host that executes linux/arm64 programs
	// only by emulation.
	EmulatedARM64 = Need{word: "emulated-arm64"}
	// Mirror needs a registry that acts as Docker Hub's mirror and whose tags the run
	// may move.
	Mirror = Need{word: "mirror"}
	// EngineProgram needs an engine on this machine whose program file may be
	// read, which usually takes root.
	EngineProgram = Need{word: "engine-program"}
	// LocalEngine needs an engine on this machine, which shares its loopback
	// interface and its files with the specs.
	LocalEngine = Need{word: "local-engine"}
	// Dive needs the releases of dive that claims about it compare.
	Dive = Need{word: "dive"}
	// Compose needs a docker command with the compose plugin.
	Compose = Need{word: "compose"}

	// ContainerDriver is for claims about builders in containers that buildx makes,
	// whatever driver the run prefers.
	ContainerDriver = driverNeed("docker-container-driver", subject.DriverContainer)
	// DockerDriver is for claims about the engine's own BuildKit.
	DockerDriver = driverNeed("docker-driver", subject.DriverDocker)
	// RemoteDriver is for claims about a BuildKit that runs without buildx.
	RemoteDriver = driverNeed("remote-driver", subject.DriverRemote)
	// OwnBuildKit is for claims about any BuildKit but the engine's own: one that has
	// its own cache and needs an output for its results.
	OwnBuildKit = driverNeed("own-buildkit", subject.DriverContainer, subject.DriverRemote)

	// ContainerdStore needs an engine with the containerd image store.
	ContainerdStore = storeNeed(subject.StoreContainerd)
	// Overlay2Store needs an engine with the overlay2 image store.
	Overlay2Store = storeNeed(subject.StoreOverlay2)
)

// BuildKit needs a BuildKit under test within the constraint, for example ">=
// 0.13". It panics if the constraint is malformed, which would otherwise skip the
// claim silently.
func BuildKit(constraint string) Need { return versionNeed("buildkit", constraint) }

// Buildx needs a buildx under test within the constraint.
func Buildx(constraint string) Need { return versionNeed("buildx", constraint) }

// Custom is a suite's own need; the suite says how to find out whether it is met.
func Custom(word string) Need { return Need{word: word, custom: true} }

// Word returns the capability's name, as reports print it.
func (n Need) Word() string { return n.word }

// Drivers returns the drivers that the claim applies to; nil means all.
func (n Need) Drivers() []string { return n.drivers }

// Store returns the image store that the claim applies to; empty means all.
func (n Need) Store() string { return n.store }

// Component is buildkit or buildx if the need asks for a version of it, and empty
// otherwise.
func (n Need) Component() string { return n.component }

// IsCustom reports whether the need is a suite's own.
func (n Need) IsCustom() bool { return n.custom }

// unreleased is the version that programs built from a source tree report, and
// newest the release that they count as: newer than every other.
var (
	unreleased = semver.New(0, 0, 0, "", "")
	newest     = semver.New(math.MaxUint32, 0, 0, "", "")
)

// Admits reports whether a version of the component is within the constraint. A
// pre-release has what its release has: v0.13.0-rc1 counts as v0.13.0.
func (n Need) Admits(version string) bool {
	within, err := semver.NewConstraint(n.constraint)
	if err != nil {
		return false // which the constructor rules out
	}
	v, err := semver.NewVersion(version)
	if err != nil || v.Compare(unreleased) == 0 {
		v = newest
	}
	return within.Check(semver.New(v.Major(), v.Minor(), v.Patch(), "", ""))
}

// MarshalText writes the word.
func (n Need) MarshalText() ([]byte, error) { return []byte(n.word), nil }

// UnmarshalText reads a word; one that is not in the vocabulary is a suite's own.
func (n *Need) UnmarshalText(text []byte) error {
	parsed, err := ParseNeed(string(text))
	if err != nil {
		parsed = Custom(string(text))
	}
	*n = parsed
	return nil
}

func driverNeed(word string, drivers ...string) Need { return Need{word: word, drivers: drivers} }

func storeNeed(store string) Need { return Need{word: store + "-store", store: store} }

func versionNeed(component, constraint string) Need {
	if _, err := semver.NewConstraint(constraint); err != nil {
		panic(fmt.Sprintf("claim: %s constraint %q: %v", component, constraint, err))
	}
	constraint = compact(constraint)
	return Need{word: component + constraint, component: component, constraint: constraint}
}
