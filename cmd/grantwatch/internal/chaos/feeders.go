package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/grantwatch/grantwatch/ingest/made"
)

// feeders send records to every feed of a rig until end is called.
type feeders struct {
	group  *errgroup.Group
	end    context.CancelFunc
	pushes pushes
}

// pushes counts what the senders heard.
type pushes struct {
	sent, again, busy, hint, dropped atomic.Int64
}

// feed starts them: about rate records a second for each feed.
func (r *rig) feed(ctx context.Context, rate int) (*feeders, error) {
	ending, end := context.WithCancel(ctx)
	g, gctx := errgroup.WithContext(ctx)
	f := &feeders{group: g, end: end}
	for _, s := range r.sources {
		switch s.feed {
		case "aws-kafka":
			p, err := made.NewProducer(ctx, r.h.broker.address(), r.topic, pick(r.h, int32(8), int32(64)))
			if err != nil {
				end()
				return nil, err
			}
			g.Go(func() error { return produce(gctx, ending, p, s, rate) })
		case "aws-push":
			const senders = 16
			for range senders {
				g.Go(func() error { return r.sender(gctx, ending, s, 100, rate/senders, &f.pushes) })
			}
		case "aws-files":
			g.Go(func() error { return r.writeFiles(gctx, ending, s, rate) })
		}
	}
	return f, nil
}

// finish ends the feeders and waits until each has handed over what it had begun.
func (f *feeders) finish() error {
	f.end()
	return f.group.Wait()
}

func produce(ctx, ending context.Context, p *made.Producer, s *source, rate int) error {
	const every = 200 * time.Millisecond
	for pause(ending, every) {
		if err := p.Send(ctx, s.take(rate*int(every/time.Millisecond)/1000)); err != nil {
			return fmt.Errorf("producing: %w", err)
		}
	}
	return nil
}

// sender pushes as a shipper does: the same bytes again until the answer is 200.
func (r *rig) sender(ctx, ending context.Context, s *source, perPush, rate int, told *pushes) error {
	gap := time.Duration(float64(time.Second) * float64(perPush) / float64(max(rate, 1)))
	client := &http.Client{Timeout: 30 * time.Second}
	defer client.CloseIdleConnections()
	for pause(ending, gap) {
		if err := r.push(ctx, client, s.feed, token, s.take(perPush), "", told); err != nil {
			return err
		}
	}
	return nil
}

// push sends one body until it is taken.
func (r *rig) push(ctx context.Context, client *http.Client, feed, token string, body []byte, encoding string, told *pushes) error {
	for {
		told.sent.Add(1)
		status, after, err := r.post(ctx, client, feed, token, body, encoding)
		switch {
		case err == nil && status == http.StatusOK:
			return nil
		case err != nil:
			told.dropped.Add(1)
		case status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests:
			told.busy.Add(1)
			if after != "" {
				told.hint.Add(1)
			}
		default:
			return fmt.Errorf("push to %s: status %d", feed, status)
		}
		told.again.Add(1)
		if !pause(ctx, 200*time.Millisecond) {
			return ctx.Err()
		}
	}
}

func (r *rig) post(ctx context.Context, client *http.Client, feed, token string, body []byte, encoding string) (status int, after string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, fmt.Sprintf("http://127.0.0.1:%d/v1/logs/%s", r.pushPort, feed), bytes.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/x-ndjson")
	if encoding != "" {
		req.Header.Set("Content-Encoding", encoding)
	}
	resp, err := client.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body) // the status says what happened
	return resp.StatusCode, resp.Header.Get("Retry-After"), nil
}

// writeFiles appends to a growing log, which is rotated now and then, and drops a whole compressed document between.
func (r *rig) writeFiles(ctx, ending context.Context, s *source, rate int) error {
	dir := filepath.Join(r.dir, "logs")
	const every = time.Second
	for i := 0; pause(ending, every); i++ {
		text := s.take(rate)
		if i%4 == 3 {
			if err := dropDocument(dir, i, text); err != nil {
				return err
			}
			continue
		}
		f, err := os.OpenFile(filepath.Join(dir, fmt.Sprintf("grows-%04d.json", i/40)), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		half := len(text) / 2 // in the middle of a line, as a writer with a buffer does
		_, err1 := f.Write(text[:half])
		pause(ctx, 10*time.Millisecond)
		_, err2 := f.Write(text[half:])
		if err := errors.Join(err1, err2, f.Close()); err != nil {
			return err
		}
	}
	return nil
}

func dropDocument(dir string, i int, text []byte) error {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err1 := z.Write(text)
	if err := errors.Join(err1, z.Close()); err != nil {
		return err
	}
	part := filepath.Join(dir, fmt.Sprintf(".part-%04d", i))
	if err := os.WriteFile(part, b.Bytes(), 0o600); err != nil {
		return err
	}
	return os.Rename(part, filepath.Join(dir, fmt.Sprintf("whole-%04d.json.gz", i)))
}
