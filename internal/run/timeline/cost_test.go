package timeline

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"builders.test/helpers/evidence"
	"builders.test/helpers/usage"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/assert/cmp"
)

// measured is the sample with two processors: busy for ten seconds, then half of them.
func measured() Timeline {
	t := sample()
	for i := range 20 {
		second := float64(i)
		busy := 2*min(second, 10) + max(second-10, 0)
		t.Usage = append(t.Usage, usage.Sample{
			Time:     at(second, second).From,
			Machine:  &usage.Machine{Busy: 1000 + busy, Idle: 500 + 2*second - busy, Memory: 3e9},
			Engine:   &usage.Group{CPU: 70 + second/2, Memory: uint64(1e8 + 1e6*i)},
			Builders: &usage.Group{CPU: 5 + second/4, Memory: 2e8},
			Harness:  &usage.Group{CPU: second / 100, Memory: 5e7},
		})
	}
	return t
}

func TestHowBusyTheMachineWas(t *testing.T) {
	m := measured()
	assert.Equal(t, m.Busy(at(1, 9)), Share(100))
	assert.Equal(t, m.Busy(at(10.5, 11.5)), Share(50))
	assert.Assert(t, !m.Busy(at(18, 20)).Known(), "there is no sample of the end")
	assert.Assert(t, !sample().Busy(at(1, 2)).Known())
	assert.Equal(t, m.UntilTail(), at(0, 15))
}

func TestWhoUsedTheProcessors(t *testing.T) {
	costs := measured().Costs()
	second := func(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
	assert.DeepEqual(t, costs[1:], []Cost{
		{"engine", second(9.5), 119e6},
		{"builders", second(4.75), 2e8},
		{"harness", second(0.19), 5e7},
		{"rest of the machine", second(29 - 9.5 - 4.75 - 0.19), 0},
		{"all", second(29), 3e9},
	})
	assert.Equal(t, costs[0].cpu(), "not known")
	assert.Equal(t, len(sample().Costs()), 0)
}

// From the tenth second on only one of two processors is busy.
func TestLulls(t *testing.T) {
	lulls := measured().Lulls(3)
	assert.Equal(t, len(lulls), 1)
	assert.Equal(t, lulls[0].Span, at(10, 19))
	assert.Equal(t, lulls[0].Busy, Share(50))
	assert.Equal(t, lulls[0].during(), "y/c, y/d")
	assert.Equal(t, len(sample().Lulls(3)), 0)
	lulls[0].Claims = []string{"a", "b", "c", "d", "e"}
	assert.Equal(t, lulls[0].during(), "a, b, c, d and 1 more")
}

func TestHowMuchTheKernelTook(t *testing.T) {
	m := measured()
	assert.Assert(t, !m.Kernel().Known(), "samples may lack it")
	m.Usage[0].Machine.Kernel, m.Usage[19].Machine.Kernel = 100, 114.5
	assert.Equal(t, m.Kernel(), Share(50))
}

func TestTheTextTellsTheCost(t *testing.T) {
	var out strings.Builder
	assert.NilError(t, measured().Write(&out, 54))
	for _, want := range []string{
		"busy         ████████████████████▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄  \n",
		"5 commands, of which 0 build; 0 BuildKits started; processors busy 76 %, 83 % until 5 s before the end\n",
		"119MB  engine\n",
	} {
		assert.Check(t, cmp.Contains(out.String(), want))
	}
}

// The texts are what buildx v0.38.2 said.
func TestStartedBuildKitsAreCounted(t *testing.T) {
	const progress = `{"statuses":[{"id":"pulling image moby/buildkit:v0.34.2","vertex":"sha256:b6"}]}
{"statuses":[{"id":"creating container buildx_buildkit_builders-0a1b2c3d-two-40","vertex":"sha256:b6"},{"id":"creating container buildx_buildkit_builders-0a1b2c3d-two-41","vertex":"sha256:b6"}]}
{"statuses":[{"id":"creating container buildx_buildkit_builders-0a1b2c3d-two-40","vertex":"sha256:b6","completed":"2026-11-28T04:25:01Z"}]}
`
	const plain = "#1 [internal] booting buildkit\n#1 starting container buildx_buildkit_builders-0a1b2c3d-one-490 0.2s done\n"
	run := fstest.MapFS{
		"build/progress.rawjson": {Data: []byte(progress)},
		"inspect/stderr":         {Data: []byte(plain)},
		"built/progress.rawjson": {Data: []byte(`{"vertexes":[{"name":"[internal] load build definition"}]}`)},
	}
	for dir, want := range map[string]int{"build": 2, "inspect": 1, "built": 0, "nowhere": 0} {
		assert.Equal(t, boots(run, evidence.Stored{Dir: dir}), want, dir)
	}
	start := evidence.Stored{Command: evidence.Command{Args: strings.Fields("docker start builders-0a1b2c3d-remote-421-daemon")}}
	assert.Equal(t, boots(run, start), 1)
	assert.Assert(t, builds(strings.Fields("docker buildx bake app")))
	assert.Assert(t, !builds(strings.Fields("docker buildx du")))
}
