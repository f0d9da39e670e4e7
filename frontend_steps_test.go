//go:build integration

package builders

import (
	"crypto/rand"
	"testing"

	"builders.test/helpers/build"
	"builders.test/helpers/builder"
	"builders.test/helpers/cache"
	"builders.test/helpers/claim"
	"builders.test/helpers/cli"
	"builders.test/helpers/fixture"
	"builders.test/helpers/image"
	"builders.test/helpers/suite"
	"github.com/stretchr/testify/require"
	"gotest.tools/v3/fs"
)

// The proofs of TestFrontend that are about what a step is given: caches,
// secrets, an agent, a network.

func frontendSteps(t *testing.T) {
	t.Helper()
	suite.Prove(t, claim.Claim{
		ID:     "frontend/cache-mount",
		Text:   "What a step leaves in a cache mount is there for the next builds, also at another path under the same id, and neither in the image nor under another id",
		Source: docsDockerfile + "#run---mounttypecache",
	}, func(t *suite.T) {
		id, otherID := t.Env.Name("mount"), t.Env.Name("mount")

		require.Empty(t, throughMount(t, "before", id, "first"), "a cache mount that was never used holds something")
		require.Equal(t, "first", throughMount(t, "before", id, "second"), "the next build does not find what the last one left in the cache mount")
		require.Equal(t, "first\nsecond", throughMount(t, "seen", id, "third"), "a mount of the same id at another path holds something else")
		require.Empty(t, throughMount(t, "before", otherID, "fifth"), "a cache mount with another id holds what was left under the first")
		require.Empty(t, throughMount(t, "left", id, "fourth"), "the image holds what was left in the cache mount")
	})

	suite.Prove(t, claim.Claim{
		ID:     "frontend/cache-mount-no-cache",
		Text:   "`--no-cache` empties the cache mounts of the steps that it runs again",
		Source: "https://github.com/moby/buildkit/issues/4250",
	}, func(t *suite.T) { requireEmptiedByNoCache(t, "before") })

	suite.Prove(t, claim.Claim{
		ID:      "frontend/cache-mount-mode",
		Text:    "`--no-cache` empties a cache mount that has a mode or an owner, too",
		Source:  "https://github.com/moby/buildkit/issues/5305",
		Needs:   []claim.Need{claim.BuildKit(">=0.16")},
		History: "Releases before v0.16.0 left it as it was",
	}, func(t *suite.T) { requireEmptiedByNoCache(t, "owned") })

	suite.Prove(t, claim.Claim{
		ID:     "frontend/secret",
		Text:   "A secret that a step was given is in no layer, config or attestation of the image and not in its history; a build argument and a copied and removed file are",
		Source: docsSecrets,
	}, func(t *suite.T) {
		value, known := rand.Text(), rand.Text()

		mounted := imageOf(t, "mounted", value, build.Secret("token", fixture.Secret(t, value)), build.Salt(t))
		require.Empty(t, image.FilesContaining(t, mounted, value), "the image holds the secret")
		require.NotContains(t, historyOf(t, mounted), value, "the history tells the secret")
		requireNotInEvidence(t, value)

		argument := imageOf(t, "argument", known, build.Arg("TOKEN", known))
		require.NotEmpty(t, image.FilesContaining(t, argument, known), "a build argument is not found in the image either, so this proves nothing")
		require.Contains(t, historyOf(t, argument), known, "a build argument is not found in the history either, so this proves nothing")
		require.True(t, inEvidence(t, known), "a build argument is not found in the evidence either, so that the secret is not proves nothing")

		copied := imageOf(t, "copied", known, build.Context("files", fixture.New(t, fs.WithFile("token", known))))
		require.NotEmpty(t, image.FilesContaining(t, copied, known), "a file that was copied and removed is not found in the layers either, so this proves nothing")
	})

	suite.Prove(t, claim.Claim{
		ID:     "frontend/secret-changed",
		Text:   "A secret whose value changed does not run a cached step again",
		Source: docsSecrets,
	}, func(t *suite.T) {
		// A builder of its own: others that build there may make a step run again.
		b := builder.New(t)
		first, second := rand.Text(), rand.Text()
		require.Equal(t, sha256sum(first), proof(t, b, first), "the first build did not run the step, so this proves nothing")
		require.Equal(t, sha256sum(first), proof(t, b, second), "another value of the secret ran the step again")
	})

	suite.Prove(t, claim.Claim{
		ID:     "frontend/ssh",
		Text:   "With `--ssh` a step that asks for it reaches the agent, without it there is none",
		Source: docsDockerfile + "#run---mounttypessh",
	}, func(t *suite.T) {
		comment := rand.Text()
		socket := fixture.SSHAgent(t, comment)

		told, _ := build.Export(t, builder.Shared(t), "fixtures/frontend/ssh", "identities", build.SSH(socket), build.Salt(t))
		require.Contains(t, told, comment, "the step did not reach the agent that was forwarded")

		told, _ = build.Export(t, builder.Shared(t), "fixtures/frontend/ssh", "identities", build.NoCache(), build.Salt(t))
		require.Equal(t, "no agent", told, "the step has an agent that was not forwarded")
	})

	suite.Prove(t, claim.Claim{
		ID:     "frontend/network-none",
		Text:   "`RUN --network=none` has the loopback interface and no route to anywhere, other steps have one",
		Source: docsDockerfile + "#run---network",
	}, func(t *suite.T) {
		require.Contains(t, networkSeen(t, "loopback"), "127.0.0.1", "the step without network has no loopback interface")
		require.Empty(t, networkSeen(t, "without"), "the step without network has a route")
		require.NotEmpty(t, networkSeen(t, "with"), "a step with network has no route either, so this proves nothing")
	})
}

