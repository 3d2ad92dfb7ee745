package detect

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/rules/facts"
)

// accountCase is one account of a person whose employment has ended at least once, with its facts.
type accountCase struct {
	facts    facts.Account
	rec      *record
	end      time.Time // the end that is judged
	provider string
	account  string
	team     string
	name     string
	uid      string
	sk       access.SubjectKind
	evidence []string
	after    []TeamEvent // successes after end and residual session
	residual []TeamEvent // successes after the end, inside the residual session
	feeds    []string
	stale    string // identity source that was stale at the moment of the end
}

// judgeAccounts looks at every account linked to a person who has left, or had left for a while.
func (e *evaluation) judgeAccounts() ([]*accountCase, error) {
	byKey := map[string]*accountCase{}
	add := func(provider, account, team, name, uid string, sk access.SubjectKind) *accountCase {
		rec := e.dir.lookup(provider, name, uid)
		if rec == nil || rec.kind != access.Human {
			return nil
		}
		end := rec.lastEnd(e.in.Now)
		if end.IsZero() {
			return nil
		}
		key := subjectKey(provider, name)
		c := byKey[key]
		if c == nil {
			c = &accountCase{rec: rec, end: end, provider: provider, account: account, team: team, name: name, uid: uid, sk: sk}
			byKey[key] = c
		}
		return c
	}
	e.listedAccounts(add)
	e.heldAccounts(add)
	for i := range e.in.Usage {
		u := &e.in.Usage[i]
		if c := add(u.Provider, u.Account, u.Team, u.Actor, u.ActorUID, access.SubjectUser); c != nil && c.uid == "" {
			c.uid = u.ActorUID
		}
	}
	cases := make([]*accountCase, 0, len(byKey))
	for _, c := range byKey {
		cases = append(cases, c)
	}
	slices.SortFunc(cases, func(a, b *accountCase) int {
		return cmp.Or(cmp.Compare(a.provider, b.provider), cmp.Compare(a.name, b.name))
	})
	for _, c := range cases {
		e.fillAccount(c)
	}
	return cases, e.lastActs(cases)
}

type addAccount func(provider, account, team, name, uid string, sk access.SubjectKind) *accountCase

// listedAccounts takes the accounts that a snapshot lists as such: still there in the newest one means still enabled then.
func (e *evaluation) listedAccounts(add addAccount) {
	for i := range e.in.Accounts {
		a := &e.in.Accounts[i]
		if a.Kind != access.SubjectUser || a.Inventory != "" {
			continue
		}
		c := add(a.Provider, a.Account, a.Team, a.Name, a.UID, a.Kind)
		if c == nil {
			continue
		}
		if a.Enabled {
			e.stateEvidence(c, "enabled", e.newestTaken(a.Provider, a.Account), "the snapshot of "+a.Provider+" "+a.Account+" lists it")
		} else {
			e.stateEvidence(c, "disabled", e.newestTaken(a.Provider, a.Account), "the snapshot of "+a.Provider+" "+a.Account+" lists it as disabled")
		}
	}
}

// heldAccounts takes subjects of grants that no account list describes (Kubernetes users, CSV): a snapshot after the end
// that still gives them access shows that access was not revoked.
func (e *evaluation) heldAccounts(add addAccount) {
	for _, hd := range e.holdings.all {
		if hd.SubjectKind != access.SubjectUser || hd.Inventory != "" || !hd.ClosedAt.IsZero() {
			continue
		}
		c := add(hd.Provider, hd.Account, hd.Team, hd.Subject, hd.SubjectUID, hd.SubjectKind)
		if c == nil {
			continue
		}
		c.facts.Privileged = c.facts.Privileged || hd.Privileged
		if e.dir.account(hd.Provider, hd.Subject) == nil && (hd.ExpiresAt.IsZero() || hd.ExpiresAt.After(e.in.Now)) {
			e.stateEvidence(c, "enabled", e.takenAt(hd.Grant), "the snapshot "+hd.Entitlement+" still grants it "+hd.Permission)
		}
	}
}

func (e *evaluation) stateEvidence(c *accountCase, state string, at time.Time, why string) {
	c.facts.State = state
	c.facts.StateHoursAfterEnd = at.Sub(c.end).Hours()
	if later, when := e.accountState(c.provider, c.name, at); later != "" {
		c.facts.State, c.facts.StateHoursAfterEnd = later, when.Sub(c.end).Hours()
		why = "the log says " + later + " at " + stamp(when)
	}
	if !slices.Contains(c.evidence, why) {
		c.evidence = append(c.evidence, why)
	}
}

func (e *evaluation) fillAccount(c *accountCase) {
	f := &c.facts
	f.Provider, f.Account, f.Team, f.Name = c.provider, c.account, c.team, c.name
	f.IdentityKind, f.Linked, f.LinkConfidence = string(access.Human), true, 1
	if f.State == "" {
		f.State = "unknown"
		if state, at := e.accountState(c.provider, c.name, time.Time{}); state != "" {
			f.State, f.StateHoursAfterEnd = state, at.Sub(c.end).Hours()
			c.evidence = append(c.evidence, "the log says "+state+" at "+stamp(at))
			if state == "enabled" && at.Before(c.end) {
				f.State = "unknown" // enabled once, before the end, says nothing of now
			}
		}
	}
	f.PersonEnded = true
	f.HoursSinceEnd = e.in.Now.Sub(c.end).Hours()
	f.Rehired = c.rec.rehired(c.end, e.in.Now)
	f.OnLeave, _ = c.rec.leave(e.in.Now)
	f.LastUseHoursAfterEnd = -1
	c.stale = e.staleAt(c.rec, c.end)
	f.IdentityFeedStale = c.stale != ""
}

