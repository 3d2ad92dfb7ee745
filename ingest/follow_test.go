package ingest_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/ingest"
	"github.com/grantwatch/grantwatch/ingest/made"
	"github.com/grantwatch/grantwatch/store"
)

func zip(t testing.TB, text []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// trees is a file system of two feeds: many small compressed files, and one log.
func trees(t testing.TB) fstest.MapFS {
	fsys := fstest.MapFS{}
	for f := range 120 {
		var b strings.Builder
		for i := range 25 {
			b.WriteString(record(fmt.Sprintf("%d-%d", f, i), start.Add(time.Duration(f*25+i)*time.Second)) + "\n")
		}
		fsys[fmt.Sprintf("shop/2026/03/%d.log.gz", f)] = &fstest.MapFile{Data: zip(t, []byte(b.String()))}
	}
	fsys["payments/trail.json"] = &fstest.MapFile{Data: made.Log(3000, 40)}
	return fsys
}

var inputs = []ingest.FeedInput{
	{Feed: k8sFeed, Globs: []string{"shop/**/*.gz"}},
	{Feed: cloudTrailFeed, Globs: []string{"payments/*.json"}},
	{Feed: access.Feed{Name: "empty", Team: "shop", Format: "k8s_audit"}, Globs: []string{"absent/*"}},
}

func TestRunReadsEverything(t *testing.T) {
	fsys := trees(t)
	var total, records, read int64
	files := 0
	sink := newMemory()
	got, err := pipeline(t, sink, ingest.Config{BatchRecords: 1000, Workers: 3}).Run(t.Context(), inputs, fsys, now, ingest.RunOptions{
		Rules: every{}, Found: func(n int, bytes int64) { files, total = n, bytes },
		Progress: func(r, b int64) { records, read = max(records, r), max(read, b) }})
	if err != nil {
		t.Fatal(err)
	}
	if files != 121 || got[0].Files != 120 || got[0].Stats.Stored != 3000 || got[1].Stats.Stored != 3000 || got[2].Stats != (ingest.Stats{}) {
		t.Errorf("%d files, %+v", files, got)
	}
	if got[0].Stats.Batches > 10 {
		t.Errorf("%d batches: small files were not read together", got[0].Stats.Batches)
	}
	if records != 6000 || read != total {
		t.Errorf("progress: %d records, %d of %d bytes", records, read, total)
	}
	again := newMemory()
	if _, err := pipeline(t, again, ingest.Config{BatchRecords: 1000, Workers: 1}).Run(t.Context(), inputs, fsys, now, ingest.RunOptions{Rules: every{}}); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(again.rows(), sink.rows()) {
		t.Error("one worker and three workers make different rows")
	}
}

func TestRunStopsAtAnError(t *testing.T) {
	sink := newMemory()
	sink.fail = func(string, string) bool { return true }
	if _, err := pipeline(t, sink, ingest.Config{BatchRecords: 100}).Run(t.Context(), inputs, trees(t), now, ingest.RunOptions{}); !errors.Is(err, errBroken) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := pipeline(t, newMemory(), ingest.Config{}).Run(ctx, inputs, trees(t), now, ingest.RunOptions{}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// clock is a made-up clock that goes on by itself.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(time.Minute)
	return c.at
}

// until follows until done holds, and returns what Follow said.
func until(t *testing.T, p *ingest.Pipeline, fsys string, opt ingest.FollowOptions, done func() bool) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	over := make(chan error, 1)
	go func() { over <- p.Follow(ctx, inputs, os.DirFS(fsys), opt) }()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err := <-over:
			if ctx.Err() != nil {
				t.Fatal("it did not get there in time")
			}
			return err
		case <-tick.C:
			if done() {
				cancel()
				return <-over
			}
		}
	}
}

