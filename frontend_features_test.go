//go:build integration

package builders

import (
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"builders.test/helpers/build"
	"builders.test/helpers/builder"
	"builders.test/helpers/claim"
	"builders.test/helpers/files"
	"builders.test/helpers/fixture"
	"builders.test/helpers/image"
	"builders.test/helpers/progress"
	"builders.test/helpers/suite"
	"builders.test/internal/versions"
	"github.com/stretchr/testify/require"
)

// The claims of TestFrontend about features of newer frontends.

func frontendFeatures(t *testing.T) {
	t.Helper()
	suite.Prove(t, claim.Claim{
		ID:     "frontend/heredoc",
		Text:   "RUN and COPY accept here-documents, with build arguments expanded unless quoted, in every release of docker/dockerfile since 1.4",
		Source: docsDockerfile + "#here-documents",
	}, func(t *suite.T) {
		words := "salt is " + t.Salt()
		requireSince(t, feature{
			folder: "fixtures/frontend/heredoc", since: "1.4",
			file: "said", want: words + " and " + words,
		})
	})

	suite.Prove(t, claim.Claim{
		ID:      "frontend/checksum",
		Text:    "`ADD --checksum` accepts a download with a matching checksum, and fails the build before any later step if it does not match; docker/dockerfile:1.5 and older refuse the flag",
		Source:  docsDockerfile + "#add---checksum",
		Needs:   []claim.Need{claim.LocalEngine},
		History: "Supported since docker/dockerfile:1.6",
	}, func(t *suite.T) {
		const folder = "fixtures/frontend/checksum"
		content := rand.Text()
		served := serve(t, content)
		url := build.Arg("URL", served.url)

		right := build.Arg("SUM", "sha256:"+sha256Of(content))
		requireSince(t, feature{folder: folder, word: "checksum", since: "1.7", file: "result", want: content}, url, right)
		require.NotZero(t, served.requests.Load(), "the file was never downloaded")

		served = serve(t, rand.Text())
		wrong := build.Try(t, builder.Shared(t), folder, build.Syntax(newestFrontend), build.Arg("URL", served.url), build.Arg("SUM", "sha256:"+sha256Of(rand.Text())))
		wrong.MustBeRefused(t)
		require.NotZero(t, served.requests.Load(), "the build failed before it downloaded anything")
		next, _ := wrong.Find("RUN cp")
		require.False(t, next.Executed(), "a step used a file with a wrong checksum")
	})

	suite.Prove(t, claim.Claim{
		ID:     "frontend/checksum-known",
		Text:   "A file whose checksum the builder already has is not downloaded again, even from another URL",
		Source: docsDockerfile + "#add---checksum",
		Needs:  []claim.Need{claim.LocalEngine},
	}, func(t *suite.T) {
		const folder = "fixtures/frontend/checksum"
		content := rand.Text()
		first, second := serve(t, content), serve(t, rand.Text())
		with := []build.Option{build.Syntax(newestFrontend), build.Arg("SUM", "sha256:"+sha256Of(content))}

		got, _ := build.Export(t, builder.Shared(t), folder, "result", append(with, build.Arg("URL", first.url))...)
		require.Equal(t, content, got, "the downloaded file has different content")
		require.NotZero(t, first.requests.Load(), "the file was never downloaded")

		got, _ = build.Export(t, builder.Shared(t), folder, "result", append(with, build.Arg("URL", second.url))...)
		require.Equal(t, content, got, "the file at the other URL was used, though its checksum is wrong")
		require.Zero(t, second.requests.Load(), "a file whose checksum the builder already has was downloaded again")
	})

	suite.Prove(t, claim.Claim{
		ID:      "frontend/secret-env",
		Text:    "`RUN --mount=type=secret,env=` passes a secret to a step as an environment variable; docker/dockerfile:1.7 and older refuse it",
		Source:  docsDockerfile + "#run---mounttypesecret",
		History: "Supported since docker/dockerfile:1.10; works with an older BuildKit, too",
	}, func(t *suite.T) {
		value := rand.Text()
		requireSince(t, feature{
			folder: "fixtures/frontend/secret-env", word: "env", since: "1",
			file: "proof", want: sha256sum(value),
		}, build.Secret("token", fixture.Secret(t, value)))
		requireNotInEvidence(t, value)
	})

	suite.Prove(t, claim.Claim{
		ID:      "frontend/exclude",
		Text:    "`COPY --exclude` skips the files that match; docker/dockerfile:1.7 and older refuse the flag",
		Source:  docsDockerfile + "#copy---exclude",
		History: "Supported since docker/dockerfile:1.19, before that in the labs channel only",
	}, func(t *suite.T) {
		newest := requireSince(t, exclude)
		require.NotContains(t, newest.Names(t), "notes/left-out.md", "--exclude copied a file that it should skip")
	})

	suite.Prove(t, claim.Claim{
		ID:      "frontend/parents",
		Text:    "`COPY --parents` keeps the parent folders of the files it copies; docker/dockerfile:1.7 and older refuse the flag",
		Source:  docsDockerfile + "#copy---parents",
		History: "Supported since docker/dockerfile:1.20, before that in the labs channel only",
	}, func(t *suite.T) {
		newest := requireSince(t, feature{
			folder: "fixtures/frontend/parents", word: "parents", since: "1",
			file: "lists/shop/north/list", want: "north",
		})
		require.Equal(t, "south", newest.Text(t, "lists/shop/south/list"), "--parents lost one of two files with the same name")
	})

	suite.Prove(t, claim.Claim{
		ID:      "frontend/chmod",
		Text:    "`COPY --chmod=u=rwx,g=rx,o=` sets that mode",
		Source:  docsDockerfile + "#copy---chmod",
		Needs:   []claim.Need{claim.BuildKit(">=0.17")},
		History: "Supported since docker/dockerfile:1.14; 1.9 and older accept symbolic modes and ignore them (moby/buildkit#5322)",
	}, func(t *suite.T) {
		require.Equal(t, "750", modeInWords(t, builder.Shared(t)), "the copied file does not have the symbolic mode")
	})

	suite.Prove(t, claim.Claim{
		ID:      "frontend/chmod-old-daemon",
		Text:    "A new frontend does not make up for an old BuildKit: on " + versions.OldBuildKit + " a symbolic mode silently becomes mode 0",
		Source:  "https://github.com/moby/buildkit/pull/5380",
		Needs:   []claim.Need{claim.ContainerDriver},
		History: "BuildKit supports symbolic modes since v0.17.0",
	}, func(t *suite.T) {
		require.Equal(t, "0", modeInWords(t, builder.New(t, builder.Pinned(oldBuildKit))), "a BuildKit older than v0.17 does not lose a symbolic mode")
	})

	suite.Prove(t, claim.Claim{
		ID:     "frontend/link",
		Text:   "`COPY --link` does not run again when the base image changes: the new base gets the same layer; without `--link` COPY runs again",
		Source: docsDockerfile + "#copy---link",
		Needs:  []claim.Need{claim.OwnBuildKit},
	}, func(t *suite.T) {
		first, second := onBase(t, "one"), onBase(t, "two")

		require.True(t, second.linked.Cached, "COPY --link ran again for another base")
		require.NotEqual(t, first.base, second.base, "both images have the same base, so this proves nothing")
		require.Equal(t, first.layer, second.layer, "COPY --link put a different layer on the other base")
		require.False(t, second.stacked.Cached, "COPY without --link did not run again for another base")
	})
}

