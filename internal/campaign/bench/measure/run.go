package measure

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
	"time"

	"builders.test/helpers/usage"
	"builders.test/internal/campaign/bench"
	"builders.test/internal/report"
	"builders.test/internal/run"
	"builders.test/internal/run/timeline"
)

// The files of a measured run, beside the run's own folder.
const (
	resultFile = "run.json"
	outputFile = "output.txt"
	runFolder  = "run"
)

// one is a run to be measured.
type one struct {
	// tree is the folder of the checkout whose command is called.
	tree   string
	args   []string
	folder string
	// daemons are the processes of the engines.
	daemons []int
}

// measure makes the run. Its error is about runs that do not end well: what failed
// took another time than what holds.
func (o one) measure(ctx context.Context) (bench.Result, error) {
	if err := errors.Join(os.RemoveAll(o.folder), os.MkdirAll(o.folder, 0o755)); err != nil {
		return bench.Result{}, err
	}
	output, err := os.Create(filepath.Join(o.folder, outputFile))
	if err != nil {
		return bench.Result{}, err
	}
	defer output.Close()
	recorder, err := usage.Record(func(context.Context) (*usage.Meter, error) { return usage.NewMeter(o.daemons...) }, filepath.Join(o.folder, usage.File))
	if err != nil {
		return bench.Result{}, err
	}
	screen := &screen{to: output, began: time.Now(), first: -1}
	command := exec.CommandContext(ctx, filepath.Join(o.tree, "bin", "builders"), append(o.args, "--out", filepath.Join(o.folder, runFolder))...)
	command.Dir, command.Stdout, command.Stderr = o.tree, screen, output
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGINT) }
	err = command.Run()
	ended := time.Now()
	recorder.Stop()
	if err != nil {
		return bench.Result{}, fmt.Errorf("%w; see %s", err, output.Name())
	}
	return o.result(run.Span{From: screen.began, To: ended}, screen.first, command.ProcessState)
}

func (o one) result(span run.Span, first float64, ended *os.ProcessState) (bench.Result, error) {
	r := bench.Result{Wall: span.Length().Seconds(), FirstVerdict: first, Clients: 0, HarnessMemory: -1}
	if err := o.addRuns(&r); err != nil {
		return bench.Result{}, err
	}
	r.Harness = max(ended.UserTime().Seconds()+ended.SystemTime().Seconds()-r.Clients, 0)
	whole := timeline.Timeline{Span: span, Usage: usage.Read(os.DirFS(o.folder))}
	r.Busy, r.BusyEarly = share(whole.Busy(whole.Measured())), share(whole.Busy(whole.UntilTail()))
	for _, cost := range whole.Costs() {
		cpu, memory := cost.CPU.Seconds(), float64(cost.Memory)
		if cost.CPU < 0 {
			cpu, memory = -1, -1
		}
		switch cost.Who {
		case timeline.Engine:
			r.Engine, r.EngineMemory = cpu, memory
		case timeline.Builders:
			r.Builders, r.BuildersMemory = cpu, memory
		case timeline.All:
			r.CPU = cpu
		}
	}
	return r, nil
}

func share(s timeline.Share) float64 {
	if !s.Known() {
		return -1
	}
	return float64(s)
}

// addRuns adds what the evidence of all runs in the folder says: a matrix has several.
func (o one) addRuns(r *bench.Result) error {
	return filepath.WalkDir(filepath.Join(o.folder, runFolder), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.Name() != report.File {
			return err
		}
		if _, err := os.Stat(filepath.Join(filepath.Dir(path), run.Stream)); err != nil {
			return nil // made from the reports of others
		}
		t, err := timeline.Read(filepath.Dir(path))
		if err != nil {
			return err
		}
		add(r, t)
		return nil
	})
}

func add(r *bench.Result, t timeline.Timeline) {
	r.Claims += len(t.Claims)
	r.Commands += t.Count(timeline.Commands)
	r.Builds += t.Count(timeline.Claim.Builds)
	r.Boots += t.Count(timeline.Claim.Boots)
	for _, kind := range t.Kinds() {
		r.Clients += kind.CPU.Seconds()
		r.CommandTime += kind.Took.Seconds()
	}
	for _, claim := range t.Longest(1) {
		r.Longest = max(r.Longest, claim.Length().Seconds())
	}
	for _, cost := range t.Costs() {
		if cost.Who == timeline.Harness {
			r.HarnessMemory = max(r.HarnessMemory, float64(cost.Memory))
		}
	}
}

// verdict is a line about a claim that has ended.
var verdict = regexp.MustCompile(`(?m)^  \S+ [a-z][a-z ()]+ +[0-9]+\.[0-9] s  `)

// screen passes on what a run prints and notes when the first verdict came.
type screen struct {
	to    io.Writer
	began time.Time
	// first is in seconds; -1 until there was one.
	first float64
	said  bytes.Buffer
}

// Write passes on.
func (s *screen) Write(p []byte) (int, error) {
	if s.first < 0 {
		s.said.Write(p)
		if verdict.Match(s.said.Bytes()) {
			s.first = time.Since(s.began).Seconds()
		}
	}
	return s.to.Write(p)
}
