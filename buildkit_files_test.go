//go:build integration

package builders

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"builders.test/helpers/build"
	"builders.test/helpers/builder"
	"builders.test/helpers/folder"
	"builders.test/helpers/spec"
	"github.com/stretchr/testify/require"
	"gotest.tools/v3/fs"
)

const (
	// many files of small bytes each, and one of large bytes.
	many, small, large = 1000, 1000, 200_000

	// perFile bounds the bytes that tell of one file without its content:
	// name, mode, owner, size and time. Measured: 28 for names as short as
	// these.
	perFile = 100
)

const copyAll = "FROM scratch\nCOPY . /\n"

// thousand is a context of a thousand small files.
func thousand(t *spec.T) string {
	t.Helper()
	content := []fs.PathOp{fs.WithFile("Dockerfile", copyAll)}
	for i := range many {
		content = append(content, fs.WithFile(fmt.Sprintf("small-%d", i), folder.Noise(small)))
	}
	return folder.New(t, content...)
}

// sendAll sends a context to a builder that has never seen it.
func sendAll(t *spec.T, b *builder.Builder, context string) {
	t.Helper()
	first := build.Run(t, b, context, build.CacheOnly())
	require.GreaterOrEqual(t, first.Sent(), int64(many*small), "the first build sent less than the files hold, so this proves nothing")
}

func nothingChangedNothingSent(t *spec.T) {
	b, context := warm(t), thousand(t)
	sendAll(t, b, context)

	second := build.Run(t, b, context, build.CacheOnly())
	require.Positive(t, second.Sent(), "BuildKit does not say what was sent")
	require.Less(t, second.Sent(), int64(many*perFile), "no file changed, and the second build sent more than the files' names and times")
	require.True(t, second.Step(t, "COPY").Cached, "no file changed, and COPY ran again")
}

func onlyTheChangedFileIsSent(t *spec.T) {
	b, context := warm(t), thousand(t)
	sendAll(t, b, context)

	folder.Write(t, context, "small-7", folder.Noise(large))
	changed := build.Run(t, b, context, build.CacheOnly())
	require.GreaterOrEqual(t, changed.Sent(), int64(large), "the changed file was not sent whole")
	require.Less(t, changed.Sent(), int64(large+many*perFile), "one file changed, and the second build sent the content of others, too")
	require.True(t, changed.Step(t, "COPY").Executed(), "a file changed, and COPY was answered from the cache")
}

func aTouchedFileIsSentAndCached(t *spec.T) {
	b := warm(t)
	context := folder.New(t, fs.WithFile("Dockerfile", copyAll), fs.WithFile("touched", folder.Noise(large)))
	require.GreaterOrEqual(t, build.Run(t, b, context, build.CacheOnly()).Sent(), int64(large), "the first build did not send the file")
	require.Less(t, build.Run(t, b, context, build.CacheOnly()).Sent(), int64(large), "the file is sent again even when nothing changed, so this proves nothing")

	future := time.Now().Add(time.Hour)
	require.NoError(t, os.Chtimes(filepath.Join(context, "touched"), future, future))
	touched := build.Run(t, b, context, build.CacheOnly())
	require.GreaterOrEqual(t, touched.Sent(), int64(large), "a file with a new time was not sent again: if that is an improvement, change the claim")
	require.True(t, touched.Step(t, "COPY").Cached, "a file got a new time and kept its content, and COPY ran again")

	folder.Write(t, context, "touched", folder.Noise(large))
	require.True(t, build.Run(t, b, context, build.CacheOnly()).Step(t, "COPY").Executed(), "a file of the same size got other content, and COPY was answered from the cache")
}

func onlyCopiedFilesAreSent(t *spec.T) {
	b := warm(t)
	context := folder.New(t,
		fs.WithFile("Dockerfile", "FROM scratch\nCOPY wanted /\nCOPY nested/wanted /nested/\n"),
		fs.WithFile("all.Dockerfile", copyAll),
		fs.WithFile("wanted", folder.Noise(small)),
		fs.WithFile("unwanted", folder.Noise(large)),
		fs.WithDir("nested", fs.WithFile("wanted", folder.Noise(small)), fs.WithFile("unwanted", folder.Noise(large))),
	)

	some := build.Run(t, b, context, build.CacheOnly())
	require.GreaterOrEqual(t, some.Sent(), int64(2*small), "the files that COPY asks for were not sent")
	require.Less(t, some.Sent(), int64(large), "a file that no COPY asks for was sent")

	all := build.Run(t, b, context, build.CacheOnly(), build.File(filepath.Join(context, "all.Dockerfile")))
	require.GreaterOrEqual(t, all.Sent(), int64(2*large), "every file was asked for and not every file was sent, so this proves nothing")
}

// copied builds a context whose Dockerfile copies all of it, and returns which
// files arrived and how many bytes were sent.
func copiedFiles(t *spec.T, b *builder.Builder, context, dockerfile string) (files []string, sent int64) {
	t.Helper()
	dest := folder.New(t)
	r := build.Run(t, b, context, build.File(filepath.Join(context, dockerfile)), build.Output("type=local,dest="+dest))
	return folder.Files(t, dest), r.Sent()
}

func ignoredFilesAreNotSent(t *spec.T) {
	b := warm(t)
	context := folder.New(t,
		fs.WithFile("Dockerfile", copyAll),
		fs.WithFile("plain", folder.Noise(small)),
		fs.WithDir("logs", fs.WithFile("old", folder.Noise(large)), fs.WithFile("kept", folder.Noise(small))),
	)
	files, sent := copiedFiles(t, b, context, "Dockerfile")
	require.Equal(t, []string{"Dockerfile", "logs/kept", "logs/old", "plain"}, files, "without a .dockerignore not everything was copied")
	require.GreaterOrEqual(t, sent, int64(large), "without a .dockerignore not everything was sent, so this proves nothing")

	folder.Write(t, context, ".dockerignore", "logs\n!logs/kept\n.dockerignore\n")
	// Under another name the context is a new one, of which nothing was sent yet.
	context = folder.Rename(t, context)
	files, sent = copiedFiles(t, b, context, "Dockerfile")
	require.Equal(t, []string{"Dockerfile", "logs/kept", "plain"}, files, "with a .dockerignore other files were copied than those it leaves")
	require.GreaterOrEqual(t, sent, int64(2*small), "the files that .dockerignore leaves were not sent")
	require.Less(t, sent, int64(large), "a file that .dockerignore names was sent")
}

func aDockerfilesOwnIgnoreFileWins(t *spec.T) {
	b := warm(t)
	context := folder.New(t,
		fs.WithFile("own", copyAll), fs.WithFile("own.dockerignore", "*\n!second\n"),
		fs.WithFile("plain", copyAll), fs.WithFile(".dockerignore", "*\n!first\n"),
		fs.WithFile("first", "first"), fs.WithFile("second", "second"),
	)
	files, _ := copiedFiles(t, b, context, "plain")
	require.Equal(t, []string{"first"}, files, "a Dockerfile without an ignore file of its own does not go by .dockerignore")

	files, _ = copiedFiles(t, b, context, "own")
	require.Equal(t, []string{"second"}, files, "a Dockerfile with an ignore file of its own goes by another one, or by both")
}
