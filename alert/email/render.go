package email

import (
	_ "embed" // the templates
	"fmt"
	html "html/template"
	"strings"
	plain "text/template"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/alert"
	"github.com/grantwatch/grantwatch/alert/document"
	"github.com/grantwatch/grantwatch/alert/inert"
)

//go:embed mail.txt.tmpl
var plainText string

//go:embed mail.html.tmpl
var htmlText string

var funcs = map[string]any{
	"who": who, "what": what, "evidence": evidence, "since": since, "why": reasonText, "upper": func(s access.Severity) string { return strings.ToUpper(string(s)) },
	"day": func(t time.Time) string { return t.UTC().Format("2 January 2006") }, "stamp": func(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04 UTC") }, "headline": headline, "list": func(s []string) string { return strings.Join(s, ", ") },
	"controls": func(f access.Finding) string {
		return strings.Join(append(append([]string{}, f.OWASP...), f.Controls...), ", ")
	},
}

var (
	plainMail = plain.Must(plain.New("mail").Funcs(funcs).Parse(plainText))
	htmlMail  = html.Must(html.New("mail").Funcs(funcs).Parse(htmlText))
)

func render(d *document.Document) (text, markup string, err error) {
	var t, h strings.Builder
	if err := plainMail.Execute(&t, d); err != nil {
		return "", "", fmt.Errorf("email: %w", err)
	}
	if err := htmlMail.Execute(&h, d); err != nil {
		return "", "", fmt.Errorf("email: %w", err)
	}
	return t.String(), h.String(), nil
}

const maxSubject = 120

// encoded begins a word that a reader of mail decodes, wherever it stands; broken, it is shown as it is.
func encoded(s string) string { return strings.ReplaceAll(s, "=?", "=？") }

func subject(d *document.Document) string {
	if d.Reason == alert.ReasonDigest {
		return encoded(inert.Line("[Grantwatch] "+d.Team+": "+headline(d), maxSubject))
	}
	return encoded(inert.Line(fmt.Sprintf("[Grantwatch] %s %s: %s", strings.ToUpper(string(d.Severity)), d.Team, headline(d)), maxSubject))
}

// headline says in one line what the mail is about.
func headline(d *document.Document) string {
	title := d.Title
	if title == "" {
		title = d.Kind
	}
	switch d.Reason {
	case alert.ReasonDigest:
		open := 0
		for _, c := range d.Week.Open {
			open += c.N
		}
		return fmt.Sprintf("week %s: %d open, %d new", d.Week.Name, open, d.Week.New)
	case alert.ReasonResolved:
		return "over: " + title
	case alert.ReasonReminder:
		return fmt.Sprintf("still open: %s (%d)", title, d.Total)
	case alert.ReasonEscalate:
		return fmt.Sprintf("nobody has acknowledged: %s (%d)", title, d.Total)
	case alert.ReasonWorse:
		return fmt.Sprintf("%s (%d, %d new)", title, d.Total, d.New)
	}
	if d.Total == 0 && len(d.Blind) > 0 {
		return "evidence is missing: " + title
	}
	return fmt.Sprintf("%s (%d)", title, d.Total)
}

func reasonText(r alert.Reason) string {
	switch r {
	case alert.ReasonFirst:
		return "This is the first message about it."
	case alert.ReasonWorse:
		return "It got worse since the last message."
	case alert.ReasonResolved:
		return "It is over."
	case alert.ReasonReminder:
		return "It is still open, and nobody has said anything about it."
	case alert.ReasonDigest:
		return "This is the weekly digest of the team."
	case alert.ReasonEscalate:
		return "Nobody acknowledged it in time, so you hear of it."
	}
	return "Something about it has changed."
}

func who(f access.Finding) string {
	if f.Identity == nil {
		return f.Feed
	}
	s := f.Identity.Name
	if f.Identity.Kind != "" {
		s += " (" + string(f.Identity.Kind) + ")"
	}
	if f.Identity.Owner != "" {
		s += ", owner " + f.Identity.Owner
	}
	return s
}

func what(f access.Finding) string {
	if f.Grant == nil {
		return ""
	}
	s := f.Grant.Permission
	if f.Grant.Resource != "" {
		s += " on " + f.Grant.Resource
	}
	if f.Grant.Account != "" {
		s += " in " + f.Grant.Provider + " " + f.Grant.Account
	}
	return s
}

func since(f access.Finding) string { return f.FirstSeen.UTC().Format("2 January 2006") }

// evidence is the coverage of the finding's window, which says how much the verdict can be trusted.
func evidence(f access.Finding) string {
	if f.Window == nil || f.Coverage == nil {
		return ""
	}
	days := int(f.Window.To.Sub(f.Window.From).Hours() / 24)
	s := fmt.Sprintf("%.4g %% of %d days", 100**f.Coverage, days)
	if f.CoverageGrade != "" {
		s += ", grade " + f.CoverageGrade
	}
	if n := len(f.Gaps); n == 1 {
		s += ", 1 gap"
	} else if n > 1 {
		s += fmt.Sprintf(", %d gaps", n)
	}
	return s
}
