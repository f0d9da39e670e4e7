package measure

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"builders.test/internal/campaign/bench"
	"builders.test/internal/run"
	"builders.test/internal/run/timeline"
	"gotest.tools/v3/assert"
)

func TestTheFirstVerdictIsNoticed(t *testing.T) {
	var said bytes.Buffer
	s := &screen{to: &said, began: time.Now().Add(-time.Minute), first: -1}
	for _, text := range []string{"engine     the lab's, at unix:///run/x.sock\n\nbuild", "ers\n  ✓ hol"} {
		fmt.Fprint(s, text)
		assert.Equal(t, s.first, -1.0)
	}
	fmt.Fprint(s, "ds             0.7 s  `/bin/arch` prints it\n")
	assert.Assert(t, s.first >= 60)
	assert.Assert(t, strings.HasSuffix(said.String(), "prints it\n"), "everything is passed on")
	was := s.first
	fmt.Fprint(s, "  ✗ broken           10.7 s  Another\n")
	assert.Equal(t, s.first, was)
}

func command(what string, from, to float64) timeline.Command {
	at := func(s float64) time.Time {
		return time.Date(2026, 11, 28, 4, 0, 0, 0, time.UTC).Add(time.Duration(s * float64(time.Second)))
	}
	return timeline.Command{What: what, Span: run.Span{From: at(from), To: at(to)}}
}

// The repetitions stand between what a script begins with and its clean-up.
func TestWhatAUnitCosts(t *testing.T) {
	exec := unit{name: "exec", again: "daemon true # %d\n", times: 3, each: 1}
	c := timeline.Claim{Commands: []timeline.Command{
		command("docker buildx create", 0, 1), command("docker exec", 2, 3), command("docker exec", 3, 4), command("docker exec", 4, 8), command("docker buildx rm", 8, 9),
	}}
	assert.Equal(t, exec.cost(timeline.Timeline{}, c), bench.Unit{Name: "exec", Wall: 2, CPU: -1})
	boots := unit{name: "boot", again: "docker buildx create %[1]d\ndocker buildx rm %[1]d\n", times: 2, each: 2}
	c.Commands = []timeline.Command{command("docker buildx create", 0, 1), command("docker buildx rm", 1, 2), command("docker buildx create", 2, 3), command("docker buildx rm", 3, 5)}
	assert.Equal(t, boots.cost(timeline.Timeline{}, c).Wall, 2.5)
	assert.Equal(t, boots.cost(timeline.Timeline{}, timeline.Claim{}).Wall, -1.0)
}

func TestEveryCommandOfARunIsCountedOnce(t *testing.T) {
	whole := timeline.Timeline{Claims: []timeline.Claim{{Commands: []timeline.Command{
		{What: "docker buildx create"}, {What: "docker buildx build", Build: true, Boots: 1}, {What: "docker buildx build", Build: true},
		{What: "docker exec"}, {What: "docker buildx du"}, {What: "docker buildx rm"},
	}}}}
	var all []bench.Unit
	for _, u := range allUnits {
		all = append(all, bench.Unit{Name: u.name})
	}
	counts := map[string]int{}
	for _, u := range needed(all, whole) {
		counts[u.Name] = u.Needed
	}
	assert.Equal(t, counts["a small build on a warm builder"], 2)
	assert.Equal(t, counts["create, bootstrap and rm"], 1)
	assert.Equal(t, counts["`docker exec`"], 1)
	assert.Equal(t, counts["`docker buildx version`, for every other command"], 1, "du: create and rm are the boot's")
}

func TestAnotherCommitIsMeasuredAgain(t *testing.T) {
	folder := t.TempDir()
	b := Bench{}
	assert.NilError(t, os.Mkdir(filepath.Join(folder, runFolder), 0o755))
	assert.NilError(t, b.keep(folder, bench.Result{Figure: "x", Commit: "one", Number: 2}))
	_, err := os.Stat(filepath.Join(folder, runFolder))
	assert.Assert(t, os.IsNotExist(err), "only the first run keeps its evidence")
	_, known := b.known(folder, tree{commit: "one"})
	assert.Assert(t, known)
	_, known = b.known(folder, tree{commit: "two"})
	assert.Assert(t, !known)
}
