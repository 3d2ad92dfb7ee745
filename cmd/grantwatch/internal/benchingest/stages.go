package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/cmd/grantwatch/internal/app"
	"github.com/grantwatch/grantwatch/ingest"
	"github.com/grantwatch/grantwatch/ingest/made"
)

// asOf is the clock of all stages: behind the last record of twenty million, so that no record lies in the future.
var asOf = made.Start.Add(10 * 24 * time.Hour)

type nowhere struct{}

func (nowhere) WriteBatch(context.Context, *access.Batch) error { return nil }

// columns is decoding, normalising, folding and columns on one core, with a sink that takes everything.
func (b *bench) columns(ctx context.Context) error {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	p, err := ingest.New(nowhere{}, ingest.Config{Workers: 1})
	if err != nil {
		return err
	}
	feed := access.Feed{Name: "payments-aws", Team: "payments", Format: "aws_cloudtrail"}
	parts := make([]ingest.Part, len(b.logs))
	for i, name := range b.logs {
		parts[i] = ingest.Part{Name: name, Open: func() (io.ReadCloser, error) { return os.Open(name) }}
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	m := begin(0, 0)
	st, err := p.RunParts(ctx, feed, "bench", 0, parts, asOf, nil)
	if err != nil || int(st.Stored) != b.records {
		return fmt.Errorf("columns: %+v, %w", st, err)
	}
	m.end(b, "decode and normalise into columns, one core", b.records, b.size)
	runtime.ReadMemStats(&after)
	b.add("  allocations an event", float64(after.Mallocs-before.Mallocs)/float64(b.records), "")
	return nil
}

// files is the whole way from files: rules on events, usage and coverage rolled up, into the embedded engine.
func (b *bench) files(ctx context.Context) error {
	return b.fromFiles(ctx, "files", "", "files to ClickHouse, rules and roll-ups")
}

// raw is the same with the records kept as they came.
func (b *bench) raw(ctx context.Context) error {
	return b.fromFiles(ctx, "raw", ", keep_raw: 3650d", "the same with raw records kept")
}

func (b *bench) fromFiles(ctx context.Context, name, feed, title string) error {
	a, done, err := b.open(ctx, name, `file: "../logs/*.json"`, feed, "")
	if err != nil {
		return err
	}
	m := begin(a.EnginePID(), 0)
	if err := a.IngestFiles(ctx, asOf); err != nil {
		return err
	}
	m.end(b, title, b.records, b.size)
	b.memory()
	if err := b.batches(ctx, a); err != nil {
		return err
	}
	sizes, err := a.Store.TableSizes(ctx)
	if err != nil {
		return err
	}
	var all uint64
	for _, s := range sizes {
		all += s.Bytes
		switch s.Table {
		case "events", "raw_events":
			b.add("  on disk, "+s.Table, float64(s.Bytes)/float64(b.records), "bytes an event")
			if int(s.Rows) != b.records {
				return fmt.Errorf("%s: %d rows of %s are stored, %d were written", name, s.Rows, s.Table, b.records)
			}
		}
	}
	b.add("  on disk, all tables", float64(all)/float64(b.records), "bytes an event")
	return done()
}

// batches tells how large batches were: the larger, the less work for the engine.
func (b *bench) batches(ctx context.Context, a *app.App) error {
	sizes, err := a.Store.TableSizes(ctx)
	if err != nil {
		return err
	}
	rows := map[string]uint64{}
	for _, s := range sizes {
		rows[s.Table] = s.Rows
	}
	if rows["batches"] > 0 {
		b.add("  records in a batch", float64(rows["events"])/float64(rows["batches"]), "")
	}
	return nil
}

func (b *bench) memory() { b.add("  our resident memory at most", float64(peak())/(1<<20), "MiB") }

const (
	perPush = 500
	token   = "bench-token-of-nobody"
)

// push is HTTP push in batches of 500, each answered when it is durable; then the same at half of that rate.
func (b *bench) push(ctx context.Context) error {
	a, done, err := b.open(ctx, "push", `http: {token_file: token}`, "", "ingest: {http: {listen: \"127.0.0.1:0\"}}\n")
	if err != nil {
		return err
	}
	now := func() time.Time { return asOf }
	if _, err := a.Read(ctx, now(), 0); err != nil {
		return err
	}
	s, err := a.StartPush(ctx, now)
	if err != nil {
		return err
	}
	half := len(b.logs) / 2
	m := begin(a.EnginePID(), 0)
	if _, err := post(ctx, s.Addr, b.logs[:half], 0); err != nil {
		return err
	}
	rate := m.end(b, "HTTP push in batches of 500", half*perFile, b.size/2)
	b.memory()
	if err := b.batches(ctx, a); err != nil {
		return err
	}
	took, err := post(ctx, s.Addr, b.logs[half:], rate/2/perPush)
	if err != nil {
		return err
	}
	slices.Sort(took)
	b.add("  pushed to queryable at half that rate, p50", quantile(took, 0.50).Seconds(), "s")
	b.add("  pushed to queryable at half that rate, p99", quantile(took, 0.99).Seconds(), "s")
	return errors.Join(s.Close(), done())
}

// post sends files in pushes, so many a second or as fast as 64 senders can, and returns how long each push took from
// when it was due.
func post(ctx context.Context, addr string, files []string, rate float64) ([]time.Duration, error) {
	const senders = 64
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: senders}}
	defer client.CloseIdleConnections()
	begun := time.Now()
	var mu sync.Mutex
	var took []time.Duration
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(senders)
	i := 0
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		for _, body := range lines(text, perPush) {
			due := time.Now()
			if rate > 0 {
				due = begun.Add(time.Duration(float64(i) / rate * float64(time.Second)))
				select {
				case <-time.After(time.Until(due)):
				case <-ctx.Done():
					return nil, ctx.Err()
				}
			}
			i++
			g.Go(func() error {
				req, err := http.NewRequestWithContext(gctx, http.MethodPost, "http://"+addr+"/v1/logs/payments-aws", bytes.NewReader(body))
				if err != nil {
					return err
				}
				req.Header.Set("Authorization", "Bearer "+token)
				req.Header.Set("Content-Type", "application/x-ndjson")
				resp, err := client.Do(req)
				if err != nil {
					return err
				}
				defer resp.Body.Close()
				answer, err := io.ReadAll(resp.Body)
				if err != nil || resp.StatusCode != http.StatusOK {
					return fmt.Errorf("push: %s %s %w", resp.Status, answer, err)
				}
				mu.Lock()
				defer mu.Unlock()
				took = append(took, time.Since(due))
				return nil
			})
		}
	}
	err := g.Wait()
	return took, err
}

