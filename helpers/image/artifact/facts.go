package artifact

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/docker/go-units"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Facts are names and values that describe an artifact and are the same whenever the same
// thing is built by the same programs: no digest, no time, sizes with two digits.
func (a Artifact) Facts() ([][2]string, error) {
	all, err := a.Platforms()
	if err != nil {
		return nil, err
	}
	facts := [][2]string{{"platforms", strings.Join(all, " ")}}
	if a.index != nil {
		of, err := ofIndex(a.index)
		if err != nil {
			return nil, err
		}
		facts = append(facts, of...)
	}
	for _, platform := range all {
		image, err := a.Image(platform)
		if err != nil {
			return nil, err
		}
		of, err := factsOf(image)
		if err != nil {
			return nil, err
		}
		for _, fact := range of {
			facts = append(facts, [2]string{platform + " " + fact[0], fact[1]})
		}
	}
	return facts, nil
}

// ofIndex describes what lists the images.
func ofIndex(index v1.ImageIndex) ([][2]string, error) {
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	attestations := 0
	for _, one := range manifest.Manifests {
		if one.Platform != nil && one.Platform.OS == "unknown" {
			attestations++
		}
	}
	return [][2]string{{"index", string(manifest.MediaType)}, {"attestation manifests", fmt.Sprint(attestations)}}, nil
}

func factsOf(image v1.Image) ([][2]string, error) {
	manifest, err := image.Manifest()
	if err != nil {
		return nil, err
	}
	config, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	started, err := json.Marshal(config.Config)
	if err != nil {
		return nil, err
	}
	var types []string
	var bytes int64
	for _, layer := range manifest.Layers {
		types = append(types, string(layer.MediaType))
		bytes += layer.Size
	}
	count := len(types)
	slices.Sort(types)
	return [][2]string{
		{"manifest", string(manifest.MediaType)},
		{"layers", fmt.Sprintf("%d × %s", count, strings.Join(slices.Compact(types), ", "))},
		{"size", "about " + units.HumanSizeWithPrecision(float64(bytes), 2)},
		{"config", string(started)},
	}, nil
}
