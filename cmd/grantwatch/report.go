package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/grantwatch/grantwatch/cmd/grantwatch/internal/app"
	"github.com/grantwatch/grantwatch/dashboards/report"
	"github.com/grantwatch/grantwatch/detect/ledger"
)

// reportCommand writes the governance board's weekly report.
func reportCommand() *cobra.Command {
	var f common
	var week, out string
	c := &cobra.Command{
		Use: "report", Short: "Writes the weekly report for the governance board: HTML, CSV and JSON", Args: cobra.NoArgs,
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
			a, err := app.Open(c.Context(), o)
			if err != nil {
				return err
			}
			defer func() { _ = a.Close() }() // what is left is a temporary directory
			_, view, err := a.Once(c.Context(), now)
			done()
			if err != nil {
				return err
			}
			files, err := writeReport(c.Context(), a, view, week, zone, out)
			for _, name := range files {
				fmt.Fprintln(c.OutOrStdout(), name)
			}
			return err
		},
	}
	f.add(c, "")
	c.Flags().StringVar(&week, "week", "", "ISO week such as 2026-W47; default the present one")
	c.Flags().StringVar(&out, "out", ".", "folder to write into")
	return c
}

// writeReport writes one week's report in every format and says where.
func writeReport(ctx context.Context, a *app.App, v *ledger.View, week string, zone *time.Location, dir string) ([]string, error) {
	from, to, err := report.Range(week, zone)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, err
	}
	changes, err := a.ChangesSince(ctx, from, to)
	if err != nil {
		return nil, err
	}
	r := report.Build(v, report.Options{Week: week, From: from, To: to, Version: versionString(), Changes: changes})
	var done []string
	for _, part := range []struct {
		ext   string
		write func(io.Writer) error
	}{{"html", r.WriteHTML}, {"csv", r.WriteCSV}, {"json", r.WriteJSON}} {
		var b bytes.Buffer
		if err := part.write(&b); err != nil {
			return done, err
		}
		name := filepath.Join(dir, "grantwatch-"+week+"."+part.ext)
		if err := os.WriteFile(name, b.Bytes(), 0o600); err != nil {
			return done, err
		}
		done = append(done, name)
	}
	return done, nil
}
