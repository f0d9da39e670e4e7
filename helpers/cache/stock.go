package cache

import (
	"time"

	"builders.test/helpers/build"
	"builders.test/helpers/builder"
	"builders.test/helpers/files"
	"builders.test/helpers/fixture"
	"builders.test/helpers/spec"
	"gotest.tools/v3/fs"
)

// Stock is a build that puts things of some megabytes each into a cache, and
// another that reads what is there: two layers, called first and second, a cache
// mount, and the local source that its step uses.
type Stock struct {
	// Context is the folder with the Dockerfile.
	Context string
}

// Thing is the minimum size of a layer, a cache mount or a local source, in bytes.
const Thing = 4 << 20

// Read looks for "first", "second" or "mount" in a builder's cache, and returns
// the value found there and the build that found it. What is missing is made
// again, with another value.
func (s Stock) Read(t *spec.T, b *builder.Builder, what string, options ...build.Option) (string, *build.Result) {
	return s.ReadFrom(t, b, what, s.Context, options...)
}

// ReadFrom is [Stock.Read] with the spec's own local source, see [Stock.Source].
func (s Stock) ReadFrom(t *spec.T, b *builder.Builder, what, source string, options ...build.Option) (string, *build.Result) {
	// The step that reads runs each time, since its argument differs each time.
	read := t.Env.Name("read")
	return build.Export(t, b, source, read, append(options, s.stage(t, "read-"+what, read))...)
}

// ReadFirstAnd is [Stock.ReadFrom] for the first layer and another thing, "second" or
// "mount", in one build. Neither depends on the other, so each is found or made again by
// itself.
func (s Stock) ReadFirstAnd(t *spec.T, b *builder.Builder, what, source string) (first, other string, r *build.Result) {
	return s.readBoth(t, b, "first", what, source)
}

// ReadLayers is [Stock.Read] for both layers in one build.
func (s Stock) ReadLayers(t *spec.T, b *builder.Builder) (first, second string) {
	first, second, _ = s.readBoth(t, b, "first", "second", s.Context)
	return first, second
}

// ReadMounts is [Stock.Read] for the cache mount and another, small one, in one build.
func (s Stock) ReadMounts(t *spec.T, b *builder.Builder) (mount, other string) {
	mount, other, _ = s.readBoth(t, b, "mount", "other", s.Context)
	return mount, other
}

func (s Stock) readBoth(t *spec.T, b *builder.Builder, one, other, source string) (inOne, inOther string, r *build.Result) {
	read := t.Env.Name("read")
	found, r := build.ExportAll(t, b, source, s.stage(t, "read-"+one+"-"+other, read))
	return found.Text(t, one+"-"+read), found.Text(t, other+"-"+read), r
}

func (s Stock) stage(t *spec.T, target, read string) build.Option {
	return build.All(build.File(s.Context+"/Dockerfile"), build.Target(target), build.Salt(t), build.Arg("READ", read))
}

// Source makes a local source with a file of random bytes, thing-source.
func (Stock) Source(t *spec.T) string {
	return fixture.New(t, fs.WithFile("thing-source", fixture.Noise(Thing)))
}

// MustHit fails the claim with the message unless a builder's cache still has the
// value that was read before.
func (s Stock) MustHit(t *spec.T, b *builder.Builder, what, before, message string) {
	if value, _ := s.Read(t, b, what); value != before {
		t.Fatalf("%s", message)
	}
}

// MustMiss fails the claim with the message if a builder's cache still has the
// value that was read before.
func (s Stock) MustMiss(t *spec.T, b *builder.Builder, what, before, message string) {
	if value, _ := s.Read(t, b, what); value == before {
		t.Fatalf("%s", message)
	}
}

// Layer returns the record of the first, second or third layer.
func (Stock) Layer(held Records, which string) Records {
	return held.Of("regular").About("of=/thing-" + which)
}

// Mounts returns the records of the cache mount.
func (Stock) Mounts(held Records) Records { return held.Of("exec.cachemount").About("/cache") }

// Sources returns the records of big local sources. Sizes are read as they are printed,
// rounded, and what a folder takes depends on the file system.
func (Stock) Sources(held Records) Records { return held.Of("source.local").AtLeast(Thing / 2) }

// Unequal puts both layers into a builder's empty cache, and returns the value of the
// first one and a limit in bytes that leaves room for one of them. The first layer is
// the older one, but was used later and more often.
func (s Stock) Unequal(t *spec.T, b *builder.Builder) (first string, limit int64) {
	s.MakeInOrder(t, b)
	// BuildKit counts this as a use of each record, so the order is made afterwards.
	limit = s.RoomForOneLess(Usage(t, b))
	first, _ = s.Read(t, b, "first")
	return first, limit
}

// UnequalThree is [Stock.Unequal] with a third layer, which is the newest one and was used
// least and longest ago. The limit leaves room for the first two.
func (s Stock) UnequalThree(t *spec.T, b *builder.Builder) (first string, limit int64) {
	build.Run(t, b, s.Context, s.stage(t, "read-first-later-latest", t.Env.Name("read")), build.CacheOnly())
	limit = s.RoomForOneLess(Usage(t, b))
	s.readBoth(t, b, "first", "later", s.Context)
	first, _ = s.Read(t, b, "first")
	return first, limit
}

// MakeInOrder puts both layers into a builder's cache in one build, the first layer first,
// and returns its value. To [Stock.Read] the second one is not there.
func (s Stock) MakeInOrder(t *spec.T, b *builder.Builder) (first string) {
	first, _, _ = s.readBoth(t, b, "first", "later", s.Context)
	return first
}

// RoomForOneLess returns a limit in bytes that leaves room for all layers in a cache but one.
func (Stock) RoomForOneLess(held Records) int64 { return held.Bytes() - Thing/2 }

// Rest starts a build that rests in a step on top of the second layer. wake lets
// it continue, and returns the value it took from that layer.
func (s Stock) Rest(t *spec.T, b *builder.Builder) (wake func() string) {
	rested := s.rest(t, b)
	return func() string {
		build.Run(t, b, s.Context, s.stage(t, "waking", rested.read))
		return rested.value(t)
	}
}

// RestUntilRead is [Stock.Rest], but the build with which wake lets it continue is
// [Stock.ReadLayers], too.
func (s Stock) RestUntilRead(t *spec.T, b *builder.Builder) (wake func() (value, first, second string)) {
	rested := s.rest(t, b)
	return func() (value, first, second string) {
		found, _ := build.ExportAll(t, b, s.Context, s.stage(t, "wake-and-read", rested.read))
		return rested.value(t), found.Text(t, "first-"+rested.read), found.Text(t, "second-"+rested.read)
	}
}

// resting is a build that rests.
type resting struct {
	read, dest string
	running    *build.Running
}

func (s Stock) rest(t *spec.T, b *builder.Builder) resting {
	r := resting{read: t.Env.Name("read"), dest: fixture.Path(t, "rested")}
	r.running = build.Start(t, b, s.Context, s.stage(t, "read-resting", r.read), build.Local(r.dest))
	r.running.Await(t, "until test -e")
	Await(t, b, time.Minute, "the build rests in a step whose cache mount is not in use",
		func(held Records) bool { return len(held.About("/gate").InUse()) > 0 })
	return r
}

// value waits for the build to end and returns what it took from the second layer.
func (r resting) value(t *spec.T) string {
	r.running.MustWait(t)
	return files.In(r.dest).Text(t, r.read)
}
