package report

import (
	"fmt"
	"strings"

	"codeberg.org/go-pdf/fpdf"

	"github.com/grantwatch/grantwatch/dashboards/charts"
	"github.com/grantwatch/grantwatch/dashboards/report/words"
)

func points(xy ...float64) []fpdf.PointType {
	var out []fpdf.PointType
	for i := 0; i+1 < len(xy); i += 2 {
		out = append(out, fpdf.PointType{X: xy[i], Y: xy[i+1]})
	}
	return out
}

func short(n int, s string) string { return words.Short(words.Visible(s), n) }

// models is the table of recommendations.
func (p *pdfReport) models() {
	var rows [][]pdfCell
	for i := range p.r.Teams {
		t := &p.r.Teams[i]
		if t.Model.Known() {
			rows = append(rows, []pdfCell{{Text: short(60, words.TeamName(t.Name)), Bold: true, Target: p.links[i]}, cell(modelName(t.Model.Policy.Model)), cell(modelName(t.Model.Execution.Model)), cell(words.Day(t.Model.Execution.Since)), {Small: short(240, t.Model.Execution.Why)}})
		}
	}
	if len(rows) == 0 {
		return
	}
	p.heading("Who decides, who carries it out", 2)
	p.table("Recommended for each team by the board's rules; oversight is always central. A word has to hold for four weeks before it becomes the recommendation.",
		[]pdfColumn{{"Team", 0.17, false}, {"Policy", 0.11, false}, {"Execution", 0.11, false}, {"Since", 0.12, false}, {"Why", 0.49, false}}, rows)
}

func (p *pdfReport) compared() {
	c := p.r.Comparison
	if c == nil {
		return
	}
	p.heading("Compared with week "+c.Week, 2)
	caption := "Figures of the organisation"
	if !c.At.IsZero() {
		caption += "; those of week " + c.Week + " as they were saved at " + words.Stamp(c.At)
	}
	var rows [][]pdfCell
	for _, r := range c.Rows {
		rows = append(rows, []pdfCell{{Text: r.Title, Bold: true}, cell(r.Print(r.Then)), cell(r.Print(r.Now)), cell(r.Change())})
	}
	p.table(caption, []pdfColumn{{"Figure", 0.4, false}, {"Week " + paper(c.Week), 0.2, true}, {"This week", 0.2, true}, {"Change", 0.2, true}}, rows)
	if len(c.Drift) > 0 {
		p.chart("Drift index of the teams that moved most", c.Chart(p.r.Week))
	}
}

// said is what could be said of grants, and of those who left.
func (p *pdfReport) said() {
	r := p.r
	if r.Totals.Grants == 0 {
		return
	}
	p.heading("What could be said", 2)
	if r.Totals.Open > 0 {
		p.chart("Open findings by severity", severityDrawing(r.Severity))
		p.legend(severitySegments(r.Severity))
	}
	p.chart("What could be said of "+pint(r.Totals.Grants)+" grants", verdictDrawing(r.Verdicts))
	p.legend(verdictSegments(r.Verdicts))
	var rows [][]pdfCell
	for _, v := range r.Leavers {
		took := "open for " + words.Span(r.AsOf.Sub(v.Ended))
		if !v.Revoked.IsZero() {
			took = words.Span(v.Revoked.Sub(v.Ended))
		}
		rows = append(rows, []pdfCell{cell(short(60, v.Person)), cell(short(40, words.TeamName(v.Team))), cell(words.Day(v.Ended)), cell(took), {Small: short(160, v.Evidence)}})
	}
	p.table("People whose access took longest to be taken away, what is still open first", []pdfColumn{{"Person", 0.15, false}, {"Team", 0.14, false}, {"Left", 0.12, true}, {"Took", 0.14, true}, {"Last", 0.45, false}}, rows)
}

