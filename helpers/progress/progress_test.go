package progress

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func parseFile(t *testing.T, name string) Progress {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", name))
	require.NoError(t, err)
	defer f.Close()
	p, err := Parse(f)
	require.NoError(t, err)
	return p
}

func TestParseTellsExecutedFromCached(t *testing.T) {
	first := parseFile(t, "first-build-v0.11.5.rawjson")
	run, ok := first.Find("RUN echo")
	require.True(t, ok)
	require.True(t, run.Executed())
	require.False(t, run.Cached)
	require.NotEmpty(t, run.Inputs)

	second := parseFile(t, "second-build-v0.11.5.rawjson")
	run, ok = second.Find("RUN echo")
	require.True(t, ok)
	require.True(t, run.Cached)
	require.False(t, run.Executed())
}

func TestParseCountsWhatWasSent(t *testing.T) {
	first := parseFile(t, "first-build-v0.11.5.rawjson")
	context, ok := first.Find("load .dockerignore")
	require.True(t, ok)
	require.EqualValues(t, 2, context.Sent)
}

// A context with one file of 200000 bytes, one of 1000 and a Dockerfile of 28,
// built twice; the smaller file changed in between.
func TestParseCountsWhatIsSentOfAContext(t *testing.T) {
	for _, version := range []string{"v0.11.5", "v0.34.2"} {
		for build, content := range map[string]int64{"first": 200_000 + 1000 + 28, "second": 1000} {
			context, ok := parseFile(t, "context-"+build+"-"+version+".rawjson").Find("load build context")
			require.True(t, ok)
			require.GreaterOrEqual(t, context.Sent, content, "%s build on %s", build, version)
			require.Less(t, context.Sent, content+3*100, "%s build on %s", build, version)
		}
	}
}

// What is known about a step while the lines come in, cut off in the middle of
// one.
func TestExecutingFollowsTheProgress(t *testing.T) {
	content, err := os.ReadFile(filepath.Join("testdata", "context-first-v0.34.2.rawjson"))
	require.NoError(t, err)
	var seen []bool
	for end := 0; end < len(content); end += 37 {
		p, err := Parse(strings.NewReader(string(content[:end])))
		require.NoError(t, err)
		v, _ := p.Find("load build context")
		if executing := v.Executing(); len(seen) == 0 || seen[len(seen)-1] != executing {
			seen = append(seen, executing)
		}
	}
	require.Equal(t, []bool{false, true, false}, seen)
}

func TestCachedStepsDoNotExecute(t *testing.T) {
	p := parseFile(t, "second-build-v0.11.5.rawjson")
	require.True(t, p.Has("RUN echo"))
	require.False(t, p.Has("RUN something else"))
	run, _ := p.Find("RUN echo")
	require.False(t, run.Executing())
}

func TestParseNamesBaseImages(t *testing.T) {
	require.Equal(t, []string{"busybox:latest"}, parseFile(t, "first-build-v0.11.5.rawjson").Images())
}

func TestParseNamesTheFrontend(t *testing.T) {
	for _, release := range []string{"v0.11.5", "v0.34.2"} {
		built := parseFile(t, "external-frontend-"+release+".rawjson")
		require.Contains(t, built.Images(), "docker/dockerfile:1", release)
		require.Empty(t, built.Failed(), release)
	}
}

func TestParseNamesWhatFailed(t *testing.T) {
	failed := parseFile(t, "missing-frontend-v0.34.2.rawjson").Failed()
	require.Len(t, failed, 1)
	require.Equal(t, "127.0.0.1:27148/dockerfile:missing", failed[0].LooksUp())
	require.Contains(t, failed[0].Error, "not found")

	stopped := Progress{Vertices: []Vertex{{Error: "rpc error: context canceled"}, {Error: ""}}}
	require.Empty(t, stopped.Failed(), "a step that another one's failure stopped did not fail by itself")
}

