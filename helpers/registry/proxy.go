package registry

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"builders.test/helpers/proxy"
	"builders.test/helpers/spec"
)

// WithProxy returns the registry as clients see it through a proxy, at a separate
// address. The proxy is a server of this process, so the claim needs
// [claim.LocalEngine]. What the middleware does is part of the proof: it excuses
// nothing.
func (r Registry) WithProxy(t *spec.T, middleware proxy.Middleware) Registry {
	server := httptest.NewServer(middleware(proxy.Forward("tcp", r.Host)))
	t.Cleanup(server.Close)
	r.Host = server.Listener.Addr().String()
	t.Judges(r.Host)
	return r
}

// Refusal is the reason that [Refuse] gives.
const Refusal = "refused by the spec"

// Refuse answers a request as a registry answers one that it does not allow.
func Refuse(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusForbidden)
	fmt.Fprintf(w, `{"errors":[{"code":"DENIED","message":%q}]}`, Refusal)
}