func (p *pdfReport) week() {
	p.heading("The week by team", 2)
	m := p.r.Movement
	if m.Total() == 0 {
		p.para(body, inkQuiet, "No change is on record for this week.", 1)
		return
	}
	line := func(name string, m Movement) []pdfCell {
		out := []pdfCell{{Text: name, Bold: true}}
		for _, n := range []int{m.New, m.Reopened, m.Resolved, m.Brief, m.Excepted, m.Revised, m.Unverifiable} {
			out = append(out, cell(pint(n)))
		}
		return out
	}
	var rows [][]pdfCell
	for _, t := range p.r.ByTeam {
		rows = append(rows, line(short(60, words.TeamName(t.Team)), t))
	}
	rows = append(rows, line("All teams", m))
	columns := []pdfColumn{{"Team", 0.3, false}}
	for _, c := range []string{"New", "Back again", "Resolved", "Came and went", "Excepted", "Changed", "Not verifiable"} {
		columns = append(columns, pdfColumn{c, 0.1, true})
	}
	p.table("Findings that moved, each counted once by where it stood before and after. “Not verifiable” is evidence that went missing, or was never there.", columns, rows)
}

func (p *pdfReport) expiring() {
	r := p.r
	p.heading("Exceptions and registers", 2)
	if len(r.Exceptions)+len(r.Registers) == 0 {
		p.para(body, inkQuiet, "No exception ends within 30 days, and no register entry has expired or matches nothing.", 1)
		return
	}
	var rows [][]pdfCell
	for _, e := range r.Exceptions[:min(10, len(r.Exceptions))] {
		rows = append(rows, []pdfCell{{Text: words.Day(e.Expires), Small: words.Ago(e.Expires, r.AsOf)}, cell(short(40, words.TeamName(e.Team))), cell(words.KindTitle(e.Kind)), {Text: short(160, e.Reason), Small: "approved by " + short(80, e.Approver)}, cell(pint(e.Count))})
	}
	p.table("Exceptions that end within 30 days"+more(len(r.Exceptions), 10, "exceptions"), []pdfColumn{{"Ends", 0.13, false}, {"Team", 0.15, false}, {"What", 0.25, false}, {"Reason and approver", 0.38, false}, {"Findings", 0.09, true}}, rows)
	if len(r.Registers) > 0 {
		p.heading("Entries that want care", 3)
		for _, n := range r.Registers[:min(20, len(r.Registers))] {
			p.para(typeface{"", 8}, inkText, fmt.Sprintf("•  %s (%s:%d)", short(240, n.What), short(120, n.Source), n.Line), 0.4)
		}
	}
}

// contents are the teams with their figures, each linked to its page.
func (p *pdfReport) contents() {
	if len(p.r.Teams) == 0 {
		return
	}
	p.heading("Teams", 2)
	var rows [][]pdfCell
	for i := range p.r.Teams {
		t := &p.r.Teams[i]
		bar := severityDrawing(t.Severity)
		bar.Height = 14
		name, cover, drift, visible := short(60, words.TeamName(t.Name)), "–", "–", "–"
		if t.Grants > 0 {
			cover, drift = words.Percent(t.Coverage), words.Decimal(t.DriftIndex)+" "+t.DriftBand
		}
		if t.Credentials > 0 {
			visible = words.Percent(t.Visibility)
		}
		regulated := ""
		if t.Regulated {
			regulated = "regulated"
		}
		rows = append(rows, []pdfCell{{Text: name, Small: regulated, Bold: true, Target: p.links[i]}, cell(pint(t.Open)), {Chart: thin(bar, severitySegments(t.Severity))}, cell(pint(t.Unverifiable)), cell(pint(t.Excepted)), cell(pint(t.Grants)), cell(cover), cell(drift), cell(visible)})
	}
	p.table("Figures by team; the drift index is never printed without its coverage", []pdfColumn{{"Team", 0.2, false}, {"Open", 0.07, true}, {"By severity", 0.2, false}, {"Not verifiable", 0.1, true}, {"Excepted", 0.09, true}, {"Grants", 0.08, true}, {"Coverage", 0.09, true}, {"Drift index", 0.09, true}, {"Visibility", 0.08, true}}, rows)
}

// thin is a stacked bar without figures, for a line of a table.
func thin(d charts.Drawing, segments []charts.Segment) *charts.Drawing {
	for i := range segments {
		segments[i].Text = ""
	}
	d.Height = 11
	d.Paint = func(c charts.Canvas) {
		total := 0
		for _, s := range segments {
			total += s.Value
		}
		if total == 0 {
			c.Bar(charts.Faint, 0, 1, 1, 10, "")
			return
		}
		x := 0.0
		for _, s := range segments {
			w := float64(s.Value) / float64(total)
			if w > 0 {
				c.Bar(s.Tone, x, 1, w, 10, "")
			}
			x += w
		}
	}
	return &d
}

