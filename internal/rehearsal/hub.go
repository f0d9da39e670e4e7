package rehearsal

import (
	"crypto/rand"
	"fmt"
	"maps"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// The names that clients know the registries by.
const (
	hubName  = "registry-1.docker.io"
	authName = "auth.docker.io"
	// contentName is where Docker Hub sends clients for what images consist of.
	contentName = "production.cloudflare.docker.com"
)

// names are all hosts that a [Hub] is.
var names = []string{hubName, authName, contentName, "index.docker.io", "docker.io", "gcr.io", "quay.io"}

// Account is a user of Docker Hub.
type Account struct{ User, Password string }

// Hub is Docker Hub, gcr.io and quay.io, with the images of the lab's registry.
// As at the real one, a client needs a token; without an account, it may pull a
// limited number of images.
type Hub struct {
	// Mirror is host:port of the lab's registry.
	Mirror string
	// Accounts may pull any number of images.
	Accounts []Account
	// Carried are the certificates that images of BuildKit carry, see [carrier].
	Carried []byte

	mu     sync.Mutex
	left   int
	limits bool
	tokens map[string]string
	pulled map[string]int
	images carrier
}

// Limit lets clients without an account pull this many images from now on.
func (h *Hub) Limit(pulls int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.left, h.limits = pulls, true
}

// Pulled returns how many images were pulled by whom; the name of clients without an
// account is empty.
func (h *Hub) Pulled() map[string]int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return maps.Clone(h.pulled)
}

// ServeHTTP answers as the host that the request names.
func (h *Hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.Host {
	case authName:
		h.token(w, r)
	case hubName, "index.docker.io":
		h.registry(w, r)
	default:
		h.serve(w, r)
	}
}

// token gives a client a token that says who they are.
func (h *Hub) token(w http.ResponseWriter, r *http.Request) {
	user, password, named := r.BasicAuth()
	if err := r.ParseForm(); err == nil && r.PostForm.Get("username") != "" {
		user, password, named = r.PostForm.Get("username"), r.PostForm.Get("password"), true
	}
	if named && !slices.Contains(h.Accounts, Account{user, password}) {
		refuse(w, http.StatusUnauthorized, "UNAUTHORIZED", "incorrect username or password")
		return
	}
	token := rand.Text()
	h.mu.Lock()
	if h.tokens == nil {
		h.tokens = map[string]string{}
	}
	h.tokens[token] = user
	h.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"token":%q,"access_token":%[1]q,"expires_in":300}`, token)
}

// registry is Docker Hub's registry: it asks for a token, counts pulls, and sends
// clients elsewhere for content.
func (h *Hub) registry(w http.ResponseWriter, r *http.Request) {
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	h.mu.Lock()
	user, known := h.tokens[token]
	h.mu.Unlock()
	if !known {
		repository, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v2/"), "/manifests/")
		w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="https://%s/token",service="registry.docker.io",scope="repository:%s:pull"`, authName, repository))
		refuse(w, http.StatusUnauthorized, "UNAUTHORIZED", "authentication required")
		return
	}
	if strings.Contains(r.URL.Path, "/manifests/") && r.Method == http.MethodGet && !h.admits(w, user) {
		refuse(w, http.StatusTooManyRequests, "TOOMANYREQUESTS", "You have reached your unauthenticated pull rate limit.")
		return
	}
	if strings.Contains(r.URL.Path, "/blobs/") && r.Method == http.MethodGet {
		http.Redirect(w, r, "https://"+contentName+r.URL.RequestURI(), http.StatusTemporaryRedirect)
		return
	}
	h.serve(w, r)
}

// admits counts a pull and reports whether the client may do it.
func (h *Hub) admits(w http.ResponseWriter, user string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.pulled == nil {
		h.pulled = map[string]int{}
	}
	if h.limits && user == "" {
		w.Header().Set("RateLimit-Limit", "100;w=21600")
		w.Header().Set("RateLimit-Remaining", fmt.Sprintf("%d;w=21600", max(h.left, 0)))
		if h.left <= 0 {
			w.Header().Set("Retry-After", "60")
			return false
		}
		h.left--
	}
	h.pulled[user]++
	return true
}

// serve serves what the lab's registry has.
func (h *Hub) serve(w http.ResponseWriter, r *http.Request) {
	if h.images.serve(w, r, h.Mirror, h.Carried) {
		return
	}
	proxy := httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) {
		p.SetURL(&url.URL{Scheme: "http", Host: h.Mirror})
		p.Out.Header.Del("Authorization")
	}}
	proxy.ServeHTTP(w, r)
}

// refuse answers with an error as registries write it.
func refuse(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"errors":[{"code":%q,"message":%q}]}`, code, message)
}
