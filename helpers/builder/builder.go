// Package builder creates builders for specs and removes them afterwards.
//
//	b := builder.New(t, builder.Bootstrapped())
//	b.Exec(t, "/bin/arch")
//
// A builder that a spec does not change need not be made, see [Shared].
package builder

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"builders.test/helpers/cli"
	"builders.test/helpers/engine"
	"builders.test/helpers/enginecache"
	"builders.test/helpers/env"
	"builders.test/helpers/evidence"
	"builders.test/helpers/spec"
	"builders.test/helpers/subject"
	"gotest.tools/v3/icmd"
)

// Builder is a builder in some buildx configuration.
type Builder struct {
	// Name is the builder's name; it carries the run's id.
	Name string
	// Config is the buildx configuration that knows the builder.
	Config cli.Config
	// Platform is what the builder was created for, or empty.
	Platform string
	// Driver is the driver of its nodes: docker-container, docker or remote.
	Driver string

	// daemon is the BuildKit of a remote builder, which owns it unless the builder
	// was pointed at the daemon of another one.
	daemon *daemon
	owner  bool
}

// New creates a builder with the claim's driver, from the BuildKit under test and
// with network=host unless an option says otherwise. It registers the builder's
// removal before it looks at how the creation went; a spec may also remove the
// builder itself. With the docker driver it returns the engine's own builder,
// which is neither created nor removed; package enginecache cleans up what builds
// leave there.
func New(t *spec.T, options ...Option) *Builder {
	b, err := Try(t, options...)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return b
}

// Try is [New] for callers that want to continue if the builder cannot be
// created; the error says why in one line.
func Try(t *spec.T, options ...Option) (*Builder, error) {
	o := apply(t, options)
	b := o.builder()
	t.Cleanup(func() { b.cleanUp(t) })
	return b, b.make(t, o)
}

// defaultName is the name of the builder that every engine has.
const defaultName = "default"

func (s settings) builder() *Builder {
	b := &Builder{Name: s.name, Config: s.config, Platform: s.platforms, Driver: s.driver}
	switch s.driver {
	case subject.DriverDocker:
		b.Name = defaultName
	case subject.DriverRemote:
		b.daemon, b.owner = s.reached, s.reached == nil
	}
	if b.owner {
		b.daemon = &daemon{name: s.name + "-daemon", transport: s.transport}
	}
	return b
}

func (b *Builder) make(t *spec.T, o settings) error {
	if b.Driver == subject.DriverDocker {
		enginecache.Snapshot(t)
		return nil
	}
	if b.daemon == nil || b.owner {
		t.Env.Configured(b.Name, o.configText(t.Env.Testbed.Mirror))
	}
	// buildx pulls it even if the engine has it.
	if err := t.Env.SaveTag(t.Context(), o.image); err != nil {
		return err
	}
	args := o.createArgs(t)
	if b.owner {
		if err := b.daemon.start(t, o); err != nil {
			o.stumbled(t)
			return err
		}
	}
	if b.daemon != nil {
		args = append(args, b.daemon.createArgs(o.transport, o.certificate)...)
	}
	err := cli.Err(b.Config.Try(t, append([]string{"buildx"}, args...)...))
	if err != nil {
		o.stumbled(t)
	}
	return err
}

// stumbled notes that the image may have been missing: the engine pulls it, and
// falls back to its own copy if that fails.
func (s settings) stumbled(t *spec.T) {
	t.Stumbles(env.Question{Image: s.image, Local: true})
}

// OfContext returns the builder that every docker context has without anyone creating
// it: the BuildKit of the context's engine. Its configuration selects the context.
func OfContext(config cli.Config, context string) *Builder {
	return &Builder{Name: context, Config: config.With("DOCKER_HOST=", "DOCKER_CONTEXT="+context), Driver: subject.DriverDocker}
}

// Append adds a node to the builder, on the engine that a docker context names.
func (b *Builder) Append(t *spec.T, endpoint string, options ...Option) {
	o := apply(t, append([]Option{In(b.Config), Named(b.Name)}, options...))
	b.Config.Buildx(t, append(o.createArgs(t), "--append", endpoint)...)
}

// Recreate creates a builder of the same name on the state volume of this one,
// with the cache that is there. Its BuildKit starts again and prunes a second
// later, as far as its policy says so; after that it does so once a minute at
// most.
func (b *Builder) Recreate(t *spec.T, options ...Option) *Builder {
	engine.RemoveVolumeAfter(t, b.Volume())
	b.Config.Buildx(t, "stop", b.Name)
	b.Config.Buildx(t, "rm", "--keep-state", b.Name)
	return New(t, append([]Option{In(b.Config), Named(b.Name), Bootstrapped()}, options...)...)
}

