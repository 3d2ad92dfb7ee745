package main

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

const floodToken = "chaos-token-of-the-flood"

// noisyNeighbour measures how long the pushes of one team take, alone and while another team pushes ten times as much.
func noisyNeighbour(ctx context.Context, h *harness) (*outcome, error) {
	r, err := newRig(ctx, h, "noisy-neighbour", setup{push: true,
		moreFeeds: "  - {name: aws-flood, team: platform, format: aws_cloudtrail, accounts: [\"111122223333\"], from: {http: {token_file: flood}}}\n"})
	if err != nil {
		return nil, err
	}
	defer r.close()
	if err := os.WriteFile(filepath.Join(r.dir, "flood"), []byte(floodToken+"\n"), 0o600); err != nil {
		return nil, err
	}
	flood := &source{feed: "aws-flood", team: "platform", base: 400_000_000, actors: 50}
	r.sources = append(r.sources, flood)
	if err := r.begin(ctx); err != nil {
		return nil, err
	}
	quiet := r.source("aws-push")
	length := pick(h, 10*time.Second, time.Minute)
	const senders, factor = 4, 10
	pause(ctx, 2*time.Second)
	alone, err := r.latencies(ctx, length, []stream{{quiet, token, senders}})
	if err != nil {
		return nil, err
	}
	beside, err := r.latencies(ctx, length, []stream{{quiet, token, senders}, {flood, floodToken, factor * senders}})
	if err != nil {
		return nil, err
	}
	a, b := alone[quiet], beside[quiet]
	p99 := func(l []time.Duration) time.Duration { slices.Sort(l); return l[len(l)*99/100] }
	ratio := p99(b).Seconds() / p99(a).Seconds()
	r.out.note("p99 of %d pushes alone %s, of %d beside %d of the other team %s, ratio %.2f", len(a), p99(a).Round(time.Millisecond), len(b), len(beside[flood]), p99(b).Round(time.Millisecond), ratio)
	r.out.expect(ratio <= 2, "p99 beside a flood is %.2f times that of quiet", ratio)
	return r.judge(ctx, patience)
}

// stream is how a source is pushed: each sender ten times a second, twenty records at a time.
type stream struct {
	source  *source
	token   string
	senders int
}

func (r *rig) latencies(ctx context.Context, length time.Duration, streams []stream) (map[*source][]time.Duration, error) {
	ending, end := context.WithTimeout(ctx, length)
	defer end()
	out := map[*source][]time.Duration{}
	var mu sync.Mutex
	g, gctx := errgroup.WithContext(ctx)
	for _, s := range streams {
		for range s.senders {
			g.Go(func() error {
				client := &http.Client{Timeout: 30 * time.Second}
				defer client.CloseIdleConnections()
				var told pushes
				for pause(ending, 80*time.Millisecond+time.Duration(r.h.jitter(40))*time.Millisecond) {
					body := s.source.take(20)
					at := time.Now()
					if err := r.push(gctx, client, s.source.feed, s.token, body, "", &told); err != nil {
						return err
					}
					took := time.Since(at)
					mu.Lock()
					out[s.source] = append(out[s.source], took)
					mu.Unlock()
				}
				return nil
			})
		}
	}
	return out, g.Wait()
}
