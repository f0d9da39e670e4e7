//go:build integration

package builders

import (
	"crypto/rand"
	"strings"
	"testing"

	"builders.test/helpers/build"
	"builders.test/helpers/builder"
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

		first := usingMount(t, "before", id, "first")
		require.Empty(t, first.Text(t, "before"), "a cache mount that was never used is not empty")
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
	}, func(t *suite.T) {
		requireEmptiedByNoCache(t, func(found lists) []string { return found.plain })
	})

	suite.Prove(t, claim.Claim{
		ID:      "frontend/cache-mount-mode",
		Text:    "`--no-cache` also empties a cache mount that has a mode or an owner",
		Source:  "https://github.com/moby/buildkit/issues/5305",
		Needs:   []claim.Need{claim.BuildKit(">=0.16")},
		History: "Releases before v0.16.0 do not empty it",
	}, func(t *suite.T) {
		requireEmptiedByNoCache(t, func(found lists) []string { return found.inMode })
	})

	suite.Prove(t, claim.Claim{
		ID:     "frontend/secret",
		Text:   "A step's secret is in no layer, config, attestation or history of the image; a build argument and a file that was copied and removed are",
		Source: docsSecrets,
	}, func(t *suite.T) {
		secret, argument, copied := rand.Text(), rand.Text(), rand.Text()

		ref := imageWith(t, secret, argument, copied)
		history := cli.NewConfig(t).Docker(t, "history", "--no-trunc", ref).Stdout()

		require.Empty(t, image.FilesContaining(t, ref, secret), "the image contains the secret")
		require.NotContains(t, history, secret, "the history contains the secret")
		requireNotInEvidence(t, secret)

		require.NotEmpty(t, image.FilesContaining(t, ref, argument), "a build argument is not found in the image either, so this proves nothing")
		require.Contains(t, history, argument, "a build argument is not found in the history either, so this proves nothing")
		require.True(t, inEvidence(t, argument), "a build argument is not found in the evidence either, so this proves nothing about the secret")
		require.NotEmpty(t, image.FilesContaining(t, ref, copied), "a file that was copied and removed is not found in the layers either, so this proves nothing")
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

// requireEmptiedByNoCache looks at the list in one of the cache mounts.
func requireEmptiedByNoCache(t *suite.T, list func(lists) []string) {
	kept := mountsThroughNoCache(t)
	require.Equal(t, []string{"one"}, list(kept.one), "a cache mount that was never used is not empty")
	require.Equal(t, []string{"one", "two"}, list(kept.two), "the next build does not find the last one's files, so this proves nothing")
	require.Equal(t, []string{"three"}, list(kept.three), "--no-cache did not empty the cache mount")
	require.Equal(t, []string{"three", "four"}, list(kept.four), "the cache mount does not have exactly the files of the --no-cache build")
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

// imageWith builds an image whose steps get three values: as a secret, as a build
// argument, and as a file that is copied and removed. It checks that each step had its
// value, and returns the image.
func imageWith(t *suite.T, secret, argument, copied string) string {
	loaded := image.New(t, "secret")
	build.Run(t, builder.Shared(t), "fixtures/frontend/secret", build.Salt(t), build.Load(loaded),
		build.Secret("token", fixture.Secret(t, secret)), build.Arg("TOKEN", argument),
		build.Context("files", fixture.New(t, fs.WithFile("token", copied))))
	proofs := image.Run(t, loaded, t.Native(), "cat", "/proof", "/proof-of-argument", "/proof-of-copy")
	for _, step := range []struct{ gets, value string }{{"the secret", secret}, {"the argument", argument}, {"the file", copied}} {
		var proof string
		proof, proofs, _ = strings.Cut(proofs, "\n")
		require.Equal(t, sha256sum(step.value), proof, "the step that gets %s did not have its value", step.gets)
	}
	return loaded
}

// proof returns what a step with a secret wrote when it was last executed.
func proof(t *suite.T, b *builder.Builder, value string) string {
	left, _ := build.Export(t, b, "fixtures/frontend/secret", "proof", build.Target("proof"), build.Secret("token", fixture.Secret(t, value)), build.Salt(t))
	return left
}