func requireEmptiedByNoCache(t *suite.T, target string) {
	t.Helper()
	cache.EmptiesMounts(t)
	id := t.Env.Name("mount")
	require.Empty(t, throughMount(t, target, id, "first"), "a cache mount that was never used holds something")
	require.Equal(t, "first", throughMount(t, target, id, "second"), "the next build does not find what the last one left, so this proves nothing")
	require.Empty(t, throughMount(t, target, id, "third", build.NoCache()), "--no-cache left the cache mount as it was")
	require.Equal(t, "third", throughMount(t, target, id, "fourth"), "what --no-cache emptied is back, or what it left is not")
}

// throughMount runs a step with a cache mount and returns what one target of
// the fixture tells.
func throughMount(t *suite.T, target, id, step string, options ...build.Option) string {
	t.Helper()
	options = append(options, build.Target(target), build.Arg("ID", id), build.Arg("STEP", step))
	told, _ := build.Export(t, builder.Shared(t), "fixtures/frontend/cache-mount", target, options...)
	return told
}

// requireNotInEvidence fails if what is kept of a run tells a secret: it is sent around.
func requireNotInEvidence(t *suite.T, value string) {
	t.Helper()
	require.False(t, inEvidence(t, value), "the evidence tells the secret")
}

// inEvidence reports whether what is kept of the try so far tells a value.
func inEvidence(t *suite.T, value string) bool {
	t.Helper()
	told, err := t.Evidence.Holds(value)
	if err != nil {
		t.EnvironmentFailed("the evidence cannot be read: %v", err)
	}
	return told
}

// imageOf builds a target of the fixture whose step is given the value in some
// way, makes sure that the step had it, and returns the image.
func imageOf(t *suite.T, target, value string, options ...build.Option) string {
	t.Helper()
	loaded := image.New(t, target)
	build.Run(t, builder.Shared(t), "fixtures/frontend/secret", append(options, build.Target(target), build.Load(loaded))...)
	require.Equal(t, sha256sum(value), image.Run(t, loaded, t.Native(), "cat", "/proof"),
		"the step of %s did not have the value", target)
	return loaded
}

func historyOf(t *suite.T, ref string) string {
	t.Helper()
	return cli.NewConfig(t).Docker(t, "history", "--no-trunc", ref).Stdout()
}

// proof is what a step with a secret left when it was executed last.
func proof(t *suite.T, b *builder.Builder, value string) string {
	t.Helper()
	left, _ := build.Export(t, b, "fixtures/frontend/secret", "proof", build.Target("proof"), build.Secret("token", fixture.Secret(t, value)), build.Salt(t))
	return left
}

// networkSeen is what a step saw of the network.
func networkSeen(t *suite.T, target string) string {
	t.Helper()
	told, _ := build.Export(t, builder.Shared(t), "fixtures/frontend/network", target, build.Target(target), build.Salt(t))
	return told
}
