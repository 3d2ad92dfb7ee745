package app

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/dashboards/web"
	"github.com/grantwatch/grantwatch/detect"
	"github.com/grantwatch/grantwatch/detect/ledger"
	"github.com/grantwatch/grantwatch/store"
)

// Evidence answers the page's questions from the store. Whose question it is goes into every query.
type Evidence struct {
	store  *store.Store
	roster func() *detect.Roster
}

// NewEvidence makes it of a store and of who is who in the newest evaluation.
func NewEvidence(s *store.Store, roster func() *detect.Roster) *Evidence { return &Evidence{s, roster} }

// Evidence is what the page asks.
func (a *App) Evidence() *Evidence { return NewEvidence(a.Store, a.roster.Load) }

// wallsOf narrows a scope to the teams whose rows carry the identity's names: no other has anything of it.
func wallsOf(s ledger.Scope, who *detect.Listed) store.Walls {
	var teams []string
	for _, n := range who.Names {
		switch {
		case n.Team == "":
			return walls(s)
		case s.Sees(n.Team) && !slices.Contains(teams, n.Team):
			teams = append(teams, n.Team)
		}
	}
	return store.Walls{Teams: teams}
}

func walls(s ledger.Scope) store.Walls { return store.Walls{Every: s.All, Teams: s.Teams} }

// Roster is who is who in the newest evaluation; nil before the first.
func (e *Evidence) Roster() *detect.Roster { return e.roster() }

// History is the life of one finding, oldest step first.
func (e *Evidence) History(ctx context.Context, s ledger.Scope, fingerprint string) ([]ledger.Change, error) {
	steps, err := e.store.HistoryOf(ctx, walls(s), fingerprint)
	if err != nil {
		return nil, err
	}
	return ledgerChanges(steps), nil
}

// Raw gives records as they came.
func (e *Evidence) Raw(ctx context.Context, s ledger.Scope, ids []string) ([]store.RawEvent, error) {
	return e.store.RawOf(ctx, walls(s), ids, 4*len(ids))
}

// How much of an identity is looked up at most.
const (
	mostGrants = 500
	mostUses   = 2000
	mostEvents = 50
)

// Life is what one identity may do and did.
func (e *Evidence) Life(ctx context.Context, s ledger.Scope, who *detect.Listed) (*web.Life, error) {
	l := &web.Life{}
	done := make(chan error, 1)
	go func() { done <- e.grants(ctx, s, who, l) }() // each fills fields of its own
	err := e.acts(ctx, s, who, l)
	return l, errors.Join(<-done, err)
}

// grants are its own and those of the groups that it is a member of.
func (e *Evidence) grants(ctx context.Context, s ledger.Scope, who *detect.Listed, l *web.Life) error {
	names, at := map[string]map[string]bool{}, e.roster().Now
	var subjects []string
	for _, n := range who.Names {
		if names[n.Name] == nil {
			names[n.Name] = map[string]bool{}
			subjects = append(subjects, n.Name)
		}
		names[n.Name][n.Provider] = true
	}
	own, err := e.store.GrantsOf(ctx, walls(s), subjects, at, mostGrants)
	if err != nil {
		return err
	}
	own = slices.DeleteFunc(own, func(g access.Grant) bool { return !names[g.Subject][g.Provider] })
	l.Grants, l.MoreGrants = own, len(own) >= mostGrants
	groups := map[string]map[string]bool{}
	var held []string
	for _, g := range own {
		if g.Kind == access.GrantMembership && g.Resource != "" {
			if groups[g.Resource] == nil {
				groups[g.Resource] = map[string]bool{}
				held = append(held, g.Resource)
			}
			groups[g.Resource][g.Provider] = true
		}
	}
	if len(held) == 0 {
		return nil
	}
	inherited, err := e.store.GrantsOf(ctx, walls(s), held, at, mostGrants)
	if err != nil {
		return err
	}
	l.MoreGrants = l.MoreGrants || len(inherited) >= mostGrants
	for _, g := range inherited {
		if groups[g.Subject][g.Provider] {
			l.Grants = append(l.Grants, g)
		}
	}
	return nil
}

// acts are its uses and its newest events. The roll-up of usage says when it acted last and on which days, so that only
// stretches with something in them are looked through.
func (e *Evidence) acts(ctx context.Context, s ledger.Scope, who *detect.Listed, l *web.Life) error {
	var refs []store.ActorRef
	for _, n := range who.Names {
		refs = append(refs, store.ActorRef{Provider: n.Provider, UID: n.UID, Principal: n.Name})
	}
	if len(refs) == 0 {
		return nil
	}
	uses, err := e.store.UsageOf(ctx, wallsOf(s, who), refs, mostUses)
	if err != nil {
		return err
	}
	l.Uses, l.MoreUses = uses, len(uses) >= mostUses
	var last time.Time
	days := map[uint16]bool{}
	for _, u := range uses {
		for _, t := range []time.Time{u.Last, u.LastDenied} {
			if t.After(last) {
				last = t
			}
		}
		for _, d := range u.Days {
			days[d] = true
		}
	}
	if last.IsZero() {
		return nil
	}
	to := last.Add(time.Microsecond)
	for _, from := range stretches(last, days) {
		got, err := e.store.EventsOf(ctx, wallsOf(s, who), refs, from, to, mostEvents-len(l.Events))
		if err != nil {
			l.Partly = "Older events could not be looked for in time."
			if len(l.Events) > 0 {
				return nil
			}
			return err
		}
		l.Events = append(l.Events, got...)
		l.Since, to = from, from
		if len(l.Events) >= mostEvents {
			return nil
		}
	}
	return nil
}

// stretches gives how far back to look, step by step: the hour before the last act, which is enough for whoever is busy,
// and then five days on which it acted.
func stretches(last time.Time, days map[uint16]bool) []time.Time {
	const most = 5
	out := []time.Time{last.Add(-time.Hour)}
	active := make([]uint16, 0, len(days))
	for d := range days {
		active = append(active, d)
	}
	slices.Sort(active)
	first := last.UTC().Truncate(24 * time.Hour)
	if n := len(active); n > 0 {
		if d := time.Unix(int64(active[max(0, n-most)])*86400, 0).UTC(); d.Before(first) {
			first = d
		}
	}
	if first.Before(out[0]) {
		out = append(out, first)
	}
	return out
}