// SharedWithNodes is [Shared] with a node for each platform, both of the
// docker-container driver; the first platform's is the builder's first node.
func SharedWithNodes(t *spec.T, platforms ...string) *Builder {
	key := t.SharedKey("builder with nodes for " + strings.Join(platforms, " and "))
	b, err := spec.Shared(t, key, func() (*Builder, error) {
		o := apply(t, []Option{Named(t.Env.SharedName()), Driver(subject.DriverContainer), Platform(platforms[0])})
		b := o.builder()
		if err := b.make(t, o); err != nil {
			return nil, err
		}
		for _, platform := range platforms[1:] {
			b.Append(t, cli.NewContext(t), Platform(platform))
		}
		b.Bootstrap(t)
		return b, nil
	})
	if err != nil {
		unavailable(t, "builder with several nodes", err)
	}
	return b
}

// unavailable ends a claim whose shared builder could not be made.
func unavailable(t *spec.T, what string, err error) {
	t.Stumbles(env.Question{Image: t.Env.BuildKit.Image, Local: true})
	t.Fatalf("the shared %s is not available: %v", what, err)
}

// Shared returns a running builder of the claim's driver for the platform of the
// engine's host. Specs share it and must not change it: there is one per driver
// and set of platforms, created by the first spec that asks and removed with the
// run. Other specs build there at the same time, and BuildKit may then run a step
// again that it has in its cache (moby/buildkit#4674): a spec that expects a hit
// needs its own builder.
func Shared(t *spec.T) *Builder {
	return SharedFor(t, t.Native())
}

// SharedFor is [Shared] for other platforms, separated by commas.
func SharedFor(t *spec.T, platforms string) *Builder {
	return shared(t, t.Driver, platforms)
}

// SharedOf is [Shared] with a driver other than the claim's.
func SharedOf(t *spec.T, driver string) *Builder {
	return shared(t, driver, t.Native())
}

// SharedWithDefaultGC is [Shared] for a BuildKit that prunes by its own policy.
func SharedWithDefaultGC(t *spec.T) *Builder {
	return share(t, t.SharedKey(t.Driver+" builder that prunes"), DefaultGC(), Bootstrapped())
}

// SharedUnpinned is [Shared] for a builder that names no image, so that buildx chooses one.
func SharedUnpinned(t *spec.T) *Builder {
	return share(t, t.SharedKey("unpinned builder"), Driver(subject.DriverContainer), Unpinned(), Bootstrapped())
}

// SharedOver returns a remote builder whose BuildKit can be reached over the transport. Specs
// share it, as [Shared], and point their own builders at its BuildKit: [SharingDaemonOf].
func SharedOver(t *spec.T, over Transport) *Builder {
	switch over {
	case DockerExec:
		return SharedOf(t, subject.DriverRemote)
	case UnixSocket:
		over = PlainTCP // it listens at both
	}
	return share(t, t.SharedKey("builder over "+string(over)), Driver(subject.DriverRemote), WithTransport(over))
}

func shared(t *spec.T, driver, platforms string) *Builder {
	return share(t, t.SharedKey(driver+" builder "+platforms), Driver(driver), Platform(platforms), Bootstrapped())
}

// share returns the builder of this key, which the first claim that asks creates with these options.
func share(t *spec.T, key string, options ...Option) *Builder {
	b, err := spec.Shared(t, key, func() (*Builder, error) {
		o := apply(t, append([]Option{Named(t.Env.SharedName())}, options...))
		b := o.builder()
		return b, b.make(t, o)
	})
	if err != nil {
		unavailable(t, key, err)
	}
	return b
}

// cleanUp keeps the daemon's log if the claim failed, and removes the builder.
// The janitor finds whatever else a builder leaves by the run's id.
func (b *Builder) cleanUp(t *spec.T) {
	if b.Driver == subject.DriverDocker {
		return
	}
	if t.Failed() {
		b.dump(t)
		b.keepLog(t)
	}
	if t.Keeps() {
		b.keep(t)
		return
	}
	if b.owner {
		defer b.daemon.remove(t)
	}
	if !b.Recorded() {
		return
	}
	if err := cli.Err(b.Config.CleanUp(t, "buildx", "rm", "--force", b.Name)); err != nil {
		t.Errorf("clean-up: %v", err)
	}
}