func (p *pdfReport) others() {
	if d := p.r.Decisions; len(d) > firstDecisions {
		p.heading("Other kinds that are open", 2)
		p.decisions(d[firstDecisions:], "The remaining "+pint(len(d)-firstDecisions)+" kinds")
	}
}

// team is one team's part.
func (p *pdfReport) team(i int) {
	t := &p.r.Teams[i]
	p.SetLink(p.links[i], p.y, -1)
	title := short(80, words.TeamName(t.Name))
	if t.Regulated {
		title += " (regulated)"
	}
	p.heading(title, 2)
	if len(t.Owners) > 0 {
		p.para(small, inkQuiet, "Owned by "+short(200, strings.Join(t.Owners, ", ")), 1)
	}
	cover, drift := "–", "–"
	if t.Grants > 0 {
		cover, drift = words.Percent(t.Coverage), words.Decimal(t.DriftIndex)+" "+t.DriftBand
	}
	p.strip([][2]string{{"Open", pint(t.Open)}, {"Not verifiable", pint(t.Unverifiable)}, {"Excepted", pint(t.Excepted)}, {"Grants judged", pint(t.Grants)}, {"Coverage", cover}, {"Drift index", drift}})
	p.model(t)
	if s := t.sentence(); s != "" {
		p.para(body, inkText, s, 1.5)
	}
	if t.Grants > 0 {
		p.trendRow(t.Trends, true)
		p.chart("", verdictDrawing(t.Verdicts))
		p.legend(verdictSegments(t.Verdicts))
	}
	p.teamFindings(t)
}

// sentence says visibility, drift split and revocation of a team.
func (t *Section) sentence() string {
	var s []string
	if t.Grants > 0 {
		s = append(s, fmt.Sprintf("The drift index moved this week by %s through real change and %s through what is newly visible.", signed(t.DriftReal), signed(t.DriftNewlyVisible)))
	}
	if t.Credentials > 0 {
		u := fmt.Sprintf("Visibility %s: of %s of non-human identities, %s have no known issuer, %s no known reach, %s no known expiry", words.Percent(t.Visibility), words.Noun(int64(t.Credentials), "credential", "credentials"), pint(t.Unanswered.Issuer), pint(t.Unanswered.Reach), pint(t.Unanswered.Expiry))
		if t.Unanswered.Stale > 0 {
			u += ", and " + pint(t.Unanswered.Stale) + " rest on evidence that is too old"
		}
		s = append(s, u+".")
	}
	if t.Revocation.People > 0 {
		s = append(s, fmt.Sprintf("Revocation: median %s, 95th percentile %s over %s, %s with access left.", quantile(t.Revocation.Median), quantile(t.Revocation.P95), words.Noun(int64(t.Revocation.People), "person", "people"), pint(t.Revocation.Open)))
	}
	return strings.Join(s, " ")
}

func (p *pdfReport) model(t *Section) {
	m := &t.Model
	if !m.Known() {
		return
	}
	parts := []boxed{
		{head3, inkText, "Recommended: policy " + modelName(m.Policy.Model) + ", execution " + modelName(m.Execution.Model) + ", oversight central"},
		{small, inkQuiet, "since " + words.Day(m.Execution.Since) + ", rule " + short(60, m.Execution.Rule)},
		{body, inkText, short(400, m.Execution.Why)},
	}
	for _, l := range []struct{ name, text string }{{"Execution", pending(m.Execution)}, {"Policy", pending(m.Policy)}} {
		if l.text != "" {
			parts = append(parts, boxed{body, inkText, l.name + ": " + l.text + "."})
		}
	}
	if c := m.Execution.Counterfactual; c != "" {
		parts = append(parts, boxed{small, inkQuiet, short(900, c) + "."})
	}
	p.box(inkAccent, parts)
}

