package env

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	"builders.test/helpers/subject"
)

// Buildx is the plugin under test.
type Buildx struct {
	// Path is the plugin's executable.
	Path string
	// Version is what it reports, for example v0.38.2.
	Version string
}

// Companions are releases of which at least one differs from any subject: a claim
// that needs a second BuildKit takes the first that differs.
var Companions = []string{subject.NewestBuildKit, subject.DefaultBuildKit}

// Companion returns the reference and the version of a BuildKit other than the
// one under test.
func (e *Environment) Companion() (ref, version string) {
	for _, version := range Companions {
		if version != e.BuildKit.Version {
			return "moby/buildkit:" + version, version
		}
	}
	panic("env: every companion is the subject") // impossible with two distinct releases
}

// openBuildx puts the plugin under test where the run's docker command finds
// it before any other.
func (e *Environment) openBuildx(ctx context.Context) error {
	path := e.settings.buildx
	if path == "" {
		found, err := e.installedBuildx(ctx)
		if err != nil {
			return err
		}
		path = found
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return fmt.Errorf("BUILDX=%s: %w", e.settings.buildx, err)
	}
	if info, err := os.Stat(path); err != nil || info.IsDir() || info.Mode()&0o111 == 0 {
		return fmt.Errorf("BUILDX=%s is not an executable file; give %s", path, anyOf("the path of a buildx plugin", e.settings.advice.Buildx))
	}
	if err := os.Symlink(path, filepath.Join(e.DockerConfig(), "cli-plugins", "docker-buildx")); err != nil {
		return fmt.Errorf("use the plugin %s: %w", path, err)
	}
	out, err := e.docker(ctx, "buildx", "version")
	if err != nil {
		return fmt.Errorf("the plugin %s does not run: %w", path, err)
	}
	version, err := parseBuildxVersion(out)
	if err != nil {
		return err
	}
	e.Buildx = Buildx{Path: path, Version: version}
	return nil
}

// installedBuildx asks the user's own docker command where its plugin is.
func (e *Environment) installedBuildx(ctx context.Context) (string, error) {
	dir := filepath.Join(UserDockerConfig(), "cli-plugins", "docker-buildx")
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	out, err := e.docker(ctx, "info", "--format", "{{json .ClientInfo.Plugins}}")
	if err != nil {
		return "", err
	}
	path, err := parsePluginPath(out)
	if err != nil {
		return "", fmt.Errorf("no buildx plugin: %w; install docker-buildx-plugin or set BUILDX to a plugin's path", err)
	}
	return path, nil
}

func parsePluginPath(info string) (string, error) {
	var plugins []struct{ Name, Path string }
	if err := json.Unmarshal([]byte(info), &plugins); err != nil {
		return "", fmt.Errorf("docker info: %w", err)
	}
	for _, p := range plugins {
		if p.Name == "buildx" && p.Path != "" {
			return p.Path, nil
		}
	}
	return "", fmt.Errorf("the docker command has no plugin called buildx")
}

var (
	buildxVersion    = regexp.MustCompile(`github\.com/docker/buildx (\S+)`)
	buildkitdVersion = regexp.MustCompile(`buildkitd \S+ (\S+)`)
	// inspectedBuildKit ignores case, which differs in older releases of buildx.
	inspectedBuildKit = regexp.MustCompile(`(?mi)^BuildKit(?: version)?:\s+(\S+)`)
	runcVersion       = regexp.MustCompile(`(?m)^runc version (\S+)`)
)

func parseBuildxVersion(text string) (string, error) {
	return submatch(buildxVersion, text, "docker buildx version")
}

// ParseBuildKitVersion reads the version from the output of `buildkitd
// --version`.
func ParseBuildKitVersion(text string) (string, error) {
	return submatch(buildkitdVersion, text, "buildkitd --version")
}

func submatch(pattern *regexp.Regexp, text, source string) (string, error) {
	match := pattern.FindStringSubmatch(text)
	if match == nil {
		return "", fmt.Errorf("%s printed %q, which has no version", source, text)
	}
	return match[1], nil
}

// Subject collects what is known about the system under test.
func (e *Environment) Subject() subject.Subject {
	buildkit := e.BuildKit
	if e.Driver == subject.DriverDocker {
		// The engine's own BuildKit is part of the engine, not an image.
		buildkit = subject.BuildKit{Version: e.builtIn.version}
	}
	return subject.Subject{
		BuildKit: buildkit,
		Buildx:   subject.Buildx{Version: e.Buildx.Version},
		Engine:   subject.Engine{Version: e.Engine.Version, Store: e.Engine.Store},
		Driver:   e.Driver,
		Host:     subject.Host{Kernel: e.Engine.Kernel, Arch: e.Engine.Arch, Emulation: emulation()},
	}
}

func (e *Environment) writeSubject(context.Context) error {
	encoded, err := json.MarshalIndent(e.Subject(), "", "  ")
	if err != nil {
		return fmt.Errorf("describe the subject: %w", err)
	}
	path := filepath.Join(e.Out, subject.File)
	if err := os.WriteFile(path, append(encoded, '\n'), 0o644); err != nil {
		return fmt.Errorf("write %s: %w; name a writable folder with OUT", path, err)
	}
	return nil
}
