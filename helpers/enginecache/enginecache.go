// Package enginecache gives back what builds with the docker driver leave in
// the engine's own BuildKit, which may be the user's: records of its cache and
// of its history.
//
// A cache record does not say which build made it. A run therefore notes what
// is there before its first build, and looks again when it ends:
//
//   - the history names every build. The run's own entries, whose ids buildx
//     noted in the run's folder, are removed.
//   - if nobody else built in the meantime, as the history tells, every new
//     cache record is the run's and is removed by its id.
//   - if somebody did, or if the history does not reach back far enough to tell
//     (BuildKit keeps some 50 entries), new cache records stay. They are
//     reclaimable, and the engine collects them in time.
//
// buildx before v0.21 and engines without a history cannot tell, so that there
// all of it stays.
package enginecache

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"builders.test/helpers/env"
	"builders.test/helpers/spec"
	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/build"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/client"
)

// NoteGlob matches the notes in a run's folder, one per engine.
const NoteGlob = "engine-cache-*.json"

// note says what an engine's BuildKit held before the run's first build.
type note struct {
	Host    string
	Environ []string
	Docker  string
	Records []string
	Builds  []string
	// NoHistory tells that the engine or buildx could not list the builds.
	NoHistory bool
}

// Watch notes what the engine's BuildKit holds, the first time that a spec of
// the run is about to build there. Whoever removes the run's folder calls
// [Settle] with the note before.
func Watch(t *spec.T) {
	t.Helper()
	_, err := env.Shared(t.Env, "note on the engine's cache", func() (string, error) {
		return write(t.Context(), t.Env)
	})
	if err != nil {
		t.EnvironmentFailed("note what the engine's BuildKit holds: %v", err)
	}
}

func write(ctx context.Context, e *env.Environment) (string, error) {
	n := note{Host: e.Engine.Host, Docker: e.Docker, Environ: []string{"DOCKER_HOST=" + e.Engine.Host, "DOCKER_CONFIG=" + e.DockerConfig()}}
	var err error
	if n.Records, err = records(ctx, e.Client); err != nil {
		return "", err
	}
	// Where there is no history, there is nothing to compare with later.
	if n.Builds, err = n.history(ctx); err != nil {
		n.NoHistory = true
	}
	file := filepath.Join(e.Dir, "engine-cache-"+e.Engine.Store+".json")
	return file, env.WriteNote(file, n)
}

// Settle removes what the run left in the BuildKit of a note's engine, as far
// as that can be told from what is somebody else's, and then the note.
func Settle(ctx context.Context, file string) error {
	var n note
	err := env.ReadNote(file, &n)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read what the engine's BuildKit held: %w", err)
	}
	if !n.NoHistory {
		if err := n.settle(ctx, filepath.Dir(file)); err != nil {
			return err
		}
	}
	return env.RemoveNote(file)
}

// settle is for a run whose folder is dir.
func (n note) settle(ctx context.Context, dir string) error {
	engine, err := client.NewClientWithOpts(client.FromEnv, client.WithHost(n.Host), client.WithAPIVersionNegotiation())
	if err != nil {
		return fmt.Errorf("engine at %s: %w", n.Host, err)
	}
	defer engine.Close()
	// In this order: a build of somebody else's that made one of these records
	// is in the history by the time that it is read.
	held, err := records(ctx, engine)
	if err != nil {
		return err
	}
	builds, err := n.history(ctx)
	if err != nil {
		return err
	}
	if alone(n.Builds, builds, ownBuilds(dir, anyBuilder), ownBuilds(dir, defaultBuilder)) {
		err = prune(ctx, engine, without(held, n.Records))
	}
	return errors.Join(err, n.forget(ctx, common(builds, ownBuilds(dir, anyBuilder))))
}

// alone tells whether all builds since the note are the run's own. An entry
// from before, or else all that the run built here for certain, must still be
// there: a history drops its oldest entries.
func alone(before, now, own, ownHere []string) bool {
	if len(without(now, slices.Concat(before, own))) > 0 {
		return false
	}
	return len(common(before, now)) > 0 || len(without(ownHere, now)) == 0
}

func without(all, these []string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(s string) bool { return slices.Contains(these, s) })
}

func common(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return !slices.Contains(b, s) })
}

// records are the ids of the cache's records.
func records(ctx context.Context, engine *client.Client) ([]string, error) {
	usage, err := engine.DiskUsage(ctx, types.DiskUsageOptions{Types: []types.DiskUsageObject{types.BuildCacheObject}})
	if err != nil {
		return nil, fmt.Errorf("list the records of the engine's build cache: %w", err)
	}
	var ids []string
	for _, record := range usage.BuildCache {
		ids = append(ids, record.ID)
	}
	return ids, nil
}

// prune removes records by id; one that is in use stays.
func prune(ctx context.Context, engine *client.Client, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	exactly := "/^(" + strings.Join(ids, "|") + ")$/"
	_, err := engine.BuildCachePrune(ctx, build.CachePruneOptions{All: true, Filters: filters.NewArgs(filters.Arg("id", exactly))})
	if err != nil {
		return fmt.Errorf("remove the run's records from the engine's build cache: %w", err)
	}
	return nil
}

// history lists the ids of the builds that the engine's BuildKit remembers,
// those that go on included.
func (n note) history(ctx context.Context) ([]string, error) {
	out, err := n.buildx(ctx, "history", "ls", "--builder", "default", "--format", "{{json .}}")
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

// Where buildx notes the builds of a home: one file per build, in a folder per
// builder and node. Docker contexts are builders of their own names.
const (
	anyBuilder     = "*/*"
	defaultBuilder = "default/default"
)

// ownBuilds are the ids of the builds in all homes of a run.
func ownBuilds(dir, builder string) []string {
	// The pattern is well-formed, which is all that can be wrong.
	files, _ := filepath.Glob(filepath.Join(dir, "*", "refs", filepath.FromSlash(builder), "*"))
	ids := map[string]bool{}
	for _, file := range files {
		ids[filepath.Base(file)] = true
	}
	return slices.Sorted(maps.Keys(ids))
}

func (n note) forget(ctx context.Context, builds []string) error {
	if len(builds) == 0 {
		return nil
	}
	_, err := n.buildx(ctx, append([]string{"history", "rm", "--builder", "default"}, builds...)...)
	return err
}

func (n note) buildx(ctx context.Context, args ...string) ([]byte, error) {
	command := exec.CommandContext(ctx, n.Docker, append([]string{"buildx"}, args...)...)
	command.Env = append(os.Environ(), n.Environ...)
	out, err := command.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return nil, fmt.Errorf("docker buildx %s: %s", args[0], bytes.TrimSpace(exit.Stderr))
	}
	return out, err
}
