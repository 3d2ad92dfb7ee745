package slack

import (
	"context"
	"crypto/hmac"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	slackapi "github.com/slack-go/slack"

	"github.com/grantwatch/grantwatch/alert"
)

// The names of modals and of what is in them.
const (
	viewSnooze  = "gw_view_snooze"
	viewNotMine = "gw_view_not_mine"
	viewExcept  = "gw_view_except"

	fieldUntil    = "until"
	fieldTeam     = "team"
	fieldReason   = "reason"
	fieldApprover = "approver"

	maxTeams      = 100 // options of a static select
	minReason     = 10
	maxReason     = 1000
	longest       = 366 * 24 * time.Hour
	maxOptionText = 70
)

var views = map[string]alert.Verb{viewSnooze: alert.VerbSnooze, viewNotMine: alert.VerbNotMine, viewExcept: alert.VerbExcept}

// ticket is what a modal remembers of the press that opened it, sealed.
type ticket struct {
	Channel     string     `json:"c"`
	Fingerprint string     `json:"f"`
	Post        string     `json:"p"`
	At          string     `json:"i"` // the channel's id
	Verb        alert.Verb `json:"v"`
	User        string     `json:"u"`
	Issued      int64      `json:"t"`
	Tag         string     `json:"m"`
}

func (s *sealer) ticketTag(t ticket) string {
	return s.tag("modal", t.Channel, t.Fingerprint, t.Post, t.At, string(t.Verb), t.User, strconv.FormatInt(t.Issued, 10))
}

// ask opens the modal of a verb.
func (c *Callbacks) ask(ctx context.Context, p *payload, a anchor, verb alert.Verb) {
	t := ticket{a.key.Channel, a.key.Fingerprint, a.post, p.Container.ChannelID, verb, p.User.ID, c.now().Unix(), ""}
	t.Tag = c.n.seal.ticketTag(t)
	meta, err := json.Marshal(t)
	if err != nil || len(meta) > 3000 {
		c.excuse(ctx, p, RejectMessage)
		return
	}
	v := slackapi.ModalViewRequest{Type: slackapi.VTModal, Close: plainText("Cancel"), PrivateMetadata: string(meta)}
	about := "About this message."
	if len(p.Message.Blocks) > 0 && p.Message.Blocks[0].Type == "header" {
		about = "*About* " + or(prose(p.Message.Blocks[0].Text.Text, 300), "this message")
	}
	var blocks []slackapi.Block
	switch verb {
	case alert.VerbSnooze:
		v.CallbackID, v.Title, v.Submit = viewSnooze, plainText("Snooze until"), plainText("Snooze")
		blocks = append(blocks, section(about+"\nNobody is reminded of it before that day, unless it gets worse."), input(fieldUntil, "Not before", datePicker(c.now().AddDate(0, 0, 7))))
	case alert.VerbNotMine:
		v.CallbackID, v.Title, v.Submit = viewNotMine, plainText("Not mine"), plainText("Hand over")
		blocks = append(blocks, section(about+"\nIts findings will be told to the team that you choose."), input(fieldTeam, "Team that owns it", c.teamMenu()))
		reason := slackapi.NewPlainTextInputBlockElement(nil, fieldReason)
		reason.Multiline, reason.MaxLength = true, maxReason
		why := input(fieldReason, "Why (optional)", reason)
		why.Optional = true
		blocks = append(blocks, why)
	default:
		v.CallbackID, v.Title, v.Submit = viewExcept, plainText("Except"), plainText("Accept the risk")
		reason := slackapi.NewPlainTextInputBlockElement(nil, fieldReason)
		reason.Multiline, reason.MaxLength = true, maxReason
		blocks = append(blocks, section(about+"\nAn exception needs a reason, an end and somebody who approves it. It is on record, and it ends loudly."),
			input(fieldReason, "Reason", reason), input(fieldUntil, "Ends on", datePicker(c.now().AddDate(0, 0, 30))),
			input(fieldApprover, "Approved by", slackapi.NewOptionsSelectBlockElement(slackapi.OptTypeUser, plainText("Choose a person"), fieldApprover)))
	}
	v.Blocks = slackapi.Blocks{BlockSet: blocks}
	// A trigger can be used once, and for three seconds: what fails is not repeated.
	if _, err := c.n.api.OpenViewContext(ctx, p.TriggerID, v); err != nil {
		o := c.n.judge(ctx, "views.open", "", err)
		c.log.Warn("slack: a modal could not be opened", "error", o.err)
		c.answer(ctx, p, "Slack did not open the form in time. Please press again.")
	}
}

func input(block, label string, e slackapi.BlockElement) *slackapi.InputBlock {
	return slackapi.NewInputBlock(block, plainText(label), nil, e)
}

func datePicker(at time.Time) *slackapi.DatePickerBlockElement {
	d := slackapi.NewDatePickerBlockElement(fieldUntil)
	d.InitialDate = at.UTC().Format(time.DateOnly)
	return d
}

// teamMenu lists the teams, or asks us for them while the user types when they are more than a menu can hold.
func (c *Callbacks) teamMenu() slackapi.BlockElement {
	teams := c.teams("")
	if len(teams) == 0 || len(teams) > maxTeams {
		m := slackapi.NewOptionsSelectBlockElement(slackapi.OptTypeExternal, plainText("Type a team's name"), fieldTeam)
		zero := 0
		m.MinQueryLength = &zero
		return m
	}
	return slackapi.NewOptionsSelectBlockElement(slackapi.OptTypeStatic, plainText("Choose a team"), fieldTeam, options(teams)...)
}

