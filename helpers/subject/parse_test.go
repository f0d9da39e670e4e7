package subject

import (
	"testing"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/fs"
)

func TestParseBuildKit(t *testing.T) {
	for text, want := range map[string]string{
		"":                                DefaultBuildKit,
		"v0.16.0":                         "v0.16.0",
		"0.16.0":                          "v0.16.0",
		"v0.13.0-rc1":                     "v0.13.0-rc1",
		"latest":                          "latest",
		"moby/buildkit:master":            "moby/buildkit:master",
		"registry.example:5000/own:fixed": "registry.example:5000/own:fixed",
	} {
		t.Run(text, func(t *testing.T) {
			got, err := ParseBuildKit(text)
			assert.NilError(t, err)
			assert.Equal(t, got, BuildKitChoice{Ref: want})
		})
	}
}

func TestParseBuildKitSourceTree(t *testing.T) {
	tree := fs.NewDir(t, "tree", fs.WithFile("go.mod", "module github.com/moby/buildkit\n\ngo 1.22\n"))
	got, err := ParseBuildKit(tree.Path())
	assert.NilError(t, err)
	assert.Equal(t, got, BuildKitChoice{Source: tree.Path()})
}

func TestParseBuildKitRefuses(t *testing.T) {
	other := fs.NewDir(t, "tree", fs.WithFile("go.mod", "module example.com/x\n"))
	empty := fs.NewDir(t, "empty")
	for text, want := range map[string]string{
		other.Path():   "is a folder, but no source tree of BuildKit",
		empty.Path():   "is a folder, but no source tree of BuildKit",
		"./no/such":    "BUILDKIT=./no/such: there is no such folder",
		"newest":       "is neither a release such as",
		"Bad/Name:tag": "is not an image reference",
	} {
		t.Run(text, func(t *testing.T) {
			_, err := ParseBuildKit(text)
			assert.ErrorContains(t, err, want)
		})
	}
}

func TestRelease(t *testing.T) {
	for ref, want := range map[string]string{
		"v0.16.0":                         "v0.16.0",
		"moby/buildkit:v0.16.0":           "v0.16.0",
		"docker.io/moby/buildkit:v0.16.0": "v0.16.0",
		"moby/buildkit:v0.13.0-rc1":       "v0.13.0-rc1",
		"moby/buildkit:v0.16.0-rootless":  "",
		"moby/buildkit:master":            "",
		"latest":                          "",
		"example.com/own:v0.16.0":         "",
	} {
		got, ok := BuildKitChoice{Ref: ref}.Release()
		assert.Equal(t, got, want, ref)
		assert.Equal(t, ok, want != "", ref)
	}
}

func TestParseBuildx(t *testing.T) {
	dir := fs.NewDir(t, "plugins",
		fs.WithFile("docker-buildx", "", fs.WithMode(0o755)), fs.WithFile("readme", ""))
	for text, want := range map[string]BuildxChoice{
		"":                        {},
		"v0.20.0":                 {Release: "v0.20.0"},
		"0.20.0":                  {Release: "v0.20.0"},
		dir.Join("docker-buildx"): {Path: dir.Join("docker-buildx")},
	} {
		got, err := ParseBuildx(text)
		assert.NilError(t, err)
		assert.Equal(t, got, want)
	}
	for text, want := range map[string]string{
		"newest":           "is neither a release such as v0.38.2 nor a file",
		dir.Path():         "is not an executable file",
		dir.Join("readme"): "is not an executable file",
	} {
		_, err := ParseBuildx(text)
		assert.ErrorContains(t, err, want)
	}
}
