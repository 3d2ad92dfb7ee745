package main

import (
	"fmt"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/grantwatch/grantwatch/cmd/grantwatch/internal/app"
)

// alertCommand is the telling part of run alone.
func alertCommand() *cobra.Command {
	var f common
	var ob observing
	var once bool
	c := &cobra.Command{
		Use: "alert", Short: "Tells teams of the findings in the store, and nothing else: any number of these share the teams", Args: cobra.NoArgs,
		Long: "Tells of the findings that grantwatch detect (or a run without alerts) keeps in the store that store.dsn names, sends the\nweekly digests, and takes what people ask for from messages. With kafka.brokers, processes with the same\nkafka.group share the teams by the partitions of the topic grantwatch.alert, and exactly one of them tells a team.\nWithout Kafka one process tells all.",
		RunE: func(c *cobra.Command, _ []string) error {
			o, _, done, err := f.options(c)
			if err != nil {
				return err
			}
			ob.feeds = []string{noFeeds}
			if err := ob.options(&o); err != nil {
				return err
			}
			o.DataDir, o.NoRules = app.DefaultDataDir(o.Config), true
			ctx := c.Context()
			a, err := app.Open(ctx, o)
			if err != nil {
				return err
			}
			defer func() { _ = a.Close() }() // what was sent is on record
			stop, err := ob.serve(ctx, o.Config, o.Metrics, c.OutOrStdout())
			if err != nil {
				return err
			}
			defer stop()
			clock := func() time.Time { return time.Now() }
			share, err := a.Sharing(clock)
			if err != nil {
				return err
			}
			if ok, err := a.Alerting(clock, share.Owns); err != nil || !ok {
				if err == nil {
					err = fmt.Errorf("%s: nothing under alert: can send a message", o.Config.File)
				}
				return err
			}
			if err := a.Load(ctx, clock()); err != nil {
				return err
			}
			done()
			if once {
				_, err := a.Alert(ctx, clock)
				return err
			}
			fmt.Fprintln(c.OutOrStdout(), "alerting")
			l := &loop{app: a, cfg: o.Config, out: c.OutOrStdout(), now: f.now}
			var live sync.WaitGroup
			defer live.Wait()
			live.Go(func() { a.Teller(ctx, clock) })
			live.Go(func() {
				if err := share.Run(ctx); err != nil {
					a.Notice("kafka: %v; no team is told from here", err)
				}
			})
			live.Go(func() {
				if err := a.Callbacks(ctx, clock); err != nil {
					a.Notice("slack: %v; nothing that is pressed arrives", err)
				}
			})
			var asked time.Time
			look := time.NewTicker(lookEvery)
			defer look.Stop()
			for {
				select {
				case <-ctx.Done():
					return nil
				case <-look.C:
				}
				if err := a.Load(ctx, clock()); err != nil && ctx.Err() == nil {
					a.Notice("%v", err)
				}
				if now, err := f.now(); err == nil && time.Since(asked) >= time.Minute {
					asked, l.digested = time.Now(), "" // another team may be ours by now; what was sent is on record
					l.weekly(ctx, now)
				}
			}
		},
	}
	f.add(c, "")
	ob.add(c)
	c.Flags().BoolVar(&once, "once", false, "one round, then exit")
	return c
}

// lookEvery is how often the store is asked whether its findings have changed.
const lookEvery = time.Second
