package measure

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"builders.test/internal/campaign/bench"
	"builders.test/internal/run"
	"builders.test/internal/run/timeline"
	"github.com/moby/sys/atomicwriter"
)

const (
	unitsFolder = "units"
	unitsFile   = "units.json"
)

// unit is a command that is repeated to learn what it costs, as a script.
type unit struct {
	name string
	// before is run once, and again many times, with a number in place of %d.
	before, again string
	times         int
	// each is how many commands again is, and kinds are those that it stands for in a
	// whole run; without any it stands for all that no other unit does.
	each  int
	kinds []string
}

var allUnits = []unit{
	{
		name: "a small build on a warm builder", before: "builder B\nbuild --build-arg N=0 context\n",
		again: "build --build-arg N=%d context\n", times: 20, each: 1,
		kinds: []string{"docker buildx build", "docker buildx bake", "docker build"},
	},
	{
		name: "the same build, cached", before: "builder B\nbuild --build-arg N=0 context\n",
		again: "build --build-arg N=0 context # %d\n", times: 20, each: 1,
	},
	{
		name: "create, bootstrap and rm", before: "",
		again: "docker buildx create --name builders-$RUN-unit-%[1]d --driver-opt image=$BUILDKIT_IMAGE --bootstrap\ndocker buildx rm builders-$RUN-unit-%[1]d\n",
		times: 8, each: 2, kinds: []string{boot},
	},
	{
		name: "`docker exec`", before: "builder B\n", again: "daemon true # %d\n", times: 40, each: 1, kinds: []string{"docker exec"},
	},
	{
		name: "`docker buildx version`, for every other command", before: "build context\n", again: "docker buildx version # %d\n", times: 30, each: 1, kinds: []string{other},
	},
}

// boot and other are what is not counted by the name of a command.
const (
	boot  = "boot"
	other = "other"
)

const dockerfile = "\n-- context/Dockerfile --\nFROM busybox\nARG N\nRUN echo $N >/n\n"

// script proves that the unit works, many times over.
func (u unit) script() string {
	var s strings.Builder
	fmt.Fprintf(&s, "# claim: What this costs: %s\n# deadline: 10m\n\n", u.name)
	s.WriteString(u.before)
	for i := range u.times {
		fmt.Fprintf(&s, u.again, i+1)
	}
	s.WriteString(dockerfile)
	return s.String()
}

// units measures what single commands cost while nothing else runs, unless that was
// done before.
func (b Bench) units(ctx context.Context, trees []tree) error {
	in := trees[len(trees)-1]
	dir := filepath.Join(b.Out, unitsFolder)
	if _, err := os.Stat(filepath.Join(dir, unitsFile)); err == nil {
		return nil
	}
	if err := os.MkdirAll(filepath.Join(dir, "specs"), 0o755); err != nil {
		return err
	}
	for i, u := range allUnits {
		if err := os.WriteFile(filepath.Join(dir, "specs", fmt.Sprintf("unit-%d.txtar", i)), []byte(u.script()), 0o644); err != nil {
			return err
		}
	}
	fmt.Fprintln(b.Stdout, "units")
	if err := in.call(ctx, "check", "--buildkit", b.Release, "--parallel", "1", "--specs", filepath.Join(dir, "specs"), "--out", filepath.Join(dir, runFolder)); err != nil {
		return fmt.Errorf("measure single commands: %w", err)
	}
	t, err := timeline.Read(filepath.Join(dir, runFolder))
	if err != nil {
		return err
	}
	var all []bench.Unit
	for i, u := range allUnits {
		for _, claim := range t.Claims {
			if strings.HasSuffix(claim.ID, fmt.Sprintf("/unit-%d", i)) {
				all = append(all, u.cost(t, claim))
			}
		}
	}
	encoded, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	return atomicwriter.WriteFile(filepath.Join(dir, unitsFile), append(encoded, '\n'), 0o644)
}

// cost is that of one repetition: the last commands of a claim are the repeated ones,
// before what the claim removes when it ends.
func (u unit) cost(t timeline.Timeline, c timeline.Claim) bench.Unit {
	commands := u.repeated(c.Commands)
	if len(commands) == 0 {
		return bench.Unit{Name: u.name, Wall: -1, CPU: -1}
	}
	part := run.Span{From: commands[0].From, To: commands[len(commands)-1].To}
	cost := bench.Unit{Name: u.name, Wall: part.Length().Seconds() / float64(u.times), CPU: -1}
	if busy := t.BusyTime(part); busy >= 0 {
		cost.CPU = busy.Seconds() / float64(u.times)
	}
	return cost
}

// repeated are the commands of the repetitions: before them are those of the beginning,
// after them the clean-up.
func (u unit) repeated(all []timeline.Command) []timeline.Command {
	first, _, _ := strings.Cut(strings.TrimPrefix(strings.ReplaceAll(u.again, "daemon", "docker exec"), "docker "), " ")
	n := u.times * u.each
	for end := len(all); end >= n; end-- {
		if strings.Contains(all[end-n].What, first) && strings.Contains(all[end-u.each].What, first) {
			return all[end-n : end]
		}
	}
	return nil
}

// readUnits returns what was measured, with how many a whole run needs.
func (b Bench) readUnits() ([]bench.Unit, error) {
	content, err := os.ReadFile(filepath.Join(b.Out, unitsFolder, unitsFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var all []bench.Unit
	if err == nil {
		err = json.Unmarshal(content, &all)
	}
	if err != nil {
		return nil, fmt.Errorf("read the costs of single commands: %w", err)
	}
	whole, err := timeline.Read(filepath.Join(b.Out, bench.Now, bench.Whole, "run-01", runFolder))
	if err != nil {
		return all, nil //nolint:nilerr // The costs are known, only not yet how many are needed.
	}
	return needed(all, whole), nil
}

// needed counts the commands of a whole run by the unit that stands for them.
func needed(all []bench.Unit, whole timeline.Timeline) []bench.Unit {
	counts := map[string]int{boot: whole.Count(timeline.Claim.Boots)}
	rest := 0
	for _, kind := range whole.Kinds() {
		counts[kind.What] += kind.Count
		rest += kind.Count
	}
	for i, u := range allUnits {
		for j := range all {
			if all[j].Name != u.name {
				continue
			}
			for _, kind := range allUnits[i].kinds {
				all[j].Needed += counts[kind]
				rest -= counts[kind]
			}
		}
	}
	// A boot is a create and a rm.
	rest -= counts[boot]
	for j := range all {
		if all[j].Name == allUnits[len(allUnits)-1].name {
			all[j].Needed = max(rest, 0)
		}
	}
	return all
}
