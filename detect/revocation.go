package detect

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/grantwatch/grantwatch/access"
)

// revocationSight is how far back people who left are looked at.
const revocationSight = 90 * day

// Revocation is how far the access that a person who left had with one team is taken away. Team CensusAll is all of it.
type Revocation struct {
	Team     string    `json:"team"`
	Person   string    `json:"person"`
	Ended    time.Time `json:"ended"`
	Revoked  time.Time `json:"revoked,omitzero"` // zero while some of it is left
	Open     int       `json:"open"`             // accounts, credentials and grants that are left
	Evidence string    `json:"evidence"`
}

// hold is one account, credential or grant that a person who left had at the end or since.
type hold struct {
	team, what string
	account    string    // of a credential or grant: the key of the account that it hangs on
	gone       time.Time // zero while it is there
	how        string
}

// revocations looks at everybody who ended within 90 days and is still gone: what they held, and when each of it went.
func (e *evaluation) revocations() {
	held := map[string][]hold{} // by person
	since := e.in.Now.Add(-revocationSight)
	left := func(provider string, names ...string) (*record, time.Time) {
		r := e.dir.lookup(provider, names...)
		if r == nil || r.kind != access.Human {
			return nil, time.Time{}
		}
		end := r.ended(e.in.Now)
		if end.IsZero() || end.Before(since) {
			return nil, time.Time{}
		}
		return r, end
	}
	accounts := map[string]time.Time{} // account key → when it was disabled
	for i := range e.in.Accounts {
		a := &e.in.Accounts[i]
		r, end := left(a.Provider, a.Name, a.UID)
		if r == nil || a.Kind == access.SubjectGroup || a.Inventory != "" {
			continue
		}
		h := hold{team: a.Team, what: "account " + a.Name, account: subjectKey(a.Provider, a.Name)}
		taken := e.newestTaken(a.Provider, a.Account)
		if !a.Enabled {
			h.gone, h.how = taken, "disabled in the snapshot"
		}
		if at, ok := e.stateEnded(a.Provider, a.Name, taken); ok {
			h.gone, h.how = at, "disabled or deleted by event"
		}
		if !h.gone.IsZero() {
			h.gone = later(h.gone, end)
			accounts[h.account] = h.gone
		}
		held[r.uid] = append(held[r.uid], h)
	}
	for _, hd := range e.holdings.all {
		r, end := left(hd.Provider, hd.Subject, hd.SubjectUID)
		if r == nil || hd.Inventory != "" {
			continue
		}
		h := hold{team: hd.Team, what: hd.Permission + " on " + cmp.Or(hd.Resource, "everything"), account: subjectKey(hd.Provider, hd.Subject)}
		h.gone, h.how = e.grantGone(hd)
		if !h.gone.IsZero() && h.gone.Before(end) {
			continue // taken away before the end: nothing to revoke
		}
		held[r.uid] = append(held[r.uid], h)
	}
	e.heldCredentials(held, left)
	e.heldByEvents(held, left)
	people := make([]string, 0, len(held))
	for p := range held {
		people = append(people, p)
	}
	slices.Sort(people)
	for _, p := range people {
		e.out.Revocations = append(e.out.Revocations, sumHolds(p, e.dir.records[p].ended(e.in.Now), held[p], accounts)...)
	}
	slices.SortStableFunc(e.out.Revocations, func(a, b Revocation) int {
		return cmp.Or(cmp.Compare(a.Team, b.Team), cmp.Compare(a.Person, b.Person))
	})
}

// stateEnded is when the log last said that an account was disabled or deleted, unless it says that it lives again or a
// newer snapshot lists it as enabled: only the last word counts.
func (e *evaluation) stateEnded(provider, name string, taken time.Time) (time.Time, bool) {
	state, at := e.accountState(provider, name, time.Time{})
	if state != "deleted" && state != "disabled" {
		return time.Time{}, false
	}
	if a := e.dir.account(provider, name); a != nil && a.Enabled && taken.After(at) {
		return time.Time{}, false
	}
	return at, true
}

// grantGone is when a grant was taken away: by its event, else by the first snapshot without it, else by its expiry.
func (e *evaluation) grantGone(hd *holding) (time.Time, string) {
	var last *TeamEvent
	for _, te := range e.changes.of(hd.Grant) {
		if !te.Event.Time.After(e.in.Now) {
			last = te
		}
	}
	revoked := last != nil && last.Event.Change.Kind == access.ChangeRevoke
	switch {
	case !hd.ClosedAt.IsZero() && !hd.ClosedAt.After(e.in.Now):
		if revoked && !last.Event.Time.After(hd.ClosedAt) {
			return last.Event.Time, "revoked by event"
		}
		return hd.ClosedAt, "gone from the snapshot"
	case revoked && last.Event.Time.After(e.takenAt(hd.Grant)):
		return last.Event.Time, "revoked by event"
	case !hd.ExpiresAt.IsZero() && !hd.ExpiresAt.After(e.in.Now):
		return hd.ExpiresAt, "expired"
	}
	if at, ok := e.stateEnded(hd.Provider, hd.Subject, e.takenAt(hd.Grant)); ok {
		return at, "holder disabled by event"
	}
	return time.Time{}, ""
}

