package gobuild

import (
	"strings"
	"testing"

	"builders.test/internal/versions"
)

func TestProgramsThatAreAlwaysThereHaveSums(t *testing.T) {
	wanted := []Program{
		Dockerd(), Containerd(), Runc(versions.Runc), Buildx(versions.Buildx), Registry(),
		BuildKit(versions.BuildKit), BuildKit(versions.NewestBuildKit),
	}
	for _, tag := range versions.FrontendsAlways {
		wanted = append(wanted, Frontend(versions.Frontends[tag]))
	}
	for _, version := range versions.Dives {
		wanted = append(wanted, Dive(version))
	}
	for _, p := range wanted {
		if _, ok := knownSum(p.Module, p.Version); !ok {
			t.Errorf("sums.txt lacks %s %s; `go mod download -json %[1]s@%[2]s` tells its Sum", p.Module, p.Version)
		}
	}
}

func TestVerify(t *testing.T) {
	sum, ok := knownSum(BuildKitModule, versions.NewestBuildKit)
	if !ok {
		t.Fatal("no sum")
	}
	if err := verify(BuildKitModule, versions.NewestBuildKit, sum); err != nil {
		t.Error(err)
	}
	err := verify(BuildKitModule, versions.NewestBuildKit, "h1:another")
	if err == nil || !strings.Contains(err.Error(), "h1:another and should be "+sum) {
		t.Errorf("another module passes: %v", err)
	}
	if err := verify(BuildKitModule, "v99.0.0", "h1:another"); err != nil {
		t.Errorf("what is not known is the checksum database's business: %v", err)
	}
}

func TestVerifiable(t *testing.T) {
	for name, test := range map[string]struct{ sumdb, nosumdb, version, want string }{
		"asked":        {"sum.golang.org", "", "v99.0.0", ""},
		"off":          {"off", "", "v99.0.0", "GOSUMDB=off"},
		"not for this": {"sum.golang.org", "github.com/moby", "v99.0.0", "GONOSUMDB=github.com/moby"},
		"known":        {"off", "", versions.NewestBuildKit, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("GOSUMDB", test.sumdb)
			t.Setenv("GONOSUMDB", test.nosumdb)
			err := verifiable(t.Context(), BuildKitModule, test.version)
			switch {
			case test.want == "" && err != nil:
				t.Error(err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}
