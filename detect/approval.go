package detect

import (
	"path"
	"strings"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/access/catalogue"
)

// glob matches a pattern of * and ?; an empty pattern matches everything.
func glob(pattern, s string) bool { return pattern == "" || catalogue.Match(pattern, s) }

// names lists every name by which a register may call a grant's subject: as in the snapshot, in short, and those of the
// linked record.
func subjectNames(g *access.Grant, rec *record) []string {
	out := []string{g.Subject}
	if i := strings.LastIndexByte(g.Subject, '/'); i >= 0 {
		out = append(out, g.Subject[i+1:], fold(g.Provider, g.Subject))
	}
	if g.SubjectUID != "" {
		out = append(out, g.SubjectUID)
	}
	if rec != nil {
		out = append(out, rec.uid)
		for _, iv := range rec.intervals {
			for _, n := range []string{iv.Email, iv.Name} {
				if n != "" {
					out = append(out, n)
				}
			}
		}
	}
	return out
}

func globAny(pattern string, names []string) bool {
	if pattern == "" {
		return true
	}
	for _, n := range names {
		if catalogue.Match(pattern, n) {
			return true
		}
	}
	return false
}

// permissionNames lists how a register may call a grant's permission: as printed, the role's bare name, or the policy
// that it came through, since people approve policies and roles rather than single actions.
func permissionNames(g *access.Grant) []string {
	out := []string{g.Permission}
	if _, short, ok := strings.Cut(g.Permission, "Role/"); ok {
		out = append(out, short)
	}
	if g.Via != "" {
		out = append(out, g.Via)
		if i := strings.LastIndexByte(g.Via, '/'); i >= 0 {
			out = append(out, g.Via[i+1:])
		}
		out = append(out, strings.TrimPrefix(g.Via, "inline:"))
	}
	return out
}

func matchesLine(subject, permission, resource string, g *access.Grant, rec *record) bool {
	return globAny(subject, subjectNames(g, rec)) && globAny(permission, permissionNames(g)) && glob(resource, g.Resource)
}

// baselineScopes decides which teams and accounts each baseline covers: those that it names; else the team whose name its
// file carries; else the teams and accounts of the grants that it lists.
func (e *evaluation) baselineScopes() {
	teams := map[string]bool{}
	for _, t := range e.in.Teams {
		teams[t] = true
	}
	for i := range e.in.Baselines {
		b := &e.in.Baselines[i]
		scope := map[string]bool{}
		stem := strings.TrimSuffix(path.Base(b.Source), path.Ext(b.Source))
		switch {
		case b.Team != "" || len(b.Accounts) > 0:
			if b.Team != "" {
				scope["team:"+b.Team] = true
			}
			for _, a := range b.Accounts {
				scope["account:"+a] = true
			}
		case teams[stem]:
			scope["team:"+stem] = true
		default:
			for _, hd := range e.holdings.all {
				if e.lists(b, hd.Grant) && hd.Account != "" {
					scope["account:"+hd.Account] = true
				} else if e.lists(b, hd.Grant) {
					scope["team:"+hd.Team] = true
				}
			}
		}
		e.baselines = append(e.baselines, scopedBaseline{b, scope})
	}
}

type scopedBaseline struct {
	*access.Baseline
	scope map[string]bool
}

func (e *evaluation) lists(b *access.Baseline, g *access.Grant) bool {
	rec := e.dir.lookup(g.Provider, g.Subject, g.SubjectUID)
	for _, line := range b.Grants {
		if matchesLine(line.Subject, line.Permission, line.Resource, g, rec) {
			return true
		}
	}
	return false
}

