package web

import (
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/grantwatch/grantwatch/dashboards/report/viewtest"
	"github.com/grantwatch/grantwatch/detect/ledger"
)

var update = flag.Bool("update", false, "rewrite goldens")

// element is one start tag of a page.
type element struct {
	name string
	attr map[string]string
}

// read takes a page apart with the tokenizer of encoding/xml in its lenient mode; a page that is not well formed fails.
func read(t *testing.T, name, page string) []element {
	t.Helper()
	var out []element
	d := xml.NewDecoder(strings.NewReader(page))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatalf("%s is not well formed: %v", name, err)
		}
		if el, ok := tok.(xml.StartElement); ok {
			e := element{el.Name.Local, map[string]string{}}
			for _, a := range el.Attr {
				e.attr[a.Name.Local] = a.Value
			}
			out = append(out, e)
		}
	}
}

// crawl follows every link from the overview and hands each page on once. Lists are sampled, not walked to the end.
func crawl(t *testing.T, h http.Handler, visit func(target string, page string)) int {
	t.Helper()
	queue, seen := []string{"/"}, map[string]bool{"/": true}
	perShape := map[string]int{}
	for n := 0; n < len(queue); n++ {
		target := queue[n]
		w := ask(t, h, http.MethodGet, target)
		if w.Code != http.StatusOK {
			t.Errorf("the link %s is dead: %d", target, w.Code)
			continue
		}
		if !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") || strings.HasPrefix(target, "/reports/2") || strings.HasPrefix(target, "/reports/o") {
			continue
		}
		page := w.Body.String()
		visit(target, page)
		ids := map[string]bool{}
		els := read(t, target, page)
		for _, e := range els {
			ids[e.attr["id"]] = true
		}
		for _, e := range els {
			for _, k := range []string{"href", "src", "action"} {
				link, ok := e.attr[k]
				if !ok || e.attr["method"] == "post" {
					continue
				}
				if frag, is := strings.CutPrefix(link, "#"); is {
					if !ids[frag] {
						t.Errorf("%s: the link #%s leads nowhere", target, frag)
					}
					continue
				}
				if !strings.HasPrefix(link, "/") || strings.HasPrefix(link, "//") {
					t.Errorf("%s: <%s> leads outside, to %.80q", target, e.name, link)
					continue
				}
				link, _, _ = strings.Cut(link, "#")
				u, err := url.Parse(link)
				if err != nil {
					t.Errorf("%s: %.80q is no address: %v", target, link, err)
					continue
				}
				shape := strings.Join(strings.SplitAfterN(u.Path, "/", 3)[:min(2, strings.Count(u.Path, "/"))], "") + "?" + strings.Join(keys(u.Query()), "&")
				if perShape[shape]++; !seen[link] && perShape[shape] <= 60 {
					seen[link] = true
					queue = append(queue, link)
				}
			}
		}
	}
	return len(queue)
}

func keys(q url.Values) (out []string) {
	for _, k := range []string{"show", "team", "kind", "verdict", "severity", "state", "rule", "control", "q", "sort", "page"} {
		if q.Has(k) {
			out = append(out, k)
		}
	}
	return out
}

func TestNoDeadLinksAndNothingHarmful(t *testing.T) {
	for name, v := range map[string]*ledger.View{"nil": nil, "empty": viewtest.Empty(), "one": viewtest.One(), "hostile": viewtest.Hostile(), "organisation": viewtest.Organisation(150)} {
		t.Run(name, func(t *testing.T) {
			n := crawl(t, serve(v), func(target, page string) { inspect(t, target, page) })
			t.Logf("%d addresses", n)
			if n < 10 {
				t.Errorf("only %d addresses were found", n)
			}
		})
	}
}

