package main

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/grantwatch/grantwatch/ingest/made"
)

// members are the ids of the group's members, in one text.
func members(ctx context.Context, r *rig) (string, error) {
	ids, err := made.Members(ctx, r.h.broker.address(), r.topic)
	slices.Sort(ids)
	return strings.Join(ids, " "), err
}

// rebalance lets members join and leave the group, some of them by kill -9, while connections to the broker die every second.
func rebalance(ctx context.Context, h *harness) (*outcome, error) {
	r, err := newRig(ctx, h, "rebalance", setup{kafka: true, dsn: true})
	if err != nil {
		return nil, err
	}
	defer r.close()
	most, turns := pick(h, 3, 8), pick(h, 5, 50)
	var list []*process
	defer func() {
		for _, p := range list {
			p.kill()
		}
	}()
	join := func() error {
		p, err := r.member()
		list = append(list, p)
		return err
	}
	for range most {
		if err := join(); err != nil {
			return nil, err
		}
	}
	cutting, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		for pause(cutting, time.Second) {
			h.broker.wire.cut()
		}
	}()
	cuts := h.broker.wire.cuts()
	_, err = fed(ctx, r, 4000, func(*feeders) error {
		killed := 0
		for i := range turns {
			pause(ctx, time.Second+time.Duration(h.rand.Int64N(int64(2*time.Second))))
			if len(list) < most {
				if err := join(); err != nil {
					return err
				}
				continue
			}
			at := h.rand.IntN(len(list))
			p := list[at]
			list = slices.Delete(list, at, at+1)
			r.rss = max(r.rss, peak(p.pid()))
			if i%4 == 2 {
				p.kill()
				killed++
			} else if err := p.stop(); err != nil {
				r.out.expect(false, "a member did not leave well: %v", err)
			}
		}
		r.out.note("%d joins and leaves (%d by kill -9) of %d members over %d partitions", turns, killed, most, pick(h, 8, 64))
		stop()
		for _, p := range list {
			r.rss = max(r.rss, peak(p.pid()))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	r.out.note("%d connections cut", h.broker.wire.cuts()-cuts)
	return r.out, nil
}
