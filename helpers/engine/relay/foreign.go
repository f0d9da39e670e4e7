package relay

import (
	"encoding/json"
	"net/http"
	"path"
	"slices"
	"strings"

	"builders.test/helpers/env"
	"github.com/docker/docker/api/types/network"
)

// changeContainer notes what is done to a container of someone else.
func (r *Relay) changeContainer(request *http.Request, name string) (func([]byte), error) {
	about, err := r.engine.ContainerInspect(request.Context(), name)
	if err != nil || about.Config == nil || r.owns(about.Config.Labels, strings.TrimPrefix(about.Name, "/")) {
		return nil, nil // what is not there, nothing is done to
	}
	return r.touch("container", strings.TrimPrefix(about.Name, "/"), request), nil
}

func (r *Relay) deleteVolume(request *http.Request, name string) (func([]byte), error) {
	about, err := r.engine.VolumeInspect(request.Context(), name)
	if err != nil || r.owns(about.Labels, name) || r.isMade("volume", name) {
		return nil, nil
	}
	return r.touch("volume", name, request), nil
}

func (r *Relay) deleteNetwork(request *http.Request, name string) (func([]byte), error) {
	about, err := r.engine.NetworkInspect(request.Context(), name, network.InspectOptions{})
	if err != nil || r.owns(about.Labels, about.Name) {
		return nil, nil
	}
	return r.touch("network", about.Name, request), nil
}

// prune notes what was removed that was not the run's, as far as the answer says it. Of
// the engine's own build cache nobody knows whose it is.
func (r *Relay) prune(_ *http.Request, kind string) (func([]byte), error) {
	return func(answer []byte) {
		var said struct{ ContainersDeleted, VolumesDeleted, NetworksDeleted, CachesDeleted []string }
		if json.Unmarshal(answer, &said) != nil {
			return
		}
		for of, all := range map[string][]string{
			"container": said.ContainersDeleted, "volume": said.VolumesDeleted, "network": said.NetworksDeleted, "cache record": said.CachesDeleted,
		} {
			for _, one := range all {
				if !r.isMade(of, one) && !r.owns(nil, one) {
					r.add(Touch{Object: of + " " + one, Name: one, Verb: "prune of " + kind})
				}
			}
		}
	}, nil
}

// owns reports whether an object is the run's: by its label, or by its name.
func (r *Relay) owns(labels map[string]string, name string) bool {
	return labels[env.RunLabel] == r.run || strings.HasPrefix(strings.TrimPrefix(name, env.NodePrefix), env.Prefix+r.run)
}

func (r *Relay) isMade(kind, id string) bool {
	return slices.Contains(r.Made(), Object{kind, id})
}

// touch notes, once the engine has done it, what was asked for.
func (r *Relay) touch(kind, name string, request *http.Request) func([]byte) {
	verb := path.Base(request.URL.Path)
	switch request.Method {
	case http.MethodDelete:
		verb = "rm"
	case http.MethodPut:
		verb = "cp"
	}
	return func([]byte) { r.add(Touch{Object: kind + " " + name, Name: name, Verb: verb}) }
}

func (r *Relay) add(t Touch) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.touched = append(r.touched, t)
}
