package sabotage

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"

	"builders.test/helpers/proxy"
	"builders.test/helpers/testbed"
	"github.com/opencontainers/go-digest"
)

// World is what stands around buildx; what is nil is left as it is.
type World struct {
	// Mirror stands in front of Docker Hub's mirror, as BuildKits see it.
	Mirror proxy.Middleware
	// Engine stands in front of the engine.
	Engine proxy.Middleware
	// Mutation is compiled into the BuildKit under test.
	Mutation *Mutation
	// Disguise is an image that takes the place of the BuildKit under test.
	Disguise *Disguise
	// Access changes how the lab is reached. It may lead into the folder, which is
	// the sabotage's own.
	Access func(to *testbed.Access, folder string) error
	// Take removes something from the machine when the lab is up, and returns a
	// function that puts it back.
	Take func() (back func() error, err error)
}

// Disguise is an image that is not what its name says.
type Disguise struct {
	// As is its name there.
	As string
	// From is the image that it is made from; empty means the one under test.
	From string
	// Files are put on top of it, all as programs.
	Files map[string]string
}

// Standing is what takes the world's place while a sabotage lasts.
type Standing struct {
	// Access leads the run to it.
	Access testbed.Access

	servers []*http.Server
}

// Stand brings up what stands in front of the lab's mirror and engine, and
// describes it to specs in its own file.
func (w World) Stand(real testbed.Access, folder string) (*Standing, error) {
	s := &Standing{Access: real}
	if w.Access != nil {
		if err := w.Access(&s.Access, folder); err != nil {
			return s, err
		}
	}
	if w.Mirror != nil {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return s, err
		}
		s.Access.Testbed.Mirror.Address = listener.Addr().String()
		s.serve(listener, w.Mirror(proxy.Forward("tcp", real.Testbed.Mirror.Address)))
	}
	if w.Engine != nil {
		socket := filepath.Join(folder, "engine.sock")
		if err := os.Remove(socket); err != nil && !errors.Is(err, os.ErrNotExist) {
			return s, err
		}
		listener, err := net.Listen("unix", socket)
		if err != nil {
			return s, err
		}
		s.Access.DockerHost = "unix://" + socket
		s.serve(listener, w.Engine(proxy.Forward("unix", strings.TrimPrefix(real.DockerHost, "unix://"))))
	}
	s.Access.File = filepath.Join(folder, "testbed.json")
	return s, s.Access.Testbed.Write(s.Access.File)
}

func (s *Standing) serve(listener net.Listener, handler http.Handler) {
	server := &http.Server{Handler: handler}
	s.servers = append(s.servers, server)
	go func() { _ = server.Serve(listener) }()
}

// Close takes it down.
func (s *Standing) Close() {
	for _, server := range s.servers {
		_ = server.Close()
	}
}

// away answers requests whose path contains a word like a service that is down.
func away(word string) proxy.Middleware {
	return func(real http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.URL.Path, word) {
				http.Error(w, `{"message":"the registry is down"}`, http.StatusServiceUnavailable)
				return
			}
			real.ServeHTTP(w, r)
		})
	}
}

// forgettingLoads answers that images were loaded, and forgets them.
func forgettingLoads(real http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/images/load") {
			_, _ = io.Copy(io.Discard, r.Body)
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprintln(w, `{"stream":"Loaded image"}`)
			return
		}
		real.ServeHTTP(w, r)
	})
}

// withoutInit refuses containers with an init process, such as builders, in the
// words of an engine that has no program for it.
func withoutInit(real http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/containers/create") {
			real.ServeHTTP(w, r)
			return
		}
		body, err := io.ReadAll(r.Body)
		var asked struct{ HostConfig struct{ Init bool } }
		if err := errors.Join(err, json.Unmarshal(body, &asked)); err != nil {
			http.Error(w, `{"message":"the request cannot be read"}`, http.StatusBadRequest)
			return
		}
		if asked.HostConfig.Init {
			http.Error(w, `{"message":"exec: \"docker-init\": executable file not found in $PATH"}`, http.StatusBadRequest)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		real.ServeHTTP(w, r)
	})
}

// retagging answers with the image of another tag than the one requested.
func retagging(repository, tag, other string) proxy.Middleware {
	return func(real http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/v2/"+repository+"/manifests/"+tag {
				r.URL.Path = "/v2/" + repository + "/manifests/" + other
			}
			real.ServeHTTP(w, r)
		})
	}
}

// swapping serves indexes whose images carry each other's platform.
func swapping(real http.Handler) http.Handler {
	swapped := map[string][]byte{} // indexes by the path of their digest
	exchange := strings.NewReplacer(`"architecture":"amd64"`, `"architecture":"arm64"`, `"architecture":"arm64"`, `"architecture":"amd64"`)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		repository, tag, manifest := strings.Cut(r.URL.Path, "/manifests/")
		if !manifest || !strings.HasSuffix(repository, "/library/busybox") {
			real.ServeHTTP(w, r)
			return
		}
		body, known := swapped[r.URL.Path]
		kind := "application/vnd.oci.image.index.v1+json"
		if !known {
			answer := httptest.NewRecorder()
			asked := r.Clone(r.Context())
			asked.Method = http.MethodGet
			real.ServeHTTP(answer, asked)
			kind = answer.Header().Get("Content-Type")
			body = answer.Body.Bytes()
			if !strings.HasPrefix(tag, "sha256:") {
				body = []byte(exchange.Replace(answer.Body.String()))
				swapped[repository+"/manifests/"+digest.FromBytes(body).String()] = body
			}
		}
		w.Header().Set("Content-Type", kind)
		w.Header().Set("Docker-Content-Digest", digest.FromBytes(body).String())
		w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		if r.Method == http.MethodGet {
			_, _ = w.Write(body)
		}
	})
}
