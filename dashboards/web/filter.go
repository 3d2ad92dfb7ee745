package web

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/dashboards/report"
	"github.com/grantwatch/grantwatch/dashboards/report/words"
	"github.com/grantwatch/grantwatch/detect/ledger"
)

const perPage = 50

// filter is what a reader of the findings asked for; its query is the address under which others see the same.
type filter struct {
	Show     string // open, unverifiable, excepted; empty is all
	Team     string // words.NoTeam stands for those without
	Kind     string
	Verdict  string
	Severity string
	State    string
	Rule     string
	Control  string
	Text     string
	Sort     string // a column, with - before it for the other way round; empty is gravest first
	Page     int
}

var sorts = []string{"kind", "who", "team", "since", "coverage"}

// parseFilter reads a query. What it does not understand is left out, so that no address is an error.
func parseFilter(q url.Values) filter {
	get := func(k string) string { return strings.TrimSpace(q.Get(k)) }
	f := filter{
		Show: get("show"), Team: q.Get("team"), Kind: get("kind"), Verdict: strings.ToUpper(get("verdict")), Severity: strings.ToLower(get("severity")), State: get("state"),
		Rule: q.Get("rule"), Control: get("control"), Text: get("q"), Sort: get("sort"), Page: 1,
	}
	if !slices.Contains([]string{"open", "unverifiable", "excepted"}, f.Show) {
		f.Show = ""
	}
	if !slices.Contains(sorts, strings.TrimPrefix(f.Sort, "-")) {
		f.Sort = ""
	}
	if n, err := strconv.Atoi(get("page")); err == nil && n > 1 {
		f.Page = n
	}
	return f
}

// Query is the filter as a query, in a fixed order, without what is not set.
func (f filter) Query() string {
	q := url.Values{}
	for _, p := range [][2]string{{"show", f.Show}, {"team", f.Team}, {"kind", f.Kind}, {"verdict", f.Verdict}, {"severity", f.Severity}, {"state", f.State}, {"rule", f.Rule}, {"control", f.Control}, {"q", f.Text}, {"sort", f.Sort}} {
		if p[1] != "" {
			q.Set(p[0], p[1])
		}
	}
	if f.Page > 1 {
		q.Set("page", strconv.Itoa(f.Page))
	}
	return q.Encode()
}

// URL is the address of the findings page under this filter.
func (f filter) URL() string { return f.at("/findings") }

// CSV and JSON are the addresses of all findings under this filter.
func (f filter) CSV() string  { f.Page = 1; return f.at("/findings.csv") }
func (f filter) JSON() string { f.Page = 1; return f.at("/findings.json") }

func (f filter) at(path string) string {
	if q := f.Query(); q != "" {
		return path + "?" + q
	}
	return path
}

// WithShow, WithPage and WithSort are the filter with one thing changed.
func (f filter) WithShow(s string) filter { f.Show, f.Page = s, 1; return f }
func (f filter) WithPage(n int) filter    { f.Page = n; return f }

// WithSort sorts by a column, the other way round if it is by that column already.
func (f filter) WithSort(s string) filter {
	if f.Sort == s {
		s = "-" + s
	}
	f.Sort, f.Page = s, 1
	return f
}

// Order is the aria-sort of a column.
func (f filter) Order(column string) string {
	switch f.Sort {
	case column:
		return "ascending"
	case "-" + column:
		return "descending"
	}
	return "none"
}

// Narrowed reports whether anything but the order is asked for.
func (f filter) Narrowed() bool {
	f.Sort, f.Page = "", 1
	return f != filter{Page: 1}
}

// tallies is how many findings each way of showing has under a filter's other terms.
type tallies struct{ All, Open, Unverifiable, Excepted int }

// show is one of the headings under which findings are listed.
type show uint8

const (
	showOpen show = iota
	showUnverifiable
	showExcepted
)

var shows = map[string]show{"open": showOpen, "unverifiable": showUnverifiable, "excepted": showExcepted}

