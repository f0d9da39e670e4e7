package page

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"builders.test/helpers/claim"
	"builders.test/internal/report"
	"builders.test/internal/results"
	"github.com/PuerkitoBio/goquery"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/assert/cmp"
)

func parse(t testing.TB, content []byte) *goquery.Document {
	t.Helper()
	doc, err := goquery.NewDocumentFromReader(bytes.NewReader(content))
	assert.NilError(t, err)
	return doc
}

// words returns an element's text with white space folded.
func words(s *goquery.Selection) string { return strings.Join(strings.Fields(s.Text()), " ") }

// stored reads a run's report.json back: the page is checked against the file,
// and not against what the page was made from.
func stored(t *testing.T, run results.Run) report.Report {
	t.Helper()
	r, err := report.Read(filepath.Join(run.Dir, report.File))
	assert.NilError(t, err)
	return r
}

// Every figure in the page is from report.json.
func TestFiguresAreThoseOfTheReport(t *testing.T) {
	newer := sampleClaims()
	newer[2].Verdict, newer[2].Seconds = claim.Holds, 99.95
	one := sampleRun(t, "v0.11.5", sampleClaims())
	two := sampleRun(t, "v0.34.2", newer)
	three := sampleRun(t, "v0.30.0", sampleClaims()[:11])
	for name, d := range map[string]results.Set{
		"check": results.Of(one), "comparison": results.Compare(one, two), "matrix": results.Of(one, two, three),
	} {
		t.Run(name, func(t *testing.T) {
			content, err := Render(d, t.TempDir())
			assert.NilError(t, err)
			doc := parse(t, content)
			for column, run := range d.Runs {
				r := stored(t, run)
				subjectIsThere(t, doc, r.Subject, column)
				for _, claim := range r.Claims {
					claimIsThere(t, doc, r.Subject, claim, column)
				}
			}
			countsAreRight(t, doc, d)
		})
	}
}

// subjectIsThere looks for everything that is known about the subject.
func subjectIsThere(t *testing.T, doc *goquery.Document, s report.Subject, column int) {
	t.Helper()
	for name, value := range map[string]string{
		"BuildKit": s.BuildKit.Version, "BuildKit image": s.BuildKit.Image, "Image digest": s.BuildKit.Digest,
		"Bundled runc": s.BuildKit.Runc, "buildx": s.Buildx.Version, "Driver": s.Driver, "Docker Engine": s.Engine.Version,
		"Image store": s.Engine.Store, "Kernel": s.Host.Kernel, "Architecture": s.Host.Arch, "Emulation": s.Host.Emulation,
	} {
		shown := ""
		doc.Find(".about tr, .about dl > div").Each(func(_ int, row *goquery.Selection) {
			if words(row.Find("th, dt").First()) != name {
				return
			}
			values := row.Find("td, dd")
			shown = words(values.Eq(min(column, values.Length()-1)))
		})
		assert.Equal(t, shown, value, name)
	}
}

