package slack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	slackapi "github.com/slack-go/slack"

	"github.com/grantwatch/grantwatch/alert"
)

// self is who we are in the workspace.
type self struct{ team, app, bot, user string }

// whoAmI asks Slack once.
func (c *Callbacks) whoAmI(ctx context.Context) (*self, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.self != nil {
		return c.self, nil
	}
	me := &self{}
	err := c.n.repeat(ctx, "auth.test", "", "", func() error {
		a, err := c.n.api.AuthTestContext(ctx)
		if err == nil {
			me.team, me.bot, me.user = a.TeamID, a.BotID, a.UserID
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	err = c.n.repeat(ctx, "bots.info", "", "", func() error {
		b, err := c.n.api.GetBotInfoContext(ctx, slackapi.GetBotInfoParameters{Bot: me.bot})
		if err == nil {
			me.app = b.AppID
		}
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case me.team == "" || me.app == "" || me.bot == "":
		return nil, fmt.Errorf("slack: auth.test and bots.info do not say which workspace and application the token is of; is it a bot's?")
	}
	c.self = me
	return me, nil
}

// Check asks Slack who we are, so that a wrong token is known before anybody presses a button.
func (c *Callbacks) Check(ctx context.Context) error {
	_, err := c.whoAmI(ctx)
	return err
}

// somebody is the user behind a callback, as Slack knows them now. Nobody but a full and active member of our own workspace
// counts: guests, bots, strangers from a shared channel and people who have left don't.
func (c *Callbacks) somebody(ctx context.Context, id string, me *self) (alert.User, error) {
	var u *slackapi.User
	err := c.n.repeat(ctx, "users.info", "", "", func() (err error) {
		u, err = c.n.api.GetUserInfoContext(ctx, id)
		if err == nil && u == nil {
			err = errNoAnswer
		}
		return err
	})
	var gone *PermanentError
	switch {
	case errors.As(err, &gone):
		return alert.User{}, errors.Join(RejectUser, err)
	case err != nil:
		return alert.User{}, err
	case u.ID != id || u.TeamID != me.team:
		return alert.User{}, RejectWorkspace
	case u.Deleted || u.IsBot || u.IsAppUser || u.IsRestricted || u.IsUltraRestricted || u.IsStranger || u.IsInvitedUser:
		return alert.User{}, RejectUser
	}
	name := u.Profile.DisplayName
	if name == "" {
		name = u.RealName
	}
	return alert.User{Workspace: me.team, ID: u.ID, Name: title(name, 80), Email: u.Profile.Email}, nil
}

// place finds the message that was pressed and what it is about. The payload may carry the metadata; where it does not, the
// channel is asked. Either way the message has to stand in the channel that it was made for.
func (c *Callbacks) place(ctx context.Context, p *payload) (anchor, error) {
	claim := p.Message.Metadata
	if _, ok := claim.anchor(); !ok {
		var err error
		if claim, err = c.lookUp(ctx, p.Container.ChannelID, p.Message.TS); err != nil {
			return anchor{}, err
		}
	}
	a, ok := claim.anchor()
	if !ok {
		return anchor{}, RejectMessage
	}
	at := place{name: a.key.Channel}
	if err := c.n.identify(ctx, &at); err != nil {
		return anchor{}, err
	}
	if at.id != p.Container.ChannelID {
		return anchor{}, RejectMessage
	}
	return a, nil
}

func (c *Callbacks) lookUp(ctx context.Context, channel, ts string) (*messageClaim, error) {
	var claim *messageClaim
	err := c.n.repeat(ctx, "conversations.history", channel, "", func() error {
		got, err := c.n.api.GetConversationHistoryContext(ctx, &slackapi.GetConversationHistoryParameters{ChannelID: channel, Latest: ts, Oldest: ts, Inclusive: true, Limit: 1, IncludeAllMetadata: true})
		if err != nil {
			return err
		}
		if !got.Ok {
			return errNoAnswer
		}
		for i := range got.Messages {
			if m := &got.Messages[i]; m.Timestamp == ts {
				claim = &messageClaim{m.Metadata.EventType, m.Metadata.EventPayload}
			}
		}
		return nil
	})
	return claim, err
}

// press does what a button or a menu asks for.
func (c *Callbacks) press(ctx context.Context, p *payload, verb alert.Verb, value, id string, at time.Time) {
	me, err := c.whoAmI(ctx)
	if err != nil {
		c.refuse("work", err)
		return
	}
	a, err := c.place(ctx, p)
	if err != nil {
		c.excuse(ctx, p, err)
		return
	}
	got, arg, ok := c.n.seal.open(a, value)
	if !ok || got != verb {
		c.excuse(ctx, p, RejectValue)
		return
	}
	by, err := c.somebody(ctx, p.User.ID, me)
	if err != nil {
		c.excuse(ctx, p, err)
		return
	}
	do := alert.Action{ID: id, Verb: verb, Key: a.key, By: by, At: at}
	if verb == alert.VerbSnooze {
		days, ok := map[string]int{snoozeDay: 1, snoozeWeek: 7, snoozeMonth: 30}[arg]
		if !ok {
			c.ask(ctx, p, a, verb)
			return
		}
		do.Until = at.AddDate(0, 0, days)
	}
	if verb == alert.VerbNotMine || verb == alert.VerbExcept {
		c.ask(ctx, p, a, verb)
		return
	}
	c.act(ctx, do, func(ctx context.Context, text string) { c.answer(ctx, p, text) })
}

// act hands an action to the desk, once, and says what became of it.
func (c *Callbacks) act(ctx context.Context, do alert.Action, say func(context.Context, string)) {
	if !c.done.first(do.ID, c.now()) {
		return // delivered twice
	}
	out, err := c.c.Desk.Act(ctx, do)
	if err != nil {
		c.done.forget(do.ID)
		c.log.Error("slack: an action failed", "verb", string(do.Verb), "error", c.n.redact(err))
		say(ctx, "That did not work, and nobody knows how far it came. Please press again in a minute.")
		return
	}
	if out.Done {
		c.c.Done(ctx, do, out)
	}
	text := out.Text
	if text == "" {
		text = "Done."
	}
	say(ctx, text)
}

// excuse tells the user why nothing happened, where that tells a forger nothing.
func (c *Callbacks) excuse(ctx context.Context, p *payload, err error) {
	c.refuse("work", err)
	var r Rejection
	switch {
	case !errors.As(err, &r):
		c.answer(ctx, p, "Slack or Grantwatch did not answer in time, and nothing was changed. Please press again in a minute.")
	case r == RejectUser:
		c.answer(ctx, p, "Only full members of this workspace can do that. Nothing was changed.")
	case r == RejectValue || r == RejectMessage:
		c.answer(ctx, p, "This button is too old. The message will be renewed; nothing was changed.")
	}
}

// answer says something to the user who pressed, and to nobody else.
func (c *Callbacks) answer(ctx context.Context, p *payload, text string) {
	text = prose(text, 1500)
	if p.ResponseURL != "" && c.n.mayCall(p.ResponseURL) {
		if err := c.respond(ctx, p.ResponseURL, text); err == nil {
			return
		}
	} else if p.ResponseURL != "" {
		c.log.Warn("slack: a response_url that is not Slack's was not called")
	}
	c.whisper(ctx, p.Container.ChannelID, p.User.ID, text)
}

func (c *Callbacks) respond(ctx context.Context, address, text string) error {
	body, err := json.Marshal(map[string]any{"response_type": "ephemeral", "replace_original": false, "text": text})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return errors.New("slack: response_url is not an address")
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	resp, err := c.n.files.Do(req)
	if err != nil {
		c.log.Warn("slack: response_url", "error", c.n.redact(errors.Unwrap(err)))
		return err
	}
	defer func() { _ = resp.Body.Close() }()                    // only its status matters
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 4096)) // so that the connection can be used again
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("slack: response_url: status %d", resp.StatusCode)
	}
	return nil
}

// whisper shows a text to one user of a channel.
func (c *Callbacks) whisper(ctx context.Context, channel, user, text string) {
	_, err := c.n.api.PostEphemeralContext(ctx, channel, user, slackapi.MsgOptionText(prose(text, 1500), false), slackapi.MsgOptionParse(false))
	if err != nil {
		c.log.Warn("slack: what became of an action could not be said", "error", c.n.judge(ctx, "chat.postEphemeral", channel, err).err)
	}
}
