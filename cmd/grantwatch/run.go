package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/grantwatch/grantwatch/alert"
	"github.com/grantwatch/grantwatch/cmd/grantwatch/internal/app"
	"github.com/grantwatch/grantwatch/cmd/grantwatch/internal/config"
	"github.com/grantwatch/grantwatch/dashboards/report"
	"github.com/grantwatch/grantwatch/detect/ledger"
)

// runCommand is everything in one process: ingest, detect, alert and the page.
func runCommand() *cobra.Command {
	var f common
	var ob observing
	var once bool
	c := &cobra.Command{
		Use: "run", Short: "Everything in one process: ingest, detect, alert and the page", Args: cobra.NoArgs,
		Long: "Watches the files that the configuration names, evaluates on a schedule, serves the page on loopback and posts to\nSlack when configured. Data stays in the embedded engine's folder (store.path) or in the server that store.dsn names.",
		RunE: func(c *cobra.Command, _ []string) error {
			o, _, done, err := f.options(c)
			if err != nil {
				return err
			}
			if err := ob.options(&o); err != nil {
				return err
			}
			o.DataDir = app.DefaultDataDir(o.Config)
			a, err := app.Open(c.Context(), o)
			if err != nil {
				return unlessAsked(c.Context(), once, err)
			}
			defer func() { _ = a.Close() }() // the loop has ended; the engine's own log tells what went wrong
			reports := o.Config.Report.Out
			if !filepath.IsAbs(reports) {
				reports = filepath.Join(o.Config.Dir, reports)
			}
			p, err := servePage(c.Context(), o.Config.Listen, reports, a, false)
			if err != nil {
				return err
			}
			defer p.close()
			stop, err := ob.serve(c.Context(), o.Config, o.Metrics, c.OutOrStdout())
			if err != nil {
				return err
			}
			defer stop()
			l := &loop{app: a, page: p, cfg: o.Config, reports: reports, out: c.OutOrStdout(), now: f.now, done: done, once: once}
			defer l.told.Wait()
			if once {
				return l.pass(c.Context())
			}
			fmt.Fprintf(c.OutOrStdout(), "page %s\n", p.url())
			return unlessAsked(c.Context(), false, l.forever(c.Context()))
		},
	}
	f.add(c, "")
	ob.add(c)
	c.Flags().BoolVar(&once, "once", false, "one pass, then exit")
	return c
}

// loop is the life of run.
type loop struct {
	app     *app.App
	page    *page
	cfg     *config.Config
	reports string
	out     io.Writer
	now     func() (time.Time, error)
	done    func()
	mute    bool // detect alone: others tell
	once    bool // one pass over everything, also over what is otherwise read beside the watch

	digested string    // week whose digests were sent
	shared   string    // week whose report was shared
	reported time.Time // when the newest reports were due that were written
	alerting sync.Mutex
	told     sync.WaitGroup
}

// readEvery is how often all files are looked at, those that grow more often; a look at unchanged files costs a few system
// calls.
const readEvery = 5 * time.Second

// forever reads what is new every few seconds and evaluates on its schedule, or at once when grants or people changed. An
// error of one pass is said and the next pass tries again: a file that is being written must not end the watch.
func (l *loop) forever(ctx context.Context) error {
	if err := l.pass(ctx); err != nil {
		return err // the first pass shows what is wrong with configuration and input
	}
	l.done()
	if !l.mute {
		l.told.Go(func() { l.app.Teller(ctx, l.clock) })
		l.told.Go(func() {
			if err := l.app.Callbacks(ctx, l.clock); err != nil {
				l.app.Notice("slack: %v; nothing that is pressed arrives", err)
			}
		})
	}
	l.told.Go(func() { l.app.Fast(ctx, l.judged, l.cfg.Store.DSN != "" || l.cfg.Store.DSNFile != "") })
	pushed, err := l.app.StartPush(ctx, l.clock)
	if err != nil {
		return err
	}
	if pushed != nil {
		fmt.Fprintf(l.out, "logs can be pushed to http://%s/v1/logs/FEED\n", pushed.Addr)
		defer func() { _ = pushed.Close() }() // what was not answered is sent again by its shipper
	}
	l.told.Go(func() {
		if err := l.app.Consume(ctx, l.clock); err != nil {
			l.app.Notice("kafka: %v; what the topics hold is not read", err)
		}
	})
	objects, err := l.app.FollowObjects(ctx, l.clock)
	if err != nil {
		return err
	}
	l.told.Go(objects)
	l.told.Go(func() {
		if err := l.app.FollowStdin(ctx, l.clock); err != nil {
			l.app.Notice("%v; what came after it is not read", err)
		}
	})
	l.told.Go(func() { l.app.Glance(ctx, l.judged, readEvery) })
	read := time.NewTicker(readEvery)
	defer read.Stop()
	last := time.Now()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-read.C:
		}
		now, err := l.now()
		if err != nil {
			return err
		}
		changed, err := l.app.Read(ctx, now, readEvery)
		if err == nil && (changed || time.Since(last) >= time.Duration(l.cfg.Evaluate)) {
			last = time.Now()
			err = l.evaluate(ctx, now)
		}
		if err != nil && !errors.Is(err, context.Canceled) {
			l.app.Notice("%v", err)
		}
	}
}

