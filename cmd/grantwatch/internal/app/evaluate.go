package app

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/alert"
	"github.com/grantwatch/grantwatch/cmd/grantwatch/internal/config"
	"github.com/grantwatch/grantwatch/detect"
	"github.com/grantwatch/grantwatch/detect/ledger"
	"github.com/grantwatch/grantwatch/ingest/decode"
	"github.com/grantwatch/grantwatch/store"
)

// lookBack is how far back evidence is read: longer than any window with its tolerance and lateness, so that "never used"
// and "used long ago" can be told apart.
const lookBack = 800 * 24 * time.Hour

// Feeds are the configured feeds with their format's defaults filled in.
func (a *App) Feeds() []access.Feed {
	out := make([]access.Feed, 0, len(a.Cfg.Feeds))
	for _, f := range a.Cfg.Feeds {
		format, _ := decode.Lookup(f.Format)
		classes := f.Classes
		if len(classes) == 0 {
			classes = format.DefaultClasses
		}
		feed := access.Feed{Name: f.Name, Team: f.Team, Format: f.Format, Provider: format.Provider, Accounts: f.Accounts, Classes: classes, MaxSilence: time.Duration(f.MaxSilence), KeepRaw: time.Duration(f.KeepRaw), Quiet: f.Quiet}
		if c := f.Canary; c != nil && c.Actor != "" {
			since, _ := config.ParseTime(c.Since) // checked when the configuration was read
			feed.Canary = &access.Canary{Actor: c.Actor, Action: c.Action, Every: time.Duration(c.Every), Within: time.Duration(c.Within), Since: since}
		}
		if d := f.Digests; d != nil {
			since, _ := config.ParseTime(d.Since)
			feed.Digests = &access.Digests{Since: since, Keyed: d.KeysFile != ""}
		}
		out = append(out, feed)
	}
	return out
}

// Evaluate judges everything in the store at now and carries findings over from the evaluation before.
func (a *App) Evaluate(ctx context.Context, now time.Time) (*detect.Result, *ledger.View, error) {
	a.Meter.stage("evaluate")
	defer a.memory.evaluation()()
	if err := a.readDigests(ctx, now); err != nil {
		return nil, nil, err
	}
	a.books.Lock()
	clear(a.fresh)
	a.books.Unlock()
	in, err := a.input(ctx, now)
	if err != nil {
		return nil, nil, err
	}
	res, err := detect.Evaluate(in)
	if err != nil {
		return nil, nil, err
	}
	a.directory.Store(alert.NewPeople(a.people, now))
	a.ground.Store(&detect.Input{Identities: in.Identities, Accounts: in.Accounts, Exceptions: in.Exceptions, Rules: in.Rules, Teams: in.Teams})
	if err := a.recall(ctx, now); err != nil {
		return nil, nil, err
	}
	// What was judged by its hits since the evidence was read is not in it, and is not over for that.
	inEvidence := map[string]bool{}
	for i := range res.Findings {
		inEvidence[res.Findings[i].Fingerprint] = true
	}
	a.books.Lock()
	known := slices.DeleteFunc(slices.Clone(a.previous), func(f access.Finding) bool {
		_, fresh := a.fresh[f.Fingerprint]
		return fresh && !inEvidence[f.Fingerprint]
	})
	current, changes := ledger.Merge(known, res.Findings, now)
	a.previous = keepKnown(a.previous, current) // hits that are judged from here on open none of these a second time
	a.books.Unlock()
	kept := false
	defer func() {
		if !kept { // what is not on record was not found yet; the next evaluation asks the store what is
			a.books.Lock()
			a.previousSet = false
			a.books.Unlock()
		}
	}()
	if changes, err = a.handle(ctx, in, current, changes, now); err != nil {
		return nil, nil, err
	}
	if err := a.Store.SaveFindings(ctx, current); err != nil {
		return nil, nil, err
	}
	if err := a.Store.AppendHistory(ctx, historyOf(changes)); err != nil {
		return nil, nil, err
	}
	evals := make([]store.Evaluation, 0, len(res.Evaluations))
	for _, e := range res.Evaluations {
		evals = append(evals, store.Evaluation{Rule: e.Rule, Team: e.Team, At: e.At, Status: e.Status, Judged: e.Judged, Findings: e.Findings, Why: e.Why()})
	}
	if err := a.Store.SaveEvaluations(ctx, evals); err != nil {
		return nil, nil, err
	}
	a.books.Lock()
	kept = true
	a.previous = keepKnown(a.previous, current)
	for fp, f := range a.fresh {
		if inEvidence[fp] {
			delete(a.fresh, fp)
		} else {
			current = append(current, f) // it is open, and so it is counted
		}
	}
	everything := slices.Clone(a.previous)
	a.books.Unlock()
	a.roster.Store(detect.NewRoster(in, res))
	if err := a.keepRevocations(ctx, res); err != nil {
		return nil, nil, err
	}
	people, nhis := a.headCount()
	view := ledger.NewView(res, current, changes, a.teamInfo(), people, nhis)
	if err := a.figures(ctx, in, res, view, everything); err != nil {
		return nil, nil, err
	}
	return res, view, nil
}

