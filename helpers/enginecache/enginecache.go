// Package enginecache removes what builds with the docker driver leave in the
// engine's own BuildKit, which may be the user's: records of its cache and of its
// history.
//
// A cache record does not say which build made it. A run therefore notes what is
// there before its first build, and looks again when it ends:
//
//   - the history names every build. The run's own entries, whose ids buildx
//     noted in the run's folder, are removed.
//   - if no other build ran in the meantime, according to the history, every new
//     cache record is the run's and is removed by its id.
//   - if one did, or if the history does not reach back far enough to tell
//     (BuildKit keeps some 50 entries), new cache records stay. They are
//     reclaimable, and the engine collects them in time.
//
// With buildx before v0.21, and on engines without a history, this is unknown and
// everything stays.
package enginecache

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"

	"builders.test/helpers/env"
	"builders.test/helpers/spec"
	"builders.test/helpers/undo"
	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/build"
	"github.com/docker/docker/client"
	"golang.org/x/sync/errgroup"
)

// kind is the kind of the notes; there is one per engine.
const kind = "engine-cache"

// snapshot records what an engine's BuildKit held before the run's first build.
type snapshot struct {
	Host    string
	Environ []string
	Docker  string
	Records []string
	Builds  []string
	// NoHistory says that the engine or buildx could not list the builds.
	NoHistory bool
}

// Snapshot notes what the engine's BuildKit holds, the first time that a spec of
// the run is about to build there.
func Snapshot(t *spec.T) {
	_, err := env.Shared(t.Env, "note on the engine's cache", func() (*undo.Note, error) {
		s, err := take(t.Context(), t.Env)
		if err != nil {
			return nil, err
		}
		return t.Env.Undo.Write(kind, s.Host, s)
	})
	t.EnvironmentOK(err, "note what the engine's BuildKit holds")
}

func take(ctx context.Context, e *env.Environment) (snapshot, error) {
	s := snapshot{Host: e.Engine.Host, Docker: e.Docker, Environ: []string{"DOCKER_HOST=" + e.Engine.Host, "DOCKER_CONFIG=" + e.DockerConfig()}}
	var err error
	if s.Records, err = records(ctx, e.Client); err != nil {
		return s, err
	}
	// Without a history there is nothing to compare with later.
	if s.Builds, err = s.history(ctx); err != nil {
		s.NoHistory = true
	}
	return s, nil
}

// Handler removes what a run left in an engine's BuildKit, as far as that can be
// distinguished from what others left.
func Handler() undo.Handler { return undo.Handler{Kind: kind, Undo: restore} }

func restore(ctx context.Context, note undo.Note) error {
	var s snapshot
	if err := note.Read(&s); err != nil || s.NoHistory {
		return err
	}
	engine, err := env.Dial(s.Host)
	if err != nil {
		return err
	}
	defer engine.Close()
	// The order matters: a concurrent build that made one of these records is in the
	// history by the time that it is read.
	held, err := records(ctx, engine)
	if err != nil {
		return err
	}
	builds, err := s.history(ctx)
	if err != nil {
		return err
	}
	run := note.Run()
	var work errgroup.Group
	if alone(s.Builds, builds, ownBuilds(run, anyBuilder), ownBuilds(run, defaultBuilder)) {
		work.Go(func() error { return prune(ctx, engine, without(held, s.Records), held) })
	}
	forgotten := s.forget(ctx, common(builds, ownBuilds(run, anyBuilder)))
	return errors.Join(work.Wait(), forgotten)
}

// alone reports whether all builds since the snapshot are the run's own. An
// earlier entry, or every build that the run certainly made here, must still be
// there: a history drops its oldest entries.
func alone(before, now, own, ownHere []string) bool {
	if len(without(now, slices.Concat(before, own))) > 0 {
		return false
	}
	return len(common(before, now)) > 0 || len(without(ownHere, now)) == 0
}

func without(all, these []string) []string {
	known := setOf(these)
	return slices.DeleteFunc(slices.Clone(all), func(s string) bool { return known[s] })
}

func common(a, b []string) []string {
	known := setOf(b)
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return !known[s] })
}

func setOf(all []string) map[string]bool {
	set := make(map[string]bool, len(all))
	for _, s := range all {
		set[s] = true
	}
	return set
}

// records returns the ids of the cache's records, the newest first: a record is in use
// by those that were built on it.
func records(ctx context.Context, engine *client.Client) ([]string, error) {
	usage, err := engine.DiskUsage(ctx, types.DiskUsageOptions{Types: []types.DiskUsageObject{types.BuildCacheObject}})
	if err != nil {
		return nil, fmt.Errorf("list the records of the engine's build cache: %w", err)
	}
	slices.SortStableFunc(usage.BuildCache, func(a, b *build.CacheRecord) int { return b.CreatedAt.Compare(a.CreatedAt) })
	var ids []string
	for _, record := range usage.BuildCache {
		ids = append(ids, record.ID)
	}
	return ids, nil
}

// history lists the ids of the builds that the engine's BuildKit remembers,
// including unfinished ones.
func (s snapshot) history(ctx context.Context) ([]string, error) {
	out, err := s.buildx(ctx, "history", "ls", "--builder", "default", "--format", "{{json .}}")
	if err != nil {
		return nil, err
	}
	return parseHistory(out)
}

// parseHistory reads the JSON lines of docker buildx history ls, whose refs
// read builder/node/id.
func parseHistory(out []byte) ([]string, error) {
	var ids []string
	for line := range bytes.Lines(out) {
		var entry struct{ Ref string }
		if err := json.Unmarshal(line, &entry); err != nil {
			return nil, fmt.Errorf("docker buildx history ls: %w", err)
		}
		if entry.Ref == "" {
			return nil, fmt.Errorf("docker buildx history ls: an entry without a ref: %s", line)
		}
		ids = append(ids, path.Base(entry.Ref))
	}
	return ids, nil
}

// Where buildx notes the builds of a configuration: one file per build, in a folder per
// builder and node. Each docker context is a builder of the same name.
const (
	anyBuilder     = "*/*"
	defaultBuilder = "default/default"
)

// ownBuilds returns the ids of the builds in all configurations of a run.
func ownBuilds(dir, builder string) []string {
	// The pattern is well-formed, which is all that could go wrong.
	files, _ := filepath.Glob(filepath.Join(dir, "*", "refs", filepath.FromSlash(builder), "*"))
	ids := map[string]bool{}
	for _, file := range files {
		ids[filepath.Base(file)] = true
	}
	return slices.Sorted(maps.Keys(ids))
}

func (s snapshot) forget(ctx context.Context, builds []string) error {
	if len(builds) == 0 {
		return nil
	}
	_, err := s.buildx(ctx, append([]string{"history", "rm", "--builder", "default"}, builds...)...)
	return err
}

func (s snapshot) buildx(ctx context.Context, args ...string) ([]byte, error) {
	command := exec.CommandContext(ctx, s.Docker, append([]string{"buildx"}, args...)...)
	command.Env = append(os.Environ(), s.Environ...)
	out, err := command.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return nil, fmt.Errorf("docker buildx %s: %s", args[0], bytes.TrimSpace(exit.Stderr))
	}
	return out, err
}
