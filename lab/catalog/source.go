package catalog

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"builders.test/internal/versions"
	"builders.test/lab/gobuild"
	"builders.test/lab/problem"
	"builders.test/lab/process"
	"builders.test/lab/site"
)

// CheckSource returns an error if a folder is not a BuildKit source tree.
func CheckSource(dir string) error {
	if site.Exists(filepath.Join(dir, "cmd", "buildkitd")) && site.Exists(filepath.Join(dir, "go.mod")) {
		return nil
	}
	return problem.New("building BuildKit from "+dir, "it is not a BuildKit source tree (no cmd/buildkitd)", "name the folder with BuildKit's go.mod")
}

// ServeSource compiles BuildKit from a source tree with the go command's flags,
// together with the runc that the tree's Dockerfile names, and serves it. It
// returns the image reference, which follows from the programs' content: the
// same tree gives the same reference.
func (c *Catalog) ServeSource(ctx context.Context, dir string, flags []string) (string, error) {
	runc, err := runcIn(dir)
	if err != nil {
		return "", err
	}
	described := describeSource(ctx, dir)
	bin, sum, err := c.compileSource(ctx, dir, described, runc, flags)
	if err != nil {
		return "", err
	}
	ref := "moby/buildkit:src-" + sum
	origin := fmt.Sprintf("the BuildKit source tree %s (%s), runc %s and Debian packages", filepath.Base(dir), described, runc)
	return ref, c.serve(ctx, c.buildkitImage([]string{ref}, origin, bin, described, runc), gobuild.Runc(runc))
}

// compileSource returns the folder of the programs, and a checksum of them and
// runc.
func (c *Catalog) compileSource(ctx context.Context, dir, described, runc string, flags []string) (bin, sum string, err error) {
	p := gobuild.BuildKit(versions.NewestBuildKit)
	p.Version = "source"
	p.Vars[gobuild.BuildKitModule+"/version.Version"] = described
	temp, err := os.MkdirTemp(c.Site.Temp(), "source-")
	if err != nil {
		return "", "", err
	}
	defer os.RemoveAll(temp)
	err = c.Site.Timed("buildkit "+described, "building from "+dir, "built", func() error {
		return c.Programs.Tree(ctx, p, dir, temp, flags)
	})
	if err != nil {
		return "", "", err
	}
	programs, err := site.Sum(filepath.Join(temp, "buildkitd"), filepath.Join(temp, "buildctl"))
	if err != nil {
		return "", "", err
	}
	whole := sha256.Sum256([]byte(programs + runc))
	sum = hex.EncodeToString(whole[:])[:12]
	bin = c.Site.Path("bin", "buildkit-src-"+sum)
	if site.Exists(bin) {
		return bin, sum, nil
	}
	if err := os.Chmod(temp, 0o755); err != nil {
		return "", "", err
	}
	if err := os.MkdirAll(filepath.Dir(bin), 0o755); err != nil {
		return "", "", err
	}
	err = os.Rename(temp, bin)
	if site.Exists(bin) {
		// Another process may have put the same programs there.
		return bin, sum, nil
	}
	return bin, sum, err
}

// describeSource names a source tree's version as git does or, if git knows
// nothing, as BuildKit does.
func describeSource(ctx context.Context, dir string) string {
	const unknown = "v0.0.0+unknown"
	if _, err := exec.LookPath("git"); err != nil || !site.Exists(filepath.Join(dir, ".git")) {
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
