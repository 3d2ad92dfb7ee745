package slack

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
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
	Every      time.Duration    // between two messages in a channel; zero is the second that Slack asks for
	Buttons    bool             // somebody listens to what is pressed
	Logger     *slog.Logger     // nil means silence
}

// Notifier posts alerts to Slack. It is safe for concurrent use.
type Notifier struct {
	api   *slackapi.Client
	token string
	pace  *pace
	log   *slog.Logger
	seal  *sealer // nil without buttons
	files *http.Client
	base  *url.URL // of the API

	mu  sync.Mutex
	ids map[string]string // of channels by the name they are configured with
}

var (
	_ alert.Notifier     = (*Notifier)(nil)
	_ alert.FileNotifier = (*Notifier)(nil)
)

// New makes a Notifier. It sends nothing yet.
func New(c Config) *Notifier {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	api := slackapi.APIURL
	if c.APIURL != "" {
		api = strings.TrimRight(c.APIURL, "/") + "/"
	}
	n := &Notifier{token: strings.TrimSpace(c.Token), pace: newPace(c.Now, c.Every), log: c.Logger, ids: map[string]string{}}
	if c.Buttons {
		n.seal = newSealer(n.token)
	}
	if n.base, _ = url.Parse(api); n.base == nil {
		n.base = &url.URL{} // every call fails and says so
	}
	n.files = guarded(c.HTTPClient, n.base)
	n.api = slackapi.New("", slackapi.OptionAPIURL(api), slackapi.OptionHTTPClient(newCourier(c.HTTPClient, n.token)))
	return n
}

// Send posts the message, or edits the one that prev names. It returns what is to be put on record.
func (n *Notifier) Send(ctx context.Context, m alert.Message, prev *alert.Delivery) (alert.Delivery, error) {
	out := render(&m, n.seal)
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
		found, err := n.search(ctx, &at, m.Record.Post, "", prev.At)
		if err != nil {
			return alert.Delivery{}, err
		}
		if ts = found; ts == "" && m.Reason == alert.ReasonResolved {
			return m.Delivery("", status), nil // nobody was told, so there is nothing to take back
		}
	}
	var err error
	if ts == "" {
		ts, err = n.post(ctx, &at, m.Record.Post, m.At, "", append(out.options(), metadata(&m, m.Record.Post), asRoot()))
	} else {
		err = n.update(ctx, &at, ts, append(out.options(), metadata(&m, m.Record.Post)))
		if yes, loud := tells(&m); err == nil && yes {
			err = n.reply(ctx, &at, ts, &m, loud)
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
func (n *Notifier) search(ctx context.Context, at *place, post, thread string, since time.Time) (string, error) {
	ts, err := n.find(ctx, at, post, thread, since)
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

// reply answers in the root message's thread, and shows that in the channel too when loud: an edit notifies nobody. An
// answer is about one state of the message. An earlier attempt at the same one may have gone through without anybody
// knowing, so the thread is looked at first.
func (n *Notifier) reply(ctx context.Context, at *place, ts string, m *alert.Message, loud bool) error {
	id := replyID(m)
	if found, err := n.search(ctx, at, id, ts, m.At); err != nil || found != "" {
		return err
	}
	out := renderReply(m)
	opts := append(out.options(), metadata(m, id), asRoot(), slackapi.MsgOptionTS(ts))
	if loud {
		opts = append(opts, slackapi.MsgOptionBroadcast())
	}
	_, err := n.post(ctx, at, id, m.At, ts, opts)
	return err
}

// replyID names what an answer says: why it speaks, of which state, up to which step, and for a reminder also since when.
func replyID(m *alert.Message) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s %s %d %d", m.Reason, m.Digest, len(m.Steps), m.StepsLeft)
	for i := range m.Steps {
		fmt.Fprintf(h, " %s %d %s", m.Steps[i].Fingerprint, m.Steps[i].At.UnixNano(), m.Steps[i].To)
	}
	if m.Reason == alert.ReasonReminder || m.Reason == alert.ReasonEscalate {
		fmt.Fprintf(h, " after %d", m.Record.Since.UnixNano())
		fmt.Fprintf(h, " on %s", m.At.UTC().Format(time.DateOnly))
	}
	return m.Record.Post + "-" + hex.EncodeToString(h.Sum(nil)[:8])
}

func metadata(m *alert.Message, post string) slackapi.MsgOption {
	return slackapi.MsgOptionMetadata(slackapi.SlackMetadata{EventType: eventType, EventPayload: map[string]any{"fingerprint": m.Fingerprint, "channel": m.Channel, "post": post}})
}

// asRoot holds the options that only a new message takes.
func asRoot() slackapi.MsgOption {
	return slackapi.MsgOptionCompose(slackapi.MsgOptionDisableLinkUnfurl(), slackapi.MsgOptionDisableMediaUnfurl())
}
