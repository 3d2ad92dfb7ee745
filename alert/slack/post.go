package slack

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	slackapi "github.com/slack-go/slack"

	"github.com/grantwatch/grantwatch/alert"
)

const (
	attempts = 4
	maxPause = time.Minute // a longer one is left to the next evaluation
)

// errNoAnswer is an answer without what every good answer has.
var errNoAnswer = errors.New("the answer is neither a success nor an error")

// place is a channel: its configured name, and Slack's id once it is known.
type place struct{ name, id string }

// target is what a new message is addressed to.
func (p *place) target() string {
	if p.id != "" {
		return p.id
	}
	return p.name
}

// post posts once. It repeats only what certainly was not accepted, or what the channel's history does not have. After one
// unsure attempt every other end is unsure too, for the history can lag.
func (n *Notifier) post(ctx context.Context, at *place, id string, since time.Time, thread string, opts []slackapi.MsgOption) (string, error) {
	const method = "chat.postMessage"
	doubt := false
	fail := func(err error) error {
		if doubt && !errors.Is(err, alert.ErrUnsure) {
			return fmt.Errorf("%w: %w", alert.ErrUnsure, err)
		}
		return err
	}
	if strings.HasPrefix(at.name, personPrefix) { // only channels can be addressed by name
		if err := n.identify(ctx, at); err != nil {
			return "", err
		}
	}
	last := outcome{}
	for try := range attempts {
		if err := n.pace.turn(ctx, method, at.name); err != nil {
			return "", fail(wrap(method, err))
		}
		channel, ts, err := n.api.PostMessageContext(ctx, at.target(), opts...)
		if err == nil && ts == "" {
			err = errNoAnswer
		}
		last = n.judge(ctx, method, at.name, err)
		doubt = doubt || last.class == unsure || last.class == canceled
		switch last.class {
		case done:
			n.learn(at, channel)
			return ts, nil
		case refused, gone, canceled:
			return "", fail(last.err)
		case busy:
			if err := n.rest(method, last); err != nil {
				return "", fail(err)
			}
			continue
		}
		n.log.Warn("slack: posting failed", "channel", at.name, "try", try+1, "error", last.err)
		if err := sleep(ctx, time.Second<<try); err != nil {
			return "", fail(wrap(method, err))
		}
		if last.class == unsure {
			if ts, err := n.search(ctx, at, id, thread, since); err != nil || ts != "" {
				return ts, err
			}
		}
	}
	return "", fail(last.err)
}

// editPace keeps the pace of edits apart from that of messages, which Slack limits: the answer that notifies follows an edit
// at once.
const editPace = " edits"

// update edits a message. Saying the same twice is harmless, so everything that may pass is repeated.
func (n *Notifier) update(ctx context.Context, at *place, ts string, opts []slackapi.MsgOption) error {
	const method = "chat.update"
	if err := n.identify(ctx, at); err != nil {
		return err
	}
	return n.repeat(ctx, method, at.name, at.name+editPace, func() error {
		_, got, _, err := n.api.UpdateMessageContext(ctx, at.id, ts, opts...)
		if err == nil && got == "" {
			return errNoAnswer
		}
		return err
	})
}

// repeat calls a method that can be called again until it succeeds or there is no hope in this run.
func (n *Notifier) repeat(ctx context.Context, method, channel, paced string, call func() error) error {
	last := outcome{}
	for try := range attempts {
		if err := n.pace.turn(ctx, method, paced); err != nil {
			return wrap(method, err)
		}
		last = n.judge(ctx, method, channel, call())
		switch last.class {
		case done:
			return nil
		case refused, gone, canceled:
			return last.err
		case busy:
			if err := n.rest(method, last); err != nil {
				return err
			}
			continue
		}
		if try == attempts-1 {
			break
		}
		n.log.Warn("slack: call failed", "method", method, "channel", channel, "try", try+1, "error", last.err)
		if err := sleep(ctx, time.Second<<try); err != nil {
			return wrap(method, err)
		}
	}
	return last.err
}

// rest notes the pause that Slack asks for; the next turn waits for it.
func (n *Notifier) rest(method string, o outcome) error {
	n.pace.pause(method, o.pause)
	n.log.Warn("slack: rate limited", "method", method, "pause", o.pause)
	if o.pause > maxPause {
		return o.err
	}
	return nil
}

func wrap(method string, err error) error {
	var b *BusyError
	if errors.As(err, &b) {
		return err
	}
	return fmt.Errorf("slack: %s: %w", method, err)
}
