package app

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/grantwatch/grantwatch/cmd/grantwatch/internal/config"
	"github.com/grantwatch/grantwatch/ingest"
	"github.com/grantwatch/grantwatch/ingest/source/s3"
)

// bucketInputs are the feeds that are read from buckets, with these.
func (a *App) bucketInputs() []ingest.BucketInput {
	var out []ingest.BucketInput
	for _, f := range a.Feeds() {
		if a.reads(f.Name) {
			out = append(out, a.bucketInputsOf(f.Name)...)
		}
	}
	return out
}

// bucketInputsOf is the bucket of one feed; none when it is read from elsewhere.
func (a *App) bucketInputsOf(feed string) []ingest.BucketInput {
	var out []ingest.BucketInput
	for i, f := range a.Feeds() {
		s := a.Cfg.Feeds[i].From.S3
		if s == nil || f.Name != feed {
			continue
		}
		since, _ := config.ParseTime(s.Since) // checked when the configuration was read
		out = append(out, ingest.BucketInput{Feed: f, Bucket: s3.Config{Bucket: s.Bucket, Prefix: s.Prefix, Region: s.Region, Endpoint: s.Endpoint,
			PathStyle: s.PathStyle, Layout: a.Cfg.Feeds[i].BucketLayout(), Since: since, Lookback: int(math.Ceil(time.Duration(s.Lookback).Hours() / 24)),
			Poll: time.Duration(s.Poll), Queue: s.SQS, Visibility: time.Duration(s.Visibility), Wait: longPoll}})
	}
	return out
}

// longPoll is how long an empty queue is waited for in one request, the longest that SQS allows.
const longPoll = 20 * time.Second

// IngestObjects reads once what the buckets of all feeds list, feeds side by side. Queues are left alone: what they
// announce is for the process that watches.
func (a *App) IngestObjects(ctx context.Context, now time.Time) error {
	list := a.bucketInputs()
	for i := range list {
		list[i].Bucket.Queue = ""
	}
	return a.stepBuckets(ctx, list, now, newEventRules(a.Rules, a.people))
}

// ReadBeside reads once what is otherwise read beside the watch: buckets, with their queues, and standard input.
func (a *App) ReadBeside(ctx context.Context, now time.Time) error {
	list := a.bucketInputs()
	for i := range list {
		list[i].Bucket.Wait = 0
	}
	return errors.Join(a.stepBuckets(ctx, list, now, a.events.Load()), a.IngestStdin(ctx, now, a.events.Load()))
}

func (a *App) stepBuckets(ctx context.Context, list []ingest.BucketInput, now time.Time, rules ingest.EventRules) error {
	if len(list) == 0 {
		return nil
	}
	defer a.memory.reading()()
	p, err := a.pipeline()
	if err != nil {
		return err
	}
	var mu sync.Mutex
	g, ctx := errgroup.WithContext(ctx)
	for _, in := range list {
		g.Go(func() error {
			say := func(err error) {
				mu.Lock()
				defer mu.Unlock()
				a.Notice("feed %s: %v", in.Feed.Name, err)
			}
			f, err := p.BucketFollower(ctx, in, a.Store, say)
			if err != nil {
				return err
			}
			st, err := f.Step(ctx, now, rules)
			if err != nil {
				return fmt.Errorf("feed %s: %w", in.Feed.Name, err)
			}
			mu.Lock()
			defer mu.Unlock()
			if st.Received == 0 {
				a.Notice("feed %s: nothing new below s3://%s/%s", in.Feed.Name, in.Bucket.Bucket, in.Bucket.Prefix)
			}
			a.tell(in.Feed, st)
			return nil
		})
	}
	return g.Wait()
}

// Pauses between two steps of a feed: when all is well, and when it is not.
const (
	bucketPause = 5 * time.Second
	bucketRest  = 30 * time.Second
)

// FollowObjects returns what reads the buckets until ctx ends. An error is one of the configuration.
func (a *App) FollowObjects(ctx context.Context, now func() time.Time) (func(), error) {
	list := a.bucketInputs()
	if len(list) == 0 {
		return func() {}, nil
	}
	p, err := a.pipeline()
	if err != nil {
		return nil, err
	}
	var wait sync.WaitGroup
	followers := make([]*ingest.BucketFollower, len(list))
	for i, in := range list {
		if followers[i], err = p.BucketFollower(ctx, in, a.Store, func(err error) { a.Notice("feed %s: %v", in.Feed.Name, err) }); err != nil {
			return nil, err
		}
	}
	return func() {
		for i, in := range list {
			wait.Go(func() { a.followBucket(ctx, followers[i], in, now) })
		}
		wait.Wait()
	}, nil
}

// followBucket goes on whatever happens. An error is said when it is another than the last one.
func (a *App) followBucket(ctx context.Context, f *ingest.BucketFollower, in ingest.BucketInput, now func() time.Time) {
	last := ""
	for ctx.Err() == nil {
		st, err := f.Step(ctx, now(), a.events.Load())
		if ctx.Err() != nil {
			return
		}
		a.tell(in.Feed, st)
		pause, said := bucketPause, ""
		switch {
		case err != nil:
			pause, said = bucketRest, err.Error()
		case in.Bucket.Queue != "":
			pause = 0 // the queue is what is waited for
		}
		if said != "" && said != last {
			a.Notice("feed %s: %v; it is tried again", in.Feed.Name, err)
		}
		last = said
		wait := time.NewTimer(pause)
		select {
		case <-ctx.Done():
		case <-wait.C:
		}
		wait.Stop()
	}
}
