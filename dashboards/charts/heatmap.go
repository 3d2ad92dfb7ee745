package charts

import (
	"fmt"
	"strings"
	"time"
)

// HeatRow is one line of a heat map: a share for each day, -1 where there is nothing to say.
type HeatRow struct {
	Label  string
	Shares []float64
	Why    []string // why a day is not whole; empty where it is
}

// HeatMap draws shares of days, a line for each row. A day is filled from below to its share and hatched above it, so a
// half day reads as half on any printer; days alike that follow each other are one rectangle.
func HeatMap(title string, first time.Time, days int, rows []HeatRow) Drawing {
	const line, bar, label = 18.0, 13.0, 0.24
	var said []string
	for _, r := range rows {
		sum, n := 0.0, 0
		for _, s := range r.Shares {
			if s >= 0 {
				sum += s
				n++
			}
		}
		if n > 0 {
			said = append(said, fmt.Sprintf("%s %.1f %% of %d days", r.Label, 100*sum/float64(n), n))
		}
	}
	height := line*float64(len(rows)) + 20
	return Drawing{Class: "gw-heat", Title: title, Desc: strings.Join(said, ", "), Height: height, Paint: func(c Canvas) {
		day := (1 - label) / float64(max(days, 1))
		date := func(i int) string { return first.AddDate(0, 0, i).UTC().Format("2006-01-02") }
		for n, r := range rows {
			y := float64(n) * line
			c.Label(RoleLabel, 0, y+11, Start, cut(r.Label, 26))
			for i := 0; i < len(r.Shares) && i < days; {
				j := i + 1
				why := whyOf(r, i)
				for j < len(r.Shares) && j < days && r.Shares[j] == r.Shares[i] && whyOf(r, j) == why {
					j++
				}
				s, x, w := r.Shares[i], label+float64(i)*day, float64(j-i)*day
				when := date(i)
				if j-i > 1 {
					when += " to " + date(j-1)
				}
				switch {
				case s < 0:
					c.Track(x, y, w, bar)
				case s >= 1:
					c.Bar(Good, x, y, w, bar, r.Label+", "+when+": covered")
				default:
					tip := fmt.Sprintf("%s, %s: %.1f %% covered", r.Label, when, 100*s)
					if why != "" {
						tip += ", " + why
					}
					c.Gap(x, y, w, bar, tip)
					if s > 0 {
						h := bar * s
						c.Bar(Good, x, y+bar-h, w, h, tip)
					}
				}
				i = j
			}
		}
		ground := height - 18
		for i, anchor := range []Anchor{Start, Middle, End} {
			x := label + (1-label)*float64(i)/2
			c.Tick(x, ground, ground+4)
			c.Label(RoleDate, x, height-3, anchor, date(i*(days-1)/2))
		}
	}}
}

func whyOf(r HeatRow, i int) string {
	if i < len(r.Why) {
		return r.Why[i]
	}
	return ""
}
