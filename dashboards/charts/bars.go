package charts

import (
	"html/template"
	"math"
	"strconv"
	"strings"
)

// Segment is one part of a stacked bar.
type Segment struct {
	Label string
	Value int
	Text  string // the value as it is printed; the plain number when empty
	Tone  Tone
}

func (s Segment) text() string {
	if s.Text != "" {
		return s.Text
	}
	return strconv.Itoa(s.Value)
}

// StackedBar draws parts of a whole on one line. Parts that are not zero stay visible, however small; wide ones carry
// their figure. Print Legend beside it for the rest.
func StackedBar(title string, segments []Segment) template.HTML {
	return Stack(title, segments).SVG()
}

// Stack is StackedBar for any canvas.
func Stack(title string, segments []Segment) Drawing {
	total := 0
	var said []string
	for _, s := range segments {
		if s.Value > 0 {
			total += s.Value
			said = append(said, s.Label+" "+s.text())
		}
	}
	d := Drawing{Class: "gw-stack", Title: title, Height: 22}
	if total == 0 {
		d.Desc = "nothing to show"
		d.Paint = func(c Canvas) { c.Bar(Faint, 0, 0, 1, 22, "nothing to show") }
		return d
	}
	d.Desc = strings.Join(said, ", ")
	d.Paint = func(c Canvas) {
		x := 0.0
		for i, w := range widths(segments, total) {
			s := segments[i]
			if s.Value <= 0 {
				continue
			}
			c.Bar(s.Tone, x, 0, w, 22, s.Label+": "+s.text())
			if w > 0.07 {
				c.Label(RoleOnBar, x+w/2, 15.5, Middle, s.text())
			}
			x += w
		}
	}
	return d
}

// widths shares the bar out with a floor of 0.6 % for what is not zero.
func widths(segments []Segment, total int) []float64 {
	const floor = 0.006
	out := make([]float64, len(segments))
	sum := 0.0
	for i, s := range segments {
		if s.Value > 0 {
			out[i] = math.Max(floor, float64(s.Value)/float64(total))
			sum += out[i]
		}
	}
	for i := range out {
		out[i] /= sum
	}
	return out
}

// Legend lists the parts of a stacked bar with their swatch and figure.
func Legend(segments []Segment) template.HTML {
	var d drawing
	d.WriteString(`<ul class="gw-legend">`)
	for _, s := range segments {
		if s.Value == 0 {
			continue
		}
		d.WriteString(`<li>` + string(Swatch(s.Tone)))
		d.text("span", s.Label)
		d.WriteString(" ")
		d.text("b", s.text())
		d.WriteString("</li>")
	}
	d.WriteString("</ul>")
	return template.HTML(d.String()) //nolint:gosec // every text in it went through escape
}

// Swatch is the small square of a legend.
func Swatch(t Tone) template.HTML {
	var d drawing
	d.WriteString(`<svg class="gw-swatch" width="12" height="12" aria-hidden="true" focusable="false">`)
	d.bar(t, "0", "0", "12", "12", "")
	return d.close()
}

// Meter draws one share of 0 to 1 as a thin bar. It says its figure in words, since a bar alone says nothing in a table.
func Meter(title string, share float64, t Tone) template.HTML { return Gauge(title, share, t).SVG() }

// Gauge is Meter for any canvas.
func Gauge(title string, share float64, t Tone) Drawing {
	share = clamp(share)
	return Drawing{Class: "gw-meter", Title: title, Height: 8, Paint: func(c Canvas) {
		c.Track(0, 0, 1, 8)
		if share > 0 {
			c.Bar(t, 0, 0, math.Max(share, 0.01), 8, "")
		}
	}}
}

func clamp(f float64) float64 {
	if math.IsNaN(f) {
		return 0
	}
	return math.Min(1, math.Max(0, f))
}

// Row is one line of a list of bars.
type Row struct {
	Label string
	Value int
	Text  string
	Tone  Tone
}

// BarList draws a short list of labelled bars, all to the scale of the longest.
func BarList(title string, rows []Row) template.HTML { return List(title, rows).SVG() }

// List is BarList for any canvas.
func List(title string, rows []Row) Drawing {
	const line, top = 24, 4
	most := 1
	var said []string
	for _, r := range rows {
		most = max(most, r.Value)
		said = append(said, r.Label+" "+Segment{Value: r.Value, Text: r.Text}.text())
	}
	return Drawing{Class: "gw-list", Title: title, Desc: strings.Join(said, ", "), Height: float64(top + line*len(rows)), Paint: func(c Canvas) {
		for i, r := range rows {
			y := float64(top + i*line)
			text := Segment{Value: r.Value, Text: r.Text}.text()
			c.Label(RoleLabel, 0, y+13, Start, cut(r.Label, 34))
			w := 0.5 * float64(max(r.Value, 0)) / float64(most)
			if r.Value > 0 {
				c.Bar(r.Tone, 0.38, y+2, math.Max(w, 0.004), 14, r.Label+": "+text)
			}
			c.Label(RoleValue, 0.39+w, y+13, Start, text)
		}
	}}
}

func cut(s string, n int) string {
	r := []rune(strings.ToValidUTF8(s, "\uFFFD"))
	if len(r) <= n {
		return string(r)
	}
	return string(r[:n-1]) + "…"
}
