package detect

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/grantwatch/grantwatch/access"
)

func TestDaysSayWhatTheFeedCouldAnswerFor(t *testing.T) {
	w := newWorld(t)
	w.drop(daysAgo(10), daysAgo(9.5)) // noon, since now is midnight: half a day and the way to the records around it
	res := w.eval()
	byDay := map[time.Time]FeedDay{}
	for _, d := range res.FeedDays {
		byDay[d.Day] = d
	}
	if n := len(byDay); n != 120 {
		t.Errorf("%d days, want the 120 since the first record", n)
	}
	if d := byDay[daysAgo(10)]; d.Covered < 0.48 || d.Covered > 0.5 || len(d.Gaps) != 1 || d.Grade != "C2" {
		t.Errorf("the day of the gap: %+v", d)
	}
	if d := byDay[daysAgo(5)]; d.Covered != 1 || len(d.Gaps) != 0 {
		t.Errorf("a whole day: %+v", d)
	}
}

func TestAFeedThatNeverSpokeHasDarkDays(t *testing.T) {
	w := newWorld(t)
	w.Feeds[0].Minutes = nil
	res := w.eval()
	if len(res.FeedDays) < 90 {
		t.Fatalf("%d days", len(res.FeedDays))
	}
	for _, d := range res.FeedDays {
		if d.Covered != 0 || d.Grade != "C0" {
			t.Errorf("%+v", d)
		}
	}
}

// TestDaysAddUpToWhatVerdictsSaw holds the days against FeedReport.Coverage, which is cut from the same gaps.
func TestDaysAddUpToWhatVerdictsSaw(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t)
		for range rapid.IntRange(0, 4).Draw(rt, "gaps") {
			at := rapid.Float64Range(0, 119).Draw(rt, "at")
			w.drop(daysAgo(at), daysAgo(at).Add(time.Duration(rapid.IntRange(1, 200).Draw(rt, "hours"))*time.Hour))
		}
		w.Feeds[0].Newest = time.Time{}
		for _, m := range w.Feeds[0].Minutes {
			w.Feeds[0].Newest = later(w.Feeds[0].Newest, m.Last)
		}
		res := w.eval()
		r := res.Feeds[0]
		sum := 0.0
		from := r.Watermark.Add(-90 * day)
		for _, d := range res.FeedDays {
			end := earlier(d.Day.Add(day), r.Watermark)
			length := end.Sub(d.Day)
			blind, _ := union(clipGaps(d.Gaps, from, end))
			if !end.After(from) {
				continue
			}
			sum += float64(end.Sub(later(d.Day, from)) - blind)
			if whole, _ := union(d.Gaps); length > 0 && 1-float64(whole)/float64(length) != d.Covered {
				rt.Fatalf("%+v", d)
			}
		}
		if got := sum / float64(90*day); got < r.Coverage-1e-9 || got > r.Coverage+1e-9 {
			rt.Fatalf("the days add up to %v, the report says %v", got, r.Coverage)
		}
	})
}

func clipGaps(gaps []access.Gap, from, to time.Time) []access.Gap {
	var out []access.Gap
	for _, g := range gaps {
		if g.From, g.To = later(g.From, from), earlier(g.To, to); g.From.Before(g.To) {
			out = append(out, g)
		}
	}
	return out
}

func TestBlindVerdictsAreCountedOnceADay(t *testing.T) {
	w := newWorld(t)
	w.drop(daysAgo(19.95), daysAgo(19.85))
	w.drop(daysAgo(19.8), daysAgo(19.2))
	w.grant(roleName, "ec2:DescribeImages", "*")
	for _, d := range w.eval().FeedDays {
		want := 0
		if d.Day.Equal(daysAgo(20)) {
			want = 2
		}
		if d.Blinds != want {
			t.Errorf("%s blinds %d, want %d", d.Day, d.Blinds, want)
		}
	}
}
