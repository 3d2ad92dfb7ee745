package report

import (
	"cmp"
	"slices"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/dashboards/charts"
	"github.com/grantwatch/grantwatch/detect"
)

// sight is how far back a feed's coverage is shown; detect.FeedReport.Coverage is over the same stretch.
const sight = 90 * 24 * time.Hour

// FeedSight gives the 90 days before a feed's watermark and every stretch in them without evidence. A report's own gaps
// leave out what its first and newest record say: the time before the one, and the silence after the other.
func FeedSight(f *detect.FeedReport) (access.Interval, []charts.Stretch) {
	w := access.Interval{From: f.Watermark.Add(-sight), To: f.Watermark}
	if f.First.IsZero() {
		return w, []charts.Stretch{{Interval: w, Why: "no record was ever seen"}}
	}
	var out []charts.Stretch
	if f.First.After(w.From) {
		out = append(out, charts.Stretch{Interval: access.Interval{From: w.From, To: f.First}, Why: "before the feed's first record"})
	}
	for _, g := range f.Gaps {
		out = append(out, charts.Stretch{Interval: access.Interval{From: g.From, To: g.To}, Why: g.Why})
	}
	if f.Silent && f.Newest.Before(w.To) {
		out = append(out, charts.Stretch{Interval: access.Interval{From: f.Newest, To: w.To}, Why: "silent since its newest record"})
	}
	return w, out
}

// Blind is one reason for which verdicts could not be given, and how many.
type Blind struct {
	Feed  string    `json:"feed,omitempty"` // empty when no feed is to blame
	Why   string    `json:"why"`
	From  time.Time `json:"from,omitzero"` // first moment without evidence
	To    time.Time `json:"to,omitzero"`
	Count int       `json:"count"` // UNVERIFIABLE verdicts that it touches; one verdict may have several reasons
}

// Blinds gathers why findings are UNVERIFIABLE, the reason that touches most first.
func Blinds(findings []*access.Finding) []Blind {
	at := map[[2]string]*Blind{}
	for _, f := range findings {
		if f.Verdict != access.VerdictUnverifiable {
			continue
		}
		seen := map[[2]string]bool{}
		book := func(feed, why string, from, to time.Time) {
			k := [2]string{feed, why}
			b := at[k]
			if b == nil {
				b = &Blind{Feed: feed, Why: why, From: from, To: to}
				at[k] = b
			}
			if !seen[k] {
				seen[k] = true
				b.Count++
			}
			if from.Before(b.From) {
				b.From = from
			}
			if to.After(b.To) {
				b.To = to
			}
		}
		for _, g := range f.Gaps {
			book(g.Feed, cmp.Or(g.Why, "no evidence"), g.From, g.To)
		}
		if len(f.Gaps) == 0 {
			book("", cmp.Or(f.Note, f.Why), time.Time{}, time.Time{})
		}
	}
	out := make([]Blind, 0, len(at))
	for _, b := range at {
		out = append(out, *b)
	}
	slices.SortFunc(out, func(a, b Blind) int {
		return cmp.Or(-cmp.Compare(a.Count, b.Count), cmp.Compare(a.Feed, b.Feed), cmp.Compare(a.Why, b.Why))
	})
	return out
}
