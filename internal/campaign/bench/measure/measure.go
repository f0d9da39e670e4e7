// Package measure makes measured runs of the claims: of this checkout and, by turns, of
// another one. Each run is a process of its own, so that trees of any age are measured
// in the same way.
package measure

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"builders.test/helpers/env"
	"builders.test/internal/campaign/bench"
	"builders.test/internal/check"
	"github.com/moby/sys/atomicwriter"
)

// Bench measures the figures of docs/performance.md.
type Bench struct {
	check.Workspace
	// Release is the BuildKit that is tested.
	Release string
	// Figures are names, separated by spaces; empty means all.
	Figures string
	// Runs is how often each is measured, in the words of RUNS.
	Runs string
	// Before is the folder of another checkout, or empty.
	Before string
	// Out is the folder for the results, one folder per run.
	Out string
}

// Run measures what is missing, one run after the other, and keeps the tables up to
// date meanwhile.
func (b Bench) Run(ctx context.Context) error {
	runs, err := strconv.Atoi(b.Runs)
	if err != nil || runs < 1 {
		return fmt.Errorf("RUNS=%s is not how often to measure; write a number such as 5", b.Runs)
	}
	p, err := b.Open(ctx)
	if err != nil {
		return err
	}
	var ids []string
	for _, one := range p.Book.WithoutRegressions().Claims {
		ids = append(ids, one.ID)
	}
	figures, err := bench.Choose(bench.Figures(b.Release, ids), b.Figures)
	if err != nil {
		return err
	}
	all, err := b.trees(ctx)
	if err != nil {
		return err
	}
	if b.Out, err = filepath.Abs(b.Out); err != nil {
		return err
	}
	return b.rounds(ctx, all, figures, runs)
}

// rounds measures every figure once with every tree, then once more. A round takes the
// trees in the other order than the one before.
func (b Bench) rounds(ctx context.Context, trees []tree, figures []bench.Figure, runs int) error {
	var failed []error
	for number := 1; number <= runs; number++ {
		for _, figure := range figures {
			for i := range trees {
				one := trees[(i+number-1)%len(trees)]
				if figure.OnlyNow && one.name != bench.Now {
					continue
				}
				if err := b.once(ctx, one, figure, number); err != nil {
					failed = append(failed, err)
				}
				if ctx.Err() != nil {
					return errors.Join(ctx.Err(), b.conclude(trees))
				}
			}
		}
		if err := b.conclude(trees); err != nil {
			return err
		}
	}
	if err := b.units(ctx, trees); err != nil {
		failed = append(failed, err)
	}
	return errors.Join(errors.Join(failed...), b.conclude(trees))
}

// tree is a checkout.
type tree struct {
	// name is bench.Before or bench.Now.
	name, dir, commit string
}

// trees are those to measure, with their commands compiled.
func (b Bench) trees(ctx context.Context) ([]tree, error) {
	all := []tree{{name: bench.Now, dir: "."}}
	if b.Before != "" {
		all = append([]tree{{name: bench.Before, dir: b.Before}}, all...)
	}
	for i := range all {
		one := &all[i]
		var err error
		if one.dir, err = filepath.Abs(one.dir); err != nil {
			return nil, err
		}
		compile := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-o", filepath.Join("bin", "builders"), "./cmd/builders")
		compile.Dir = one.dir
		if said, err := compile.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("compile the command of %s: %w: %s; name a checkout of this project with BEFORE=", one.dir, err, strings.TrimSpace(string(said)))
		}
		one.commit = commitOf(ctx, one.dir)
	}
	return all, nil
}

// commitOf names what is checked out in a folder; empty if git does not know.
func commitOf(ctx context.Context, dir string) string {
	command := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty=+", "--exclude=*")
	command.Dir = dir
	said, err := command.Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(said))
}

