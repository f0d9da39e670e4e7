package script

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// serve [-etag=TEXT] FOLDER [NAME]: serves a folder over HTTP and sets $URL, or
// $NAME, to its address. With -etag every file has that ETag, whatever is in it.
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

// read NAME: sets $NAME to what the last command printed, without the blanks
// around it.
func (r *runner) read(ts *testscript.TestScript, _ negation, args []string) error {
	if len(args) != 1 {
		return errors.New("read needs the name of a variable, such as `read DIGEST`")
	}
	value := strings.TrimSpace(ts.ReadFile("stdout"))
	if value == "" {
		return errors.New("the last command printed nothing that could be read")
	}
	ts.Setenv(args[0], value)
	return nil
}
