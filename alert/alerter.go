package alert

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/grantwatch/grantwatch/detect/ledger"
)

// Notifier delivers messages. prev is what is on record for the message and nil when nothing stands in the channel; a
// pending one without an id means that an earlier attempt may have been delivered, and the notifier looks before it posts.
type Notifier interface {
	Send(ctx context.Context, m Message, prev *Delivery) (Delivery, error)
}

// ErrGone is what a notifier returns when the message that it should change is no longer there or can't be changed.
var ErrGone = errors.New("the message to change is gone")

// ErrUnsure is what a notifier returns when nobody can tell whether a message was delivered. The delivery stays pending.
var ErrUnsure = errors.New("whether the message was delivered is not known")

const saveTimeout = 10 * time.Second

// Alerter tells of one evaluation after the other.
type Alerter struct {
	notifier   Notifier
	deliveries Deliveries
	routes     Routes
	now        func() time.Time

	running sync.Mutex // two runs at once would both find nothing on record and post twice
}

// New makes an Alerter.
func New(n Notifier, d Deliveries, r Routes, now func() time.Time) *Alerter {
	return &Alerter{notifier: n, deliveries: d, routes: r, now: now}
}

// Summary says what became of an evaluation's messages.
type Summary struct {
	Sent       int            `json:"sent"`
	Updated    int            `json:"updated"`
	Failed     int            `json:"failed"`
	Suppressed map[Reason]int `json:"suppressed"` // messages that are unchanged; findings that are held back for other reasons
}

// Run plans, sends and records. A message that fails does not stop the others; the error joins all failures.
func (a *Alerter) Run(ctx context.Context, view *ledger.View) (Summary, error) {
	a.running.Lock()
	defer a.running.Unlock()
	sum := Summary{Suppressed: map[Reason]int{}}
	sent := map[Key]Delivery{}
	unread := map[string]bool{} // channels whose record is not known: posting there might repeat everything
	var errs []error
	for _, c := range a.routes.Channels() {
		list, err := a.deliveries.Deliveries(ctx, c)
		if err != nil {
			unread[c] = true
			errs = append(errs, fmt.Errorf("alert: what was sent to %q: %w", c, err))
			continue
		}
		for _, d := range list {
			sent[Key{c, d.Fingerprint}] = d
		}
	}
	for _, m := range Plan(view, sent, a.routes, a.now()) {
		switch {
		case m.Reason == ReasonUnchanged:
			sum.Suppressed[m.Reason]++
			continue
		case !m.Reason.Goes():
			sum.Suppressed[m.Reason] += len(m.Findings)
			continue
		case unread[m.Channel]:
			sum.Failed++
			continue
		}
		if err := ctx.Err(); err != nil {
			return sum, errors.Join(append(errs, fmt.Errorf("alert: stopped before all messages were sent: %w", err))...)
		}
		var prev *Delivery
		if d, ok := sent[m.Key]; ok && d.Status != StatusFailed && (d.Status != StatusResolved || m.Reason == ReasonResolved) {
			prev = &d
		}
		updated, err := a.deliver(ctx, m, prev)
		switch {
		case err != nil:
			sum.Failed++
			errs = append(errs, fmt.Errorf("alert: %s of team %q to %q: %w", m.Kind, m.Team, m.Channel, err))
		case updated:
			sum.Updated++
		default:
			sum.Sent++
		}
	}
	return sum, errors.Join(errs...)
}

// deliver sends one message and keeps its record. updated tells a change of a message that stood there from a new one.
func (a *Alerter) deliver(ctx context.Context, m Message, prev *Delivery) (updated bool, err error) {
	if prev != nil && prev.TS != "" {
		d, err := a.notifier.Send(ctx, m, prev)
		switch {
		case err == nil:
			return true, a.save(ctx, d)
		case !errors.Is(err, ErrGone):
			return true, err // changing is repeatable: the old record stays and the next run tries again
		case m.Reason == ReasonResolved: // what is over needs no new message to say so
			gone := *prev
			gone.At, gone.Status, gone.Digest = m.At, StatusResolved, m.Digest
			return true, a.save(ctx, gone)
		}
		m.Reason, prev, m.New = ReasonFirst, nil, len(m.Findings)
		m.Record.Post = postID(m.Key, m.At)
	}
	if prev == nil {
		if err := a.deliveries.SaveDelivery(ctx, m.Delivery("", StatusPending)); err != nil {
			return false, fmt.Errorf("not sent, since it could not be put on record: %w", err)
		}
	}
	d, err := a.notifier.Send(ctx, m, prev)
	if err == nil {
		return false, a.save(ctx, d)
	}
	if errors.Is(err, ErrUnsure) || prev != nil {
		return false, err // pending it stays, and the next run looks for it
	}
	return false, errors.Join(err, a.save(ctx, m.Delivery("", StatusFailed)))
}

// save records an outcome. Being told to stop comes too late for that: the message is out, and its record must be too.
func (a *Alerter) save(ctx context.Context, d Delivery) error {
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), saveTimeout)
	defer stop()
	if err := a.deliveries.SaveDelivery(ctx, d); err != nil {
		return fmt.Errorf("the outcome (%s) could not be put on record: %w", d.Status, err)
	}
	return nil
}

// Delivery is the message as it is put on record.
func (m *Message) Delivery(ts, status string) Delivery {
	return Delivery{Channel: m.Channel, Fingerprint: m.Fingerprint, At: m.At, TS: ts, Digest: m.Digest, Status: status, Body: m.Record.Encode()}
}
