package page

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"net/url"
	"slices"
	"strings"

	"builders.test/internal/report"
	"builders.test/internal/soak"
)

var (
	//go:embed soak.html.tmpl
	soakMarkup string
	//go:embed soak.css
	soakStyle string

	soakLayout = template.Must(template.New("soak").Funcs(template.FuncMap{
		"spans": spans, "way": way, "evidence": evidenceWay, "bars": bars, "next": next, "wide": wide, "seconds": soakSeconds, "word": report.Word,
	}).Parse(indentation.ReplaceAllString(soakMarkup, "$1")))
)

// soakView is everything that the template shows of a soak.
type soakView struct {
	soak.Soak
	Policy     string
	Style      template.CSS
	Icon       template.URL
	Tone, Mark string
	Loud       []soak.Claim
	Chapters   []soakChapter
	// UpTo is the rate in percent that the runs do not speak against, and Least the
	// number of reports of the column with the fewest.
	UpTo, Least int
}

// soakChapter is a chapter with its claims.
type soakChapter struct {
	Title  string
	Claims []soak.Claim
	Loud   int
}

// RenderSoak makes the page of a soak, which is in the soak's folder.
func RenderSoak(s soak.Soak) ([]byte, error) {
	styles := style + soakStyle
	v := soakView{
		Soak: s, Policy: policy(styles, ""), Style: template.CSS(styles), Icon: icon(s.Worst()),
		Tone: s.Worst().String(), Mark: report.Mark(s.Worst()), Loud: s.Loud(), Chapters: soakChapters(s),
	}
	for i, column := range s.Columns {
		if n := len(column.Alone.All) + len(column.Company.All); i == 0 || n < v.Least {
			v.Least = n
		}
	}
	v.UpTo = int(100*soak.UpTo(v.Least) + 0.5)
	var content bytes.Buffer
	if err := soakLayout.Execute(&content, v); err != nil {
		return nil, fmt.Errorf("make the page of the soak: %w", err)
	}
	return content.Bytes(), nil
}

func soakChapters(s soak.Soak) []soakChapter {
	var all []soakChapter
	for _, claim := range s.Claims {
		i := slices.IndexFunc(all, func(c soakChapter) bool { return c.Title == claim.Chapter })
		if i < 0 {
			i = len(all)
			all = append(all, soakChapter{Title: claim.Chapter})
		}
		all[i].Claims = append(all[i].Claims, claim)
		if !claim.Silent() {
			all[i].Loud++
		}
	}
	return all
}

// way leads to a file or folder below the page's.
func way(path string) template.URL {
	parts := strings.Split(path, "/")
	for i := range parts {
		parts[i] = url.PathEscape(parts[i])
	}
	return template.URL("./" + strings.Join(parts, "/"))
}

// evidenceWay leads to a claim on the page of the run in folder.
func evidenceWay(folder, id string) template.URL {
	return way(folder+"/"+report.Page) + template.URL("#"+strings.TrimPrefix(string(way(id)), "./"))
}

func soakSeconds(s float64) string {
	if s < 10 {
		return fmt.Sprintf("%.1f", s)
	}
	return fmt.Sprintf("%.0f", s)
}

// next returns the number, counted from one, of what has the index i.
func next(i int) int { return i + 1 }

// wide returns the width of the bars, in pixels.
func wide(t soak.Times) int { return 4 * len(t.All) }

// tall is the height of the bars, in pixels.
const tall = 18

// bars are lines for the path of an SVG, one for each value, as high as its share
// of the highest.
func bars(t soak.Times) string {
	var b strings.Builder
	for i, value := range t.All {
		height := 1.0
		if t.Slowest > 0 {
			height = max(1, tall*value/t.Slowest)
		}
		fmt.Fprintf(&b, "M%d %dv-%.0f", 4*i+2, tall, height)
	}
	return b.String()
}
