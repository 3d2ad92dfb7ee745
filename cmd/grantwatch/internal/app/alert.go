package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/alert"
	"github.com/grantwatch/grantwatch/alert/slack"
	"github.com/grantwatch/grantwatch/detect/ledger"
	"github.com/grantwatch/grantwatch/store"
)

// deliveries lets the store keep what was told.
type deliveries struct{ *store.Store }

// Deliveries are those of channels, and what stands in others.
func (d deliveries) Deliveries(ctx context.Context, channels []string, open bool) ([]alert.Delivery, error) {
	list, err := d.Store.Deliveries(ctx, channels, open)
	out := make([]alert.Delivery, 0, len(list))
	for _, x := range list {
		out = append(out, alert.Delivery(x))
	}
	return out, err
}

// SaveDeliveries replaces some.
func (d deliveries) SaveDeliveries(ctx context.Context, list []alert.Delivery) error {
	rows := make([]store.Delivery, len(list))
	for i, x := range list {
		rows[i] = store.Delivery(x)
	}
	return d.Store.SaveDeliveries(ctx, rows)
}

// Troubles are the channels that refuse.
func (d deliveries) Troubles(ctx context.Context) ([]alert.Trouble, error) {
	list, err := d.Store.Troubles(ctx)
	out := make([]alert.Trouble, 0, len(list))
	for _, x := range list {
		out = append(out, alert.Trouble(x))
	}
	return out, err
}

// SaveTrouble replaces one.
func (d deliveries) SaveTrouble(ctx context.Context, t alert.Trouble) error {
	return d.Store.SaveTrouble(ctx, store.Trouble(t))
}

// Alerting makes everything that telling needs, once: false when nothing is configured to tell with. owns says whose
// alerts are sent here; nil is everybody's.
func (a *App) Alerting(now func() time.Time, owns func(team string) bool) (bool, error) {
	a.alerting.Lock()
	defer a.alerting.Unlock()
	if a.alerter != nil {
		return true, nil
	}
	n, err := a.notifier(now)
	if n == nil || err != nil {
		return false, err
	}
	a.alerter = alert.New(n, deliveries{a.Store}, a.routes(), now).With(alert.Options{
		History: func(ctx context.Context, since time.Time) ([]ledger.Change, error) {
			return a.ChangesSince(ctx, since, time.Unix(1<<40, 0))
		},
		Owns: owns, Newer: a.newer.Load, Freed: a.Nudge, Troubles: deliveries{a.Store},
	})
	return true, nil
}

// notifier is what messages are sent with; nil when nothing is configured.
func (a *App) notifier(now func() time.Time) (alert.Notifier, error) {
	if !a.Cfg.Alert.Tells() {
		return nil, nil
	}
	c := a.Cfg.Alert.Slack
	if c == nil {
		return a.notifiers(nil, now)
	}
	token, err := a.secret("alert.slack.token", c.TokenFile, c.TokenEnv)
	if err != nil {
		return nil, err
	}
	l := a.link
	if l.Token != "" {
		token = l.Token
	}
	a.slack = slack.New(slack.Config{Token: token, APIURL: c.APIURL, Now: now, Logger: a.Log, Buttons: c.Mode != "", HTTPClient: l.Client, Every: l.Every})
	a.files = a.slack
	return a.notifiers(a.slack, now)
}

// Alert tells the owning teams of the newest evaluation. What could not be told is said and tried again; it never stops the
// watch. next is when there is something to tell again.
func (a *App) Alert(ctx context.Context, now func() time.Time) (next time.Time, err error) {
	send, next, err := a.plan(ctx, now)
	if send == nil {
		return next, err
	}
	return send()
}

// plan decides what is told of the newest view. send tells it; it is nil when there is nothing to tell of.
func (a *App) plan(ctx context.Context, now func() time.Time) (send func() (time.Time, error), next time.Time, err error) {
	v := a.view.Load()
	if ok, err := a.Alerting(now, nil); v == nil || !ok || err != nil {
		return nil, time.Time{}, err
	}
	if a.newer.Swap(false) {
		a.alerter.Renew()
		v = a.view.Load()
	}
	if v, err = a.overlay(ctx, v, now()); err != nil {
		return nil, now().Add(time.Minute), err
	}
	a.alerter.SetRoutes(a.routes())
	run := a.alerter.Begin(ctx, v)
	return func() (time.Time, error) {
		sum, err := run()
		return a.toldOf(sum, now), ignoreCanceled(err)
	}, time.Time{}, nil
}

