package page

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"builders.test/helpers/claim"
	"builders.test/helpers/evidence"
	"builders.test/helpers/progress"
	"builders.test/internal/report"
	"builders.test/internal/report/snippet"
	"builders.test/internal/results"
	"github.com/PuerkitoBio/goquery"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/assert/cmp"
)

func TestHostileTextStaysText(t *testing.T) {
	claims := sampleClaims()
	for i := range claims {
		c := &claims[i]
		c.Repro, c.Test, c.Driver, c.StandIns = hostile, hostile, hostile, []string{hostile}
		c.Facts = []claim.Fact{{Name: hostile, Value: hostile}}
		c.Known, c.FixedHere = hostile, hostile
		for n := range c.Tries {
			c.Tries[n].Reason, c.Tries[n].Evidence = hostile, hostile
		}
	}
	run := sampleRun(t, hostile, claims)
	run.Report.Subject.Host.Kernel = hostile
	run = readBack(t, run)
	for _, d := range []results.Set{results.Of(run), results.Compare(sampleRun(t, "v0.11.5", sampleClaims()), run)} {
		content, err := Render(d, t.TempDir())
		assert.NilError(t, err)
		doc := parse(t, content)
		assert.Equal(t, doc.Find("img, iframe").Length(), 0)
		assert.Equal(t, doc.Find("script").Length(), 2, "the page's own and the archive")
		for _, element := range doc.Find("*").Nodes {
			for _, attribute := range element.Attr {
				assert.Assert(t, !strings.HasPrefix(attribute.Key, "on"), attribute.Key)
				assert.Assert(t, attribute.Key != "style", "the policy forbids it")
			}
		}
		for _, r := range string(content) {
			assert.Assert(t, r == '\n' || r == '\t' || r >= ' ' && (r < 0x7f || r > 0x9f) && r != 0x202e, "%q", r)
		}
	}
}

// The policy allows exactly the style and the script that the page has, and
// nothing in the page leads elsewhere except the sources of claims, for a person
// to follow.
func TestPageAsksForNothing(t *testing.T) {
	content, err := Render(results.Of(sampleRun(t, "v0.11.5", sampleClaims())), t.TempDir())
	assert.NilError(t, err)
	doc := parse(t, content)
	allowed := doc.Find("meta[http-equiv]").AttrOr("content", "")
	assert.Assert(t, strings.HasPrefix(allowed, "default-src 'none'; img-src data:; "), allowed)
	assert.Assert(t, cmp.Contains(allowed, "style-src '"+hash(doc.Find("style").Text())+"'"))
	assert.Assert(t, cmp.Contains(allowed, "script-src '"+hash(doc.Find("script").First().Text())+"'"))
	assert.Equal(t, doc.Find("[src], [srcset], object, embed, base").Length(), 0)
	doc.Find("[href]").Each(func(_ int, element *goquery.Selection) {
		href := element.AttrOr("href", "")
		if element.Is(".origin a") {
			assert.Equal(t, href, element.Text())
			return
		}
		assert.Assert(t, strings.HasPrefix(href, "#") || strings.HasPrefix(href, "data:") || strings.HasPrefix(href, "./"), href)
	})
	assert.Assert(t, !regexp.MustCompile(`url\(|@import`).MatchString(style))
}

func TestLinksLeadToTheEvidence(t *testing.T) {
	d := results.Compare(sampleRun(t, "v0.11.5", sampleClaims()), sampleRun(t, "v0.34.2", sampleClaims()))
	folder := t.TempDir()
	content, err := Render(d, folder)
	assert.NilError(t, err)
	links := 0
	parse(t, content).Find(`a[href^="./"]`).Each(func(_ int, a *goquery.Selection) {
		_, err := os.Stat(filepath.Join(folder, a.AttrOr("href", "")))
		assert.NilError(t, err)
		links++
	})
	assert.Equal(t, links, 34, "eleven claims with evidence in each run, and six further tries")
}

func TestPathsOutsideOfTheRunAreNotRead(t *testing.T) {
	dir := t.TempDir()
	secret := filepath.Join(dir, "secret")
	assert.NilError(t, os.Mkdir(secret, 0o755))
	assert.NilError(t, os.WriteFile(filepath.Join(secret, "note"), []byte("outside"), 0o644))
	inside := filepath.Join(dir, "run")
	assert.NilError(t, os.Mkdir(inside, 0o755))
	assert.NilError(t, os.Symlink("../secret", filepath.Join(inside, "link")))
	for _, path := range []string{"../secret", secret, ".", "", "link", "a/../../secret"} {
		run := results.Run{Dir: inside, Report: report.New(release("v1"), []report.Claim{{ID: "a/b", Evidence: path}})}
		assert.Equal(t, len(gather(results.Of(run))), 0, path)
		run.Report.Claims[0].Tries = []report.Try{{Evidence: path}, {Evidence: path}}
		assert.Equal(t, len(gather(results.Of(run))), 0, path)
	}
}

func TestARunWithoutItsEvidenceHasAPage(t *testing.T) {
	run := results.Run{Dir: filepath.Join(t.TempDir(), "gone"), Report: report.New(release("v1"), sampleClaims())}
	content, err := Render(results.Of(run), t.TempDir())
	assert.NilError(t, err)
	assert.Assert(t, cmp.Contains(string(content), "3 of 12 claims are broken on BuildKit v1"))
	assert.Equal(t, parse(t, content).Find(".evidence").Length(), 0)
}

func TestWriteNamesWhatToDo(t *testing.T) {
	err := Write(filepath.Join(t.TempDir(), "no", "such", "folder.html"), results.Of(sampleRun(t, "v1", nil)))
	assert.ErrorContains(t, err, "--html")
}

