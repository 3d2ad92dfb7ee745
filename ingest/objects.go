package ingest

import (
	"context"
	"fmt"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/ingest/source/file"
	"github.com/grantwatch/grantwatch/ingest/source/s3"
)

// BucketInput is a feed and the bucket that carries it.
type BucketInput struct {
	Feed   access.Feed
	Bucket s3.Config
}

// BucketFollower reads what is new in the bucket of one feed, a step at a time. It is not safe for concurrent use.
type BucketFollower struct {
	p       *Pipeline
	feed    access.Feed
	tracker *s3.Tracker
}

// BucketFollower makes a follower of one feed. report hears of objects that cannot be read and of messages that make no
// sense, which stop nothing; it may be nil, and may be called from several goroutines.
func (p *Pipeline) BucketFollower(ctx context.Context, in BucketInput, marks Checkpoints, report func(error)) (*BucketFollower, error) {
	t, err := s3.New(ctx, in.Bucket, in.Feed.Name, marks)
	if err != nil {
		return nil, fmt.Errorf("ingest: feed %s: %w", in.Feed.Name, err)
	}
	t.Report = report
	return &BucketFollower{p, in.Feed, t}, nil
}

// Step reads what is new since the last step and returns what became of it.
func (f *BucketFollower) Step(ctx context.Context, now time.Time, rules EventRules) (Stats, error) {
	var sum Stats
	err := f.tracker.Step(ctx, now, func(ctx context.Context, w file.Work) error {
		st, err := f.p.RunParts(ctx, f.feed, w.Source, w.From, w.Pieces, w.At, rules)
		sum.Add(st)
		return err
	})
	return sum, err
}
