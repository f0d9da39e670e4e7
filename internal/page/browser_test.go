//go:build browser

package page

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"builders.test/helpers/claim"
	"builders.test/internal/results"
	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/assert/cmp"
)

func checkSet(t *testing.T) results.Set {
	return results.Of(sampleRun(t, "v0.11.5", sampleClaims()))
}

// compareSet has a baseline in which everything holds that is broken later.
func compareSet(t *testing.T) results.Set {
	before := sampleClaims()
	for i := range before {
		if before[i].Verdict == claim.Broken {
			before[i].Verdict, before[i].Reason, before[i].Known, before[i].Tries = claim.Holds, "", "", nil
		}
	}
	after := sampleClaims()
	after[6].Facts[0].Value = "application/vnd.docker.distribution.manifest.list.v2+json"
	return results.Compare(sampleRun(t, "v0.11.5", before), sampleRun(t, "v0.34.2", after))
}

func TestBrowser(t *testing.T) {
	chromium := start(t)
	check := writePage(t, checkSet(t))
	t.Run("filters", func(t *testing.T) { filters(open(t, chromium, check)) })
	t.Run("folding", func(t *testing.T) { folding(open(t, chromium, check)) })
	t.Run("copying", func(t *testing.T) { copying(open(t, chromium, check)) })
	t.Run("evidence", func(t *testing.T) { evidenceShown(open(t, chromium, check)) })
	t.Run("tries", func(t *testing.T) { triesSideBySide(open(t, chromium, check)) })
	t.Run("keyboard", func(t *testing.T) { keyboard(open(t, chromium, check)) })
	t.Run("address", func(t *testing.T) { address(open(t, chromium, check+"#cleanup/rm")) })
	t.Run("timeline", func(t *testing.T) { timelineShown(open(t, chromium, check)) })
	t.Run("stillness", func(t *testing.T) { stillness(open(t, chromium, check)) })
	t.Run("without script", func(t *testing.T) { withoutScript(t, chromium, check) })
	compare := writePage(t, compareSet(t))
	t.Run("comparison", func(t *testing.T) { comparison(open(t, chromium, compare)) })
	for _, file := range []string{check, compare} {
		for _, scheme := range []string{"light", "dark"} {
			for _, width := range []int64{360, 1280} {
				t.Run(fmt.Sprint(scheme, width), func(t *testing.T) { looks(open(t, chromium, file), scheme, width) })
			}
		}
	}
}

func filters(tab *tab) {
	t := tab.t
	all := []string{"caching/third", "caching/hostile", "output/tar", "caching/registry", "output/oci", "output/stdout"}
	assert.DeepEqual(t, tab.shown(), all)
	chip := func(v string) chromedp.Action[chromedp.Void] {
		return chromedp.Click(chromedp.CSS(fmt.Sprintf(`[name=verdict][value=%q]`, v)))
	}
	tab.do(chip("broken"))
	assert.DeepEqual(t, tab.shown(), []string{"caching/third", "caching/hostile", "output/tar"})
	assert.Equal(t, js[string](tab, `document.getElementById('shown').textContent`), "3 of 12 claims")
	tab.do(chip("not-applicable"))
	assert.DeepEqual(t, tab.shown(), []string{"caching/third", "caching/hostile", "output/tar", "caching/strict"})
	tab.do(chip("broken"), chip("not-applicable"))
	assert.DeepEqual(t, tab.shown(), all) // chapters are folded as before
	tab.do(chip("known"))
	assert.DeepEqual(t, tab.shown(), []string{"output/local"}) // its group is unfolded
	assert.Assert(t, js[bool](tab, `document.getElementById('rest-title').hidden`))
	tab.do(chip("known"), chip("unsteady"))
	assert.DeepEqual(t, tab.shown(), []string{"output/oci"})
	tab.do(chip("unsteady"))
	assert.DeepEqual(t, tab.shown(), all)

	tab.do(chromedp.SetValue(chromedp.CSS(`#filter-chapter`), "cleanup"))
	js[bool](tab, `document.getElementById('filter-chapter').dispatchEvent(new Event('input', {bubbles: true}))`)
	assert.DeepEqual(t, tab.shown(), []string{"cleanup/rm"})
	tab.do(chromedp.SendKeys(chromedp.CSS(`#filter-text`), "ubuntu"))
	assert.DeepEqual(t, tab.shown(), []string{})
	assert.Assert(t, js[bool](tab, `document.getElementById('nothing').checkVisibility()`))
	tab.do(chromedp.SendKeys(chromedp.CSS(`#filter-text`), kb.Escape))
	assert.DeepEqual(t, tab.shown(), all)

	tab.do(chromedp.SendKeys(chromedp.CSS(`#filter-text`), "REMOVES record"))
	assert.DeepEqual(t, tab.shown(), []string{"cleanup/rm"})
}

