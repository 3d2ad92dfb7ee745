package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/grantwatch/grantwatch/cmd/grantwatch/internal/app"
)

// ingestCommand is the ingesting part of run alone.
func ingestCommand() *cobra.Command {
	var f common
	var ob observing
	c := &cobra.Command{
		Use: "ingest", Short: "Reads logs into the store, and nothing else: any number of these side by side", Args: cobra.NoArgs,
		Long: "Reads logs from Kafka, HTTP push, files, buckets and standard input, matches the rules on events, and writes to\nthe store. It evaluates nothing, tells nobody and serves no page; that is left to one run --feeds none. Ingesters with the same\nstore.dsn and the same kafka.group divide the topics among them. Interrupted or terminated, it finishes what is\nbeing written, keeps how far it came, and ends with 0.",
		RunE: func(c *cobra.Command, _ []string) error {
			o, _, done, err := f.options(c)
			if err != nil {
				return err
			}
			if err := ob.options(&o); err != nil {
				return err
			}
			if err := app.CheckShared(o.Config, o.Feeds); err != nil {
				return err
			}
			o.Stdin = c.InOrStdin()
			o.DataDir = app.DefaultDataDir(o.Config)
			a, err := app.Open(c.Context(), o)
			if err != nil {
				return unlessAsked(c.Context(), false, err)
			}
			defer func() { _ = a.Close() }() // what was read is durable; the engine's own log tells what went wrong
			stop, err := ob.serve(c.Context(), o.Config, o.Metrics, c.OutOrStdout())
			if err != nil {
				return err
			}
			defer stop()
			return unlessAsked(c.Context(), false, feed(c.Context(), a, f.now, c.OutOrStdout(), done))
		},
	}
	f.add(c, "")
	ob.add(c)
	return c
}

// unlessAsked is why a process could not start or go on; nothing when it was asked to end meanwhile, which is as good an end as any
// other for one that would have gone on for ever.
func unlessAsked(ctx context.Context, once bool, err error) error {
	if ctx.Err() != nil && !once {
		return nil
	}
	return err
}

// feed reads logs until ctx ends, which is no error. When Kafka cannot be read at all it ends with why: whoever has
// started it shall see that, and its files are followed from where they are by the next one.
func feed(ctx context.Context, a *app.App, now func() (time.Time, error), out io.Writer, done func()) error {
	at, err := now()
	if err != nil {
		return err
	}
	if err := a.ReadLogs(ctx, at, 0); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err // the first look shows what is wrong with rules and people
	}
	done()
	clock := func() time.Time { return time.Now() }
	pushed, err := a.StartPush(ctx, clock)
	if err != nil {
		return err
	}
	if pushed != nil {
		fmt.Fprintf(out, "logs can be pushed to http://%s/v1/logs/FEED\n", pushed.Addr)
		defer func() { _ = pushed.Close() }() // what was not answered is sent again by its shipper
	}
	fmt.Fprintln(out, "ingesting")
	asked := ctx // ends when we are asked to
	ctx, cancel := context.WithCancelCause(ctx)
	objects, err := a.FollowObjects(ctx, clock)
	if err != nil {
		cancel(nil)
		return err
	}
	var live sync.WaitGroup
	live.Go(func() {
		if err := a.Consume(ctx, clock); err != nil {
			cancel(fmt.Errorf("kafka: %w", err))
		}
	})
	live.Go(objects)
	live.Go(func() {
		if err := a.FollowStdin(ctx, clock); err != nil {
			a.Notice("%v; what came after it is not read", err)
		}
	})
	live.Go(func() {
		a.Glance(ctx, func() time.Time {
			if at, err := now(); err == nil {
				return at
			}
			return clock()
		}, readEvery)
	})
	defer func() {
		cancel(nil)
		live.Wait() // each keeps how far it came before it ends
	}()
	read := time.NewTicker(readEvery)
	defer read.Stop()
	for {
		select {
		case <-ctx.Done():
			if asked.Err() != nil {
				return nil
			}
			return context.Cause(ctx)
		case <-read.C:
		}
		at, err := now()
		if err != nil {
			return err
		}
		if err := a.ReadLogs(ctx, at, readEvery); err != nil && !errors.Is(err, context.Canceled) {
			a.Notice("%v", err)
		}
	}
}
