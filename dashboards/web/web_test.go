package web

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/dashboards/report/viewtest"
	"github.com/grantwatch/grantwatch/dashboards/web/signin"
	"github.com/grantwatch/grantwatch/detect/ledger"
)

func reportFiles() fstest.MapFS {
	at := viewtest.Now
	return fstest.MapFS{
		"2026-W47.html":      {Data: []byte("<!doctype html><title>r</title>"), ModTime: at},
		"2026-W47.csv":       {Data: []byte("a,b\n"), ModTime: at},
		"2026-W46.html":      {Data: []byte("<p>older"), ModTime: at},
		"old/2025-W01.html":  {Data: []byte("<p>old"), ModTime: at},
		"old/deep/x.html":    {Data: []byte("<p>deep"), ModTime: at},
		"odd name & #1.html": {Data: []byte("<p>odd"), ModTime: at},
		"notes.txt":          {Data: []byte("private"), ModTime: at},
		".secret.html":       {Data: []byte("private"), ModTime: at},
		".git/a.html":        {Data: []byte("private"), ModTime: at},
	}
}

func serve(v *ledger.View) http.Handler {
	ev := &kept{}
	if v != nil {
		ev = evidenceOf(v, func(string) string { return " " + viewtest.Script + viewtest.Bidi + viewtest.Control })
	}
	ev.changes = append(ev.changes, ledger.Change{Fingerprint: "gone", At: viewtest.Now, From: "open", To: "resolved", Why: viewtest.Script, Who: "grantwatch"})
	return New(Config{Version: "1.2.3", View: func() *ledger.View { return v }, Reports: reportFiles(), Hosts: []string{"grantwatch.harbour.example"}, Now: func() time.Time { return viewtest.Now.Add(time.Hour) }, Evidence: ev})
}

func ask(t testing.TB, h http.Handler, method, target string, edit ...func(*http.Request)) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, target, nil)
	r.Host = "localhost:8080"
	for _, e := range edit {
		e(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func get(t testing.TB, h http.Handler, target string) string {
	t.Helper()
	w := ask(t, h, http.MethodGet, target)
	if w.Code != http.StatusOK {
		t.Fatalf("GET %s: %d", target, w.Code)
	}
	return w.Body.String()
}

func TestEveryAnswerCarriesTheHeaders(t *testing.T) {
	h := serve(viewtest.Hostile())
	for _, target := range []string{"/", "/findings", "/findings.csv", "/findings.json", "/teams", "/feeds", "/rules", "/reports/", "/reports/2026-W47.html", "/healthz", "/nope", assetPath("page.css")} {
		w := ask(t, h, http.MethodGet, target)
		for k, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "X-Frame-Options": "DENY"} {
			if got := w.Header().Get(k); got != want {
				t.Errorf("%s: %s is %q", target, k, got)
			}
		}
		csp := w.Header().Get("Content-Security-Policy")
		want := []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"}
		if strings.HasPrefix(target, "/reports/2") {
			want = append(want, "sandbox", "style-src 'unsafe-inline'")
		} else {
			want = append(want, "style-src 'self'", "script-src 'self'", "img-src 'self' data:", "form-action 'self'")
			if strings.Contains(csp, "unsafe") {
				t.Errorf("%s: %s", target, csp)
			}
		}
		for _, s := range want {
			if !strings.Contains(csp, s) {
				t.Errorf("%s: the policy lacks %s: %s", target, s, csp)
			}
		}
		if w.Header().Get("Content-Type") == "" {
			t.Errorf("%s has no content type", target)
		}
		immutable := strings.Contains(w.Header().Get("Cache-Control"), "immutable")
		if asset := strings.HasPrefix(target, "/assets/"); immutable != asset || !asset && w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: Cache-Control %q", target, w.Header().Get("Cache-Control"))
		}
		if strings.Contains(w.Header().Get("Content-Security-Policy"), "sandbox") && strings.Contains(csp, "allow-scripts") {
			t.Errorf("%s: a report may run scripts", target)
		}
	}
}

