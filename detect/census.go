package detect

import (
	"time"

	"github.com/grantwatch/grantwatch/access"
)

// Census is who there is in a team, and how much its access changes.
type Census struct {
	People         int     // on record, and not gone
	NHIs           int     // non-human identities on record or holding a grant
	ChangesPerWeek float64 // grants given and taken, mean of the last four weeks
}

// CensusAll is the key of Result.Census under which everything is counted, of whatever team.
const CensusAll = "*"

// census counts people by their record's team, non-human identities as their credentials were answered for, and changes of
// access by the team whose log told of them.
func (e *evaluation) census() {
	out := map[string]Census{}
	add := func(team string, f func(*Census)) {
		for _, t := range []string{team, CensusAll} {
			c := out[t]
			f(&c)
			out[t] = c
		}
	}
	out[CensusAll] = Census{}
	for _, uid := range e.dir.order {
		r := e.dir.records[uid]
		if r.kind == access.Human && r.started(e.in.Now) && r.ended(e.in.Now).IsZero() {
			add(r.newest(e.in.Now).Team, func(c *Census) { c.People++ })
		}
	}
	seen := map[string]bool{}
	for i := range e.out.Answers {
		if a := &e.out.Answers[i]; !seen[a.Team+"\x00"+a.IdentityUID] {
			seen[a.Team+"\x00"+a.IdentityUID] = true
			add(a.Team, func(c *Census) { c.NHIs++ })
		}
	}
	const weeks = 4
	since := e.in.Now.Add(-weeks * 7 * day)
	for i := range e.in.Changes {
		te := &e.in.Changes[i]
		if c := te.Event.Change; c == nil || te.Event.Outcome != access.Success || !within(te.Event.Time, since, e.in.Now) ||
			c.Kind != access.ChangeGrant && c.Kind != access.ChangeRevoke {
			continue
		}
		add(te.Team, func(c *Census) { c.ChangesPerWeek += 1. / weeks })
	}
	e.out.Census = out
}

func within(t, from, to time.Time) bool { return t.After(from) && !t.After(to) }
