package charts

import (
	"html/template"
	"math"
	"strconv"
)

// Sparkline draws a short series as bars of equal width, oldest first: no axis, the figures are in its description.
// A zero is a line on the ground, so that "none" and "not measured" (a negative value) differ.
func Sparkline(title string, values []int) template.HTML {
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
	var d drawing
	d.WriteString(`<svg class="gw-chart gw-spark" width="` + strconv.Itoa(width) + `" height="` + strconv.Itoa(height) + `" role="img" focusable="false">`)
	d.text("title", title)
	d.text("desc", desc)
	step := float64(width) / float64(max(len(values), 1))
	for i, v := range values {
		if v < 0 {
			continue
		}
		h := math.Max(1, float64(v)/float64(most)*(height-2))
		class := "gw-plain"
		if v == 0 {
			class = "gw-faint"
		}
		d.WriteString(`<rect class="gw-fill ` + class + `" x="` + number(float64(i)*step+0.5) + `" y="` + number(height-h) + `" width="` + number(math.Max(1, step-1)) + `" height="` + number(h) + `"/>`)
	}
	return d.close()
}
