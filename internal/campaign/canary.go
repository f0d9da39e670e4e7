package campaign

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"time"

	"builders.test/internal/check/exit"
	"builders.test/internal/compare"
	"builders.test/internal/report"
	"builders.test/internal/results"
	"github.com/moby/sys/atomicwriter"
)

// Canary is a comparison of the pin with what comes next, for a schedule: it is quiet as long
// as nothing that the project relies on changes.
type Canary struct {
	Compare
	// Now tells the time of the record.
	Now func() time.Time
}

// CanaryFile is the name of the record in the folder for the results.
const CanaryFile = "canary.json"

// Sighting is the record of one comparison: which images were compared, and what came of it.
type Sighting struct {
	Time      time.Time `json:"time"`
	Baseline  Seen      `json:"baseline"`
	Candidate Seen      `json:"candidate"`
	// Classes are how many claims there are of each class, and Shapes how many facts changed.
	Classes map[compare.Class]int `json:"classes"`
	Shapes  int                   `json:"shapes"`
}

// Seen is a BuildKit as it was found.
type Seen struct {
	Image   string `json:"image"`
	Version string `json:"version"`
	// Digest is the image's in its registry.
	Digest string `json:"digest"`
}

// String names the release and the image.
func (s Seen) String() string {
	return fmt.Sprintf("BuildKit %s (%s, %s)", s.Version, s.Image, s.Digest)
}

// Run compares, once with the project's own scripts and once with the claims that guard what
// it uses, or else with all claims. It shows a comparison only if something regressed or
// could not be decided, or if facts changed, or something is broken with the pin, that the
// last comparison of the same images did not show already.
func (c Canary) Run(ctx context.Context) error {
	worst := 0
	for _, part := range c.parts() {
		err := part.compare(ctx, c.Stdout)
		var end exit.Error
		if err != nil && (!errors.As(err, &end) || ctx.Err() != nil) {
			return err
		}
		if end.Code == exit.Broken || worst == 0 {
			worst = end.Code
		}
	}
	if worst != 0 {
		return exit.Error{Code: worst}
	}
	return nil
}

// parts are the comparisons, each with a folder of its own.
func (c Canary) parts() []Canary {
	scripts, used := c, c
	scripts.Request.Choice.Uses, scripts.Request.Out = "", filepath.Join(c.Request.Out, "specs")
	used.Specs, used.Request.Out = "", filepath.Join(c.Request.Out, "uses")
	switch {
	case c.Specs == "":
		return []Canary{used}
	case c.Request.Choice.Uses == "":
		return []Canary{scripts}
	}
	return []Canary{scripts, used}
}

func (c Canary) compare(ctx context.Context, loud io.Writer) error {
	var said bytes.Buffer
	c.Stdout, c.Stderr = &said, &said
	before, _ := c.last() // without a record, nothing was shown
	verdict := c.Compare.Run(ctx)
	if verdict != nil && !errors.As(verdict, new(exit.Error)) {
		return verdict
	}
	seen, err := c.record()
	if err != nil {
		return err
	}
	news := seen.Shapes + seen.Classes[compare.Fixed] + seen.Classes[compare.BothBroken]
	if verdict == nil && (news == 0 || seen.like(before)) {
		return nil
	}
	fmt.Fprintf(loud, "%s → %s\n", seen.Baseline, seen.Candidate)
	if _, err := io.Copy(loud, &said); err != nil {
		return err
	}
	if verdict != nil || seen.Shapes == 0 {
		return verdict
	}
	return exit.Error{Code: exit.Broken}
}

// like reports whether another comparison was one of the same images with the same result.
func (s Sighting) like(other Sighting) bool {
	return s.Baseline == other.Baseline && s.Candidate == other.Candidate && s.Shapes == other.Shapes && maps.Equal(s.Classes, other.Classes)
}

func (c Canary) last() (seen Sighting, err error) {
	content, err := os.ReadFile(filepath.Join(c.Request.Out, CanaryFile))
	if err != nil {
		return seen, err
	}
	return seen, json.Unmarshal(content, &seen)
}

// record writes what was compared, and returns it.
func (c Canary) record() (Sighting, error) {
	var sides [2]results.Run
	for i, name := range []string{"baseline", "candidate"} {
		dir := filepath.Join(c.Request.Out, name)
		found, err := report.Read(filepath.Join(dir, report.File))
		if err != nil {
			return Sighting{}, err
		}
		sides[i] = results.Run{Dir: dir, Report: found}
	}
	d := results.Compare(sides[0], sides[1])
	seen := Sighting{Time: c.Now().UTC(), Baseline: seenIn(sides[0].Report), Candidate: seenIn(sides[1].Report), Classes: d.Comparison.Count()}
	seen.Shapes = len(d.Comparison.Shapes)
	encoded, err := json.MarshalIndent(seen, "", "  ")
	if err != nil {
		return seen, err
	}
	return seen, atomicwriter.WriteFile(filepath.Join(c.Request.Out, CanaryFile), append(encoded, '\n'), 0o644)
}

func seenIn(r report.Report) Seen {
	return Seen{Image: r.Subject.BuildKit.Image, Version: r.Subject.BuildKit.Version, Digest: r.Subject.BuildKit.Digest}
}
