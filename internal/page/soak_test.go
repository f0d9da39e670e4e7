package page

import (
	"strings"
	"testing"

	"builders.test/helpers/claim"
	"builders.test/internal/report"
	"builders.test/internal/soak"
	"builders.test/internal/soak/soaktest"
	"builders.test/internal/text/sanitize"
	"github.com/PuerkitoBio/goquery"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/assert/cmp"
)

func TestSoakPage(t *testing.T) {
	content, err := RenderSoak(soaktest.Sample())
	assert.NilError(t, err)
	doc := parse(t, content)
	assert.Equal(t, doc.Find("h1").Text(), "✗1 claim broke in 6 runs")
	assert.Equal(t, doc.Find(".about tbody tr").Length(), 6)
	assert.Equal(t, doc.Find(".run-errors li").Length(), 2)
	assert.Equal(t, doc.Find(".rest tbody tr").Length(), 3, "every claim")
	loud := doc.Find(".loud").Text()
	assert.Assert(t, cmp.Contains(loud, "v0.11.5: 2 of 4 (1 broken, 1 unsteady) 3 of 8 tries failed"))
	assert.Assert(t, cmp.Contains(loud, "unsteady, failed 1 of 4: "+soaktest.Reason))
	assert.Equal(t, doc.Find(".loud .seen a").First().AttrOr("href", ""), "./v0.11.5/run-02/report.html#caching/second")
	bars := doc.Find(".rest svg path").First().AttrOr("d", "")
	assert.Equal(t, bars, "M2 18v-2M6 18v-18M10 18v-7M14 18v-2")
}

func TestSoakPageAsksForNothing(t *testing.T) {
	s := soak.Of(1, soak.Column{Label: hostile, Short: hostile, Runs: []soak.Run{
		soaktest.Run(1, hostile, 1, report.Claim{ID: hostile, Text: hostile, Verdict: claim.Broken, Reason: hostile, Evidence: hostile}),
		{Failed: hostile},
	}})
	sanitize.Strings(&s)
	content, err := RenderSoak(s)
	assert.NilError(t, err)
	doc := parse(t, content)
	assert.Equal(t, doc.Find("script, img, iframe, [src], object, embed, base").Length(), 0)
	allowed := doc.Find("meta[http-equiv]").AttrOr("content", "")
	assert.Assert(t, cmp.Contains(allowed, "style-src '"+hash(doc.Find("style").Text())+"'"))
	for _, element := range doc.Find("*").Nodes {
		for _, attribute := range element.Attr {
			assert.Assert(t, !strings.HasPrefix(attribute.Key, "on"), attribute.Key)
			assert.Assert(t, attribute.Key != "style", "the policy forbids it")
		}
	}
	doc.Find("[href]").Each(func(_ int, element *goquery.Selection) {
		href := element.AttrOr("href", "")
		assert.Assert(t, strings.HasPrefix(href, "./") || strings.HasPrefix(href, "data:"), href)
	})
	for _, r := range string(content) {
		assert.Assert(t, r == '\n' || r == '\t' || r >= ' ' && (r < 0x7f || r > 0x9f) && r != 0x202e, "%q", r)
	}
}