func TestParsePassesOverOtherLines(t *testing.T) {
	const stream = "WARNING: no output specified\n" +
		`{"vertexes":[{"digest":"a","name":"one"}],"warnings":[{"short":"ZmlzaA=="}]}` + "\n" +
		"{not json}\n" +
		`{"logs":[{"vertex":"a","data":"aGk="}]}`
	p, err := Parse(strings.NewReader(stream))
	require.NoError(t, err)
	require.Len(t, p.Vertices, 1)
	require.Equal(t, "hi", p.Vertices[0].Log)
	require.Equal(t, []string{"fish"}, p.Warnings)
}

func TestOverlaps(t *testing.T) {
	at := func(second int) *time.Time {
		moment := time.Unix(int64(second), 0)
		return &moment
	}
	early := Vertex{Started: at(0), Completed: at(10)}
	require.True(t, early.Overlaps(Vertex{Started: at(5), Completed: at(15)}))
	require.False(t, early.Overlaps(Vertex{Started: at(10), Completed: at(15)}))
	require.False(t, early.Overlaps(Vertex{Started: at(5)}), "a step without an end has no interval")
}

// Between a look at a step and its execution nothing is known about it.
func TestALookIsNoExecution(t *testing.T) {
	const stream = `{"vertexes":[{"digest":"a","name":"FROM x","started":"2026-01-01T00:00:00Z","completed":"2026-01-01T00:00:01Z"}]}
{"vertexes":[{"digest":"a","name":"FROM x","started":"2026-01-01T00:00:02Z"}]}
`
	p, err := Parse(strings.NewReader(stream))
	require.NoError(t, err)
	require.Equal(t, Untold, p.Executed("FROM"))
}

// A step that was canceled and then executed did not fail; one that failed does
// not count as canceled because another build's was.
func TestTheLatestEndCounts(t *testing.T) {
	const step = `{"vertexes":[{"digest":"a","inputs":["b"],"name":"RUN x","started":"2026-01-01T00:00:0%dZ","completed":"2026-01-01T00:00:0%dZ"%s}]}` + "\n"
	const stopped, failed = `,"error":"x: context canceled"`, `,"error":"exit code: 1"`
	parse := func(stream string) Vertex {
		p, err := Parse(strings.NewReader(stream))
		require.NoError(t, err)
		return p.Vertices[0]
	}
	v := parse(fmt.Sprintf(step+step, 0, 1, stopped, 2, 3, ""))
	require.Empty(t, v.Error)
	require.True(t, v.Executed())
	v = parse(fmt.Sprintf(step+step, 0, 1, failed, 2, 3, stopped))
	require.Equal(t, "exit code: 1", v.Error)
	v = parse(fmt.Sprintf(step+step, 0, 1, "", 2, 3, `,"cached":true`))
	require.True(t, v.Executed(), "a step that was executed and then asked for once more was executed")
	require.False(t, v.Cached)
}

func FuzzParse(f *testing.F) {
	for _, name := range []string{"first-build-v0.11.5.rawjson", "second-build-v0.11.5.rawjson"} {
		content, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		// Short seeds: the fuzzer spends its time on making long ones shorter.
		for line := range strings.Lines(string(content)) {
			f.Add(line)
		}
	}
	f.Fuzz(func(t *testing.T, stream string) {
		p, err := Parse(strings.NewReader(stream))
		require.NoError(t, err)
		seen := map[string]bool{}
		for _, v := range p.Vertices {
			require.False(t, seen[v.Digest], "a step is listed twice")
			seen[v.Digest] = true
		}
	})
}

func TestOverlapIsKnownOfStepsThatEnded(t *testing.T) {
	p := parseFile(t, "failure-v0.11.5.rawjson")
	require.Equal(t, Untold, p.Overlap("[hasty 2/2]", "[patient 2/2]"), "one of them was canceled, whenever that was")
	require.Equal(t, Untold, p.Overlap("[hasty 2/2]", "no such step"))
	p = parseFile(t, "printed-v0.11.5.rawjson")
	require.Equal(t, No, p.Overlap("RUN echo", "COPY --from"))
}
