// Package debian takes packages from the host's distribution without installing
// them: apt downloads and verifies them with a private state, and they are
// unpacked by dpkg-deb, or merged into the layer of an image.
package debian

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"builders.test/lab/process"
	"builders.test/lab/site"
)

// Release is what /etc/os-release says about a distribution.
type Release struct {
	// ID is "debian" or "ubuntu"; Codename is, for example, "bookworm".
	ID, Codename string
	// Like are the distributions that it descends from.
	Like []string
}

// HostRelease reads the host's os-release file.
func HostRelease() (Release, error) {
	text, err := os.ReadFile("/etc/os-release")
	if err != nil {
		return Release{}, err
	}
	return parseRelease(string(text)), nil
}

// IsDebian reports whether the distribution is Debian or descends from it.
func (r Release) IsDebian() bool {
	return r.ID == "debian" || slices.Contains(r.Like, "debian")
}

func parseRelease(text string) Release {
	var r Release
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		value = strings.Trim(value, `"'`)
		switch name {
		case "ID":
			r.ID = value
		case "ID_LIKE":
			r.Like = strings.Fields(value)
		case "VERSION_CODENAME":
			r.Codename = value
		}
	}
	return r
}

// Archive is the distribution's package archive for one architecture, as seen by
// a machine on which nothing is installed.
type Archive struct {
	// Dir keeps package lists and downloads. Processes may share it.
	Dir string
	// Temp holds what is useless after a call.
	Temp string
	// Arch is the architecture, in Debian's and Go's names: amd64, arm64.
	Arch string
	// Log receives what apt says; it may be nil.
	Log io.Writer

	mu      sync.Mutex
	updated bool
}

// Closure downloads the packages and everything they depend on, and returns the
// files in the order of installation. It leaves out recommendations.
func (a *Archive) Closure(ctx context.Context, packages ...string) ([]string, error) {
	return a.alone(ctx, func() ([]string, error) {
		plan, err := a.apt(ctx, a.Dir, append([]string{"--simulate", "install"}, packages...)...)
		if err != nil {
			return nil, fmt.Errorf("resolving the packages %s for %s: %w", strings.Join(packages, " "), a.Arch, err)
		}
		return a.download(ctx, parsePlan(plan))
	})
}

// alone runs fn with current package lists while no one else uses the archive: apt
// works in one folder once at a time.
func (a *Archive) alone(ctx context.Context, fn func() ([]string, error)) (files []string, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	err = site.Locked(ctx, filepath.Join(a.Dir, "lock"), nil, func() error {
		if err := a.update(ctx); err != nil {
			return err
		}
		files, err = fn()
		return err
	})
	return files, err
}

// ClosureOn is [Archive.Closure] without what the packages below bring along.
func (a *Archive) ClosureOn(ctx context.Context, below, packages []string) ([]string, error) {
	debs, err := a.Closure(ctx, slices.Concat(below, packages)...)
	if err != nil || len(below) == 0 {
		return debs, err
	}
	there, err := a.Closure(ctx, below...)
	return slices.DeleteFunc(debs, func(deb string) bool { return slices.Contains(there, deb) }), err
}

// Download downloads just these packages and returns their files.
func (a *Archive) Download(ctx context.Context, packages ...string) ([]string, error) {
	return a.alone(ctx, func() ([]string, error) { return a.download(ctx, packages) })
}

func (a *Archive) download(ctx context.Context, packages []string) ([]string, error) {
	// In the folder that has the files already, apt would not name them.
	uris, err := a.apt(ctx, a.Dir, append([]string{"download", "--print-uris"}, packages...)...)
	if err != nil {
		return nil, fmt.Errorf("looking up Debian packages for %s: %w", a.Arch, err)
	}
	names := parseURIs(uris)
	if len(names) != len(packages) {
		return nil, fmt.Errorf("apt names %d files for %d Debian packages", len(names), len(packages))
	}
	if _, err := a.apt(ctx, a.debs(), append([]string{"download"}, packages...)...); err != nil {
		return nil, fmt.Errorf("downloading Debian packages for %s: %w", a.Arch, err)
	}
	files := make([]string, len(names))
	for i, name := range names {
		files[i] = filepath.Join(a.debs(), name)
		if _, err := os.Stat(files[i]); err != nil {
			return nil, fmt.Errorf("downloading Debian packages for %s: %w", a.Arch, err)
		}
	}
	return files, nil
}

// Unpack unpacks the files of packages into dir, without running their
// scripts.
func Unpack(ctx context.Context, dir string, debs ...string) error {
	for _, deb := range debs {
		if err := (process.Command{Args: []string{"dpkg-deb", "--extract", deb, dir}}).Run(ctx); err != nil {
			return fmt.Errorf("unpacking %s: %w", filepath.Base(deb), err)
		}
	}
	return nil
}