func claimIsThere(t *testing.T, doc *goquery.Document, subject report.Subject, c report.Claim, column int) {
	t.Helper()
	element := doc.Find(".claim").FilterFunction(func(_ int, e *goquery.Selection) bool { return e.AttrOr("id", "") == c.ID })
	assert.Equal(t, element.Length(), 1, c.ID)
	assert.Equal(t, element.AttrOr("data-chapter", ""), c.Chapter)
	assert.Assert(t, slices.Contains(strings.Fields(element.AttrOr("data-verdicts", "")), c.Standing().String()))
	run := element.Find(fmt.Sprintf(`.run[data-column="%d"]`, column))
	assert.Equal(t, words(run.Find("h3 .word")), c.Mark()+" "+c.Word())
	assert.Equal(t, words(run.Find("h3 .took")), fmt.Sprintf("%.1f s", c.Seconds))
	assert.Equal(t, words(run.Find(".copyable code")), c.Repro)
	if !strings.Contains(c.Text, "<script>") {
		assert.Equal(t, words(element.Find(".sentence")), strings.ReplaceAll(c.Text, "`", ""))
		assert.Equal(t, words(run.Find(".reason").First()), c.Reason)
	}
	triesAreThere(t, run, c)
	assert.Equal(t, words(run.Find(".meta dt:contains('Known fault') + dd")), c.Known)
	assert.Equal(t, words(run.Find(".meta dt:contains('Fixed here') + dd")), c.FixedHere)
	assert.Equal(t, words(element.Find(".test")), c.Test)
	assert.Equal(t, words(element.Find(".origin dt:contains('Source') + dd")), c.Source)
	assert.Equal(t, words(element.Find(".origin dt:contains('History') + dd")), c.History)
	for _, want := range append([]string{c.Evidence}, c.StandIns...) {
		assert.Assert(t, cmp.Contains(words(run.Find(".meta")), want))
	}
	if special := words(run.Find(".meta dt:contains('Proven on') + dd")); c.BuildKit != subject.BuildKit.Version {
		assert.Equal(t, special, "BuildKit "+c.BuildKit)
	}
	for _, fact := range c.Facts {
		assert.Equal(t, words(element.Find(".facts tbody td").Eq(column)), fact.Value)
	}
	cell := element.Find(".cell").Eq(column)
	assert.Assert(t, cell.Length() == 0 || cell.HasClass(c.Standing().String()))
}

// triesAreThere looks for every try of c, side by side.
func triesAreThere(t *testing.T, run *goquery.Selection, c report.Claim) {
	t.Helper()
	shown := run.Find(".try")
	assert.Equal(t, shown.Length(), len(c.Tries))
	assert.Equal(t, words(run.Find(".times")), c.Count())
	if len(c.Tries) == 0 {
		assert.Equal(t, run.Find(".reason").Length() == 1, c.Reason != "")
		return
	}
	for i, try := range c.Tries {
		one := shown.Eq(i)
		where := "alone"
		if try.Beside {
			where = "alongside other builds"
		}
		assert.Equal(t, words(one.Find("h4 .with")), fmt.Sprintf("try %d, %s", i+1, where))
		assert.Equal(t, words(one.Find("h4 .took")), fmt.Sprintf("%.1f s", try.Seconds))
		assert.Assert(t, one.Find("h4 .word").HasClass(try.Verdict.String()))
		if try.Reason == c.Reason {
			assert.Equal(t, words(one.Find("p.note")), "for the reason above")
			assert.Equal(t, one.Find(".reason").Length(), 0)
		} else {
			assert.Equal(t, words(one.Find(".reason")), try.Reason)
		}
		assert.Equal(t, words(one.Find(".meta dd")), try.Evidence)
		assert.Equal(t, one.Find(".evidence").AttrOr("data-try", ""), fmt.Sprint(i))
		assert.Equal(t, one.Find(".said").Length() == 1, try.Verdict == claim.Broken)
	}
}

// countsAreRight counts again, from the files.
func countsAreRight(t *testing.T, doc *goquery.Document, d results.Set) {
	t.Helper()
	worst := map[string]report.Standing{}
	having := map[report.Standing]map[string]bool{}
	for _, run := range d.Runs {
		for _, claim := range stored(t, run).Claims {
			standing := claim.Standing()
			if was, known := worst[claim.ID]; !known || was == report.NotApplicable && standing == report.Holds {
				worst[claim.ID] = standing
			} else if standing > report.NotApplicable {
				worst[claim.ID] = max(was, standing)
			}
			if having[standing] == nil {
				having[standing] = map[string]bool{}
			}
			having[standing][claim.ID] = true
		}
	}
	assert.Equal(t, doc.Find(".claim").Length(), len(worst))
	for _, standing := range report.Standings() {
		total := 0
		for _, v := range worst {
			if v == standing {
				total++
			}
		}
		if header := doc.Find(".counts ." + standing.String() + " b"); d.Comparison == nil {
			assert.Equal(t, words(header), fmt.Sprint(total), standing)
		}
		tallied := 0
		doc.Find(".tally ." + standing.String()).Each(func(_ int, e *goquery.Selection) {
			var n int
			_, err := fmt.Sscanf(strings.TrimSpace(strings.TrimPrefix(words(e), standing.Mark())), "%d", &n)
			assert.NilError(t, err)
			tallied += n
		})
		assert.Equal(t, tallied, total, standing)
		chip := words(doc.Find(fmt.Sprintf(`[name=verdict][value=%q] + span b`, standing)))
		want := fmt.Sprint(len(having[standing]))
		if want == "0" {
			want = "" // what does not occur cannot be filtered by
		}
		assert.Equal(t, chip, want, standing)
	}
	if d.Comparison == nil {
		return
	}
	for class, n := range d.Comparison.Count() {
		assert.Equal(t, words(doc.Find(fmt.Sprintf(`[name=class][value=%q] + span b`, class))), fmt.Sprint(n))
	}
}

