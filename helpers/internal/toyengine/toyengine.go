// Package toyengine is a Docker Engine for unit tests. It has images and their
// names and nothing else, and fails on demand.
package toyengine

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/distribution/reference"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/volume"
	"github.com/docker/docker/client"
)

// Engine runs until its test ends.
type Engine struct {
	// Host is its endpoint.
	Host string
	// Code is the status of its failures; 500 unless set.
	Code int

	mu     sync.Mutex
	images map[string][]string // id → names
	faults map[string]int      // method and end of the path → how many more times it fails
	before func(request string)
}

// New starts an engine without images.
func New(t testing.TB) *Engine {
	t.Helper()
	e := &Engine{Code: http.StatusInternalServerError, images: map[string][]string{}, faults: map[string]int{}, before: func(string) {}}
	server := httptest.NewServer(e)
	t.Cleanup(server.Close)
	e.Host = "tcp://" + server.Listener.Addr().String()
	return e
}

// Client talks to the engine until the test ends.
func (e *Engine) Client(t testing.TB) *client.Client {
	t.Helper()
	c, err := client.NewClientWithOpts(client.WithHost(e.Host), client.WithAPIVersionNegotiation())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// Fail makes so many requests fail, given by their method and the end of their
// path, for example "POST /tag".
func (e *Engine) Fail(request string, times int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.faults[request] = times
}

// Before is called before each request with its method and path, so that a test
// can do what another client does at that moment.
func (e *Engine) Before(do func(request string)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.before = do
}

// Name gives an image a name, taking it from the image that has it, as a pull does.
func (e *Engine) Name(id, name string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for other, names := range e.images {
		e.images[other] = slices.DeleteFunc(names, func(n string) bool { return n == name })
	}
	e.images[id] = append(e.images[id], name)
}

// Remove removes a name, and an image with its last name.
func (e *Engine) Remove(name string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	id := e.find(name)
	if id == "" {
		return
	}
	e.images[id] = slices.DeleteFunc(e.images[id], func(n string) bool { return n == name })
	if len(e.images[id]) == 0 {
		delete(e.images, id)
	}
}

// ID returns the image that has a name, or empty.
func (e *Engine) ID(name string) string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.find(name)
}

// Names returns all names of an image.
func (e *Engine) Names(id string) []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Sorted(slices.Values(e.images[id]))
}

func (e *Engine) find(ref string) string {
	if _, ok := e.images[ref]; ok {
		return ref
	}
	for id, names := range e.images {
		if slices.Contains(names, familiar(ref)) {
			return id
		}
	}
	return ""
}

// ServeHTTP is the engine's API.
func (e *Engine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	if strings.HasPrefix(path, "/v1.") {
		_, path, _ = strings.Cut(path[1:], "/")
		path = "/" + path
	}
	e.mu.Lock()
	before := e.before
	e.mu.Unlock()
	before(r.Method + " " + path)
	if e.fails(r.Method, path) {
		refuse(w, e.Code, "the toy engine fails")
		return
	}
	w.Header().Set("Api-Version", "1.44")
	ref, isImage := strings.CutPrefix(path, "/images/")
	switch {
	case path == "/_ping":
	case path == "/containers/json":
		answer(w, []container.Summary{})
	case path == "/volumes":
		answer(w, volume.ListResponse{})
	case path == "/networks":
		answer(w, []network.Summary{})
	case path == "/system/df":
		answer(w, map[string]any{"BuildCache": []any{}})
	case ref == "json":
		answer(w, e.list(r.URL.Query().Get("filters")))
	case isImage && r.Method == http.MethodDelete:
		e.remove(w, ref)
	case isImage && strings.HasSuffix(ref, "/json"):
		e.inspect(w, strings.TrimSuffix(ref, "/json"))
	case isImage && strings.HasSuffix(ref, "/tag"):
		e.tag(w, strings.TrimSuffix(ref, "/tag"), r.URL.Query().Get("repo")+":"+r.URL.Query().Get("tag"))
	default:
		refuse(w, http.StatusNotImplemented, "the toy engine knows no "+r.Method+" "+path)
	}
}

func (e *Engine) fails(method, path string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	for request, times := range e.faults {
		wanted, end, _ := strings.Cut(request, " ")
		if times > 0 && wanted == method && strings.HasSuffix(path, end) {
			e.faults[request]--
			return true
		}
	}
	return false
}

// list applies the filters reference and dangling as the engine does: a summary has only
// those names that a pattern matches.
func (e *Engine) list(encoded string) []image.Summary {
	e.mu.Lock()
	defer e.mu.Unlock()
	given, _ := filters.FromJSON(encoded)
	all := []image.Summary{}
	for id, names := range e.images {
		one := image.Summary{ID: id, RepoTags: slices.Clone(names)}
		if given.Contains("reference") {
			one.RepoTags = slices.DeleteFunc(one.RepoTags, func(name string) bool { return !matches(given.Get("reference"), name) })
		}
		dangling := given.Contains("dangling")
		if dangling && len(names) > 0 || given.Contains("reference") && len(one.RepoTags) == 0 {
			continue
		}
		all = append(all, one)
	}
	return all
}

func matches(patterns []string, name string) bool {
	named, err := reference.ParseNormalizedNamed(name)
	return err == nil && slices.ContainsFunc(patterns, func(pattern string) bool {
		matched, err := reference.FamiliarMatch(pattern, named)
		return matched && err == nil
	})
}

func (e *Engine) inspect(w http.ResponseWriter, ref string) {
	id := e.ID(ref)
	if id == "" {
		refuse(w, http.StatusNotFound, "No such image: "+ref)
		return
	}
	answer(w, image.InspectResponse{ID: id, RepoTags: e.Names(id)})
}

func (e *Engine) tag(w http.ResponseWriter, ref, name string) {
	id := e.ID(ref)
	if id == "" {
		refuse(w, http.StatusNotFound, "No such image: "+ref)
		return
	}
	e.Name(id, familiar(name))
	w.WriteHeader(http.StatusCreated)
}

func (e *Engine) remove(w http.ResponseWriter, ref string) {
	if e.ID(ref) == "" {
		refuse(w, http.StatusNotFound, "No such image: "+ref)
		return
	}
	if e.ID(ref) == ref {
		e.mu.Lock()
		delete(e.images, ref)
		e.mu.Unlock()
	}
	e.Remove(ref)
	answer(w, []image.DeleteResponse{})
}

// familiar returns a name as an engine lists it.
func familiar(name string) string {
	named, err := reference.ParseNormalizedNamed(name)
	if err != nil {
		return name
	}
	return reference.FamiliarString(reference.TagNameOnly(named))
}

func answer(w http.ResponseWriter, content any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(content)
}

func refuse(w http.ResponseWriter, code int, why string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(map[string]string{"message": why})
}
