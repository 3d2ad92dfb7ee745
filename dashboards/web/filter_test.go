package web

import (
	"encoding/csv"
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/dashboards/report"
	"github.com/grantwatch/grantwatch/dashboards/report/viewtest"
	"github.com/grantwatch/grantwatch/detect/ledger"
)

func TestFilter(t *testing.T) {
	v := viewtest.Organisation(400)
	ix := newIndex(v)
	for query, keep := range map[string]func(*access.Finding) bool{
		"":                              func(*access.Finding) bool { return true },
		"show=open":                     report.Counted,
		"show=excepted":                 func(f *access.Finding) bool { return f.State == "excepted" },
		"show=unverifiable":             func(f *access.Finding) bool { return f.State != "excepted" && f.Verdict == access.VerdictUnverifiable },
		"show=nonsense":                 func(*access.Finding) bool { return true },
		"team=payments":                 func(f *access.Finding) bool { return f.Team == "payments" },
		"team=nobody":                   func(*access.Finding) bool { return false },
		"kind=OUT_OF_BAND":              func(f *access.Finding) bool { return f.Kind == "OUT_OF_BAND" },
		"verdict=overbroad":             func(f *access.Finding) bool { return f.Verdict == access.VerdictOverbroad },
		"severity=Critical":             func(f *access.Finding) bool { return f.Severity == access.SeverityCritical },
		"state=reopened":                func(f *access.Finding) bool { return f.State == "reopened" },
		"rule=unused-grant":             func(f *access.Finding) bool { return f.Rule == "unused-grant" },
		"control=NHI10%3A2025":          func(f *access.Finding) bool { return f.Kind == "HUMAN_USE" },
		"control=CIS+5.3":               func(f *access.Finding) bool { return f.Kind == "UNUSED_GRANT" },
		"q=PETER.novak":                 func(f *access.Finding) bool { return f.Identity != nil && f.Identity.Name == "peter.novak" },
		"q=unused+access&team=platform": func(f *access.Finding) bool { return f.Kind == "UNUSED_GRANT" && f.Team == "platform" },
		"team=payments&severity=high&verdict=bogus": func(*access.Finding) bool { return false },
		"team=payments&severity=high&sort=-since":   func(f *access.Finding) bool { return f.Team == "payments" && f.Severity == access.SeverityHigh },
	} {
		q, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		want := 0
		for i := range v.Findings {
			if keep(&v.Findings[i]) {
				want++
			}
		}
		got, n := ix.apply(parseFilter(q))
		if len(got) != want {
			t.Errorf("%q lets %d through, want %d", query, len(got), want)
		}
		for _, f := range got {
			if !keep(f) {
				t.Errorf("%q lets %s through", query, f.Fingerprint)
			}
		}
		if n.All != n.Open+n.Unverifiable+n.Excepted {
			t.Errorf("%q: the tallies do not add up: %+v", query, n)
		}
	}
}

func TestTalliesAreTheLedgersTotals(t *testing.T) {
	v := viewtest.Organisation(400)
	_, n := newIndex(v).apply(filter{Page: 1})
	if n.Open != v.Totals.Open || n.Unverifiable != v.Totals.Unverifiable || n.Excepted != v.Totals.Excepted {
		t.Errorf("the page counts %+v, the ledger %+v", n, v.Totals)
	}
}

func TestSorting(t *testing.T) {
	ix := newIndex(viewtest.Organisation(200))
	for sort, ordered := range map[string]func(a, b *access.Finding) bool{
		"":          func(a, b *access.Finding) bool { return a.Severity.Rank() >= b.Severity.Rank() },
		"since":     func(a, b *access.Finding) bool { return !a.FirstSeen.After(b.FirstSeen) },
		"-since":    func(a, b *access.Finding) bool { return !a.FirstSeen.Before(b.FirstSeen) },
		"team":      func(a, b *access.Finding) bool { return a.Team <= b.Team },
		"-who":      func(a, b *access.Finding) bool { return report.About(a) >= report.About(b) },
		"coverage":  func(a, b *access.Finding) bool { return coverageOf(a) <= coverageOf(b) },
		"-nonsense": func(a, b *access.Finding) bool { return a.Severity.Rank() >= b.Severity.Rank() },
	} {
		fs, _ := ix.apply(parseFilter(url.Values{"sort": {sort}}))
		for i := 1; i < len(fs); i++ {
			if !ordered(fs[i-1], fs[i]) {
				t.Errorf("sort=%s: %d and %d are out of order", sort, i-1, i)
				break
			}
		}
	}
}