func (c *Callbacks) teams(typed string) []string {
	var out []string
	for _, t := range c.c.Teams() {
		if t != "" && utf8.RuneCountInString(t) <= 150 && strings.Contains(strings.ToLower(t), strings.ToLower(strings.TrimSpace(typed))) {
			out = append(out, t)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func options(teams []string) []*slackapi.OptionBlockObject {
	var out []*slackapi.OptionBlockObject
	for _, t := range teams {
		out = append(out, slackapi.NewOptionBlockObject(t, plainText(or(title(t, maxOptionText), "unnamed")), nil))
	}
	return out
}

// suggest answers what a user types into the menu of teams.
func (c *Callbacks) suggest(p *payload, me *self) (any, error) {
	if _, err := c.ticket(p, me); err != nil {
		return nil, err
	}
	if p.ActionID != fieldTeam {
		return nil, RejectUnknown
	}
	teams := c.teams(p.Value)
	if len(teams) > maxTeams {
		teams = teams[:maxTeams]
	}
	list := options(teams)
	if list == nil {
		list = []*slackapi.OptionBlockObject{}
	}
	return map[string]any{"options": list}, nil
}

// ticket checks a modal's seal.
func (c *Callbacks) ticket(p *payload, me *self) (ticket, error) {
	var t ticket
	v := &p.View
	if v.TeamID != me.team || v.AppID != me.app || v.BotID != "" && v.BotID != me.bot {
		return t, RejectApp
	}
	if len(v.PrivateMetadata) > 3000 || json.Unmarshal([]byte(v.PrivateMetadata), &t) != nil {
		return t, RejectValue
	}
	if !hmac.Equal([]byte(c.n.seal.ticketTag(t)), []byte(t.Tag)) || t.User != p.User.ID || views[v.CallbackID] != t.Verb {
		return t, RejectValue
	}
	if age := c.now().Sub(time.Unix(t.Issued, 0)); age > modalFor || age < -freshFor {
		return t, RejectExpired
	}
	return t, nil
}

// submitted checks what was put into a modal. What is wrong with a field is answered under the field.
func (c *Callbacks) submitted(p *payload, me *self) (answer any, work func(context.Context), err error) {
	t, err := c.ticket(p, me)
	if err != nil {
		return nil, nil, err
	}
	if p.View.ID == "" {
		return nil, nil, RejectBody
	}
	do := alert.Action{ID: actionID("view", p.Team.ID, p.User.ID, p.View.ID), Verb: t.Verb, Key: alert.Key{Channel: t.Channel, Fingerprint: t.Fingerprint}, At: c.now()}
	wrong := map[string]string{}
	approver := ""
	if t.Verb == alert.VerbSnooze || t.Verb == alert.VerbExcept {
		do.Until = c.until(p, wrong)
	}
	if t.Verb == alert.VerbNotMine {
		do.Team = p.field(fieldTeam)
		if !slices.Contains(c.c.Teams(), do.Team) {
			wrong[fieldTeam] = "Choose one of the teams."
		}
	}
	if t.Verb == alert.VerbExcept || t.Verb == alert.VerbNotMine {
		do.Reason = strings.TrimSpace(p.field(fieldReason))
		if n := utf8.RuneCountInString(do.Reason); len(do.Reason) > maxReason || !utf8.ValidString(do.Reason) {
			wrong[fieldReason] = "A reason has at most " + strconv.Itoa(maxReason) + " bytes."
		} else if t.Verb == alert.VerbExcept && n < minReason {
			wrong[fieldReason] = "Say why this is accepted, in at least " + strconv.Itoa(minReason) + " characters."
		}
	}
	if t.Verb == alert.VerbExcept {
		if approver = p.field(fieldApprover); !slackID(approver) {
			wrong[fieldApprover] = "Choose who approves it."
		}
	}
	if len(wrong) > 0 {
		return map[string]any{"response_action": "errors", "errors": wrong}, nil, nil
	}
	return nil, func(ctx context.Context) { c.submit(ctx, do, t, p.User.ID, approver) }, nil
}

// submit does what a modal asked for.
func (c *Callbacks) submit(ctx context.Context, do alert.Action, t ticket, user, approver string) {
	say := func(ctx context.Context, text string) { c.whisper(ctx, t.At, user, text) }
	me, err := c.whoAmI(ctx)
	if err == nil {
		do.By, err = c.somebody(ctx, user, me)
	}
	if err != nil {
		c.refuse("work", err)
		say(ctx, "Nothing was changed: only full members of this workspace can do that, and Slack has to say so.")
		return
	}
	if approver != "" {
		by, err := c.somebody(ctx, approver, me)
		if err != nil || by.Email == "" {
			say(ctx, "Nothing was changed: whoever approves it has to be a full member of this workspace with an e-mail address.")
			return
		}
		do.Approver = by.Email
	}
	c.act(ctx, do, say)
}

// until reads a day; it counts from its beginning, in UTC.
func (c *Callbacks) until(p *payload, wrong map[string]string) time.Time {
	d, err := time.Parse(time.DateOnly, p.field(fieldUntil))
	switch now := c.now(); {
	case err != nil:
		wrong[fieldUntil] = "Choose a day."
	case !d.After(now):
		wrong[fieldUntil] = "Choose a day in the future."
	case d.Sub(now) > longest:
		wrong[fieldUntil] = "Choose a day within a year."
	}
	return d
}

// field is what one field of a modal holds; empty when it holds nothing. Blocks and elements have the same names.
func (p *payload) field(name string) string {
	e := p.View.State.Values[name][name]
	switch {
	case e.Value != nil:
		return *e.Value
	case e.SelectedDate != nil:
		return *e.SelectedDate
	case e.SelectedUser != nil:
		return *e.SelectedUser
	case e.SelectedOption != nil:
		return e.SelectedOption.Value
	}
	return ""
}
