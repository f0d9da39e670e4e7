//go:build integration

package builders

import (
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"builders.test/helpers/build"
	"builders.test/helpers/builder"
	"builders.test/helpers/disk"
	"builders.test/helpers/engine"
	"builders.test/helpers/fixture"
	"builders.test/helpers/suite"
	"github.com/stretchr/testify/require"
)

// What the specs about disk have in common: fixtures/disk puts things of four
// megabytes each into a cache, and reads what is there.

// thing is the least size of a layer, a cache mount or a local source of the
// fixture.
const thing = 4 << 20

// reading looks afresh at what a builder's cache has of the fixture's first or
// second layer or of its cache mount: the value found there, and the build that
// found it. What is missing is made anew.
func reading(t *suite.T, b *builder.Builder, what string) (string, *build.Result) {
	t.Helper()
	return readingFrom(t, b, what, "fixtures/disk")
}

// readingFrom is reading with a local source of one's own, of which the cache
// mount's step makes use.
func readingFrom(t *suite.T, b *builder.Builder, what, source string) (string, *build.Result) {
	t.Helper()
	read := t.Env.Name("read")
	return build.Export(t, b, source, read, stage(t, "read-"+what, read)...)
}

// stage are the words that build a stage of the fixture. The salt keeps specs
// out of each other's caches.
func stage(t *suite.T, target, read string) []build.Option {
	return []build.Option{
		build.File("fixtures/disk/Dockerfile"), build.Target(target),
		build.Salt(t), build.Arg("READ", read),
	}
}

// requireStill fails unless a builder's cache still has the value.
func requireStill(t *suite.T, b *builder.Builder, what, value, message string) {
	t.Helper()
	found, _ := reading(t, b, what)
	require.Equal(t, value, found, message)
}

// requireAnew fails if a builder's cache still has the value.
func requireAnew(t *suite.T, b *builder.Builder, what, value, message string) {
	t.Helper()
	found, _ := reading(t, b, what)
	require.NotEqual(t, value, found, message)
}

// layer is the record of the fixture's first or second layer.
func layer(held disk.Records, which string) disk.Records {
	return held.Of("regular").About("of=/thing-" + which)
}

// mounts are the fixture's cache mounts, sources its big local sources.
func mounts(held disk.Records) disk.Records  { return held.Of("exec.cachemount").About("/cache") }
func sources(held disk.Records) disk.Records { return held.Of("source.local").AtLeast(thing) }

// newSource is a folder with a file of random bytes, to be used as a context.
func newSource(t *suite.T) string {
	t.Helper()
	dir := fixture.Path(t, "source")
	content := make([]byte, thing)
	rand.Read(content) // never fails
	err := errors.Join(os.Mkdir(dir, 0o700), os.WriteFile(filepath.Join(dir, "thing-source"), content, 0o600))
	if err != nil {
		t.EnvironmentFailed("make a context to build from: %v", err)
	}
	return dir
}

// reopened makes a builder of the same name on what the builder's cache holds.
// Its BuildKit starts anew, and prunes a second after that, as far as its
// policy says so: later it does so once a minute at most.
func reopened(t *suite.T, b *builder.Builder, options ...builder.Option) *builder.Builder {
	t.Helper()
	engine.RemoveVolumeAfter(t, b.Volume())
	b.Config.Buildx(t, "stop", b.Name)
	b.Config.Buildx(t, "rm", "--keep-state", b.Name)
	options = append([]builder.Option{builder.In(b.Config), builder.Named(b.Name), builder.Bootstrapped()}, options...)
	return builder.New(t, options...)
}

// rest begins a build that rests in a step on top of the second layer. wake
// lets it go on, and returns the value it took from that layer.
func rest(t *suite.T, b *builder.Builder) (wake func() string) {
	t.Helper()
	read := t.Env.Name("read")
	dest := fixture.Path(t, "rested")
	running := build.Start(t, b, "fixtures/disk", append(stage(t, "read-resting", read), build.Local(dest))...)
	running.Await(t, "until test -e")
	disk.Await(t, b, time.Minute, "the build rests in a step whose cache mount is not in use",
		func(held disk.Records) bool { return len(held.About("/gate").InUse()) > 0 })
	return func() string {
		t.Helper()
		build.Run(t, b, "fixtures/disk", stage(t, "waking", read)...)
		running.MustWait(t)
		value, err := os.ReadFile(filepath.Join(dest, read))
		require.NoError(t, err, "the build that rested ended well, but its result lacks what it read")
		return strings.TrimSpace(string(value))
	}
}
