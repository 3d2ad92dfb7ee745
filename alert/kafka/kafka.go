// Package kafka writes findings to a topic as OCSF events, for the programs that read such a stream: a data lake, a SIEM, a
// ticket machine. One record is one finding in its newest state; its key is the fingerprint, so that a compacted topic
// holds exactly what is true now. A finding that is over is written once more, as resolved.
package kafka

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/access/ocsf"
	"github.com/grantwatch/grantwatch/alert"
	"github.com/grantwatch/grantwatch/alert/document"
	"github.com/grantwatch/grantwatch/detect/ledger"
)

// Prefix begins the channels that are told by Kafka: kafka:grantwatch.findings.
const Prefix = "kafka:"

// The headers of a record.
const (
	HeaderEvent  = "grantwatch-event"  // the same in every attempt to tell the same
	HeaderReason = "grantwatch-reason" // why it was told
)

// Options make a client fit for a Notifier, beside its brokers and its security. A record whose outcome is not known may be
// given up: it is produced again later, and readers keep the newest of a key.
func Options() []kgo.Opt {
	return []kgo.Opt{kgo.ClientID("grantwatch-alert"), kgo.RecordDeliveryTimeout(30 * time.Second), kgo.UnknownTopicRetries(2), kgo.AllowIdempotentProduceCancellation()}
}

// Producer is the client; it must wait for all replicas and be idempotent, which is franz-go's default.
type Producer interface {
	ProduceSync(ctx context.Context, rs ...*kgo.Record) kgo.ProduceResults
}

// Notifier produces records. It is safe for concurrent use.
type Notifier struct{ producer Producer }

var _ alert.Notifier = (*Notifier)(nil)

// New makes a Notifier.
func New(p Producer) *Notifier { return &Notifier{p} }

// batch is how many findings are in memory as records at a time.
const batch = 1000

// Send writes every finding of the message, and those that ended since. A repeated attempt writes the same records again,
// which changes nothing for a reader that keeps the newest of a key.
func (n *Notifier) Send(ctx context.Context, m alert.Message, prev *alert.Delivery) (alert.Delivery, error) {
	if err := ctx.Err(); err != nil {
		return alert.Delivery{}, fmt.Errorf("kafka: %w", err)
	}
	topic, ok := strings.CutPrefix(m.Channel, Prefix)
	if !ok || topic == "" {
		return alert.Delivery{}, &PermanentError{"topic", "write the channel as kafka:TOPIC"}
	}
	status := alert.StatusSent
	if m.Reason == alert.ReasonResolved {
		status = alert.StatusResolved
	}
	done := m.Delivery(m.Record.Post, status)
	if m.Reason == alert.ReasonDigest { // its findings are in the topic already
		return done, nil
	}
	event := alert.EventID(&m, prev)
	list := findings(&m)
	for from := 0; from < len(list); from += batch {
		part := list[from:min(len(list), from+batch)]
		records := make([]*kgo.Record, 0, len(part))
		for i := range part {
			value, err := json.Marshal(ocsf.Finding(&part[i]))
			if err != nil {
				return alert.Delivery{}, fmt.Errorf("kafka: %w", err)
			}
			records = append(records, &kgo.Record{Topic: topic, Key: []byte(part[i].Fingerprint), Value: value,
				Headers: []kgo.RecordHeader{{Key: HeaderEvent, Value: []byte(event)}, {Key: HeaderReason, Value: []byte(m.Reason)}}})
		}
		if err := n.producer.ProduceSync(ctx, records...).FirstErr(); err != nil {
			return alert.Delivery{}, judge(topic, err)
		}
	}
	return done, nil
}

// findings are what the message tells, in their bounded form, and what ended since it was told last.
func findings(m *alert.Message) []access.Finding {
	out := make([]access.Finding, 0, len(m.Findings)+len(m.Unverifiable))
	here := map[string]bool{}
	for _, list := range [][]access.Finding{m.Findings, m.Unverifiable} {
		for _, f := range list {
			f = document.Finding(f)
			here[f.Fingerprint] = true
			out = append(out, f)
		}
	}
	for _, s := range m.Steps {
		if s.To != ledger.StateResolved || here[s.Fingerprint] {
			continue
		}
		out = append(out, document.Finding(access.Finding{
			Fingerprint: s.Fingerprint, Kind: m.Kind, Rule: m.Cause, Team: s.Team, Title: m.Title, Verdict: s.Verdict, Severity: s.Severity,
			Why: s.Why, State: s.To, FirstSeen: s.At, LastSeen: s.At,
		}))
	}
	return out
}

var _ alert.Undeliverable = (*PermanentError)(nil)

// PermanentError is a refusal that repeating does not change.
type PermanentError struct {
	Code string // Kafka's word for it
	Hint string
}

func (e *PermanentError) Error() string { return "kafka: " + e.Code + ": " + e.Hint }

// Undeliverable says what whoever runs Grantwatch should do.
func (e *PermanentError) Undeliverable() (code, hint string) { return e.Code, e.Hint }

// judge tells what never passes from what may; a record whose outcome is not known may be in the topic.
func judge(topic string, err error) error {
	var code *kerr.Error
	if errors.As(err, &code) {
		switch {
		case errors.Is(err, kerr.UnknownTopicOrPartition):
			return &PermanentError{code.Message, fmt.Sprintf("create the topic %q", topic)}
		case errors.Is(err, kerr.TopicAuthorizationFailed), errors.Is(err, kerr.ClusterAuthorizationFailed):
			return &PermanentError{code.Message, fmt.Sprintf("allow this user to write to the topic %q", topic)}
		case errors.Is(err, kerr.MessageTooLarge), errors.Is(err, kerr.RecordListTooLarge):
			return &PermanentError{code.Message, fmt.Sprintf("raise max.message.bytes of the topic %q", topic)}
		case !code.Retriable:
			return &PermanentError{code.Message, "the broker refuses it: " + code.Description}
		}
	}
	return fmt.Errorf("%w: kafka: topic %q: %w", alert.ErrUnsure, topic, err)
}
