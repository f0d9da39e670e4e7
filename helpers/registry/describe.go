package registry

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"builders.test/helpers/spec"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// Description is the shape of what a reference names: facts that are neither
// right nor wrong, but that programs have come to rely on.
type Description struct {
	// MediaType is the media type of what the reference names: an index or a manifest.
	MediaType string
	Digest    string
	// Manifests are the manifests of the index, or the one manifest.
	Manifests []ManifestDescription
}

// ManifestDescription is the shape of one manifest.
type ManifestDescription struct {
	// Platform is what the index says, unknown/unknown for attestations.
	Platform     string
	MediaType    string
	Digest       string
	ArtifactType string
	// Annotations are the keys only.
	Annotations []string
	// Config is the media type of the config, ConfigDigest its digest, and
	// ConfigFields the names of its top-level fields.
	Config, ConfigDigest string
	ConfigFields         []string
	Layers               []v1.Descriptor
}

// Attestation reports whether the manifest holds attestations of another one.
func (m ManifestDescription) Attestation() bool { return m.Platform == "unknown/unknown" }

// Describe reads the shape of what a reference names.
func Describe(t *spec.T, ref string) Description {
	parsed := parse(t, ref)
	head, err := remote.Get(parsed, remote.WithContext(t.Context()))
	demand(t, parsed, "image "+ref, err)
	d := Description{MediaType: string(head.MediaType), Digest: head.Digest.String()}
	if !head.MediaType.IsIndex() {
		d.Manifests = []ManifestDescription{describe(t, parsed, head.Descriptor)}
		return d
	}
	var index v1.IndexManifest
	decode(t, ref, head.Manifest, &index)
	for _, m := range index.Manifests {
		d.Manifests = append(d.Manifests, describe(t, parsed.Context().Digest(m.Digest.String()), m))
	}
	return d
}

func describe(t *spec.T, ref name.Reference, entry v1.Descriptor) ManifestDescription {
	got, err := remote.Get(ref, remote.WithContext(t.Context()))
	demand(t, ref, "manifest "+ref.String(), err)
	var manifest struct {
		v1.Manifest
		ArtifactType string `json:"artifactType"`
	}
	decode(t, ref.String(), got.Manifest, &manifest)
	d := ManifestDescription{
		MediaType: string(got.MediaType), Digest: got.Digest.String(), ArtifactType: manifest.ArtifactType,
		Annotations: slices.Sorted(maps.Keys(entry.Annotations)),
		Config:      string(manifest.Config.MediaType), ConfigDigest: manifest.Config.Digest.String(),
		ConfigFields: configFields(t, ref, manifest.Config),
		Layers:       manifest.Layers,
	}
	if entry.Platform != nil {
		d.Platform = formatPlatform(*entry.Platform)
	}
	return d
}

func configFields(t *spec.T, ref name.Reference, config v1.Descriptor) []string {
	blob, err := remote.Layer(ref.Context().Digest(config.Digest.String()), remote.WithContext(t.Context()))
	demand(t, ref, "config "+config.Digest.String(), err)
	content, err := blob.Compressed()
	demand(t, ref, "config "+config.Digest.String(), err)
	defer content.Close()
	text, err := io.ReadAll(content)
	demand(t, ref, "config "+config.Digest.String(), err)
	var fields map[string]json.RawMessage
	decode(t, config.Digest.String(), text, &fields)
	return slices.Sorted(maps.Keys(fields))
}

func decode(t *spec.T, what string, content []byte, into any) {
	t.OK(json.Unmarshal(content, into), "cannot read %s", what)
}

// Facts returns the description as names and values, in order. Names include the
// platform, since the digests of runs differ and their order may, too.
func (d Description) Facts() [][2]string {
	facts := [][2]string{{"top level media type", d.MediaType}}
	for _, m := range d.Manifests {
		who := "manifest"
		if m.Attestation() {
			who = "attestation"
		}
		facts = append(facts,
			[2]string{who + " media type", m.MediaType},
			[2]string{who + " artifact type", m.ArtifactType},
			[2]string{who + " config media type", m.Config},
			[2]string{who + " config fields", strings.Join(m.ConfigFields, " ")},
			[2]string{who + " index annotations", strings.Join(m.Annotations, " ")},
		)
		for i, layer := range m.Layers {
			facts = append(facts, [2]string{fmt.Sprintf("%s layer %d media type", who, i), string(layer.MediaType)})
		}
	}
	return facts
}
