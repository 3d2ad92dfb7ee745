package report

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"

	"github.com/grantwatch/grantwatch/dashboards/charts"
	"github.com/grantwatch/grantwatch/dashboards/report/words"
)

// A page is A4 with the same margins as the printed HTML. All lengths are millimetres, font sizes points.
const (
	pageWidth  = 210.0
	pageHeight = 297.0
	margin     = 16.0
	foot       = 18.0
	textWidth  = pageWidth - 2*margin
)

const point = 0.3528 // millimetres

// glyphs are the characters that the embedded fonts can show.
var glyphs = func() *sfnt.Font {
	f, err := sfnt.Parse(goregular.TTF)
	if err != nil {
		panic(err) // compiled in
	}
	return f
}()

// paper makes text fit for the embedded fonts: what hides or reorders is written out as everywhere else, and what the
// fonts have no glyph for is written as [U+4E2D], so that two names never look alike because both are boxes.
func paper(s string) string {
	s = words.Visible(s)
	var b sfnt.Buffer
	ok := true
	for _, r := range s {
		if !printable(&b, r) {
			ok = false
			break
		}
	}
	if ok {
		return s
	}
	var out strings.Builder
	for _, r := range s {
		switch {
		case printable(&b, r):
			out.WriteRune(r)
		case r == '\u202f' || r == '\u2009':
			out.WriteRune('\u00a0')
		case r == '⟨':
			out.WriteByte('[')
		case r == '⟩':
			out.WriteByte(']')
		case r == '−':
			out.WriteByte('-')
		case r == '→':
			out.WriteString("->")
		case r == '\t' || r == '\n' || r == '\r':
			out.WriteByte(' ')
		default:
			fmt.Fprintf(&out, "[U+%04X]", r)
		}
	}
	return out.String()
}

// printable reports whether the fonts have a glyph. Characters beyond the first plane are left out whatever the font says:
// the PDF library counts in sixteen bits.
func printable(b *sfnt.Buffer, r rune) bool {
	if r < ' ' || r > 0xffff {
		return false
	}
	i, err := glyphs.GlyphIndex(b, r)
	return err == nil && i != 0
}

// typeface is one of the three fonts at a size.
type typeface struct {
	style string // "", "B" or "mono"
	size  float64
}

var (
	body  = typeface{"", 8.6}
	small = typeface{"", 7.2}
	tiny  = typeface{"", 6.6}
	mono  = typeface{"mono", 7.2}
	head1 = typeface{"B", 20}
	head2 = typeface{"B", 12.5}
	head3 = typeface{"B", 9}
	huge  = typeface{"B", 17}
)

func (t typeface) line() float64 { return t.size * point * 1.38 }

// pdfSheet sets text, tables and charts on pages, from top to bottom.
type pdfSheet struct {
	*fpdf.Fpdf
	y    float64
	foot func(page int) string
}

func newPDFSheet() *pdfSheet {
	s := &pdfSheet{Fpdf: fpdf.New("P", "mm", "A4", "")}
	s.SetMargins(margin, margin, margin)
	s.SetAutoPageBreak(false, 0)
	// The library writes into the bytes that it is given while it cuts a font down, so that it gets bytes of its own.
	s.AddUTF8FontFromBytes("go", "", bytes.Clone(goregular.TTF))
	s.AddUTF8FontFromBytes("go", "B", bytes.Clone(gobold.TTF))
	s.AddUTF8FontFromBytes("mono", "", bytes.Clone(gomono.TTF))
	s.SetCatalogSort(true)
	return s
}

func (s *pdfSheet) use(t typeface) {
	if t.style == "mono" {
		s.SetFont("mono", "", t.size)
		return
	}
	s.SetFont("go", t.style, t.size)
}

func (s *pdfSheet) colour(c charts.Colour) { s.SetTextColor(c.R, c.G, c.B) }
func (s *pdfSheet) fill(c charts.Colour)   { s.SetFillColor(c.R, c.G, c.B) }
func (s *pdfSheet) draw(c charts.Colour)   { s.SetDrawColor(c.R, c.G, c.B) }

var (
	inkText   = charts.Colour{R: 28, G: 35, B: 41}
	inkQuiet  = charts.Colour{R: 85, G: 97, B: 108}
	inkLine   = charts.Colour{R: 220, G: 225, B: 230}
	inkSoft   = charts.Colour{R: 244, G: 246, B: 248}
	inkAccent = charts.Colour{R: 29, G: 90, B: 134}
	inkPaper  = charts.Colour{R: 255, G: 255, B: 255}
)

