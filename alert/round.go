package alert

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/grantwatch/grantwatch/detect/ledger"
)

const (
	together = 16              // channels that are served side by side
	rest     = 5 * time.Minute // a channel that refused for good is left alone for so long
	longest  = 30 * 24 * time.Hour
)

// round is one run of an Alerter.
type round struct {
	*Alerter
	at     time.Time
	by     uint64 // of the views, the one that it was planned by
	unread bool   // what is on record is not known: posting might repeat everything

	lock sync.Mutex // of what follows
	sum  *Summary
	errs []error
}

func (r *round) fail(err error) {
	r.lock.Lock()
	defer r.lock.Unlock()
	r.errs = append(r.errs, err)
}

// persons are the channels of people to whom the view's findings go.
func (r *Routes) persons(view *ledger.View, t time.Time) []string {
	asks := slices.ContainsFunc(r.Escalate.To, func(t Target) bool { return t.Person != "" })
	for i := range r.Rules {
		asks = asks || slices.ContainsFunc(r.Rules[i].To, func(t Target) bool { return t.Person != "" })
	}
	set := map[string]bool{}
	for i := range view.Findings {
		if c := askedIn(&view.Findings[i]); c != "" {
			set[c] = true
		}
	}
	if !asks {
		return slices.Collect(maps.Keys(set))
	}
	feeds := feedTeams(view)
	var room []place
	for i := range view.Findings {
		f := &view.Findings[i]
		room = r.places(f, feeds, t, room)
		room = r.resolve(r.Escalate.To, f, feeds, room)
		for _, p := range room {
			set[p.channel] = true
		}
	}
	out := make([]string, 0, len(set))
	for c := range set {
		out = append(out, c)
	}
	return out
}

// onRecord is what was told in all channels that the view may be told in, and what stands anywhere else. Meanwhile it learns
// which channels refuse.
func (r *round) onRecord(ctx context.Context, routes *Routes, view *ledger.View) map[Key]Delivery {
	var learnt sync.WaitGroup
	learnt.Go(func() { r.loadTroubles(ctx) })
	defer learnt.Wait()
	channels := append(routes.Channels(), routes.persons(view, r.at)...)
	slices.Sort(channels)
	list, err := r.deliveries.Deliveries(ctx, slices.Compact(channels), true)
	if err != nil {
		r.unread = true
		r.fail(fmt.Errorf("alert: what was sent: %w", err))
	}
	sent := make(map[Key]Delivery, len(list))
	for _, d := range list {
		sent[Key{d.Channel, d.Fingerprint}] = d
	}
	return sent
}

func isBusy(busy map[string]bool, channel string) bool {
	_, ok := busy[channel]
	return ok
}

// leave notes that something waits for a channel that another round serves.
func (r *round) leave(channel string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.busy[channel]; ok { // free again meanwhile: the next round has it
		r.busy[channel] = false
		return
	}
	r.freed(true)
}

// free gives a channel back.
func (r *round) free(channel string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	waited := !r.busy[channel]
	delete(r.busy, channel)
	r.freed(waited)
}

func (r *round) freed(waited bool) {
	if waited && r.opts.Freed != nil {
		r.opts.Freed()
	}
}

// history are the steps that a message could still have to tell.
func (r *round) history(ctx context.Context, view *ledger.View, sent map[Key]Delivery) []ledger.Change {
	if r.opts.History == nil {
		return view.Changes
	}
	since := time.Time{}
	for k, d := range sent {
		if d.Status != StatusSent || !isGroup(k.Fingerprint) {
			continue
		}
		if upto := d.Record().Upto; !upto.IsZero() && (since.IsZero() || upto.Before(since)) {
			since = upto
		}
	}
	if since.IsZero() {
		return view.Changes
	}
	if oldest := r.at.Add(-longest); since.Before(oldest) {
		since = oldest
	}
	steps, err := r.opts.History(ctx, since)
	if err != nil {
		r.fail(fmt.Errorf("alert: what happened since %s: %w", since.UTC().Format(time.RFC3339), err))
		return view.Changes
	}
	return steps
}

