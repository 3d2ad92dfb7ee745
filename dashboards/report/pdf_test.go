package report

import (
	"bytes"
	"compress/zlib"
	"io"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"pgregory.net/rapid"

	"github.com/grantwatch/grantwatch/dashboards/report/viewtest"
	"github.com/grantwatch/grantwatch/detect/ledger"
)

func pdf(t testing.TB, r *Report) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := r.WritePDF(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

var pdfStream = regexp.MustCompile(`(?s)stream\n(.*?)\nendstream`)

// contents are the page streams of a PDF, unpacked.
func contents(t *testing.T, data []byte) string {
	t.Helper()
	var out strings.Builder
	for _, m := range pdfStream.FindAllSubmatch(data, -1) {
		z, err := zlib.NewReader(bytes.NewReader(m[1]))
		if err != nil {
			continue // a font
		}
		text, err := io.ReadAll(z)
		if err == nil && bytes.Contains(text, []byte("BT ")) {
			out.Write(text)
		}
	}
	return out.String()
}

func TestPDFOfTheSameReportIsTheSameBytes(t *testing.T) {
	first := pdf(t, full(200))
	for range 4 {
		if !bytes.Equal(first, pdf(t, full(200))) {
			t.Fatal("two PDFs of the same report differ")
		}
	}
	if !bytes.Contains(first, []byte("/CreationDate (D:20261123063000")) {
		t.Error("the creation date is not that of the evaluation")
	}
}

// TestPDFHoldsNothingThatRuns looks at the whole document: no script, no address, no attachment, whatever the names say.
func TestPDFHoldsNothingThatRuns(t *testing.T) {
	reports := map[string]*Report{"full": full(100)}
	for name, v := range views() {
		reports[name] = Build(v, options())
	}
	for name, r := range reports {
		data := pdf(t, r)
		if !bytes.HasPrefix(data, []byte("%PDF-1.")) || !bytes.HasSuffix(bytes.TrimSpace(data), []byte("%%EOF")) {
			t.Errorf("%s is no PDF", name)
		}
		for _, bad := range []string{"/JavaScript", "/JS ", "/Launch", "/URI", "/Type /EmbeddedFile", "/OpenAction <<", "/AA "} {
			if bytes.Contains(data, []byte(bad)) {
				t.Errorf("%s holds %s", name, bad)
			}
		}
		if len(contents(t, data)) < 1000 {
			t.Errorf("%s has next to no text", name)
		}
	}
}

func TestPaperShowsEveryName(t *testing.T) {
	for in, want := range map[string]string{
		"Zoë Müller": "Zoë Müller", "Ελένη Жанна": "Ελένη Жанна", "山田": "[U+5C71][U+7530]", "🚀": "[U+1F680]", "12\u202f430": "12\u00a0430",
		viewtest.Bidi: "admin[U+202E]gpj.exe[U+2066]", "a\tb": "a b", "": "", "שלום": "[U+05E9][U+05DC][U+05D5][U+05DD]",
	} {
		if got := paper(in); got != want {
			t.Errorf("%q on paper is %q, want %q", in, got, want)
		}
	}
	if paper("山") == paper("川") {
		t.Error("two names look alike")
	}
}

func TestPaperNeverFails(t *testing.T) {
	s := newPDFSheet()
	s.page()
	rapid.Check(t, func(rt *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.Custom(func(t *rapid.T) string { return string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")) })).Draw(rt, "text")
		width := float64(rapid.IntRange(3, 170).Draw(rt, "width"))
		for _, l := range s.wrap(body, paper(text), width) {
			if w := s.GetStringWidth(l); w > width+0.01 && len([]rune(l)) > 1 {
				rt.Fatalf("the line %q is %.1f mm wide, %.1f are there", l, w, width)
			}
		}
		if s.Error() != nil {
			rt.Fatal(s.Error())
		}
	})
}

// TestFirstPageHoldsWhatItPromises keeps the page for the board one page.
func TestFirstPageHoldsWhatItPromises(t *testing.T) {
	for name, r := range map[string]*Report{"full": full(400), "hostile": Build(viewtest.Hostile(), options()), "nothing": Build(nil, options())} {
		p := &pdfReport{pdfSheet: newPDFSheet(), r: r}
		p.foot = func(int) string { return "" }
		p.page()
		p.first()
		if p.Error() != nil || p.PageNo() != 1 {
			t.Errorf("%s: the first page takes %d pages, %v", name, p.PageNo(), p.Error())
		}
	}
}

func TestManifestTellsWhatChanged(t *testing.T) {
	files, err := full(50).Files()
	if err != nil {
		t.Fatal(err)
	}
	again, err := full(50).Files()
	if err != nil {
		t.Fatal(err)
	}
	dir := fstest.MapFS{}
	for i, f := range files {
		if !bytes.Equal(f.Data, again[i].Data) {
			t.Errorf("%s is another the second time", f.Name)
		}
		dir[f.Name] = &fstest.MapFile{Data: f.Data}
	}
	problems := func() (out []string) {
		t.Helper()
		got, err := Verify(dir)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != 4 {
			t.Fatalf("%d files were checked", len(got))
		}
		for _, c := range got {
			if c.Problem != "" {
				out = append(out, c.File+": "+c.Problem)
			}
		}
		return out
	}
	if p := problems(); len(p) > 0 {
		t.Fatal(p)
	}
	csv := files[2].Data
	csv[0] ^= 1
	delete(dir, files[1].Name)
	dir[files[3].Name] = &fstest.MapFile{Data: append(bytes.Clone(files[3].Data), ' ')}
	if p := problems(); len(p) != 3 || !strings.Contains(p[0], "missing") || !strings.Contains(p[1], "SHA-256") || !strings.Contains(p[2], "bytes") {
		t.Error(p)
	}
	for text, want := range map[string]string{`{}`: "lists no file", `x`: "no manifest", `{"files":[{"name":"../passwd","bytes":1,"sha256":""}]}`: "", `{"what":1}`: "no manifest"} {
		got, err := Verify(fstest.MapFS{"a.manifest.json": {Data: []byte(text)}})
		if want != "" && (err == nil || !strings.Contains(err.Error(), want)) || want == "" && (err != nil || !strings.Contains(got[0].Problem, "outside")) {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	if _, err := Verify(fstest.MapFS{}); err == nil {
		t.Error("an empty folder is well")
	}
}

func TestTrendsKeepWhatWasNotMeasured(t *testing.T) {
	r := full(100)
	for _, tr := range r.Trends {
		if len(tr.Points) != trendWeeks || tr.Points[trendWeeks-1].Week != "2026-W47" || tr.Points[trendWeeks-1].Value == nil {
			t.Errorf("%s: %+v", tr.Name, tr.Points)
		}
		if tr.Points[7].Value != nil {
			t.Errorf("%s has a value for the week in which nothing was saved", tr.Name)
		}
	}
	if r.Comparison == nil || r.Comparison.Week == "" || len(r.Comparison.Drift) != 6 {
		t.Errorf("got %+v", r.Comparison)
	}
	if got := LastWeeks("2026-W02", 3); got[0] != "2025-W52" || got[2] != "2026-W02" {
		t.Errorf("got %v", got)
	}
}

func TestARebuiltReportSaysWhatItCannotSay(t *testing.T) {
	v := viewtest.Organisation(60)
	p := ledger.Rebuild(ledger.Past{At: v.AsOf, Figures: v.Figures(), Findings: v.Findings, FeedDays: v.FeedDays, Feeds: v.Feeds, Governance: v.Governance})
	r := Build(p, options())
	var b bytes.Buffer
	if err := r.WriteHTML(&b); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), "made after its week from what was kept") || !r.Rebuilt || r.Totals.Open != v.Totals.Open || r.Figures.Visibility != v.Org.Visibility {
		t.Errorf("got %+v", r.Totals)
	}
	pdf(t, r)
}

// BenchmarkReport50Teams makes every file of a report of 50 teams and 100 000 findings; docs/report.md says what is asked.
func BenchmarkReport50Teams(b *testing.B) {
	v := viewtest.Large(50, 100_000)
	for b.Loop() {
		files, err := Build(v, options()).Files()
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(len(files[1].Data))/1e6, "MB-of-PDF")
	}
}