// pass reads everything and evaluates once.
func (l *loop) pass(ctx context.Context) error {
	now, err := l.now()
	if err != nil {
		return err
	}
	if _, err := l.app.Read(ctx, now, 0); err != nil {
		return err
	}
	if l.once {
		if err := l.app.ReadBeside(ctx, now); err != nil {
			return err
		}
	}
	return l.evaluate(ctx, now)
}

func (l *loop) evaluate(ctx context.Context, now time.Time) error {
	_, view, err := l.app.Evaluate(ctx, now)
	if err != nil {
		return err
	}
	if l.page != nil {
		l.page.view.Store(view)
	}
	fmt.Fprintf(l.out, "%s  %d open, %d unverifiable, %d excepted; %d changes; %d records\n", now.Format(time.RFC3339), view.Totals.Open,
		view.Totals.Unverifiable, view.Totals.Excepted, len(view.Changes), view.Totals.Events)
	if err := l.report(ctx, view, now); err != nil {
		l.app.Notice("report: %v", err)
	}
	if l.mute { // the view is what hits are judged beside
		l.app.Newest(view)
		return nil
	}
	l.alert(ctx, view, now)
	return nil
}

// alert tells the teams beside the watch: Slack takes a message a second, and neither ingest nor the next evaluation may
// wait for it. A round that is being told ends early when there is a newer view.
func (l *loop) alert(ctx context.Context, v *ledger.View, now time.Time) {
	l.app.Newest(v)
	if l.once {
		if _, err := l.app.Alert(ctx, l.clock); err != nil {
			l.app.Notice("alerts: %v", err)
		}
		l.weekly(ctx, now)
		return
	}
	if l.alerting.TryLock() { // last week's digest can wait for the next evaluation
		l.told.Go(func() {
			defer l.alerting.Unlock()
			l.weekly(ctx, now)
		})
	}
}

// weekly sends what is due once a week: the digests of the teams, and the report to those who read it. What was sent is on
// record, so that asking again sends what is missing.
func (l *loop) weekly(ctx context.Context, now time.Time) {
	r := l.cfg.Report
	zone, err := time.LoadLocation(r.Zone)
	if err != nil {
		return // it was checked when it was read
	}
	if r.Weekday == "" {
		r.Weekday = "monday"
	}
	due := lastDue(now.In(zone), r)
	week := report.Week(due.AddDate(0, 0, -7))
	if l.cfg.Alert.Digest != "" && l.digested != week {
		monday := startOfWeek(due.AddDate(0, 0, -7))
		p := alert.Period{Name: week, From: monday, To: monday.AddDate(0, 0, 7)}
		if err := l.app.Digest(ctx, p, l.clock); err != nil {
			l.app.Notice("alerts: digest: %v", err)
		} else {
			l.digested = week
		}
	}
	if r.Channel == "" || l.cfg.Report.Weekday == "" || l.shared == week {
		return
	}
	name := "grantwatch-" + week + ".pdf"
	body, err := os.ReadFile(filepath.Join(l.reports, name))
	if err != nil {
		name = "grantwatch-" + week + ".html"
		if body, err = os.ReadFile(filepath.Join(l.reports, name)); err != nil {
			return // it is not written yet
		}
	}
	if err := l.app.Share(ctx, r.Channel, name, body, "The weekly report of "+week, l.clock); err != nil {
		l.app.Notice("report.channel: %v", err)
		return
	}
	l.shared = week
}

// startOfWeek is the midnight with which the week of a moment begins.
func startOfWeek(t time.Time) time.Time {
	back := (int(t.Weekday()) + 6) % 7
	return time.Date(t.Year(), t.Month(), t.Day()-back, 0, 0, 0, 0, t.Location())
}

// clock is what Slack is paced by: the machine's, whatever moment is judged.
func (l *loop) clock() time.Time { return time.Now() }

// judged is the moment that is judged: the machine's, unless another was asked for.
func (l *loop) judged() time.Time {
	if t, err := l.now(); err == nil {
		return t
	}
	return time.Now()
}

// report writes the report of the last full week once its time has come, and those of weeks that were missed.
func (l *loop) report(ctx context.Context, v *ledger.View, now time.Time) error {
	r := l.cfg.Report
	if r.Weekday == "" {
		return nil
	}
	zone, err := time.LoadLocation(r.Zone)
	if err != nil {
		return err
	}
	due := lastDue(now.In(zone), r)
	if due.Equal(l.reported) {
		return nil
	}
	w := &reportWriter{app: l.app, zone: zone, dir: l.reports, org: r.Org}
	if err := w.missed(ctx, v, due, func(files []string) { fmt.Fprintf(l.out, "report %s\n", files[0]) }); err != nil {
		return err
	}
	l.reported = due
	return nil
}

// lastDue is the newest moment at or before now at which a report was due.
func lastDue(now time.Time, r config.Report) time.Time {
	hour, minute := 7, 0
	if at, err := time.Parse("15:04", r.At); err == nil {
		hour, minute = at.Hour(), at.Minute()
	}
	for back := range 8 {
		d := now.AddDate(0, 0, -back)
		d = time.Date(d.Year(), d.Month(), d.Day(), hour, minute, 0, 0, now.Location())
		if strings.EqualFold(d.Weekday().String(), r.Weekday) && !d.After(now) {
			return d
		}
	}
	return now
}