// page begins a page and writes the foot of it.
func (s *pdfSheet) page() {
	s.AddPage()
	s.y = margin
	if s.foot != nil {
		s.use(tiny)
		s.colour(inkQuiet)
		text := s.foot(s.PageNo())
		s.Text(pageWidth-margin-s.GetStringWidth(text), pageHeight-9, text)
		s.Text(margin, pageHeight-9, "Grantwatch")
	}
}

// room begins a new page when less than h is left.
func (s *pdfSheet) room(h float64) {
	if s.PageNo() == 0 || s.y+h > pageHeight-foot {
		s.page()
	}
}

// wrap breaks text into lines of a width. A word that is wider than the line is broken where it has to be.
func (s *pdfSheet) wrap(t typeface, text string, width float64) []string {
	s.use(t)
	var lines []string
	for _, par := range strings.Split(text, "\n") {
		line, used := "", 0.0
		blank := s.GetStringWidth(" ")
		for _, word := range strings.Fields(par) {
			w := s.GetStringWidth(word)
			switch {
			case line != "" && used+blank+w <= width:
				line, used = line+" "+word, used+blank+w
				continue
			case line != "":
				lines = append(lines, line)
			}
			for w > width {
				n := s.fits(word, width)
				lines = append(lines, word[:n])
				word = word[n:]
				w = s.GetStringWidth(word)
			}
			line, used = word, w
		}
		if line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// fits is how many bytes of a word fit into a width; one character at least.
func (s *pdfSheet) fits(word string, width float64) int {
	used := 0.0
	for i, r := range word {
		used += s.GetStringWidth(string(r))
		if used > width && i > 0 {
			return i
		}
	}
	_, n := utf8.DecodeRuneInString(word)
	return max(n, 1)
}

// lines writes lines at a place, the first with its base line inside the first line's height, and returns how high they are.
func (s *pdfSheet) lines(t typeface, c charts.Colour, x, y, width float64, lines []string, right bool) float64 {
	s.use(t)
	s.colour(c)
	for i, l := range lines {
		at := x
		if right {
			at = x + width - s.GetStringWidth(l)
		}
		s.Text(at, y+float64(i)*t.line()+t.size*point, l)
	}
	return float64(len(lines)) * t.line()
}

// para writes a paragraph over the whole width. It is broken between pages by lines.
func (s *pdfSheet) para(t typeface, c charts.Colour, text string, after float64) {
	for _, l := range s.wrap(t, paper(text), textWidth) {
		s.room(t.line())
		s.y += s.lines(t, c, margin, s.y, textWidth, []string{l}, false)
	}
	s.y += after
}

// heading writes a heading that is never left alone at the foot of a page.
func (s *pdfSheet) heading(text string, level int) {
	switch level {
	case 2:
		s.room(24)
		s.y += 3.5
		s.Bookmark(paper(text), 0, s.y)
		s.y += s.lines(head2, inkText, margin, s.y, textWidth, s.wrap(head2, paper(text), textWidth)[:1], false)
		s.y += 0.8
		s.draw(inkText)
		s.SetLineWidth(0.45)
		s.Line(margin, s.y, pageWidth-margin, s.y)
		s.y += 2.6
	default:
		s.room(16)
		s.y += 1.6
		s.y += s.lines(head3, inkText, margin, s.y, textWidth, s.wrap(head3, paper(text), textWidth), false)
		s.y += 0.8
	}
}

// box writes a paragraph on a soft ground with a bar at its left.
func (s *pdfSheet) box(bar charts.Colour, parts []boxed) {
	const pad = 2.2
	type set struct {
		boxed
		lines []string
	}
	var sets []set
	h := 2 * pad
	for _, p := range parts {
		l := s.wrap(p.face, paper(p.text), textWidth-2*pad-3)
		sets = append(sets, set{p, l})
		h += float64(len(l)) * p.face.line()
	}
	s.room(h)
	s.fill(inkSoft)
	s.Rect(margin, s.y, textWidth, h, "F")
	s.fill(bar)
	s.Rect(margin, s.y, 0.9, h, "F")
	y := s.y + pad
	for _, p := range sets {
		y += s.lines(p.face, p.ink, margin+pad+2, y, textWidth, p.lines, false)
	}
	s.y += h + 2
}

type boxed struct {
	face typeface
	ink  charts.Colour
	text string
}