func folding(tab *tab) {
	t := tab.t
	first := tab.shown()
	tab.do(chromedp.Click(chromedp.CSS(`[data-chapter=builders] > summary`)))
	assert.DeepEqual(t, tab.shown(), append(slices.Clone(first), "builders/ls", "builders/stand-in"))
	tab.do(chromedp.Click(chromedp.CSS(`[id="builders/ls"] > summary`)))
	assert.Assert(t, js[bool](tab, `document.querySelector('[id="builders/ls"] .copyable').checkVisibility()`))
	tab.do(chromedp.Click(chromedp.CSS(`#unfold`)))
	assert.Assert(t, cmp.Len(tab.shown(), 12))
	assert.Equal(t, js[int](tab, `document.querySelectorAll('.claim[open]').length`), 12)
	tab.do(chromedp.Click(chromedp.CSS(`#unfold`)))
	assert.DeepEqual(t, tab.shown(), first)
	assert.Equal(t, js[int](tab, `document.querySelectorAll('.claim[open]').length`), 0)
}

// copied is true once the page has said so.
const copied = `document.getElementById('said').textContent === 'Copied'`

func copying(tab *tab) {
	t := tab.t
	for _, name := range []string{"clipboard-read", "clipboard-write"} {
		_, err := chromedp.CallBrowser(tab, browser.SetPermission, browser.SetPermissionParams{
			Permission: &browser.PermissionDescriptor{Name: name}, Setting: browser.PermissionSettingGranted,
		})
		assert.NilError(t, err)
	}
	call(tab, page.BringToFront, cdp.Empty{})
	tab.do(chromedp.Click(chromedp.CSS(`[id="caching/third"] .run > .copyable .copy`)))
	tab.until(copied)
	assert.Equal(t, js[string](tab, `navigator.clipboard.readText()`), "make check BUILDKIT=v0.11.5 RUN=caching/third")

	tab.evidence("caching/third")
	js[bool](tab, `document.getElementById('said').textContent = ''; true`)
	tab.do(chromedp.Click(chromedp.CSS(`[id="caching/third"] .command[open] .copy`)))
	tab.until(copied)
	assert.Equal(t, js[string](tab, `navigator.clipboard.readText()`),
		`DOCKER_HOST=unix:///run/docker.sock BUILDX_BUILDER='home caching/third' docker buildx build --progress=rawjson .`)

	// A page that was not fetched securely has no clipboard.
	js[bool](tab, `Object.defineProperty(navigator, 'clipboard', {value: undefined}); document.getElementById('said').textContent = ''; true`)
	tab.do(chromedp.Click(chromedp.CSS(`[id="caching/third"] .run > .copyable .copy`)))
	tab.until(copied)
}

func evidenceShown(tab *tab) {
	t := tab.t
	tab.evidence("caching/hostile")
	const claim = `document.getElementById('caching/hostile')`
	assert.Equal(t, js[int](tab, claim+`.querySelectorAll('.command').length`), 5, "four commands and a log")
	assert.Equal(t, js[string](tab, claim+`.querySelector('.command[open] .exit').textContent`), "exit 1", "what failed is open")
	assert.Equal(t, js[int](tab, claim+`.querySelectorAll('.timeline li').length`), 8)
	assert.Assert(t, js[bool](tab, `[...`+claim+`.querySelectorAll('.timeline .bar')].every((bar) => bar.offsetWidth > 0)`))
	assert.Assert(t, cmp.Contains(js[string](tab, claim+`.textContent`), "<img src=x onerror=window.owned=1>"))
	assert.Equal(t, js[int](tab, `document.querySelectorAll('img, iframe, body script:not([id])').length`), 0)
	assert.Assert(t, js[bool](tab, `window.owned === undefined`), "text from a build was run")
	assert.Assert(t, js[bool](tab, `!/[\u0000-\u0008\u000b-\u001f\u202e]/.test(document.body.textContent)`), "control characters are gone")

	js[bool](tab, claim+`.querySelectorAll('.command')[2].open = true`)
	tab.do(chromedp.WaitVisible(chromedp.CSS(`[id="caching/hostile"] .gap a`)))
	link := js[string](tab, claim+`.querySelector('.gap a').getAttribute('href')`)
	assert.Assert(t, strings.HasSuffix(link, "/evidence/caching/hostile/03-docker-logs-it-s/stdout"), link)
	assert.Assert(t, js[string](tab, claim+`.querySelector('.gap').textContent`) != "")
}

