package gobuild

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"builders.test/internal/versions"
	"builders.test/lab/problem"
	"builders.test/lab/site"
	"github.com/Masterminds/semver/v3"
)

// ErrNoRelease is the cause when a release does not exist.
var ErrNoRelease = errors.New("no such release")

// Known fails when a program's module has no such release; the error names
// its neighbors. The module itself is asked for, because lists may be
// incomplete.
func (b *Builder) Known(ctx context.Context, p Program) error {
	if site.Exists(b.Folder(p)) || p.Version == versions.BuildKit || p.Version == versions.NewestBuildKit {
		return nil
	}
	_, err := ModuleDir(ctx, p.Module, p.Version)
	// Without a proxy the go command asks git, and says in these words what it
	// has been answered.
	if err == nil || !strings.Contains(err.Error(), "unknown revision") && !absent(ctx, p.Module, p.Version) {
		return err
	}
	known, listErr := Releases(ctx, p.Module)
	if listErr != nil {
		return err
	}
	return &problem.Problem{
		Tried: "looking for " + p.String(), Happened: "no such release is available",
		Next: "known ones near it: " + strings.Join(near(p.Version, known), ", "), Err: ErrNoRelease,
	}
}

// Releases lists the releases of a module that the module's list has, which may
// lack some.
func Releases(ctx context.Context, module string) ([]string, error) {
	out, err := goCommand(ctx, "list", "-m", "-versions", module)
	if err != nil {
		return nil, err
	}
	if listed := strings.Fields(out); len(listed) > 1 {
		return listed[1:], nil
	}
	return nil, fmt.Errorf("the list of the releases of %s is empty", module)
}

// near are the releases just below and above one that does not exist, and the
// last one.
func near(version string, versions []string) []string {
	wanted, err := semver.NewVersion(version)
	if err != nil || len(versions) == 0 {
		return versions
	}
	var all []*semver.Version
	for _, text := range versions {
		if v, err := semver.NewVersion(text); err == nil && v.Prerelease() == "" {
			all = append(all, v)
		}
	}
	if len(all) == 0 {
		return versions
	}
	slices.SortFunc(all, (*semver.Version).Compare)
	at, _ := slices.BinarySearchFunc(all, wanted, (*semver.Version).Compare)
	var names []string
	for _, i := range []int{at - 2, at - 1, at, len(all) - 1} {
		if i >= 0 && i < len(all) {
			names = append(names, all[i].Original())
		}
	}
	return slices.Compact(names)
}
