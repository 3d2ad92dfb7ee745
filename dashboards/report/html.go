package report

import (
	"bytes"
	"cmp"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/dashboards/charts"
	"github.com/grantwatch/grantwatch/dashboards/report/words"
	"github.com/grantwatch/grantwatch/detect"
)

//go:embed report.tmpl
var page string

//go:embed report.css
var style string

var sheet = template.Must(template.New("report").Funcs(template.FuncMap{
	"css":          func() template.CSS { return template.CSS(charts.CSS + style) }, //nolint:gosec // our own two files
	"defs":         charts.Defs,
	"int":          func(n int) string { return words.Int(int64(n)) },
	"int64":        words.Int,
	"pct":          words.Percent,
	"share":        words.Share,
	"decimal":      words.Decimal,
	"noun":         func(n int, one, many string) string { return words.Noun(int64(n), one, many) },
	"v":            words.Visible,
	"short":        func(n int, s string) string { return words.Short(words.Visible(s), n) },
	"stamp":        words.Stamp,
	"day":          words.Day,
	"ago":          words.Ago,
	"span":         func(a, b time.Time) string { return words.Span(b.Sub(a)) },
	"kind":         words.KindTitle,
	"decide":       words.KindDecision,
	"verdict":      words.VerdictName,
	"meaning":      words.VerdictMeaning,
	"verdicts":     words.Verdicts,
	"severity":     words.SeverityName,
	"tone":         func(s access.Severity) string { return string(charts.SeverityTone(s)) },
	"about":        About,
	"anchor":       anchor,
	"team":         func(s string) string { return words.TeamName(s) },
	"join":         func(s []string) string { return words.Visible(strings.Join(s, ", ")) },
	"after":        func(n int, l []Group) []Group { return l[min(n, len(l)):] },
	"pair":         func(g Group, asOf time.Time) dated { return dated{g, asOf} },
	"first":        first,
	"critical":     func(m map[access.Severity]int) int { return m[access.SeverityCritical] },
	"unverifiable": func(m map[access.Verdict]int) int { return m[access.VerdictUnverifiable] },
	"sevbar":       SeverityBar,
	"sevkey":       SeverityKey,
	"verbar":       VerdictBar,
	"verkey":       VerdictKey,
	"blindlist":    blindList,
	"strip":        FeedStrip,
	"draw":         charts.Drawing.SVG,
	"signed":       signed,
	"quantile":     quantile,
	"model":        modelName,
	"pending":      pending,
	"method":       func() [][2]string { return method },
	"heat":         heatOf,
}).Parse(page))

// WriteHTML writes the report as one file that needs nothing else: no script, no font, no picture from elsewhere.
func (r *Report) WriteHTML(w io.Writer) error {
	var b bytes.Buffer
	if err := sheet.Execute(&b, r); err != nil {
		return fmt.Errorf("writing the report of %s: %w", words.Visible(r.Week), err)
	}
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("writing the report of %s: %w", words.Visible(r.Week), err)
	}
	return nil
}

// SeverityBar draws open findings by severity.
func SeverityBar(m map[access.Severity]int) template.HTML {
	return charts.StackedBar("Open findings by severity", severitySegments(m))
}

// VerdictBar draws the verdicts on grants.
func VerdictBar(m map[access.Verdict]int) template.HTML {
	return charts.StackedBar("Verdicts on grants", verdictSegments(m))
}

// SeverityKey is the legend to SeverityBar.
func SeverityKey(m map[access.Severity]int) template.HTML { return charts.Legend(severitySegments(m)) }

// VerdictKey is the legend to VerdictBar.
func VerdictKey(m map[access.Verdict]int) template.HTML { return charts.Legend(verdictSegments(m)) }

func severitySegments(m map[access.Severity]int) []charts.Segment {
	var out []charts.Segment
	for _, s := range words.Severities() {
		out = append(out, charts.Segment{Label: words.SeverityName(s), Value: m[s], Text: words.Int(int64(m[s])), Tone: charts.SeverityTone(s)})
	}
	return out
}

func verdictSegments(m map[access.Verdict]int) []charts.Segment {
	var out []charts.Segment
	for _, v := range words.Verdicts() {
		out = append(out, charts.Segment{Label: words.VerdictName(v), Value: m[v], Text: words.Int(int64(m[v])), Tone: charts.VerdictTone(v)})
	}
	return out
}

// blindList draws which feeds made most verdicts unverifiable; nothing when none did.
func blindList(feeds []detect.FeedReport) template.HTML {
	const most = 8
	worst := slices.Clone(feeds)
	slices.SortStableFunc(worst, func(a, b detect.FeedReport) int { return cmp.Compare(b.Blinds, a.Blinds) })
	var rows []charts.Row
	for _, f := range worst[:min(most, len(worst))] {
		if f.Blinds > 0 {
			rows = append(rows, charts.Row{Label: words.Visible(f.Name), Value: f.Blinds, Text: words.Int(int64(f.Blinds)), Tone: charts.Unknown})
		}
	}
	if len(rows) == 0 {
		return ""
	}
	return charts.BarList("Verdicts made unverifiable, by feed", rows)
}

// FeedStrip draws what one feed could answer for.
func FeedStrip(f detect.FeedReport) template.HTML {
	w, gaps := FeedSight(&f)
	for i := range gaps {
		gaps[i].Why = words.Visible(gaps[i].Why)
	}
	return charts.Strip("Coverage of "+words.Short(words.Visible(f.Name), 80)+", 90 days", w, gaps)
}

// heatOf draws the coverage of the report's feeds; nothing when no day is on record.
func heatOf(r *Report) template.HTML {
	if len(r.days) == 0 {
		return ""
	}
	return heat(r.days, r.AsOf).SVG()
}

// dated is a group with the moment from which its age is told.
type dated struct {
	Group Group
	AsOf  time.Time
}

func first(n int, list any) any {
	switch l := list.(type) {
	case []Group:
		return l[:min(n, len(l))]
	case []Blind:
		return l[:min(n, len(l))]
	case []TeamCount:
		return l[:min(n, len(l))]
	case []Expiry:
		return l[:min(n, len(l))]
	case []detect.RegisterNote:
		return l[:min(n, len(l))]
	}
	return list
}

// anchor makes a place in the page for the n-th thing of a sort; names from outside are no part of it.
func anchor(sort string, n int) string { return fmt.Sprintf("%s-%d", sort, n+1) }