// triesSideBySide checks that every try of a claim is in its own place, with its
// evidence.
func triesSideBySide(tab *tab) {
	t := tab.t
	const claim = `document.getElementById('output/oci')`
	assert.Equal(t, js[int](tab, claim+`.querySelectorAll('.try').length`), 4)
	assert.Equal(t, js[int](tab, `new Set([...`+claim+`.querySelectorAll('.try')].map((e) => e.getBoundingClientRect().top)).size`), 1, "they stand in one row")
	assert.Equal(t, js[string](tab, claim+`.querySelectorAll('.try h4')[1].innerText`), "✓ held try 2, alone 6.2 s")
	for number, exit := range map[int]string{1: "", 3: "exit 1"} {
		js[bool](tab, fmt.Sprintf(claim+`.querySelector('.evidence[data-try="%d"]').open = true`, number))
		tab.do(chromedp.WaitVisible(chromedp.CSS(fmt.Sprintf(`[id="output/oci"] .evidence[data-try="%d"] .command`, number))))
		shown := fmt.Sprintf(claim+`.querySelector('.evidence[data-try="%d"]')`, number)
		assert.Equal(t, js[int](tab, shown+`.querySelectorAll('.content > .command').length`) >= 4, true)
		assert.Equal(t, js[string](tab, shown+`.querySelectorAll('.command .exit')[1].textContent`), exit)
		js[bool](tab, shown+`.querySelector('.command').open = true`)
		tab.until(shown + `.querySelector('.copyable')?.textContent.includes('home output/oci.try-` + fmt.Sprint(number+1) + `')`)
	}
}

func keyboard(tab *tab) {
	t := tab.t
	// Unlike KeyEvent, this types nothing if the page takes the key for itself.
	call(tab, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyDown, Key: "/", Code: "Slash", Text: "/"})
	assert.Equal(t, js[string](tab, `document.activeElement.id`), "filter-text")
	tab.do(chromedp.KeyEvent("a/b"))
	assert.Equal(t, js[string](tab, `document.activeElement.value`), "a/b", "a slash can be typed")
	tab.do(chromedp.KeyEvent(kb.Escape))
	var reached []string
	for range 40 {
		tab.do(chromedp.KeyEvent(kb.Tab))
		reached = append(reached, js[string](tab, `(() => { const e = document.activeElement; const s = getComputedStyle(e.matches('.chip input') ? e.nextElementSibling : e); return e.tagName + (s.outlineStyle === 'none' ? ' without an outline' : ''); })()`))
	}
	all := strings.Join(reached, " ")
	for _, want := range []string{"SELECT", "INPUT", "SUMMARY", "BUTTON", "A"} {
		assert.Assert(t, cmp.Contains(all, want))
	}
	assert.Assert(t, !strings.Contains(strings.ReplaceAll(all, "BODY without an outline", ""), "without an outline"), all)
	js[bool](tab, `document.querySelector('[data-chapter=cleanup] > summary').focus(); true`)
	tab.do(chromedp.KeyEvent(kb.Enter))
	assert.Assert(t, cmp.Contains(tab.shown(), "cleanup/rm"))
}

func address(tab *tab) {
	t := tab.t
	assert.Assert(t, cmp.Contains(tab.shown(), "cleanup/rm"))
	assert.Assert(t, js[bool](tab, `document.getElementById('cleanup/rm').open`))
}

// timelineShown looks at the timeline of the run by mouse and by keyboard.
func timelineShown(tab *tab) {
	t := tab.t
	tab.do(chromedp.Click(chromedp.CSS(`.course > summary`)))
	assert.Assert(t, js[bool](tab, `[...document.querySelectorAll('.course rect')].every((bar) => bar.getBoundingClientRect().width > 1 && bar.getBoundingClientRect().height > 5)`))
	assert.Assert(t, js[bool](tab, `document.querySelector('.course .busy path').getBoundingClientRect().height > 5`))
	js[bool](tab, `document.querySelector('.course a').scrollIntoView({block: 'center', behavior: 'instant'}); true`)
	at := js[[]float64](tab, `(() => { const b = document.querySelector('.course rect').getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]; })()`)
	call(tab, input.DispatchMouseEvent, input.DispatchMouseEventParams{Type: input.DispatchMouseEventTypeMouseMoved, X: at[0], Y: at[1]})
	tab.until(`document.querySelector('.course .at').textContent.startsWith('builders/ls: ')`)
	tab.keep("timeline")
	js[bool](tab, `document.querySelector('.course a[href="#cleanup%2frm"]').focus(); true`)
	tab.until(`document.querySelector('.course .at').textContent.startsWith('cleanup/rm: 4.0 s from 16.0 s, commands 4')`)
	tab.do(chromedp.KeyEvent(kb.Enter))
	tab.until(`document.getElementById('cleanup/rm').open && document.getElementById('cleanup/rm').checkVisibility()`)
}

