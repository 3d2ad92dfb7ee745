package app

import (
	"context"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/alert"
	"github.com/grantwatch/grantwatch/alert/desk"
	"github.com/grantwatch/grantwatch/detect"
	"github.com/grantwatch/grantwatch/detect/ledger"
	"github.com/grantwatch/grantwatch/store"
)

// handlings is what people said of findings.
func (a *App) handlings(ctx context.Context) ([]ledger.Handling, error) {
	list, err := a.Store.Handlings(ctx)
	out := make([]ledger.Handling, 0, len(list))
	for _, h := range list {
		out = append(out, ledger.Handling(h))
	}
	return out, err
}

// MadeExceptions are the exceptions that were asked for from messages and do not stand in a file yet.
func (a *App) MadeExceptions(ctx context.Context, team string) ([]store.MadeException, error) {
	list, err := a.Store.Exceptions(ctx, team)
	return slices.DeleteFunc(list, func(x store.MadeException) bool {
		return slices.ContainsFunc(a.registers.exceptions, func(f access.Exception) bool {
			return f.Match == x.Match && f.Approver == x.Approver && f.Expires.Equal(x.Expires)
		})
	}), err
}

// exceptions are those of files and those made by hand, in one list.
func (a *App) exceptions(ctx context.Context) ([]access.Exception, error) {
	made, err := a.MadeExceptions(ctx, "")
	if err != nil {
		return nil, err
	}
	out := slices.Clone(a.registers.exceptions)
	for _, x := range made {
		out = append(out, x.Exception)
	}
	return out, nil
}

// handle merges what people said into the findings of an evaluation, and keeps what ended.
func (a *App) handle(ctx context.Context, in *detect.Input, current []access.Finding, changes []ledger.Change, at time.Time) ([]ledger.Change, error) {
	said, err := a.handlings(ctx)
	if err != nil {
		return nil, err
	}
	now, steps := ledger.Handle(current, changes, said, shown(in), at)
	rows := make([]store.Handling, 0, len(now))
	for _, h := range now {
		rows = append(rows, store.Handling(h))
	}
	return steps, a.Store.SaveHandlings(ctx, rows)
}

// shown says when the evidence was read that would show that a finding's access is gone: the newest snapshot of its
// account, and for what is about no grant the oldest of the newest snapshots of its team.
func shown(in *detect.Input) ledger.Shown {
	account, team := map[[2]string]time.Time{}, map[string]time.Time{}
	for i := range in.Snapshots {
		s := &in.Snapshots[i]
		k := [2]string{s.Provider, s.Account}
		if s.TakenAt.After(account[k]) {
			account[k] = s.TakenAt
		}
		if t, ok := team[s.Team]; !ok || s.TakenAt.Before(t) {
			team[s.Team] = s.TakenAt
		}
	}
	return func(f *access.Finding) time.Time {
		if f.Grant != nil {
			return account[[2]string{f.Grant.Provider, f.Grant.Account}]
		}
		return team[f.Team]
	}
}

// overlay is a view with what was said since it was made: messages change when a button is pressed, not when the next
// evaluation is through.
func (a *App) overlay(ctx context.Context, v *ledger.View, now time.Time) (*ledger.View, error) {
	var said []ledger.Handling
	var made []store.MadeException
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) { said, err = a.handlings(gctx); return err })
	g.Go(func() (err error) { made, err = a.Store.Exceptions(gctx, ""); return err })
	if err := g.Wait(); err != nil {
		return nil, err
	}
	if len(said)+len(made) == 0 {
		return v, nil
	}
	of := map[string]*ledger.Handling{}
	for i := range said {
		of[said[i].Fingerprint] = &said[i]
	}
	covers := map[string]*store.MadeException{}
	for i := range made {
		if made[i].Expires.After(now) {
			covers[made[i].Fingerprint] = &made[i]
		}
	}
	out := *v
	out.Findings = slices.Clone(v.Findings)
	for i := range out.Findings {
		f := &out.Findings[i]
		if x := covers[f.Fingerprint]; x != nil && f.State != ledger.StateExcepted {
			f.State, f.Exception = ledger.StateExcepted, &access.FindingException{Reason: x.Reason, Approver: x.Approver, Expires: x.Expires}
		}
		if h := of[f.Fingerprint]; h != nil {
			f.Handling = nil
			if !h.Over() {
				said := h.Handling
				f.Handling = &said
			}
		}
	}
	return &out, nil
}

