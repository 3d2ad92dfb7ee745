//go:build browser

package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// tab is one tab of a headless Chromium, with everything that it complained about.
type tab struct {
	context.Context
	t *testing.T

	mu    sync.Mutex
	moans []string
}

// open starts a browser that ends with the test.
func open(t *testing.T) *tab {
	t.Helper()
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("disable-quic", true), chromedp.Flag("hide-scrollbars", true),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true), chromedp.WSURLReadTimeout(time.Minute))
	alloc, stop := chromedp.NewExecAllocator(t.Context(), opts...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(cancel)
	b := &tab{Context: ctx, t: t}
	chromedp.ListenTarget(ctx, b.hear)
	if err := chromedp.Run(ctx, network.Enable(), log.Enable()); err != nil { // the browser lives as long as this context
		t.Fatal(err)
	}
	return b
}

// hear keeps errors on the console, exceptions, and whatever the content policy refused.
func (b *tab) hear(ev any) {
	said := ""
	switch e := ev.(type) {
	case *runtime.EventExceptionThrown:
		said = "exception: " + e.ExceptionDetails.Error()
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.APITypeError || e.Type == runtime.APITypeWarning {
			args, _ := json.Marshal(e.Args) // what cannot be written is said to be empty
			said = fmt.Sprintf("console: %s", args)
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.LevelError && !strings.Contains(e.Entry.Text, "the server responded with a status of 40") {
			said = "log: " + e.Entry.Text + " " + e.Entry.URL
		}
	}
	if said != "" {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.moans = append(b.moans, said)
	}
}

// quiet fails the test for everything that the browser complained about since it was last asked.
func (b *tab) quiet(where string) {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, m := range b.moans {
		b.t.Errorf("%s: %s", where, m)
	}
	b.moans = nil
}

func (b *tab) run(actions ...chromedp.Action) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b, time.Minute)
	defer cancel()
	if err := chromedp.Run(ctx, actions...); err != nil {
		b.t.Fatal(err)
	}
}

func (b *tab) to(url string) { b.t.Helper(); b.run(chromedp.Navigate(url)) }

// ask evaluates an expression on the page.
func ask[T any](b *tab, expr string) T {
	b.t.Helper()
	var out T
	b.run(chromedp.Evaluate(expr, &out))
	return out
}

// look sets how the page is looked at.
func (b *tab) look(width, height int64, scheme, media string) {
	b.t.Helper()
	b.run(emulation.SetDeviceMetricsOverride(width, height, 1, width < 600),
		emulation.SetEmulatedMedia().WithMedia(media).WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}))
}

// key presses keys one after another.
func (b *tab) key(keys ...string) {
	b.t.Helper()
	for _, k := range keys {
		if len(k) == 1 && k > " " && k != "\x7f" { // as keyboards do it: a key that the page took writes nothing
			b.run(input.DispatchKeyEvent(input.KeyDown).WithKey(k).WithText(k), input.DispatchKeyEvent(input.KeyUp).WithKey(k))
			continue
		}
		b.run(chromedp.KeyEvent(k))
	}
}

// focus describes what has the focus.
func (b *tab) focus() string {
	b.t.Helper()
	return ask[string](b, `(e => e.tagName + (e.id ? "#" + e.id : "") + (e.className ? "." + e.className : "") + (e.dataset && "row" in e.dataset ? "[row]" : ""))(document.activeElement)`)
}

type violation struct {
	ID    string `json:"id"`
	Help  string `json:"help"`
	Nodes []struct {
		HTML    string `json:"html"`
		Summary string `json:"failureSummary"`
	} `json:"nodes"`
}

var axeSource = sync.OnceValues(func() (string, error) {
	found, err := filepath.Glob("../../.cache/axe-core-*/axe.min.js")
	if err != nil || len(found) == 0 {
		return "", fmt.Errorf("axe-core is not there: deploy/browser/axe.sh fetches it")
	}
	b, err := os.ReadFile(found[len(found)-1])
	return string(b), err
})

// accessible runs every rule of axe on the page, best practices too.
func (b *tab) accessible(where string) {
	b.t.Helper()
	source, err := axeSource()
	if err != nil {
		b.t.Fatal(err)
	}
	b.run(chromedp.Evaluate(source+"; true", nil))
	var raw string
	b.run(chromedp.Evaluate(`axe.run(document, {resultTypes: ["violations"]}).then(r => JSON.stringify(r.violations))`, &raw, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
	var found []violation
	if err := json.Unmarshal([]byte(raw), &found); err != nil {
		b.t.Fatal(err)
	}
	for _, v := range found {
		for i, n := range v.Nodes {
			if i == 3 {
				b.t.Errorf("%s: %s: and %d more", where, v.ID, len(v.Nodes)-i)
				break
			}
			b.t.Errorf("%s: %s (%s)\n  %.300s\n  %s", where, v.ID, v.Help, n.HTML, n.Summary)
		}
	}
}

// wide lists what stands out to the right of the window, but for what scrolls on purpose and what is not shown.
func (b *tab) wide() []string {
	b.t.Helper()
	return ask[[]string](b, `(() => {
	  const w = document.documentElement.clientWidth, out = [];
	  for (const e of document.body.querySelectorAll("*")) {
	    if (e.closest(".unseen, .skip, .gw-defs, svg")) continue;
	    const s = e.closest(".scroll, .heat-scroll, .nav, pre");
	    if (s && s !== e && getComputedStyle(s).overflowX !== "visible") continue;
	    const r = e.getBoundingClientRect();
	    if (r.width > 0 && r.right > w + 1) out.push(e.tagName + "." + e.className + " to " + Math.round(r.right) + " of " + w + ": " + e.textContent.slice(0, 40));
	  }
	  return out.slice(0, 5);
	})()`)
}

// picture takes the window, or the whole page, as it is looked at.
func (b *tab) picture(file string, whole bool) {
	b.t.Helper()
	var png []byte
	if whole {
		b.run(chromedp.FullScreenshot(&png, 100))
	} else {
		b.run(chromedp.CaptureScreenshot(&png))
	}
	if err := os.WriteFile(file, png, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// pdf prints the page as a reader would, on A4.
func (b *tab) pdf() []byte {
	b.t.Helper()
	var out []byte
	b.run(chromedp.ActionFunc(func(ctx context.Context) (err error) {
		out, _, err = page.PrintToPDF().WithPreferCSSPageSize(true).WithPrintBackground(true).WithPaperWidth(8.27).WithPaperHeight(11.69).Do(ctx)
		return err
	}))
	return out
}