func ignoreCanceled(err error) error {
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// toldOf says what became of a round, and returns when there is something to tell again.
func (a *App) toldOf(sum alert.Summary, now func() time.Time) time.Time {
	a.metrics.Alerted(sum.Sent, sum.Updated, sum.Failed, held(sum))
	line := told(sum)
	if before := a.lastTold.Swap(&line); before == nil || line != *before || sum.Sent+sum.Updated+sum.Failed > 0 {
		a.Notice("alerts: %s", line)
	}
	next := sum.Next
	if sum.Failed > 0 {
		if again := now().Add(time.Minute); next.IsZero() || again.Before(next) {
			next = again
		}
	}
	return next
}

func held(sum alert.Summary) map[string]int {
	out := map[string]int{}
	for r, n := range sum.Suppressed {
		out[string(r)] = n
	}
	return out
}

// told is a round in words: nothing that is held back is held back in silence.
func told(sum alert.Summary) string {
	s := fmt.Sprintf("%d sent, %d updated, %d failed", sum.Sent, sum.Updated, sum.Failed)
	if sum.Left > 0 {
		s += fmt.Sprintf(", %d left to the next round", sum.Left)
	}
	var reasons []string
	for r, n := range sum.Suppressed {
		if n > 0 && r != alert.ReasonUnchanged {
			reasons = append(reasons, fmt.Sprintf("%d %s", n, r))
		}
	}
	slices.Sort(reasons)
	for i, r := range reasons {
		if i == 0 {
			s += "; findings held back: "
		} else {
			s += ", "
		}
		s += r
	}
	return s
}

// Digest sends the weekly digests that are due.
func (a *App) Digest(ctx context.Context, p alert.Period, now func() time.Time) error {
	v := a.view.Load()
	if ok, err := a.Alerting(now, nil); v == nil || !ok || err != nil {
		return err
	}
	changes, err := a.ChangesSince(ctx, p.From, p.To)
	if err != nil {
		return err
	}
	sum, err := a.alerter.Digest(ctx, v, changes, p)
	if sum.Sent+sum.Failed > 0 {
		a.Notice("alerts: digest of %s: %d sent, %d failed", p.Name, sum.Sent, sum.Failed)
	}
	return err
}

// Share puts a file into a channel once; it says so when nothing that is configured can.
func (a *App) Share(ctx context.Context, channel, name string, body []byte, comment string, now func() time.Time) error {
	ok, err := a.Alerting(now, nil)
	if err != nil {
		return err
	}
	if !ok || a.files == nil {
		return fmt.Errorf("report.channel: nothing is configured that can share a file")
	}
	_, err = a.alerter.Share(ctx, a.files, channel, name, body, comment)
	return err
}

// Newest keeps the view that is told next, with what was judged by its hits while it was made.
func (a *App) Newest(v *ledger.View) {
	a.books.Lock()
	defer a.books.Unlock()
	in := map[string]bool{}
	if len(a.fresh) > 0 {
		for i := range v.Findings {
			in[v.Findings[i].Fingerprint] = true
		}
	}
	var late []access.Finding
	for fp, f := range a.fresh {
		if !in[fp] {
			late = append(late, f)
		}
	}
	a.newest(withFresh(v, late, nil))
}

func (a *App) newest(v *ledger.View) {
	a.view.Store(v)
	a.newer.Store(true)
	a.Nudge()
}

// Nudge asks for a round of alerts.
func (a *App) Nudge() {
	select {
	case a.nudges <- struct{}{}:
	default: // one is asked for already
	}
}

// mostRounds is how many rounds of alerts go on at the same time. All but one wait for channels that are slow.
const mostRounds = 32

// Teller tells, again and again, until ctx ends: of every new view, of what somebody did, and of what has become due. A
// round whose channels are slow does not keep the next one from the others.
func (a *App) Teller(ctx context.Context, now func() time.Time) {
	var under sync.WaitGroup
	defer under.Wait()
	ended := make(chan time.Time)
	begin := func() {
		send, next, err := a.plan(ctx, now)
		under.Go(func() {
			if send != nil {
				next, err = send()
			}
			if err != nil && ctx.Err() == nil {
				a.Notice("alerts: %v", err)
			}
			select {
			case ended <- next:
			case <-ctx.Done():
			}
		})
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	var due time.Time // the earliest that a round asked for
	for rounds := 0; ; {
		nudges := a.nudges
		if rounds >= mostRounds {
			nudges = nil
		}
		select {
		case <-ctx.Done():
			return
		case next := <-ended:
			rounds--
			if next.IsZero() || !due.IsZero() && !next.Before(due) {
				continue
			}
			due = next
			timer.Reset(min(time.Hour, max(time.Second, next.Sub(now()))))
			continue
		case <-nudges:
		case <-timer.C:
			if rounds >= mostRounds {
				timer.Reset(time.Second)
				continue
			}
		}
		rounds++
		due = time.Time{}
		timer.Reset(time.Hour)
		begin()
	}
}

// severities are those of which nobody approves an exception for themselves.
var severities = []access.Severity{access.SeverityCritical, access.SeverityHigh}
