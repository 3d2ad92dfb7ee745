package charts

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Point is one value of a series; one that nobody measured has Known false and is drawn as nothing, never as zero.
type Point struct {
	Label string // when: 2026-W47
	Value float64
	Text  string // the value as it is printed
	Known bool
}

// Trend draws a series as bars from zero, oldest first, with the first and last moment below, the newest value above its
// bar, and a dot where nothing was measured. top is the value that fills the height; 0 takes the largest.
func Trend(title string, points []Point, top float64) Drawing {
	const height, ground, head = 66, 50.0, 14.0
	var said []string
	most := top
	last := -1
	for i, p := range points {
		if !p.Known {
			said = append(said, p.Label+" not measured")
			continue
		}
		last = i
		said = append(said, p.Label+" "+p.Text)
		if top == 0 {
			most = math.Max(most, p.Value)
		}
	}
	if most <= 0 {
		most = 1
	}
	return Drawing{Class: "gw-trend", Title: title, Desc: strings.Join(said, ", "), Height: height, Paint: func(c Canvas) {
		step := 1 / float64(max(len(points), 1))
		for i, p := range points {
			x := float64(i) * step
			if !p.Known {
				c.Bar(Faint, x+step*0.4, ground-2, step*0.2, 2, p.Label+": not measured")
				continue
			}
			h := math.Max(1.5, math.Min(1, math.Max(0, p.Value)/most)*(ground-head))
			tone := Plain
			if i != last {
				tone = Soft
			}
			c.Bar(tone, x+step*0.12, ground-h, step*0.76, h, p.Label+": "+p.Text)
			if i == last {
				anchor, at := Middle, x+step/2
				if i > len(points)*4/5 {
					anchor, at = End, x+step*0.88
				}
				c.Label(RoleOnBar, at, ground-h-3, anchor, p.Text)
			}
		}
		c.Tick(0, ground, ground+4)
		c.Tick(1, ground, ground+4)
		if len(points) > 0 {
			c.Label(RoleDate, 0, height-3, Start, points[0].Label)
			c.Label(RoleDate, 1, height-3, End, points[len(points)-1].Label)
		}
	}}
}

// Slope is one line of a slope chart: a value then and now.
type Slope struct {
	Label      string
	Then, Now  float64
	ThenText   string
	NowText    string
	Worse      bool // drawn heavier, with a different end
	ThenAbsent bool // there was none then: only the right end is drawn
}

// Slopes draws how values moved between two moments, one line each, named at its right end. The figures stand at both
// ends, so nothing rests on colour; lines that got worse are heavier.
func Slopes(title, then, now string, lines []Slope) Drawing {
	const line, top = 17.0, 22.0
	height := top + line*float64(max(len(lines), 2)) + 8
	most := 0.0
	var said []string
	for _, l := range lines {
		most = math.Max(most, math.Max(l.Then, l.Now))
		said = append(said, fmt.Sprintf("%s from %s to %s", l.Label, l.ThenText, l.NowText))
	}
	if most == 0 {
		most = 1
	}
	at := func(v float64) float64 { return top + (1-math.Max(0, v)/most)*(height-top-14) + 4 }
	return Drawing{Class: "gw-slope", Title: title, Desc: strings.Join(said, ", "), Height: height, Paint: func(c Canvas) {
		const left, right = 0.16, 0.6
		c.Label(RoleDate, left, 12, Middle, then)
		c.Label(RoleDate, right, 12, Middle, now)
		c.Tick(left, top, height-4)
		c.Tick(right, top, height-4)
		leftY := apart(lines, line-3, func(l Slope) float64 { return at(l.Then) })
		rightY := apart(lines, line-3, func(l Slope) float64 { return at(l.Now) })
		for i, l := range lines {
			tone := Low
			if l.Worse {
				tone = Critical
			}
			tip := l.Label + ": " + l.ThenText + " → " + l.NowText
			if !l.ThenAbsent {
				c.Line(tone, left, at(l.Then), right, at(l.Now))
				c.Dot(tone, left, at(l.Then), tip)
				c.Label(RoleValue, left-0.015, leftY[i]+4, End, l.ThenText)
			}
			c.Dot(tone, right, at(l.Now), tip)
			c.Label(RoleValue, right+0.015, rightY[i]+4, Start, l.NowText+"  "+cut(l.Label, 30))
		}
	}}
}

// apart moves labels away from each other, top to bottom, so that none hides another.
func apart(lines []Slope, least float64, y func(Slope) float64) []float64 {
	order := make([]int, len(lines))
	out := make([]float64, len(lines))
	for i := range lines {
		order[i], out[i] = i, y(lines[i])
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case out[a] < out[b]:
			return -1
		case out[a] > out[b]:
			return 1
		}
		return 0
	})
	for k := len(order) - 2; k >= 0; k-- { // from the bottom up: the ground is where there is no more room
		a, b := order[k], order[k+1]
		out[a] = math.Min(out[a], out[b]-least)
	}
	for k := 1; k < len(order); k++ {
		a, b := order[k-1], order[k]
		out[a] = math.Max(out[a], 26)
		out[b] = math.Max(out[b], out[a]+least)
	}
	return out
}
