package alert

import (
	"context"
	"fmt"
	"strings"
)

// Mux hands messages to the notifier of their channel. A channel such as "webhook:soar" belongs to the notifier of that
// whole name or, when there is none, to the one of "webhook:"; every other channel belongs to Default.
type Mux struct {
	Default Notifier // nil when channels without a prefix cannot be told
	By      map[string]Notifier
}

var _ Notifier = (*Mux)(nil)

// Send hands the message on.
func (x *Mux) Send(ctx context.Context, m Message, prev *Delivery) (Delivery, error) {
	n := x.of(m.Channel)
	if n == nil {
		return Delivery{}, &nobody{m.Channel}
	}
	return n.Send(ctx, m, prev)
}

func (x *Mux) of(channel string) Notifier {
	if n := x.By[channel]; n != nil {
		return n
	}
	if kind, _, ok := strings.Cut(channel, ":"); ok {
		if n := x.By[kind+":"]; n != nil {
			return n
		}
	}
	return x.Default
}

// nobody is a channel without a notifier.
type nobody struct{ channel string }

var _ Undeliverable = (*nobody)(nil)

func (e *nobody) Error() string {
	return fmt.Sprintf("alert: nothing is configured that could tell %q", e.channel)
}

// Undeliverable says what is missing.
func (e *nobody) Undeliverable() (code, hint string) {
	return "no_notifier", "configure Slack under alert.slack, or route to a webhook, an address or a topic"
}
