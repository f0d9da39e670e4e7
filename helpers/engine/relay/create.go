package relay

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"builders.test/helpers/env"
	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/api/types/volume"
)

// document is the body of a request, with all that this program knows nothing about.
type document map[string]any

// rewrite lets a function change the body of a request. A body that is no JSON object is the
// engine's to refuse.
func rewrite(request *http.Request, change func(document) error) error {
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return fmt.Errorf("read the request %s: %w", request.URL.Path, err)
	}
	_ = request.Body.Close()
	var content document
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if decoder.Decode(&content) == nil && content != nil {
		if err := change(content); err != nil {
			return err
		}
		if body, err = json.Marshal(content); err != nil {
			return err
		}
	}
	request.Body = io.NopCloser(bytes.NewReader(body))
	request.ContentLength = int64(len(body))
	request.Header.Set("Content-Length", strconv.Itoa(len(body)))
	return nil
}

// part returns an object within the document; it is made if it is not there.
func (d document) part(key string) document {
	if inner, ok := d[key].(map[string]any); ok {
		return inner
	}
	inner := map[string]any{}
	d[key] = inner
	return inner
}

// list returns the objects of a list within the document.
func (d document) list(key string) []any {
	all, _ := d[key].([]any)
	return all
}

// text returns a string within the document, or empty.
func (d document) text(key string) string {
	text, _ := d[key].(string)
	return text
}

// label gives an object the run's label.
func (r *Relay) label(content document) {
	content.part("Labels")[env.RunLabel] = r.run
}

func (r *Relay) createNetwork(request *http.Request, _ string) (func([]byte), error) {
	return r.created("network", "Id"), rewrite(request, func(content document) error {
		r.label(content)
		return nil
	})
}

func (r *Relay) createVolume(request *http.Request, _ string) (func([]byte), error) {
	there := false
	err := rewrite(request, func(content document) error {
		name := content.text("Name")
		var err error
		if name != "" {
			there, err = r.exists(request.Context(), name)
		}
		if !there {
			r.label(content)
		}
		return err
	})
	if there {
		return nil, err
	}
	return r.created("volume", "Name"), err
}

// created notes the object that an answer names.
func (r *Relay) created(kind, key string) func([]byte) {
	return func(answer []byte) {
		var object document
		if json.Unmarshal(answer, &object) == nil && object.text(key) != "" {
			r.note(kind, object.text(key))
		}
	}
}

// createContainer labels the container and the volumes that are made with it.
func (r *Relay) createContainer(request *http.Request, _ string) (func([]byte), error) {
	err := rewrite(request, func(content document) error {
		r.label(content)
		host := content.part("HostConfig")
		for _, one := range host.list("Mounts") {
			if err := r.mounted(request.Context(), one); err != nil {
				return err
			}
		}
		for _, one := range host.list("Binds") {
			if err := r.bound(request.Context(), one, host.text("VolumeDriver")); err != nil {
				return err
			}
		}
		return nil
	})
	return func(answer []byte) {
		var container document
		if json.Unmarshal(answer, &container) == nil && container.text("Id") != "" {
			r.note("container", container.text("Id"))
			r.anonymous(context.WithoutCancel(request.Context()), container.text("Id"))
		}
	}, err
}

// mounted labels the volume of a mount, if it is made now.
func (r *Relay) mounted(ctx context.Context, one any) error {
	fields, ok := one.(map[string]any)
	m := document(fields)
	if !ok || m.text("Type") != string(mount.TypeVolume) || m.text("Source") == "" {
		return nil
	}
	there, err := r.exists(ctx, m.text("Source"))
	if err == nil && !there {
		r.label(m.part("VolumeOptions"))
		r.note("volume", m.text("Source"))
	}
	return err
}

// bound makes the volume of a bind such as data:/srv, if the engine would make it now: it
// would not label it.
func (r *Relay) bound(ctx context.Context, one any, driver string) error {
	text, _ := one.(string)
	name, _, found := strings.Cut(text, ":")
	if !found || strings.ContainsAny(name, `/\`) || name == "" {
		return nil
	}
	there, err := r.exists(ctx, name)
	if err != nil || there {
		return err
	}
	_, err = r.engine.VolumeCreate(ctx, volume.CreateOptions{Name: name, Driver: driver, Labels: map[string]string{env.RunLabel: r.run}})
	if err != nil {
		return fmt.Errorf("create the volume %s: %w", name, err)
	}
	r.note("volume", name)
	return nil
}

// exists reports whether the engine has a volume of this name.
func (r *Relay) exists(ctx context.Context, name string) (bool, error) {
	_, err := r.engine.VolumeInspect(ctx, name)
	if cerrdefs.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for the volume %s: %w", name, err)
	}
	return true, nil
}

// anonymous notes the volumes without a name of their own that came with a container.
// They go with it, too, unless the script removes it before.
func (r *Relay) anonymous(ctx context.Context, id string) {
	about, err := r.engine.ContainerInspect(ctx, id)
	if err != nil {
		return // it is gone again, with its volumes
	}
	for _, m := range about.Mounts {
		if m.Type == mount.TypeVolume && anonymousName.MatchString(m.Name) {
			r.note("volume", m.Name)
		}
	}
}
