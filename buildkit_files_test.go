//go:build integration

package builders

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"builders.test/helpers/build"
	"builders.test/helpers/builder"
	"builders.test/helpers/claim"
	"builders.test/helpers/files"
	"builders.test/helpers/fixture"
	"builders.test/helpers/progress"
	"builders.test/helpers/suite"
	"github.com/stretchr/testify/require"
	"gotest.tools/v3/fs"
)

const (
	// many files of small bytes each, and one file of large bytes.
	many, small, large = 1000, 1000, 200_000

	// perFile bounds the bytes of one file's metadata: name, mode, owner, size
	// and time. Measured: 28 for names as short as these.
	perFile = 100
)

const copyAll = "FROM scratch\nCOPY . /\n"

func buildkitFiles(t *testing.T) {
	t.Helper()
	suite.Prove(t, claim.Claim{
		ID:     "buildkit/nothing-changed",
		Text:   "When no file changed, the second build sends the files' names and times but none of their content",
		Source: docsBuildKit,
	}, func(t *suite.T) {
		second := sentThrice(t).unchanged
		require.Positive(t, second.Sent(t), "BuildKit does not report what was sent")
		require.Less(t, second.Sent(t), int64(many*perFile), "no file changed, but the second build sent more than the files' names and times")
		require.NotEqual(t, progress.No, second.Cached("COPY . /"), "no file changed, but COPY ran again")
	})

	suite.Prove(t, claim.Claim{
		ID:     "buildkit/one-changed",
		Text:   "When one file among a thousand changed, the second build sends the content of that file only",
		Source: docsBuildKit,
	}, func(t *suite.T) {
		sent := sentThrice(t)
		require.True(t, sent.copied, "a file changed, but COPY came from the cache")
		changed := sent.changed
		require.GreaterOrEqual(t, changed.Sent(t), int64(large), "the changed file was not sent in full")
		require.Less(t, changed.Sent(t), int64(large+many*perFile), "one file changed, but the next build sent the content of others, too")
	})

	suite.Prove(t, claim.Claim{
		ID:     "buildkit/only-touched",
		Text:   "A file with a new time and the same content is sent again in full, and COPY still comes from the cache",
		Source: docsInvalidation,
	}, func(t *suite.T) {
		const touched, changed, untouched = large, large / 2, large / 4
		b := builder.Shared(t)
		context := fixture.New(t,
			fs.WithFile("Dockerfile", "FROM scratch\nCOPY touched /\nCOPY untouched /\nCOPY changed /\n"),
			fs.WithFile("touched", fixture.Noise(touched)), fs.WithFile("untouched", fixture.Noise(untouched)), fs.WithFile("changed", fixture.Noise(changed)),
		)
		require.GreaterOrEqual(t, build.Run(t, b, context, build.CacheOnly()).Sent(t), int64(touched+untouched+changed), "the first build did not send the files")

		future := time.Now().Add(time.Hour)
		require.NoError(t, os.Chtimes(filepath.Join(context, "touched"), future, future))
		fixture.Write(t, context, "changed", fixture.Noise(changed))
		again := requireCopied(t, b, context, "changed", "a file got different content of the same size, but COPY came from the cache")
		require.NotEqual(t, progress.No, again.Cached("COPY touched /"), "a file got a new time and kept its content, but COPY ran again")
		require.GreaterOrEqual(t, again.Sent(t), int64(touched+changed), "a file with a new time was not sent again: if that is an improvement, change the claim")
		require.Less(t, again.Sent(t), int64(touched+changed+untouched), "a file is sent again even if nothing about it changed, so this proves nothing")
	})

	suite.Prove(t, claim.Claim{
		ID:     "buildkit/unused-files",
		Text:   "Files that no COPY needs are not sent",
		Source: docsBuildKit,
	}, func(t *suite.T) {
		b := builder.Shared(t)
		context := fixture.New(t,
			fs.WithFile("Dockerfile", "FROM scratch\nCOPY wanted /\nCOPY nested/wanted /nested/\n"),
			fs.WithFile("all.Dockerfile", copyAll),
			fs.WithFile("wanted", fixture.Noise(small)),
			fs.WithFile("unwanted", fixture.Noise(large)),
			fs.WithDir("nested", fs.WithFile("wanted", fixture.Noise(small)), fs.WithFile("unwanted", fixture.Noise(large))),
		)

		some := build.Run(t, b, context, build.CacheOnly())
		require.GreaterOrEqual(t, some.Sent(t), int64(2*small), "the files that COPY needs were not sent")
		require.Less(t, some.Sent(t), int64(large), "a file that no COPY needs was sent")

		all := build.Run(t, b, context, build.CacheOnly(), build.File(filepath.Join(context, "all.Dockerfile")))
		require.GreaterOrEqual(t, all.Sent(t), int64(2*large), "every file was needed but not every file was sent, so this proves nothing")
	})

	suite.Prove(t, claim.Claim{
		ID:     "buildkit/dockerignore",
		Text:   "Files that match `.dockerignore` are neither sent nor copied, and `!` makes exceptions",
		Source: docsContext,
	}, func(t *suite.T) {
		b := builder.Shared(t)
		context := fixture.New(t,
			fs.WithFile("Dockerfile", copyAll),
			fs.WithFile("plain", fixture.Noise(small)),
			fs.WithDir("logs", fs.WithFile("old", fixture.Noise(large)), fs.WithFile("kept", fixture.Noise(small))),
		)
		copied, sent := copiedFiles(t, b, context, "Dockerfile")
		require.Equal(t, []string{"Dockerfile", "logs/kept", "logs/old", "plain"}, copied, "without a .dockerignore some files were not copied")
		require.GreaterOrEqual(t, sent, int64(large), "without a .dockerignore some files were not sent, so this proves nothing")

		fixture.Write(t, context, ".dockerignore", "logs\n!logs/kept\n.dockerignore\n")
		// Under another name this is a new context: nothing of it was sent yet.
		context = fixture.Rename(t, context)
		copied, sent = copiedFiles(t, b, context, "Dockerfile")
		require.Equal(t, []string{"Dockerfile", "logs/kept", "plain"}, copied, "with a .dockerignore the copied files are not the ones that it leaves")
		require.GreaterOrEqual(t, sent, int64(2*small), "the files that .dockerignore leaves were not sent")
		require.Less(t, sent, int64(large), "a file that matches .dockerignore was sent")
	})

	suite.Prove(t, claim.Claim{
		ID:     "buildkit/dockerignore-of-its-own",
		Text:   "`<Dockerfile>.dockerignore` next to a Dockerfile replaces `.dockerignore`",
		Source: docsContext,
	}, func(t *suite.T) {
		b := builder.Shared(t)
		context := fixture.New(t,
			fs.WithFile("own", copyAll), fs.WithFile("own.dockerignore", "*\n!second\n"),
			fs.WithFile("plain", copyAll), fs.WithFile(".dockerignore", "*\n!first\n"),
			fs.WithFile("first", "first"), fs.WithFile("second", "second"),
		)
		copied, _ := copiedFiles(t, b, context, "plain")
		require.Equal(t, []string{"first"}, copied, "a Dockerfile without its own ignore file does not use .dockerignore")

		copied, _ = copiedFiles(t, b, context, "own")
		require.Equal(t, []string{"second"}, copied, "a Dockerfile with its own ignore file uses another one, or both")
	})
}

