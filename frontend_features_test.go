//go:build integration

package builders

import (
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"builders.test/helpers/build"
	"builders.test/helpers/builder"
	"builders.test/helpers/claim"
	"builders.test/helpers/fixture"
	"builders.test/helpers/image"
	"builders.test/helpers/progress"
	"builders.test/helpers/subject"
	"builders.test/helpers/suite"
	"github.com/stretchr/testify/require"
)

// The proofs of TestFrontend that are about what newer frontends know.

func frontendFeatures(t *testing.T) {
	t.Helper()
	suite.Prove(t, claim.Claim{
		ID:     "frontend/heredoc",
		Text:   "RUN and COPY take here-documents, filled in with build arguments unless quoted, with every release of docker/dockerfile from 1.4 on",
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
		Text:    "`ADD --checksum` takes a download that has the checksum and fails the build for one that has not, before any later step; docker/dockerfile:1.5 and older refuse it",
		Source:  docsDockerfile + "#add---checksum",
		Needs:   []claim.Need{claim.LocalEngine},
		History: "Known since docker/dockerfile:1.6",
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
		require.False(t, next.Executed(), "a step used a file whose checksum is wrong")
	})

	suite.Prove(t, claim.Claim{
		ID:     "frontend/checksum-known",
		Text:   "A download whose checksum the builder already has is not downloaded again, whatever its address",
		Source: docsDockerfile + "#add---checksum",
		Needs:  []claim.Need{claim.LocalEngine},
	}, func(t *suite.T) {
		const folder = "fixtures/frontend/checksum"
		content := rand.Text()
		first, second := serve(t, content), serve(t, rand.Text())
		with := []build.Option{build.Syntax(newestFrontend), build.Arg("SUM", "sha256:"+sha256Of(content))}

		got, _ := build.Export(t, builder.Shared(t), folder, "result", append(with, build.Arg("URL", first.url))...)
		require.Equal(t, content, got, "the downloaded file is another one")
		require.NotZero(t, first.requests.Load(), "the file was never downloaded")

		got, _ = build.Export(t, builder.Shared(t), folder, "result", append(with, build.Arg("URL", second.url))...)
		require.Equal(t, content, got, "the file at the other address was taken, whose checksum is wrong")
		require.Zero(t, second.requests.Load(), "a file that the builder has by its checksum was downloaded again")
	})

	suite.Prove(t, claim.Claim{
		ID:      "frontend/secret-env",
		Text:    "`RUN --mount=type=secret,env=` gives a secret to a step as a variable; docker/dockerfile:1.7 and older refuse it",
		Source:  docsDockerfile + "#run---mounttypesecret",
		History: "Known since docker/dockerfile:1.10; the BuildKit may be older",
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
		Text:    "`COPY --exclude` leaves out what matches; docker/dockerfile:1.7 and older refuse it",
		Source:  docsDockerfile + "#copy---exclude",
		History: "Known since docker/dockerfile:1.19, before that in the labs channel only",
	}, func(t *suite.T) {
		requireSince(t, exclude)

		dir := fixture.Path(t, "notes")
		build.Run(t, builder.Shared(t), exclude.folder, build.Syntax(newestFrontend), build.Local(dir))
		require.NoFileExists(t, filepath.Join(dir, "notes", "left-out.md"), "--exclude copied what it should leave out")
	})

	suite.Prove(t, claim.Claim{
		ID:      "frontend/parents",
		Text:    "`COPY --parents` keeps the folders of what it copies; docker/dockerfile:1.7 and older refuse it",
		Source:  docsDockerfile + "#copy---parents",
		History: "Known since docker/dockerfile:1.20, before that in the labs channel only",
	}, func(t *suite.T) {
		const folder = "fixtures/frontend/parents"
		requireSince(t, feature{folder: folder, word: "parents", since: "1", file: "lists/shop/north/list", want: "north"})

		south, _ := build.Export(t, builder.Shared(t), folder, "lists/shop/south/list", build.Syntax(newestFrontend))
		require.Equal(t, "south", south, "--parents lost one of two files that have the same name")
	})

	suite.Prove(t, claim.Claim{
		ID:      "frontend/chmod",
		Text:    "`COPY --chmod=u=rwx,g=rx,o=` sets the mode that it says",
		Source:  docsDockerfile + "#copy---chmod",
		Needs:   []claim.Need{claim.BuildKit(">=0.17")},
		History: "Known since docker/dockerfile:1.14; 1.9 and older take the words and ignore them (moby/buildkit#5322)",
	}, func(t *suite.T) {
		require.Equal(t, "750", modeInWords(t, builder.Shared(t)), "the copied file has another mode than the one in words")
	})

	suite.Prove(t, claim.Claim{
		ID:      "frontend/chmod-old-daemon",
		Text:    "A frontend does not make up for the BuildKit below it: on " + subject.OldBuildKit + " a mode in words becomes the mode 0 without a word",
		Source:  "https://github.com/moby/buildkit/pull/5380",
		Needs:   []claim.Need{claim.ContainerDriver},
		History: "BuildKit sets modes in words since v0.17.0",
	}, func(t *suite.T) {
		require.Equal(t, "0", modeInWords(t, builder.New(t, builder.Pinned(oldBuildKit))), "a BuildKit older than v0.17 does not lose a mode in words")
	})

	suite.Prove(t, claim.Claim{
		ID:     "frontend/link",
		Text:   "`COPY --link` is not done again when the base changes: the other base gets the same layer; without `--link` it is done again",
		Source: docsDockerfile + "#copy---link",
		Needs:  []claim.Need{claim.OwnBuildKit},
	}, func(t *suite.T) {
		first, second := onBase(t, "linked", "one"), onBase(t, "linked", "two")
		require.True(t, second.cached, "COPY --link was done again for another base")
		require.NotEqual(t, first.base, second.base, "both images have the same base, so this proves nothing")
		require.Equal(t, first.layer, second.layer, "the other base got another layer from COPY --link")

		onBase(t, "stacked", "one")
		require.False(t, onBase(t, "stacked", "two").cached, "COPY without --link was not done again for another base")
	})
}

