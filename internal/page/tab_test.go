//go:build browser

package page

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/assert/cmp"
)

// tab is a page opened in Chromium, and what it complained about.
type tab struct {
	context.Context
	t *testing.T

	mu         sync.Mutex
	complaints []string
}

// start starts one Chromium for a test and everything below it.
func start(t *testing.T) context.Context {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(chromium(t)), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-dev-shm-usage", true))
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	ctx, stop := chromedp.NewContext(allocator)
	t.Cleanup(stop)
	assert.NilError(t, chromedp.Do(ctx))
	return ctx
}

// open opens a file in its own tab. Whatever the page requests from the network
// and whatever the browser complains about fails the test at its end.
func open(t *testing.T, chromium context.Context, file string) *tab {
	t.Helper()
	ctx, done := chromedp.NewContext(chromium)
	t.Cleanup(done)
	assert.NilError(t, chromedp.Do(ctx))
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	t.Cleanup(cancel)
	tab := &tab{Context: ctx, t: t}
	own, _, _ := strings.Cut("file://"+file, "#")
	assert.NilError(t, chromedp.Listen(ctx, tab.listen(own)))
	t.Cleanup(func() {
		tab.mu.Lock()
		defer tab.mu.Unlock()
		assert.Check(t, cmp.Len(tab.complaints, 0))
	})
	call(tab, network.Enable, network.EnableParams{})
	call(tab, log.Enable, cdp.Empty{})
	tab.do(chromedp.EmulateViewport(1280, 900), chromedp.Navigate("file://"+file))
	return tab
}

// listen notes everything that a page must not do.
func (tab *tab) listen(own string) func(any) {
	return func(event any) {
		said := ""
		switch e := event.(type) {
		case *runtime.EventExceptionThrown:
			said = e.ExceptionDetails.Text
		case *runtime.EventConsoleAPICalled:
			said = fmt.Sprintf("console.%s", e.Type)
		case *log.EventEntryAdded:
			said = e.Entry.Text
		case *network.EventRequestWillBeSent:
			url, _, _ := strings.Cut(e.Request.URL, "#")
			if url != own && !strings.HasPrefix(url, "data:") {
				said = "requested " + url
			}
		}
		if said == "" {
			return
		}
		tab.mu.Lock()
		defer tab.mu.Unlock()
		tab.complaints = append(tab.complaints, said)
	}
}

func (tab *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	tab.t.Helper()
	assert.NilError(tab.t, chromedp.Do(tab, steps...))
}

// call sends a command of the browser's protocol.
func call[P, R any](tab *tab, command cdp.Command[P, R], params P) {
	tab.t.Helper()
	_, err := chromedp.Call(tab, command, params)
	assert.NilError(tab.t, err)
}

// js evaluates an expression, awaiting it if it is a promise.
func js[T any](tab *tab, expression string) T {
	tab.t.Helper()
	value, err := chromedp.Run(tab, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	assert.NilError(tab.t, err, expression)
	return value
}

// shown returns the ids of the claims that a person sees.
func (tab *tab) shown() []string {
	tab.t.Helper()
	return js[[]string](tab, `[...document.querySelectorAll('.claim')].filter((c) => c.checkVisibility()).map((c) => c.id)`)
}

// until waits for an expression to become true.
func (tab *tab) until(expression string) {
	tab.t.Helper()
	_, err := chromedp.Run(tab, chromedp.Poll[chromedp.Void](expression))
	assert.NilError(tab.t, err, expression)
}

// evidence unfolds the evidence of a claim and waits for it.
func (tab *tab) evidence(id string) {
	tab.t.Helper()
	js[bool](tab, fmt.Sprintf(`(() => { const e = document.getElementById(%q).querySelector('.evidence'); e.closest('.claim').open = true; const c = e.closest('.chapter'); if (c) c.open = true; return e.open = true; })()`, id))
	tab.do(chromedp.WaitVisible(chromedp.CSS(fmt.Sprintf(`[id=%q] .evidence .command`, id))))
}

// keep saves a picture of the whole page in the folder $SHOTS, if it is set.
func (tab *tab) keep(name string) {
	tab.t.Helper()
	dir := os.Getenv("SHOTS")
	if dir == "" {
		return
	}
	picture, err := chromedp.Run(tab, chromedp.FullScreenshot(100))
	assert.NilError(tab.t, err)
	assert.NilError(tab.t, os.WriteFile(filepath.Join(dir, name+".png"), picture, 0o644))
}