// keep leaves the builder for inspection.
func (b *Builder) keep(t *spec.T) {
	// The run's configuration has the buildx under test, and a testbed may have a
	// docker command that is not on the user's PATH.
	set := []string{"DOCKER_HOST=" + t.Env.Engine.Host, "DOCKER_CONFIG=" + t.Env.DockerConfig(), "BUILDX_CONFIG=" + b.Config.Dir}
	look := evidence.Line(set, []string{t.Env.Docker, "buildx", "inspect", b.Name})
	if err := t.Env.KeepFor(env.Kept{Claim: t.Claim.Name(), Look: look}); err != nil {
		t.Logf("%v", err)
	}
}

// dump makes the BuildKit of a claim that did not end log what it was doing,
// goroutine by goroutine. That ends the BuildKit.
func (b *Builder) dump(t *spec.T) {
	if t.Context().Err() != context.DeadlineExceeded {
		return
	}
	b.Config.CleanUp(t, "kill", "--signal", "QUIT", b.Container())
	b.Config.CleanUp(t, "wait", b.Container())
}

// logLines is how much of a daemon's log is kept: enough for what [Builder.dump]
// makes it say.
const logLines = "5000"

func (b *Builder) keepLog(t *spec.T) {
	result := b.Config.CleanUp(t, "logs", "--tail", logLines, b.Container())
	if err := t.Evidence.Note(b.Name+".log", result.Combined()); err != nil {
		t.Logf("evidence: %v", err)
	}
}

// Recorded reports whether the configuration still has a record of the builder.
func (b *Builder) Recorded() bool {
	_, err := os.Stat(filepath.Join(b.Config.Dir, "instances", b.Name))
	return err == nil
}

// Node returns the name of the builder's first node.
func (b *Builder) Node() string { return b.Name + "0" }

// Container returns the name of the container that the first node's BuildKit runs
// in. The docker driver has none.
func (b *Builder) Container() string {
	if b.daemon != nil {
		return b.daemon.name
	}
	return ContainerOf(b.Node())
}

// Volume returns the name of the state volume of the first node's BuildKit.
func (b *Builder) Volume() string { return b.Container() + "_state" }

// ContainerOf returns the name of a node's container, as buildx gives it.
func ContainerOf(node string) string { return env.NodePrefix + node }

// Buildx runs a docker buildx command on this builder.
func (b *Builder) Buildx(t *spec.T, args ...string) *icmd.Result {
	return b.Config.Buildx(t, append(args, b.Name)...)
}

// Bootstrap starts the builder and waits until its BuildKit answers.
func (b *Builder) Bootstrap(t *spec.T) {
	b.Config.Buildx(t, "inspect", "--bootstrap", b.Name)
}

// AwaitDaemon waits until the BuildKit of a remote builder answers again.
func (b *Builder) AwaitDaemon(t *spec.T) {
	if err := b.daemon.await(t, b.Config); err != nil {
		t.Fatalf("%v", err)
	}
}

// Exec runs a command in the builder's container and returns what it printed.
// Builders of the docker driver have no container, so asking for theirs fails the
// claim.
func (b *Builder) Exec(t *spec.T, command ...string) string {
	if b.Driver == subject.DriverDocker {
		t.Fatalf("the spec asks for the container of the engine's own BuildKit, which has none; its claim needs own-buildkit")
	}
	result := b.Config.Docker(t, append([]string{"exec", b.Container()}, command...)...)
	return strings.TrimSpace(result.Stdout())
}

// Records returns what the BuildKit of the builder's first node reports about its
// cache, record by record, as its buildctl prints it. The engine's own BuildKit
// has no buildctl, so buildx asks it.
func (b *Builder) Records(t *spec.T) string {
	if b.Driver == subject.DriverDocker {
		return b.Config.Buildx(t, "du", "--verbose", "--builder", b.Name).Stdout()
	}
	return b.Exec(t, "buildctl", "du", "--verbose")
}

// RecordsOf is [Builder.Records] for one of several nodes, each of which is a
// container made by buildx.
func (b *Builder) RecordsOf(t *spec.T, node string) string {
	return b.Config.Docker(t, "exec", ContainerOf(node), "buildctl", "du", "--verbose").Stdout()
}

// DaemonVersion returns the version that the builder's buildkitd reports.
func (b *Builder) DaemonVersion(t *spec.T) string {
	version, err := env.ParseBuildKitVersion(b.Exec(t, "buildkitd", "--version"))
	if err != nil {
		t.Fatalf("%v", err)
	}
	return version
}
