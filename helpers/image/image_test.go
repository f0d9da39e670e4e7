package image

import (
	"testing"

	"github.com/docker/docker/api/types/image"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
	"gotest.tools/v3/assert"
)

func TestRepositoryOf(t *testing.T) {
	const digest = "@sha256:06df8d109bb2fc0eab9a4f2aa56c93711ccb4972305328e19fcaab115de74718"
	assert.Equal(t, repositoryOf("127.0.0.1:5000/run/app:both"), "127.0.0.1:5000/run/app")
	assert.Equal(t, repositoryOf("127.0.0.1:5000/run/app"+digest), "127.0.0.1:5000/run/app")
	assert.Equal(t, repositoryOf("busybox"+digest), repositoryOf("docker.io/library/busybox:latest"))
	assert.Equal(t, repositoryOf("no reference"), "")
}

func TestPlatformsKeepTheirVariant(t *testing.T) {
	for text, want := range map[string]v1.Platform{
		"linux/amd64":  {OS: "linux", Architecture: "amd64"},
		"linux/arm64":  {OS: "linux", Architecture: "arm64"},
		"linux/arm/v7": {OS: "linux", Architecture: "arm", Variant: "v7"},
		"linux/arm/v6": {OS: "linux", Architecture: "arm", Variant: "v6"},
	} {
		got, err := parsePlatform(text)
		assert.NilError(t, err)
		assert.DeepEqual(t, *got, want)
	}
	_, err := parsePlatform("linux/arm/v7/x")
	assert.ErrorContains(t, err, "linux/arm/v7/x")

	assert.Equal(t, formatPlatform(image.InspectResponse{Os: "linux", Architecture: "arm", Variant: "v6"}), "linux/arm/v6")
	assert.Equal(t, formatPlatform(image.InspectResponse{Os: "linux", Architecture: "arm64", Variant: "v8"}), "linux/arm64")
}
