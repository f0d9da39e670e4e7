//go:build integration

package builders

import (
	"testing"

	"builders.test/helpers/build"
	"builders.test/helpers/builder"
	"builders.test/helpers/claim"
	"builders.test/helpers/registry"
	"builders.test/helpers/suite"
	"github.com/stretchr/testify/require"
)

const (
	docsFrontend   = "https://docs.docker.com/build/buildkit/frontend/"
	docsDockerfile = "https://docs.docker.com/reference/dockerfile/"
	docsSecrets    = "https://docs.docker.com/build/building/secrets/"
)

// Chapter: the Dockerfile language comes in an image, the frontend.
func TestFrontend(t *testing.T) {
	suite.Prove(t, claim.Claim{
		ID:      "frontend/syntax",
		Text:    "The line `# syntax=docker/dockerfile:…` determines which Dockerfile features work, no matter which BuildKit builds it",
		Source:  docsFrontend,
		History: "docker/dockerfile:1 (as of 1.28) builds on BuildKit v0.11.5, docker/dockerfile:1.4 on v0.34.2: neither rejects the other",
	}, func(t *suite.T) {
		b := builder.Shared(t)
		got, r := build.Export(t, b, exclude.folder, exclude.file, build.File(newSyntax))
		require.Equal(t, exclude.want, got, "the new frontend builds a different result")
		requireFrontend(t, r, newestFrontend)

		requireRefused(t, b, exclude, build.File(oldSyntax))
	})

	suite.Prove(t, claim.Claim{
		ID:      "frontend/built-in",
		Text:    "Without a syntax line BuildKit resolves no frontend image and supports the features that existed when it was released",
		Source:  docsFrontend,
		History: "`COPY --exclude`, which proves this, is in the built-in frontend since v0.25.0",
	}, func(t *suite.T) {
		b := builder.Shared(t)
		if !t.Has(claim.BuildKit(">=0.25")) {
			requireRefused(t, b, exclude)
			return
		}
		got, r := build.Export(t, b, exclude.folder, exclude.file)
		require.Equal(t, exclude.want, got, "the built-in frontend builds a different result")
		require.False(t, r.Has(lookUpFrontend), "no frontend was requested, but one was resolved")
	})

	suite.Prove(t, claim.Claim{
		ID:     "frontend/build-arg",
		Text:   "`--build-arg BUILDKIT_SYNTAX=` selects the frontend, and overrides the Dockerfile's syntax line",
		Source: docsFrontend,
	}, func(t *suite.T) {
		b := builder.Shared(t)
		got, r := build.Export(t, b, exclude.folder, exclude.file, build.File(oldSyntax), build.Syntax(newestFrontend))
		require.Equal(t, exclude.want, got, "the frontend from the argument builds a different result")
		requireFrontend(t, r, newestFrontend)

		requireRefused(t, b, exclude, build.File(newSyntax), build.Syntax("docker/dockerfile:1.4"))
	})

	suite.Prove(t, claim.Claim{
		ID:     "frontend/tag-moves",
		Text:   "When a frontend's tag moves, the next build on the same builder uses the new frontend, unless the Dockerfile pins the digest",
		Source: docsFrontend,
	}, func(t *suite.T) {
		b := builder.Shared(t)
		own := registry.Start(t, registry.Lenient)
		moving := build.Syntax(own.Ref("dockerfile:moving"))

		before := own.Copy(t, "docker/dockerfile:1.4", "dockerfile:moving")
		requireRefused(t, b, exclude, moving)

		own.Copy(t, newestFrontend, "dockerfile:moving")
		got, _ := build.Export(t, b, exclude.folder, exclude.file, moving)
		require.Equal(t, exclude.want, got, "the frontend that the tag now points to builds a different result")
		requireRefused(t, b, exclude, build.Syntax(own.Ref("dockerfile:moving@"+before.String())))
	})

	suite.Prove(t, claim.Claim{
		ID:     "frontend/unknown-image",
		Text:   "A frontend that does not exist fails the build with one error that names it",
		Source: docsFrontend,
	}, func(t *suite.T) {
		b := builder.Shared(t)
		own := registry.Start(t, registry.Lenient)
		missing := own.Ref("dockerfile:missing")

		r := build.Try(t, b, exclude.folder, build.Syntax(missing))

		r.MustFailAt(t, missing, "the build succeeded with a frontend that does not exist")
		require.Contains(t, r.Failure().Text, missing, "the error does not name the missing frontend")
		for _, step := range r.Failed() {
			require.Equal(t, missing, step.LooksUp(), "something other than resolving the frontend failed, too")
		}

		own.Copy(t, newestFrontend, "dockerfile:missing")
		build.Run(t, b, exclude.folder, build.Syntax(missing))
	})

	frontendFeatures(t)

	frontendSteps(t)
}

const newestFrontend = "docker/dockerfile:1"

// requireRefused fails unless the frontend refuses the fixture because of the
// feature's word.
func requireRefused(t *suite.T, b *builder.Builder, f feature, options ...build.Option) {
	r := build.Try(t, b, f.folder, options...)
	r.MustBeRefused(t)
	require.True(t, r.FailedAt(f.word), "%s was refused, but for another reason than %q: %s", f.folder, f.word, r.FailureMessage())
}

// requireFrontend fails unless the build resolved this frontend.
func requireFrontend(t *suite.T, r *build.Result, image string) {
	lookup := r.Step(t, lookUpFrontend)
	require.Equal(t, image, lookup.LooksUp(), "the build did not use the requested frontend")
}

// lookUpFrontend is the prefix of the step's name.
const lookUpFrontend = "resolve image config for"

// exclude is the feature that distinguishes a new frontend from an old one.
var exclude = feature{folder: "fixtures/frontend/exclude", word: "exclude", since: "1", file: "notes/kept.txt", want: "for the image"}

const (
	oldSyntax = "fixtures/frontend/exclude/old.Dockerfile"
	newSyntax = "fixtures/frontend/exclude/new.Dockerfile"
)