// inspect holds one page to what the content policy and a reader with a screen reader need.
func inspect(t *testing.T, target, page string) {
	t.Helper()
	for _, bad := range []string{viewtest.Script, "\u202e", "\u2066", "\u200b", "\x00", "\x1b", "</style></title>", "ZgotmplZ", "%!"} {
		if strings.Contains(page, bad) {
			t.Errorf("%.80s holds %q", target, bad)
		}
	}
	ids := map[string]bool{}
	count := map[string]int{}
	for _, e := range read(t, target, page) {
		count[e.name]++
		if id := e.attr["id"]; id != "" {
			if ids[id] {
				t.Errorf("%.80s: the id %s is there twice", target, id)
			}
			ids[id] = true
		}
		switch e.name {
		case "style", "iframe", "object", "embed", "base", "foreignObject":
			t.Errorf("%.80s holds <%s>", target, e.name)
		case "script":
			if !strings.HasPrefix(e.attr["src"], "/assets/page.") {
				t.Errorf("%.80s holds a script of its own", target)
			}
		}
		for k, v := range e.attr {
			if k == "style" || strings.HasPrefix(k, "on") || strings.HasPrefix(strings.ToLower(v), "javascript:") {
				t.Errorf("%.80s: <%s> has %s=%.40q", target, e.name, k, v)
			}
		}
	}
	if count["table"] != count["caption"] {
		t.Errorf("%.80s: %d tables have %d captions", target, count["table"], count["caption"])
	}
	for what, want := range map[string]int{"main": 1, "h1": 1, "header": 1, "footer": 1, "script": 1} {
		if count[what] != want {
			t.Errorf("%.80s has %d <%s>", target, count[what], what)
		}
	}
}

func TestGoldenPages(t *testing.T) {
	v := viewtest.Hostile()
	h := serve(v)
	for name, target := range map[string]string{"overview": "/", "findings": "/findings", "finding": "/findings/" + v.Findings[1].Fingerprint, "feeds": "/feeds", "identities": "/identities", "identity": identityURL("@SUM(1)"), "reports": "/reports/"} {
		t.Run(name, func(t *testing.T) {
			got := get(t, h, target)
			for file, served := range assetNames { // the style may change without the pages changing
				got = strings.ReplaceAll(got, served, file)
			}
			path := filepath.Join("testdata", name+".html.golden")
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("%s differs from its golden; look and run with -update", target)
			}
		})
	}
}

func TestSameViewSamePages(t *testing.T) {
	a, b := serve(viewtest.Organisation(120)), serve(viewtest.Organisation(120))
	for _, target := range allPages(viewtest.Organisation(120)) {
		if get(t, a, target) != get(t, b, target) {
			t.Errorf("%s differs between two servers of the same view", target)
		}
	}
}

func allPages(v *ledger.View) []string {
	out := []string{"/", "/findings", "/findings?sort=-who&q=a", "/findings?page=200", "/findings.csv?team=payments", "/identities", "/identities?q=a", "/teams", "/feeds", "/rules", "/reports/"}
	if len(v.Findings) > 0 {
		out = append(out, "/findings/"+v.Findings[0].Fingerprint, identityURL(v.Findings[0].Identity.UID))
	}
	for _, t := range v.Teams {
		out = append(out, teamURL(t.Name))
	}
	return out
}

// TestTwentyThousandFindings holds each page to a tenth of a second, the best of five runs.
func TestTwentyThousandFindings(t *testing.T) {
	findings := 20_000
	if raceDetector {
		findings = 1000
	}
	v := viewtest.Organisation(findings)
	h := serve(v)
	get(t, h, "/") // makes the index
	for _, target := range allPages(v) {
		best := time.Hour
		for range 5 {
			start := time.Now()
			get(t, h, target)
			best = min(best, time.Since(start))
		}
		t.Logf("%-40s %v", target, best)
		if best > 100*time.Millisecond && !raceDetector {
			t.Errorf("%s takes %v", target, best)
		}
	}
}

func BenchmarkPages20000(b *testing.B) {
	v := viewtest.Organisation(20_000)
	h := serve(v)
	for _, target := range allPages(v) {
		b.Run(target, func(b *testing.B) {
			for b.Loop() {
				get(b, h, target)
			}
		})
	}
}

func BenchmarkIndex20000(b *testing.B) {
	v := viewtest.Organisation(20_000)
	for b.Loop() {
		newIndex(v)
	}
}