func TestOnlyGetAndHead(t *testing.T) {
	h := serve(viewtest.One())
	for _, m := range []string{"POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND"} {
		for _, target := range []string{"/", "/findings", "/reports/2026-W47.html", "/healthz", "/nope"} {
			if w := ask(t, h, m, target); w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
				t.Errorf("%s %s: %d, Allow %q", m, target, w.Code, w.Header().Get("Allow"))
			}
		}
	}
	srv := httptest.NewServer(h)
	defer srv.Close()
	for _, target := range []string{"/", "/findings", "/findings.csv", "/findings.json", "/reports/2026-W47.html", "/healthz"} {
		resp, err := http.Head(srv.URL + target)
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != http.StatusOK {
			t.Errorf("HEAD %s: %d", target, resp.StatusCode)
		}
		if err := resp.Body.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestHostsAgainstRebinding(t *testing.T) {
	h := serve(viewtest.One())
	for host, ok := range map[string]bool{
		"localhost": true, "localhost:8080": true, "LOCALHOST": true, "localhost.": true, "127.0.0.1:80": true, "127.8.8.8": true, "[::1]:8080": true, "[::1]": true, "[::ffff:127.0.0.1]:1": true,
		"grantwatch.harbour.example": true, "Grantwatch.Harbour.Example:443": true,
		"": false, "evil.example": false, "localhost.evil.example": false, "127.0.0.1.evil.example": false, "192.0.2.7": false, "0.0.0.0": false, "[2001:db8::1]:80": false,
		"evil.example:80:80": false, "notlocalhost": false, "2130706433": false, "grantwatch.harbour.example.evil.example": false,
	} {
		w := ask(t, h, http.MethodGet, "/findings.json", func(r *http.Request) { r.Host = host })
		if (w.Code == http.StatusOK) != ok {
			t.Errorf("Host %q: %d", host, w.Code)
		}
		if !ok && strings.Contains(w.Body.String(), "fingerprint") {
			t.Errorf("Host %q is told findings", host)
		}
	}
	if w := ask(t, h, http.MethodGet, "/healthz", func(r *http.Request) { r.Host = "192.0.2.7:80" }); w.Code != http.StatusOK || w.Body.String() != "ok\n" {
		t.Errorf("a probe by address gets %d %q", w.Code, w.Body)
	}
}

func TestReports(t *testing.T) {
	h := serve(viewtest.One())
	list := get(t, h, "/reports/")
	for _, want := range []string{"2026-W47", "/reports/2026-W47.csv", "/reports/old/2025-W01.html", "/reports/odd%20name%20&amp;%20%231.html"} {
		if !strings.Contains(list, want) {
			t.Errorf("the list lacks %s", want)
		}
	}
	if strings.Index(list, "2026-W47") > strings.Index(list, "2026-W46") {
		t.Error("the newest report does not come first")
	}
	for _, hidden := range []string{"secret", "notes", "deep", ".git"} {
		if strings.Contains(list, hidden) {
			t.Errorf("the list shows %s", hidden)
		}
	}
	if w := ask(t, h, http.MethodGet, "/reports/2026-W47.csv"); w.Header().Get("Content-Disposition") != "attachment" || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/csv") {
		t.Errorf("a table is served as %v", w.Header())
	}
	if w := ask(t, h, http.MethodGet, "/reports/odd%20name%20&%20%231.html"); w.Code != http.StatusOK {
		t.Errorf("a report with an odd name: %d", w.Code)
	}
	for _, target := range []string{"/reports/notes.txt", "/reports/.secret.html", "/reports/.git/a.html", "/reports/%2e%2e/secret.html", "/reports/..%2f..%2fetc%2fpasswd", "/reports/old", "/reports/none.html", `/reports/..%5cx.html`, "/reports/%2Fetc%2Fx.html"} {
		if w := ask(t, h, http.MethodGet, target); w.Code == http.StatusOK || strings.Contains(w.Body.String(), "private") {
			t.Errorf("%s: %d", target, w.Code)
		}
	}
	none := New(Config{View: viewtest.One})
	if !strings.Contains(get(t, none, "/reports/"), "No report has been written yet") {
		t.Error("without a folder the page does not say so")
	}
}

