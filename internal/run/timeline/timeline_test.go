package timeline

import (
	"strings"
	"testing"
	"time"

	"builders.test/internal/run"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/assert/cmp"
)

var start = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

func at(from, to float64) run.Span {
	second := func(s float64) time.Time { return start.Add(time.Duration(s * float64(time.Second))) }
	return run.Span{From: second(from), To: second(to)}
}

func command(what string, from, to float64) Command { return Command{What: what, Span: at(from, to)} }

// sample has two places: a and b began at once, c followed b, d followed c, and a
// ended early.
func sample() Timeline {
	return Timeline{Span: at(0, 20), Claims: []Claim{
		{ID: "x/a", Span: at(2, 6), Commands: []Command{command("docker buildx build", 2, 5)}},
		{ID: "x/b", Span: at(2, 8), Commands: []Command{command("docker buildx build", 3, 4), command("docker exec", 4, 5)}},
		{ID: "y/c", Span: at(8, 14), Commands: []Command{command("docker exec", 9, 10), command("docker exec", 9.5, 11)}},
		{ID: "y/d", Span: at(14, 18)},
	}}
}

func TestOpeningAndClosing(t *testing.T) {
	assert.Equal(t, sample().Opening(), 2*time.Second)
	assert.Equal(t, sample().Closing(), 2*time.Second)
}

func TestAtOnceCountsEachMomentOnce(t *testing.T) {
	assert.DeepEqual(t, sample().AtOnce(Itself), []time.Duration{4 * time.Second, 12 * time.Second, 4 * time.Second})
	commands := sample().AtOnce(Ran)
	assert.DeepEqual(t, commands, []time.Duration{15 * time.Second, 2500 * time.Millisecond, 2500 * time.Millisecond})
}

func TestAClaimWaitsWhileItRunsNoCommand(t *testing.T) {
	claims := sample().Claims
	assert.Equal(t, claims[0].Waited(), time.Second)
	assert.Equal(t, claims[2].Waited(), 4*time.Second, "commands that overlap are no wait")
	assert.Equal(t, claims[3].Waited(), 4*time.Second)
}

func TestKinds(t *testing.T) {
	assert.DeepEqual(t, sample().Kinds(), []Kind{
		{What: "docker buildx build", Count: 2, Took: 4 * time.Second},
		{What: "docker exec", Count: 3, Took: 3500 * time.Millisecond},
	})
}

func TestTheCriticalPathLeadsToTheLastClaim(t *testing.T) {
	var ids []string
	for _, one := range sample().CriticalPath() {
		ids = append(ids, one.ID)
	}
	assert.DeepEqual(t, ids, []string{"x/b", "y/c", "y/d"})
}

func TestACommandIsNamedByWhatItDoes(t *testing.T) {
	for line, want := range map[string]string{
		"docker buildx build --load .":        "docker buildx build",
		"docker buildx imagetools inspect x":  "docker buildx imagetools inspect",
		"docker exec buildx_buildkit_x0 true": "docker exec",
		"dive --ci x":                         "dive",
		"docker":                              "docker",
		"docker buildx --builder x ls":        "docker buildx ls",
		"docker buildx history rm x":          "docker buildx history rm",
		"docker history --no-trunc x":         "docker history",
		"/opt/dive-v0.13.1/dive x":            "dive",
	} {
		assert.Equal(t, what(strings.Fields(line)), want)
	}
}

func TestTheChartShowsWhenChaptersRan(t *testing.T) {
	var out strings.Builder
	assert.NilError(t, sample().Write(&out, 54))
	for _, want := range []string{
		"run of 20.0 s: 2.0 s until the first claim began, 16.0 s of claims, 2.0 s of clean-up",
		"claims 0 20 %, 1 60 %, 2 20 %",
		"x                ████████▄▄▄▄                        \n",
		"y                            ▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄    \n",
		"             0                                 20.0 s  █ 2 claims\n",
	} {
		assert.Check(t, cmp.Contains(out.String(), want))
	}
}
