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
	"builders.test/helpers/files"
	"builders.test/helpers/fixture"
	"builders.test/helpers/image"
	"builders.test/helpers/suite"
	"github.com/stretchr/testify/require"
	"gotest.tools/v3/fs"
)

// The claims of TestFrontend about what a step gets: caches, secrets, an agent, a
// network.

func frontendSteps(t *testing.T) {
	t.Helper()
	suite.Prove(t, claim.Claim{
		ID:     "frontend/cache-mount",
		Text:   "Later builds find a step's files in its cache mount, even at another path under the same id; the files are not in the image and not under another id",
		Source: docsDockerfile + "#run---mounttypecache",
	}, func(t *suite.T) {
		id, otherID := t.Env.Name("mount"), t.Env.Name("mount")

		require.Empty(t, throughMount(t, "before", id, "first"), "a cache mount that was never used is not empty")
		next := usingMount(t, "everywhere", id, "second", build.Arg("OTHER", otherID))

		require.Equal(t, "first", next.Text(t, "before"), "the next build does not find the last one's files in the cache mount")
		require.Equal(t, "first\nsecond", next.Text(t, "seen"), "a mount with the same id at another path has different content")
		require.Empty(t, next.Text(t, "other"), "a cache mount with another id has the files of the first one")
		require.Empty(t, next.Text(t, "left"), "the image contains the files of the cache mount")
	})

	suite.Prove(t, claim.Claim{
		ID:     "frontend/cache-mount-no-cache",
		Text:   "`--no-cache` empties the cache mounts of the steps that it reruns",
		Source: "https://github.com/moby/buildkit/issues/4250",
	}, func(t *suite.T) { requireEmptiedByNoCache(t, "before") })

	suite.Prove(t, claim.Claim{
		ID:      "frontend/cache-mount-mode",
		Text:    "`--no-cache` also empties a cache mount that has a mode or an owner",
		Source:  "https://github.com/moby/buildkit/issues/5305",
		Needs:   []claim.Need{claim.BuildKit(">=0.16")},
		History: "Releases before v0.16.0 do not empty it",
	}, func(t *suite.T) { requireEmptiedByNoCache(t, "owned") })

	suite.Prove(t, claim.Claim{
		ID:     "frontend/secret",
		Text:   "A step's secret is in no layer, config, attestation or history of the image; a build argument and a file that was copied and removed are",
		Source: docsSecrets,
	}, func(t *suite.T) {
		value, known := rand.Text(), rand.Text()

		mounted := imageOf(t, "mounted", value, build.Secret("token", fixture.Secret(t, value)), build.Salt(t))
		require.Empty(t, image.FilesContaining(t, mounted, value), "the image contains the secret")
		require.NotContains(t, historyOf(t, mounted), value, "the history contains the secret")
		requireNotInEvidence(t, value)

		argument := imageOf(t, "argument", known, build.Arg("TOKEN", known))
		require.NotEmpty(t, image.FilesContaining(t, argument, known), "a build argument is not found in the image either, so this proves nothing")
		require.Contains(t, historyOf(t, argument), known, "a build argument is not found in the history either, so this proves nothing")
		require.True(t, inEvidence(t, known), "a build argument is not found in the evidence either, so this proves nothing about the secret")

		copied := imageOf(t, "copied", known, build.Context("files", fixture.New(t, fs.WithFile("token", known))))
		require.NotEmpty(t, image.FilesContaining(t, copied, known), "a file that was copied and removed is not found in the layers either, so this proves nothing")
	})

	suite.Prove(t, claim.Claim{
		ID:     "frontend/secret-changed",
		Text:   "Changing a secret's value does not rerun a cached step",
		Source: docsSecrets,
	}, func(t *suite.T) {
		// Not a shared builder: other builds there may make a step run again.
		b := builder.Borrow(t)
		first, second := rand.Text(), rand.Text()
		require.Equal(t, sha256sum(first), proof(t, b, first), "the first build did not run the step, so this proves nothing")
		require.Equal(t, sha256sum(first), proof(t, b, second), "a new value of the secret reran the step")
	})

	suite.Prove(t, claim.Claim{
		ID:     "frontend/ssh",
		Text:   "With `--ssh` a step that asks for the agent reaches it; without `--ssh` there is none",
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
		Text:   "`RUN --network=none` has the loopback interface but no routes; other steps have routes",
		Source: docsDockerfile + "#run---network",
	}, func(t *suite.T) {
		seen, _ := build.ExportAll(t, builder.Shared(t), "fixtures/frontend/network", build.Salt(t))

		require.Contains(t, seen.Text(t, "loopback"), "127.0.0.1", "the step without network has no loopback interface")
		require.Empty(t, seen.Text(t, "without"), "the step without network has a route")
		require.NotEmpty(t, seen.Text(t, "with"), "a step with network has no route either, so this proves nothing")
	})
}

func requireEmptiedByNoCache(t *suite.T, target string) {
	cache.EmptiesMounts(t)
	id := t.Env.Name("mount")
	require.Empty(t, throughMount(t, target, id, "first"), "a cache mount that was never used is not empty")
	found := throughMount(t, target, id, "second", build.NoCache())
	left := throughMount(t, target, id, "third")

	require.Contains(t, left, "second", "the next build does not find the last one's files, so this proves nothing")
	require.Empty(t, found, "--no-cache did not empty the cache mount")
	require.Equal(t, "second", left, "the cache mount does not have exactly the files of the --no-cache build")
}

// throughMount runs a step with a cache mount and returns what the mount held before.
func throughMount(t *suite.T, target, id, step string, options ...build.Option) string {
	return usingMount(t, target, id, step, options...).Text(t, target)
}

// usingMount runs a step with a cache mount and returns what a target of the fixture
// reports.
func usingMount(t *suite.T, target, id, step string, options ...build.Option) files.Tree {
	options = append(options, build.Target(target), build.Arg("ID", id), build.Arg("STEP", step))
	told, _ := build.ExportAll(t, builder.Shared(t), "fixtures/frontend/cache-mount", options...)
	return told
}

// requireNotInEvidence fails if the evidence contains a secret: evidence gets shared.
func requireNotInEvidence(t *suite.T, value string) {
	require.False(t, inEvidence(t, value), "the evidence contains the secret")
}

// inEvidence reports whether the evidence of the try so far contains a value.
func inEvidence(t *suite.T, value string) bool {
	told, err := t.Evidence.Holds(value)
	t.EnvironmentOK(err, "cannot read the evidence")
	return told
}

// imageOf builds a target of the fixture whose step gets the value in some way. It
// checks that the step had the value, and returns the image.
func imageOf(t *suite.T, target, value string, options ...build.Option) string {
	loaded := image.New(t, target)
	build.Run(t, builder.Shared(t), "fixtures/frontend/secret", append(options, build.Target(target), build.Load(loaded))...)
	require.Equal(t, sha256sum(value), image.Run(t, loaded, t.Native(), "cat", "/proof"),
		"the step of %s did not have the value", target)
	return loaded
}

func historyOf(t *suite.T, ref string) string {
	return cli.NewConfig(t).Docker(t, "history", "--no-trunc", ref).Stdout()
}

// proof returns what a step with a secret wrote when it was last executed.
func proof(t *suite.T, b *builder.Builder, value string) string {
	left, _ := build.Export(t, b, "fixtures/frontend/secret", "proof", build.Target("proof"), build.Secret("token", fixture.Secret(t, value)), build.Salt(t))
	return left
}
