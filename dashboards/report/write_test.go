package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/grantwatch/grantwatch/dashboards/report/viewtest"
	"github.com/grantwatch/grantwatch/detect/ledger"
)

var update = flag.Bool("update", false, "rewrite goldens")

func options() Options {
	return Options{Week: "2026-W47", From: viewtest.Now.AddDate(0, 0, -7), To: viewtest.Now, Version: "1.2.3", Org: viewtest.Script}
}

// full is the fixture with everything that a report can have.
func full(n int) *Report {
	v := viewtest.Organisation(n)
	o := options()
	o.Org = "Harbour Holding"
	figures := viewtest.Weeks(v)
	for _, w := range LastWeeks(o.Week, trendWeeks) {
		if len(figures[w]) > 0 {
			o.Weeks = append(o.Weeks, NewWeekFigures(w, figures[w]))
		}
	}
	o.Compare = &o.Weeks[4]
	return Build(v, o)
}

func html(t *testing.T, v *ledger.View) string {
	t.Helper()
	var b bytes.Buffer
	if err := Build(v, options()).WriteHTML(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func views() map[string]*ledger.View {
	return map[string]*ledger.View{"nil": nil, "empty": viewtest.Empty(), "one": viewtest.One(), "hostile": viewtest.Hostile(), "organisation": viewtest.Organisation(400)}
}

// TestGoldenOfAHostileView pins the bytes of a report in which every outside field carries something nasty.
func TestGoldenOfAHostileView(t *testing.T) {
	for name, write := range map[string]func(*Report, io.Writer) error{"hostile.html": (*Report).WriteHTML, "hostile.csv": (*Report).WriteCSV, "hostile.json": (*Report).WriteJSON, "hostile.pdf": (*Report).WritePDF,
		"full.html": (*Report).WriteHTML, "full.pdf": (*Report).WritePDF} {
		t.Run(name, func(t *testing.T) {
			var got bytes.Buffer
			r := Build(viewtest.Hostile(), options())
			if strings.HasPrefix(name, "full") {
				r = full(40)
			}
			if err := write(r, &got); err != nil {
				t.Fatal(err)
			}
			path := "testdata/" + name + ".golden"
			if *update {
				if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got.Bytes(), want) {
				t.Errorf("%s differs from its golden; look and run with -update", name)
			}
		})
	}
}

func TestSameViewSameBytes(t *testing.T) {
	for _, n := range []int{1, 400} {
		a, b := html(t, viewtest.Organisation(n)), html(t, viewtest.Organisation(n))
		if a != b {
			t.Errorf("two reports of the same %d findings differ", n)
		}
	}
}

// TestHTMLIsSelfContainedAndHarmless reads each report with the tokenizer of encoding/xml in its lenient mode.
func TestHTMLIsSelfContainedAndHarmless(t *testing.T) {
	for name, v := range views() {
		t.Run(name, func(t *testing.T) {
			ids := map[string]bool{}
			var links []string
			d := xml.NewDecoder(strings.NewReader(html(t, v)))
			d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
			depth := 0
			for {
				tok, err := d.Token()
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Fatalf("not well formed: %v", err)
				}
				switch el := tok.(type) {
				case xml.EndElement:
					depth--
				case xml.StartElement:
					depth++
					switch el.Name.Local {
					case "script", "link", "img", "iframe", "object", "embed", "form", "base", "foreignObject":
						t.Errorf("holds <%s>", el.Name.Local)
					}
					for _, a := range el.Attr {
						switch key := a.Name.Local; {
						case key == "id":
							if ids[a.Value] {
								t.Errorf("the id %s is there twice", a.Value)
							}
							ids[a.Value] = true
						case key == "href":
							links = append(links, a.Value)
						case key == "src" || key == "style" || strings.HasPrefix(key, "on"):
							t.Errorf("<%s> has %s=%q", el.Name.Local, key, a.Value)
						}
					}
				}
			}
			if depth != 0 {
				t.Errorf("%d elements are left open", depth)
			}
			for _, l := range links {
				if !strings.HasPrefix(l, "#") || !ids[l[1:]] {
					t.Errorf("the link %q leads nowhere within the report", l)
				}
			}
		})
	}
}

func TestHostileStringsAreEscaped(t *testing.T) {
	got := html(t, viewtest.Hostile())
	for _, bad := range []string{viewtest.Script, `onmouseover='`, "\u202e", "\u2066", "\x00", "\x1b", "\u200b", "</style></title>", strings.Repeat("long-name-", 60)} {
		if strings.Contains(got, bad) {
			t.Errorf("the report holds %q as it came", bad[:min(len(bad), 40)])
		}
	}
	for _, want := range []string{"&lt;script&gt;", "⟨U&#43;202E⟩", "(no team)"} {
		if !strings.Contains(got, want) {
			t.Errorf("the report does not show %q", want)
		}
	}
	if n := strings.Count(got, "http"); n > 0 {
		t.Errorf("the report names %d addresses", n)
	}
}

func TestPageOneHoldsFiguresWithTheirCoverage(t *testing.T) {
	v := viewtest.Organisation(400)
	text := regexp.MustCompile(`<[^>]+>`).ReplaceAllString(html(t, v), "")
	head, _, _ := strings.Cut(text, "The week by team")
	for _, want := range []string{"332 findings are open", "47 verdicts could not be given", "they are no sign of disuse", "from windows covered to 99.6", "What needs a decision", "exceptions end within 30 days"} {
		if !strings.Contains(strings.Join(strings.Fields(head), " "), want) {
			t.Errorf("page one does not say %q", want)
		}
	}
	if v.Totals.Open != 332 || v.Totals.Unverifiable != 47 {
		t.Fatalf("the fixture has %+v; the figures above are stale", v.Totals)
	}
}

func TestAnEmptyReportDoesNotReassure(t *testing.T) {
	got := html(t, viewtest.Empty())
	for _, want := range []string{"say nothing about access", "Nothing was judged either, so this is no assurance", "no use could have been seen"} {
		if !strings.Contains(got, want) {
			t.Errorf("an empty report does not say %q", want)
		}
	}
}

func TestCSVCannotRunFormulas(t *testing.T) {
	for name, v := range views() {
		var b bytes.Buffer
		if err := Build(v, options()).WriteCSV(&b); err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(&b).ReadAll()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if v != nil && len(rows) != len(v.Findings)+1 {
			t.Errorf("%s: %d rows for %d findings", name, len(rows), len(v.Findings))
		}
		for _, row := range rows {
			for i, cell := range row {
				if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
					t.Errorf("%s: the cell %s of %s can run: %q", name, rows[0][i], row[0], cell)
				}
			}
		}
	}
}

func TestJSONCarriesTheLedgersTotals(t *testing.T) {
	v := viewtest.Organisation(60)
	var b bytes.Buffer
	if err := Build(v, options()).WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Week   string        `json:"week"`
		AsOf   time.Time     `json:"as_of"`
		Totals ledger.Totals `json:"totals"`
		Teams  []struct {
			Name string `json:"name"`
			Open int    `json:"open"`
		} `json:"teams"`
	}
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got.Week != "2026-W47" || !got.AsOf.Equal(v.AsOf) || got.Totals != v.Totals || len(got.Teams) != 6 || got.Teams[0].Name != "data-platform" {
		t.Errorf("got %+v", got)
	}
}

func BenchmarkReport20000(b *testing.B) {
	v := viewtest.Organisation(20_000)
	for b.Loop() {
		if err := Build(v, options()).WriteHTML(io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}
