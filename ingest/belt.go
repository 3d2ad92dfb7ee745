package ingest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/grantwatch/grantwatch/access"
)

// Known tells which of these ids of a feed's events with times in [from, to] were ingested in [since, before); the store
// does.
type Known interface {
	StoredIDs(ctx context.Context, team, feed string, ids []string, from, to, since, before time.Time) ([]string, error)
}

// Belt is a sink before another that leaves out events which are stored already. It looks at what was pushed, and only
// when there is reason to: files and Kafka read a stretch again as the very same batches, of which the store takes each
// once, but a sender that got no answer sends again what may then be written among other requests, as another batch. That
// happens after this process has started in the place of one that died, and after a write that failed half-way.
// Roll-ups are written all the same: they may be what the first attempt did not come to, and do not change by it.
type Belt struct {
	sink  Sink
	known Known

	mu    sync.Mutex
	doubt map[string]doubt // by feed
}

// doubt is the reason that a feed gives to look. What may be sent again was ingested before the moment that raised it: what
// this process has answered since is known to whoever sent it, or to the source.
type doubt struct {
	before time.Time // a row that may come again is older
	until  time.Time // when nobody sends it again any more
}

const (
	wary     = 15 * time.Minute // how long after a start or a failure senders may still send again
	lookBack = 24 * time.Hour   // how long before now what they send again may have been stored
)

// pushed is how the sources of pushes are named.
const pushed = "http/"

// NewBelt puts a belt before a sink.
func NewBelt(sink Sink, known Known) *Belt {
	return &Belt{sink: sink, known: known, doubt: map[string]doubt{}}
}

// WriteBatch implements Sink.
func (t *Belt) WriteBatch(ctx context.Context, b *access.Batch) error {
	if !strings.HasPrefix(b.Source, pushed) {
		return t.sink.WriteBatch(ctx, b)
	}
	t.mu.Lock()
	d, ok := t.doubt[b.Feed]
	if !ok {
		d = doubt{b.Ingested, b.Ingested.Add(wary)}
		t.doubt[b.Feed] = d
	}
	t.mu.Unlock()
	if b.Events.Len() > 0 && b.Ingested.Before(d.until) {
		if err := t.drop(ctx, b, d.before); err != nil {
			return err
		}
	}
	err := t.sink.WriteBatch(ctx, b)
	if err != nil {
		t.mu.Lock()
		t.doubt[b.Feed] = doubt{latest(t.doubt[b.Feed].before, b.Ingested.Add(time.Microsecond)), b.Ingested.Add(wary)}
		t.mu.Unlock()
	}
	return err
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// drop takes the events out of a batch that are stored already; they count as filtered, like every second of an id.
func (t *Belt) drop(ctx context.Context, b *access.Batch, before time.Time) error {
	e := &b.Events
	all := make([]string, e.Len())
	from, to := e.Rows[0].Time, e.Rows[0].Time
	for i := range e.Rows {
		all[i] = string(e.ID(i))
		from, to = min(from, e.Rows[i].Time), max(to, e.Rows[i].Time)
	}
	ids, err := t.known.StoredIDs(ctx, b.Team, b.Feed, all, time.UnixMicro(from).UTC(), time.UnixMicro(to).UTC(), b.Ingested.Add(-lookBack), before)
	if err != nil {
		return fmt.Errorf("ingest: feed %s: what is stored already: %w", b.Feed, err)
	}
	if len(ids) == 0 {
		return nil
	}
	stored := make(map[string]bool, len(ids))
	for _, id := range ids {
		stored[id] = true
	}
	b.Filtered += int64(e.Keep(func(i int) bool { return !stored[string(e.ID(i))] }))
	return nil
}