func TestAddressesSurviveTheRoundTrip(t *testing.T) {
	for _, q := range []string{"", "q=a%26b%3D%22%3Cx%3E", "page=3", "control=CIS+5.3&kind=K&page=2&q=x&rule=r&severity=high&show=open&sort=-since&state=open&team=%3Dcmd%7C%27+%2FC&verdict=UNUSED"} {
		v, err := url.ParseQuery(q)
		if err != nil {
			t.Fatal(err)
		}
		if got := parseFilter(v).Query(); got != q {
			t.Errorf("%q becomes %q", q, got)
		}
	}
}

func TestPaging(t *testing.T) {
	for _, c := range []struct{ findings, page, rows, wantPage int }{
		{0, 1, 0, 1}, {0, 9, 0, 1}, {1, 1, 1, 1}, {50, 1, 50, 1}, {50, 2, 50, 1}, {51, 2, 1, 2}, {120, 3, 20, 3}, {120, 99, 20, 3},
	} {
		f := filter{Page: c.page}
		if rows := f.cut(make([]*access.Finding, c.findings)); len(rows) != c.rows || f.Page != c.wantPage {
			t.Errorf("page %d of %d findings: %d rows, page %d", c.page, c.findings, len(rows), f.Page)
		}
	}
	for _, bad := range []string{"-1", "0", "x", "99999999999999999999", "1e3"} {
		if f := parseFilter(url.Values{"page": {bad}}); f.Page != 1 {
			t.Errorf("page=%s is page %d", bad, f.Page)
		}
	}
}

func TestEveryFindingIsOnExactlyOnePage(t *testing.T) {
	v := viewtest.Organisation(137)
	h := serve(v)
	seen := map[string]int{}
	for page := range 3 {
		s := get(t, h, "/findings?page="+strconv.Itoa(page+1))
		for _, part := range strings.Split(s, `data-row href="/findings/`)[1:] {
			seen[part[:strings.IndexByte(part, '"')]]++
		}
	}
	if len(seen) != 137 {
		t.Errorf("%d of 137 findings are listed", len(seen))
	}
	for fp, n := range seen {
		if n != 1 {
			t.Errorf("%s is listed %d times", fp, n)
		}
	}
}

func TestExportsFollowTheFilter(t *testing.T) {
	v := viewtest.Organisation(300)
	h := serve(v)
	want, _ := newIndex(v).apply(parseFilter(url.Values{"team": {"payments"}, "sort": {"since"}}))
	rows, err := csv.NewReader(strings.NewReader(get(t, h, "/findings.csv?team=payments&sort=since&page=2"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var j struct {
		Count    int              `json:"count"`
		Findings []access.Finding `json:"findings"`
	}
	if err := json.Unmarshal([]byte(get(t, h, "/findings.json?team=payments&sort=since")), &j); err != nil {
		t.Fatal(err)
	}
	if len(rows) != len(want)+1 || j.Count != len(want) || len(j.Findings) != len(want) {
		t.Fatalf("%d rows and %d objects for %d findings", len(rows)-1, j.Count, len(want))
	}
	for i, f := range want {
		if rows[i+1][0] != f.Fingerprint || j.Findings[i].Fingerprint != f.Fingerprint {
			t.Fatalf("row %d is another finding", i)
		}
	}
	if s := get(t, serve(&ledger.View{}), "/findings.json"); !strings.Contains(s, `"findings": []`) {
		t.Errorf("no findings print as %s", s)
	}
}

func TestCSVExportCannotRunFormulas(t *testing.T) {
	rows, err := csv.NewReader(strings.NewReader(get(t, serve(viewtest.Hostile()), "/findings.csv"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	quoted := 0
	for _, row := range rows {
		for _, cell := range row {
			if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
				t.Errorf("the cell can run: %.60q", cell)
			}
			if strings.HasPrefix(cell, "'") {
				quoted++
			}
		}
	}
	if quoted < 5 {
		t.Errorf("only %d cells were made safe; the fixture has more", quoted)
	}
}