func lay(t *testing.T, dir, name string, content []byte) {
	t.Helper()
	full := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(full, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.Write(content)
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}

// Sink and checkpoints fail again and again, the process ends again and again, files grow and rotate: in the end every
// record was stored once, and the accounts agree.
func TestFollowThroughFailures(t *testing.T) {
	dir := t.TempDir()
	sink, saved, c := newMemory(), newMarks(), &clock{at: now}
	dice := rand.New(rand.NewPCG(3, 1))
	// A stretch of 250 lines is 7 batches of 7 tables. Failures that come at regular distances can meet the same table for ever.
	sink.fail = func(string, string) bool { return dice.IntN(100) == 0 }
	m := 0
	saved.fail = func() bool { m++; return m%7 == 0 }
	opt := ingest.FollowOptions{Checkpoints: saved, Now: c.now, Interval: time.Millisecond, Report: func(string, error) {}}
	log := bytes.SplitAfter(made.Log(2000, 30), []byte("\n"))
	written := 0
	for round := range 8 {
		for range 250 {
			lay(t, dir, "payments/trail.json", log[written])
			written++
		}
		lay(t, dir, "payments/trail.json", log[written][:100]) // and half a line
		lay(t, dir, fmt.Sprintf("shop/%d.gz", round), zip(t, []byte(record(fmt.Sprint(round), start)+"\n")))
		p := pipeline(t, sink, ingest.Config{BatchRecords: 40})
		if err := until(t, p, dir, opt, func() bool { return sink.sum().Stored == int64(written+round+1) }); err != nil {
			t.Fatal(err)
		}
		lay(t, dir, "payments/trail.json", log[written][100:])
		written++
		if round%3 == 2 {
			if err := os.Rename(filepath.Join(dir, "payments/trail.json"), filepath.Join(dir, fmt.Sprintf("payments/old-%d.json", round))); err != nil {
				t.Fatal(err)
			}
		}
		if written+251 > len(log) {
			break
		}
	}
	sum := func() int64 { return sink.sum().Stored }
	if err := until(t, pipeline(t, sink, ingest.Config{}), dir, opt, func() bool { return sum() == int64(written+len(sink.idsOf("shop"))) }); err != nil {
		t.Fatal(err)
	}
	ids := sink.ids()
	seen := map[string]bool{}
	for _, id := range ids {
		if seen[id] {
			t.Fatalf("%s was stored twice", id)
		}
		seen[id] = true
	}
	if s := sink.sum(); s.Dead != 0 || s.Filtered != 0 || s.Stored != int64(len(ids)) {
		t.Errorf("%+v of %d", s, len(ids))
	}
}

// idsOf are the ids of the Kubernetes records, which are short.
func (m *memory) idsOf(string) []string {
	var out []string
	for _, id := range m.ids() {
		if len(id) < 4 {
			out = append(out, id)
		}
	}
	return out
}

func TestFollowReportsOrEnds(t *testing.T) {
	dir := t.TempDir()
	lay(t, dir, "shop/a.gz", zip(t, []byte(record("1", start))))
	sink := newMemory()
	sink.fail = func(string, string) bool { return true }
	c := &clock{at: now}
	opt := ingest.FollowOptions{Checkpoints: newMarks(), Now: c.now, Interval: time.Millisecond}
	if err := until(t, pipeline(t, sink, ingest.Config{}), dir, opt, func() bool { return false }); !errors.Is(err, errBroken) {
		t.Errorf("without a report: %v", err)
	}
	reported := make(chan string, 1000)
	opt.Report = func(feed string, err error) {
		if errors.Is(err, errBroken) && len(reported) < cap(reported) {
			reported <- feed
		}
	}
	if err := until(t, pipeline(t, sink, ingest.Config{}), dir, opt, func() bool { return len(reported) > 3 }); err != nil {
		t.Errorf("with a report: %v", err)
	}
	if feed := <-reported; feed != "shop-k8s" {
		t.Error(feed)
	}
	if err := pipeline(t, sink, ingest.Config{}).Follow(t.Context(), nil, nil, ingest.FollowOptions{}); err == nil {
		t.Error("neither clock nor checkpoints: no error")
	}
}

// The whole way on the real engine: read, crash, read again, with the positions in the same store.
func TestEndToEnd(t *testing.T) {
	s := database(t)
	dir := t.TempDir()
	lay(t, dir, "payments/trail.json", made.Log(1500, 20))
	lay(t, dir, "payments/trail.json", []byte("poison\n"+record("wrong format", start)[:50]+"\n"))
	for i := range 5 {
		lay(t, dir, fmt.Sprintf("shop/%d.gz", i), zip(t, []byte(record(fmt.Sprint(i), start.Add(time.Duration(i)*time.Minute))+"\n"+record("same", start)+"\n")))
	}
	c := &clock{at: now}
	opt := ingest.FollowOptions{Checkpoints: s, Now: c.now, Interval: 20 * time.Millisecond, Rules: every{}, Report: func(f string, err error) { t.Log(f, err) }}
	received := func(sink ingest.Sink) func() bool {
		return func() bool {
			stats, err := s.FeedStats(t.Context())
			var n int64
			for _, f := range stats {
				n += f.Received
			}
			return err == nil && n >= 1502+10
		}
	}
	// The first process ends in the middle of its batches, at another place each time.
	for after := 1; after <= 3; after++ {
		ctx, cancel := context.WithCancel(t.Context())
		p := pipeline(t, &dying{Store: s, end: cancel, after: int64(after)}, ingest.Config{BatchRecords: 200})
		if err := p.Follow(ctx, inputs, os.DirFS(dir), opt); err != nil {
			t.Fatal(err)
		}
		cancel()
	}
	if err := until(t, pipeline(t, s, ingest.Config{BatchRecords: 200}), dir, opt, received(s)); err != nil {
		t.Fatal(err)
	}
	stats, err := s.FeedStats(t.Context())
	if err != nil || len(stats) != 2 {
		t.Fatalf("%+v, %v", stats, err)
	}
	pay, shop := stats[0], stats[1]
	if pay.Feed != "payments-aws" || pay.Received != 1502 || pay.Stored != 1500 || pay.Dead != 2 || pay.Batches != 8 || !reflect.DeepEqual(pay.Accounts, []string{"111122223333"}) {
		t.Errorf("%+v", pay)
	}
	if shop.Received != 10 || shop.Stored != 6 || shop.Filtered != 4 || !reflect.DeepEqual(shop.Accounts, []string{"cluster-1"}) {
		t.Errorf("%+v", shop)
	}
	events, err := s.TeamEvents(t.Context(), "payments", start, now, 10_000)
	if err != nil || len(events) != 1500 {
		t.Errorf("%d events, %v", len(events), err)
	}
	usage, err := s.Usage(t.Context(), "aws", "111122223333", time.Time{})
	if err != nil || len(usage) == 0 || usage[0].LastID == "" || len(usage[0].Days) != 1 {
		t.Errorf("%+v, %v", usage, err)
	}
	dead, err := s.DeadLetters(t.Context(), "payments", "", 10)
	if err != nil || len(dead) != 2 || !strings.HasPrefix(dead[0].Position, "payments/trail.json:") {
		t.Errorf("%+v, %v", dead, err)
	}
	hits, err := s.Hits(t.Context(), start)
	if err != nil || len(hits) == 0 || hits[0].Rule != "sevens" || hits[0].Event.Actor.Principal == "" {
		t.Errorf("%d hits, %v", len(hits), err)
	}
	var minutes int
	if err := s.CoverageEach(t.Context(), start, func(access.CoverMinute) error { minutes++; return nil }); err != nil || minutes != 1+5 {
		t.Errorf("%d minutes, %v", minutes, err)
	}
}

// dying is a store whose process ends after so many batches.
type dying struct {
	*store.Store
	end   func()
	after int64
	tried atomic.Int64
}

func (d *dying) WriteBatch(ctx context.Context, b *access.Batch) error {
	if d.tried.Add(1) == d.after {
		d.end() // in the middle of this one
	}
	return d.Store.WriteBatch(ctx, b)
}
