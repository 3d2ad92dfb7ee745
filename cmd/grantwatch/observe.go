package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/grantwatch/grantwatch/cmd/grantwatch/internal/app"
	"github.com/grantwatch/grantwatch/cmd/grantwatch/internal/config"
	"github.com/grantwatch/grantwatch/cmd/grantwatch/internal/metrics"
	"github.com/grantwatch/grantwatch/store/engine"
)

// observing are the flags of what runs for long: what it reads, and where it can be looked at.
type observing struct {
	feeds    []string
	metrics  string
	profiles string
	public   bool
}

func (f *observing) add(c *cobra.Command) {
	c.Flags().StringSliceVar(&f.feeds, "feeds", nil, "read only these feeds, by name; none reads no feed")
	c.Flags().StringVar(&f.metrics, "metrics", "", "address that Prometheus reads /metrics from, such as 127.0.0.1:9470; default metrics.listen")
	c.Flags().StringVar(&f.profiles, "pprof", "", "address of profiles, such as 127.0.0.1:6060; loopback only")
	c.Flags().BoolVar(&f.public, "pprof-public", false, "let --pprof listen where other machines can reach it")
}

// noFeeds is said instead of a name by who reads no feed.
const noFeeds = "none"

// options adds what is to be read and counted.
func (f *observing) options(o *app.Options) error {
	switch {
	case len(f.feeds) == 1 && f.feeds[0] == noFeeds && app.CheckFeeds(o.Config, f.feeds) != nil:
		o.Feeds = []string{}
	default:
		o.Feeds = f.feeds
		if err := app.CheckFeeds(o.Config, f.feeds); err != nil {
			return err
		}
	}
	o.Metrics = metrics.New(versionString(), engine.Version)
	return nil
}

// serve starts what is to be listened to, and says where.
func (f *observing) serve(ctx context.Context, cfg *config.Config, m *metrics.Metrics, out io.Writer) (stop func(), err error) {
	var open []*metrics.Server
	stop = func() {
		for _, s := range open {
			_ = s.Close() // who is still reading is cut off
		}
	}
	addr := f.metrics
	if addr == "" {
		addr = cfg.Metrics.Listen
	}
	if addr != "" {
		s, err := metrics.Serve(ctx, addr, m.Handler())
		if err != nil {
			return nil, fmt.Errorf("metrics: %w", err)
		}
		open = append(open, s)
		fmt.Fprintf(out, "metrics http://%s/metrics\n", s.Addr)
	}
	if f.profiles == "" {
		return stop, nil
	}
	addr, err = metrics.Loopback(f.profiles)
	if err != nil && f.public {
		addr, err = f.profiles, nil
	}
	if err != nil {
		stop()
		return nil, fmt.Errorf("--pprof: %w; profiles show what is in memory: --pprof-public says that this is meant", err)
	}
	s, err := metrics.Serve(ctx, addr, metrics.Profiles())
	if err != nil {
		stop()
		return nil, errors.Join(errors.New("--pprof"), err)
	}
	open = append(open, s)
	fmt.Fprintf(out, "profiles http://%s/debug/pprof/\n", s.Addr)
	return stop, nil
}
