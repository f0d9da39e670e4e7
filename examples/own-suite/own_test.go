//go:build integration

// Package own is a suite of specs outside the project builders: two claims about
// the image of a small program, on whatever BuildKit BUILDKIT names.
//
//	go test -tags integration ./...
//	BUILDKIT=v0.34.2 go test -tags integration -run TestApp/dependencies ./...
//	BUILDERS_CLEAN=1 go test -tags integration -count=1 -v .
//
// The last one removes what dead runs left and what KEEP=1 kept.
package own

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"builders.test/helpers/build"
	"builders.test/helpers/builder"
	"builders.test/helpers/claim"
	"builders.test/helpers/env"
	"builders.test/helpers/suite"
	"github.com/stretchr/testify/require"
)

// ci is this suite's own need: some claims are about machines of a CI service.
var ci = claim.Custom("ci")

func TestMain(m *testing.M) {
	suite.Main(m, suite.WithBuildKit("v0.34.2"), suite.WithNeed(ci, func(context.Context, *env.Environment) error {
		if os.Getenv("CI") == "" {
			return errors.New("CI is not set")
		}
		return nil
	}))
}

func TestApp(t *testing.T) {
	suite.Prove(t, claim.Claim{
		ID:     "app/dependencies",
		Text:   "A change of the program's source installs no dependencies again, and a change of their list does",
		Source: "https://docs.docker.com/build/cache/optimize/",
	}, func(t *suite.T) {
		b := builder.New(t)
		app := t.TempDir()
		require.NoError(t, os.CopyFS(app, os.DirFS("app")))
		installed := func() string {
			id, _ := build.Export(t, b, app, "installed")
			return id
		}

		first := installed()
		write(t, app, "main.txt", "print 2")
		require.Equal(t, first, installed(), "a change of the source installed the dependencies again")
		write(t, app, "dependencies.txt", "one\ntwo\n")
		require.NotEqual(t, first, installed(), "a new dependency was not installed")
	})

	suite.Prove(t, claim.Claim{
		ID:     "app/ci-arguments",
		Text:   "The CI service names the commit that the program says it is of",
		Source: "https://docs.docker.com/build/building/variables/",
		Needs:  []claim.Need{ci},
	}, func(t *suite.T) {
		commit, _ := build.Export(t, builder.New(t), "app", "commit", build.Arg("COMMIT", os.Getenv("COMMIT")))
		require.Equal(t, os.Getenv("COMMIT"), commit)
	})
}

func write(t *suite.T, folder, file, content string) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(folder, file), []byte(content), 0o600))
}
