package registry

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"builders.test/helpers/front"
	"builders.test/helpers/spec"
)

// Front is the registry as clients see it through a rule, at an address of its
// own. It is a server of this process, so the claim needs [claim.LocalEngine]. What
// the rule does is part of the proof: it excuses nothing.
func (r Registry) Front(t *spec.T, rule front.Rule) Registry {
	t.Helper()
	server := httptest.NewServer(rule(front.To("tcp", r.Host)))
	t.Cleanup(server.Close)
	r.Host = server.Listener.Addr().String()
	t.Judges(r.Host)
	return r
}

// Refusal is the reason that [Refuse] gives.
const Refusal = "refused by the spec"

// Refuse answers a request as a registry does that does not allow it.
func Refuse(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusForbidden)
	fmt.Fprintf(w, `{"errors":[{"code":"DENIED","message":%q}]}`, Refusal)
}
