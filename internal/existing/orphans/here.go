package orphans

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"builders.test/helpers/endpoint"
	"builders.test/helpers/env"
)

// Here finds the orphans on the engine that the docker command reaches, by the records of
// the user's own configuration of buildx.
func Here(ctx context.Context) (l Listing, err error) {
	found, err := endpoint.Discover(ctx)
	if err != nil {
		return Listing{}, err
	}
	host, done, err := endpoint.Reach(ctx)
	if err != nil {
		return Listing{}, err
	}
	defer func() { err = errors.Join(err, done()) }()
	engines, err := env.Reach(ctx, host)
	if err != nil {
		return Listing{}, err
	}
	defer func() {
		for _, one := range engines {
			err = errors.Join(err, one.Close())
		}
	}()
	l = Listing{Config: buildxConfig(), Engine: found.Host, Orphans: []Orphan{}}
	records, err := Records(l.Config)
	if err != nil {
		return Listing{}, err
	}
	engine, err := Look(ctx, engines[0], names(found)...)
	if err != nil {
		return Listing{}, err
	}
	orphans, elsewhere := Find(engine, records)
	l.Orphans, l.Elsewhere = append(l.Orphans, orphans...), elsewhere
	return l, nil
}

// names are how records call the engine: buildx notes the context, or the address if
// that is what was chosen.
func names(found endpoint.Endpoint) []string {
	if found.Context == "" {
		return []string{found.Host}
	}
	return []string{found.Host, found.Context}
}

// buildxConfig is the user's own configuration of buildx.
func buildxConfig() string {
	if dir := os.Getenv("BUILDX_CONFIG"); dir != "" {
		return dir
	}
	return filepath.Join(env.UserDockerConfig(), "buildx")
}
