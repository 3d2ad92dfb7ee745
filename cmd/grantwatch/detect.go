package main

import (
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/grantwatch/grantwatch/cmd/grantwatch/internal/app"
)

// detectCommand is the judging part of run alone.
func detectCommand() *cobra.Command {
	var f common
	var ob observing
	var once bool
	c := &cobra.Command{
		Use: "detect", Short: "Evaluates what is in the store on a schedule, and nothing else", Args: cobra.NoArgs,
		Long: "Reads grants, people, registers and rules, judges them with what ingesters have stored, and writes findings and the\nweekly report. It reads no log, serves no page and tells nobody: grantwatch ingest and grantwatch alert do. One of these\nbelongs to a store.",
		RunE: func(c *cobra.Command, _ []string) error {
			o, _, done, err := f.options(c)
			if err != nil {
				return err
			}
			ob.feeds = []string{noFeeds}
			if err := ob.options(&o); err != nil {
				return err
			}
			o.DataDir = app.DefaultDataDir(o.Config)
			a, err := app.Open(c.Context(), o)
			if err != nil {
				return err
			}
			defer func() { _ = a.Close() }() // the loop has ended; the engine's own log tells what went wrong
			stop, err := ob.serve(c.Context(), o.Config, o.Metrics, c.OutOrStdout())
			if err != nil {
				return err
			}
			defer stop()
			reports := o.Config.Report.Out
			if !filepath.IsAbs(reports) {
				reports = filepath.Join(o.Config.Dir, reports)
			}
			l := &loop{app: a, cfg: o.Config, reports: reports, out: c.OutOrStdout(), now: f.now, done: done, mute: true}
			defer l.told.Wait()
			if once {
				return l.pass(c.Context())
			}
			return l.forever(c.Context())
		},
	}
	f.add(c, "")
	ob.add(c)
	c.Flags().BoolVar(&once, "once", false, "one pass, then exit")
	return c
}