func (p *pdfReport) teamFindings(t *Section) {
	if len(t.Groups) == 0 {
		text := "No finding is open. No grant of this team was judged, so this is no assurance."
		if t.Grants > 0 {
			text = fmt.Sprintf("No finding is open. %s grants were judged, their windows covered to %s on average.", pint(t.Grants), words.Percent(t.Coverage))
		}
		p.para(body, inkQuiet, text, 1)
	} else {
		var rows [][]pdfCell
		for _, g := range t.Groups[:min(mostGroups, len(t.Groups))] {
			var names []string
			for _, n := range g.Names {
				names = append(names, short(40, n))
			}
			rows = append(rows, []pdfCell{{Chip: g.Severity}, cell(words.KindTitle(g.Kind)), cell(pint(g.Count)), {Small: strings.Join(names, ", ")}, cell(words.Ago(g.Oldest, p.r.AsOf))})
		}
		p.table("Open findings by kind"+more(len(t.Groups), mostGroups, "kinds"), []pdfColumn{{"Gravest", 0.1, false}, {"Kind", 0.3, false}, {"Open", 0.08, true}, {"For example", 0.4, false}, {"Oldest", 0.12, true}}, rows)
	}
	var rows [][]pdfCell
	for _, b := range t.Blinds[:min(8, len(t.Blinds))] {
		between := "–"
		if !b.From.IsZero() {
			between = words.Day(b.From) + " and " + words.Day(b.To)
		}
		rows = append(rows, []pdfCell{cell(short(60, b.Feed)), {Small: short(160, b.Why)}, cell(between), cell(pint(b.Count))})
	}
	p.table(fmt.Sprintf("Why %s could not be given (a verdict may have several reasons)", words.Noun(int64(t.Unverifiable), "verdict", "verdicts")), []pdfColumn{{"Feed", 0.22, false}, {"Reason", 0.42, false}, {"Between", 0.26, false}, {"Verdicts", 0.1, true}}, rows)
	if len(t.Gravest) > 0 {
		p.gravestOf(t)
	}
}

// mostGroups and leastGravest keep a team on its page: what does not fit is in the HTML and the table beside it.
const (
	mostGroups   = 10
	leastGravest = 1
)

func (p *pdfReport) gravestOf(t *Section) {
	p.heading("The gravest", 3)
	for i, f := range t.Gravest {
		title := words.KindTitle(f.Kind) + " – " + short(80, About(f))
		since := "since " + words.Day(f.FirstSeen)
		if f.Coverage != nil {
			since += ", coverage " + words.Percent(*f.Coverage)
		}
		const left = margin + 6
		width := textWidth - 6
		why := p.wrap(typeface{"", 8}, paper(short(320, f.Why)), width)
		what := ""
		if g := f.Grant; g != nil {
			if what = short(90, g.Permission); g.Resource != "" {
				what += " on " + short(110, g.Resource)
			}
		}
		code := p.wrap(mono, paper(what), width)
		heads := p.wrap(typeface{"B", 8}, paper(title), width-16)
		h := float64(len(heads))*typeface{"B", 8}.line() + small.line() + float64(len(why))*typeface{"", 8}.line() + float64(len(code))*mono.line() + 1.6
		if i >= leastGravest && p.y+h+small.line() > pageHeight-foot {
			p.para(small, inkQuiet, fmt.Sprintf("%d more of the gravest are in the HTML, all of them in the table (CSV).", len(t.Gravest)-i), 0)
			return
		}
		p.room(h)
		p.lines(body, inkQuiet, margin, p.y, 6, []string{fmt.Sprint(i+1) + "."}, false)
		w := p.chip(f.Severity, left, p.y)
		y := p.y + p.lines(typeface{"B", 8}, inkText, left+w+1.5, p.y, width, heads, false)
		y += p.lines(small, inkQuiet, left, y, width, []string{paper(since)}, false)
		y += p.lines(typeface{"", 8}, inkText, left, y, width, why, false)
		p.lines(mono, inkText, left, y, width, code, false)
		p.y += h
	}
	p.y += 1.5
}