func showOf(f *access.Finding) show {
	switch {
	case f.State == ledger.StateExcepted:
		return showExcepted
	case report.Counted(f):
		return showOpen
	}
	return showUnverifiable
}

// apply gives the findings that the filter lets through, in its order, all pages of them.
func (ix *index) apply(f filter) ([]*access.Finding, tallies) {
	var out []*access.Finding
	var n [3]int
	text, only := strings.ToLower(f.Text), f.narrows()
	wanted, one := shows[f.Show]
	take := func(i int) {
		x := ix.all[i]
		if text != "" && !strings.Contains(ix.text[i], text) || only && !f.matches(x) {
			return
		}
		h := ix.shown[i]
		n[h]++
		if !one || h == wanted {
			out = append(out, x)
		}
	}
	column, down := strings.CutPrefix(f.Sort, "-")
	order := ix.orders[column]
	switch {
	case order == nil:
		for i := range ix.all {
			take(i)
		}
	case !down:
		for _, i := range order() {
			take(i)
		}
	default: // the other way round, but what is equal keeps the ledger's order
		list := order()
		for z := len(list); z > 0; {
			a := z - 1
			for a > 0 && ix.compare(column, list[a-1], list[z-1]) == 0 {
				a--
			}
			for _, i := range list[a:z] {
				take(i)
			}
			z = a
		}
	}
	return out, tallies{n[showOpen] + n[showUnverifiable] + n[showExcepted], n[showOpen], n[showUnverifiable], n[showExcepted]}
}

// narrows reports whether anything but text and heading is asked for.
func (f filter) narrows() bool {
	f.Show, f.Text, f.Sort, f.Page = "", "", "", 1
	return f != filter{Page: 1}
}

func (f filter) matches(x *access.Finding) bool {
	return (f.Team == "" || x.Team == f.Team || f.Team == words.NoTeam && x.Team == "") &&
		(f.Kind == "" || x.Kind == f.Kind) &&
		(f.Verdict == "" || string(x.Verdict) == f.Verdict) &&
		(f.Severity == "" || string(x.Severity) == f.Severity) &&
		(f.State == "" || x.State == f.State) &&
		(f.Rule == "" || x.Rule == f.Rule) &&
		(f.Control == "" || slices.ContainsFunc(x.Controls, f.isControl) || slices.ContainsFunc(x.OWASP, f.isControl))
}

// isControl takes ids as findings carry them and as pages print them.
func (f filter) isControl(id string) bool {
	return id == f.Control || words.ControlOf(id).ID == f.Control
}

// order is all findings by a column; ties keep the ledger's order, gravest first. It is made once per view and column.
func (ix *index) order(column string) []int {
	out := make([]int, len(ix.all))
	for i := range out {
		out[i] = i
	}
	slices.SortStableFunc(out, func(a, b int) int { return ix.compare(column, a, b) })
	return out
}

func (ix *index) compare(column string, i, j int) int {
	a, b := ix.all[i], ix.all[j]
	switch column {
	case "kind":
		return cmp.Compare(words.KindTitle(a.Kind), words.KindTitle(b.Kind))
	case "who":
		return cmp.Compare(report.About(a), report.About(b))
	case "team":
		return cmp.Compare(a.Team, b.Team)
	case "since":
		return a.FirstSeen.Compare(b.FirstSeen)
	case "coverage":
		return cmp.Compare(coverageOf(a), coverageOf(b))
	}
	return 0
}

// coverageOf sorts findings that no coverage was measured for behind those that it was.
func coverageOf(f *access.Finding) float64 {
	if f.Coverage == nil {
		return 2
	}
	return *f.Coverage
}

// pages is how many pages n findings fill, one at least.
func pages(n int) int { return max(1, (n+perPage-1)/perPage) }

// cut gives the page of findings that the filter asks for; a page past the end is the last.
func (f *filter) cut(fs []*access.Finding) []*access.Finding {
	f.Page = min(f.Page, pages(len(fs)))
	from := (f.Page - 1) * perPage
	return fs[from:min(from+perPage, len(fs))]
}
