package relay

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// before is called before a request reaches the engine. What it returns is called with
// the answer, if the engine did what it was asked.
type before func(r *Relay, request *http.Request, name string) (after func(answer []byte), err error)

// route is a kind of request; a group in its path is the name of an object.
type route struct {
	method string
	path   *regexp.Regexp
	before before
}

// version begins the paths of requests.
var version = regexp.MustCompile(`^/v\d+\.\d+/`)

var routes = []route{
	at(http.MethodPost, `containers/create`, (*Relay).createContainer),
	at(http.MethodPost, `volumes/create`, (*Relay).createVolume),
	at(http.MethodPost, `networks/create`, (*Relay).createNetwork),
	at(http.MethodPost, `images/create`, (*Relay).pull),
	at(http.MethodPost, `images/load`, (*Relay).load),
	at(http.MethodPost, `images/(.+)/tag`, (*Relay).tag),
	at(http.MethodPost, `images/(.+)/push`, (*Relay).push),
	at(http.MethodDelete, `images/(.+)`, (*Relay).deleteImage),
	at(http.MethodPost, `commit`, (*Relay).tag),
	at(http.MethodPost, `build`, (*Relay).build),
	at(http.MethodPost, `(containers|volumes|networks|images|build)/prune`, (*Relay).prune),
	at(http.MethodPost, `containers/([^/]+)/(?:stop|kill|start|restart|pause|unpause|rename|update)`, (*Relay).changeContainer),
	at(http.MethodPut, `containers/([^/]+)/archive`, (*Relay).changeContainer),
	at(http.MethodDelete, `containers/([^/]+)`, (*Relay).changeContainer),
	at(http.MethodDelete, `volumes/([^/]+)`, (*Relay).deleteVolume),
	at(http.MethodDelete, `networks/([^/]+)`, (*Relay).deleteNetwork),
}

func at(method, path string, do before) route {
	return route{method, regexp.MustCompile(`^` + path + `$`), do}
}

// find returns what is done before a request, or nil, and the name of the object.
func find(request *http.Request) (do before, name string) {
	path := version.ReplaceAllString(request.URL.Path, "/")
	path = strings.TrimPrefix(path, "/")
	index := slices.IndexFunc(routes, func(r route) bool { return r.method == request.Method && r.path.MatchString(path) })
	if index < 0 {
		return nil, ""
	}
	found := routes[index]
	if groups := found.path.FindStringSubmatch(path); len(groups) > 1 {
		name = groups[1]
	}
	return found.before, name
}
