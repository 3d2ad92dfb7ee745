package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/grantwatch/grantwatch/cmd/grantwatch/internal/app"
	"github.com/grantwatch/grantwatch/dashboards/report"
	"github.com/grantwatch/grantwatch/detect/ledger"
)

// reportWriter writes weekly reports into a folder.
type reportWriter struct {
	app     *app.App
	zone    *time.Location
	dir     string
	org     string
	compare string // another week that is set beside the report's; none when empty
}

// write writes one week's report in every format, with its manifest, and says where. present is the newest evaluation. It
// is what is reported when it belongs to the week; a week that is over is rebuilt from what was kept of it. Only when
// nothing was kept does the present stand in, and the report says so.
func (w *reportWriter) write(ctx context.Context, present *ledger.View, week string) ([]string, error) {
	from, to, err := report.Range(week, w.zone)
	if err != nil {
		return nil, err
	}
	v := present
	var remarks []string
	if v == nil || v.AsOf.Before(from) || v.AsOf.After(to) {
		past, err := w.app.PastView(ctx, from, to)
		switch {
		case err != nil:
			return nil, err
		case past != nil:
			v = past
		case v == nil:
			return nil, fmt.Errorf("nothing is on record of week %s", week)
		default:
			remarks = append(remarks, "Nothing was evaluated in this week: the figures are those of "+v.AsOf.UTC().Format(time.RFC3339)+".")
		}
	}
	changes, err := w.app.ChangesSince(ctx, from, to)
	if err != nil {
		return nil, err
	}
	o := report.Options{Week: week, From: from, To: to, Version: versionString(), Org: w.org, Changes: changes, Notes: remarks}
	if o.Weeks, err = w.weeks(ctx, report.LastWeeks(week, 13)); err != nil {
		return nil, err
	}
	if w.compare != "" {
		other, err := w.weeks(ctx, []string{w.compare})
		if err != nil {
			return nil, err
		}
		if other[0].At.IsZero() {
			return nil, fmt.Errorf("--compare: nothing is on record of week %s", w.compare)
		}
		o.Compare = &other[0]
	}
	files, err := report.Build(v, o).Files()
	if err != nil {
		return nil, err
	}
	return w.save(files)
}

// weeks reads the figures of weeks that follow each other.
func (w *reportWriter) weeks(ctx context.Context, names []string) ([]report.WeekFigures, error) {
	var bounds []time.Time
	for i, n := range names {
		from, to, err := report.Range(n, w.zone)
		if err != nil {
			return nil, err
		}
		bounds = append(bounds, from)
		if i == len(names)-1 {
			bounds = append(bounds, to)
		}
	}
	figures, err := w.app.WeekFigures(ctx, bounds)
	if err != nil {
		return nil, err
	}
	var out []report.WeekFigures
	for i, n := range names {
		out = append(out, report.NewWeekFigures(n, figures[i]))
	}
	return out, nil
}

// save writes the files, the manifest last: a report without one was not finished. Each appears whole or not at all.
func (w *reportWriter) save(files []report.File) ([]string, error) {
	if err := os.MkdirAll(w.dir, 0o750); err != nil {
		return nil, err
	}
	var done []string
	for _, f := range files {
		name := filepath.Join(w.dir, f.Name)
		if err := os.WriteFile(name+".part", f.Data, 0o600); err != nil {
			return done, err
		}
		if err := os.Rename(name+".part", name); err != nil {
			return done, err
		}
		done = append(done, name)
	}
	return done, nil
}

// written reports whether a week's report is there and finished.
func (w *reportWriter) written(week string) bool {
	_, err := os.Stat(filepath.Join(w.dir, "grantwatch-"+week+".manifest.json"))
	return err == nil
}

// missed writes the reports of weeks that are over and have none, oldest first: the one that is due, and up to twelve
// before it of which something is on record. What it wrote before an error is written.
func (w *reportWriter) missed(ctx context.Context, present *ledger.View, due time.Time, tell func(files []string)) error {
	last := report.Week(due.In(w.zone).AddDate(0, 0, -7))
	for _, week := range report.LastWeeks(last, 13) {
		if w.written(week) {
			continue
		}
		if week != last {
			from, to, err := report.Range(week, w.zone)
			if err != nil {
				return err
			}
			if at, err := w.app.Store.NewestFigures(ctx, from, to); err != nil {
				return err
			} else if at.IsZero() {
				continue
			}
		}
		files, err := w.write(ctx, present, week)
		if err != nil {
			return fmt.Errorf("week %s: %w", week, err)
		}
		tell(files)
	}
	return nil
}
