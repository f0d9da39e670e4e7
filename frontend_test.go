//go:build integration

package builders

import (
	"testing"

	"builders.test/helpers/build"
	"builders.test/helpers/builder"
	"builders.test/helpers/claim"
	"builders.test/helpers/progress"
	"builders.test/helpers/registry"
	"builders.test/helpers/suite"
	"github.com/stretchr/testify/require"
)

const (
	docsFrontend   = "https://docs.docker.com/build/buildkit/frontend/"
	docsDockerfile = "https://docs.docker.com/reference/dockerfile/"
	docsSecrets    = "https://docs.docker.com/build/building/secrets/"
)

// Chapter: the language of Dockerfiles comes as an image, the frontend.
func TestFrontend(t *testing.T) {
	suite.Prove(t, claim.Claim{
		ID:      "frontend/syntax",
		Text:    "The line `# syntax=docker/dockerfile:…` decides what a Dockerfile may say, whichever BuildKit builds it",
		Source:  docsFrontend,
		History: "docker/dockerfile:1 (as of 1.28) builds on BuildKit v0.11.5, docker/dockerfile:1.4 on v0.34.2: neither refuses the other",
	}, func(t *suite.T) {
		b := builder.Shared(t)
		got, r := build.Export(t, b, exclude.folder, exclude.file, build.File(newSyntax))
		require.Equal(t, exclude.want, got, "the new frontend builds something else")
		requireFrontend(t, r, newestFrontend)

		requireRefused(t, b, exclude, build.File(oldSyntax))
	})

	suite.Prove(t, claim.Claim{
		ID:      "frontend/built-in",
		Text:    "Without a syntax line BuildKit looks up no frontend and knows what was known when it was released",
		Source:  docsFrontend,
		History: "`COPY --exclude`, with which this is proven, is in the built-in frontend since v0.25.0",
	}, func(t *suite.T) {
		b := builder.Shared(t)
		if !t.Has(claim.BuildKit(">=0.25")) {
			requireRefused(t, b, exclude)
			return
		}
		got, r := build.Export(t, b, exclude.folder, exclude.file)
		require.Equal(t, exclude.want, got, "the built-in frontend builds something else")
		require.Empty(t, frontendOf(r), "no frontend was asked for, and one was looked up")
	})

	suite.Prove(t, claim.Claim{
		ID:     "frontend/build-arg",
		Text:   "`--build-arg BUILDKIT_SYNTAX=` chooses the frontend, also against the Dockerfile's own line",
		Source: docsFrontend,
	}, func(t *suite.T) {
		b := builder.Shared(t)
		got, r := build.Export(t, b, exclude.folder, exclude.file, build.File(oldSyntax), build.Syntax(newestFrontend))
		require.Equal(t, exclude.want, got, "the frontend of the argument builds something else")
		requireFrontend(t, r, newestFrontend)

		requireRefused(t, b, exclude, build.File(newSyntax), build.Syntax("docker/dockerfile:1.4"))
	})

	suite.Prove(t, claim.Claim{
		ID:     "frontend/tag-moves",
		Text:   "When the tag of a frontend moves, the next build on the same builder uses the new one, unless the digest is named",
		Source: docsFrontend,
	}, func(t *suite.T) {
		b := builder.Shared(t)
		own := registry.Start(t, registry.Lenient)
		moving := build.Syntax(own.Ref("dockerfile:moving"))

		before := own.Copy(t, "docker/dockerfile:1.4", "dockerfile:moving")
		requireRefused(t, b, exclude, moving)

		own.Copy(t, newestFrontend, "dockerfile:moving")
		got, _ := build.Export(t, b, exclude.folder, exclude.file, moving)
		require.Equal(t, exclude.want, got, "the frontend that the tag now names builds something else")
		requireRefused(t, b, exclude, build.Syntax(own.Ref("dockerfile:moving@"+before.String())))
	})

	suite.Prove(t, claim.Claim{
		ID:     "frontend/unknown-image",
		Text:   "A frontend that does not exist ends the build with one error that names it",
		Source: docsFrontend,
	}, func(t *suite.T) {
		b := builder.Shared(t)
		own := registry.Start(t, registry.Lenient)
		missing := own.Ref("dockerfile:missing")

		r := build.Try(t, b, exclude.folder, build.Syntax(missing))

		r.MustFailAt(t, missing, "the build succeeded with a frontend that does not exist")
		require.Contains(t, r.Failure().Text, missing, "the error does not say which frontend is missing")
		require.Subset(t, []string{missing}, lookups(r.Failed()), "the lookup of the frontend should be the one thing that fails")

		own.Copy(t, newestFrontend, "dockerfile:missing")
		build.Run(t, b, exclude.folder, build.Syntax(missing))
	})

	frontendFeatures(t)

	frontendSteps(t)
}

const newestFrontend = "docker/dockerfile:1"

// requireRefused makes sure that the frontend refuses the fixture because of
// the feature's word.
func requireRefused(t *suite.T, b *builder.Builder, f feature, options ...build.Option) {
	t.Helper()
	r := build.Try(t, b, f.folder, options...)
	r.MustBeRefused(t)
	require.True(t, r.FailedAt(f.word), "%s was refused, but for another reason than %q: %s", f.folder, f.word, r.FailureMessage())
}

// requireFrontend makes sure that the build looked up this frontend.
func requireFrontend(t *suite.T, r *build.Result, image string) {
	t.Helper()
	lookup := r.Step(t, lookUpFrontend)
	require.Equal(t, image, lookup.LooksUp(), "the build used another frontend than the one it was told to")
}

// lookUpFrontend is how the name of the step begins.
const lookUpFrontend = "resolve image config for"

// frontendOf is the frontend image that a build looked up, or empty.
func frontendOf(r *build.Result) string {
	step, _ := r.Find(lookUpFrontend)
	return step.LooksUp()
}

// exclude is the feature with which claims tell an old frontend from a new one.
var exclude = feature{folder: "fixtures/frontend/exclude", word: "exclude", since: "1", file: "notes/kept.txt", want: "for the image"}

const (
	oldSyntax = "fixtures/frontend/exclude/old.Dockerfile"
	newSyntax = "fixtures/frontend/exclude/new.Dockerfile"
)

func lookups(steps []progress.Vertex) []string {
	var images []string
	for _, step := range steps {
		images = append(images, step.LooksUp())
	}
	return images
}
