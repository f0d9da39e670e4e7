//go:build integration

package builders

import (
	"fmt"
	"strings"
	"testing"

	"builders.test/helpers/builder"
	"builders.test/helpers/cache"
	"builders.test/helpers/claim"
	"builders.test/helpers/cli"
	"builders.test/helpers/engine"
	"builders.test/helpers/env"
	"builders.test/helpers/suite"
	"builders.test/internal/versions"
	"github.com/stretchr/testify/require"
)

// The claims of TestImages about how far a prune goes, and about stopped builders.

func imagesSpace(t *testing.T) {
	t.Helper()
	suite.Prove(t, claim.Claim{
		ID:      "images/prune-reserved-space",
		Text:    "`prune --reserved-space`, formerly `--keep-storage`, prunes down to that size, starting with what was used least often and least recently",
		Source:  docsPrune,
		Needs:   []claim.Need{claim.OwnBuildKit, claim.Buildx(">=0.18")},
		History: "Called --keep-storage before buildx v0.18, which still accepts the old name; every BuildKit supports it",
	}, func(t *suite.T) {
		b := builder.Borrow(t)
		value, limit := stock.UnequalThree(t, b)
		held, reserved := pruneTo(t, b, limit, "third", "--reserved-space")
		require.NotEmpty(t, stock.Layer(held, "second"), reserved+tooMuch)

		_, kept := pruneTo(t, b, stock.RoomForOneLess(held), "second", "--keep-storage")
		stock.MustHit(t, b, "first", value, kept+tooMuch)
	})

	suite.Prove(t, claim.Claim{
		ID:      "images/prune-max-used-space",
		Text:    "`prune --max-used-space` prunes down to that size, starting with what was used least often and least recently",
		Source:  docsPrune,
		Needs:   []claim.Need{claim.OwnBuildKit, claim.BuildKit(">=0.17"), claim.Buildx(">=0.18")},
		History: "Since BuildKit v0.17 and buildx v0.18",
	}, func(t *suite.T) {
		b := builder.Borrow(t)
		value, limit := stock.Unequal(t, b)
		_, said := pruneTo(t, b, limit, "second", "--max-used-space")
		stock.MustHit(t, b, "first", value, said+tooMuch)
	})

	suite.Prove(t, claim.Claim{
		ID:      "images/prune-min-free-space",
		Text:    "`prune --min-free-space` removes nothing while that much of the disk is free; otherwise it prunes, down to `--reserved-space`",
		Source:  docsPrune,
		Needs:   []claim.Need{claim.OwnBuildKit, claim.BuildKit(">=0.17"), claim.Buildx(">=0.18")},
		History: "Since BuildKit v0.17 and buildx v0.18",
	}, func(t *suite.T) {
		// Every disk has a byte to spare, and none has a petabyte.
		const little, unreachable = "1b", "1pb"

		b := builder.Borrow(t)
		value := stock.MakeInOrder(t, b)

		const spared = "prune removed a layer though enough of the disk was free"
		prune(t, b, "--max-used-space", unreachable, "--min-free-space", little)
		held := cache.Usage(t, b)
		require.NotEmpty(t, stock.Layer(held, "second"), spared)
		stock.MustHit(t, b, "first", value, spared)

		_, said := pruneTo(t, b, stock.RoomForOneLess(held), "second", "--reserved-space", "--min-free-space", unreachable)
		stock.MustHit(t, b, "first", value, said+tooMuch)
		prune(t, b, "--min-free-space", unreachable)
		stock.MustMiss(t, b, "first", value, "prune left a layer though too little of the disk was free")
	})

	suite.Prove(t, claim.Claim{
		ID:     "images/prune-old-buildkit",
		Text:   "`prune --max-used-space` and `--min-free-space` fail on a BuildKit that does not support them, such as " + versions.OldBuildKit + ", and remove nothing",
		Source: "https://github.com/moby/buildkit/pull/5359",
		Needs:  []claim.Need{claim.ContainerDriver, claim.Buildx(">=0.18")},
	}, func(t *suite.T) {
		b := builder.New(t, builder.Pinned(oldBuildKit))
		value, _ := stock.Read(t, b, "first")
		for _, flag := range []string{"--max-used-space", "--min-free-space"} {
			refused := cache.TryPrune(t, b, flag, "1000b")
			require.NotZero(t, refused.ExitCode, "buildx accepted %s for a BuildKit that does not support it", flag)
		}
		stock.MustHit(t, b, "first", value, "buildx refused to prune, but the layer is gone")
	})

	suite.Prove(t, claim.Claim{
		ID:     "images/prune-stopped",
		Text:   "`du` and `prune` of a stopped builder fail; they neither start it nor harm its cache",
		Source: "https://github.com/docker/buildx/issues/2134",
		Needs:  []claim.Need{claim.ContainerDriver},
	}, func(t *suite.T) {
		b := builder.Borrow(t)
		value, _ := stock.Read(t, b, "first")
		b.Config.Buildx(t, "stop", b.Name)

		for _, words := range [][]string{{"du"}, {"prune", "--force", "--all"}} {
			refused := b.Config.Try(t, append([]string{"buildx", "--builder", b.Name}, words...)...)
			require.NotZero(t, refused.ExitCode, "%s of a stopped builder succeeds: good news; add the buildx release that changed it to the claim", words[0])
		}
		require.False(t, engine.Container(t, b.Container()).State.Running, "du or prune started a stopped builder")
		// The build starts the builder again.
		stock.MustHit(t, b, "first", value, "prune of a stopped builder failed, but its cache is gone")
	})

	suite.Prove(t, claim.Claim{
		ID:      "images/system-prune",
		Text:    "`docker system prune --volumes` removes a stopped builder's container but not its cache: the state volume has a name and stays, and the next build finds it",
		Source:  "https://docs.docker.com/reference/cli/docker/system/prune/",
		Needs:   []claim.Need{claim.ContainerDriver},
		History: "Engines before 23.0 also pruned named volumes",
	}, func(t *suite.T) {
		b := builder.Borrow(t)
		value, _ := stock.Read(t, b, "first")
		b.Config.Buildx(t, "stop", b.Name)

		// docker system prune affects the whole engine, including other people's
		// things. So its effect is tested on objects of this run, made like a builder's.
		mark := "builders.prune=" + t.Env.Name("prune")
		container, volume := stoppedContainer(t, mark), namedVolume(t, mark)
		engine.PruneContainers(t, mark)
		require.False(t, engine.HasContainer(t, container), "a prune keeps stopped containers, and so those of stopped builders")
		engine.PruneVolumes(t, mark)
		require.True(t, engine.HasVolume(t, volume), "a prune removes named volumes, and so the state of stopped builders")
		engine.PruneAllVolumes(t, mark)
		require.False(t, engine.HasVolume(t, volume), "not even --all removes the volume, so this proves nothing")

		require.NotContains(t, engine.Volume(t, b.Volume()).Labels, anonymous, "the builder's state volume is anonymous")
		engine.RemoveContainer(t, b.Container())
		stock.MustHit(t, b, "first", value, "a stopped builder's container was removed, and its cache with it")
	})
}