// approvalFacts fills what baselines and approvals say of a grant.
func (e *evaluation) approvalFacts(c *grantCase) {
	f, g := &c.facts, c.Grant
	for _, b := range e.baselines {
		if !b.scope["team:"+g.Team] && !b.scope["account:"+g.Account] || b.ApprovedAt.After(e.in.Now) {
			continue
		}
		stale := !b.ReviewBy.IsZero() && b.ReviewBy.Before(e.in.Now)
		if !f.BaselineCovers || f.BaselineStale && !stale { // the baseline in force speaks before a stale one
			f.BaselineCovers, f.BaselineStale, c.baseline = true, stale, b.Baseline
		}
		if e.lists(b.Baseline, g) {
			f.InBaseline = true
		}
	}
	f.SeenComing = c.granted.coming
	f.GrantedByKnown = c.granted.by != ""
	if !c.granted.coming {
		return // approvals are held against what was seen coming; the rest is for the baseline
	}
	hours := e.params("out-of-band", g.Team)["approval_hours"]
	f.Approved, c.approval = e.approved(g, c.rec, c.granted.at, time.Duration(hours*float64(time.Hour)))
}

// approved looks for an approval on record within the allowed time around the moment that a grant was given. A snapshot
// cannot date a grant better than the stretch since the one before it, so that stretch counts too.
func (e *evaluation) approved(g *access.Grant, rec *record, at time.Time, within time.Duration) (bool, *access.Approval) {
	if g.ApprovedBy != "" {
		return true, nil
	}
	from := at
	if g.SeenBefore && !g.PriorAt.IsZero() && g.PriorAt.Before(from) && g.GrantedAt.IsZero() {
		from = g.PriorAt
	}
	for i := range e.in.Approvals {
		a := &e.in.Approvals[i]
		if a.ApprovedAt.Before(from.Add(-within)) || a.ApprovedAt.After(at.Add(within)) {
			continue
		}
		if a.Permission != "" && a.Subject != "" && matchesLine(a.Subject, a.Permission, a.Resource, g, rec) {
			return true, a
		}
	}
	return false, nil
}

// rehireFacts says whether a grant survived its holder's departure into a new employment, and whether anybody approved it
// again since: the old approval was for another job.
func (e *evaluation) rehireFacts(c *grantCase) {
	if c.rec == nil || c.rec.kind != access.Human {
		return
	}
	end := c.rec.lastEnd(e.in.Now)
	if end.IsZero() || !c.rec.rehired(end, e.in.Now) {
		return
	}
	start := c.rec.newest(e.in.Now).Start
	f := &c.facts
	f.Rehired = true
	f.SurvivedEnd = !c.granted.at.IsZero() && c.granted.at.Before(end)
	for i := range e.in.Approvals {
		a := &e.in.Approvals[i]
		if !a.ApprovedAt.Before(start) && matchesLine(a.Subject, a.Permission, a.Resource, c.Grant, c.rec) {
			f.Reapproved = true
		}
	}
	if c.baseline != nil && f.InBaseline && !c.baseline.ApprovedAt.Before(start) {
		f.Reapproved = true
	}
}

// idleEntry finds the register's entry for a grant: by its subject and permission, or by the role that is assumed through it.
func (e *evaluation) idleEntry(hd *holding, rec *record) *access.Idle {
	var found *access.Idle
	for i := range e.in.Idle {
		en := &e.in.Idle[i]
		if en.Match.Team != "" && !glob(en.Match.Team, hd.Team) || en.Expires.Sub(e.in.Now) > longestIdle {
			continue // longer than a year is no declaration (section 7)
		}
		if matchesLine(en.Match.Subject, en.Match.Permission, en.Match.Resource, hd.Grant, rec) ||
			hd.Kind == access.GrantAssume && en.Match.Permission == "" && globAny(en.Match.Subject, []string{hd.Resource, shortName(hd.Resource)}) {
			if found == nil || en.Expires.After(found.Expires) {
				found = en
			}
		}
	}
	return found
}

func shortName(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }

// snapshotFacts says how old the snapshot behind a grant is, and whether it is still good.
func (e *evaluation) snapshotFacts(c *grantCase) {
	c.facts.SnapshotAgeHours = -1
	s := e.snapshot(c.Entitlement, c.Provider, c.Account)
	if s == nil {
		return
	}
	if s.Dated {
		c.facts.SnapshotAgeHours = e.in.Now.Sub(s.TakenAt).Hours()
	}
	c.facts.SnapshotStale = len(s.Refused) > 0 || s.Dated && s.MaxAge > 0 && e.in.Now.Sub(s.TakenAt) > s.MaxAge
}
