package slack

import (
	slackapi "github.com/slack-go/slack"

	"github.com/grantwatch/grantwatch/alert"
)

// The names of what can be pressed. They are part of messages that stand in channels for months: never change one.
const (
	actAcknowledge = "gw_acknowledge"
	actSnooze      = "gw_snooze"
	actNotMine     = "gw_not_mine"
	actExcept      = "gw_except"
	actRevoked     = "gw_mark_revoked"
	actOpen        = "gw_open"
	actApprove     = "gw_approve"
	actDecline     = "gw_decline"
)

// The arguments of the snooze menu.
const (
	snoozeDay   = "1d"
	snoozeWeek  = "7d"
	snoozeMonth = "30d"
	snoozeDate  = "date"
)

// offers says which verbs make sense for a message: what cannot be verified can be neither excepted nor marked revoked,
// and what concerns the running of Grantwatch itself is only acknowledged.
func offers(m *alert.Message) map[alert.Verb]bool {
	switch {
	case m.Reason == alert.ReasonResolved || m.Reason == alert.ReasonDigest || len(m.Findings)+len(m.Unverifiable) == 0:
		return nil
	case handled(m, "requested"):
		return map[alert.Verb]bool{alert.VerbApprove: true, alert.VerbDecline: true}
	case m.Audience == alert.AudienceOperator:
		return map[alert.Verb]bool{alert.VerbAcknowledge: true, alert.VerbSnooze: true}
	case len(m.Findings) == 0:
		return map[alert.Verb]bool{alert.VerbAcknowledge: true, alert.VerbSnooze: true, alert.VerbNotMine: true}
	}
	return map[alert.Verb]bool{alert.VerbAcknowledge: true, alert.VerbSnooze: true, alert.VerbNotMine: true, alert.VerbExcept: true, alert.VerbMarkRevoked: true}
}

// buttons is the row under a message; nil when there is nothing to press.
func buttons(m *alert.Message, s *sealer) slackapi.Block {
	var row []slackapi.BlockElement
	if s != nil {
		a := anchor{m.Key, m.Record.Post}
		can := offers(m)
		add := func(verb alert.Verb, id, text string, style slackapi.Style, confirm *slackapi.ConfirmationBlockObject) {
			if !can[verb] {
				return
			}
			b := slackapi.NewButtonBlockElement(id, s.value(a, verb, ""), plainText(text))
			b.Style, b.Confirm = style, confirm
			row = append(row, b)
		}
		add(alert.VerbApprove, actApprove, "Approve", slackapi.StylePrimary, nil)
		add(alert.VerbDecline, actDecline, "Decline", slackapi.StyleDanger, nil)
		if !handled(m, "acknowledged") {
			add(alert.VerbAcknowledge, actAcknowledge, "Acknowledge", slackapi.StylePrimary, nil)
		}
		if can[alert.VerbSnooze] {
			option := func(text, arg string) *slackapi.OptionBlockObject {
				return slackapi.NewOptionBlockObject(s.value(a, alert.VerbSnooze, arg), plainText(text), nil)
			}
			row = append(row, slackapi.NewOptionsSelectBlockElement(slackapi.OptTypeStatic, plainText("Snooze"), actSnooze,
				option("for 1 day", snoozeDay), option("for 1 week", snoozeWeek), option("for 1 month", snoozeMonth), option("until a date …", snoozeDate)))
		}
		add(alert.VerbNotMine, actNotMine, "Not mine …", "", nil)
		add(alert.VerbExcept, actExcept, "Except …", "", nil)
		add(alert.VerbMarkRevoked, actRevoked, "Mark revoked", "", slackapi.NewConfirmationBlockObject(plainText("Mark as revoked?"),
			plainText("Grantwatch does not take it on trust: it stays open until the next snapshot or a log record shows that the access is gone."), plainText("It is revoked"), plainText("Cancel")))
	}
	if link := safeLink(m.Link); link != "" {
		b := slackapi.NewButtonBlockElement(actOpen, "", plainText("Open"))
		b.URL = link
		row = append(row, b)
	}
	if len(row) == 0 {
		return nil
	}
	return slackapi.NewActionBlock("gw_actions", row...)
}

// handled reports whether everything that a message tells is in a state that somebody put it in.
func handled(m *alert.Message, state string) bool {
	all := 0
	for i := range m.Findings {
		if h := m.Findings[i].Handling; h == nil || h.State != state {
			return false
		}
		all++
	}
	for i := range m.Unverifiable {
		if h := m.Unverifiable[i].Handling; h == nil || h.State != state {
			return false
		}
		all++
	}
	return all > 0
}

func plainText(s string) *slackapi.TextBlockObject {
	return slackapi.NewTextBlockObject(slackapi.PlainTextType, s, false, false)
}
