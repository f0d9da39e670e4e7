package relay

import (
	"net/http"
	"regexp"
	"strings"

	"github.com/distribution/reference"
)

// anonymousName is what an engine calls a volume that has no other name.
var anonymousName = regexp.MustCompile(`^[0-9a-f]{64}$`)

// joined makes a reference of the two halves in which the API has it.
func joined(repository, tag string) string {
	switch {
	case repository == "", tag == "":
		return repository
	case strings.Contains(tag, ":"): // a digest
		return repository + "@" + tag
	}
	return repository + ":" + tag
}

// pull is `docker pull` and `docker import`.
func (r *Relay) pull(request *http.Request, _ string) (func([]byte), error) {
	query := request.URL.Query()
	if from := query.Get("fromImage"); from != "" {
		return nil, r.names.Pulled(request.Context(), joined(from, query.Get("tag")))
	}
	return nil, r.given(request, joined(query.Get("repo"), query.Get("tag")))
}

// tag is `docker tag` and `docker commit`.
func (r *Relay) tag(request *http.Request, _ string) (func([]byte), error) {
	query := request.URL.Query()
	return nil, r.given(request, joined(query.Get("repo"), query.Get("tag")))
}

// build is `docker build` without buildx.
func (r *Relay) build(request *http.Request, _ string) (func([]byte), error) {
	for _, name := range request.URL.Query()["t"] {
		if err := r.given(request, name); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// deleteImage is `docker rmi`, of a name or of an image and all its names.
func (r *Relay) deleteImage(request *http.Request, name string) (func([]byte), error) {
	about, err := r.engine.ImageInspect(request.Context(), name)
	if err != nil {
		return nil, nil // the engine says it better
	}
	if !isID(name) {
		return nil, r.given(request, name)
	}
	for _, ref := range about.RepoTags {
		if err := r.given(request, ref); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// push is what the engine puts into a registry. Whose that is, the script's owner knows.
func (r *Relay) push(request *http.Request, name string) (func([]byte), error) {
	if tag := request.URL.Query().Get("tag"); tag != "" {
		name += ":" + tag
	}
	return r.touch("image", name, request), nil
}

var id = regexp.MustCompile(`^(sha256:)?[0-9a-f]{12,64}$`)

func isID(name string) bool { return id.MatchString(name) }

func (r *Relay) given(request *http.Request, name string) error {
	if _, err := reference.ParseNormalizedNamed(name); err != nil {
		return nil // the engine refuses it
	}
	return r.names.Given(request.Context(), name)
}
