package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/cmd/grantwatch/internal/app"
	"github.com/grantwatch/grantwatch/cmd/grantwatch/internal/config"
)

// canaryCommand posts canaries, or says when the last ones were seen.
func canaryCommand() *cobra.Command {
	var f common
	var feeds []string
	var check bool
	var push, ca, from string
	c := &cobra.Command{
		Use: "canary", Short: "Posts one canary through each feed's own way in, or says when the last were seen", Args: cobra.NoArgs,
		Long: `Posts one canary through the way that each feed's records come: a push, a record in the topic, a line of the file that
canary.file names, an object where canary.put allows it. It is no event: it counts as no use, matches no rule and covers
nothing, since it proves the way in and not that the provider logs. For that, canary.actor and canary.action name a call.

--check prints when the last canary of each feed was seen and how long it took to get here. Exit status 1: a call of the
configuration is overdue.`,
		RunE: func(c *cobra.Command, _ []string) error {
			now, err := f.now()
			if err != nil {
				return err
			}
			cfg, err := config.Load(f.config, nil)
			if err != nil {
				return err
			}
			for _, name := range feeds {
				if !slices.ContainsFunc(cfg.Feeds, func(x config.Feed) bool { return x.Name == name }) {
					return fmt.Errorf("--feeds: %s has no feed %q", f.config, name)
				}
			}
			if len(feeds) > 0 {
				cfg.Feeds = slices.DeleteFunc(cfg.Feeds, func(x config.Feed) bool { return !slices.Contains(feeds, x.Name) })
			}
			if check {
				return checkCanaries(c, &f, cfg, from, now)
			}
			p := app.NewPoster(cfg)
			p.Push, p.CA = push, ca
			return postCanaries(c.Context(), c.OutOrStdout(), p, cfg, now)
		},
	}
	f.add(c, "")
	c.Flags().StringSliceVar(&feeds, "feeds", nil, "only these feeds")
	c.Flags().BoolVar(&check, "check", false, "post nothing; print when the last canaries were seen")
	c.Flags().StringVar(&push, "push", "", "address that logs are pushed to; default that of the configuration")
	c.Flags().StringVar(&ca, "ca", "", "PEM file of the authority that signed its certificate")
	c.Flags().StringVar(&from, "metrics", "", "with --check: ask the metrics of a process that runs, such as http://127.0.0.1:9470; default metrics.listen when the engine is embedded, else the store")
	return c
}

// postCanaries goes on after a feed that failed; one that has no way in is no failure.
func postCanaries(ctx context.Context, w io.Writer, p *app.Poster, cfg *config.Config, now time.Time) error {
	failed := 0
	for i := range cfg.Feeds {
		feed := &cfg.Feeds[i]
		where, skipped, err := p.Post(ctx, feed, now)
		switch {
		case err != nil:
			failed++
			fmt.Fprintf(w, "%-24s FAILED   %v\n", feed.Name, err)
		case skipped != "":
			fmt.Fprintf(w, "%-24s skipped  %s\n", feed.Name, skipped)
		default:
			fmt.Fprintf(w, "%-24s posted   %s\n", feed.Name, where)
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d canaries could not be posted", failed, len(cfg.Feeds))
	}
	return nil
}

// seen is the newest canary of a feed and kind.
type seen struct {
	at   time.Time
	took time.Duration
}

func checkCanaries(c *cobra.Command, f *common, cfg *config.Config, from string, now time.Time) error {
	if from == "" && cfg.Store.DSN == "" && cfg.Store.DSNFile == "" && cfg.Metrics.Listen != "" {
		from = "http://" + cfg.Metrics.Listen // the engine's folder belongs to the process that runs
	}
	var last map[[2]string]seen
	var err error
	if from != "" {
		last, err = scrapeCanaries(c.Context(), strings.TrimSuffix(from, "/"))
	} else {
		last, err = storedCanaries(c, f)
	}
	if err != nil {
		return err
	}
	overdue := false
	w := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "FEED\tKIND\tLAST SEEN\tAGO\tTOOK\tSTATE")
	for i := range cfg.Feeds {
		feed := &cfg.Feeds[i]
		for _, kind := range []string{access.CanaryCall, access.CanaryPost} {
			s, ok := last[[2]string{feed.Name, kind}]
			called := kind == access.CanaryCall && feed.Canary != nil && feed.Canary.Actor != ""
			if !ok && !called {
				continue
			}
			state := "seen"
			if called && (!ok || now.Sub(s.at) > time.Duration(feed.Canary.Every)+time.Duration(feed.Canary.Within)) {
				state, overdue = "OVERDUE", true
			}
			if !ok {
				fmt.Fprintf(w, "%s\t%s\tnever\t\t\t%s\n", feed.Name, kind, state)
				continue
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", feed.Name, kind, s.at.UTC().Format(time.RFC3339), now.Sub(s.at).Round(time.Second), s.took.Round(time.Millisecond), state)
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if overdue {
		return &exitError{status: exitFindings}
	}
	return nil
}

func storedCanaries(c *cobra.Command, f *common) (map[[2]string]seen, error) {
	o, _, done, err := f.options(c)
	if err != nil {
		return nil, err
	}
	o.DataDir, o.NoRules = app.DefaultDataDir(o.Config), true
	a, err := app.Open(c.Context(), o)
	done()
	if err != nil {
		return nil, err
	}
	defer func() { _ = a.Close() }() // nothing is in flight
	list, err := a.Store.LastCanaries(c.Context())
	if err != nil {
		return nil, err
	}
	out := map[[2]string]seen{}
	for _, l := range list {
		out[[2]string{l.Feed, l.Kind}] = seen{l.Time, l.Ingested.Sub(l.Time)}
	}
	return out, nil
}

// scrapeCanaries asks the metrics of a process that runs.
func scrapeCanaries(ctx context.Context, base string) (map[[2]string]seen, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/metrics", nil)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("asking the metrics of the process that runs: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s/metrics: %s", base, res.Status)
	}
	out := map[[2]string]seen{}
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		name, rest, ok := strings.Cut(lines.Text(), "{")
		if !ok || !strings.HasPrefix(name, "grantwatch_ingest_canary_") {
			continue
		}
		labels, value, ok := strings.Cut(rest, "} ")
		v, err := strconv.ParseFloat(value, 64)
		if !ok || err != nil {
			return nil, fmt.Errorf("%s/metrics: %q is no metric", base, lines.Text())
		}
		key := [2]string{label(labels, "feed"), label(labels, "kind")}
		s := out[key]
		if strings.HasSuffix(name, "latency_seconds") {
			s.took = time.Duration(v * float64(time.Second))
		} else {
			s.at = time.UnixMilli(int64(v * 1000)).UTC()
		}
		out[key] = s
	}
	return out, lines.Err()
}

// label is the value of a label. Names of feeds need no escapes.
func label(labels, name string) string {
	_, rest, _ := strings.Cut(labels, name+`="`)
	value, _, _ := strings.Cut(rest, `"`)
	return value
}