func TestGoneAndMissing(t *testing.T) {
	h := serve(viewtest.Hostile())
	if s := get(t, h, "/findings/gone"); !strings.Contains(s, "no longer open") || strings.Contains(s, viewtest.Script) || !strings.Contains(s, "resolved") {
		t.Error("a resolved finding does not show its history")
	}
	for _, target := range []string{"/findings/0000", "/teams/nobody", "/identities/nobody", "/nope", "/findings/", "/assets/x.css", "/assets/page.css"} {
		w := ask(t, h, http.MethodGet, target)
		if w.Code != http.StatusNotFound || !strings.Contains(w.Body.String(), "Not found") {
			t.Errorf("%s: %d", target, w.Code)
		}
	}
}

func TestStaleAndAbsentEvaluationsAreSaid(t *testing.T) {
	now := viewtest.Now
	h := New(Config{View: viewtest.One, Now: func() time.Time { return now }})
	if strings.Contains(get(t, h, "/"), "Nothing newer has been evaluated") {
		t.Error("a fresh evaluation is called old")
	}
	now = now.Add(50 * time.Hour)
	if !strings.Contains(get(t, h, "/findings"), "These figures are 2\u202fd old") {
		t.Error("an old evaluation is not called old")
	}
	for _, c := range []Config{{}, {View: func() *ledger.View { return nil }}} {
		for _, target := range []string{"/", "/findings", "/teams", "/feeds", "/rules"} {
			if !strings.Contains(get(t, New(c), target), "No evaluation yet") {
				t.Errorf("%s does not say that there was no evaluation", target)
			}
		}
	}
}

func TestEmptyStatesDoNotMislead(t *testing.T) {
	h := serve(viewtest.Empty())
	for target, want := range map[string]string{
		"/": "This is not a clean bill", "/findings": "an empty list is no assurance", "/feeds": "every verdict about it is unverifiable", "/rules": "No rule has judged anything", "/findings?team=x": "says nothing about the access behind it",
	} {
		if !strings.Contains(get(t, h, target), want) {
			t.Errorf("%s does not say %q", target, want)
		}
	}
}

func TestAnUnverifiableFindingProposesNothing(t *testing.T) {
	v := viewtest.Organisation(60)
	h := serve(v)
	for i := range v.Findings {
		if f := &v.Findings[i]; f.Verdict == access.VerdictUnverifiable {
			s := get(t, h, "/findings/"+f.Fingerprint)
			if !strings.Contains(s, "Nothing is to be decided about the access yet") || strings.Contains(s, "Remove it") || !strings.Contains(s, "StopLogging") {
				t.Error("the page of an unverifiable finding proposes removal or hides its gaps")
			}
			return
		}
	}
	t.Fatal("the fixture has no unverifiable finding")
}

func TestIndexIsMadeOncePerView(t *testing.T) {
	v := viewtest.One()
	s := &server{c: Config{View: func() *ledger.View { return v }}}
	a := s.sight(everybody)
	if s.sight(everybody) != a {
		t.Error("the same view is indexed twice")
	}
	if s.sight(signin.Reader{Scope: ledger.TeamScope("payments")}) == a || s.sight(signin.Reader{Scope: ledger.Everything, Board: true}) != a {
		t.Error("scopes share what they should not, or equal ones share nothing")
	}
	v = viewtest.One()
	if s.sight(everybody) == a {
		t.Error("a new view is not seen")
	}
}
