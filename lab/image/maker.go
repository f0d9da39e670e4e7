package image

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"builders.test/lab/debian"
	"builders.test/lab/site"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/moby/sys/atomicwriter"
	"golang.org/x/sync/singleflight"
)

// Maker makes images and puts them into a registry.
type Maker struct {
	// Dir keeps layers and what was pushed; Temp holds unfinished files.
	Dir, Temp string
	// HostArch is the architecture of this machine.
	HostArch string
	// Archives are the package archives by architecture.
	Archives map[string]*debian.Archive
	// Date is the creation time of every image.
	Date time.Time
	// Through is how the registry is reached, if not at its address.
	Through http.RoundTripper

	// writing are the layers that are being written: recipes share them.
	writing singleflight.Group
}

// pushed is what the maker remembers about an image that it put into the registry.
type pushed struct {
	Key    string `json:"key"`
	Digest string `json:"digest"`
}

// State is the state of a recipe in a registry.
type State string

// The states of a recipe.
const (
	Missing State = "missing"
	// Moved: the image is there, but one of its names leads to another.
	Moved  State = "moved"
	Served State = "served"
)

// how returns the options for requests to the registry.
func (m *Maker) how(ctx context.Context) []remote.Option {
	options := []remote.Option{remote.WithContext(ctx)}
	if m.Through != nil {
		options = append(options, remote.WithTransport(m.Through))
	}
	return options
}

// Look returns whether the registry at host:port serves the recipe's image under
// all its names.
func (m *Maker) Look(ctx context.Context, registry string, r Recipe) State {
	was, err := m.recall(r)
	if err != nil || was.Key != r.Key() {
		return Missing
	}
	state := Served
	for _, ref := range r.Refs {
		tag, err := name.NewTag(registry+"/"+ref, name.Insecure)
		if err != nil {
			return Missing
		}
		head, err := remote.Head(tag, m.how(ctx)...)
		if err != nil {
			if _, err := remote.Head(tag.Context().Digest(was.Digest), m.how(ctx)...); err != nil {
				return Missing
			}
		}
		if err != nil || head.Digest.String() != was.Digest {
			state = Moved
		}
	}
	return state
}

// Ensure makes the registry at host:port serve the recipe's image under all
// its names, doing only what is missing. It returns the index digest.
func (m *Maker) Ensure(ctx context.Context, registry string, r Recipe) (string, error) {
	state := m.Look(ctx, registry, r)
	if state == Missing {
		return m.push(ctx, registry, r)
	}
	was, err := m.recall(r)
	if err != nil || state == Served {
		return was.Digest, err
	}
	for _, ref := range r.Refs {
		if err := m.retag(ctx, registry, ref, was.Digest); err != nil {
			return "", fmt.Errorf("naming %s: %w", ref, err)
		}
	}
	return was.Digest, nil
}

// Prepare writes the layers that need nothing but Debian's packages, so that
// little is left for [Maker.Ensure].
func (m *Maker) Prepare(ctx context.Context, r Recipe) error {
	for _, arch := range r.Archs {
		for _, layer := range r.Layers {
			if _, ok := layer.(Files); ok {
				continue
			}
			if _, err := m.layer(ctx, layer, arch); err != nil {
				return fmt.Errorf("making %s for %s: %w", r.Name(), arch, err)
			}
		}
	}
	return nil
}

func (m *Maker) retag(ctx context.Context, registry, ref, digest string) error {
	tag, err := name.NewTag(registry+"/"+ref, name.Insecure)
	if err != nil {
		return err
	}
	is, err := remote.Get(tag.Context().Digest(digest), m.how(ctx)...)
	if err != nil {
		return err
	}
	return remote.Tag(tag, is, m.how(ctx)...)
}

func (m *Maker) push(ctx context.Context, registry string, r Recipe) (string, error) {
	index, err := m.index(ctx, r)
	if err != nil {
		return "", err
	}
	for _, ref := range r.Refs {
		tag, err := name.NewTag(registry+"/"+ref, name.Insecure)
		if err != nil {
			return "", err
		}
		if err := remote.WriteIndex(tag, index, m.how(ctx)...); err != nil {
			return "", fmt.Errorf("pushing %s: %w", ref, err)
		}
	}
	hash, err := index.Digest()
	if err != nil {
		return "", err
	}
	return hash.String(), m.remember(r, pushed{r.Key(), hash.String()})
}

