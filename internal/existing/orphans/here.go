package orphans

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"builders.test/helpers/endpoint"
	"builders.test/helpers/env"
	"builders.test/internal/text/sanitize"
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
	config := buildxConfig()
	l = Listing{Config: sanitize.Line(config), Engine: sanitize.Line(found.Host), Orphans: []Orphan{}}
	records, err := Records(config)
	if err != nil {
		return Listing{}, err
	}
	engine, err := Look(ctx, engines[0], names(found)...)
	if err != nil {
		return Listing{}, err
	}
	orphans, elsewhere := Find(engine, records)
	l.Elsewhere = elsewhere
	for _, o := range orphans {
		// Whoever may write a record chooses its name.
		o.Name, o.Why, o.Remove = sanitize.Line(o.Name), sanitize.Line(o.Why), sanitize.Line(o.Remove)
		l.Orphans = append(l.Orphans, o)
	}
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