// recall knows what was found before: all that is on record the first time, and what an action has excepted since.
func (a *App) recall(ctx context.Context, now time.Time) error {
	a.books.Lock()
	set := a.previousSet
	a.books.Unlock()
	if !set {
		list, err := a.Store.FindingsAll(ctx, store.FindingFilter{})
		if err != nil {
			return err
		}
		a.books.Lock()
		a.previous, a.previousSet = list, true
		a.books.Unlock()
	}
	return a.alreadyExcepted(ctx, now)
}

// alreadyExcepted gives findings the state that an action has given them: its step is on record, and is no second one.
func (a *App) alreadyExcepted(ctx context.Context, now time.Time) error {
	made, err := a.Store.Exceptions(ctx, "")
	if err != nil || len(made) == 0 {
		return err
	}
	covers := map[string]bool{}
	for i := range made {
		covers[made[i].Fingerprint] = made[i].Expires.After(now)
	}
	a.books.Lock()
	defer a.books.Unlock()
	for i := range a.previous {
		if f := &a.previous[i]; covers[f.Fingerprint] && (f.State == ledger.StateOpen || f.State == ledger.StateReopened) {
			f.State = ledger.StateExcepted
		}
	}
	return nil
}

// keepKnown is the state of all findings ever seen: the new ones, and the old that this evaluation did not touch.
func keepKnown(before, current []access.Finding) []access.Finding {
	now := make(map[string]bool, len(current))
	for i := range current {
		now[current[i].Fingerprint] = true
	}
	out := slices.Clone(current)
	for i := range before {
		if !now[before[i].Fingerprint] {
			out = append(out, before[i])
		}
	}
	return out
}

func (a *App) headCount() (people, nhis int) {
	seen := map[string]bool{}
	for i := range a.people {
		id := &a.people[i]
		if seen[id.UID] {
			continue
		}
		seen[id.UID] = true
		if id.Kind == access.Human {
			people++
		} else {
			nhis++
		}
	}
	return people, nhis
}

// input reads everything that an evaluation looks at from the store.
func (a *App) input(ctx context.Context, now time.Time) (*detect.Input, error) {
	in := &detect.Input{
		Now: now, Identities: a.people, Rules: a.Rules, Teams: a.teamNames(),
		Baselines: a.registers.baselines, Idle: a.registers.idle, Approvals: a.registers.approvals,
	}
	since := now.Add(-lookBack)
	var err error
	if in.Exceptions, err = a.exceptions(ctx); err != nil {
		return nil, err
	}
	if in.Feeds, err = a.feedStates(ctx, since); err != nil {
		return nil, err
	}
	if in.Grants, err = a.Store.Grants(ctx, now, since); err != nil {
		return nil, err
	}
	if in.Accounts, err = a.Store.Accounts(ctx, now); err != nil {
		return nil, err
	}
	if err = a.Store.UsageEach(ctx, since, func(u *access.Usage) error {
		in.Usage = append(in.Usage, *u)
		return nil
	}); err != nil {
		return nil, err
	}
	if in.Sessions, err = a.Store.IssuedSessions(ctx, since); err != nil {
		return nil, err
	}
	changes, err := a.Store.Changes(ctx, since)
	if err != nil {
		return nil, err
	}
	in.Changes = teamEvents(changes)
	if in.Hits, err = a.Store.Hits(ctx, since); err != nil {
		return nil, err
	}
	if in.Snapshots, err = a.snapshotStates(ctx, now); err != nil {
		return nil, err
	}
	troubles, err := a.Store.Troubles(ctx)
	if err != nil {
		return nil, err
	}
	for _, t := range troubles {
		in.Refusals = append(in.Refusals, detect.Refusal{Channel: t.Channel, Team: t.Team, Code: t.Code, Hint: t.Hint, Since: t.Since})
	}
	for _, s := range a.sources {
		in.People = append(in.People, s.IdentitySource)
	}
	in.Acts = func(q detect.ActsQuery) ([]detect.TeamEvent, error) { return a.acts(ctx, q) }
	return in, nil
}

