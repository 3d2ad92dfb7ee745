package slack

import (
	"context"
	"errors"
	"regexp"
	"strconv"
	"strings"
	"time"

	slackapi "github.com/slack-go/slack"
)

const (
	clockSkew  = 10 * time.Minute // between Slack's clock, which dates messages, and ours
	pageSize   = 200
	maxHistory = 20 // pages
	maxList    = 50 // pages
)

var channelID = regexp.MustCompile(`^[CGD][A-Z0-9]{8,}$`)

// find returns the id of the message that carries a post's metadata, and "" when the channel, or the thread when one is
// given, has none since then.
func (n *Notifier) find(ctx context.Context, at *place, post, thread string, since time.Time) (string, error) {
	return n.scan(ctx, at, thread, since, func(m *slackapi.Message) bool {
		return m.Metadata.EventType == eventType && m.Metadata.EventPayload["post"] == post
	})
}

// scan returns the id of the newest message for which is holds.
func (n *Notifier) scan(ctx context.Context, at *place, thread string, since time.Time, is func(*slackapi.Message) bool) (string, error) {
	if err := n.identify(ctx, at); err != nil {
		return "", err
	}
	p := slackapi.GetConversationHistoryParameters{
		ChannelID: at.id, Limit: pageSize, Inclusive: true, IncludeAllMetadata: true,
		Oldest: strconv.FormatInt(since.Add(-clockSkew).Unix(), 10) + ".000000",
	}
	for range maxHistory {
		messages, next, err := n.turnPage(ctx, at, thread, &p)
		if err != nil {
			return "", err
		}
		for i := range messages {
			if is(&messages[i]) {
				return messages[i].Timestamp, nil
			}
		}
		if p.Cursor = next; next == "" {
			return "", nil
		}
	}
	return "", errTooMuch
}

// turnPage reads one page of a channel's history or of a thread.
func (n *Notifier) turnPage(ctx context.Context, at *place, thread string, p *slackapi.GetConversationHistoryParameters) (list []slackapi.Message, next string, err error) {
	if thread != "" {
		err = n.repeat(ctx, "conversations.replies", at.name, "", func() (err error) {
			var more bool
			list, more, next, err = n.api.GetConversationRepliesContext(ctx, &slackapi.GetConversationRepliesParameters{
				ChannelID: p.ChannelID, Timestamp: thread, Cursor: p.Cursor, Limit: p.Limit, Inclusive: true, Oldest: p.Oldest, IncludeAllMetadata: true,
			})
			if err == nil && len(list) == 0 && p.Cursor == "" {
				return errNoAnswer // a thread has its root at least
			}
			if !more {
				next = ""
			}
			return err
		})
		return list, next, err
	}
	err = n.repeat(ctx, "conversations.history", at.name, "", func() error {
		got, err := n.api.GetConversationHistoryContext(ctx, p)
		if err != nil {
			return err
		}
		if !got.Ok {
			return errNoAnswer
		}
		if list, next = got.Messages, ""; got.HasMore {
			next = got.ResponseMetaData.NextCursor
		}
		return nil
	})
	return list, next, err
}

// errTooMuch is told when a channel has more messages than are worth reading; the outcome stays unknown.
var errTooMuch = errors.New("slack: conversations.history: the channel has too many messages since")

// identify finds out the channel's id, without which nothing but posting works.
func (n *Notifier) identify(ctx context.Context, at *place) error {
	const method = "conversations.list"
	if at.id == "" && channelID.MatchString(at.name) {
		at.id = at.name
	}
	if at.id == "" {
		n.mu.Lock()
		at.id = n.ids[at.name]
		n.mu.Unlock()
	}
	if at.id != "" {
		return nil
	}
	if mail, ok := strings.CutPrefix(at.name, personPrefix); ok {
		return n.person(ctx, at, mail)
	}
	p := slackapi.GetConversationsParameters{ExcludeArchived: true, Limit: pageSize, Types: []string{"public_channel", "private_channel"}}
	name := strings.TrimPrefix(at.name, "#")
	for range maxList {
		var got []slackapi.Channel
		var next string
		err := n.repeat(ctx, method, at.name, "", func() (err error) {
			got, next, err = n.api.GetConversationsContext(ctx, &p)
			return err
		})
		if err != nil {
			return err
		}
		for i := range got {
			if got[i].Name == name {
				n.learn(at, got[i].ID)
				return nil
			}
		}
		if p.Cursor = next; next == "" {
			break
		}
	}
	return &PermanentError{Method: method, Code: "channel_not_found", Channel: at.name, Hint: hints["channel_not_found"]}
}

// personPrefix begins the name of a channel that is a person.
const personPrefix = "mail:"

// person opens the direct messages with whoever has an e-mail address.
func (n *Notifier) person(ctx context.Context, at *place, mail string) error {
	var u *slackapi.User
	err := n.repeat(ctx, "users.lookupByEmail", at.name, "", func() (err error) {
		u, err = n.api.GetUserByEmailContext(ctx, mail)
		return err
	})
	if err != nil {
		return err
	}
	if u == nil || u.ID == "" || u.IsBot || u.Deleted {
		return &PermanentError{Method: "users.lookupByEmail", Code: "users_not_found", Channel: at.name, Hint: hints["users_not_found"]}
	}
	var c *slackapi.Channel
	err = n.repeat(ctx, "conversations.open", at.name, "", func() (err error) {
		c, _, _, err = n.api.OpenConversationContext(ctx, &slackapi.OpenConversationParameters{Users: []string{u.ID}})
		if err == nil && (c == nil || c.ID == "") {
			err = errNoAnswer
		}
		return err
	})
	if err != nil {
		return err
	}
	n.learn(at, c.ID)
	return nil
}

// learn remembers a channel's id.
func (n *Notifier) learn(at *place, id string) {
	if id == "" {
		return
	}
	at.id = id
	n.mu.Lock()
	n.ids[at.name] = id
	n.mu.Unlock()
}
