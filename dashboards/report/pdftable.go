package report

import (
	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/dashboards/charts"
	"github.com/grantwatch/grantwatch/dashboards/report/words"
)

// pdfColumn is one column of a table; Share is its part of the width.
type pdfColumn struct {
	Title string
	Share float64
	Right bool
}

// pdfCell is one cell: a text, a smaller one below it, a severity as a chip, or a chart.
type pdfCell struct {
	Text   string
	Small  string
	Bold   bool
	Chip   access.Severity
	Chart  *charts.Drawing
	Target int // a link within the document
}

func cell(s string) pdfCell { return pdfCell{Text: s} }

const cellPad = 1.5

// table sets a table with its caption. Rows are not broken; the head stands again on every page.
func (s *pdfSheet) table(caption string, columns []pdfColumn, rows [][]pdfCell) {
	if len(rows) == 0 {
		return
	}
	s.room(20)
	if caption != "" {
		s.y += s.lines(small, inkQuiet, margin, s.y, textWidth, s.wrap(small, paper(caption), textWidth), false) + 0.6
	}
	s.tableHead(columns)
	for i := range rows {
		h := s.rowHeight(columns, rows[i])
		if s.y+h > pageHeight-foot {
			s.page()
			s.tableHead(columns)
		}
		s.row(columns, rows[i], h)
	}
	s.y += 2.4
}

func (s *pdfSheet) tableHead(columns []pdfColumn) {
	face := typeface{"B", 7.2}
	h := 0.0
	texts := make([][]string, len(columns))
	for i, c := range columns {
		texts[i] = s.wrap(face, c.Title, c.Share*textWidth-2*cellPad)
		h = max(h, float64(len(texts[i]))*face.line())
	}
	x := margin
	for i, c := range columns {
		up := h - float64(len(texts[i]))*face.line()
		s.lines(face, inkQuiet, x+pad(i), s.y+up, c.Share*textWidth-pad(i)-cellPad, texts[i], c.Right)
		x += c.Share * textWidth
	}
	s.y += h + 0.9
	s.rule()
}

// pad is the space before a column: none before the first, so that tables stand flush with text.
func pad(column int) float64 {
	if column == 0 {
		return 0
	}
	return cellPad
}

func (s *pdfSheet) rule() {
	s.draw(inkLine)
	s.SetLineWidth(0.2)
	s.Line(margin, s.y, pageWidth-margin, s.y)
}

func (s *pdfSheet) cellLines(c pdfCell, width float64) (text, below []string, face typeface) {
	face = typeface{"", 8}
	if c.Bold {
		face.style = "B"
	}
	if c.Text != "" {
		text = s.wrap(face, paper(c.Text), width)
	}
	if c.Small != "" {
		below = s.wrap(small, paper(c.Small), width)
	}
	return text, below, face
}

func (s *pdfSheet) rowHeight(columns []pdfColumn, row []pdfCell) float64 {
	h := 0.0
	for i, c := range row {
		text, below, face := s.cellLines(c, columns[i].Share*textWidth-pad(i)-cellPad)
		ch := float64(len(text))*face.line() + float64(len(below))*small.line()
		if c.Chip != "" {
			ch = max(ch, face.line())
		}
		if c.Chart != nil {
			ch = max(ch, c.Chart.Height*pixel)
		}
		h = max(h, ch)
	}
	return h + 1.9
}

func (s *pdfSheet) row(columns []pdfColumn, row []pdfCell, h float64) {
	x := margin
	for i, c := range row {
		width := columns[i].Share*textWidth - pad(i) - cellPad
		left, y := x+pad(i), s.y+0.9
		if c.Chip != "" {
			s.chip(c.Chip, left, y)
		}
		text, below, face := s.cellLines(c, width)
		y += s.lines(face, inkText, left, y, width, text, columns[i].Right)
		s.lines(small, inkQuiet, left, y, width, below, columns[i].Right)
		if c.Chart != nil {
			s.chartAt(*c.Chart, left, s.y+0.9, width)
		}
		if c.Target > 0 {
			s.Link(left, s.y, width, h, c.Target)
		}
		x += columns[i].Share * textWidth
	}
	s.y += h
	s.rule()
}

var chips = map[access.Severity]struct{ ground, text charts.Colour }{
	access.SeverityCritical: {charts.Colour{R: 163, G: 20, B: 43}, inkPaper},
	access.SeverityHigh:     {charts.Colour{R: 253, G: 238, B: 226}, charts.Colour{R: 143, G: 57, B: 5}},
	access.SeverityMedium:   {charts.Colour{R: 253, G: 245, B: 216}, charts.Colour{R: 107, G: 78, B: 0}},
	access.SeverityLow:      {inkPaper, charts.Colour{R: 40, G: 91, B: 118}},
	access.SeverityInfo:     {inkPaper, inkQuiet},
}

// chip writes a severity in a small frame and returns how wide it is.
func (s *pdfSheet) chip(v access.Severity, x, y float64) float64 {
	look, ok := chips[v]
	if !ok {
		look = chips[access.SeverityInfo]
	}
	face := typeface{"B", 6.8}
	s.use(face)
	text := paper(words.SeverityName(v))
	w := s.GetStringWidth(text) + 3
	s.fill(look.ground)
	s.draw(look.text)
	s.SetLineWidth(0.2)
	s.RoundedRect(x, y+0.1, w, 3.5, 0.6, "1234", "DF")
	s.colour(look.text)
	s.Text(x+1.5, y+2.65, text)
	return w
}
