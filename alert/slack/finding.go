package slack

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/grantwatch/grantwatch/access"
)

// finding says one finding: what, who, since when, why we believe it, on which evidence, what to do and which controls it
// concerns. A line that has nothing to say is left out.
func finding(f *access.Finding, d detail) string {
	lines := []string{what(f, d)}
	add := func(label, text string) {
		if text != "" {
			lines = append(lines, "*"+label+"* "+text)
		}
	}
	add("Who", who(f.Identity, d))
	add("Since", since(f, d))
	add("Reach", reach(f, d))
	add("Why", prose(f.Why, d.why))
	add("Evidence", evidence(f, d))
	add("Note", prose(f.Note, d.proposal))
	add("Proposal", code(f.Proposal, d.proposal))
	add("Controls", controls(f, d))
	add("State", state(f.Handling, d))
	return strings.Join(lines, "\n")
}

func what(f *access.Finding, d detail) string {
	s := "*" + grade(f.Severity) + "* · " + prose(string(f.Verdict), 20)
	if f.AttemptedOnly {
		s += ", only denied attempts"
	}
	if g := f.Grant; g != nil {
		s += " · " + code(g.Permission, d.name)
		if g.Resource != "" {
			s += " on " + code(g.Resource, d.name)
		}
		if place := strings.TrimSpace(g.Provider + " " + g.Account); place != "" {
			s += " in " + code(place, d.name)
		}
	} else if f.Title != "" {
		s += " · " + prose(f.Title, d.name)
	}
	if f.Feed != "" {
		s += " · feed " + code(f.Feed, d.name)
	}
	return s
}

func who(id *access.FindingIdentity, d detail) string {
	if id == nil {
		return ""
	}
	s := code(or(id.Name, id.UID), d.name)
	if s == "" {
		return ""
	}
	var more []string
	if id.Kind != "" {
		more = append(more, prose(string(id.Kind), 20))
	}
	if id.Person != "" && id.Person != id.Name {
		more = append(more, "person "+code(id.Person, d.name))
	}
	if id.Owner != "" {
		more = append(more, "owner "+code(id.Owner, d.name))
	}
	if len(more) > 0 {
		s += " (" + strings.Join(more, ", ") + ")"
	}
	return s
}

// reach says what the access is good for: how heavy it is, and which of its actions are used.
func reach(f *access.Finding, d detail) string {
	var out []string
	if f.Weight > 0 {
		out = append(out, "privilege weight "+number(f.Weight)+" (read 1, admin 10)")
	}
	if n := len(f.UsedActions); n > 0 {
		s := plural(n, "action") + " used"
		for i, a := range f.UsedActions {
			if i == d.list {
				break
			}
			sep := ", "
			if i == 0 {
				sep = ": "
			}
			s += sep + code(a, d.name)
		}
		if n > d.list && d.list > 0 {
			s += " …"
		}
		out = append(out, s)
	}
	if f.UnusedActions > 0 {
		s := plural(f.UnusedActions, "action") + " unused"
		if f.UnusedWeight > 0 {
			s += ", weight " + number(f.UnusedWeight)
		}
		out = append(out, s)
	}
	return strings.Join(out, " · ")
}

func number(x float64) string { return strconv.FormatFloat(math.Round(x*10)/10, 'f', -1, 64) }

// state says what somebody has said of a finding.
func state(h *access.Handling, d detail) string {
	if h == nil {
		return ""
	}
	s := prose(strings.ReplaceAll(h.State, "_", " "), 30)
	if h.By != "" {
		s += " by " + code(h.By, d.name)
	}
	if !h.At.IsZero() {
		s += ", " + minute(h.At)
	}
	if !h.Until.IsZero() {
		s += ", until " + minute(h.Until)
	}
	if h.Team != "" {
		s += ", handed to " + code(h.Team, d.name)
	}
	if why := prose(h.Why, d.why); why != "" {
		s += ": " + why
	}
	return s
}

func since(f *access.Finding, d detail) string {
	var out []string
	if g := f.Grant; g != nil {
		if !g.GrantedAt.IsZero() {
			out = append(out, "granted "+day(g.GrantedAt))
			if g.GrantedBy != "" {
				out[0] += " by " + code(g.GrantedBy, d.name)
			}
		}
		if !g.ExpiresAt.IsZero() {
			out = append(out, "expires "+day(g.ExpiresAt))
		}
	}
	if !f.LastUsed.IsZero() {
		out = append(out, "last used "+minute(f.LastUsed))
	}
	if !f.FirstSeen.IsZero() {
		out = append(out, "found "+minute(f.FirstSeen))
	}
	return strings.Join(out, " · ")
}

// evidence says how much of the window the verdict rests on, and what is missing.
func evidence(f *access.Finding, d detail) string {
	var out []string
	if f.Coverage != nil && f.Window != nil {
		days := f.Window.To.Sub(f.Window.From).Hours() / 24
		s := percent(*f.Coverage) + " % of " + plural(int(math.Round(days)), "day")
		if f.CoverageGrade != "" {
			s += ", " + prose(f.CoverageGrade, 10)
		}
		out = append(out, s)
	}
	if n := len(f.Gaps); n > 0 {
		s := plural(n, "gap")
		for i, g := range f.Gaps {
			if i == d.list {
				if i > 0 {
					s += fmt.Sprintf(" and %d more", n-i)
				}
				break
			}
			s += fmt.Sprintf("; %s %s to %s", code(g.Feed, d.name), minute(g.From), minute(g.To))
			if g.Why != "" {
				s += " (" + prose(g.Why, d.name) + ")"
			}
		}
		out = append(out, s)
	}
	for i, e := range f.Evidence {
		if i == d.list {
			break
		}
		if s := prose(e, 2*d.name); s != "" {
			out = append(out, s)
		}
	}
	return strings.Join(out, " · ")
}

// percent rounds down: 99.99 % covered is not 100 %.
func percent(share float64) string {
	if math.IsNaN(share) {
		return "0"
	}
	p := math.Floor(min(max(share, 0), 1)*1000+1e-9) / 10 // the sum keeps 0.29 from becoming 28.9
	return strconv.FormatFloat(p, 'f', -1, 64)
}

func controls(f *access.Finding, d detail) string {
	var out []string
	for _, list := range [][]string{f.Controls, f.OWASP} {
		for i, c := range list {
			if i == 2*d.list {
				break
			}
			if s := code(c, 40); s != "" { // exact: an id is looked up
				out = append(out, s)
			}
		}
	}
	return strings.Join(out, ", ")
}

// grade is the severity as a word that is certainly one of ours.
func grade(s access.Severity) string {
	if s.Rank() == 0 {
		return "unrated"
	}
	return string(s)
}
