//go:build faults

package faults

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"builders.test/helpers/builder"
	"builders.test/helpers/claim"
	"builders.test/helpers/env"
	"builders.test/helpers/janitor"
	"builders.test/internal/versions"
	"github.com/stretchr/testify/require"
)

// neighbors are runs that start and end at different times on one engine. They
// move the same image names, have registries with unnamed volumes, and one of
// them builds in the engine itself.
var neighbours = [][]string{
	{"--buildkit", buildKit, "--run", "builders/default-image,builders/default-image-moves,builders/default-image-offline"},
	{"--buildkit", versions.BuildKit, "--run", "builders/default-image,builders/use,builders/pinned-image"},
	{"--buildkit", buildKit, "--run", "caching/registry,caching/stop-start"},
	{"--buildkit", buildKit, "--driver", "docker", "--run", "output/load,output/local"},
}

// apart is the longest time between the starts of two of them.
const apart = 6 * time.Second

// runID is the id in the name of something that a run made.
var runID = regexp.MustCompile(env.Prefix + `([0-9a-f]{8})-`)

// TestSideBySide has four runs and a user come and go on one engine, and cleans up
// in the middle of it: no one may notice the others. ROUNDS says how often. Other
// runs may be on the lab at the same time.
func TestSideBySide(t *testing.T) {
	rounds, random := times(t, "ROUNDS", 20), seeded(t)
	var green, notes int
	for i := range rounds {
		t.Run(fmt.Sprintf("%02d", i+1), func(t *testing.T) {
			notes += sideBySide(t, random)
			green++
		})
	}
	t.Logf("%d of %d rounds of %d runs are green; %d of the runs noted what others did", green, rounds, len(neighbours), notes)
}

// sideBySide is one round. It returns how many runs noted something.
func sideBySide(t *testing.T, random *rand.Rand) (notes int) {
	returned := lendDefaultImage(t)
	early, late := somebody{t: t, name: "early"}, somebody{t: t, name: "late"}
	early.comes()
	var runs []*ran
	for _, i := range random.Perm(len(neighbours)) {
		runs = append(runs, begin(t, inLab("check"), neighbours[i]...))
		letGo(runs[len(runs)-1], time.Duration(random.Int64N(int64(apart))))
		if len(runs) == 1 {
			runs[0].await(t, "", 0)
			late.comes()
		}
	}
	early.goes()
	said, err := inLab("clean").CombinedOutput()
	require.NoError(t, err, string(said))
	for _, r := range runs {
		code := r.wait(t)
		require.Zero(t, code, r.said)
		require.NotContains(t, r.said.String(), "clean-up:")
		for _, one := range r.report(t).Claims {
			require.LessOrEqual(t, one.Verdict, claim.NotApplicable, "%s: %s", one.ID, one.Reason)
		}
		for line := range strings.Lines(r.said.String()) {
			if strings.HasPrefix(line, "note ") {
				t.Log(strings.TrimSpace(line))
				notes++
			}
		}
		awaitGone(t, r)
	}
	late.isThere()
	late.goes()
	returned()
	return notes
}

// awaitGone waits until nothing of a run is left. What others leave is theirs.
func awaitGone(t *testing.T, r *ran) {
	t.Helper()
	run := runOf(t, r)
	await(t, patience, func() string {
		left := janitor.Of(run, inventory(t))
		if len(left) == 0 {
			return ""
		}
		return fmt.Sprintf("the run left %v", left)
	})
}

// runOf returns the id of a run, which is in the names of what it made.
func runOf(t *testing.T, r *ran) string {
	t.Helper()
	found := ""
	err := filepath.WalkDir(filepath.Join(r.out, "evidence"), func(path string, entry os.DirEntry, err error) error {
		if err != nil || found != "" || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if match := runID.FindSubmatch(content); match != nil {
			found = string(match[1])
		}
		return err
	})
	require.NoError(t, err)
	require.NotEmpty(t, found, "the evidence does not contain the run's id")
	return found
}

// someone is a user at work on the engine.
type somebody struct {
	t    *testing.T
	name string
}

