package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/dashboards/charts"
	"github.com/grantwatch/grantwatch/dashboards/report/words"
)

// WritePDF writes the report for paper: what the HTML says, with the same charts, fonts embedded. The same report gives the
// same bytes: its dates are those of the evaluation, not of the writing.
func (r *Report) WritePDF(w io.Writer) error {
	pages := 0
	for range 2 { // the foot of a page says how many there are, which is known when all are set
		p := &pdfReport{pdfSheet: newPDFSheet(), r: r, pages: pages}
		p.compose()
		pages = p.PageCount()
		if pages != p.pages {
			continue
		}
		var b bytes.Buffer
		if err := p.Output(&b); err != nil {
			return fmt.Errorf("writing the report of %s: %w", words.Visible(r.Week), err)
		}
		if _, err := w.Write(b.Bytes()); err != nil {
			return fmt.Errorf("writing the report of %s: %w", words.Visible(r.Week), err)
		}
		return nil
	}
	return fmt.Errorf("writing the report of %s: its pages do not come out the same twice", words.Visible(r.Week))
}

// pdfReport is a report on its way to paper.
type pdfReport struct {
	*pdfSheet
	r     *Report
	pages int
	links []int // one for each team
}

func (p *pdfReport) compose() {
	r := p.r
	p.SetTitle(paper("Access report "+r.Week), true)
	p.SetAuthor("Grantwatch", true)
	p.SetCreator(paper("Grantwatch "+r.Version), true)
	p.SetLang("en")
	p.SetCreationDate(r.AsOf.UTC())
	p.SetModificationDate(r.AsOf.UTC())
	p.foot = func(n int) string { return paper(fmt.Sprintf("Access report %s · page %d / %d", r.Week, n, p.pages)) }
	for range r.Teams {
		p.links = append(p.links, p.AddLink())
	}
	p.page()
	p.first()
	p.page()
	p.models()
	p.compared()
	p.said()
	p.week()
	p.expiring()
	p.contents()
	p.others()
	for i := range r.Teams {
		p.page()
		p.team(i)
	}
	p.page()
	p.controls()
	p.page()
	p.methods()
}

func pint(n int) string { return words.Int(int64(n)) }

// first is the page that can be read in two minutes.
func (p *pdfReport) first() {
	r := p.r
	p.logo()
	p.y += 3
	p.y += p.lines(head1, inkText, margin, p.y, textWidth, []string{paper("Access report, week " + r.Week)}, false) + 0.5
	sub := "figures as of " + words.Stamp(r.AsOf)
	if !r.From.IsZero() {
		sub = words.Stamp(r.From) + " to " + words.Stamp(r.To) + " · " + sub
	}
	if r.Org != "" {
		sub = words.Short(words.Visible(r.Org), 120) + " · " + sub
	}
	p.para(small, inkQuiet, sub, 2.5)
	p.para(typeface{"", 9.6}, inkText, r.lead(), 3)
	p.tiles()
	p.trendRow(r.Trends, false)
	p.para(small, inkQuiet, r.basis(), 1)
	p.heading("What changed this week", 2)
	if m := r.Movement; m.Total() > 0 {
		p.strip([][2]string{{"New", pint(m.New)}, {"Back again", pint(m.Reopened)}, {"Resolved", pint(m.Resolved)}, {"Came and went", pint(m.Brief)}, {"Newly excepted", pint(m.Excepted)}, {"Not verifiable", pint(m.Unverifiable)}})
	} else {
		p.para(body, inkQuiet, "No change is on record for this week.", 1)
	}
	p.heading("What needs a decision", 2)
	if len(r.Decisions) == 0 {
		text := "Nothing is open. Nothing was judged either, so this is no assurance."
		if r.Totals.Grants > 0 {
			text = fmt.Sprintf("Nothing is open. %s grants were judged, their windows covered to %s on average.", pint(r.Totals.Grants), words.Percent(r.Totals.Coverage))
		}
		p.para(body, inkQuiet, text, 1)
	} else {
		p.decisions(r.Decisions[:min(firstDecisions, len(r.Decisions))], "Open findings by kind, gravest first"+more(len(r.Decisions), firstDecisions, "kinds, the others follow in detail"))
	}
	p.para(small, inkQuiet, r.careOf(), 0)
}

// firstDecisions is how many kinds the first page lists; more would not fit on it.
const firstDecisions = 6

func more(n, shown int, what string) string {
	if n <= shown {
		return ""
	}
	return fmt.Sprintf(": %d of %d %s", shown, n, what)
}

func (p *pdfReport) logo() {
	x, y := margin, p.y
	p.draw(inkAccent)
	p.SetLineWidth(0.6)
	p.CurveBezierCubic(x, y+3, x+2, y-0.4, x+6, y-0.4, x+8, y+3, "D")
	p.CurveBezierCubic(x, y+3, x+2, y+6.4, x+6, y+6.4, x+8, y+3, "D")
	p.fill(inkAccent)
	p.Circle(x+4, y+2.6, 1.1, "F")
	p.Polygon(points(x+3.6, y+3.2, x+4.4, y+3.2, x+4.8, y+4.7, x+3.2, y+4.7), "F")
	p.lines(typeface{"B", 10.5}, inkAccent, x+10, y+0.6, textWidth, []string{"Grantwatch"}, false)
	p.y += 7
}

