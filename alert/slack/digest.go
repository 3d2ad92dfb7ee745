package slack

import (
	"fmt"
	"strings"

	slackapi "github.com/slack-go/slack"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/alert"
)

// renderDigest is a team's week in one message.
func renderDigest(m *alert.Message) rendered {
	w := m.Week
	if w == nil {
		w = &alert.Week{}
	}
	head := title("WEEK "+w.Name+" · "+teamName(m.Team), maxHeader)
	open := 0
	for _, c := range w.Open {
		open += c.N
	}
	r := rendered{blocks: []slackapi.Block{header(head)}}
	r.text = prose(fmt.Sprintf("%s · %d open, %d new, %d resolved", head, open, w.New, sum(w.Resolved)), 400)
	line := fmt.Sprintf("*%d open*", open)
	if s := countsOf(w.Open); s != "" {
		line += ": " + s
	}
	line += fmt.Sprintf("\n*%d new* in the week · *%d resolved*%s", w.New, sum(w.Resolved), ways(w.Resolved))
	r.blocks = append(r.blocks, section(line))
	if w.Unverifiable > 0 {
		r.blocks = append(r.blocks, section(fmt.Sprintf("*Unverifiable*: %s cannot be given%s", plural(w.Unverifiable, "verdict"), feedsOf(w.Blinds))))
	}
	for _, list := range []struct {
		head  string
		n     int
		entry func(i int) string
	}{
		{"Exceptions that end soon", len(w.Expiring), func(i int) string {
			e := &w.Expiring[i]
			s := day(e.Expires) + " · " + or(prose(e.What, 160), "unnamed")
			if x := prose(e.Reason, 160); x != "" {
				s += " · " + x
			}
			if x := code(e.Approver, 80); x != "" {
				s += " · approved by " + x
			}
			return s
		}},
		{"Open for longest, acknowledged by nobody", len(w.Oldest), func(i int) string {
			f := &w.Oldest[i]
			return day(f.FirstSeen) + " · " + what(f, details[2]) + whose(f)
		}},
	} {
		if list.n == 0 {
			continue
		}
		text := "*" + list.head + "*"
		for i := range list.n {
			next := "\n" + list.entry(i)
			if i == 10 || len(text)+len(next) > maxSection-40 {
				text += fmt.Sprintf("\n… and %d more", list.n-i)
				break
			}
			text += next
		}
		r.blocks = append(r.blocks, section(text))
	}
	if row := buttons(m, nil); row != nil {
		r.blocks = append(r.blocks, row)
	}
	r.blocks = append(r.blocks, foot(m))
	return r
}

func whose(f *access.Finding) string {
	if f.Identity == nil {
		return ""
	}
	if s := code(or(f.Identity.Name, f.Identity.UID), 90); s != "" {
		return " · " + s
	}
	return ""
}

func sum(list []alert.Resolved) int {
	n := 0
	for _, r := range list {
		n += r.N
	}
	return n
}

// ways says how findings ended: " (3 by use, 1 by revocation)".
func ways(list []alert.Resolved) string {
	var out []string
	for _, r := range list {
		if r.N > 0 {
			out = append(out, fmt.Sprintf("%d %s", r.N, way(r.How)))
		}
	}
	if len(out) == 0 {
		return ""
	}
	return " (" + strings.Join(out, ", ") + ")"
}

func way(how string) string {
	switch how {
	case "use":
		return "by use"
	case "revocation":
		return "by revocation"
	case "expiry":
		return "by expiry"
	case "idle":
		return "declared idle"
	case "verdict":
		return "by another verdict"
	}
	return "gone"
}

// audience says why this channel hears of a message, where that is not plain.
func audience(m *alert.Message) string {
	switch m.Audience {
	case alert.AudiencePerson:
		return "sent to you by a route"
	case alert.AudienceSOC:
		return "for the central security team"
	case alert.AudienceFeedOwner:
		return "for the owner of the feed that lacks evidence"
	case alert.AudienceEscalation:
		return "escalated, since nobody acknowledged it"
	case alert.AudienceFallback:
		return "here since the team has no channel of its own"
	case alert.AudienceOperator:
		return "for whoever runs Grantwatch"
	case alert.AudienceApprover:
		return "sent to you, since you were asked to decide on an exception"
	}
	return ""
}
