package charts

import (
	"fmt"
	"html/template"
	"slices"
	"strconv"
	"time"

	"github.com/grantwatch/grantwatch/access"
)

// Stretch is a part of a strip without evidence.
type Stretch struct {
	access.Interval
	Why string
}

// Strip draws a stretch of time: covered where nothing is said, hatched where there is a gap, with a tooltip for every
// gap and dates underneath. Gaps too close together to be told apart are drawn as one that says how many it is.
func Strip(title string, window access.Interval, gaps []Stretch) template.HTML {
	return Timeline(title, window, gaps).SVG()
}

// Timeline is Strip for any canvas.
func Timeline(title string, window access.Interval, gaps []Stretch) Drawing {
	const barHeight = 16
	length := window.To.Sub(window.From)
	d := Drawing{Class: "gw-strip", Title: title, Height: 36, Desc: "no window", Paint: func(Canvas) {}}
	if length <= 0 {
		return d
	}
	shown := mergeClose(clip(gaps, window), length/400)
	d.Desc = stripDesc(window, shown)
	d.Paint = func(c Canvas) {
		c.Bar(Good, 0, 0, 1, barHeight, "covered from "+minute(window.From)+" to "+minute(window.To)+", but for the gaps")
		at := func(t time.Time) float64 { return float64(t.Sub(window.From)) / float64(length) }
		for _, g := range shown {
			tip := minute(g.From) + " to " + minute(g.To) + ", " + span(g.To.Sub(g.From)) + ": " + g.Why
			if g.n > 1 {
				tip = fmt.Sprintf("%d gaps, %s to %s: %s", g.n, minute(g.From), minute(g.To), g.Why)
			}
			c.Gap(at(g.From), 0, at(g.To)-at(g.From), barHeight, tip)
		}
		for i, anchor := range []Anchor{Start, Middle, End} {
			t := window.From.Add(length / 2 * time.Duration(i))
			c.Tick(float64(i)/2, barHeight, barHeight+5)
			c.Label(RoleDate, float64(i)/2, 33, anchor, t.UTC().Format("2006-01-02"))
		}
	}
	return d
}

type mergedGap struct {
	Stretch
	n int
}

func clip(gaps []Stretch, w access.Interval) []Stretch {
	var out []Stretch
	for _, g := range gaps {
		if g.From.Before(w.From) {
			g.From = w.From
		}
		if g.To.After(w.To) {
			g.To = w.To
		}
		if g.From.Before(g.To) {
			out = append(out, g)
		}
	}
	slices.SortStableFunc(out, func(a, b Stretch) int { return a.From.Compare(b.From) })
	return out
}

func mergeClose(gaps []Stretch, near time.Duration) []mergedGap {
	var out []mergedGap
	for _, g := range gaps {
		if n := len(out); n > 0 && g.From.Sub(out[n-1].To) < near {
			last := &out[n-1]
			if g.To.After(last.To) {
				last.To = g.To
			}
			if g.Why != last.Why && last.n < 4 {
				last.Why += "; " + g.Why
			}
			last.n++
			continue
		}
		out = append(out, mergedGap{g, 1})
	}
	return out
}

func stripDesc(w access.Interval, gaps []mergedGap) string {
	s := minute(w.From) + " to " + minute(w.To)
	switch n := len(gaps); n {
	case 0:
		return s + ", covered throughout"
	case 1:
		return s + ", one gap"
	default:
		return s + fmt.Sprintf(", %d stretches without evidence", n)
	}
}

func minute(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") }

func span(d time.Duration) string {
	switch {
	case d < 2*time.Hour:
		return strconv.Itoa(int(d/time.Minute)) + " min"
	case d < 48*time.Hour:
		return strconv.Itoa(int(d/time.Hour)) + " h"
	}
	return strconv.Itoa(int(d/(24*time.Hour))) + " d"
}
