package charts

import (
	"html/template"
	"math"
	"strconv"
)

// Sparkline draws a short series as bars of equal width, oldest first: no axis, the figures are in its description.
// A zero is a line on the ground, so that "none" and "not measured" (a negative value) differ.
func Sparkline(title string, values []int) template.HTML { return Spark(title, values).SVG() }

// Spark is Sparkline for any canvas.
func Spark(title string, values []int) Drawing {
	const width, height = 104, 24
	most := 1
	desc := ""
	for i, v := range values {
		most = max(most, v)
		if i > 0 {
			desc += ", "
		}
		if v < 0 {
			desc += "not measured"
		} else {
			desc += strconv.Itoa(v)
		}
	}
	return Drawing{Class: "gw-spark", Title: title, Desc: desc, Width: width, Height: height, Paint: func(c Canvas) {
		step := 1 / float64(max(len(values), 1))
		for i, v := range values {
			if v < 0 {
				continue
			}
			h := math.Max(1, float64(v)/float64(most)*(height-2))
			tone := Plain
			if v == 0 {
				tone = Faint
			}
			c.Bar(tone, float64(i)*step+0.005, height-h, math.Max(0.01, step-0.01), h, "")
		}
	}}
}