func teamEvents(list []store.StoredEvent) []detect.TeamEvent {
	out := make([]detect.TeamEvent, 0, len(list))
	for _, e := range list {
		if e.Flag == "" {
			out = append(out, detect.TeamEvent{Team: e.Team, Feed: e.Feed, Event: e.Event})
		}
	}
	return out
}

// acts looks up single events: by the actors themselves, by session credentials, and by names in a chain.
func (a *App) acts(ctx context.Context, q detect.ActsQuery) ([]detect.TeamEvent, error) {
	refs := make([]store.ActorRef, 0, len(q.Actors))
	for _, r := range q.Actors {
		refs = append(refs, store.ActorRef{Provider: r.Provider, UID: r.UID, Principal: r.Principal})
	}
	to := q.To.Add(time.Nanosecond)
	seen := map[string]bool{}
	var out []store.StoredEvent
	add := func(list []store.StoredEvent, err error) error {
		for _, e := range list {
			if k := e.Team + "\x00" + e.Event.ID; !seen[k] {
				seen[k] = true
				out = append(out, e)
			}
		}
		return err
	}
	if err := add(a.Store.EventsBy(ctx, refs, q.From, to, 0)); err != nil {
		return nil, err
	}
	if err := add(a.Store.EventsByCredential(ctx, q.Credentials, q.From, to)); err != nil {
		return nil, err
	}
	if err := add(a.Store.EventsByName(ctx, q.Names, q.From, to)); err != nil {
		return nil, err
	}
	slices.SortStableFunc(out, func(x, y store.StoredEvent) int {
		if c := x.Event.Time.Compare(y.Event.Time); c != 0 {
			return c
		}
		if x.Event.ID < y.Event.ID {
			return -1
		}
		return 1
	})
	return teamEvents(out), nil
}

func (a *App) feedStates(ctx context.Context, since time.Time) ([]detect.FeedState, error) {
	stats, err := a.Store.FeedStats(ctx)
	if err != nil {
		return nil, err
	}
	byName := map[string]*store.FeedStat{}
	for i := range stats {
		byName[stats[i].Feed] = &stats[i]
	}
	lost := map[string]int64{}
	losses, err := a.Store.FeedLost(ctx)
	if err != nil {
		return nil, err
	}
	for _, l := range losses {
		lost[l.Feed] = l.Records
	}
	minutes := map[string][]access.CoverMinute{}
	if err := a.Store.CoverageEach(ctx, since, func(m access.CoverMinute) error {
		minutes[m.Feed] = append(minutes[m.Feed], m)
		return nil
	}); err != nil {
		return nil, err
	}
	ev, err := a.evidence(ctx, since)
	if err != nil {
		return nil, err
	}
	var out []detect.FeedState
	for i, f := range a.Feeds() {
		s := detect.FeedState{Feed: f, Minutes: minutes[f.Name], Lost: lost[f.Name]}
		if st := byName[f.Name]; st != nil {
			s.Received, s.Rejected, s.Seen = st.Received, st.Dead, st.Accounts
			s.Lateness = p999(st.Lateness)
		}
		for _, m := range s.Minutes {
			if m.Last.After(s.Newest) {
				s.Newest = m.Last
			}
		}
		s.Canaries, s.Holes = ev.canaries[f.Name], ev.holes[f.Name]
		if f.Digests != nil {
			if s.Proofs, err = a.proofs(ctx, f, a.Cfg.Feeds[i].Digests); err != nil {
				return nil, err
			}
		}
		out = append(out, s)
	}
	return out, nil
}

