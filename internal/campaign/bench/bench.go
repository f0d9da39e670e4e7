// Package bench holds what measured runs of the claims came to: how long they took, what
// they cost, and how that grows with claims and releases. It writes the tables of
// docs/performance.md.
package bench

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"

	"github.com/moby/sys/atomicwriter"
	"gonum.org/v1/gonum/stat"
)

// File is the name of a set in a folder.
const File = "bench.json"

// The trees that are measured.
const (
	Before = "before"
	Now    = "now"
)

// Set is everything that was measured.
type Set struct {
	// Machine says in a few words on what.
	Machine string `json:"machine"`
	// Processors are those of the machine.
	Processors int `json:"processors"`
	// Release is the BuildKit of all figures that do not name others.
	Release string   `json:"release"`
	Results []Result `json:"results"`
	Units   []Unit   `json:"units"`
}

// Result is one measured run. Times are in seconds, shares in percent, memory is in
// bytes; what is not known is negative.
type Result struct {
	Figure string `json:"figure"`
	Tree   string `json:"tree"`
	// Commit is that of the tree, with + if it was changed.
	Commit string `json:"commit"`
	Number int    `json:"number"`

	Wall         float64 `json:"wall"`
	FirstVerdict float64 `json:"firstVerdict"`
	// CPU is the processor time of the whole machine; the others are parts of it.
	CPU      float64 `json:"cpu"`
	Clients  float64 `json:"clients"`
	Engine   float64 `json:"engine"`
	Builders float64 `json:"builders"`
	Harness  float64 `json:"harness"`
	// Busy is of the whole run, BusyEarly of all but its last seconds.
	Busy      float64 `json:"busy"`
	BusyEarly float64 `json:"busyEarly"`

	HarnessMemory  float64 `json:"harnessMemory"`
	EngineMemory   float64 `json:"engineMemory"`
	BuildersMemory float64 `json:"buildersMemory"`

	Claims   int `json:"claims"`
	Commands int `json:"commands"`
	Builds   int `json:"builds"`
	Boots    int `json:"boots"`
	// CommandTime is the wall-clock time of all commands, added up.
	CommandTime float64 `json:"commandTime"`
	// Longest is the claim that took longest.
	Longest float64 `json:"longest"`
}

// Unit is what one command costs on a quiet machine.
type Unit struct {
	Name string `json:"name"`
	// Wall and CPU are in seconds; CPU is that of the whole machine.
	Wall float64 `json:"wall"`
	CPU  float64 `json:"cpu"`
	// Needed is how many a whole run needs.
	Needed int `json:"needed"`
}

// Read reads a set from a file.
func Read(path string) (Set, error) {
	var s Set
	content, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(content, &s)
	}
	if err != nil {
		return Set{}, fmt.Errorf("read measurements: %w; `make bench` makes them", err)
	}
	return s, nil
}

// Write writes a set to a file, whole or not at all.
func (s Set) Write(path string) error {
	encoded, err := json.MarshalIndent(s, "", "  ")
	if err == nil {
		err = atomicwriter.WriteFile(path, append(encoded, '\n'), 0o644)
	}
	if err != nil {
		return fmt.Errorf("write measurements: %w", err)
	}
	return nil
}

// Spread is a number that was measured several times.
type Spread struct {
	N                   int
	Median, Least, Most float64
}

// Value is something of a result.
type Value func(Result) float64

// Of returns the spread of a value over the runs of a figure that know it.
func (s Set) Of(figure, tree string, value Value) Spread {
	var all []float64
	for _, r := range s.Results {
		if v := value(r); r.Figure == figure && r.Tree == tree && v >= 0 {
			all = append(all, v)
		}
	}
	if len(all) == 0 {
		return Spread{}
	}
	slices.Sort(all)
	// The mean of the middle two if their number is even.
	middle := stat.Mean(all[(len(all)-1)/2:len(all)/2+1], nil)
	return Spread{N: len(all), Median: middle, Least: all[0], Most: all[len(all)-1]}
}

// Line is a straight line through what was measured: Fixed + Each × n.
type Line struct{ Fixed, Each float64 }

// Known reports whether there were enough sizes to draw one.
func (l Line) Known() bool { return l != Line{} }

// Fit draws the line through the medians of figures against their sizes.
func (s Set) Fit(tree string, value Value, size func(figure string) float64, figures ...string) Line {
	var x, y []float64
	for _, figure := range figures {
		if spread := s.Of(figure, tree, value); spread.N > 0 {
			x, y = append(x, size(figure)), append(y, spread.Median)
		}
	}
	if len(x) < 2 {
		return Line{}
	}
	fixed, each := stat.LinearRegression(x, y, nil, false)
	return Line{Fixed: fixed, Each: each}
}
