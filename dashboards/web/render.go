package web

import (
	"bytes"
	"embed"
	"encoding/json"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/dashboards/charts"
	"github.com/grantwatch/grantwatch/dashboards/report"
	"github.com/grantwatch/grantwatch/dashboards/report/words"
	"github.com/grantwatch/grantwatch/detect"
)

//go:embed pages/*.tmpl
var pageFiles embed.FS

// page is what every template is given; Body is the page's own.
type page struct {
	Title   string
	Nav     string
	Site    string
	Version string
	Search  string
	AsOf    time.Time
	Now     time.Time
	None    bool // nothing was evaluated yet
	Stale   bool
	Body    any
}

// Ago tells an age as of the page.
func (p *page) Ago(t time.Time) string { return words.Ago(t, p.Now) }

// table is a list of findings as the shared template draws it.
type table struct {
	Page     *page
	Caption  string
	Findings []*access.Finding
	Filter   *filter // makes the columns sortable; nil where there is no filter
	NoTeam   bool
}

var templates = parse("overview", "findings", "finding", "gone", "teams", "team", "feeds", "identity", "rules", "reports", "missing")

func parse(names ...string) map[string]*template.Template {
	out := map[string]*template.Template{}
	base := template.Must(template.New("layout").Funcs(funcs()).ParseFS(pageFiles, "pages/layout.tmpl", "pages/parts.tmpl"))
	for _, n := range names {
		out[n] = template.Must(template.Must(base.Clone()).ParseFS(pageFiles, "pages/"+n+".tmpl"))
	}
	return out
}

func funcs() template.FuncMap {
	return template.FuncMap{
		"asset": func(n string) string { return assetPath(n) },
		"defs":  charts.Defs, "sevbar": report.SeverityBar, "verbar": report.VerdictBar, "sevkey": report.SeverityKey, "verkey": report.VerdictKey, "strip": report.FeedStrip,
		"int": func(n int) string { return words.Int(int64(n)) }, "int64": words.Int, "pct": words.Percent, "share": words.Share, "decimal": words.Decimal,
		"noun": func(n int, one, many string) string { return words.Noun(int64(n), one, many) },
		"v":    words.Visible, "short": func(n int, s string) string { return words.Short(words.Visible(s), n) }, "join": func(s []string) string { return words.Visible(strings.Join(s, ", ")) },
		"stamp": words.Stamp, "day": words.Day, "iso": func(t time.Time) string { return t.UTC().Format(time.RFC3339) }, "span": func(a, b time.Time) string { return words.Span(b.Sub(a)) },
		"kind": words.KindTitle, "heading": heading, "decide": words.KindDecision, "verdict": words.VerdictName, "meaning": words.VerdictMeaning, "severity": words.SeverityName, "teamname": words.TeamName,
		"tone": func(s access.Severity) string { return string(charts.SeverityTone(s)) }, "vtone": func(v access.Verdict) string { return string(charts.VerdictTone(v)) },
		"prev": func(n int) int { return n - 1 }, "next": func(n int) int { return n + 1 },
		"about": report.About, "control": words.ControlOf, "counted": report.Counted,
		"pretty": pretty, "dark": func(f detect.FeedReport) []charts.Stretch { _, g := report.FeedSight(&f); return g },
		"teamurl": teamURL, "identityurl": identityURL, "query": query, "meter": func(f float64) template.HTML { return charts.Meter("Coverage "+words.Percent(f), f, charts.Good) },
		"unverifiable": func(m map[access.Verdict]int) int { return m[access.VerdictUnverifiable] },
		"critical":     func(m map[access.Severity]int) int { return m[access.SeverityCritical] },
	}
}

// pretty indents a policy so that it can be read; anything else stays as it is.
func pretty(s string) string {
	var b bytes.Buffer
	if !strings.HasPrefix(s, "{") || json.Indent(&b, []byte(s), "", "  ") != nil {
		return s
	}
	return b.String()
}

// teamURL, identityURL and query make addresses of names from outside. An identity whose uid is a dot segment has none:
// browsers would fold the address.
func teamURL(name string) string {
	if name == "" {
		name = words.NoTeam
	}
	return "/teams/" + url.PathEscape(name)
}

func identityURL(uid string) string {
	if uid == "" || uid == "." || uid == ".." {
		return ""
	}
	return "/identities/" + url.PathEscape(uid)
}

// query makes an address of the findings page from pairs of parameter and value.
func query(pairs ...string) string {
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i] == "team" && pairs[i+1] == "" {
			pairs[i+1] = words.NoTeam
		}
		q.Set(pairs[i], pairs[i+1])
	}
	return "/findings?" + q.Encode()
}

// page starts a page from the index.
func (s *server) page(ix *index, nav, title string, body any) *page {
	now := s.now(ix)
	return &page{
		Title: title, Nav: nav, Site: s.Title, Version: s.Version, AsOf: ix.AsOf, Now: now, None: ix.source == nil,
		Stale: ix.source != nil && now.Sub(ix.AsOf) > staleAfter, Body: body,
	}
}

// render writes a page whole or, if its template fails, an error in its stead: never half a page that reads as complete.
func (s *server) render(w http.ResponseWriter, status int, name string, p *page) {
	var b bytes.Buffer
	b.Grow(64 << 10)
	if err := templates[name].ExecuteTemplate(&b, "layout", p); err != nil {
		slog.Error("drawing a page", "page", name, "error", err)
		http.Error(w, "this page could not be drawn; the log says why", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(b.Len()))
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // the reader has gone when this fails
}

// heading is what a finding is called. A few kinds stand for many rules; there the rule's own title says more.
func heading(kind, title string) string {
	switch kind {
	case "GUARDRAIL_DRIFT", "HUMAN_USE", "LOOSEN_ATTEMPT", "ALERT_UNDELIVERABLE":
		if title != "" {
			return words.Short(words.Visible(title), 120)
		}
	}
	return words.KindTitle(kind)
}
