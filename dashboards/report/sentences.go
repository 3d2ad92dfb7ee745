package report

import (
	"fmt"
	"strings"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/dashboards/report/words"
)

// lead is what the week comes to, in a few sentences.
func (r *Report) lead() string {
	var s strings.Builder
	t := &r.Totals
	if t.Grants == 0 {
		s.WriteString("No grant was judged, so these figures say nothing about access. ")
	} else {
		s.WriteString(words.Noun(int64(t.Open), "finding is", "findings are") + " open")
		if n := r.Severity[access.SeverityCritical]; n > 0 {
			s.WriteString(", " + pint(n) + " of them critical")
		}
		s.WriteString(". ")
		if t.Unverifiable > 0 {
			s.WriteString(words.Noun(int64(t.Unverifiable), "verdict", "verdicts") + " could not be given because evidence is missing; they are not counted as findings, and they are no sign of disuse. ")
		} else {
			s.WriteString("No verdict was withheld for lack of evidence. ")
		}
	}
	if m := r.Movement; m.Total() > 0 {
		s.WriteString("In the week " + words.Noun(int64(m.New), "finding", "findings") + " came up")
		if m.Reopened > 0 {
			s.WriteString(", " + pint(m.Reopened) + " came back")
		}
		s.WriteString(" and " + words.Noun(int64(m.Resolved), "was", "were") + " resolved.")
	} else {
		s.WriteString("Nothing changed in the week on record.")
	}
	return s.String()
}

// basis says what the first page's figures rest on.
func (r *Report) basis() string {
	t := &r.Totals
	s := "No grant was judged."
	if t.Grants > 0 {
		s = fmt.Sprintf("Open findings come from windows covered to %s on average; %s of %s grants could not be judged. %s people, %s non-human identities", words.Percent(t.Coverage),
			words.Percent(words.Share(r.Verdicts[access.VerdictUnverifiable], t.Grants)), pint(t.Grants), pint(t.People), pint(t.NHIs))
		if r.Figures.People > 0 {
			s += ": " + words.Decimal(r.Figures.NHIRatio()) + " for each person"
		}
		s += "."
	}
	for _, n := range r.Remarks {
		s += " " + words.Short(words.Visible(n), 300)
	}
	return s
}

// careOf says what of exceptions and registers wants care.
func (r *Report) careOf() string {
	s := "No exception ends within 30 days"
	if n := len(r.Exceptions); n > 0 {
		s = words.Noun(int64(n), "exception ends", "exceptions end") + " within 30 days, the first on " + words.Day(r.Exceptions[0].Expires)
	}
	if n := len(r.Registers); n > 0 {
		return s + "; " + words.Noun(int64(n), "register entry wants", "register entries want") + " care."
	}
	return s + "; no register entry wants care."
}

// ending is how many findings have an exception that ends within 30 days.
func (r *Report) ending() int {
	n := 0
	for _, e := range r.Exceptions {
		n += e.Count
	}
	return n
}
