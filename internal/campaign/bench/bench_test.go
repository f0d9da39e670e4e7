package bench

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/assert/cmp"
)

func result(figure, tree string, wall, cpu float64, claims int) Result {
	return Result{Figure: figure, Tree: tree, Commit: "0a1b2c3", Wall: wall, CPU: cpu, Claims: claims, BusyEarly: 92, HarnessMemory: 8e7, Builds: 290, Boots: 61, FirstVerdict: 1.5, Longest: 20, CommandTime: 250}
}

func sample() Set {
	s := Set{Machine: "2 × test", Processors: 2, Release: "v0.34.2", Units: []Unit{{Name: "a build", Wall: 0.3, CPU: 0.33, Needed: 300}, {Name: "exec", Wall: 0.06, CPU: 0.05, Needed: 20}}}
	for i, wall := range []float64{110, 118, 109, 130, 111} {
		s.Results = append(s.Results, result(Whole, Now, wall, 200+float64(i), 170), result(Whole, Before, 3*wall, 500, 170))
	}
	s.Results = append(s.Results,
		result(ofClaims(50), Now, 39, 82, 50), result(ofClaims(100), Now, 70, 132, 100), result(One, Now, 2.5, 3, 1),
		result(Sequential, Now, 300, 210, 170), result(Pair, Now, 200, 390, 340))
	return s
}

func TestSpread(t *testing.T) {
	assert.Equal(t, sample().Of(Whole, Now, wall), Spread{N: 5, Median: 111, Least: 109, Most: 130})
	assert.Equal(t, sample().Of(Compare, Now, wall), Spread{})
	two := Set{Results: []Result{result(One, Now, 2, 1, 1), result(One, Now, 3, 1, 1), {Figure: One, Tree: Now, Wall: -1}}}
	assert.Equal(t, two.Of(One, Now, wall), Spread{N: 2, Median: 2.5, Least: 2, Most: 3}, "what is unknown does not count")
}

func TestGrowthIsALine(t *testing.T) {
	line := sample().byClaims(Now, cpu)
	assert.Equal(t, fmt.Sprintf("%.1f %.2f", line.Fixed, line.Each), "32.0 1.00")
	assert.Assert(t, !sample().byReleases(Now, cpu).Known())
}

func TestTables(t *testing.T) {
	text := sample().Tables()
	for _, want := range []string{
		"Measured on 2 × test, BuildKit v0.34.2, before: `0a1b2c3`, now: `0a1b2c3`.",
		"| `make check`, all claims | 333 s (327–390) | 111 s (109–130) | ≤ 120 s | yes |",
		"| … boots | 61 | 61 | ≤ 60 | no |",
		"| … the machine busy, until 5 s before the end | 92 % | 92 % | ≥ 90 % | yes |",
		"| one more ordinary claim, processor time | – | 1 s | ≤ 1 s | yes |",
		"| `RUN=builders` | – | – | ≤ 7 s | – |",
		"| a second BuildKit in `matrix`, × the first | – | 0.80 | ≤ 0.85 | yes |",
		"| against the same commands one after the other, × | 1.33 | 0.44 | ≤ 0.6 | yes |",
		"| a build | 0.30 | 0.33 | 300 | 99 |",
		"Floor of all claims: 100 processor-seconds, 50 s on 2 processors. Measured: 202 processor-seconds, 2.02 × the floor, and 111 s, 2.22 × the floor.",
		"| 8 | 128 | 28 s | 1.0 |",
	} {
		assert.Check(t, cmp.Contains(text, want))
	}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "| whole") {
			assert.Equal(t, strings.Count(line, "|"), 18)
		}
	}
}

func TestASetIsReadAsItWasWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), File)
	assert.NilError(t, sample().Write(path))
	read, err := Read(path)
	assert.NilError(t, err)
	assert.DeepEqual(t, read, sample())
	_, err = Read(filepath.Join(t.TempDir(), File))
	assert.ErrorContains(t, err, "make bench")
}

func TestFigures(t *testing.T) {
	var ids []string
	for i := range 170 {
		ids = append(ids, fmt.Sprintf("%c/claim-%d", 'a'+i/17, i))
	}
	chosen, err := Choose(Figures("v0.34.2", ids), "claims-50 pair")
	assert.NilError(t, err)
	assert.Equal(t, len(chosen), 2)
	assert.DeepEqual(t, chosen[0].Releases, []string{"v0.34.2", "v0.11.5"})
	assert.Assert(t, cmp.Contains(strings.Join(chosen[0].Args, " "), "--run a,b,c,d,e,f,g,h,i,j "))
	some := spread(ids, 50)
	assert.Equal(t, len(some), 50)
	assert.Equal(t, len(chaptersOf(some)), 10, "from every chapter")
	_, err = Choose(Figures("v0.34.2", ids), "hole")
	assert.ErrorContains(t, err, "hole is not a figure; known are whole, arch")
	assert.Equal(t, pairOf("v0.11.5")[1], "v0.34.2")
}
