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
	const barHeight = 16
	length := window.To.Sub(window.From)
	var d drawing
	if length <= 0 {
		d.open("gw-strip", "36", title, "no window")
		return d.close()
	}
	shown := mergeClose(clip(gaps, window), length/400)
	d.open("gw-strip", "36", title, stripDesc(window, shown))
	d.bar(Good, "0", "0", "100%", strconv.Itoa(barHeight), "covered from "+minute(window.From)+" to "+minute(window.To)+", but for the gaps")
	at := func(t time.Time) float64 { return float64(t.Sub(window.From)) / float64(length) }
	for _, g := range shown {
		tip := minute(g.From) + " to " + minute(g.To) + ", " + span(g.To.Sub(g.From)) + ": " + g.Why
		if g.n > 1 {
			tip = fmt.Sprintf("%d gaps, %s to %s: %s", g.n, minute(g.From), minute(g.To), g.Why)
		}
		// The outline keeps its width however short the gap is, so that a minute without evidence is still seen.
		x, w := percent(at(g.From)), percent(at(g.To)-at(g.From))
		box := ` x="` + x + `" y="0" width="` + w + `" height="` + strconv.Itoa(barHeight) + `"`
		d.WriteString(`<g class="gw-gap"><rect class="gw-gap-box"` + box + `/><rect` + box + ` fill="url(#gw-p-hatch)"/>`)
		d.text("title", tip)
		d.WriteString(`</g>`)
	}
	for i, anchor := range []string{"start", "middle", "end"} {
		t := window.From.Add(length / 2 * time.Duration(i))
		d.WriteString(`<line class="gw-tick" x1="` + strconv.Itoa(i*50) + `%" x2="` + strconv.Itoa(i*50) + `%" y1="16" y2="21"/>`)
		d.label("gw-date", strconv.Itoa(i*50)+"%", "33", anchor, t.UTC().Format("2006-01-02"))
	}
	return d.close()
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
