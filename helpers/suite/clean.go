package suite

import (
	"context"
	"errors"
	"io"

	"builders.test/helpers/endpoint"
	"builders.test/helpers/env"
	"builders.test/helpers/janitor"
)

// clean removes what dead runs left on the engine that the docker command reaches,
// on the testbed's others and on this machine.
func clean(ctx context.Context, out io.Writer, again string) (err error) {
	var hosts []string
	host, done, unfound := endpoint.Reach(ctx)
	if unfound == nil {
		hosts = append(hosts, host)
		defer func() { err = errors.Join(err, done()) }()
	}
	engines, unreached := env.Reach(ctx, hosts...)
	defer func() {
		for _, engine := range engines {
			_ = engine.Close()
		}
	}()
	return janitor.Cleaner{Out: out, Again: again}.Clean(ctx, engines, errors.Join(unfound, unreached))
}
