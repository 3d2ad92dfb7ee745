package ingest

import (
	"context"
	"fmt"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/ingest/source/kafka"
)

// TopicInput is a feed and the topic that carries it. Several feeds of one team may share a topic: the record header
// grantwatch-feed tells them apart, and the first of them takes what has none.
type TopicInput struct {
	Feed  access.Feed
	Topic string
}

// ConsumeOptions say how to consume.
type ConsumeOptions struct {
	Kafka kafka.Config               // brokers, group, sign-in; routes, limits and workers are filled in from the pipeline's
	Rules func() EventRules          // the rules in force when a range is read; may be nil
	Now   func() time.Time           // the clock; its answers are kept with what was read at the time
	Done  func(feed string, s Stats) // hears of every range that is durable, from several goroutines; may be nil
	Lag   func(AskLag)               // is given a function that tells the lag at any time; may be nil
	// Hole keeps that offsets from to to of a source were gone before they could be read; may be nil.
	Hole  func(ctx context.Context, f access.Feed, source string, from, to int64) error
	Error func(err error) // hears of what went wrong and is tried again; may be nil
}

// AskLag asks the brokers how far behind this member of the group is.
type AskLag = func(context.Context) ([]kafka.Lag, error)

// Consume reads topics as a member of a consumer group, and goes on until ctx ends, which is no error. What cannot be
// written is tried again for as long as it takes, while the group keeps its members.
func (p *Pipeline) Consume(ctx context.Context, inputs []TopicInput, opt ConsumeOptions) error {
	cfg := opt.Kafka
	cfg.Now, cfg.Report = opt.Now, opt.Error
	cfg.Limits = kafka.Limits{Records: p.cfg.BatchRecords, Bytes: p.cfg.BatchBytes, Window: p.cfg.Window}
	cfg.Routes = nil
	if cfg.Workers == 0 {
		cfg.Workers = p.cfg.Workers
	}
	feeds := map[string]access.Feed{}
	for _, in := range inputs {
		cfg.Routes = append(cfg.Routes, kafka.Route{Topic: in.Topic, Feed: in.Feed.Name, Team: in.Feed.Team})
		feeds[in.Feed.Name] = in.Feed
	}
	if opt.Hole != nil {
		cfg.Hole = func(ctx context.Context, feed string, h kafka.Hole) error {
			return opt.Hole(ctx, feeds[feed], h.Source, h.From, h.To)
		}
	}
	c, err := kafka.New(cfg, func(ctx context.Context, r kafka.Range) error {
		var rules EventRules
		if opt.Rules != nil {
			rules = opt.Rules()
		}
		st, err := p.RunMessages(ctx, feeds[r.Feed], r, rules)
		if err == nil && opt.Done != nil {
			opt.Done(r.Feed, st)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("ingest: %w", err)
	}
	if opt.Lag != nil {
		opt.Lag(c.Lags)
	}
	return c.Run(ctx)
}
