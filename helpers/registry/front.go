package registry

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"

	"builders.test/helpers/spec"
)

// Rule stands between clients and a registry: it gets the registry as a
// handler and returns the one that clients talk to.
type Rule func(registry http.Handler) http.Handler

// Front is the registry as clients see it through a rule, at an address of its
// own. It is a server of this process, so the claim needs [spec.LocalEngine].
func (r Registry) Front(t *spec.T, rule Rule) Registry {
	t.Helper()
	behind := &url.URL{Scheme: "http", Host: r.Host}
	proxy := &httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) {
		p.SetURL(behind)
		// The registry answers with addresses that lead back through the front.
		p.Out.Host = p.In.Host
	}}
	server := httptest.NewServer(rule(proxy))
	t.Cleanup(server.Close)
	return Registry{Host: server.Listener.Addr().String()}
}

// Refusal is the reason that [Refuse] gives.
const Refusal = "refused by the spec"

// Refuse answers a request as a registry does that does not allow it.
func Refuse(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusForbidden)
	fmt.Fprintf(w, `{"errors":[{"code":"DENIED","message":%q}]}`, Refusal)
}
