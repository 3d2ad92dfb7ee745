package alert

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"sync/atomic"
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

// errNotOurs is a message that another process sends.
var errNotOurs = errors.New("another process sends it")

// Alerter tells of one evaluation after the other.
type Alerter struct {
	notifier   Notifier
	deliveries Deliveries
	recorder   recorder
	now        func() time.Time
	opts       Options

	sending  sync.RWMutex  // held for reading while a message is under way
	planning sync.Mutex    // held while a round decides what it sends, so that two do not decide upon the same
	views    atomic.Uint64 // that rounds were planned by; those that merely find a channel free count no further one
	weekly   sync.Mutex    // held while digests or files are sent, which no round knows of
	mu       sync.Mutex
	busy     map[string]bool // channels that a round is serving; false when something waits for one
	routes   Routes
	resting  map[string]time.Time // channels that refused for good, until when they are left alone
	troubles map[string]Trouble   // channels that refused and have not taken anything since
}

// Options are what an Alerter can do without.
type Options struct {
	// History is what happened to findings since a moment, oldest first. Without it a message tells the steps of the
	// evaluation at hand only.
	History func(ctx context.Context, since time.Time) ([]ledger.Change, error)
	// Owns says whether this process is the one that tells a team; nil owns all.
	Owns func(team string) bool
	// Newer says that there is a newer view: the round ends after the messages that are under way, and the rest is planned
	// again, so that what is critical does not wait behind what is not.
	Newer func() bool
	// Freed hears that a channel is free again whose messages a later round had to leave to the next one. Whoever runs
	// rounds side by side runs another then.
	Freed func()
	// Troubles keeps which channels refuse for good.
	Troubles Troubles
}

// New makes an Alerter.
func New(n Notifier, d Deliveries, r Routes, now func() time.Time) *Alerter {
	return &Alerter{notifier: n, deliveries: d, recorder: recorder{deliveries: d}, routes: r, now: now, busy: map[string]bool{}, resting: map[string]time.Time{}, troubles: map[string]Trouble{}}
}

// With adds what it can do without. It belongs before the first Run.
func (a *Alerter) With(o Options) *Alerter {
	a.opts = o
	return a
}

// SetRoutes replaces the routes, for the runs that begin after it.
func (a *Alerter) SetRoutes(r Routes) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.routes = r
}

// Settle returns once no message is under way that began before. Whoever takes teams over waits for it.
func (a *Alerter) Settle() {
	a.sending.Lock()
	a.sending.Unlock() //nolint:staticcheck,gocritic // an empty section: to have had the lock is all
}

// Summary says what became of an evaluation's messages.
type Summary struct {
	Sent       int            `json:"sent"`
	Updated    int            `json:"updated"`
	Failed     int            `json:"failed"`
	Suppressed map[Reason]int `json:"suppressed"` // messages that are unchanged or another process's; findings that are held back for other reasons
	Left       int            `json:"left"`       // messages that were left to the next round, since there is a newer view or another round serves their channel
	Next       time.Time      `json:"next"`       // when something that is held back becomes due
}

// Run plans, sends and records. A message that fails does not stop the others; the error joins all failures. Channels are
// served side by side, each in the order of the plan. Several runs may go on at the same time: one plans after the other, and
// none touches a channel that another is serving, so that a channel that is slow holds up nobody else's messages.
func (a *Alerter) Run(ctx context.Context, view *ledger.View) (Summary, error) {
	return a.Begin(ctx, view)()
}

// Renew says that the rounds from now on are planned by something newer: those that go on end after the messages that are under
// way, and leave the rest of their channels to them.
func (a *Alerter) Renew() { a.views.Add(1) }

// Begin plans and returns the rest of a run, which has to be called. Whoever runs several side by side begins one after the
// other, each with the newest view that there is by then.
func (a *Alerter) Begin(ctx context.Context, view *ledger.View) (send func() (Summary, error)) {
	sum := Summary{Suppressed: map[Reason]int{}}
	r := &round{Alerter: a, sum: &sum}
	queues, sent := r.plan(ctx, view)
	return func() (Summary, error) {
		r.serve(ctx, queues, sent)
		return sum, errors.Join(r.errs...)
	}
}

// plan decides what this round sends, and takes the channels that it sends to. What is on record of a channel is known to be
// true only when nobody was serving it when that was read.
func (r *round) plan(ctx context.Context, view *ledger.View) (queues map[string][]*Message, sent map[Key]Delivery) {
	a, sum := r.Alerter, r.sum
	a.planning.Lock()
	defer a.planning.Unlock()
	a.mu.Lock()
	routes, busy := a.routes, maps.Clone(a.busy)
	a.mu.Unlock()
	r.at, r.by = a.now(), a.views.Load()
	in := Input{View: view, Routes: &routes, Now: r.at}
	in.Sent = r.onRecord(ctx, &routes, view)
	in.Steps = r.history(ctx, view, in.Sent)
	var plan []Message
	plan, sum.Next = in.Plan()
	queues = map[string][]*Message{}
	left := map[string]bool{}
	for i := range plan {
		m := &plan[i]
		switch {
		case m.Channel != "" && a.opts.Owns != nil && !a.opts.Owns(m.Team):
			sum.Suppressed[ReasonOtherSender]++
		case m.Reason == ReasonUnchanged:
			sum.Suppressed[m.Reason]++
		case !m.Reason.Goes():
			sum.Suppressed[m.Reason] += len(m.Findings) + len(m.Unverifiable)
		case r.unread:
			sum.Failed++
		case isBusy(busy, m.Channel):
			sum.Left++
			left[m.Channel] = true
		case a.rests(m.Channel, r.at):
			sum.Suppressed[ReasonUndeliverable] += len(m.Findings) + len(m.Unverifiable)
		default:
			queues[m.Channel] = append(queues[m.Channel], m)
		}
	}
	for c := range left {
		r.leave(c)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for c := range queues {
		a.busy[c] = true
	}
	return queues, in.Sent
}

// deliver sends one message and keeps its record. updated tells a change of a message that stood there from a new one.
func (a *Alerter) deliver(ctx context.Context, m Message, prev *Delivery) (updated bool, err error) {
	a.sending.RLock()
	defer a.sending.RUnlock()
	if a.opts.Owns != nil && !a.opts.Owns(m.Team) {
		return false, errNotOurs // since the plan was made another process took the team over
	}
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
		if err := a.pending(ctx, m.Delivery("", StatusPending)); err != nil {
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

// pending puts on record that something is about to be sent.
func (a *Alerter) pending(ctx context.Context, d Delivery) error { return a.recorder.save(ctx, d) }

// save records an outcome. Being told to stop comes too late for that: the message is out, and its record must be too.
func (a *Alerter) save(ctx context.Context, d Delivery) error {
	if err := a.recorder.save(context.WithoutCancel(ctx), d); err != nil {
		return fmt.Errorf("the outcome (%s) could not be put on record: %w", d.Status, err)
	}
	return nil
}

// Delivery is the message as it is put on record.
func (m *Message) Delivery(ts, status string) Delivery {
	return Delivery{Channel: m.Channel, Fingerprint: m.Fingerprint, At: m.At, TS: ts, Digest: m.Digest, Status: status, Body: m.Record.Encode()}
}
