package page

import (
	"fmt"
	"testing"
	"testing/fstest"
	"time"

	"builders.test/internal/report"
	"builders.test/internal/results"
	"builders.test/internal/run"
	"builders.test/internal/run/timeline"
	"gotest.tools/v3/assert"
)

func TestCourse(t *testing.T) {
	d := results.Of(sampleRun(t, "v0.11.5", sampleClaims()))
	content, err := Render(d, t.TempDir())
	assert.NilError(t, err)
	course := parse(t, content).Find(".course")
	assert.Equal(t, course.Length(), 1)
	assert.Equal(t, words(course.Find("summary .note")), "32.0 s, 68 commands, 17 builds, 0 BuildKits started")
	assert.Equal(t, course.Find("a").Length(), 11, "all claims that applied")
	bar := course.Find(`a[href="#caching%2fthird"]`)
	assert.Assert(t, bar.HasClass("broken"))
	assert.Equal(t, words(bar.Find("title")), "caching/third: 4.0 s from 6.0 s, commands 4, builds 1, boots 0")
	// It ran from the 6th to the 10th second of 32, above the one that began before.
	assert.Equal(t, bar.Find("rect").AttrOr("x", "")+" "+bar.Find("rect").AttrOr("width", "")+" "+bar.Find("rect").AttrOr("y", ""), "375 250 1")
	assert.Equal(t, course.Find(".lanes .name").Last().Text(), "busy 74 %")
	assert.Equal(t, words(course.Find(".costs tr:contains('engine') td").First()), "14.0 s")
}

func TestManyRunsHaveNoCourse(t *testing.T) {
	var runs []results.Run
	for range mostCourses + 1 {
		runs = append(runs, sampleRun(t, "v0.11.5", sampleClaims()))
	}
	assert.Equal(t, len(courses(results.Of(runs[:mostCourses]...))), mostCourses)
	assert.Equal(t, len(courses(results.Of(runs...))), 0)
	gone := results.Run{Dir: t.TempDir(), Report: report.New(release("v1"), sampleClaims())}
	assert.Equal(t, len(courses(results.Of(gone))), 0, "an old run, or one whose folder is gone")
}

// A chart of thousands of claims stays readable and small.
func TestACourseOfManyClaims(t *testing.T) {
	const claims, commands = 2000, 10
	began := time.Date(2026, 11, 28, 4, 0, 0, 0, time.UTC)
	second := func(s float64) time.Time { return began.Add(time.Duration(s * float64(time.Second))) }
	all := timeline.Timeline{Span: run.Span{From: began, To: second(claims)}}
	for i := range claims {
		one := timeline.Claim{ID: fmt.Sprintf("chapter%d/claim-%d", i/100, i), Span: run.Span{From: second(float64(i)), To: second(float64(i + 2))}}
		for n := range commands {
			from := float64(i) + float64(n)/5
			one.Commands = append(one.Commands, timeline.Command{Span: run.Span{From: second(from), To: second(from + 0.1)}})
		}
		all.Claims = append(all.Claims, one)
	}
	v := newCourse(all, report.New(release("v1"), nil))
	assert.Equal(t, len(v.Chapters), 20)
	assert.Equal(t, v.Chapters[0].Height, 2*lane, "two claims at a time")
	var chart size
	assert.NilError(t, layout.ExecuteTemplate(&chart, "course", v))
	assert.Assert(t, chart < claims*180, "%d bytes", chart)
	t.Logf("%d bytes", chart)
}

// size counts what is written to it.
type size int

func (s *size) Write(p []byte) (int, error) { *s += size(len(p)); return len(p), nil }

func TestPathsOutsideOfTheRunAreNotInItsCourse(t *testing.T) {
	stream := `{"Time":"2026-11-28T04:00:00Z","Action":"run","Test":"TestA/b"}` + "\n" + `{"Time":"2026-11-28T04:00:01Z","Action":"output","Test":"TestA/b","Output":"--- PASS: TestA/b (1.00s)\n"}`
	r := report.New(release("v1"), []report.Claim{{ID: "a/b", Test: "TestA/b", Evidence: "../secret"}})
	one, err := timeline.Of(fstest.MapFS{run.Stream: {Data: []byte(stream)}}, r)
	assert.NilError(t, err)
	assert.Equal(t, one.Count(timeline.Commands), 0)
}