// frontendReleases are the docker/dockerfile releases that the claims try, from old to
// new. The last one is the newest of its line.
var frontendReleases = []string{"1.4", "1.5", "1.7", "1"}

// feature is a Dockerfile feature that some release introduced.
type feature struct {
	// folder is the fixture that uses it.
	folder string
	// word appears in the error of an older release.
	word string
	// since is the first release that supports it.
	since string
	// file is one of the result's files, want its required content.
	file, want string
}

// requireSince builds the feature's fixture with every release: those before since
// must refuse it, the others must give the wanted result. It returns what the newest
// release gives.
func requireSince(t *suite.T, f feature, options ...build.Option) (newest files.Tree) {
	b := builder.Shared(t)
	known := false
	for _, release := range frontendReleases {
		known = known || release == f.since
		with := append([]build.Option{build.Syntax("docker/dockerfile:" + release), build.Salt(t)}, options...)
		if !known {
			requireRefused(t, b, f, with...)
			continue
		}
		got, r := build.ExportAll(t, b, f.folder, with...)
		require.Equal(t, f.want, got.Text(t, f.file), "docker/dockerfile:%s builds something else of %s", release, f.folder)
		requireFrontend(t, r, "docker/dockerfile:"+release)
		newest = got
	}
	return newest
}

// download is a file that a web server on the loopback interface serves.
type download struct {
	url      string
	requests *atomic.Int64
}

func serve(t *suite.T, content string) download {
	requests := new(atomic.Int64)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		requests.Add(1)
		fmt.Fprint(w, content)
	}))
	t.Cleanup(server.Close)
	return download{url: server.URL + "/file", requests: requests}
}

// sha256Of returns the checksum of content, and sha256sum the line that the program
// of that name prints for it.
func sha256Of(content string) string  { return fmt.Sprintf("%x", sha256.Sum256([]byte(content))) }
func sha256sum(content string) string { return sha256Of(content) + "  -" }

// modeInWords returns the mode of a file that the newest frontend copied with
// --chmod=u=rwx,g=rx,o=.
func modeInWords(t *suite.T, b *builder.Builder) string {
	mode, _ := build.Export(t, b, "fixtures/frontend/chmod", "mode", build.Syntax(newestFrontend), build.Salt(t))
	return mode
}

// copied is an image: a base with a file copied onto it twice, without --link and
// then with it.
type copied struct {
	// base is the content of the base's own file, layer the digest of the layer
	// with the linked file.
	base, layer string
	// stacked and linked are the steps that copied.
	stacked, linked progress.Vertex
}

// onBase builds the fixture on a base.
func onBase(t *suite.T, base string) copied {
	loaded := image.New(t, base)
	r := build.Run(t, builder.Shared(t), "fixtures/frontend/link", build.Load(loaded), build.Arg("BASE", base), build.Salt(t))
	platform := t.Native()
	layers := image.Inspect(t, loaded, platform).RootFS.Layers
	require.NotEmpty(t, layers, "the engine names no layer of the image")
	const twice = "the same on every base\nthe same on every base\n"
	own, both := strings.CutPrefix(image.Run(t, loaded, platform, "cat", "/stacked", "/linked", "/base"), twice)
	require.True(t, both, "the image lacks a copied file")
	return copied{
		base: own, layer: layers[len(layers)-1],
		stacked: copyingOf(t, r, "/stacked"), linked: copyingOf(t, r, "/linked"),
	}
}

// copyingOf returns the step that copies the file to a place. With --link a second step
// puts the copy on its base; that one runs for each base.
func copyingOf(t *suite.T, r *build.Result, place string) progress.Vertex {
	for _, step := range r.All("file " + place) {
		if !strings.Contains(step.Name, "LINK") {
			r.MustTell(t, step)
			return step
		}
	}
	return r.Step(t, "file "+place)
}
