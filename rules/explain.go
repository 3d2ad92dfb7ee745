package rules

import (
	"fmt"
	"sort"
	"strings"
)

// Explain is one page about a rule: what it says, its parameters, its cases in words, its controls. The empty string
// means that there is no such rule.
func Explain(s *Set, id string) string {
	r := s.Rule(id)
	if r == nil {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", r.ID, r.Title)
	fmt.Fprintf(&b, "kind %s, on %s, severity %s", r.Kind, r.On, r.defaultSeverity(r.floor))
	if r.Team != "" {
		fmt.Fprintf(&b, ", a rule of team %s", r.Team)
	}
	if r.floor.disabled {
		b.WriteString(", switched off")
	}
	fmt.Fprintf(&b, "\n%s:%d\n", r.File, r.Line)
	if r.Doc != "" {
		fmt.Fprintf(&b, "\n%s\n", wrap(r.Doc, "", 100))
	}
	section(&b, "Needs", r.needsLines())
	section(&b, "Parameters", s.paramLines(r))
	section(&b, "Where it says", r.letLines())
	section(&b, "Cases, the first that holds decides", r.caseLines())
	section(&b, "It may be wrong when", r.FalsePositives)
	section(&b, "What to do", numbered(r.Response))
	section(&b, "Controls", r.controlLines())
	section(&b, "More", r.Refs)
	return b.String()
}

func section(b *strings.Builder, title string, lines []string) {
	if len(lines) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s\n", title)
	for _, l := range lines {
		fmt.Fprintf(b, "  %s\n", wrap(l, "    ", 100))
	}
}

func numbered(lines []string) []string {
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = fmt.Sprintf("%d. %s", i+1, l)
	}
	return out
}

func (r *Rule) needsLines() []string {
	var out []string
	if len(r.Needs.Feeds) > 0 {
		out = append(out, "feeds: "+strings.Join(r.Needs.Feeds, ", "))
	}
	if r.Needs.Entitlements {
		out = append(out, "entitlements: a snapshot of who may do what")
	}
	if r.Needs.Identities {
		out = append(out, "identities: who exists, who has left, who owns which NHI")
	}
	return out
}

func (s *Set) paramLines(r *Rule) []string {
	var out []string
	for _, p := range r.Params {
		value := r.floor.values[p.Name]
		line := fmt.Sprintf("%s = %s", p.Name, value)
		if p.Unit != "" {
			line += " " + p.Unit
		}
		line += fmt.Sprintf(" (%s is tighter)", p.Tighter)
		if !value.equal(p.Default) {
			line += fmt.Sprintf(" [default %s]", p.Default)
		}
		if p.Doc != "" {
			line += ": " + p.Doc
		}
		out = append(out, line)
		teams := make([]string, 0, len(r.variants))
		for t := range r.variants {
			teams = append(teams, t)
		}
		sort.Strings(teams)
		for _, t := range teams {
			if v := r.variants[t].values[p.Name]; !v.equal(value) {
				out = append(out, fmt.Sprintf("  team %s: %s", t, v))
			}
		}
	}
	return out
}

func (r *Rule) letLines() []string {
	var out []string
	for _, l := range r.lets {
		out = append(out, fmt.Sprintf("%q, it means: %s", strings.ReplaceAll(l.name, "_", " "), r.inWords(l.src.text)))
	}
	return out
}

func (r *Rule) caseLines() []string {
	var out []string
	for i, c := range r.Cases {
		says := c.Says
		if says == "" {
			says = "when " + r.inWords(c.When)
		}
		line := fmt.Sprintf("%d. %s, %s", i+1, c.Verdict, says)
		if sev := r.severityWords(c); sev != "" {
			line += " (" + sev + ")"
		}
		out = append(out, line, "     when: "+c.When)
	}
	return out
}

func (r *Rule) severityWords(c Case) string {
	var parts []string
	for _, ch := range c.Severity {
		switch {
		case ch.When != "":
			parts = append(parts, fmt.Sprintf("%s when %s", ch.Is, r.inWords(ch.When)))
		case len(parts) > 0:
			parts = append(parts, "else "+string(ch.Is))
		default:
			parts = append(parts, string(ch.Is))
		}
	}
	return strings.Join(parts, "; ")
}

func (r *Rule) controlLines() []string {
	var out []string
	add := func(name string, ids []string) {
		if len(ids) > 0 {
			out = append(out, name+": "+strings.Join(ids, ", "))
		}
	}
	csf := make([]string, len(r.Controls.CSF))
	for i, id := range r.Controls.CSF {
		csf[i] = id
		if alias := csf11[id]; alias != "" {
			csf[i] += " (" + alias + " in CSF 1.1)"
		}
	}
	add("NIST CSF 2.0", csf)
	add("CIS Controls 8.1", r.Controls.CIS)
	add("NIST SP 800-53 r5", r.Controls.SP80053)
	add("NIST SP 800-63, for people", r.Controls.SP80063)
	add("OWASP NHI Top 10", r.OWASPIDs())
	return out
}

// wrap breaks a line at spaces; what follows the first line is indented.
func wrap(s, indent string, width int) string {
	if runes(s) <= width {
		return s
	}
	var b strings.Builder
	column := 0
	for i, word := range strings.Split(s, " ") {
		n := runes(word)
		switch {
		case i == 0:
		case column+1+n > width:
			b.WriteString("\n  " + indent)
			column = len(indent)
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += n
	}
	return b.String()
}
