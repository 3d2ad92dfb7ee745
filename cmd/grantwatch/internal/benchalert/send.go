package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/grantwatch/grantwatch/ingest/made"
)

// sender hands a batch of a feed to the wire, and returns when it was taken.
type sender func(ctx context.Context, feed int, body []byte) error

const senders = 64 // batches that are under way at most

func topic(n int) string { return fmt.Sprintf("grantwatch.bench.alert.%d.%d", os.Getpid(), n) }
func group() string      { return fmt.Sprintf("grantwatch.bench.alert.%d", os.Getpid()) }

func (b *bench) sender(ctx context.Context, p *process, dir, way string) (sender, func(), error) {
	switch way {
	case "push":
		client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: senders}}
		return func(ctx context.Context, feed int, body []byte) error {
			return push(ctx, client, p.push+feedName(feed), body)
		}, client.CloseIdleConnections, nil
	case "kafka":
		return b.kafka(ctx)
	case "file":
		return b.files(dir)
	}
	return nil, nil, fmt.Errorf("-ways: %q is none of push, kafka and file", way)
}

func push(ctx context.Context, client *http.Client, url string, body []byte) error {
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
		if err != nil {
			return err
		}
		req.Header.Set("Authorization", "Bearer "+token(url[strings.LastIndexByte(url, '/')+1:]))
		req.Header.Set("Content-Type", "application/x-ndjson")
		resp, err := client.Do(req)
		if err != nil {
			return err
		}
		answer, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close() // it was read
		switch {
		case err == nil && resp.StatusCode == http.StatusOK:
			return nil
		case err == nil && resp.StatusCode == http.StatusServiceUnavailable:
			select { // as a shipper does: it is sent again, and the time goes on
			case <-time.After(time.Second):
			case <-ctx.Done():
				return ctx.Err()
			}
		default:
			return fmt.Errorf("push: %s %s %w", resp.Status, answer, err)
		}
	}
}

// kafka produces to a topic for each feed.
func (b *bench) kafka(ctx context.Context) (sender, func(), error) {
	var list []*made.Producer
	done := func() {
		for _, p := range list {
			_ = p.Close(context.WithoutCancel(ctx), group()) // the broker is a throw-away one
		}
	}
	for n := range b.feeds {
		p, err := made.NewProducer(ctx, b.broker, topic(n), 2)
		if err != nil {
			done()
			return nil, nil, err
		}
		list = append(list, p)
	}
	return func(ctx context.Context, feed int, body []byte) error { return list[feed].Hand(ctx, body) }, done, nil
}

// files appends to one log for each feed.
func (b *bench) files(dir string) (sender, func(), error) {
	logs := make([]*os.File, b.feeds)
	locks := make([]sync.Mutex, b.feeds)
	var err error
	for n := range logs {
		var e error
		logs[n], e = os.OpenFile(filepath.Join(dir, "logs", feedName(n)+".log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		err = errors.Join(err, e)
	}
	return func(_ context.Context, feed int, body []byte) error {
			locks[feed].Lock()
			defer locks[feed].Unlock()
			_, err := logs[feed].Write(body)
			return err
		}, func() {
			for _, f := range logs {
				_ = f.Close() // it is removed next
			}
		}, err
}

// sendings is what became of a stretch of load.
type sendings struct {
	begun, end time.Time
	records    int
	late       []time.Duration // between when a batch was due and when it was handed over, sorted
	taken      []time.Duration // between then and when it was taken: a push is when it is durable
}

// load sends at a steady rate: nothing planted while everything warms up, then a planted record every so often in a batch of
// the next feed. It returns when each planted record was handed over; who falls behind hands over late, and that is told.
func (b *bench) load(ctx context.Context, rate int, send sender) (map[string]time.Time, sendings, error) {
	plants := map[string]time.Time{}
	var lock sync.Mutex
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(senders)
	out := sendings{begun: time.Now()}
	step := time.Duration(float64(b.batch) / float64(rate) * float64(time.Second))
	planting := out.begun.Add(b.warm)
	end := planting.Add(b.take)
	planted0 := 0
	for i := 0; ; i++ {
		due := out.begun.Add(time.Duration(i) * step)
		if due.After(end) || time.Now().After(end) {
			break
		}
		select {
		case <-time.After(time.Until(due)):
		case <-gctx.Done():
			return nil, out, errors.Join(g.Wait(), ctx.Err())
		}
		feed := i % b.feeds
		body := b.pool.batch(b.batch, due)
		id := ""
		if !due.Before(planting) && due.Sub(planting) >= time.Duration(planted0)*b.every {
			id = planted(planted0, b.channels)
			planted0++
			half := bytes.IndexByte(body[len(body)/2:], '\n') + len(body)/2 + 1
			body = slices.Insert(body, half, b.pool.plant(id, due)...)
		}
		g.Go(func() error {
			at := time.Now()
			lock.Lock()
			if id != "" {
				plants[id] = at
				out.records++
			}
			out.late = append(out.late, at.Sub(due))
			out.records += b.batch
			lock.Unlock()
			if err := send(gctx, feed, body); err != nil {
				return err
			}
			took := time.Since(at)
			lock.Lock()
			defer lock.Unlock()
			out.taken = append(out.taken, took)
			return nil
		})
	}
	err := g.Wait()
	out.end = time.Now()
	slices.Sort(out.late)
	slices.Sort(out.taken)
	return plants, out, err
}
