package check

import (
	"context"
	"errors"
	"io"
	"maps"
	"slices"

	"builders.test/helpers/testbed"
	"builders.test/internal/existing"
)

// Hosts returns the endpoints of the engines that runs use: of the one that is there
// or, if there is none, of the lab's; inLab says which.
func (w Workspace) Hosts(ctx context.Context) (hosts []string, inLab bool, err error) {
	found, err := existing.Find(ctx)
	if err == nil {
		described, err := testbed.Given()
		return append([]string{found.Host}, slices.Collect(maps.Values(described.Engines))...), false, err
	}
	if !errors.Is(err, existing.ErrNone) {
		return nil, false, err
	}
	l, err := w.OpenLab(io.Discard)
	if err != nil {
		return nil, true, err
	}
	access, err := l.Access("")
	if err != nil {
		return nil, true, err
	}
	return append([]string{access.DockerHost}, slices.Collect(maps.Values(access.Testbed.Engines))...), true, nil
}
