package report

import (
	"math"

	"github.com/grantwatch/grantwatch/dashboards/charts"
)

// pixel is how many millimetres of paper a CSS pixel of a chart takes.
const pixel = 0.235

// pdfCanvas draws charts on a page: the same drawings that the page shows as SVG.
type pdfCanvas struct {
	s    *pdfSheet
	x, y float64
	w    float64
}

// chart draws a chart with its title above at a place and returns how high it is.
func (s *pdfSheet) chartAt(d charts.Drawing, x, y, w float64) float64 {
	if d.Width > 0 {
		w = math.Min(w, d.Width*pixel)
	}
	d.Paint(&pdfCanvas{s, x, y, w})
	return d.Height * pixel
}

// chart draws a chart over the whole width, below a small heading, on one page.
func (s *pdfSheet) chart(title string, d charts.Drawing) {
	h := d.Height * pixel
	s.room(h + 10)
	if title != "" {
		s.y += s.lines(head3, inkText, margin, s.y+1, textWidth, []string{paper(title)}, false) + 1.8
	}
	s.y += s.chartAt(d, margin, s.y, textWidth) + 2.2
}

func (c *pdfCanvas) at(x, y float64) (px, py float64) { return c.x + x*c.w, c.y + y*pixel }

// Bar implements charts.Canvas.
func (c *pdfCanvas) Bar(t charts.Tone, x, y, w, h float64, _ string) {
	px, py := c.at(x, y)
	pw, ph := w*c.w, h*pixel
	fill, pattern := t.Paper()
	c.s.fill(fill)
	c.s.Rect(px, py, pw, ph, "F")
	switch pattern {
	case "hatch":
		c.stripes(px, py, pw, ph, mix(charts.Ink("unknown-ink"), fill, 0.55), -1, 1.7, 0.45)
	case "diag":
		c.stripes(px, py, pw, ph, mix(inkPaper, fill, 0.4), 1, 1.5, 0.5)
	case "lines":
		c.rows(px, py, pw, ph, mix(inkPaper, fill, 0.4), false)
	case "grid":
		c.rows(px, py, pw, ph, mix(inkPaper, fill, 0.4), false)
		c.rows(px, py, pw, ph, mix(inkPaper, fill, 0.4), true)
	case "dark-lines":
		c.rows(px, py, pw, ph, mix(inkQuiet, fill, 0.6), true)
	case "dots":
		c.dots(px, py, pw, ph, mix(inkPaper, fill, 0.45))
	case "dark-dots":
		c.dots(px, py, pw, ph, mix(inkQuiet, fill, 0.6))
	}
	if h >= 12 { // parts of a bar that touch are told apart by a seam
		c.s.draw(inkPaper)
		c.s.SetLineWidth(0.2)
		c.s.Line(px+pw, py, px+pw, py+ph)
	}
}

func mix(over, under charts.Colour, share float64) charts.Colour {
	f := func(a, b int) int { return int(math.Round(share*float64(a) + (1-share)*float64(b))) }
	return charts.Colour{R: f(over.R, under.R), G: f(over.G, under.G), B: f(over.B, under.B)}
}

// stripes draws slanted lines inside a rectangle; direction 1 falls to the right, -1 rises.
func (c *pdfCanvas) stripes(x, y, w, h float64, ink charts.Colour, direction, gap, width float64) {
	c.s.ClipRect(x, y, w, h, false)
	c.s.draw(ink)
	c.s.SetLineWidth(width)
	for d := -h; d < w+h; d += gap {
		if direction > 0 {
			c.s.Line(x+d, y, x+d+h, y+h)
		} else {
			c.s.Line(x+d, y+h, x+d+h, y)
		}
	}
	c.s.ClipEnd()
}

func (c *pdfCanvas) rows(x, y, w, h float64, ink charts.Colour, upright bool) {
	const gap = 1.05
	c.s.draw(ink)
	c.s.SetLineWidth(0.28)
	if upright {
		for d := gap / 2; d < w; d += gap {
			c.s.Line(x+d, y, x+d, y+h)
		}
		return
	}
	for d := gap / 2; d < h; d += gap {
		c.s.Line(x, y+d, x+w, y+d)
	}
}

func (c *pdfCanvas) dots(x, y, w, h float64, ink charts.Colour) {
	const gap, r = 1.25, 0.27
	c.s.ClipRect(x, y, w, h, false)
	c.s.fill(ink)
	for dx := gap / 2; dx < w; dx += gap {
		for dy := gap / 2; dy < h; dy += gap {
			c.s.Circle(x+dx, y+dy, r, "F")
		}
	}
	c.s.ClipEnd()
}

// Track implements charts.Canvas.
func (c *pdfCanvas) Track(x, y, w, h float64) {
	px, py := c.at(x, y)
	c.s.fill(charts.Ink("faint"))
	c.s.Rect(px, py, w*c.w, h*pixel, "F")
}

// Gap implements charts.Canvas.
func (c *pdfCanvas) Gap(x, y, w, h float64, _ string) {
	px, py := c.at(x, y)
	pw, ph := w*c.w, h*pixel
	c.s.fill(charts.Ink("unknown"))
	c.s.Rect(px, py, pw, ph, "F")
	c.stripes(px, py, pw, ph, mix(charts.Ink("unknown-ink"), charts.Ink("unknown"), 0.55), -1, 1.7, 0.45)
	c.s.draw(charts.Ink("unknown-ink"))
	c.s.SetLineWidth(0.2)
	c.s.Rect(px, py, pw, ph, "D")
}

// Tick implements charts.Canvas.
func (c *pdfCanvas) Tick(x, y1, y2 float64) {
	px, py := c.at(x, y1)
	c.s.draw(inkQuiet)
	c.s.SetLineWidth(0.2)
	c.s.Line(px, py, px, c.y+y2*pixel)
}

// Line implements charts.Canvas.
func (c *pdfCanvas) Line(t charts.Tone, x1, y1, x2, y2 float64) {
	fill, _ := t.Paper()
	c.s.draw(fill)
	c.s.SetLineWidth(0.3)
	if t == charts.Critical {
		c.s.SetLineWidth(0.6)
	}
	ax, ay := c.at(x1, y1)
	bx, by := c.at(x2, y2)
	c.s.Line(ax, ay, bx, by)
}

// Dot implements charts.Canvas.
func (c *pdfCanvas) Dot(t charts.Tone, x, y float64, _ string) {
	fill, _ := t.Paper()
	px, py := c.at(x, y)
	c.s.fill(fill)
	c.s.Circle(px, py, 0.75, "F")
}

// Label implements charts.Canvas.
func (c *pdfCanvas) Label(r charts.Role, x, y float64, anchor charts.Anchor, text string) {
	face, ink := typeface{"", 7.6}, inkText
	switch r {
	case charts.RoleOnBar:
		face = typeface{"B", 7.4}
	case charts.RoleDate:
		face, ink = tiny, inkQuiet
	}
	text = paper(text)
	c.s.use(face)
	px, py := c.at(x, y)
	w := c.s.GetStringWidth(text)
	switch anchor {
	case charts.Middle:
		px -= w / 2
	case charts.End:
		px -= w
	}
	if r == charts.RoleOnBar { // paper around the figure, so that no pattern runs through it
		c.s.fill(inkPaper)
		c.s.Rect(px-0.5, py-face.size*point*0.8, w+1, face.size*point*0.98, "F")
	}
	c.s.colour(ink)
	c.s.Text(px, py, text)
}