// kafka is the whole way from a broker.
func (b *bench) kafka(ctx context.Context) error {
	if b.broker == "" {
		fmt.Println("Kafka: left out, no broker is named (make bench-ingest starts one)")
		return nil
	}
	topic := fmt.Sprintf("grantwatch.bench.%d", os.Getpid())
	p, err := made.NewProducer(ctx, b.broker, topic, 8)
	if err != nil {
		return err
	}
	for _, name := range b.logs {
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if err := p.Send(ctx, text); err != nil {
			return err
		}
	}
	if err := p.Warm(ctx, b.broker, b.records); err != nil {
		return err
	}
	a, done, err := b.open(ctx, "kafka", "kafka: {topic: "+topic+"}", "", "kafka: {brokers: [\""+b.broker+"\"], group: "+topic+"}\n")
	if err != nil {
		return err
	}
	now := func() time.Time { return asOf }
	if _, err := a.Read(ctx, now(), 0); err != nil {
		return err
	}
	m := begin(a.EnginePID(), b.brokerPID)
	if err := consume(ctx, a, now, int64(b.records)); err != nil {
		return err
	}
	m.end(b, "Kafka (real broker) to ClickHouse, rules and roll-ups", b.records, b.size)
	b.memory()
	if err := b.batches(ctx, a); err != nil {
		return err
	}
	return errors.Join(done(), p.Close(ctx, topic))
}

// consume reads until so many records are durable.
func consume(ctx context.Context, a *app.App, now func() time.Time, want int64) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var got atomic.Int64
	var all sync.Once
	enough := make(chan struct{})
	a.Meter.Add = func(records, _ int64) {
		if got.Add(records) >= want {
			all.Do(func() { close(enough) })
		}
	}
	ended := make(chan error, 1)
	go func() { ended <- a.Consume(ctx, now) }()
	select {
	case <-enough:
	case err := <-ended:
		return fmt.Errorf("kafka: ended after %d of %d records: %w", got.Load(), want, err)
	}
	cancel()
	return <-ended
}
