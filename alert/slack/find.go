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

// find returns the id of the message that carries a post's metadata, and "" when the channel has none since then.
func (n *Notifier) find(ctx context.Context, at *place, post string, since time.Time) (string, error) {
	const method = "conversations.history"
	if err := n.identify(ctx, at); err != nil {
		return "", err
	}
	p := slackapi.GetConversationHistoryParameters{
		ChannelID: at.id, Limit: pageSize, Inclusive: true, IncludeAllMetadata: true,
		Oldest: strconv.FormatInt(since.Add(-clockSkew).Unix(), 10) + ".000000",
	}
	for range maxHistory {
		var got *slackapi.GetConversationHistoryResponse
		err := n.repeat(ctx, method, at.name, "", func() (err error) {
			if got, err = n.api.GetConversationHistoryContext(ctx, &p); err == nil && !got.Ok {
				err = errNoAnswer
			}
			return err
		})
		if err != nil {
			return "", err
		}
		for i := range got.Messages {
			md := &got.Messages[i].Metadata
			if md.EventType == eventType && md.EventPayload["post"] == post {
				return got.Messages[i].Timestamp, nil
			}
		}
		if p.Cursor = got.ResponseMetaData.NextCursor; !got.HasMore || p.Cursor == "" {
			return "", nil
		}
	}
	return "", errTooMuch
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
