package detect

import (
	"fmt"
	"slices"
	"time"

	"github.com/grantwatch/grantwatch/access"
)

// feedDaysSight is how far back the days of feeds are told; no window with its cadence reaches further.
const feedDaysSight = 400 * day

// FeedDay is what one feed could answer for on one day (UTC). It is cut from the same gaps that verdicts are judged with.
type FeedDay struct {
	Team    string
	Feed    string
	Day     time.Time    // midnight
	Covered float64      // share of the part of the day before the feed's watermark
	Grade   string       // C0 when nothing was covered
	Gaps    []access.Gap // clipped to the day
	Blinds  int          // verdicts that the day's gaps made UNVERIFIABLE
}

// feedDays cuts the coverage of every feed into days: from its first record, or from 90 days ago when it is younger, so
// that a feed which never spoke shows as one that did not.
func (e *evaluation) feedDays() {
	blinds := e.blindDays()
	for _, l := range e.feeds {
		w := access.Interval{From: l.watermark.Add(-90 * day), To: l.watermark}
		if !l.first.IsZero() {
			w.From = earlier(w.From, l.first)
		}
		w.From = later(w.From, l.watermark.Add(-feedDaysSight)).Truncate(day)
		gaps := l.gapsWithin(w, "", nil)
		slices.SortStableFunc(gaps, func(a, b access.Gap) int { return a.From.Compare(b.From) })
		next := 0
		var open []access.Gap // those that reach into the day at hand
		for d := w.From; d.Before(w.To); d = d.Add(day) {
			end := earlier(d.Add(day), w.To)
			open = slices.DeleteFunc(open, func(g access.Gap) bool { return !g.To.After(d) })
			for next < len(gaps) && gaps[next].From.Before(end) {
				open = append(open, gaps[next])
				next++
			}
			fd := FeedDay{Team: l.Team, Feed: l.Name, Day: d, Grade: "C0", Gaps: []access.Gap{}, Blinds: blinds[l.Name][d.Unix()/86400]}
			for _, g := range open {
				if g.To.After(d) {
					fd.Gaps = append(fd.Gaps, access.Gap{Feed: l.Name, From: later(g.From, d), To: earlier(g.To, end), Why: g.Why})
				}
			}
			blind, _ := union(fd.Gaps)
			if fd.Covered = 1 - float64(blind)/float64(end.Sub(d)); fd.Covered > 0 {
				fd.Grade = fmt.Sprintf("C%d", l.gradeWithin(access.Interval{From: d, To: end}, "", fd.Gaps))
			}
			e.out.FeedDays = append(e.out.FeedDays, fd)
		}
	}
}

// blindDays counts per feed and day the UNVERIFIABLE verdicts that name a gap of that day, each once a day.
func (e *evaluation) blindDays() map[string]map[int64]int {
	type stretch struct{ from, to int64 } // days, both included
	out := map[string]map[int64]int{}
	for i := range e.out.Findings {
		f := &e.out.Findings[i]
		if f.Verdict != access.VerdictUnverifiable {
			continue
		}
		counted := map[string]int64{} // by feed, the last day counted
		gaps := slices.Clone(f.Gaps)
		slices.SortStableFunc(gaps, func(a, b access.Gap) int { return a.From.Compare(b.From) })
		for _, g := range gaps {
			s := stretch{g.From.Unix() / 86400, g.To.Add(-1).Unix() / 86400}
			if out[g.Feed] == nil {
				out[g.Feed] = map[int64]int{}
			}
			if last, ok := counted[g.Feed]; ok {
				s.from = max(s.from, last+1)
			}
			for d := s.from; d <= s.to; d++ {
				out[g.Feed][d]++
				counted[g.Feed] = d
			}
		}
	}
	return out
}