// p999 is the upper bound of the histogram's bucket in which the 99.9th percentile of lateness lies.
func p999(h [40]uint64) time.Duration {
	total := uint64(0)
	for _, n := range h {
		total += n
	}
	if total == 0 {
		return 0
	}
	seen := uint64(0)
	for i, n := range h {
		seen += n
		if float64(seen) >= 0.999*float64(total) {
			if i == 0 {
				return 0
			}
			return time.Second << i
		}
	}
	return 0
}

// snapshotStates is the newest accepted snapshot of each entry and account, with what was refused since.
func (a *App) snapshotStates(ctx context.Context, now time.Time) ([]detect.SnapshotState, error) {
	list, err := a.Store.Snapshots(ctx)
	if err != nil {
		return nil, err
	}
	at := map[string]int{}
	var out []detect.SnapshotState
	for _, s := range list {
		en := a.entitlement(s.Entitlement)
		if en == nil || s.TakenAt.After(now) || s.Status != "accepted" {
			continue
		}
		k := s.Entitlement + "\x00" + s.Provider + "\x00" + s.Account
		i, ok := at[k]
		if !ok {
			i = len(out)
			at[k] = i
			out = append(out, detect.SnapshotState{Entitlement: s.Entitlement, Team: s.Team, Provider: s.Provider, Account: s.Account, MaxAge: time.Duration(en.MaxAge)})
		}
		if !s.TakenAt.Before(out[i].TakenAt) {
			out[i].TakenAt, out[i].Dated = s.TakenAt, s.Dated
		}
	}
	for _, s := range list {
		if s.Status != "refused" || s.TakenAt.After(now) {
			continue
		}
		found := false
		for i := range out {
			o := &out[i]
			if o.Entitlement == s.Entitlement && (s.Account == "" || s.Account == o.Account) && s.TakenAt.After(o.TakenAt.Add(-time.Nanosecond)) {
				o.Refused = append(o.Refused, s.Reason)
				found = true
			}
		}
		if en := a.entitlement(s.Entitlement); !found && en != nil && !slices.ContainsFunc(out, func(o detect.SnapshotState) bool { return o.Entitlement == s.Entitlement }) {
			out = append(out, detect.SnapshotState{Entitlement: s.Entitlement, Team: s.Team, Provider: s.Provider, Account: s.Account, TakenAt: time.Time{}, MaxAge: time.Duration(en.MaxAge), Refused: []string{s.Reason}})
		}
	}
	return out, nil
}

func (a *App) entitlement(name string) *config.Entitlement {
	for i := range a.Cfg.Entitlements {
		if a.Cfg.Entitlements[i].Name == name {
			return &a.Cfg.Entitlements[i]
		}
	}
	return nil
}

// Once reads everything and evaluates once.
func (a *App) Once(ctx context.Context, now time.Time) (*detect.Result, *ledger.View, error) {
	a.Meter.stage("identities")
	if err := a.ReadIdentities(ctx, now); err != nil {
		return nil, nil, err
	}
	a.Meter.stage("entitlements")
	if err := a.ReadEntitlements(ctx, now); err != nil {
		return nil, nil, err
	}
	a.Meter.stage("logs")
	if err := a.IngestFiles(ctx, now); err != nil {
		return nil, nil, fmt.Errorf("reading logs: %w", err)
	}
	if err := a.IngestObjects(ctx, now); err != nil {
		return nil, nil, fmt.Errorf("reading logs: %w", err)
	}
	if err := a.IngestStdin(ctx, now, newEventRules(a.Rules, a.people)); err != nil {
		return nil, nil, fmt.Errorf("reading logs: %w", err)
	}
	return a.Evaluate(ctx, now)
}

// Who reads everything, judges it and answers for one identity.
func (a *App) Who(ctx context.Context, now time.Time, name string) (*detect.Profile, error) {
	if _, _, err := a.Once(ctx, now); err != nil {
		return nil, err
	}
	in, err := a.input(ctx, now)
	if err != nil {
		return nil, err
	}
	res, err := detect.Evaluate(in)
	if err != nil {
		return nil, err
	}
	return detect.Who(in, res, name), nil
}
