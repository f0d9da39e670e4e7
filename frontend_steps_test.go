//go:build integration

package builders

import (
	"crypto/rand"
	"os"
	"path/filepath"

	"builders.test/helpers/agent"
	"builders.test/helpers/build"
	"builders.test/helpers/builder"
	"builders.test/helpers/cli"
	"builders.test/helpers/image"
	"builders.test/helpers/spec"
	"github.com/stretchr/testify/require"
)

// The proofs of TestFrontend that are about what a step is given: caches,
// secrets, an agent, a network.

func cacheMountsSurvive(t *spec.T) {
	id, otherID := t.Env.Name("mount"), t.Env.Name("mount")

	require.Empty(t, throughMount(t, "before", id, "first"), "a cache mount that nobody used holds something")
	require.Equal(t, "first", throughMount(t, "before", id, "second"), "the next build does not find what the last one left in the cache mount")
	require.Equal(t, "first\nsecond", throughMount(t, "seen", id, "third"), "a mount of the same id at another path holds something else")
	require.Empty(t, throughMount(t, "before", otherID, "fifth"), "a cache mount with another id holds what was left under the first")
	require.Empty(t, throughMount(t, "left", id, "fourth"), "the image holds what was left in the cache mount")
}

func noCacheEmptiesTheMount(t *spec.T)       { requireEmptiedByNoCache(t, "before") }
func noCacheEmptiesTheMountInMode(t *spec.T) { requireEmptiedByNoCache(t, "owned") }

func requireEmptiedByNoCache(t *spec.T, target string) {
	t.Helper()
	emptiesMounts(t)
	id := t.Env.Name("mount")
	require.Empty(t, throughMount(t, target, id, "first"), "a cache mount that nobody used holds something")
	require.Equal(t, "first", throughMount(t, target, id, "second"), "the next build does not find what the last one left, so this proves nothing")
	require.Empty(t, throughMount(t, target, id, "third", build.NoCache()), "--no-cache left the cache mount as it was")
	require.Equal(t, "third", throughMount(t, target, id, "fourth"), "what --no-cache emptied is back, or what it left is not")
}

// throughMount runs a step with a cache mount and returns what one target of
// the fixture tells.
func throughMount(t *spec.T, target, id, step string, options ...build.Option) string {
	t.Helper()
	options = append(options, build.Target(target), build.Arg("ID", id), build.Arg("STEP", step))
	told, _ := build.Export(t, warm(t), "fixtures/frontend/cache-mount", target, options...)
	return told
}

func secretsLeaveNoTrace(t *spec.T) {
	value, known := rand.Text(), rand.Text()

	mounted := given(t, "mounted", value, secret(t, value), salt(t))
	require.Empty(t, image.Holding(t, mounted, value), "the image holds the secret")
	require.NotContains(t, historyOf(t, mounted), value, "the history tells the secret")
	requireKept(t, value)

	argument := given(t, "argument", known, build.Arg("TOKEN", known))
	require.NotEmpty(t, image.Holding(t, argument, known), "a build argument is not found in the image either, so this proves nothing")
	require.Contains(t, historyOf(t, argument), known, "a build argument is not found in the history either, so this proves nothing")
	require.True(t, told(t, known), "a build argument is not found in the evidence either, so that the secret is not proves nothing")

	copied := given(t, "copied", known, build.Context("files", tokenFolder(t, known)))
	require.NotEmpty(t, image.Holding(t, copied, known), "a file that was copied and removed is not found in the layers either, so this proves nothing")
}

// requireKept fails if what is kept of a run tells a secret: it is sent around.
func requireKept(t *spec.T, value string) {
	t.Helper()
	require.False(t, told(t, value), "the evidence tells the secret")
}

// told reports whether what is kept of the try so far tells a value.
func told(t *spec.T, value string) bool {
	t.Helper()
	told, err := t.Evidence.Holds(value)
	if err != nil {
		t.EnvironmentFailed("the evidence cannot be read: %v", err)
	}
	return told
}

// given builds a target of the fixture whose step is given the value in some
// way, makes sure that the step had it, and returns the image.
func given(t *spec.T, target, value string, options ...build.Option) string {
	t.Helper()
	loaded := image.New(t, target)
	build.Run(t, warm(t), "fixtures/frontend/secret", append(options, build.Target(target), build.Load(loaded))...)
	require.Equal(t, sum(value)+"  -", image.Run(t, loaded, "linux/"+t.Env.Engine.Arch, "cat", "/proof"),
		"the step of %s did not have the value", target)
	return loaded
}

func historyOf(t *spec.T, ref string) string {
	t.Helper()
	return cli.NewHome(t).Docker(t, "history", "--no-trunc", ref).Stdout()
}

func aChangedSecretIsNoReason(t *spec.T) {
	// A builder of its own: others that build there may make a step run again.
	b := builder.New(t)
	first, second := rand.Text(), rand.Text()
	require.Equal(t, sum(first)+"  -", proof(t, b, first), "the first build did not run the step, so this proves nothing")
	require.Equal(t, sum(first)+"  -", proof(t, b, second), "another value of the secret ran the step again")
}

// proof is what a step with a secret left when it was executed last.
func proof(t *spec.T, b *builder.Builder, value string) string {
	t.Helper()
	left, _ := build.Export(t, b, "fixtures/frontend/secret", "proof", build.Target("proof"), secret(t, value), salt(t))
	return left
}

func sshReachesTheAgent(t *spec.T) {
	comment := rand.Text()
	socket := agent.Serve(t, comment)

	told, _ := build.Export(t, warm(t), "fixtures/frontend/ssh", "identities", build.SSH(socket), salt(t))
	require.Contains(t, told, comment, "the step did not reach the agent that was forwarded")

	told, _ = build.Export(t, warm(t), "fixtures/frontend/ssh", "identities", build.NoCache(), salt(t))
	require.Equal(t, "no agent", told, "the step has an agent that nobody forwarded")
}

func noneHasNoRoute(t *spec.T) {
	require.Contains(t, seen(t, "loopback"), "127.0.0.1", "the step without network has no loopback interface")
	require.Empty(t, seen(t, "without"), "the step without network has a route")
	require.NotEmpty(t, seen(t, "with"), "a step with network has no route either, so this proves nothing")
}

// seen is what a step saw of the network.
func seen(t *spec.T, target string) string {
	t.Helper()
	told, _ := build.Export(t, warm(t), "fixtures/frontend/network", target, build.Target(target), salt(t))
	return told
}

// secret keeps a value in a file of the run's and gives it to a build as the
// secret token.
func secret(t *spec.T, value string) build.Option {
	t.Helper()
	return build.Secret("token", filepath.Join(tokenFolder(t, value), "token"))
}

// tokenFolder is a folder of the run's that holds a value in the file token.
func tokenFolder(t *spec.T, value string) string {
	t.Helper()
	dir := filepath.Join(t.Env.Dir, t.Env.Name("token"))
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.EnvironmentFailed("make a folder: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "token"), []byte(value), 0o600); err != nil {
		t.EnvironmentFailed("write a secret: %v", err)
	}
	return dir
}
