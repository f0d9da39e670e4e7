// Package proxy proxies a service, so that specs see the requests of its clients and
// can answer them instead.
package proxy

import (
	"context"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"time"
)

// Middleware wraps a service into the handler that clients talk to.
type Middleware func(service http.Handler) http.Handler

// Forward forwards every request to the service that listens at an address, such as
// "tcp", "127.0.0.1:5000" or "unix", "/run/docker.sock". Upgraded connections go
// through, and addresses in answers lead back through the proxy.
func Forward(network, address string) http.Handler {
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: "service"})
			r.Out.Host = r.In.Host
		},
		Transport:     Dial(network, address),
		FlushInterval: -1, // at once: builds report while they run
	}
}

// Dial sends every request to the service that listens at an address,
// whatever host the request names.
func Dial(network, address string) *http.Transport {
	return &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, address)
		},
		IdleConnTimeout: 10 * time.Second,
	}
}
