package registry

import (
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"gotest.tools/v3/assert"
)

func TestPlatformsKeepTheirVariant(t *testing.T) {
	var index v1.IndexManifest
	for _, p := range []*v1.Platform{
		{OS: "linux", Architecture: "amd64"},
		{OS: "linux", Architecture: "arm64", Variant: "v8"},
		{OS: "linux", Architecture: "arm", Variant: "v6"},
		{OS: "linux", Architecture: "arm", Variant: "v7"},
		{OS: "unknown", Architecture: "unknown"},
		nil,
	} {
		index.Manifests = append(index.Manifests, v1.Descriptor{Platform: p})
	}
	assert.DeepEqual(t, platformsOf(&index), []string{"linux/amd64", "linux/arm64", "linux/arm/v6", "linux/arm/v7"})
	assert.Assert(t, ManifestDescription{Platform: formatPlatform(v1.Platform{OS: "unknown", Architecture: "unknown"})}.Attestation())
}
