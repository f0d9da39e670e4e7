// Package relay stands between the commands of a script and the engine. It passes every
// request on, and notes what they make there: containers, volumes and networks get the run's
// label, so that they are found even if the run is killed, and names of images are announced
// before they change hands. So it is known, not guessed, what a script leaves behind,
// whichever program made it.
package relay

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"slices"
	"sync"

	"builders.test/helpers/spec"
	"github.com/docker/docker/client"
)

// Names learns which images are about to get, or to lose, a name on the engine. An error
// refuses the request.
type Names interface {
	// Given is called before a name is given to an image that the script made, or is taken away.
	Given(ctx context.Context, ref string) error
	// Pulled is called before a name is given to an image from a registry.
	Pulled(ctx context.Context, ref string) error
}

// Object is a container, volume or network that was made through the relay.
type Object struct {
	// Kind is container, volume or network.
	Kind string
	// ID removes it.
	ID string
}

// Touch is something that was done to an object which is not the run's.
type Touch struct {
	// Object is what people know it by, such as container web, and Name the last part of that.
	Object, Name string
	// Verb is what was done, in the words of the API: stop, delete, prune.
	Verb string
}

// String returns the object and the verb.
func (t Touch) String() string { return t.Object + ": " + t.Verb }

// Relay is a relay that listens.
type Relay struct {
	// Host is what DOCKER_HOST is set to.
	Host string

	run     string
	engine  *client.Client
	names   Names
	forward *httputil.ReverseProxy

	mu      sync.Mutex
	made    []Object
	touched []Touch
	trouble error
}

// Start starts a relay in front of the engine under test; it ends with the claim.
func Start(t *spec.T, names Names) *Relay {
	socket := filepath.Join(t.Env.Dir, t.Env.Name("engine")+".sock")
	listener, err := net.Listen("unix", socket)
	t.EnvironmentOK(err, "listen in front of the engine")
	r := &Relay{Host: "unix://" + socket, run: t.Env.Run, engine: t.Env.Client, names: names}
	r.forward = r.proxy()
	server := &http.Server{Handler: http.HandlerFunc(r.serve), ErrorLog: log.New(io.Discard, "", 0)}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return r
}

// Made returns what was made through the relay so far, in that order.
func (r *Relay) Made() []Object {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.made)
}

// Touched returns what was done to objects that are not the run's.
func (r *Relay) Touched() []Touch {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.touched)
}

// Trouble is the first error of the relay itself, if it had any: what came after it says
// nothing about the engine or its clients.
func (r *Relay) Trouble() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.trouble
}

func (r *Relay) note(kind, id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if object := (Object{kind, id}); !slices.Contains(r.made, object) {
		r.made = append(r.made, object)
	}
}

func (r *Relay) failed(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.trouble == nil {
		r.trouble = err
	}
}

// afterwards is the key of what is done with the answer to a request.
type afterwards struct{}

func (r *Relay) proxy() *httputil.ReverseProxy {
	dial := r.engine.Dialer()
	return &httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(&url.URL{Scheme: "http", Host: "engine"})
			p.Out.Host = p.In.Host
		},
		Transport: &http.Transport{
			DialContext:        func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx) },
			DisableCompression: true,
			DisableKeepAlives:  true, // the clients' connections come and go, too
		},
		FlushInterval:  -1, // at once: progress and logs are read while they are written
		ModifyResponse: answered,
		ErrorHandler: func(w http.ResponseWriter, request *http.Request, err error) {
			if request.Context().Err() == nil {
				r.failed(fmt.Errorf("pass %s %s on to the engine: %w", request.Method, request.URL.Path, err))
			}
			refuse(w, err)
		},
		ErrorLog: log.New(io.Discard, "", 0),
	}
}

// serve does what the route asks for before and after the engine has the request.
func (r *Relay) serve(w http.ResponseWriter, request *http.Request) {
	before, name := find(request)
	if before != nil {
		after, err := before(r, request, name)
		if err != nil {
			r.failed(err)
			refuse(w, err)
			return
		}
		if after != nil {
			request = request.WithContext(context.WithValue(request.Context(), afterwards{}, after))
		}
	}
	r.forward.ServeHTTP(w, request)
}

// answered hands a successful answer to the one who waits for it.
func answered(response *http.Response) error {
	after, waits := response.Request.Context().Value(afterwards{}).(func([]byte))
	if !waits || response.StatusCode >= http.StatusMultipleChoices {
		return nil
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	_ = response.Body.Close()
	after(body)
	response.Body = io.NopCloser(bytes.NewReader(body))
	return nil
}

// refuse answers in the engine's format.
func refuse(w http.ResponseWriter, err error) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusBadGateway)
	_ = json.NewEncoder(w).Encode(map[string]string{"message": err.Error()})
}
