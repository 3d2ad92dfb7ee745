package main

import (
	"context"
	"fmt"
	"syscall"
	"time"
)

// patience is how long nothing may arrive before what is missing counts as lost.
const patience = 60 * time.Second

// fed runs a fault while records flow in, and judges.
func fed(ctx context.Context, r *rig, rate int, meddle func(f *feeders) error) (*outcome, error) {
	feeding, stop := context.WithCancel(ctx)
	defer stop()
	f, err := r.feed(feeding, rate)
	if err != nil {
		return nil, err
	}
	if err := meddle(f); err != nil {
		stop() // nobody would take what they send
		_ = f.finish()
		return nil, err
	}
	late := time.AfterFunc(3*patience, stop)
	defer late.Stop()
	if err := f.finish(); err != nil {
		return nil, fmt.Errorf("senders: %w", err)
	}
	return r.judge(ctx, patience)
}

// killIngester kills the ingester at random points, from the first moment of its life on; every second time it waits for the
// worst moment.
func killIngester(ctx context.Context, h *harness) (*outcome, error) {
	r, err := newRig(ctx, h, "kill-ingester", setup{kafka: true, push: true, files: true})
	if err != nil {
		return nil, err
	}
	defer r.close()
	if err := r.start(); err != nil {
		return nil, err
	}
	kills := pick(h, 8, 200)
	return fed(ctx, r, pick(h, 1500, 500), func(f *feeders) error {
		for i := range kills {
			if !pause(ctx, 300*time.Millisecond+time.Duration(h.rand.Int64N(int64(4*time.Second)))) {
				return ctx.Err()
			}
			if i%2 == 1 {
				if err := r.written(ctx); err != nil {
					return err
				}
			}
			if r.run.ended() {
				return fmt.Errorf("the ingester has ended by itself; see %s", r.run.log)
			}
			r.kill()
			if err := r.start(); err != nil {
				return err
			}
		}
		if err := r.ready(ctx); err != nil {
			return err
		}
		r.out.note("%d kills -9, %d pushes sent again", kills, f.pushes.again.Load())
		return nil
	})
}

// written waits for the moment at which the rows of a push have just been stored: who is killed then has not answered yet.
func (r *rig) written(ctx context.Context) error {
	if err := r.ready(ctx); err != nil {
		return err
	}
	before := -1
	return until(ctx, time.Minute, "a push is stored", func() bool {
		n, err := r.number(ctx, "pushed")
		if err != nil {
			return false
		}
		if before < 0 {
			before = n
		}
		return n > before
	})
}

// killEngine kills the ClickHouse engine's process under the ingester.
func killEngine(ctx context.Context, h *harness) (*outcome, error) {
	r, err := newRig(ctx, h, "kill-engine", setup{kafka: true, push: true, files: true})
	if err != nil {
		return nil, err
	}
	defer r.close()
	if err := r.start(); err != nil {
		return nil, err
	}
	if err := r.ready(ctx); err != nil {
		return nil, err
	}
	kills := pick(h, 3, 50)
	return fed(ctx, r, 1500, func(*feeders) error {
		for range kills {
			if !pause(ctx, 500*time.Millisecond+time.Duration(h.rand.Int64N(int64(3*time.Second)))) {
				return ctx.Err()
			}
			pid := 0
			if err := until(ctx, time.Minute, "an engine runs", func() bool { pid = child(r.run.pid()); return pid != 0 }); err != nil {
				return err
			}
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
				return err
			}
		}
		r.out.note("%d kills -9 of the engine", kills)
		return nil
	})
}

// killBroker kills the broker under the ingester and the producer.
func killBroker(ctx context.Context, h *harness) (*outcome, error) {
	r, err := newRig(ctx, h, "kill-broker", setup{kafka: true})
	if err != nil {
		return nil, err
	}
	defer r.close()
	if err := r.start(); err != nil {
		return nil, err
	}
	kills := pick(h, 3, 50)
	return fed(ctx, r, 3000, func(*feeders) error {
		for range kills {
			if !pause(ctx, time.Second+time.Duration(h.rand.Int64N(int64(3*time.Second)))) {
				return ctx.Err()
			}
			if err := h.broker.kill(); err != nil {
				return err
			}
			if !pause(ctx, 500*time.Millisecond) {
				return ctx.Err()
			}
			if err := h.broker.start(ctx); err != nil {
				return err
			}
		}
		r.out.note("%d kills -9 of the broker", kills)
		return nil
	})
}
