package script

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"
)

// dialPatience is how long an endpoint may take to accept a connection.
const dialPatience = 5 * time.Second

// mistake is an error in the script itself.
type mistake struct{ error }

// noteEndpoints remembers the endpoints of engines that a command names. Those of
// the remote driver are BuildKits, which the script may be about.
func (r *runner) noteEndpoints(args []string) {
	if slices.Contains(args, "remote") || slices.Contains(args, "--driver=remote") {
		return
	}
	for _, arg := range args {
		// Flags and key=value words hold endpoints, too.
		at := max(strings.LastIndex(arg, "=tcp://"), strings.LastIndex(arg, "=unix://"))
		endpoint := arg[at+1:]
		if isEndpoint(endpoint) && endpoint != r.t.Env.Engine.Host && endpoint != r.relay.Host && !slices.Contains(r.endpoints, endpoint) {
			r.endpoints = append(r.endpoints, endpoint)
		}
	}
}

func isEndpoint(word string) bool {
	return strings.HasPrefix(word, "tcp://") || strings.HasPrefix(word, "unix://")
}

// blameEndpoint makes a failure the script's own mistake if nothing answers at an
// endpoint that it chose.
func (r *runner) blameEndpoint(failure error) error {
	for _, endpoint := range r.endpoints {
		if err := dial(r.t.Context(), endpoint); err != nil {
			return mistake{fmt.Errorf("nothing answers at %s, which the script names: %w", endpoint, err)}
		}
	}
	return failure
}

func dial(ctx context.Context, endpoint string) error {
	at, err := url.Parse(endpoint)
	if err != nil {
		return err
	}
	address := at.Host
	if at.Scheme == "unix" {
		address = at.Path
	}
	dialer := &net.Dialer{Timeout: dialPatience}
	connection, err := dialer.DialContext(ctx, at.Scheme, address)
	if err != nil {
		return err
	}
	return connection.Close()
}
