package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/grantwatch/grantwatch/ingest/made"
)

// poison sends one record in ten thousand that cannot be read, on every way in.
func poison(ctx context.Context, h *harness) (*outcome, error) {
	r, err := newRig(ctx, h, "poison", setup{kafka: true, push: true, files: true})
	if err != nil {
		return nil, err
	}
	defer r.close()
	for _, s := range r.sources {
		s.poison = 10_000
	}
	if err := r.begin(ctx); err != nil {
		return nil, err
	}
	return fed(ctx, r, 4000, func(*feeders) error {
		pause(ctx, pick(h, 8*time.Second, time.Minute))
		dead := 0
		for _, s := range r.sources {
			dead += s.dead()
		}
		r.out.note("about %d poison records", dead)
		return nil
	})
}

// wildClocks pushes one body with the years 1970 and 2299 and 150 dates.
func wildClocks(ctx context.Context, h *harness) (*outcome, error) {
	r, err := newRig(ctx, h, "wild-clocks", setup{push: true})
	if err != nil {
		return nil, err
	}
	defer r.close()
	if err := r.begin(ctx); err != nil {
		return nil, err
	}
	s := r.source("aws-push")
	s.clock = func(i int) string {
		switch i {
		case 0:
			return "1970-01-01T00:00:00Z"
		case 1:
			return "2299-12-31T23:59:59Z"
		}
		return made.Start.AddDate(0, 0, -i).Format(time.RFC3339)
	}
	var told pushes
	if err := r.push(ctx, http.DefaultClient, s.feed, token, s.take(152), "", &told); err != nil {
		return nil, err
	}
	if err := r.arrive(ctx, patience); err != nil {
		return nil, err
	}
	flagged, err := r.number(ctx, "flagged")
	if err != nil {
		return nil, err
	}
	r.out.expect(flagged == 2, "%d events are flagged, 2 have wild clocks", flagged)
	r.out.note("%d flagged and in no roll-up", flagged)
	return r.judge(ctx, patience)
}

// gzipBomb pushes bombs while an honest sender goes on.
func gzipBomb(ctx context.Context, h *harness) (*outcome, error) {
	r, err := newRig(ctx, h, "gzip-bomb", setup{push: true})
	if err != nil {
		return nil, err
	}
	defer r.close()
	if err := r.begin(ctx); err != nil {
		return nil, err
	}
	bomb, size, err := makeBomb(pick(h, 1<<30, 4<<30))
	if err != nil {
		return nil, err
	}
	_, err = fed(ctx, r, 1000, func(*feeders) error {
		g, gctx := errgroup.WithContext(ctx)
		const bombs = 8
		statuses := make([]int, bombs)
		for i := range bombs {
			g.Go(func() (err error) {
				client := &http.Client{Timeout: time.Minute}
				defer client.CloseIdleConnections()
				statuses[i], _, err = r.post(gctx, client, "aws-push", token, bomb, "gzip")
				return err
			})
		}
		if err := g.Wait(); err != nil {
			return err
		}
		slices.Sort(statuses)
		r.out.note("%d bombs of %d:1 (%d MiB) answered %d to %d", bombs, size/len(bomb), size>>20, statuses[0], statuses[bombs-1])
		pause(ctx, 2*time.Second)
		r.out.expect(statuses[0] == http.StatusRequestEntityTooLarge && statuses[bombs-1] == http.StatusRequestEntityTooLarge, "the bombs were answered %v", statuses)
		return nil
	})
	if err != nil {
		return nil, err
	}
	r.out.expect(r.rss < mostMiB, "the ingester took %d MiB", r.rss)
	return r.out, nil
}

// makeBomb compresses so many bytes of nothing, behind a record that looks honest.
func makeBomb(size int) ([]byte, int, error) {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, 0, err
	}
	if _, err := z.Write([]byte(`{"eventVersion":"1.09"}` + "\n")); err != nil {
		return nil, 0, err
	}
	block := bytes.Repeat([]byte{' '}, 1<<20)
	for range size >> 20 {
		if _, err := z.Write(block); err != nil {
			return nil, 0, err
		}
	}
	return b.Bytes(), size, z.Close()
}

// kafkaBomb produces a compressed batch that is far longer when it is opened, between honest records.
func kafkaBomb(ctx context.Context, h *harness) (*outcome, error) {
	r, err := newRig(ctx, h, "kafka-bomb", setup{kafka: true})
	if err != nil {
		return nil, err
	}
	defer r.close()
	if err := r.start(); err != nil {
		return nil, err
	}
	_, err = fed(ctx, r, 2000, func(*feeders) error {
		pause(ctx, 2*time.Second)
		for range pick(h, 2, 20) {
			if err := made.Bomb(ctx, h.broker.address(), r.topic, 90<<20); err != nil {
				return fmt.Errorf("bomb: %w", err)
			}
			r.dead++
		}
		pause(ctx, 4*time.Second)
		r.out.note("%d batches of 90 MiB when opened, each a dead letter", r.dead)
		return nil
	})
	if err != nil {
		return nil, err
	}
	r.out.expect(r.rss < mostMiB, "the ingester took %d MiB", r.rss)
	return r.out, nil
}
