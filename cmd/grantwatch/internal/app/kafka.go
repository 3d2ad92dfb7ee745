package app

import (
	"context"
	"path/filepath"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/ingest"
	"github.com/grantwatch/grantwatch/ingest/source/kafka"
	"github.com/grantwatch/grantwatch/store"
)

// Consume reads the feeds that come from Kafka until ctx ends, which is no error. It returns at once when there are none.
func (a *App) Consume(ctx context.Context, now func() time.Time) error {
	var topics []ingest.TopicInput
	for i, f := range a.Feeds() {
		if k := a.Cfg.Feeds[i].From.Kafka; k != nil && a.reads(f.Name) {
			topics = append(topics, ingest.TopicInput{Feed: f, Topic: k.Topic})
		}
	}
	if len(topics) == 0 {
		return nil
	}
	p, err := a.pipeline()
	if err != nil {
		return err
	}
	watched, stop := context.WithCancel(ctx)
	defer stop()
	defer a.memory.reading()()
	return p.Consume(ctx, topics, ingest.ConsumeOptions{
		Kafka: a.kafkaConfig(), Now: now,
		Rules: func() ingest.EventRules { return a.events.Load() },
		Lag:   func(ask ingest.AskLag) { go a.metrics.WatchLag(watched, a.teamOf, ask) },
		Hole: func(ctx context.Context, f access.Feed, source string, from, to int64) error {
			return a.Store.SaveHole(ctx, store.Hole{Team: f.Team, Feed: f.Name, Source: source, From: from, To: to, Noticed: now()})
		},
		Error: func(err error) { a.Notice("kafka: %v", err) },
	})
}

func (a *App) kafkaConfig() kafka.Config {
	c := a.Cfg.Kafka
	path := func(file string) string {
		if file == "" || filepath.IsAbs(file) {
			return file
		}
		return filepath.Join(a.Cfg.Dir, file)
	}
	out := kafka.Config{Brokers: c.Brokers, Group: c.Group, Start: c.Start, RebalanceTimeout: time.Duration(c.RebalanceTimeout),
		SessionTimeout: time.Duration(c.SessionTimeout), Hooks: []any{a.metrics.KafkaHook()}, Rebalanced: a.metrics.Rebalanced}
	if s := c.SASL; s != nil {
		out.SASL = &kafka.SASL{Mechanism: s.Mechanism, User: s.User, PasswordFile: path(s.PasswordFile), TokenFile: path(s.TokenFile)}
	}
	if t := c.TLS; t != nil {
		out.TLS = &kafka.TLS{CAFile: path(t.CAFile), CertFile: path(t.CertFile), KeyFile: path(t.KeyFile), ServerName: t.ServerName}
	}
	return out
}