// once measures a figure with a tree, unless that was done before.
func (b Bench) once(ctx context.Context, in tree, figure bench.Figure, number int) error {
	folder := filepath.Join(b.Out, in.name, figure.Name, fmt.Sprintf("run-%02d", number))
	if _, known := b.known(folder, in); known {
		return nil
	}
	fmt.Fprintf(b.Stdout, "%-7s %-12s run %d: ", in.name, figure.Name, number)
	daemons, err := b.warm(ctx, in, figure)
	if err == nil {
		var result bench.Result
		result, err = one{tree: in.dir, args: figure.Args, folder: folder, daemons: daemons}.measure(ctx)
		if err == nil {
			result.Figure, result.Tree, result.Commit, result.Number = figure.Name, in.name, in.commit, number
			err = b.keep(folder, result)
			fmt.Fprintf(b.Stdout, "%.1f s, %.1f s of processor\n", result.Wall, result.CPU)
		}
	}
	if err != nil {
		err = fmt.Errorf("%s, %s, run %d: %w", in.name, figure.Name, number, err)
		fmt.Fprintln(b.Stdout, err)
	}
	return err
}

// keep stores the result of a run. Of each figure only the first run keeps its evidence.
func (b Bench) keep(folder string, r bench.Result) error {
	encoded, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if r.Number > 1 {
		if err := os.RemoveAll(filepath.Join(folder, runFolder)); err != nil {
			return err
		}
	}
	return atomicwriter.WriteFile(filepath.Join(folder, resultFile), append(encoded, '\n'), 0o644)
}

// known reads the result of a run that was made with the same commit.
func (b Bench) known(folder string, in tree) (bench.Result, bool) {
	var r bench.Result
	content, err := os.ReadFile(filepath.Join(folder, resultFile))
	known := err == nil && json.Unmarshal(content, &r) == nil && r.Commit == in.commit
	return r, known
}

// warm sees to it that nothing has to be made or started while a run is measured, and
// returns the processes of the engines.
func (b Bench) warm(ctx context.Context, in tree, figure bench.Figure) ([]int, error) {
	for _, release := range figure.Releases {
		if err := b.ready(ctx, in, release); err != nil {
			return nil, err
		}
	}
	hosts, inLab, err := b.Hosts(ctx)
	if err != nil {
		return nil, err
	}
	if inLab {
		// The other tree may have started a lab that this one starts again.
		if err := in.call(ctx, "lab", "up"); err != nil {
			return nil, err
		}
	}
	return env.Daemons(ctx, hosts...), nil
}

// ready proves one claim on a release, once: that compiles the specs, starts the lab,
// and makes the release.
func (b Bench) ready(ctx context.Context, in tree, release string) error {
	done := filepath.Join(b.Out, in.name, "ready-"+release+"-"+in.commit)
	if _, err := os.Stat(done); err == nil {
		return nil
	}
	err := in.call(ctx, "check", "--buildkit", release, "--run", "builders/version", "--out", filepath.Join(b.Out, in.name, "warm"))
	if err != nil {
		return fmt.Errorf("prepare BuildKit %s: %w", release, err)
	}
	return os.WriteFile(done, nil, 0o644)
}

// call runs the command of a tree; its error has what that said.
func (in tree) call(ctx context.Context, args ...string) error {
	command := exec.CommandContext(ctx, filepath.Join(in.dir, "bin", "builders"), args...)
	command.Dir = in.dir
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGINT) }
	if said, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("builders %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(string(said)))
	}
	return nil
}

// conclude writes what is known so far, as data and as tables.
func (b Bench) conclude(trees []tree) error {
	set := bench.Set{Machine: machine(), Processors: runtime.NumCPU(), Release: b.Release}
	for _, in := range trees {
		paths, err := filepath.Glob(filepath.Join(b.Out, in.name, "*", "run-*", resultFile))
		if err != nil {
			return err
		}
		for _, path := range paths {
			if r, known := b.known(filepath.Dir(path), in); known {
				set.Results = append(set.Results, r)
			}
		}
	}
	var err error
	if set.Units, err = b.readUnits(); err != nil {
		return err
	}
	if err := set.Write(filepath.Join(b.Out, bench.File)); err != nil {
		return err
	}
	table := filepath.Join(b.Out, "bench.md")
	if err := atomicwriter.WriteFile(table, []byte(set.Tables()), 0o644); err != nil {
		return fmt.Errorf("write the tables: %w", err)
	}
	fmt.Fprintln(b.Stdout, "tables ", table)
	return nil
}
