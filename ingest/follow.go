package ingest

import (
	"context"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/ingest/source/file"
)

// Checkpoint is how far a source of a feed was read.
type Checkpoint = file.Checkpoint

// Checkpoints keeps them; the store does.
type Checkpoints = file.Checkpoints

// FollowOptions say how to follow files.
type FollowOptions struct {
	Checkpoints Checkpoints
	Rules       EventRules       // may be nil
	Interval    time.Duration    // between two looks at the files, 5 s when zero
	Now         func() time.Time // the clock; its answers are kept with what was read at the time
	// Report hears of what went wrong with a feed, which then goes on with its next look; nil makes an error the end.
	Report func(feed string, err error)
}

const defaultInterval = 5 * time.Second

// Follow reads what is new in the files of the feeds, and goes on until ctx ends, which is no error. Positions are kept
// in Checkpoints: what was read is not read again, and what a crash interrupted is read again in the very same batches.
func (p *Pipeline) Follow(ctx context.Context, feeds []FeedInput, fsys fs.FS, opt FollowOptions) error {
	if opt.Interval <= 0 {
		opt.Interval = defaultInterval
	}
	if opt.Checkpoints == nil || opt.Now == nil {
		return fmt.Errorf("ingest: following files needs checkpoints and a clock")
	}
	g, gctx := errgroup.WithContext(ctx)
	for _, f := range feeds {
		g.Go(func() error { return p.follow(gctx, f, fsys, opt) })
	}
	if err := g.Wait(); ctx.Err() == nil {
		return err
	}
	return nil
}

// Follower reads what is new in the files of one feed, a step at a time, for a caller that keeps its own clock.
type Follower struct {
	p       *Pipeline
	feed    access.Feed
	lock    sync.Mutex // held while it reads
	tracker *file.Tracker
}

// Follower makes a follower of one feed. report hears of files that cannot be read, which stop nothing; it may be nil.
func (p *Pipeline) Follower(f FeedInput, fsys fs.FS, marks Checkpoints, report func(error)) *Follower {
	t := file.NewTracker(fsys, f.Feed.Name, f.Globs, marks)
	t.Report = report
	return &Follower{p: p, feed: f.Feed, tracker: t}
}

// Lag is how many bytes of the feed's files are not read yet. It may be asked while a step goes on.
func (f *Follower) Lag() int64 { return f.tracker.Lag() }

// Close closes the files that are open.
func (f *Follower) Close() { f.tracker.Close() }

// Step reads what is new since the last step and returns what became of it. A document is left alone until it has not
// changed for as long as settle.
func (f *Follower) Step(ctx context.Context, now time.Time, settle time.Duration, rules EventRules) (Stats, error) {
	f.lock.Lock()
	defer f.lock.Unlock()
	var sum Stats
	err := f.tracker.Step(ctx, now, settle, f.reads(&sum, rules))
	return sum, err
}

// Glance reads what was added since to files that grow, and leaves everything else to the next step. It does nothing while a
// step goes on.
func (f *Follower) Glance(ctx context.Context, now time.Time, settle time.Duration, rules EventRules) (Stats, error) {
	if !f.lock.TryLock() {
		return Stats{}, nil
	}
	defer f.lock.Unlock()
	var sum Stats
	err := f.tracker.Glance(ctx, now, settle, f.reads(&sum, rules))
	return sum, err
}

func (f *Follower) reads(sum *Stats, rules EventRules) func(context.Context, file.Work) error {
	return func(ctx context.Context, w file.Work) error {
		st, err := f.p.RunParts(ctx, f.feed, w.Source, w.From, w.Pieces, w.At, rules)
		sum.Add(st)
		return err
	}
}

func (p *Pipeline) follow(ctx context.Context, f FeedInput, fsys fs.FS, opt FollowOptions) error {
	var report func(error)
	if opt.Report != nil {
		report = func(err error) { opt.Report(f.Feed.Name, err) }
	}
	t := p.Follower(f, fsys, opt.Checkpoints, report)
	defer t.Close()
	tick := time.NewTicker(opt.Interval)
	defer tick.Stop()
	for {
		_, err := t.Step(ctx, opt.Now(), opt.Interval, opt.Rules)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			err = fmt.Errorf("ingest: feed %s: %w", f.Feed.Name, err)
			if opt.Report == nil {
				return err
			}
			opt.Report(f.Feed.Name, err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