// Desk takes what people ask for from messages.
func (a *App) Desk(now func() time.Time) *desk.Desk {
	c := &a.Cfg.Alert.Desk
	owners := map[string][]string{}
	for _, t := range a.Cfg.Teams {
		owners[t.Name] = t.Owners
	}
	d := desk.Config{
		Book: book{a.Store}, View: func() *ledger.View { return a.seen(now()) }, Routes: a.routes, People: a.directory.Load, Owners: owners, Central: c.Central,
		MaxException: time.Duration(c.MaxException), MaxSnooze: time.Duration(c.MaxSnooze), Now: now, After: a.pressed,
	}
	if c.TwoPeople == nil || *c.TwoPeople {
		d.TwoPeople = severities
	}
	return desk.New(d)
}

// pressed has what somebody did told before what waits in its channel.
func (a *App) pressed() {
	a.newer.Store(true)
	a.Nudge()
}

// seen is the newest view with what was said since; the view alone when the store does not answer.
func (a *App) seen(now time.Time) *ledger.View {
	v := a.view.Load()
	if v == nil {
		return nil
	}
	ctx, stop := context.WithTimeout(context.Background(), 5*time.Second)
	defer stop()
	if with, err := a.overlay(ctx, v, now); err == nil {
		return with
	}
	return v
}

// book keeps the desk's record in the store.
type book struct{ *store.Store }

// Done looks up an action.
func (b book) Done(ctx context.Context, id string) (alert.Outcome, bool, error) {
	x, ok, err := b.Action(ctx, id)
	return alert.Outcome{Done: x.Done, Changed: x.Changed, Text: x.Text, Refused: alert.Refusal(x.Refused)}, ok, err
}

// Say keeps what was said.
func (b book) Say(ctx context.Context, said []ledger.Handling) error {
	rows := make([]store.Handling, 0, len(said))
	for _, h := range said {
		rows = append(rows, store.Handling(h))
	}
	return b.SaveHandlings(ctx, rows)
}

// Except keeps exceptions.
func (b book) Except(ctx context.Context, list []desk.Exception) error {
	rows := make([]store.MadeException, 0, len(list))
	for _, x := range list {
		rows = append(rows, store.MadeException{Exception: x.Exception, Team: x.Team, Fingerprint: x.Fingerprint, Requester: x.Requester, At: x.At, Action: x.Action, Title: x.Title})
	}
	return b.SaveExceptions(ctx, rows)
}

// Tell keeps steps.
func (b book) Tell(ctx context.Context, steps []ledger.Change) error {
	return b.AppendHistory(ctx, historyOf(steps))
}

func historyOf(steps []ledger.Change) []store.HistoryEntry {
	out := make([]store.HistoryEntry, 0, len(steps))
	for _, c := range steps {
		out = append(out, store.HistoryEntry{Team: c.Team, Fingerprint: c.Fingerprint, At: c.At, State: c.To, Verdict: c.Verdict, Severity: c.Severity, Why: c.Why, Who: c.Who})
	}
	return out
}

// Keep puts an action on record.
func (b book) Keep(ctx context.Context, e desk.Entry) error {
	return b.SaveAction(ctx, store.Action{
		ID: e.ID, At: e.At, Verb: string(e.Verb), Team: e.Team, Channel: e.Key.Channel, Message: e.Key.Fingerprint, Workspace: e.By.Workspace, User: e.By.ID,
		Name: e.By.Name, Email: e.By.Email, Identity: e.Identity, Fingerprints: e.Fingerprints, Until: e.Until, Reason: e.Reason, Approver: e.Approver,
		ToTeam: e.Action.Team, Done: e.Outcome.Done, Changed: e.Outcome.Changed, Refused: string(e.Outcome.Refused), Text: e.Outcome.Text,
	})
}
