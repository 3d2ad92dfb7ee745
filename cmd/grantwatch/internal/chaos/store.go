package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// storeDown takes ClickHouse away while all feeds go on, and brings it back.
func storeDown(ctx context.Context, h *harness) (*outcome, error) {
	r, err := newRig(ctx, h, "store-down", setup{kafka: true, push: true, files: true, dsn: true})
	if err != nil {
		return nil, err
	}
	defer r.close()
	if err := r.begin(ctx); err != nil {
		return nil, err
	}
	outage := pick(h, 20*time.Second, 10*time.Minute)
	var back time.Time
	var f *feeders
	_, err = fed(ctx, r, pick(h, 1500, 700), func(started *feeders) error {
		f = started
		pause(ctx, 3*time.Second)
		before, err := members(ctx, r)
		if err != nil {
			return err
		}
		r.engine.kill()
		if !pause(ctx, outage) {
			return ctx.Err()
		}
		after, err := members(ctx, r)
		if err != nil {
			return err
		}
		r.out.expect(before != "" && before == after, "the group had the member %q before and %q after", before, after)
		r.out.expect(f.pushes.busy.Load() > 0 && f.pushes.hint.Load() == f.pushes.busy.Load(), "%d pushes heard 503, %d with Retry-After", f.pushes.busy.Load(), f.pushes.hint.Load())
		r.out.note("down for %s, %d times 503 with Retry-After", outage, f.pushes.hint.Load())
		back = time.Now()
		f.end()
		if err := r.startEngine(ctx, filepath.Join(r.dir, "data")); err != nil {
			return err
		}
		if err := r.arrive(ctx, patience); err != nil && !errors.Is(err, errPatience) {
			return err
		}
		drain := time.Since(back)
		r.out.note("drained in %s, %.2f of the outage", drain.Round(100*time.Millisecond), drain.Seconds()/outage.Seconds())
		r.out.expect(drain <= 2*outage, "draining took %s, more than twice the outage", drain)
		return nil
	})
	if err != nil {
		return nil, err
	}
	r.out.expect(r.rss < mostMiB, "the ingester took %d MiB", r.rss)
	return r.out, nil
}

// mostMiB is what an ingester may take at most, whatever happens to it.
const mostMiB = 1024

// begin starts the ingester and waits for it.
func (r *rig) begin(ctx context.Context) error {
	if err := r.start(); err != nil {
		return err
	}
	return r.ready(ctx)
}

// slowInsert makes every insert take long.
func slowInsert(ctx context.Context, h *harness) (*outcome, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var proxy httpProxy
	r, err := newRig(ctx, h, "slow-insert", setup{kafka: true, push: true, files: true, dsn: true, rebalance: "5m",
		server: func(engine string) (string, error) { return proxy.serve(ctx, engine) }})
	if err != nil {
		return nil, err
	}
	defer r.close()
	if err := r.begin(ctx); err != nil {
		return nil, err
	}
	slow := pick(h, 3*time.Second, 20*time.Second)
	_, err = fed(ctx, r, 300, func(*feeders) error {
		pause(ctx, 2*time.Second)
		var before string
		var refused error
		err := until(ctx, time.Minute, "a member in the group", func() bool {
			before, refused = members(ctx, r)
			return refused != nil || before != ""
		})
		if err := errors.Join(err, refused); err != nil {
			return err
		}
		proxy.delay.Store(int64(slow))
		pause(ctx, pick(h, 12*time.Second, 5*time.Minute))
		after, err := members(ctx, r)
		if err != nil {
			return err
		}
		proxy.delay.Store(0)
		r.out.expect(before != "" && before == after, "the group had the member %q before and %q after", before, after)
		r.out.note("%d inserts of %s, the group kept its member", proxy.held.Load(), slow)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return r.out, nil
}

// diskFull fills the disk of the engine: a small one of its own where that can be had, or else the proxy says so.
func diskFull(ctx context.Context, h *harness) (*outcome, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var proxy httpProxy
	disk := filepath.Join(h.dir, "disk")
	if err := os.MkdirAll(disk, 0o700); err != nil {
		return nil, err
	}
	s := setup{kafka: true, push: true, files: true, dsn: true}
	real := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=384m") == nil
	if real {
		defer func() { _ = syscall.Unmount(disk, syscall.MNT_DETACH) }() // the folder is removed in the end
		s.data = filepath.Join(disk, "data")
	} else {
		s.server = func(engine string) (string, error) { return proxy.serve(ctx, engine) }
	}
	r, err := newRig(ctx, h, "disk-full", s)
	if err != nil {
		return nil, err
	}
	defer r.close()
	if err := r.begin(ctx); err != nil {
		return nil, err
	}
	_, err = fed(ctx, r, 1000, func(*feeders) error {
		pause(ctx, 2*time.Second)
		if real {
			n, err := fill(filepath.Join(disk, "ballast"))
			if err != nil {
				return err
			}
			r.out.note("a tmpfs of 384 MiB, filled up with %d MiB of something else", n>>20)
		} else {
			proxy.full.Store(true)
			r.out.note("no right to mount: a proxy answers inserts with code 243")
		}
		pause(ctx, pick(h, 8*time.Second, 2*time.Minute))
		if real {
			if err := os.Remove(filepath.Join(disk, "ballast")); err != nil {
				return err
			}
			return r.heal(ctx, s.data)
		}
		proxy.full.Store(false)
		r.out.expect(proxy.held.Load() > 0, "no insert was refused")
		return nil
	})
	if err != nil {
		return nil, err
	}
	return r.out, nil
}

// heal starts the engine again when the full disk left it with a part that it cannot read: a merge that was being written
// when the space ran out. When it starts, the engine puts such a part aside and takes the parts that it was merged from.
func (r *rig) heal(ctx context.Context, data string) error {
	pause(ctx, 3*time.Second)
	_, err := r.number(ctx, "progress")
	if err == nil {
		return nil
	}
	r.out.note("the engine had to be started again (%.60s…)", err.Error())
	r.engine.kill()
	return r.startEngine(ctx, data)
}

// fill writes a file until there is no more space.
func fill(name string) (int64, error) {
	f, err := os.Create(name)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	block := make([]byte, 64<<10)
	var n int64
	for {
		m, err := f.Write(block)
		n += int64(m)
		if errors.Is(err, syscall.ENOSPC) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
}
