package slack

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	slackapi "github.com/slack-go/slack"

	"github.com/grantwatch/grantwatch/alert"
)

// eventType names our metadata.
const eventType = "grantwatch_alert"

// Config is what a Notifier needs.
type Config struct {
	Token      string           // of the bot
	APIURL     string           // empty means Slack's own
	HTTPClient *http.Client     // nil means a new one
	Now        func() time.Time // paces the messages
	Logger     *slog.Logger     // nil means silence
}

// Notifier posts alerts to Slack. It is safe for concurrent use.
type Notifier struct {
	api   *slackapi.Client
	token string
	pace  *pace
	log   *slog.Logger

	mu  sync.Mutex
	ids map[string]string // of channels by the name they are configured with
}

var _ alert.Notifier = (*Notifier)(nil)

// New makes a Notifier. It sends nothing yet.
func New(c Config) *Notifier {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	url := slackapi.APIURL
	if c.APIURL != "" {
		url = strings.TrimRight(c.APIURL, "/") + "/"
	}
	n := &Notifier{token: strings.TrimSpace(c.Token), pace: newPace(c.Now), log: c.Logger, ids: map[string]string{}}
	n.api = slackapi.New("", slackapi.OptionAPIURL(url), slackapi.OptionHTTPClient(newCourier(c.HTTPClient, n.token)))
	return n
}

// Send posts the message, or edits the one that prev names. It returns what is to be put on record.
func (n *Notifier) Send(ctx context.Context, m alert.Message, prev *alert.Delivery) (alert.Delivery, error) {
	out := render(&m)
	at := place{name: m.Channel, id: m.Record.ChannelID}
	status := alert.StatusSent
	if m.Reason == alert.ReasonResolved {
		status = alert.StatusResolved
	}
	ts := ""
	switch {
	case prev == nil:
	case prev.TS != "":
		ts = prev.TS
	default:
		found, err := n.search(ctx, &at, m.Record.Post, prev.At)
		if err != nil {
			return alert.Delivery{}, err
		}
		if ts = found; ts == "" && m.Reason == alert.ReasonResolved {
			return m.Delivery("", status), nil // nobody was told, so there is nothing to take back
		}
	}
	var err error
	if ts == "" {
		ts, err = n.post(ctx, &at, m.Record.Post, m.At, append(out.options(), metadata(&m, m.Record.Post), asRoot()))
	} else {
		err = n.update(ctx, &at, ts, append(out.options(), metadata(&m, m.Record.Post)))
		if err == nil && m.Reason == alert.ReasonWorse {
			err = n.reply(ctx, &at, ts, &m)
		}
	}
	if err != nil {
		return alert.Delivery{}, err
	}
	m.Record.ChannelID = at.id
	return m.Delivery(ts, status), nil
}

// search looks for a message whose posting may have succeeded. When the application may not read the channel nobody will
// ever know, and telling twice is better than not at all.
func (n *Notifier) search(ctx context.Context, at *place, post string, since time.Time) (string, error) {
	ts, err := n.find(ctx, at, post, since)
	var refusal *PermanentError
	switch {
	case err == nil:
		return ts, nil
	case errors.As(err, &refusal):
		n.log.Warn("slack: cannot look for an earlier message, so it may be posted twice", "channel", at.name, "code", refusal.Code, "hint", refusal.Hint)
		return "", nil
	case errors.Is(err, errTooMuch):
		n.log.Warn("slack: gave up looking for an earlier message, so it may be posted twice", "channel", at.name, "error", err)
		return "", nil
	}
	return "", fmt.Errorf("%w: %w", alert.ErrUnsure, err)
}

// reply answers in the root message's thread, also shown in the channel: an edit alone notifies nobody.
func (n *Notifier) reply(ctx context.Context, at *place, ts string, m *alert.Message) error {
	id := m.Record.Post + "-" + m.Digest
	out := renderReply(m)
	_, err := n.post(ctx, at, id, m.At, append(out.options(), metadata(m, id), asRoot(), slackapi.MsgOptionTS(ts), slackapi.MsgOptionBroadcast()))
	return err
}

func metadata(m *alert.Message, post string) slackapi.MsgOption {
	return slackapi.MsgOptionMetadata(slackapi.SlackMetadata{EventType: eventType, EventPayload: map[string]any{"fingerprint": m.Fingerprint, "post": post}})
}

// asRoot holds the options that only a new message takes.
func asRoot() slackapi.MsgOption {
	return slackapi.MsgOptionCompose(slackapi.MsgOptionDisableLinkUnfurl(), slackapi.MsgOptionDisableMediaUnfurl())
}
