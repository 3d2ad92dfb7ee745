package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/grantwatch/grantwatch/cmd/grantwatch/internal/app"
	"github.com/grantwatch/grantwatch/cmd/grantwatch/internal/output"
	"github.com/grantwatch/grantwatch/dashboards/report"
	"github.com/grantwatch/grantwatch/detect/ledger"
)

// reportCommand writes the governance board's weekly report.
func reportCommand() *cobra.Command {
	var f common
	var week, out, compare string
	var stored bool
	c := &cobra.Command{
		Use: "report", Short: "Writes the weekly report for the governance board: HTML, PDF, CSV and JSON", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			o, now, done, err := f.options(c)
			if err != nil {
				return err
			}
			zone, err := time.LoadLocation(o.Config.Report.Zone)
			if err != nil {
				return err
			}
			if week == "" {
				week = report.Week(now.In(zone))
			} else if _, to, err := report.Range(week, zone); err != nil {
				return fmt.Errorf("--week: %w", err)
			} else if f.asOf == "" && to.Before(now) {
				now = to // a past week is reported as it stood at its end
			}
			if compare != "" {
				if _, _, err := report.Range(compare, zone); err != nil {
					return fmt.Errorf("--compare: %w", err)
				}
			}
			if stored {
				o.DataDir = app.DefaultDataDir(o.Config)
			}
			a, err := app.Open(c.Context(), o)
			if err != nil {
				return err
			}
			defer func() { _ = a.Close() }() // the report is written; the engine's own log tells what went wrong
			w := &reportWriter{app: a, zone: zone, dir: out, org: o.Config.Report.Org, compare: compare}
			var view *ledger.View
			if !stored {
				view, err = w.present(c.Context(), now, week)
			}
			done()
			if err != nil {
				return err
			}
			files, err := w.write(c.Context(), view, week)
			for _, name := range files {
				fmt.Fprintln(c.OutOrStdout(), name)
			}
			return err
		},
	}
	f.add(c, "")
	c.Flags().StringVar(&week, "week", "", "ISO week such as 2026-W47; default the present one")
	c.Flags().BoolVar(&stored, "stored", false, "from what run kept of the week, without reading logs; with the embedded engine while run is stopped")
	c.Flags().StringVar(&compare, "compare", "", "an earlier ISO week to set beside it")
	c.Flags().StringVar(&out, "out", ".", "folder to write into")
	c.AddCommand(reportVerify())
	return c
}

// present is what there is to report of a week. A week that a store has on record is not evaluated again: that would judge
// the past by what is known today.
func (w *reportWriter) present(ctx context.Context, now time.Time, week string) (*ledger.View, error) {
	from, to, err := report.Range(week, w.zone)
	if err != nil {
		return nil, err
	}
	if !to.After(now) {
		if at, err := w.app.Store.NewestFigures(ctx, from, to); err != nil || !at.IsZero() {
			return nil, err
		}
	}
	_, view, err := w.app.Once(ctx, now)
	return view, err
}

// reportVerify holds the files of reports against their manifests.
func reportVerify() *cobra.Command {
	return &cobra.Command{
		Use: "verify FOLDER|MANIFEST", Short: "Says whether the files of reports are still what their manifests say", Args: cobra.ExactArgs(1),
		Long: "Reads every *.manifest.json of the folder, or the one that is named, and computes the SHA-256 of each file that it lists.\nExit status 1 when one is missing or another than it was.",
		RunE: func(c *cobra.Command, args []string) error {
			info, err := os.Stat(args[0])
			if err != nil {
				return err
			}
			dir, names := args[0], []string(nil)
			if !info.IsDir() {
				dir, names = filepath.Dir(args[0]), []string{filepath.Base(args[0])}
			}
			checked, err := report.Verify(os.DirFS(dir), names...)
			if err != nil {
				return err
			}
			bad := 0
			for _, f := range checked {
				state := "ok"
				if f.Problem != "" {
					state = f.Problem
					bad++
				}
				fmt.Fprintf(c.OutOrStdout(), "%s  %s: %s\n", output.Plain(f.Manifest), output.Plain(f.File), state)
			}
			if bad > 0 {
				return &exitError{status: exitFindings, cause: fmt.Errorf("%d of %d files are not what their manifests say", bad, len(checked))}
			}
			return nil
		},
	}
}