func (m *Maker) index(ctx context.Context, r Recipe) (v1.ImageIndex, error) {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, arch := range r.Archs {
		image, err := m.image(ctx, r, arch)
		if err != nil {
			return nil, fmt.Errorf("making %s for %s: %w", r.Name(), arch, err)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add:        image,
			Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: arch}},
		})
	}
	return index, nil
}

func (m *Maker) image(ctx context.Context, r Recipe, arch string) (v1.Image, error) {
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	for _, layer := range r.Layers {
		file, err := m.layer(ctx, layer, arch)
		if err != nil {
			return nil, err
		}
		l, err := tarball.LayerFromFile(file, tarball.WithMediaType(types.OCILayer))
		if err != nil {
			return nil, err
		}
		about, _, _ := strings.Cut(layer.Identity(), "\n")
		image, err = mutate.Append(image, mutate.Addendum{Layer: l, MediaType: types.OCILayer,
			History: v1.History{Created: v1.Time{Time: m.Date}, CreatedBy: "lab: " + about}})
		if err != nil {
			return nil, err
		}
	}
	base, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	return mutate.ConfigFile(image, r.config(base.DeepCopy(), arch, m.Date))
}

func (r Recipe) config(c *v1.ConfigFile, arch string, date time.Time) *v1.ConfigFile {
	c.OS, c.Architecture, c.Created = "linux", arch, v1.Time{Time: date}
	env := r.Env
	if len(env) == 0 {
		env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
	}
	labels := map[string]string{OriginLabel: "built by the lab from " + r.Origin}
	maps.Copy(labels, r.Labels)
	c.Config = v1.Config{
		Entrypoint: r.Entrypoint, Cmd: r.Cmd, Env: env, Labels: labels,
		WorkingDir: r.WorkingDir, User: r.User, Volumes: set(r.Volumes), ExposedPorts: set(r.Ports),
	}
	return c
}

func set(names []string) map[string]struct{} {
	if len(names) == 0 {
		return nil
	}
	all := map[string]struct{}{}
	for _, name := range names {
		all[name] = struct{}{}
	}
	return all
}

// layer writes a layer unless it exists, and returns its file.
func (m *Maker) layer(ctx context.Context, l Layer, arch string) (string, error) {
	file := filepath.Join(m.Dir, "layers", digest(l.Identity(), arch)+".tar.gz")
	_, err, _ := m.writing.Do(file, func() (any, error) {
		if site.Exists(file) {
			return nil, nil
		}
		lock := filepath.Join(m.Dir, "locks", "layer-"+filepath.Base(file))
		return nil, site.Locked(ctx, lock, nil, func() error { return m.write(ctx, l, arch, file) })
	})
	return file, err
}

func (m *Maker) write(ctx context.Context, l Layer, arch, file string) error {
	// Another process may have written it.
	if site.Exists(file) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	temp, err := os.CreateTemp(m.Temp, "layer-")
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name())
	defer temp.Close()
	packed, err := gzip.NewWriterLevel(temp, level(l))
	if err != nil {
		return err
	}
	if err := l.Write(ctx, m, arch, packed); err != nil {
		return err
	}
	if err := errors.Join(packed.Close(), temp.Close()); err != nil {
		return err
	}
	return os.Rename(temp.Name(), file)
}

// level returns how well a layer is compressed. Layers are read over loopback a few times:
// time matters more than size, and most where each run reads hundreds of megabytes.
func level(l Layer) int {
	if _, big := l.(Unpacked); big {
		return gzip.NoCompression
	}
	return gzip.BestSpeed
}

func (m *Maker) note(r Recipe) string {
	return filepath.Join(m.Dir, "images", strings.NewReplacer("/", "_", ":", "_").Replace(r.Refs[0])+".json")
}

func (m *Maker) recall(r Recipe) (pushed, error) {
	data, err := os.ReadFile(m.note(r))
	if err != nil {
		return pushed{}, err
	}
	var p pushed
	return p, json.Unmarshal(data, &p)
}

func (m *Maker) remember(r Recipe, p pushed) error {
	if err := os.MkdirAll(filepath.Dir(m.note(r)), 0o755); err != nil {
		return err
	}
	data, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return atomicwriter.WriteFile(m.note(r), data, 0o644)
}