// heldCredentials adds the long-lived credentials that the log saw created and not ended.
func (e *evaluation) heldCredentials(held map[string][]hold, left func(string, ...string) (*record, time.Time)) {
	type key struct{ subject, id string }
	at := map[key]*hold{}
	whose := map[key]string{}
	var order []key
	for i := range e.in.Changes {
		te := &e.in.Changes[i]
		ev := &te.Event
		kind := credentialKind(ev)
		if kind == "" || kind == "bound token" || ev.Outcome != access.Success || ev.Time.After(e.in.Now) {
			continue
		}
		r, end := left(ev.Provider, ev.Change.Subject)
		if r == nil {
			continue
		}
		k := key{subjectKey(ev.Provider, ev.Change.Subject), ev.Change.Grant}
		switch ev.Change.Kind {
		case access.ChangeCreate, access.ChangeIssue, access.ChangeEnable:
			if at[k] == nil {
				order = append(order, k)
			}
			at[k], whose[k] = &hold{team: te.Team, what: kind + " " + ev.Change.Grant, account: k.subject}, r.uid
		case access.ChangeDelete, access.ChangeDisable:
			if h := at[k]; h != nil {
				h.gone, h.how = ev.Time, "deleted or disabled by event"
				if ev.Time.Before(end) {
					delete(at, k)
				}
			}
		}
	}
	for _, k := range order {
		if h := at[k]; h != nil {
			held[whose[k]] = append(held[whose[k]], *h)
			at[k] = nil // a credential that came, went and came again stands once
		}
	}
}

// heldByEvents adds accounts that no snapshot describes and that the log saw disabled or deleted. One that was never seen
// disabled and is in no snapshot is left out: nobody can say that it is still there.
func (e *evaluation) heldByEvents(held map[string][]hold, left func(string, ...string) (*record, time.Time)) {
	for _, k := range sortedKeys(e.changes.state) {
		te := e.changes.state[k][0]
		provider, name := te.Event.Provider, te.Event.Change.Subject
		if e.dir.account(provider, name) != nil {
			continue
		}
		r, end := left(provider, name)
		if r == nil {
			continue
		}
		if at, ok := e.stateEnded(provider, name, time.Time{}); ok && !at.Before(end) {
			held[r.uid] = append(held[r.uid], hold{team: te.Team, what: "account " + name, account: k, gone: at, how: "disabled or deleted by event"})
		}
	}
}

// sumHolds gives the last moment at which something went, per team and over all. What hangs on an account that was
// disabled is out of reach from then on, whatever the snapshots still list.
func sumHolds(person string, end time.Time, holds []hold, accounts map[string]time.Time) []Revocation {
	type sum struct {
		Revocation
		left []string
	}
	byTeam := map[string]*sum{}
	for _, h := range holds {
		if d, ok := accounts[h.account]; ok && (h.gone.IsZero() || d.Before(h.gone)) {
			h.gone, h.how = d, "its account was disabled"
		}
		for _, team := range []string{h.team, CensusAll} {
			r := byTeam[team]
			if r == nil {
				r = &sum{Revocation: Revocation{Team: team, Person: person, Ended: end}}
				byTeam[team] = r
			}
			if h.gone.IsZero() {
				r.left = append(r.left, h.what)
			} else if gone := later(h.gone, end); r.Evidence == "" || gone.After(r.Revoked) {
				r.Revoked, r.Evidence = gone, h.what+", "+h.how+" at "+stamp(h.gone)
			}
		}
	}
	out := make([]Revocation, 0, len(byTeam))
	for _, r := range byTeam {
		if r.Open = len(r.left); r.Open > 0 {
			const most = 3
			r.Revoked, r.Evidence = time.Time{}, "left: "+strings.Join(r.left[:min(most, r.Open)], "; ")
			if r.Open > most {
				r.Evidence += fmt.Sprintf("; and %d more", r.Open-most)
			}
		}
		out = append(out, r.Revocation)
	}
	return out
}

// KeepEarliest brings what was on record of revocations into what is found now. A disabled account that only snapshots tell
// of seems to be disabled anew by every snapshot; the first that told of it is the nearest to the truth.
func KeepEarliest(known, found []Revocation) []Revocation {
	type key struct {
		team, person string
		ended        int64
	}
	at := make(map[key]Revocation, len(known))
	for _, r := range known {
		at[key{r.Team, r.Person, r.Ended.UnixMicro()}] = r
	}
	out := slices.Clone(found)
	for i := range out {
		r := &out[i]
		if k := at[key{r.Team, r.Person, r.Ended.UnixMicro()}]; !r.Revoked.IsZero() && !k.Revoked.IsZero() && k.Revoked.Before(r.Revoked) {
			r.Revoked, r.Evidence = k.Revoked, k.Evidence
		}
	}
	return out
}