// noise is text that compresses as logs do: half of each line is like the others.
func noise(random *rand.Rand, size int) string {
	var b strings.Builder
	for b.Len() < size {
		fmt.Fprintf(&b, "time=2026-11-25T05:16:42Z level=info msg=\"solved the step\" ref=%x\n", random.Uint64())
	}
	return b.String()[:size]
}

// busy returns the evidence of a claim with two builds and six other commands.
func busy(random *rand.Rand) *snippet.Evidence {
	var e snippet.Evidence
	began := time.Now()
	for i := range 8 {
		c := snippet.Command{Command: evidence.Command{Args: []string{"docker", "buildx", "build", noise(random, 150)}, Seconds: 1.5}}
		c.Stdout, c.Stderr = snippet.Text{Head: noise(random, 300)}, snippet.Text{Head: noise(random, 2<<10)}
		for n := range 15 * (max(i, 5) - 5) {
			end := began.Add(time.Duration(random.IntN(1000)) * time.Millisecond)
			name := fmt.Sprintf("[stage %d/15] RUN make target-%x", n, random.Uint32())
			c.Steps = append(c.Steps, snippet.Step{Vertex: progress.Vertex{Name: name, Started: &began, Completed: &end}, Printed: snippet.Text{Head: noise(random, 200)}})
		}
		e.Commands = append(e.Commands, c)
	}
	e.Commands[7].Stderr = snippet.Text{Head: noise(random, 24<<10), Tail: noise(random, 24<<10), Gap: 1 << 20}
	e.Notes = []snippet.Text{{Path: "x/buildkitd.log", Head: noise(random, 10<<10)}}
	return &e
}

func TestPageFitsItsBudget(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var runs []results.Run
	all := gathered{}
	for column, version := range []string{"v0.11.5", "v0.16.0", "v0.25.2", "v0.34.2"} {
		var claims []report.Claim
		for i := range 100 {
			one := report.Claim{
				ID: fmt.Sprintf("chapter%d/claim-%d", i/10, i), Chapter: fmt.Sprintf("chapter%d", i/10),
				Text:  "A cache exported to a registry that checks indexes is used by the builder that imports it",
				Repro: fmt.Sprintf("make check BUILDKIT=%s RUN=chapter%d/claim-%d", version, i/10, i), Seconds: float64(i) / 7,
				Driver: "docker-container", Store: "containerd", BuildKit: version, Evidence: "evidence/x",
			}
			if i%10 == column {
				one.Verdict, one.Reason = claim.Broken, noise(random, 500)
				one.Tries = slices.Repeat([]report.Try{{Verdict: claim.Broken, Reason: one.Reason, Evidence: "evidence/x"}}, 4)
			}
			claims = append(claims, one)
			if all[one.ID] == nil {
				all[one.ID] = make([]*snippet.Evidence, 4)
			}
			all[one.ID][column] = busy(random)
			for range one.Tries[:max(0, len(one.Tries)-1)] {
				all[one.ID][column].Again = append(all[one.ID][column].Again, *busy(random))
			}
		}
		runs = append(runs, results.Run{Dir: t.TempDir(), Report: report.New(release(version), claims)})
	}
	content, err := fit(results.Of(runs...), all, t.TempDir())
	assert.NilError(t, err)
	assert.Assert(t, len(content) < 1_000_000, "%d bytes", len(content))
	packed := parse(t, content).Find("#archive").Text()
	assert.Assert(t, packed != "", "some evidence is always there")
	t.Logf("%d bytes, of which the evidence takes %d", len(content), len(packed))
}

func FuzzRender(f *testing.F) {
	f.Add(hostile)
	f.Add("`a` `b")
	f.Fuzz(func(t *testing.T, said string) {
		one := report.Claim{ID: said, Chapter: said, Text: said, Verdict: claim.Broken, Reason: said, Repro: said}
		content, err := Render(results.Of(results.Run{Dir: "nowhere", Report: cleaned(report.New(release(said), []report.Claim{one}))}), "")
		assert.NilError(t, err)
		doc := parse(t, content)
		assert.Equal(t, doc.Find("script").Length(), 1)
		assert.Equal(t, doc.Find(".claim").Length(), 1)
	})
}

// BuildKit looks at some steps before it executes them: the end of such a look is
// not the end of a step that began again.
func TestAStepThatBeganAgainHasNoEnd(t *testing.T) {
	first, second := time.Unix(1, 0), time.Unix(5, 0)
	p := packer{index: map[string]int{}}
	steps := p.steps([]snippet.Step{
		{Vertex: progress.Vertex{Name: "done", Started: &first, Completed: &second}},
		{Vertex: progress.Vertex{Name: "hangs", Started: &second, Completed: &first}},
	}, snippet.Limit{})
	assert.Equal(t, steps[0].End, int64(4000))
	assert.Equal(t, steps[1].End, int64(-1))
}

// What is broken in a run of a user's own scripts may be the user's project.
func TestAProjectMayBeAtFault(t *testing.T) {
	for repro, want := range map[string]string{
		"make check RUN=a/b":                        "BuildKit or buildx did the wrong thing",
		"make check SPECS=../app/specs RUN=specs/b": "BuildKit, buildx or the project did the wrong thing",
	} {
		claims := sampleClaims()
		for i := range claims {
			claims[i].Verdict, claims[i].Known, claims[i].Repro = claim.Broken, "", repro
		}
		content, err := Render(results.Of(sampleRun(t, "v0.11.5", claims)), t.TempDir())
		assert.NilError(t, err)
		assert.Assert(t, strings.Contains(parse(t, content).Text(), want), repro)
	}
}
