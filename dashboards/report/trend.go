package report

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/grantwatch/grantwatch/dashboards/charts"
	"github.com/grantwatch/grantwatch/dashboards/report/words"
	"github.com/grantwatch/grantwatch/detect/ledger"
)

// trendWeeks is how many weeks a trend shows.
const trendWeeks = 13

// WeekFigures are the figures that were saved last in one week; At is zero when none were.
type WeekFigures struct {
	Week   string
	At     time.Time
	Values map[string]map[string]float64 // by team and name; figures of several parts are left out
}

// NewWeekFigures sorts figures of one week by team and name.
func NewWeekFigures(week string, figures []ledger.Figure) WeekFigures {
	w := WeekFigures{Week: week, Values: map[string]map[string]float64{}}
	for _, f := range figures {
		if f.Label != "" {
			continue
		}
		if w.Values[f.Team] == nil {
			w.Values[f.Team] = map[string]float64{}
		}
		w.Values[f.Team][f.Name] = f.Value
		if f.At.After(w.At) {
			w.At = f.At
		}
	}
	return w
}

func (w *WeekFigures) value(team, name string) (float64, bool) {
	v, ok := w.Values[team][name]
	return v, ok
}

// Trend is one figure over the last weeks, oldest first.
type Trend struct {
	Name   string       `json:"name"`
	Title  string       `json:"title"`
	Unit   string       `json:"unit"`
	Points []TrendPoint `json:"points"`
}

// TrendPoint is the value of one week; nil when nothing was saved in it.
type TrendPoint struct {
	Week  string   `json:"week"`
	Value *float64 `json:"value"`
}

// shown are the figures whose trend is shown, in order.
var shown = []struct{ name, title, unit string }{
	{"visibility", "Visibility", "share"}, {"drift_index", "Drift index", "index"}, {"revocation_median_hours", "Revocation, median", "hours"}, {"excepted", "Under an exception", "findings"},
}

func trends(weeks []WeekFigures, team string) []Trend {
	var out []Trend
	for _, s := range shown {
		t := Trend{Name: s.name, Title: s.title, Unit: s.unit, Points: []TrendPoint{}}
		for i := range weeks {
			p := TrendPoint{Week: weeks[i].Week}
			if v, ok := weeks[i].value(team, s.name); ok {
				p.Value = &v
			}
			t.Points = append(t.Points, p)
		}
		out = append(out, t)
	}
	return out
}

// Chart draws the trend.
func (t Trend) Chart() charts.Drawing {
	var points []charts.Point
	for _, p := range t.Points {
		c := charts.Point{Label: p.Week}
		if len(c.Label) > 5 {
			c.Label = c.Label[5:] // W47: the year is in the heading
		}
		if p.Value != nil {
			c.Value, c.Text, c.Known = *p.Value, figure(t.Unit, *p.Value), true
		}
		points = append(points, c)
	}
	top := 0.0
	switch t.Unit {
	case "share":
		top = 1
	case "index":
		top = 100
	}
	return charts.Trend(t.Title+", "+words.Noun(int64(len(points)), "week", "weeks"), points, top)
}

// Measured reports whether more than one week is on record, without which there is no trend.
func (t Trend) Measured() bool {
	n := 0
	for _, p := range t.Points {
		if p.Value != nil {
			n++
		}
	}
	return n > 1
}

// figure prints a value in its unit.
func figure(unit string, v float64) string {
	switch unit {
	case "share":
		return words.Percent(v)
	case "hours":
		return hours(v)
	case "points", "index", "ratio":
		return words.Decimal(v)
	}
	return words.Int(int64(math.Round(v)))
}

// hours prints a length of time given in hours.
func hours(h float64) string { return words.Span(time.Duration(h * float64(time.Hour))) }

// quantile prints a quantile, with a sign when only a lower bound is known.
func quantile(q ledger.Quantile) string {
	if q.AtLeast {
		return "≥ " + hours(q.Hours)
	}
	return hours(q.Hours)
}