// frontendReleases are those of docker/dockerfile that the claims try, from old to new.
// The last one is the newest of its line.
var frontendReleases = []string{"1.4", "1.5", "1.7", "1"}

// feature is something that Dockerfiles may say from some release on.
type feature struct {
	// folder is the fixture that says it.
	folder string
	// word is what an older release complains about.
	word string
	// since is the first of the releases that knows it.
	since string
	// file is one of the result's, want what must be in it.
	file, want string
}

// requireSince builds the feature's fixture with every release: those before
// the first that knows it must refuse it, the others must give what is wanted.
func requireSince(t *suite.T, f feature, options ...build.Option) {
	t.Helper()
	b := builder.Shared(t)
	known := false
	for _, release := range frontendReleases {
		known = known || release == f.since
		with := append([]build.Option{build.Syntax("docker/dockerfile:" + release), build.Salt(t)}, options...)
		if !known {
			requireRefused(t, b, f, with...)
			continue
		}
		got, r := build.Export(t, b, f.folder, f.file, with...)
		require.Equal(t, f.want, got, "docker/dockerfile:%s builds something else of %s", release, f.folder)
		requireFrontend(t, r, "docker/dockerfile:"+release)
	}
}

// download is a file that a web server on the loopback interface offers.
type download struct {
	url      string
	requests *atomic.Int64
}

func serve(t *suite.T, content string) download {
	t.Helper()
	requests := new(atomic.Int64)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		requests.Add(1)
		fmt.Fprint(w, content)
	}))
	t.Cleanup(server.Close)
	return download{url: server.URL + "/file", requests: requests}
}

// sha256Of is the checksum of a content, and sha256sum what the program of that name
// prints of it.
func sha256Of(content string) string  { return fmt.Sprintf("%x", sha256.Sum256([]byte(content))) }
func sha256sum(content string) string { return sha256Of(content) + "  -" }

// modeInWords is the mode that the newest frontend gives a file copied with
// --chmod=u=rwx,g=rx,o=.
func modeInWords(t *suite.T, b *builder.Builder) string {
	t.Helper()
	mode, _ := build.Export(t, b, "fixtures/frontend/chmod", "mode", build.Syntax(newestFrontend), build.Salt(t))
	return mode
}

// copied is an image made of a base and a file copied onto it.
type copied struct {
	// base is what the base's own file says, layer the digest of the layer
	// that holds the copied file.
	base, layer string
	// cached means that BuildKit did not have to copy.
	cached bool
}

// onBase builds a target of the fixture on a base.
func onBase(t *suite.T, target, base string) copied {
	t.Helper()
	loaded := image.New(t, target)
	r := build.Run(t, builder.Shared(t), "fixtures/frontend/link", build.Load(loaded),
		build.Target(target), build.Arg("BASE", base), build.Salt(t))
	platform := t.Native()
	layers := image.Inspect(t, loaded, platform).RootFS.Layers
	require.NotEmpty(t, layers, "the engine names no layer of the image")
	require.Equal(t, "the same on every base", image.Run(t, loaded, platform, "cat", "/file"), "the image lacks the copied file")
	return copied{
		base:   image.Run(t, loaded, platform, "cat", "/base"),
		layer:  layers[len(layers)-1],
		cached: copyingOf(t, r).Cached,
	}
}

// copyingOf is the step that copies the file. With --link there is a second
// one that puts the copy on its base, which is done for each base.
func copyingOf(t *suite.T, r *build.Result) progress.Vertex {
	t.Helper()
	for _, step := range r.All("file /file") {
		if !strings.Contains(step.Name, "LINK") {
			r.MustTell(t, step)
			return step
		}
	}
	return r.Step(t, "COPY file /file")
}