// tiles are the four figures of the first page.
func (p *pdfReport) tiles() {
	f := &p.r.Figures
	dash := func(is bool, s string) string {
		if is {
			return s
		}
		return "–"
	}
	type tile struct{ title, value, unit, note string }
	tiles := []tile{
		{"Visibility", dash(f.Credentials > 0, words.Percent(f.Visibility)), "", fmt.Sprintf("of %s credentials of non-human identities have issuer, reach and expiry known", pint(f.Credentials))},
		{"Drift index", dash(f.Grants > 0, words.Decimal(f.DriftIndex)), dash(f.Grants > 0, f.DriftBand), "no grant was judged"},
		{"Revocation, median", dash(f.Revocation.People > 0, quantile(f.Revocation.Median)), "", "nobody with access left in 90 days"},
		{"Exceptions", pint(f.Excepted), "", fmt.Sprintf("%s end within 14 days, %s within 30", pint(f.Expiring), pint(p.r.ending()))},
	}
	if f.Grants > 0 {
		tiles[1].note = fmt.Sprintf("this week %s by real change, %s newly visible; coverage %s", signed(f.DriftReal), signed(f.DriftNewlyVisible), words.Percent(f.Coverage))
	}
	if f.Revocation.People > 0 {
		tiles[2].note = fmt.Sprintf("95th percentile %s; %s left, %s with access left", quantile(f.Revocation.P95), words.Noun(int64(f.Revocation.People), "person", "people"), pint(f.Revocation.Open))
	}
	w := textWidth / float64(len(tiles))
	h := 0.0
	var notes [][]string
	for _, t := range tiles {
		n := p.wrap(small, paper(t.note), w-5)
		notes = append(notes, n)
		h = max(h, 15+float64(len(n))*small.line())
	}
	p.room(h)
	p.draw(inkLine)
	p.SetLineWidth(0.25)
	p.RoundedRect(margin, p.y, textWidth, h, 1.2, "1234", "D")
	for i, t := range tiles {
		x := margin + float64(i)*w
		if i > 0 {
			p.draw(inkLine)
			p.Line(x, p.y, x, p.y+h)
		}
		p.lines(small, inkQuiet, x+2.5, p.y+2, w, []string{t.title}, false)
		value := paper(t.value)
		p.lines(huge, inkText, x+2.5, p.y+5.4, w, []string{value}, false)
		if t.unit != "" && t.unit != "–" {
			wide := p.GetStringWidth(value)
			p.lines(body, inkQuiet, x+3.7+wide, p.y+8.4, w, []string{t.unit}, false)
		}
		p.lines(small, inkQuiet, x+2.5, p.y+13.4, w, notes[i], false)
	}
	p.y += h + 3
}

// trendRow draws trends side by side.
func (p *pdfReport) trendRow(trends []Trend, onlyMeasured bool) {
	var list []Trend
	for _, t := range trends {
		if !onlyMeasured || t.Measured() {
			list = append(list, t)
		}
	}
	if len(list) == 0 {
		return
	}
	const gap = 5.0
	w := (textWidth - gap*float64(len(shown)-1)) / float64(len(shown))
	p.room(24)
	high := 0.0
	for i, t := range list {
		x := margin + float64(i)*(w+gap)
		p.lines(typeface{"B", 7.6}, inkText, x, p.y, w, []string{t.Title}, false)
		high = max(high, p.chartAt(t.Chart(), x, p.y+4, w))
	}
	p.y += high + 6
}

// strip sets small figures in a row.
func (p *pdfReport) strip(figures [][2]string) {
	const h = 12.0
	p.room(h + 2)
	w := textWidth / float64(len(figures))
	p.draw(inkLine)
	p.SetLineWidth(0.25)
	p.RoundedRect(margin, p.y, textWidth, h, 1.2, "1234", "D")
	for i, f := range figures {
		x := margin + float64(i)*w
		if i > 0 {
			p.Line(x, p.y, x, p.y+h)
		}
		p.lines(small, inkQuiet, x+2.2, p.y+1.6, w, []string{paper(f[0])}, false)
		p.lines(typeface{"B", 11}, inkText, x+2.2, p.y+5.4, w, []string{paper(f[1])}, false)
	}
	p.y += h + 2.6
}

func (p *pdfReport) decisions(groups []Group, caption string) {
	var rows [][]pdfCell
	for _, g := range groups {
		var teams []string
		for i, t := range g.Teams {
			if i == 3 {
				teams = append(teams, "…")
				break
			}
			teams = append(teams, words.Short(words.TeamName(t.Team), 32)+" "+pint(t.Count))
		}
		rows = append(rows, []pdfCell{{Chip: g.Severity}, {Text: words.KindTitle(g.Kind), Small: words.KindDecision(g.Kind), Bold: true}, cell(pint(g.Count)), cell(strings.Join(teams, ", ")), cell(words.Ago(g.Oldest, p.r.AsOf))})
	}
	p.table(caption, []pdfColumn{{"Gravest", 0.1, false}, {"What, and what to decide", 0.46, false}, {"Open", 0.08, true}, {"Teams", 0.25, false}, {"Oldest", 0.11, true}}, rows)
}

func severityDrawing(m map[access.Severity]int) charts.Drawing {
	return charts.Stack("Open findings by severity", severitySegments(m))
}

func verdictDrawing(m map[access.Verdict]int) charts.Drawing {
	return charts.Stack("Verdicts on grants", verdictSegments(m))
}

// legend lists the parts of a bar with their pattern and figure.
func (p *pdfReport) legend(segments []charts.Segment) {
	x := margin
	p.room(5)
	for _, s := range segments {
		if s.Value == 0 {
			continue
		}
		text := paper(s.Label + " " + s.Text)
		p.use(small)
		w := p.GetStringWidth(text) + 8
		if x+w > pageWidth-margin {
			x = margin
			p.y += 4
			p.room(5)
		}
		(&pdfCanvas{p.pdfSheet, x, p.y + 0.4, 2.6}).Bar(s.Tone, 0, 0, 1, 2.6/pixel, "")
		p.lines(small, inkText, x+3.6, p.y, w, []string{text}, false)
		x += w
	}
	p.y += 5.5
}