// signed prints a change with its sign.
func signed(v float64) string {
	if v < 0 {
		return "−" + words.Decimal(-v)
	}
	return "+" + words.Decimal(v)
}

// Comparison sets the figures of this week beside those of an earlier one.
type Comparison struct {
	Week  string          `json:"week"`
	At    time.Time       `json:"as_of,omitzero"`
	Rows  []ComparisonRow `json:"rows"`
	Drift []TeamMove      `json:"drift"` // per team, the largest moves first
}

// ComparisonRow is one figure of the organisation then and now; nil where it was not known.
type ComparisonRow struct {
	Name  string   `json:"name"`
	Title string   `json:"title"`
	Unit  string   `json:"unit"`
	Then  *float64 `json:"then"`
	Now   *float64 `json:"now"`
}

// Print prints one side of the row.
func (r ComparisonRow) Print(v *float64) string {
	if v == nil {
		return "–"
	}
	return figure(r.Unit, *v)
}

// Change prints the difference; a dash when one side is not known.
func (r ComparisonRow) Change() string {
	if r.Then == nil || r.Now == nil {
		return "–"
	}
	d := *r.Now - *r.Then
	if r.Unit == "share" {
		return signed(100*d) + " points"
	}
	if r.Unit == "hours" {
		return signed(d) + " h"
	}
	return signed(d)
}

// TeamMove is a team's drift index then and now.
type TeamMove struct {
	Team string   `json:"team"`
	Then *float64 `json:"then"`
	Now  float64  `json:"now"`
}

var compared = []struct{ name, title, unit string }{
	{"open", "Open findings", "findings"}, {"unverifiable", "Not verifiable", "verdicts"}, {"excepted", "Under an exception", "findings"}, {"coverage", "Coverage", "share"}, {"visibility", "Visibility", "share"},
	{"drift_index", "Drift index", "index"}, {"revocation_median_hours", "Revocation, median", "hours"}, {"revocation_p95_hours", "Revocation, 95th percentile", "hours"}, {"nhi_ratio", "Non-human identities a person", "ratio"}, {"grants", "Grants judged", "grants"},
}

func compare(then, now *WeekFigures) *Comparison {
	c := &Comparison{Week: then.Week, At: then.At, Rows: []ComparisonRow{}, Drift: []TeamMove{}}
	for _, f := range compared {
		r := ComparisonRow{Name: f.name, Title: f.title, Unit: f.unit}
		if v, ok := then.value(ledger.Organisation, f.name); ok {
			r.Then = &v
		}
		if v, ok := now.value(ledger.Organisation, f.name); ok {
			r.Now = &v
		}
		c.Rows = append(c.Rows, r)
	}
	for team := range now.Values {
		v, ok := now.value(team, "drift_index")
		if team == ledger.Organisation || !ok {
			continue
		}
		m := TeamMove{Team: team, Now: v}
		if was, ok := then.value(team, "drift_index"); ok {
			m.Then = &was
		}
		c.Drift = append(c.Drift, m)
	}
	size := func(m TeamMove) float64 {
		if m.Then == nil {
			return m.Now
		}
		return math.Abs(m.Now - *m.Then)
	}
	slices.SortFunc(c.Drift, func(a, b TeamMove) int {
		return cmp.Or(-cmp.Compare(size(a), size(b)), cmp.Compare(a.Team, b.Team))
	})
	return c
}

// Chart draws how the drift index of the teams that moved most went.
func (c *Comparison) Chart(week string) charts.Drawing {
	const most = 10
	var lines []charts.Slope
	for _, m := range c.Drift[:min(most, len(c.Drift))] {
		s := charts.Slope{Label: words.TeamName(m.Team), Now: m.Now, NowText: words.Decimal(m.Now), ThenAbsent: m.Then == nil}
		if m.Then != nil {
			s.Then, s.ThenText, s.Worse = *m.Then, words.Decimal(*m.Then), m.Now > *m.Then
		}
		lines = append(lines, s)
	}
	return charts.Slopes("Drift index by team", c.Week, week, lines)
}
