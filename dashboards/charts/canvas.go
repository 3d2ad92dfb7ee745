package charts

import (
	_ "embed"
	"html/template"
	"regexp"
	"strconv"
)

// Canvas is what a chart is drawn on. x and w are shares of the chart's width, from 0 to 1, so that a chart takes whatever
// room it gets; y and h are CSS pixels from its top. SVG is one canvas, the PDF of the report another: a chart is drawn once.
type Canvas interface {
	Bar(t Tone, x, y, w, h float64, tip string)             // a filled rectangle with the tone's pattern on it
	Track(x, y, w, h float64)                               // the ground that a meter stands on
	Gap(x, y, w, h float64, tip string)                     // a stretch without evidence: outlined, so that it is seen however short
	Tick(x, y1, y2 float64)                                 // a mark on an axis
	Line(t Tone, x1, y1, x2, y2 float64)                    // a line of a slope
	Dot(t Tone, x, y float64, tip string)                   // an end of one
	Label(r Role, x, y float64, anchor Anchor, text string) // y is the base line
}

// Role says what a text is: its size and weight.
type Role string

// The closed set of roles.
const (
	RoleLabel Role = "label" // names what stands beside it
	RoleValue Role = "value" // a figure beside a bar
	RoleOnBar Role = "onbar" // a figure on a bar
	RoleDate  Role = "date"  // a small word on an axis
)

// Anchor says which part of a text stands at its place.
type Anchor string

// The closed set of anchors.
const (
	Start  Anchor = "start"
	Middle Anchor = "middle"
	End    Anchor = "end"
)

// Drawing is a chart that is ready to be drawn.
type Drawing struct {
	Class  string
	Title  string
	Desc   string  // its figures, in words
	Width  float64 // in pixels; 0 takes the room that there is
	Height float64
	Paint  func(Canvas)
}

// SVG draws it as inline SVG.
func (d Drawing) SVG() template.HTML {
	var s drawing
	width := "100%"
	if d.Width > 0 {
		width = number(d.Width)
	}
	s.WriteString(`<svg class="gw-chart ` + d.Class + `" width="` + width + `" height="` + number(d.Height) + `" role="img" focusable="false">`)
	s.text("title", d.Title)
	if d.Desc != "" {
		s.text("desc", d.Desc)
	}
	d.Paint(&s)
	return s.close()
}

// Bar implements Canvas.
func (d *drawing) Bar(t Tone, x, y, w, h float64, tip string) {
	d.bar(t, share(x), number(y), share(w), number(h), tip)
}

// Track implements Canvas.
func (d *drawing) Track(x, y, w, h float64) {
	d.WriteString(`<rect class="gw-track" x="` + share(x) + `" y="` + number(y) + `" width="` + share(w) + `" height="` + number(h) + `" rx="2"/>`)
}

// Gap implements Canvas.
func (d *drawing) Gap(x, y, w, h float64, tip string) {
	box := ` x="` + share(x) + `" y="` + number(y) + `" width="` + share(w) + `" height="` + number(h) + `"`
	d.WriteString(`<g class="gw-gap"><rect class="gw-gap-box"` + box + `/><rect` + box + ` fill="url(#gw-p-hatch)"/>`)
	d.text("title", tip)
	d.WriteString(`</g>`)
}

// Tick implements Canvas.
func (d *drawing) Tick(x, y1, y2 float64) {
	d.WriteString(`<line class="gw-tick" x1="` + share(x) + `" x2="` + share(x) + `" y1="` + number(y1) + `" y2="` + number(y2) + `"/>`)
}

// Line implements Canvas.
func (d *drawing) Line(t Tone, x1, y1, x2, y2 float64) {
	fill, _ := t.look()
	d.WriteString(`<line class="gw-line gw-stroke-` + fill + `" x1="` + share(x1) + `" y1="` + number(y1) + `" x2="` + share(x2) + `" y2="` + number(y2) + `"/>`)
}

// Dot implements Canvas.
func (d *drawing) Dot(t Tone, x, y float64, tip string) {
	fill, _ := t.look()
	d.WriteString(`<circle class="gw-fill gw-` + fill + `" cx="` + share(x) + `" cy="` + number(y) + `" r="3">`)
	d.text("title", tip)
	d.WriteString(`</circle>`)
}

// Label implements Canvas.
func (d *drawing) Label(r Role, x, y float64, anchor Anchor, s string) {
	d.label("gw-"+string(r), share(x), number(y), string(anchor), s)
}

func share(f float64) string {
	if f == 0 {
		return "0"
	}
	return percent(f)
}

// Colour is a colour of the light palette, which paper has too.
type Colour struct{ R, G, B int }

var palette = func() map[string]Colour {
	out := map[string]Colour{}
	light, _, _ := cutAt(CSS, "@media")
	for _, m := range regexp.MustCompile(`--gw-([a-z-]+): #([0-9a-f]{6})`).FindAllStringSubmatch(light, -1) {
		n, _ := strconv.ParseUint(m[2], 16, 32) // six hexadecimal digits
		out[m[1]] = Colour{int(n >> 16), int(n >> 8 & 255), int(n & 255)}
	}
	return out
}()

func cutAt(s, sep string) (before, after string, found bool) {
	for i := 0; i+len(sep) <= len(s); i++ {
		if s[i:i+len(sep)] == sep {
			return s[:i], s[i:], true
		}
	}
	return s, "", false
}

// Paper is how a tone looks where there are no style sheets: its colour and the name of its pattern, which is one of diag,
// dots, lines, grid, hatch, dark-dots, dark-lines or empty. Both are those of the style sheet.
func (t Tone) Paper() (fill Colour, pattern string) {
	name, pattern := t.look()
	if len(pattern) > 2 {
		pattern = pattern[2:] // p-diag
	}
	return palette[name], pattern
}

// Ink is a colour of the palette by its name in the style sheet: label, quiet, unknown-ink, faint …
func Ink(name string) Colour { return palette[name] }