// unpacked reads a page's archive as its script does.
func unpacked(t *testing.T, doc *goquery.Document) archive {
	t.Helper()
	compressed, err := base64.RawURLEncoding.DecodeString(doc.Find("#archive").Text())
	assert.NilError(t, err)
	var a archive
	assert.NilError(t, json.NewDecoder(flate.NewReader(bytes.NewReader(compressed))).Decode(&a))
	return a
}

func TestArchiveIsTheEvidence(t *testing.T) {
	d := results.Of(sampleRun(t, "v0.11.5", sampleClaims()))
	content, err := Render(d, t.TempDir())
	assert.NilError(t, err)
	a := unpacked(t, parse(t, content))
	assert.Equal(t, len(a.Claims), 11)
	cell := a.Claims["caching/third"][0]
	assert.Assert(t, cell.Failed)
	assert.Equal(t, len(cell.Commands), 4)
	built := cell.Commands[1]
	assert.Equal(t, a.Texts[built.Line], "docker buildx build --progress=rawjson .")
	assert.Equal(t, a.Texts[built.Paste], "DOCKER_HOST=unix:///run/docker.sock BUILDX_BUILDER='home caching/third' docker buildx build --progress=rawjson .")
	assert.Equal(t, built.Exit, 1)
	assert.Equal(t, built.Seconds, 2.25)
	assert.Equal(t, len(built.Steps), 8)
	for i, s := range built.Steps[1:] {
		assert.Assert(t, s.Begin >= built.Steps[i].Begin || s.Begin == -1)
	}
	long := cell.Commands[2].Stdout
	shown := int64(len(a.Texts[long.Head]) + len(a.Texts[long.Tail]))
	assert.Equal(t, shown+long.Gap, int64(len(longOutput("caching/third"))), "what is left out is counted")
	assert.Equal(t, a.Texts[long.Path], "evidence/caching/third/03-docker-logs-it-s/stdout")
	assert.Assert(t, !a.Claims["caching/second"][0].Failed)
	assert.Assert(t, a.Claims["caching/second"][0].Commands[2].Stdout.Gap > long.Gap, "what failed gets more room")
}

// Every try has its evidence in the archive, and what failed gets more room.
func TestArchiveHasEveryTry(t *testing.T) {
	d := results.Of(sampleRun(t, "v0.11.5", sampleClaims()))
	content, err := Render(d, t.TempDir())
	assert.NilError(t, err)
	a := unpacked(t, parse(t, content))
	first := a.Claims["output/oci"][0]
	assert.Equal(t, len(first.Again), 3)
	var failed []bool
	for i, cell := range append([]*archivedCell{first}, first.Again...) {
		failed = append(failed, cell.Failed)
		assert.Equal(t, len(cell.Commands), 4)
		long := a.Texts[cell.Commands[2].Stdout.Path]
		assert.Equal(t, long, "evidence/"+folderOfTry("output/oci", i)+"/03-docker-logs-it-s/stdout")
	}
	assert.DeepEqual(t, failed, []bool{true, false, false, true})
	assert.Assert(t, first.Commands[2].Stdout.Gap < first.Again[0].Commands[2].Stdout.Gap)
	assert.Equal(t, len(a.Claims["output/local"][0].Again), 0)
}