func (a *Archive) debs() string { return filepath.Join(a.Dir, "debs") }

// update fetches the package lists, once per process.
func (a *Archive) update(ctx context.Context) error {
	if a.updated {
		return nil
	}
	if err := a.configure(ctx); err != nil {
		return err
	}
	if _, err := a.apt(ctx, a.Dir, "update"); err != nil {
		return fmt.Errorf("fetching the lists of Debian packages: %w", err)
	}
	a.updated = true
	return nil
}

// configure writes an apt configuration that shares nothing with the host but its
// sources, its keys and its network settings.
func (a *Archive) configure(ctx context.Context) error {
	for _, dir := range []string{"debs", "lists/partial", "state", "cache/archives/partial", "sources.list.d"} {
		if err := os.MkdirAll(filepath.Join(a.Dir, dir), 0o755); err != nil {
			return err
		}
	}
	lines, stanzas, err := HostSources()
	if err != nil {
		return err
	}
	if lines+stanzas == "" {
		return fmt.Errorf("/etc/apt names no package sources")
	}
	dump, err := process.Command{Args: []string{"apt-config", "dump"}}.Output(ctx)
	if err != nil {
		return err
	}
	for name, text := range map[string]string{
		"status":                      "",
		"sources.list":                lines,
		"sources.list.d/host.sources": stanzas,
		"apt.conf":                    a.config() + networkSettings(dump),
	} {
		if err := os.WriteFile(filepath.Join(a.Dir, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func (a *Archive) config() string {
	at := func(name string) string { return filepath.Join(a.Dir, name) }
	return fmt.Sprintf(`Dir::Etc::parts "/dev/null";
Dir::Etc::main "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::Etc::sourcelist %q;
Dir::Etc::sourceparts %q;
Dir::State %q;
Dir::State::lists %q;
Dir::State::status %q;
Dir::Cache %q;
APT::Architecture %q;
APT::Architectures { %q; };
APT::Install-Recommends "false";
APT::Sandbox::User "root";
APT::Update::Error-Mode "any";
Acquire::Languages "none";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled "false";
Acquire::Retries "3";
Acquire::http::Timeout "30";
`, at("sources.list"), at("sources.list.d"), at("state"), at("lists"), at("status"), at("cache"), a.Arch, a.Arch)
}

// apt runs apt-get in a folder and returns what it prints. Downloads go to the
// folder; apt verifies existing files and resumes partial ones.
func (a *Archive) apt(ctx context.Context, dir string, args ...string) (string, error) {
	env := append(os.Environ(), "APT_CONFIG="+filepath.Join(a.Dir, "apt.conf"), "TMPDIR="+a.Temp, "LC_ALL=C", "DEBIAN_FRONTEND=noninteractive")
	out, err := process.Command{
		Dir: dir, Env: env, Log: a.Log, Cause: firstComplaint,
		Args: append([]string{"apt-get", "--quiet", "--yes"}, args...),
	}.Output(ctx)
	if err != nil && ctx.Err() == nil {
		err = fmt.Errorf("%w: %w", ErrArchive, err)
	}
	return out, err
}

// ErrArchive wraps the errors of this package that come from apt: packages could
// not be found or fetched.
var ErrArchive = errors.New("apt failed")

// firstComplaint returns the first error that apt reports; the later ones follow
// from it.
func firstComplaint(said string) string {
	for line := range strings.Lines(said) {
		if text, ok := strings.CutPrefix(line, "E: "); ok {
			return strings.TrimSpace(text)
		}
	}
	return process.LastLine(said)
}

// networkSettings returns the lines of `apt-config dump` that say how the host
// reaches its sources: proxies, certificates and the like.
func networkSettings(dump string) string {
	var kept strings.Builder
	for line := range strings.Lines(dump) {
		name, _, _ := strings.Cut(line, " ")
		for _, prefix := range []string{"Acquire::http::", "Acquire::https::", "Acquire::socks::", "Acquire::Check-Valid-Until"} {
			if strings.HasPrefix(name, prefix) && !strings.HasSuffix(name, "::Timeout") {
				kept.WriteString(strings.TrimSpace(line) + "\n")
			}
		}
	}
	return kept.String()
}

// parsePlan reads what `apt-get --simulate install` would install, as
// name=version in the order of installation.
func parsePlan(text string) []string {
	var plan []string
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) < 3 || fields[0] != "Inst" {
			continue
		}
		plan = append(plan, fields[1]+"="+strings.TrimPrefix(fields[2], "("))
	}
	return plan
}

// parseURIs reads the file names from `apt-get download --print-uris`.
func parseURIs(text string) []string {
	var names []string
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) >= 3 && strings.HasPrefix(fields[0], "'") {
			names = append(names, fields[1])
		}
	}
	return names
}