// serve sends what is queued for each channel.
func (r *round) serve(ctx context.Context, queues map[string][]*Message, sent map[Key]Delivery) {
	names := make([]string, 0, len(queues))
	for c := range queues {
		names = append(names, c)
	}
	// The channels with the gravest messages begin, when there are more than can be served side by side.
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(-cmp.Compare(queues[a][0].Severity.Rank(), queues[b][0].Severity.Rank()), cmp.Compare(a, b))
	})
	turn := make(chan struct{}, together)
	var all sync.WaitGroup
	for _, c := range names {
		turn <- struct{}{}
		all.Go(func() {
			defer func() { <-turn }()
			defer r.free(c)
			r.channel(ctx, queues[c], sent)
		})
	}
	all.Wait()
}

func (r *round) channel(ctx context.Context, queue []*Message, sent map[Key]Delivery) {
	for i, m := range queue {
		if err := ctx.Err(); err != nil {
			r.fail(fmt.Errorf("alert: stopped before all messages were sent: %w", err))
			return
		}
		if i > 0 && r.superseded() {
			r.lock.Lock()
			r.sum.Left += len(queue) - i
			r.lock.Unlock()
			r.leave(m.Channel)
			return
		}
		var prev *Delivery
		if d, ok := sent[m.Key]; ok && d.Status != StatusFailed && (d.Status != StatusResolved || m.Reason == ReasonResolved) {
			prev = &d
		}
		updated, err := r.deliver(ctx, *m, prev)
		r.note(m, updated, err)
		if r.judge(ctx, m.Channel, m.Team, err) {
			r.lock.Lock()
			for _, m := range queue[i+1:] {
				r.sum.Suppressed[ReasonUndeliverable] += len(m.Findings) + len(m.Unverifiable)
			}
			r.lock.Unlock()
			return
		}
	}
}

// superseded reports whether there is something newer to plan by than what this round was planned by.
func (r *round) superseded() bool {
	return r.views.Load() != r.by || r.opts.Newer != nil && r.opts.Newer()
}

func (r *round) note(m *Message, updated bool, err error) {
	r.lock.Lock()
	defer r.lock.Unlock()
	switch {
	case errors.Is(err, errNotOurs):
		r.sum.Suppressed[ReasonOtherSender]++
	case err != nil:
		r.sum.Failed++
		r.errs = append(r.errs, fmt.Errorf("alert: %s of team %q to %q: %w", m.Kind, m.Team, m.Channel, err))
	case updated:
		r.sum.Updated++
	default:
		r.sum.Sent++
	}
}

// loadTroubles learns which channels refuse; another process may have found out.
func (r *round) loadTroubles(ctx context.Context) {
	if r.opts.Troubles == nil {
		return
	}
	list, err := r.opts.Troubles.Troubles(ctx)
	if err != nil {
		r.fail(fmt.Errorf("alert: which channels refuse: %w", err))
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.troubles)
	for _, t := range list {
		if t.Open {
			r.troubles[t.Channel] = t
		}
	}
}

func (a *Alerter) rests(channel string, at time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return at.Before(a.resting[channel])
}

// judge notes what the outcome of a message says about its channel. It reports whether the channel is to be left alone.
func (r *round) judge(ctx context.Context, channel, team string, err error) bool {
	var u Undeliverable
	refused := errors.As(err, &u)
	if !refused && err != nil {
		return false
	}
	r.mu.Lock()
	t, known := r.troubles[channel]
	now := r.now()
	changed := false
	if refused {
		code, hint := u.Undeliverable()
		r.resting[channel] = now.Add(rest)
		changed = !known || t.Code != code || t.Hint != hint
		if !known {
			t = Trouble{Channel: channel, Team: team, Since: now}
		}
		t.Code, t.Hint, t.At, t.Open = code, hint, now, true
		r.troubles[channel] = t
	} else {
		delete(r.resting, channel)
		delete(r.troubles, channel)
		changed, t.At, t.Open = known, now, false
	}
	r.mu.Unlock()
	if changed && r.opts.Troubles != nil {
		ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), saveTimeout)
		defer stop()
		if err := r.opts.Troubles.SaveTrouble(ctx, t); err != nil {
			r.fail(fmt.Errorf("alert: that %q refuses could not be put on record: %w", channel, err))
		}
	}
	return refused
}