// stillness waits until everything is drawn and asks how much has moved.
func stillness(tab *tab) {
	moved := js[float64](tab, `new Promise((done) => {
		let sum = 0;
		new PerformanceObserver((list) => { for (const e of list.getEntries()) sum += e.value; }).observe({type: 'layout-shift', buffered: true});
		setTimeout(() => done(sum), 500);
	})`)
	assert.Equal(tab.t, moved, 0.0)
}

// withoutScript checks that the verdict and the reasons are visible anyway.
func withoutScript(t *testing.T, chromium context.Context, file string) {
	tab := open(t, chromium, file)
	call(tab, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	tab.do(chromedp.Navigate("file://" + file))
	text, err := chromedp.Run(tab, chromedp.Text(chromedp.CSS("body")))
	assert.NilError(t, err)
	for _, want := range []string{
		"3 of 12 claims are broken on BuildKit v0.11.5, and 1 claim could not be tested; 1 is unsteady and 1 is a known fault",
		"failed 4 of 4", "failed 2 of 4, only alongside other builds", "try 3, alone", "Known faults", "holds although the release is known to break it",
		"the third builder must miss: it hit", "make check BUILDKIT=v0.11.5 RUN=caching/third", "Filters and the evidence need JavaScript",
	} {
		assert.Check(t, cmp.Contains(text, want))
	}
	tab.keep("without-script")
}

func comparison(tab *tab) {
	t := tab.t
	assert.Equal(t, js[string](tab, `document.querySelector('h1').innerText.trim().split('\n').pop()`),
		"BuildKit v0.34.2 breaks 1 claim that holds with BuildKit v0.11.5; 1 claim could not be compared and 4 claims differ and were tried too few times")
	assert.Equal(t, js[string](tab, `document.querySelector('.group h2').firstChild.textContent.trim()`), "Regressed")
	tab.do(chromedp.Click(chromedp.CSS(`[name=class][value=regressed]`)))
	assert.DeepEqual(t, tab.shown(), []string{"output/local"})
	tab.do(chromedp.Click(chromedp.CSS(`[name=class][value=regressed]`)), chromedp.Click(chromedp.CSS(`.shapes > summary`)), chromedp.Click(chromedp.CSS(`.shapes a`)))
	tab.until(`document.getElementById('caching/second').open && document.getElementById('caching/second').checkVisibility()`)
}

// looks checks what can be measured of a page's looks, with everything open.
func looks(tab *tab, scheme string, width int64) {
	t := tab.t
	name := fmt.Sprintf("%s-%s-%d", strings.Fields(js[string](tab, `document.querySelector('.group h2').innerText`))[0], scheme, width)
	tab.do(chromedp.EmulateViewport(width, 900))
	call(tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
	tab.keep(name)
	tab.evidence("caching/third")
	tab.do(chromedp.Click(chromedp.CSS(`#unfold`)), chromedp.Click(chromedp.CSS(`.said > summary`)))
	js[bool](tab, `document.querySelectorAll('.command').forEach((c) => { c.open = true; }); true`)
	tab.do(chromedp.WaitVisible(chromedp.CSS(`.gap`)))
	tab.keep(name + "-open")
	assert.Equal(t, js[int](tab, `document.documentElement.scrollWidth - innerWidth`), 0, "the page is wider than the window")
	assert.Equal(t, strings.Join(js[[]string](tab, `[...document.querySelectorAll('button, input, select, summary, a, [tabindex]')].filter((e) => !(e.textContent.trim() || e.ariaLabel || e.labels?.length)).map((e) => e.outerHTML.slice(0, 80))`), "\n"), "", "without a name")
	assert.Equal(t, strings.Join(js[[]string](tab, tooFaint), "\n"), "", "contrast below AA")
}

// tooFaint lists texts whose contrast with their background is below 4.5.
const tooFaint = `(() => {
	const parse = (c) => (c.match(/[\d.]+/g) ?? []).map(Number);
	const luminance = ([r, g, b]) => {
		const [x, y, z] = [r, g, b].map((v) => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
		return 0.2126 * x + 0.7152 * y + 0.0722 * z;
	};
	const behind = (e) => {
		for (; e; e = e.parentElement) {
			const c = parse(getComputedStyle(e).backgroundColor);
			if (c.length === 3 || c[3] > 0.99) return c;
		}
		return [255, 255, 255];
	};
	const faint = new Set();
	const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	while (walk.nextNode()) {
		const e = walk.currentNode.parentElement;
		if (!walk.currentNode.data.trim() || !e.checkVisibility() || e.closest('.unseen, script')) continue;
		const [a, b] = [luminance(parse(getComputedStyle(e).color)), luminance(behind(e))].sort((x, y) => y - x);
		const contrast = (a + 0.05) / (b + 0.05);
		if (contrast < 4.5) faint.add(e.tagName + '.' + e.className + ' ' + contrast.toFixed(2));
	}
	return [...faint];
})()`
