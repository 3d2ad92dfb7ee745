package ingest_test

import (
	"bytes"
	"context"
	"io"
	"reflect"
	"testing"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/ingest"
	"github.com/grantwatch/grantwatch/ingest/made"
	"github.com/grantwatch/grantwatch/store"
)

// asked counts how often the store is asked what it has.
type asked struct {
	*store.Store
	times int
	fail  error
}

func (a *asked) StoredIDs(ctx context.Context, team, feed string, ids []string, from, to, since, before time.Time) ([]string, error) {
	a.times++
	return a.Store.StoredIDs(ctx, team, feed, ids, from, to, since, before)
}

func (a *asked) WriteBatch(ctx context.Context, b *access.Batch) error {
	if a.fail != nil {
		return a.fail
	}
	return a.Store.WriteBatch(ctx, b)
}

func requests(bodies ...[]byte) []ingest.Part {
	var out []ingest.Part
	for _, b := range bodies {
		out = append(out, ingest.Part{Name: "http/part", Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil }})
	}
	return out
}

func rowsOf(t *testing.T, s *store.Store, table string) uint64 {
	t.Helper()
	sizes, err := s.TableSizes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range sizes {
		if x.Table == table {
			return x.Rows
		}
	}
	return 0
}

// A process dies after a group of requests was stored and before its senders heard of it. They send again, to the next
// process, where they come together in other groups.
func TestBelt(t *testing.T) {
	const n = 2400
	log := made.Log(n, 30)
	var bodies [8][]byte // the lines in turn, so that every body lies between the others in time
	at := 0
	for line := range bytes.Lines(log) {
		bodies[at%8] = append(bodies[at%8], line...)
		at++
	}
	now := made.Start.Add(time.Hour)
	group := func(p *ingest.Pipeline, source string, now time.Time, bodies ...[]byte) []ingest.Stats {
		t.Helper()
		st, err := p.RunGroup(t.Context(), cloudTrailFeed, source, requests(bodies...), now, nil)
		if err != nil {
			t.Fatal(err)
		}
		return st
	}
	whole := database(t)
	group(pipeline(t, whole, ingest.Config{}), "http/all", now, log)

	s := database(t)
	group(pipeline(t, s, ingest.Config{}), "http/died", now, bodies[1], bodies[4], bodies[6])
	second := &asked{Store: s}
	p := pipeline(t, ingest.NewBelt(second, second), ingest.Config{})
	later := now.Add(2 * time.Minute)
	group(p, "http/a", later, bodies[0], bodies[1], bodies[2], bodies[6])
	group(p, "http/b", later.Add(time.Second), bodies[3], bodies[4], bodies[5], bodies[7])
	if got := rowsOf(t, s, "events"); got != n {
		t.Errorf("%d events are stored, want %d", got, n)
	}
	read := func(s *store.Store) []store.StoredEvent {
		list, err := s.TeamEvents(t.Context(), cloudTrailFeed.Team, made.Start, now, 2*n)
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	if got, want := read(s), read(whole); len(want) != n || !reflect.DeepEqual(got, want) {
		t.Errorf("the %d events are not those of a run without a death, %d", len(got), len(want))
	}
	stats, err := s.FeedStats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if x := stats[0]; x.Received != x.Stored+x.Filtered+x.Dead || x.Filtered != 3*n/8 {
		t.Errorf("%+v: want %d filtered and nothing unaccounted for", x, 3*n/8)
	}
	if second.times == 0 {
		t.Error("the store was never asked")
	}

	// After a quarter of an hour nobody is asked, until a write fails.
	second.times = 0
	group(p, "http/c", later.Add(time.Hour), made.Log(10, 3))
	if second.times != 0 {
		t.Error("the store is asked long after the start")
	}
	second.fail = errBroken
	if _, err := p.RunGroup(t.Context(), cloudTrailFeed, "http/d", requests(bodies[0]), later.Add(time.Hour), nil); err == nil {
		t.Fatal("a broken sink took a batch")
	}
	second.fail = nil
	group(p, "http/e", later.Add(time.Hour+time.Minute), bodies[0], bodies[3])
	if second.times == 0 {
		t.Error("the store is not asked after a failure")
	}
	// Files and Kafka are none of its business: their batches are the same ones again.
	second.times = 0
	group(p, "logs/a.json", later.Add(time.Hour+time.Minute), bodies[0])
	if second.times != 0 {
		t.Error("the store is asked about a file")
	}
}