// pruneTo prunes with a flag that leaves room for all layers but one. It fails unless the
// one that was used less often and less recently is gone, see [cache.Stock.Unequal], and
// returns what is left.
func pruneTo(t *suite.T, b *builder.Builder, limit int64, least, flag string, more ...string) (left cache.Records, said string) {
	words := append([]string{flag, fmt.Sprintf("%db", limit)}, more...)
	prune(t, b, words...)
	said = "prune " + strings.Join(words, " ")
	left = cache.Usage(t, b)
	require.Empty(t, stock.Layer(left, least), "%s left more than that", said)
	return left, said
}

// tooMuch is what is wrong if the other layer is gone, too.
const tooMuch = " removed too much, or did not start with what was used least"

// anonymous is the label that the engine puts on volumes without a name.
const anonymous = "com.docker.volume.anonymous"

func stoppedContainer(t *suite.T, mark string) (name string) {
	name = t.Env.Name("container")
	config := cli.NewConfig(t)
	t.Cleanup(func() { config.CleanUp(t, "rm", "--force", name) })
	// The image declares a volume; the tmpfs replaces it.
	config.Docker(t, "create", "--name", name, "--label", env.RunLabel+"="+t.Env.Run, "--label", mark,
		"--pull", "never", "--tmpfs", "/var/lib/buildkit", t.Env.BuildKit.Image)
	return name
}

func namedVolume(t *suite.T, mark string) (name string) {
	name = t.Env.Name("volume")
	engine.RemoveVolumeAfter(t, name)
	cli.NewConfig(t).Docker(t, "volume", "create", "--label", mark, name)
	return name
}
