package detect

import (
	"strings"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/rules/facts"
)

// nhiCase is one non-human identity on record with its facts.
type nhiCase struct {
	facts    facts.NHI
	rec      *record
	now      *access.Identity
	ownerEnd time.Time
	owners   []string
	lastUse  time.Time
	evidence []string
	stale    string
}

// judgeNHIs looks at who answers for every NHI on record.
func (e *evaluation) judgeNHIs() []*nhiCase {
	lastUse := e.lastUseByRecord()
	privileged := map[string]bool{}
	for _, hd := range e.holdings.all {
		if hd.Privileged && hd.ClosedAt.IsZero() {
			if r := e.dir.lookup(hd.Provider, hd.Subject, hd.SubjectUID); r != nil {
				privileged[r.uid] = true
			}
		}
	}
	var out []*nhiCase
	for _, uid := range e.dir.order {
		r := e.dir.records[uid]
		if !r.kind.NonHuman() {
			continue
		}
		cur := r.newest(e.in.Now)
		c := &nhiCase{rec: r, now: cur, lastUse: lastUse[uid]}
		f := &c.facts
		f.Team, f.Name, f.IdentityKind, f.Status = cur.Team, cur.Name, string(r.kind), cur.Status
		f.Ended = !r.ended(e.in.Now).IsZero() || cur.Status == "disabled" || cur.Status == "deleted" || cur.Status == "terminated"
		f.Privileged = privileged[uid]
		f.IdleDays, f.OwnerEndedDays = -1, -1
		if !c.lastUse.IsZero() {
			f.IdleDays = days(e.in.Now.Sub(c.lastUse))
		}
		nhiDays := e.params("unused-grant", cur.Team)["nhi_days"]
		f.Live = f.IdleDays >= 0 && f.IdleDays < nhiDays
		e.ownerFacts(c)
		out = append(out, c)
	}
	return out
}

// ownerFacts asks whether anybody is still there to answer for the NHI. An owner may be a person, a group of people (a
// record whose attribute "members" lists them, or persons whose attribute "group" names it), or several of either.
func (e *evaluation) ownerFacts(c *nhiCase) {
	f := &c.facts
	for _, uid := range strings.Split(c.now.Owner, ";") {
		if uid = strings.TrimSpace(uid); uid == "" {
			continue
		}
		f.HasOwner = true
		c.owners = append(c.owners, uid)
		members := e.ownerMembers(uid)
		for _, r := range members {
			f.OwnersKnown++
			end := r.ended(e.in.Now)
			if end.IsZero() && r.started(e.in.Now) {
				f.OwnersActive++
				continue
			}
			c.ownerEnd = later(c.ownerEnd, end)
			if s := e.staleAt(r, end); s != "" {
				c.stale = s
			}
		}
	}
	f.IdentityFeedStale = c.stale != ""
	if f.OwnersKnown > 0 && f.OwnersActive == 0 && !c.ownerEnd.IsZero() {
		f.OwnerEndedDays = days(e.in.Now.Sub(c.ownerEnd))
		c.evidence = append(c.evidence, "the owner "+strings.Join(c.owners, ", ")+" ended at "+stamp(c.ownerEnd))
	}
}

func (r *record) started(t time.Time) bool { return !r.intervals[0].Start.After(t) }

func (e *evaluation) ownerMembers(uid string) []*record {
	if r := e.dir.records[uid]; r != nil {
		if list := r.newest(e.in.Now).Attrs["members"]; list != "" {
			var out []*record
			for _, m := range strings.Split(list, ";") {
				if mr := e.dir.records[strings.TrimSpace(m)]; mr != nil {
					out = append(out, mr)
				}
			}
			return out
		}
		return []*record{r}
	}
	if r := e.dir.lookup("", uid); r != nil {
		return []*record{r}
	}
	return e.groupMembers[uid]
}

// membersByGroup lists the people whose attribute "group" names an owner group.
func (d *directory) membersByGroup() map[string][]*record {
	out := map[string][]*record{}
	for _, uid := range d.order {
		r := d.records[uid]
		if r.kind != access.Human {
			continue
		}
		seen := map[string]bool{}
		for _, iv := range r.intervals {
			for _, g := range strings.Split(iv.Attrs["group"], ";") {
				if g = strings.TrimSpace(g); g != "" && !seen[g] {
					seen[g] = true
					out[g] = append(out[g], r)
				}
			}
		}
	}
	return out
}

// lastUseByRecord is when each record last did anything, by all its names.
func (e *evaluation) lastUseByRecord() map[string]time.Time {
	out := map[string]time.Time{}
	for _, a := range e.dir.accounts {
		if r := e.dir.lookup(a.Provider, a.Name, a.UID); r != nil && a.LastUsed.After(out[r.uid]) {
			out[r.uid] = a.LastUsed
		}
	}
	type name struct{ provider, actor, uid string }
	known := map[name]*record{}
	for i := range e.in.Usage {
		u := &e.in.Usage[i]
		if u.Last.IsZero() {
			continue
		}
		n := name{u.Provider, u.Actor, u.ActorUID}
		r, ok := known[n]
		if !ok {
			r = e.dir.lookup(u.Provider, u.Actor, u.ActorUID)
			known[n] = r
		}
		if r != nil {
			out[r.uid] = later(out[r.uid], u.Last)
		}
	}
	return out
}