// staleAt names the identity source that could not be believed at the moment of an end: its newest reading was older than
// its max_age by then, so that nobody could tell whether the end still held.
func (e *evaluation) staleAt(rec *record, end time.Time) string {
	for _, p := range e.in.People {
		if p.Name == rec.newest(end).Source && p.Dated && p.MaxAge > 0 && end.After(p.AsOf.Add(p.MaxAge)) {
			return p.Name
		}
	}
	return ""
}

// lastEnd is the newest end at or before t, whether or not a later interval has begun. Leaves are not ends.
func (r *record) lastEnd(t time.Time) time.Time {
	var end time.Time
	for _, iv := range r.intervals {
		if iv.End.IsZero() || iv.End.After(t) || leaveStatus(iv.Status) || !iv.End.After(end) {
			continue
		}
		if !r.employed(iv.End) { // a transfer closes one row and opens the next at once: that is no end
			end = iv.End
		}
	}
	return end
}

// lastActs counts what was done after the end, by the account itself and by the sessions that it asked for.
func (e *evaluation) lastActs(cases []*accountCase) error {
	if e.in.Acts == nil || len(cases) == 0 {
		return nil
	}
	q := ActsQuery{To: e.in.Now, From: e.in.Now}
	owner := map[string]*accountCase{}  // subject key → case
	byCred := map[string]*accountCase{} // session credential → case
	byName := map[string]*accountCase{} // name in a chain → case
	for _, c := range cases {
		q.From = earlier(q.From, c.end)
		owner[subjectKey(c.provider, c.name)] = c
		for _, iv := range c.rec.intervals {
			if iv.Email != "" && c.provider == "aws" {
				byName[strings.ToLower(iv.Email)] = c
			}
		}
	}
	e.sessionsOf(owner, byCred)
	for _, c := range cases {
		q.Actors = append(q.Actors, ActorRef{c.provider, c.uid, c.name})
	}
	q.Credentials, q.Names = sortedKeys(byCred), sortedKeys(byName)
	evs, err := e.in.Acts(q)
	if err != nil {
		return err
	}
	for i := range evs {
		te := &evs[i]
		c := whose(te, owner, byCred, byName)
		if c == nil || te.Event.Outcome != access.Success {
			continue
		}
		e.bookAct(c, te)
	}
	return nil
}

// sessionsOf follows the sessions that these accounts asked for, and those asked for with them: the origin of a chain is
// who acted, however many roles lie between (at most five).
func (e *evaluation) sessionsOf(owner, byCred map[string]*accountCase) {
	for depth := 0; depth < 5; depth++ {
		grew := false
		for i := range e.in.Sessions {
			s := &e.in.Sessions[i]
			if byCred[s.Credential] != nil {
				continue
			}
			c := byCred[s.ParentCred]
			if s.ParentCred == "" || c == nil {
				c = owner[subjectKey(s.Provider, s.Parent)]
			}
			if c != nil {
				byCred[s.Credential] = c
				grew = true
			}
		}
		if !grew {
			return
		}
	}
}

func whose(te *TeamEvent, owner, byCred, byName map[string]*accountCase) *accountCase {
	a := &te.Event.Actor
	for _, n := range []string{a.Principal, a.ID} {
		if c := owner[subjectKey(te.Event.Provider, n)]; c != nil {
			return c
		}
	}
	if c := byCred[a.Credential]; a.Credential != "" && c != nil {
		return c
	}
	for _, n := range a.Chain {
		if c := byName[strings.ToLower(n)]; c != nil {
			return c
		}
	}
	return byName[strings.ToLower(te.Event.Session)]
}

// bookAct sorts one success into residual session or afterwards. What falls between two employments is judged against the
// end before it.
func (e *evaluation) bookAct(c *accountCase, te *TeamEvent) {
	at := te.Event.Time
	end := c.rec.endedBefore(at)
	if end.IsZero() || at.Before(end) {
		return
	}
	residual := e.residual(c, &te.Event)
	c.facts.ResidualHours = max(c.facts.ResidualHours, residual.Hours())
	if at.Before(end.Add(residual)) {
		c.residual = append(c.residual, *te)
		c.facts.UsesResidual++
	} else {
		c.after = append(c.after, *te)
		c.facts.UsesAfterEnd++
	}
	c.facts.LastUseHoursAfterEnd = at.Sub(end).Hours()
	if !slices.Contains(c.feeds, te.Feed) {
		c.feeds = append(c.feeds, te.Feed)
	}
}

// residual is how long a session that began before the end may go on: the role's own maximum for a role session, the
// provider's session or token lifetime otherwise. A long-lived key is no session, and a sign-in after the end is a new one.
func (e *evaluation) residual(c *accountCase, ev *access.Event) time.Duration {
	p := e.params("residual-session", c.team)
	hours := func(name string) time.Duration { return time.Duration(p[name] * float64(time.Hour)) }
	switch ev.Provider {
	case "aws":
		if strings.HasPrefix(ev.Actor.Credential, "AKIA") {
			return 0
		}
		if a := e.dir.account("aws", ev.Actor.Principal); a != nil && a.Kind == access.SubjectRole && a.MaxSession > 0 {
			return a.MaxSession
		}
		return hours("aws_session_hours")
	case "k8s":
		return hours("k8s_token_hours")
	}
	return hours("session_hours")
}

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		if k != "" {
			out = append(out, k)
		}
	}
	slices.Sort(out)
	return out
}