func (p *pdfReport) controls() {
	p.heading("Evidence by control", 2)
	p.para(body, inkText, "How many findings bear on each control. A control that is not listed has no finding; that is not proof that it works.", 1.5)
	if len(p.r.Controls) == 0 {
		p.para(body, inkQuiet, "No finding names a control.", 1)
	}
	for _, fw := range p.r.Controls {
		var rows [][]pdfCell
		for _, c := range fw.Controls {
			label := c.Label
			if c.Alias != "" {
				label += " (" + c.Alias + ")"
			}
			rows = append(rows, []pdfCell{{Text: short(60, c.ID), Bold: true}, cell(label), cell(pint(c.Open)), cell(pint(c.Unverifiable)), cell(pint(c.Excepted))})
		}
		p.heading(fw.Name, 3)
		p.table("", []pdfColumn{{"Control", 0.2, false}, {"", 0.44, false}, {"Open", 0.1, true}, {"Not verifiable", 0.14, true}, {"Excepted", 0.12, true}}, rows)
	}
}

func (p *pdfReport) methods() {
	r := p.r
	p.heading("Method and limits", 2)
	p.para(typeface{"", 9}, inkText, "Absent evidence is unverifiable, never “unused”. A grant is called unused only if every feed in which a use would have been recorded was covered for the whole window. Shares are rounded towards the worse.", 2)
	p.heading("Coverage by feed and day", 3)
	if len(r.days) > 0 {
		d := heat(r.days, r.AsOf)
		if d.Height*pixel < pageHeight-margin-foot-20 {
			p.chart("", d)
		} else {
			p.para(small, inkQuiet, "There are more feeds than fit on a page; the HTML beside this file shows them day by day.", 1)
		}
		p.para(small, inkQuiet, "A day is filled to the share in which the feed was covered; hatched is time without evidence.", 1.5)
	}
	var rows [][]pdfCell
	for i := range r.Feeds {
		f := &r.Feeds[i]
		state := ""
		if f.Silent {
			state = "silent"
		}
		rows = append(rows, []pdfCell{{Text: short(60, f.Name), Small: short(20, f.Provider), Bold: true}, cell(short(40, words.TeamName(f.Team))), cell(words.Int(f.Received)), cell(words.Int(f.Rejected)), cell(words.Percent(f.Coverage)), cell(pint(f.Blinds)), cell(state)})
	}
	p.table("What each feed could see in 90 days", []pdfColumn{{"Feed", 0.28, false}, {"Team", 0.17, false}, {"Records", 0.14, true}, {"Unreadable", 0.11, true}, {"Covered", 0.1, true}, {"Verdicts made unverifiable", 0.12, true}, {"", 0.08, true}}, rows)
	if len(r.Feeds) == 0 {
		p.para(body, inkQuiet, "No feed is configured, so no use could have been seen.", 1)
	}
	p.heading("What the verdicts mean", 3)
	rows = nil
	for _, v := range words.Verdicts() {
		rows = append(rows, []pdfCell{{Text: words.VerdictName(v), Bold: true}, cell(words.VerdictMeaning(v))})
	}
	p.table("", []pdfColumn{{"Verdict", 0.2, false}, {"Meaning", 0.8, false}}, rows)
	p.heading("What the figures mean", 3)
	rows = nil
	for _, m := range method {
		rows = append(rows, []pdfCell{{Text: m[0], Bold: true}, cell(m[1])})
	}
	p.table("", []pdfColumn{{"Figure", 0.2, false}, {"Meaning", 0.8, false}}, rows)
	if len(r.Partial) > 0 {
		var list []string
		for _, e := range r.Partial {
			list = append(list, fmt.Sprintf("%s for %s (%s judged)", short(60, e.Rule), short(40, words.TeamName(e.Team)), pint(e.Judged)))
		}
		p.heading("Rules that could not judge everything", 3)
		p.para(typeface{"", 8}, inkText, strings.Join(list, "; ")+".", 1)
	}
	if len(r.Notes) > 0 {
		p.heading("Notes of the evaluation", 3)
		for _, n := range r.Notes {
			p.para(typeface{"", 8}, inkText, "•  "+short(300, n), 0.4)
		}
	}
	if r.Rebuilt {
		p.box(inkLine, []boxed{{body, inkText, rebuiltWords}})
	}
	made := "Made by Grantwatch"
	if r.Version != "" {
		made += " " + r.Version
	}
	p.para(small, inkQuiet, made+" from the evaluation of "+words.Stamp(r.AsOf)+". Times are UTC. The full list of findings is in the table (CSV) beside this file.", 0)
}
