package script

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"time"

	"builders.test/helpers/proxy"
	"builders.test/helpers/registry"
	"github.com/rogpeppe/go-internal/testscript"
)

// serve [-etag=TEXT] FOLDER [NAME]: serves a folder over HTTP and sets $URL, or
// $NAME, to its address. With -etag every file has that ETag, whatever its
// content.
func (r *runner) serve(ts *testscript.TestScript, _ negation, args []string) error {
	etag := ""
	if len(args) > 0 {
		if value, ok := strings.CutPrefix(args[0], "-etag="); ok {
			etag, args = value, args[1:]
		}
	}
	if len(args) == 0 || len(args) > 2 {
		return errors.New("serve needs a folder, such as `serve files`")
	}
	name := "URL"
	if len(args) == 2 {
		name = args[1]
	}
	files := http.FileServer(http.Dir(ts.MkAbs(args[0])))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if etag != "" {
			w.Header().Set("ETag", fmt.Sprintf("%q", etag))
		}
		files.ServeHTTP(w, request)
	}))
	r.t.Cleanup(server.Close)
	ts.Setenv(name, server.URL)
	return nil
}

// read NAME: sets $NAME to what the last command printed, without surrounding
// spaces.
func (r *runner) read(ts *testscript.TestScript, _ negation, args []string) error {
	if len(args) != 1 {
		return errors.New("read needs the name of a variable, such as `read DIGEST`")
	}
	value := strings.TrimSpace(ts.ReadFile("stdout"))
	if value == "" {
		return errors.New("the last command printed nothing to read")
	}
	ts.Setenv(args[0], value)
	return nil
}

// slow -by=DURATION METHOD PATH NAME: sets $NAME to an endpoint of the engine
// that delays requests with this method and this text in their path. If the
// client goes away meanwhile, the engine never sees the request.
func (r *runner) slow(ts *testscript.TestScript, _ negation, args []string) error {
	if len(args) != 4 || !strings.HasPrefix(args[0], "-by=") {
		return errors.New("slow needs a duration, a method, part of a path and a name, such as `slow -by=5s DELETE /volumes/ SLOW`")
	}
	by, err := time.ParseDuration(strings.TrimPrefix(args[0], "-by="))
	if err != nil {
		return err
	}
	host := r.t.Env.Engine.Host
	socket, local := strings.CutPrefix(host, "unix://")
	if !local {
		return fmt.Errorf("the engine at %s is not on this machine; the script needs local-engine", host)
	}
	own := filepath.Join(r.t.Env.Dir, r.t.Env.Name("slow")+".sock")
	listener, err := net.Listen("unix", own)
	r.t.EnvironmentOK(err, "start a proxy in front of the engine")
	server := &http.Server{Handler: late(proxy.Forward("unix", socket), args[1], args[2], by)}
	go func() { _ = server.Serve(listener) }()
	r.t.Cleanup(func() { _ = server.Close() })
	ts.Setenv(args[3], "unix://"+own)
	return nil
}

// refuse METHOD PATH NAME: from here on the registry at $NAME refuses requests
// with this method and this text in their path.
func (r *runner) refuse(ts *testscript.TestScript, _ negation, args []string) error {
	if len(args) != 3 || ts.Getenv(args[2]) == "" {
		return errors.New("refuse needs a method, part of a path and the variable of a registry, such as `refuse GET /blobs/ REGISTRY`")
	}
	refusing := registry.Registry{Host: ts.Getenv(args[2])}.WithProxy(r.t, func(behind http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
			if request.Method == args[0] && strings.Contains(request.URL.Path, args[1]) {
				registry.Refuse(w)
				return
			}
			behind.ServeHTTP(w, request)
		})
	})
	r.registries = append(r.registries, refusing.Host)
	ts.Setenv(args[2], refusing.Host)
	return nil
}

func late(engine http.Handler, method, part string, by time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if request.Method == method && strings.Contains(request.URL.Path, part) {
			select {
			case <-time.After(by):
			case <-request.Context().Done():
				return
			}
		}
		engine.ServeHTTP(w, request)
	})
}