// thing returns a name of theirs that no other run of this test uses at the same time.
func (s somebody) thing(kind string) string {
	return fmt.Sprintf("side-by-side-%d-%s-%s", os.Getpid(), s.name, kind)
}

// comes makes what a user makes: with names, and without.
func (s somebody) comes() {
	s.t.Helper()
	s.t.Cleanup(func() {
		for _, line := range s.removals() {
			_ = commandOn(access(s.t).Variables(), "docker", line...).Run()
		}
	})
	docker(s.t, "volume", "create", s.thing("volume"))
	docker(s.t, "network", "create", s.thing("network"))
	docker(s.t, "run", "--detach", "--name", s.thing("container"), "--network", "none", "--volume", "/data", "busybox", "sleep", "1000")
	docker(s.t, "tag", "busybox", s.thing("image"))
}

func (s somebody) removals() [][]string {
	return [][]string{
		{"rm", "--force", "--volumes", s.thing("container")},
		{"volume", "rm", s.thing("volume")},
		{"network", "rm", s.thing("network")},
		{"rmi", s.thing("image")},
	}
}

func (s somebody) goes() {
	s.t.Helper()
	for _, line := range s.removals() {
		docker(s.t, line...)
	}
}

// isThere requires everything to be there still, and the container to run.
func (s somebody) isThere() {
	s.t.Helper()
	docker(s.t, "volume", "inspect", s.thing("volume"))
	docker(s.t, "network", "inspect", s.thing("network"))
	docker(s.t, "image", "inspect", s.thing("image"))
	require.Equal(s.t, "true\n", docker(s.t, "inspect", "--format", "{{.State.Running}}", s.thing("container")))
}

// lendDefaultImage gives the name that the runs move to an image of a user's, and
// returns a function that requires it to be given back. While another run has
// saved the name, it is not this test's to give.
func lendDefaultImage(t *testing.T) (returned func()) {
	t.Helper()
	docker(t, "pull", "--quiet", "busybox")
	if len(savers()) > 0 {
		t.Logf("%s is not looked after: %v have saved it", builder.DefaultImage, savers())
		return func() {}
	}
	id := func(ref string) string {
		said, _ := commandOn(access(t).Variables(), "docker", "image", "inspect", "--format", "{{.Id}}", ref).Output()
		return strings.TrimSpace(string(said))
	}
	before, lent := id(builder.DefaultImage), id("busybox")
	docker(t, "tag", "busybox", builder.DefaultImage)
	t.Cleanup(func() {
		if before == "" {
			docker(t, "rmi", builder.DefaultImage)
			return
		}
		docker(t, "tag", before, builder.DefaultImage)
	})
	return func() {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		for len(savers()) > 0 {
			select {
			case <-ctx.Done():
				t.Logf("whether %s was restored is unknown: %v have saved it", builder.DefaultImage, savers())
				return
			case <-time.After(100 * time.Millisecond):
			}
		}
		require.Equal(t, lent, id(builder.DefaultImage), "%s was not given back", builder.DefaultImage)
	}
}

// savers returns the folders of the live runs that have saved the name.
func savers() []string {
	return slices.DeleteFunc(env.Folders(), func(dir string) bool {
		return !slices.Contains(env.SavedTags(dir), builder.DefaultImage) || !env.IsLive(dir)
	})
}

// TestSomebodyLocksTheTemporaryFolder holds a lock on the temporary folder, as any
// process may.
func TestSomebodyLocksTheTemporaryFolder(t *testing.T) {
	temp := t.TempDir()
	folder, err := os.Open(temp)
	require.NoError(t, err)
	defer folder.Close()
	require.NoError(t, syscall.Flock(int(folder.Fd()), syscall.LOCK_EX))
	command := exec.Command(program, "check", "--buildkit", buildKit, "--run", "builders/arch")
	command.Dir, command.Env = root, slices.Concat(inLab().Env, []string{"TMPDIR=" + temp})
	r := begin(t, command)
	require.Zero(t, r.wait(t), r.said)
}
