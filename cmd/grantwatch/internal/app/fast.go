package app

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/detect"
	"github.com/grantwatch/grantwatch/detect/ledger"
	"github.com/grantwatch/grantwatch/ingest"
)

// What event rules match is told at once and not by the next evaluation. Hits are gathered as they become durable,
// one for each rule and actor however many there are, and judged together; so that a flood of hits costs a look-up each,
// and a judgement a few times a second at most.
const (
	fastEvery = 200 * time.Millisecond // between two judgements
	pollEvery = time.Second            // between two looks at a store that others write to
	mostHits  = 10_000                 // rules and actors that wait; the rest is left to the next evaluation
	pollBack  = 2 * time.Minute        // ingesters' clocks and inserts may lag so far behind
)

// hitBox gathers hits.
type hitBox struct {
	lock  sync.Mutex
	hits  map[hitKey]access.Hit
	over  int64 // hits that found it full
	ready chan struct{}
	known map[hitKey]string // of what the last look at the store found, the event
}

type hitKey struct{ team, rule, actor string }

func newHitBox() *hitBox {
	return &hitBox{hits: map[hitKey]access.Hit{}, ready: make(chan struct{}, 1)}
}

// put keeps the gravest hit of each rule and actor.
func (b *hitBox) put(list []access.Hit) {
	if len(list) == 0 {
		return
	}
	b.lock.Lock()
	for i := range list {
		h := &list[i]
		k := hitKey{h.Team, h.Rule, actorOf(&h.Event)}
		switch old, ok := b.hits[k]; {
		case ok && old.Severity.Rank() >= h.Severity.Rank():
		case !ok && len(b.hits) >= mostHits:
			b.over++
		default:
			c := keepHit(h)
			b.hits[hitKey{c.Team, c.Rule, actorOf(&c.Event)}] = c
		}
	}
	b.lock.Unlock()
	select {
	case b.ready <- struct{}{}:
	default:
	}
}

// news are the hits that the look at the store before did not find.
func (b *hitBox) news(list []access.Hit) []access.Hit {
	now := make(map[hitKey]string, len(list))
	var out []access.Hit
	for i := range list {
		h := &list[i]
		k := hitKey{h.Team, h.Rule + " " + string(h.Severity), actorOf(&h.Event)}
		now[k] = h.Event.ID
		if b.known[k] != h.Event.ID {
			out = append(out, *h)
		}
	}
	b.known = now
	return out
}

func (b *hitBox) take() (list []access.Hit, over int64) {
	b.lock.Lock()
	defer b.lock.Unlock()
	for _, h := range b.hits {
		list = append(list, h)
	}
	over = b.over
	b.hits, b.over = map[hitKey]access.Hit{}, 0
	slices.SortFunc(list, func(x, y access.Hit) int {
		if c := x.Event.Time.Compare(y.Event.Time); c != 0 {
			return c
		}
		return strings.Compare(x.Event.ID+x.Rule+x.Team, y.Event.ID+y.Rule+y.Team)
	})
	return list, over
}

func actorOf(ev *access.Event) string {
	for _, s := range []string{ev.Actor.Principal, ev.Actor.ID, ev.Actor.Name} {
		if s != "" {
			return s
		}
	}
	return ev.Actor.Email
}

// keepHit copies what a hit needs out of the memory of its batch.
func keepHit(h *access.Hit) access.Hit {
	c := *h
	e := &c.Event
	for _, s := range []*string{&c.Rule, &c.Why, &c.Team, &c.Feed, &e.ID, &e.Provider, &e.Account, &e.Class, &e.LogClass, &e.Action, &e.Error,
		&e.Actor.ID, &e.Actor.UID, &e.Actor.Name, &e.Actor.Email, &e.Actor.Issuer, &e.Actor.Credential, &e.Actor.Principal,
		&e.Permission, &e.Scope, &e.Via, &e.SrcIP, &e.UserAgent, &e.Session} {
		*s = strings.Clone(*s)
	}
	c.Severity, e.Access, e.Outcome, e.Actor.Kind = access.Severity(strings.Clone(string(c.Severity))), access.Level(strings.Clone(string(e.Access))), access.Outcome(strings.Clone(string(e.Outcome))), access.Kind(strings.Clone(string(e.Actor.Kind)))
	e.Actor.Chain, e.Actor.Groups, e.Targets, e.Attrs, e.Change = nil, nil, nil, nil, nil
	return c
}