// copyOne copies everything and exports one file, small enough to export each
// time: its content is from the last time that COPY was executed.
func copyOne(file string) string {
	return "FROM scratch AS all\nCOPY . /\nFROM scratch\nCOPY --from=all /" + file + " /\n"
}

// chosen is the one file that builds of thousand export.
const chosen = "small-7"

// thousand returns a context of a thousand small files.
func thousand(t *suite.T) string {
	content := []fs.PathOp{fs.WithFile("Dockerfile", copyOne(chosen))}
	for i := range many {
		content = append(content, fs.WithFile(fmt.Sprintf("small-%d", i), fixture.Noise(small)))
	}
	return fixture.New(t, content...)
}

// builtThrice are builds of a thousand files on a builder that has never seen them: the
// second one with all files unchanged, the third one after the chosen file changed.
type builtThrice struct {
	unchanged, changed *build.Result
	// copied says whether the third result has the file as it is in the context.
	copied bool
}

// sentThrice makes these builds, one after the other. Claims share them.
func sentThrice(t *suite.T) builtThrice {
	thrice, err := suite.Shared(t, t.SharedKey("a thousand files sent on "+t.Driver), func() (sent builtThrice, _ error) {
		b, context := builder.Shared(t), thousand(t)
		first := build.Run(t, b, context, build.CacheOnly())
		require.GreaterOrEqual(t, first.Sent(t), int64(many*small), "the first build sent less than the files hold, so this proves nothing")

		sent.unchanged = build.Run(t, b, context, build.CacheOnly())

		fixture.Write(t, context, chosen, fixture.Noise(large))
		var result files.Tree
		result, sent.changed = build.ExportAll(t, b, context)
		sent.copied = files.In(context).Read(t, chosen) == result.Read(t, chosen)
		return sent, nil
	})
	require.NoError(t, err, "the thousand files were not built")
	return thrice
}

// requireCopied builds a context and fails unless COPY copied the file as it is
// in the context now.
func requireCopied(t *suite.T, b *builder.Builder, context, file, message string) *build.Result {
	result, r := build.ExportAll(t, b, context)
	// The content is random bytes: require.Equal would print all of them.
	require.True(t, files.In(context).Read(t, file) == result.Read(t, file), message)
	return r
}

// copiedFiles builds a context whose Dockerfile copies everything, and returns
// which files arrived and how many bytes were sent.
func copiedFiles(t *suite.T, b *builder.Builder, context, dockerfile string) (names []string, sent int64) {
	result, r := build.ExportAll(t, b, context, build.File(filepath.Join(context, dockerfile)))
	return result.Names(t), r.Sent(t)
}
