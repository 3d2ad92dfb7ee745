package slack

import (
	"fmt"
	"net/url"
	"strings"

	slackapi "github.com/slack-go/slack"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/alert"
)

// maxSteps is how many changes one answer in a thread tells one by one.
const maxSteps = 12

// stateLine is told at the top when somebody has said something of everything that a message tells.
func stateLine(m *alert.Message) string {
	for state, says := range map[string]string{
		"acknowledged":   "*Acknowledged*: no reminder until it gets worse",
		"snoozed":        "*Snoozed*",
		"marked_revoked": "*Marked as revoked*, not yet seen in a snapshot or a log record, so that it stays open",
		"contradicted":   "*Marked as revoked, but a later snapshot still has the access*",
		"handed_over":    "*Handed over*",
		"requested":      "*An exception was asked for*, and is in force once it is approved",
	} {
		if !handled(m, state) {
			continue
		}
		list := m.Findings
		if len(list) == 0 {
			list = m.Unverifiable
		}
		h := list[0].Handling
		s := says
		if h.By != "" {
			s += " · by " + code(h.By, 120)
		}
		if !h.At.IsZero() {
			s += " · " + minute(h.At)
		}
		switch {
		case h.Asked != nil:
			s += " · to end on " + minute(h.Asked.Expires) + " · " + code(h.Asked.Approver, 120) + " decides until " + minute(h.Until)
		case !h.Until.IsZero():
			s += " · until " + minute(h.Until)
		}
		if why := prose(h.Why, 300); why != "" {
			s += " · " + why
		}
		return s
	}
	return ""
}

// tells reports whether a message's thread has something to hear, and whether the channel shall see it too.
func tells(m *alert.Message) (yes, broadcast bool) {
	switch m.Reason {
	case alert.ReasonWorse, alert.ReasonReminder, alert.ReasonEscalate:
		return true, true // an edit notifies nobody
	}
	return len(m.Steps) > 0, false
}

// renderReply is what the thread hears: why it speaks up, and what happened since it spoke last.
func renderReply(m *alert.Message) rendered {
	head := subject(m) + " · " + teamName(m.Team)
	var lines []string
	switch m.Reason {
	case alert.ReasonWorse:
		line := fmt.Sprintf("*Graver than before*: now %s.", grade(m.Severity))
		if m.New > 0 {
			line = fmt.Sprintf("*%s not told before*. There are now %s; the message above tells the gravest.", plural(m.New, "finding"), tally(m))
		}
		lines = append(lines, prose(head, 300), line)
		for _, i := range m.Newest {
			lines = append(lines, newest(&m.Findings[i]))
		}
		if n := m.New - len(m.Newest); n > 0 && len(m.Newest) > 0 {
			lines = append(lines, fmt.Sprintf("… and %d more", n))
		}
	case alert.ReasonReminder:
		lines = append(lines, prose(head, 300), fmt.Sprintf("*Still open*: %s, and nobody has said anything about it.", tally(m)))
	case alert.ReasonEscalate:
		lines = append(lines, prose(head, 300), fmt.Sprintf("*Nobody has acknowledged this for %s*: %s.", waited(m.Waited), tally(m)))
	}
	lines = append(lines, steps(m)...)
	if len(lines) == 0 {
		lines = []string{"Nothing has changed."}
	}
	r := rendered{text: prose(strings.ToUpper(grade(m.Severity))+" · "+head+" · "+tally(m), 400)}
	if _, loud := tells(m); !loud && len(m.Steps) > 0 {
		r.text = prose(plural(len(m.Steps), "change")+" · "+head, 400)
	}
	text := ""
	for _, l := range lines {
		if len(text)+len(l)+1 > maxSection {
			break
		}
		text = strings.TrimPrefix(text+"\n"+l, "\n")
	}
	r.blocks = []slackapi.Block{section(text)}
	return r
}

// newest names a finding to whoever knows the others.
func newest(f *access.Finding) string {
	s := grade(f.Severity)
	if f.Identity != nil {
		if who := code(f.Identity.Name, 120); who != "" {
			s += " · " + who
		}
	}
	if why := prose(f.Why, 200); why != "" {
		s += " · " + why
	}
	return s
}

// steps are the changes since the message was told last, oldest first, as many as a reader wants to see.
func steps(m *alert.Message) []string {
	list := m.Steps
	rest := m.StepsLeft
	if n := len(list) - maxSteps; n > 0 {
		rest, list = rest+n, list[n:]
	}
	var out []string
	if rest > 0 {
		out = append(out, fmt.Sprintf("%s before these:", plural(rest, "change")))
	}
	for i := range list {
		c := &list[i]
		s := minute(c.At) + " · " + or(prose(strings.ReplaceAll(c.To, "_", " "), 30), "changed")
		if who := code(c.Who, 80); who != "" {
			s += " · by " + who
		}
		if why := prose(c.Why, 160); why != "" {
			s += " · " + why
		}
		out = append(out, s+" · "+code(short(c.Fingerprint), 16))
	}
	return out
}

// short is as much of a fingerprint as tells findings of one message apart.
func short(fingerprint string) string {
	if len(fingerprint) > 12 {
		return fingerprint[:12]
	}
	return fingerprint
}

// safeLink lets only an address through that is one of a web page.
func safeLink(s string) string {
	u, err := url.Parse(s)
	if err != nil || len(s) > 2000 || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || strings.ContainsAny(s, " <>|\n\"") {
		return ""
	}
	return s
}