// fewHits is how many hits of a batch are made durable before the rest of it. More of them are a flood, which gains nothing
// by being written twice.
const fewHits = 1000

// hitsFirst makes the hits of a batch durable and tells the box of them before it writes the rest, which takes most of the
// time. A batch that does not get that far is written again by its source, under the same token.
type hitsFirst struct {
	ingest.Sink
	save func(context.Context, *access.Batch) error
	box  *hitBox
}

// WriteBatch writes both.
func (h hitsFirst) WriteBatch(ctx context.Context, b *access.Batch) error {
	first := len(b.Hits) > 0 && len(b.Hits) <= fewHits
	if first {
		if err := h.save(ctx, b); err != nil {
			return err
		}
		h.box.put(b.Hits)
	}
	if err := h.Sink.WriteBatch(ctx, b); err != nil {
		return err
	}
	if !first {
		h.box.put(b.Hits)
	}
	return nil
}

// Fast judges hits as they come, until ctx ends. poll looks at the store too, for what other processes read.
func (a *App) Fast(ctx context.Context, now func() time.Time, poll bool) {
	var tick <-chan time.Time
	if poll {
		t := time.NewTicker(pollEvery)
		defer t.Stop()
		tick = t.C
	}
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-a.hits.ready:
		case <-tick:
			list, err := a.Store.HitsIngested(ctx, now().Add(-pollBack), mostHits)
			if err != nil {
				continue // the store is away; the next look has what this one missed
			}
			a.hits.put(a.hits.news(list))
		}
		select {
		case <-ctx.Done():
			return
		case <-pause.C:
		}
		if err := a.JudgeHits(ctx, now()); err != nil && ctx.Err() == nil {
			a.Notice("hits: %v; they are left to the next evaluation", err)
		}
		pause.Reset(fastEvery)
	}
}

// JudgeHits makes findings of the hits that have come since the last time, and has them told.
func (a *App) JudgeHits(ctx context.Context, now time.Time) error {
	ground := a.ground.Load()
	if ground == nil {
		return nil // nothing was evaluated yet; the first evaluation has them all
	}
	list, over := a.hits.take()
	if over > 0 {
		a.Notice("hits of more than %d rules and actors at once: %d are left to the next evaluation", mostHits, over)
	}
	if len(list) == 0 {
		return nil
	}
	a.metrics.Judged(len(list))
	in := *ground
	in.Now, in.Hits = now, list
	judged := detect.Hits(&in)

	a.books.Lock()
	before := map[string]*access.Finding{}
	for i := range a.previous {
		before[a.previous[i].Fingerprint] = &a.previous[i]
	}
	var old []access.Finding
	for i := range judged {
		if p := before[judged[i].Fingerprint]; p != nil {
			old = append(old, *p)
		}
	}
	current, changes := ledger.Merge(old, judged, now)
	moved := map[string]bool{}
	for _, c := range changes {
		moved[c.Fingerprint] = true
	}
	current = slices.DeleteFunc(current, func(f access.Finding) bool { return !moved[f.Fingerprint] })
	a.previous = keepKnown(a.previous, current)
	for i := range current {
		a.fresh[current[i].Fingerprint] = current[i]
	}
	a.books.Unlock()
	if len(changes) == 0 {
		return nil // known already
	}
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { return a.Store.SaveFindings(gctx, current) })
	g.Go(func() error { return a.Store.AppendHistory(gctx, historyOf(changes)) })
	if err := g.Wait(); err != nil {
		return err
	}
	a.books.Lock()
	if v := a.view.Load(); v != nil {
		a.newest(withFresh(v, current, changes))
	}
	a.books.Unlock()
	return nil
}

// withFresh is a view with findings that came after it. Its figures stay those of the evaluation.
func withFresh(v *ledger.View, list []access.Finding, changes []ledger.Change) *ledger.View {
	if len(list) == 0 {
		return v
	}
	out := *v
	out.Findings = keepKnown(v.Findings, list)
	out.Changes = append(slices.Clone(v.Changes), changes...)
	ledger.Sort(out.Findings)
	return &out
}
