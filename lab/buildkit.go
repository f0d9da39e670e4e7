package lab

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"builders.test/helpers/subject"
	"builders.test/internal/versions"
	"builders.test/lab/image"
	"builders.test/lab/process"
	"github.com/Masterminds/semver/v3"
	"github.com/moby/sys/atomicwriter"
)

// Labels of the lab's BuildKit images.
const (
	// VersionLabel names the BuildKit release or, for a source tree, its
	// description.
	VersionLabel = "test.builders.buildkit"
	// RuncLabel names the runc release that RUN instructions execute with.
	RuncLabel = "test.builders.runc"
)

// Release turns what a user writes for a BuildKit release into a version tag:
// "latest" and "stable" are the stable release, "0.11.5" is v0.11.5.
func Release(text string) (string, error) {
	if text == "latest" || text == "stable" || text == "buildx-stable-1" {
		return versions.NewestBuildKit, nil
	}
	tag, ok := subject.Release(text)
	if !ok {
		return "", problem(fmt.Sprintf("reading the BuildKit release %q", text), "it is no version",
			"write one like "+versions.BuildKit+", or latest")
	}
	return tag, nil
}

// releases turns the requested BuildKit releases and those the lab always has
// into a sorted list without repetition.
func releases(requested []string) ([]string, error) {
	all := []string{versions.BuildKit, versions.NewestBuildKit}
	for _, text := range requested {
		tag, err := Release(text)
		if err != nil {
			return nil, err
		}
		all = append(all, tag)
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// known tells whether a module has a release; if not, the error names its
// neighbours. The module itself is asked for, because lists may be incomplete.
func (l *Lab) known(ctx context.Context, p program) error {
	if exists(l.folder(p)) || p.version == versions.BuildKit || p.version == versions.NewestBuildKit {
		return nil
	}
	_, err := moduleDir(ctx, p.module, p.version)
	if err == nil || !unknownVersion(err.Error()) {
		return err
	}
	out, listErr := process.Command{Dir: "/", Env: goEnv(), Args: []string{"go", "list", "-m", "-versions", p.module}}.Output(ctx)
	versions := strings.Fields(out)
	if listErr != nil || len(versions) < 2 {
		return err
	}
	return &Problem{
		Tried: fmt.Sprintf("looking for %s %s", p.name, p.version), Happened: "no such release is available",
		Next: "known ones near it: " + strings.Join(near(p.version, versions[1:]), ", "), Err: ErrNoRelease,
	}
}

// ErrNoRelease tells that a release does not exist.
var ErrNoRelease = errors.New("no such release")

// Releases lists the releases of BuildKit that its module's list has, which
// may lack some.
func Releases(ctx context.Context) ([]string, error) {
	out, err := process.Command{Dir: "/", Env: goEnv(), Args: []string{"go", "list", "-m", "-versions", buildkitModule}}.Output(ctx)
	versions := strings.Fields(out)
	if err != nil || len(versions) < 2 {
		return nil, problem("listing the releases of BuildKit", "the Go module proxy does not tell", "see that `go list -m -versions "+buildkitModule+"` works")
	}
	return versions[1:], nil
}

// unknownVersion tells whether the go command says that a module has no such
// version, rather than that it could not find out.
func unknownVersion(text string) bool {
	for _, phrase := range []string{"unknown revision", "invalid version", "not found", "not available", "403", "404", "410"} {
		if strings.Contains(text, phrase) {
			return true
		}
	}
	return false
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

var runcArg = regexp.MustCompile(`(?m)^ARG\s+RUNC_VERSION=["']?(v?[0-9][^\s"']*)`)

// runcOf reads from BuildKit's own Dockerfile which runc the release bundles.
func runcOf(dockerfile string) (string, error) {
	found := runcArg.FindStringSubmatch(dockerfile)
	if found == nil {
		return "", fmt.Errorf("the Dockerfile says no RUNC_VERSION")
	}
	return "v" + strings.TrimPrefix(found[1], "v"), nil
}

func runcIn(dir string) (string, error) {
	text, err := os.ReadFile(filepath.Join(dir, "Dockerfile"))
	if err != nil {
		return "", err
	}
	return runcOf(string(text))
}

// runcNote is the file that remembers which runc a release bundles.
func (l *Lab) runcNote(release string) string {
	return l.path("bin", "runc-of-buildkit-"+release)
}

// runcFor tells which runc a release bundles.
func (l *Lab) runcFor(ctx context.Context, release string) (string, error) {
	note := l.runcNote(release)
	if text, err := os.ReadFile(note); err == nil {
		return string(text), nil
	}
	dir, err := moduleDir(ctx, buildkitModule, release)
	if err != nil {
		return "", err
	}
	version, err := runcIn(dir)
	if err != nil {
		return "", fmt.Errorf("finding the runc of BuildKit %s: %w", release, err)
	}
	if err := os.MkdirAll(filepath.Dir(note), 0o755); err != nil {
		return "", err
	}
	return version, atomicwriter.WriteFile(note, []byte(version), 0o644)
}

// buildkitRecipe is the image of a release. Its programs need not exist yet.
func (l *Lab) buildkitRecipe(release, runcVersion string) image.Recipe {
	refs := []string{"moby/buildkit:" + release}
	if release == versions.NewestBuildKit {
		refs = append(refs, "moby/buildkit:buildx-stable-1", "moby/buildkit:latest")
	}
	bin := l.folder(buildkit(release))
	r := image.BuildKit(refs, l.arch,
		fmt.Sprintf("%s %s, runc %s and Debian packages (%s)", buildkitModule, release, runcVersion, l.release.Codename),
		filepath.Join(bin, "buildkitd"), filepath.Join(bin, "buildctl"), filepath.Join(l.folder(runc(runcVersion)), "runc"))
	r.Labels = map[string]string{VersionLabel: release, RuncLabel: runcVersion}
	return r
}

// serveBuildKit makes the registry serve a release.
func (l *Lab) serveBuildKit(ctx context.Context, release string) error {
	version, err := l.runcFor(ctx, release)
	if err != nil {
		return err
	}
	return l.serve(ctx, l.buildkitRecipe(release, version), buildkit(release), runc(version))
}

// BuildKitFromSource compiles BuildKit from a source tree, together with the
// runc that the tree's Dockerfile names, and serves it. It returns the image
// reference, which follows from the programs' content: the same tree gives the
// same reference.
func (l *Lab) BuildKitFromSource(ctx context.Context, dir string, flags ...string) (string, error) {
	tried := "building BuildKit from " + dir
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", explain(tried, err)
	}
	if !exists(filepath.Join(dir, "cmd", "buildkitd")) || !exists(filepath.Join(dir, "go.mod")) {
		return "", problem(tried, "it is no BuildKit source tree (no cmd/buildkitd)", "name the folder that holds BuildKit's go.mod")
	}
	var ref string
	err = l.session(ctx, func(ctx context.Context) error {
		ref, err = l.fromSource(ctx, dir, flags)
		return err
	})
	return ref, explain(tried, err)
}

// Source is the folder of a release's source tree.
func (l *Lab) Source(ctx context.Context, release string) (string, error) {
	dir, err := moduleDir(ctx, buildkitModule, release)
	return dir, explain("fetching the source of BuildKit "+release, err)
}

func (l *Lab) fromSource(ctx context.Context, dir string, flags []string) (string, error) {
	version, err := runcIn(dir)
	if err != nil {
		return "", err
	}
	p := buildkit(versions.NewestBuildKit)
	p.name, p.version = "buildkit", "source"
	described := describeSource(ctx, dir)
	p.vars[buildkitModule+"/version.Version"] = described
	temp, err := os.MkdirTemp(l.path("tmp"), "source-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(temp)
	mode := []string{"-mod=readonly"}
	if exists(filepath.Join(dir, "vendor", "modules.txt")) {
		mode = []string{"-mod=vendor"}
	}
	mode = append(mode, flags...)
	err = l.progress.work("buildkit "+described, "building from "+dir, "built", func() error {
		return l.gobuild(ctx, p, dir, temp, goEnv(p.cgo()), mode)
	})
	if err != nil {
		return "", fmt.Errorf("%w (log: %s)", err, l.log(p.folder()))
	}
	sum, err := hashFiles(filepath.Join(temp, "buildkitd"), filepath.Join(temp, "buildctl"))
	if err != nil {
		return "", err
	}
	sum = hashText(sum + version)[:12]
	bin := l.path("bin", "buildkit-src-"+sum)
	if !exists(bin) {
		if err := os.Chmod(temp, 0o755); err != nil {
			return "", err
		}
		if err := os.MkdirAll(filepath.Dir(bin), 0o755); err != nil {
			return "", err
		}
		if err := os.Rename(temp, bin); err != nil {
			return "", err
		}
	}
	ref := "moby/buildkit:src-" + sum
	r := image.BuildKit([]string{ref}, l.arch,
		fmt.Sprintf("the BuildKit source tree %s (%s), runc %s and Debian packages", filepath.Base(dir), described, version),
		filepath.Join(bin, "buildkitd"), filepath.Join(bin, "buildctl"), filepath.Join(l.folder(runc(version)), "runc"))
	r.Labels = map[string]string{VersionLabel: described, RuncLabel: version}
	return ref, l.serve(ctx, r, runc(version))
}

// describeSource names a source tree's version as git does, or as BuildKit
// does where git knows nothing.
func describeSource(ctx context.Context, dir string) string {
	const unknown = "v0.0.0+unknown"
	if _, err := exec.LookPath("git"); err != nil || !exists(filepath.Join(dir, ".git")) {
		return unknown
	}
	out, err := process.Command{Dir: dir, Args: []string{"git", "describe", "--tags", "--always", "--dirty", "--match", "v[0-9]*"}}.Output(ctx)
	if err != nil {
		return unknown
	}
	text := strings.TrimSpace(out)
	if strings.HasPrefix(text, "v") {
		return text
	}
	return "v0.0.0+" + text
}

func hashText(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func hashFiles(files ...string) (string, error) {
	hash := sha256.New()
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			return "", err
		}
		_, err = io.Copy(hash, f)
		f.Close()
		if err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}
