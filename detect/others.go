package detect

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/rules"
	"github.com/grantwatch/grantwatch/rules/facts"
)

// accountFindings lets the rules on accounts decide over one account of somebody who left.
func (e *evaluation) accountFindings(c *accountCase) {
	for _, j := range e.in.Rules.JudgeAccount(&c.facts, e.worker) {
		e.count(j.Rule.ID, c.team, j.Verdict)
		f := fromRule(&j)
		f.Team = c.team
		f.Identity = e.dir.finding(c.provider, c.name, c.uid, c.sk, e.in.Now)
		f.Identity.Person, f.Identity.Record, f.Identity.Kind = c.rec.uid, c.rec.uid, access.Human
		f.Feeds = slices.Sorted(slices.Values(c.feeds))
		f.Evidence = append(f.Evidence, fmt.Sprintf("%s ended at %s (%s)", c.rec.uid, stamp(c.end), c.rec.newest(c.end).Source))
		switch j.Rule.Kind {
		case "POST_TERMINATION_ACTIVITY":
			e.actsEvidence(&f, c.after)
			f.Began = firstAct(c.after)
			f.Proposal = "disable the account, revoke its sessions and keys, and look into what was done"
		case "RESIDUAL_SESSION":
			e.actsEvidence(&f, c.residual)
			f.Began = firstAct(c.residual)
			f.Proposal = "revoke sessions when people leave; shorten the longest session"
		default:
			f.Evidence = append(f.Evidence, c.evidence...)
			f.Began = c.end.Add(e.grace(c))
			f.Proposal = "disable " + c.name + " and revoke its credentials"
		}
		if c.stale != "" {
			f.Note = "the identity feed " + c.stale + " was older than its max_age at the moment of the end"
			if j.Verdict == access.VerdictUnverifiable {
				f.Team = cmp.Or(e.sourceTeam(c.stale), f.Team)
			}
		}
		e.add(f)
	}
}

// grace is how long an account may stay enabled after its person's end.
func (e *evaluation) grace(c *accountCase) time.Duration {
	p := e.params("account-still-enabled", c.team)
	if c.facts.Privileged {
		return time.Duration(p["privileged_grace_hours"] * float64(time.Hour))
	}
	return time.Duration(p["grace_hours"] * float64(time.Hour))
}

func firstAct(acts []TeamEvent) time.Time {
	if len(acts) == 0 {
		return time.Time{}
	}
	return acts[0].Event.Time
}

func (e *evaluation) sourceTeam(name string) string {
	for _, p := range e.in.People {
		if p.Name == name {
			return p.Team
		}
	}
	return ""
}

// actsEvidence lists the first acts and counts the rest.
func (e *evaluation) actsEvidence(f *access.Finding, acts []TeamEvent) {
	const most = 5
	for i := range acts {
		te := &acts[i]
		f.LastUsed = later(f.LastUsed, te.Event.Time)
		if i < most {
			f.Evidence = append(f.Evidence, fmt.Sprintf("%s %s, event %s %s", stamp(te.Event.Time), te.Event.Action, te.Feed, te.Event.ID))
		}
	}
	if n := len(acts) - most; n > 0 {
		f.Evidence = append(f.Evidence, fmt.Sprintf("and %d more", n))
	}
}

// nhiFindings lets the rules on NHIs decide over one of them.
func (e *evaluation) nhiFindings(c *nhiCase) {
	for _, j := range e.in.Rules.JudgeNHI(&c.facts, e.worker) {
		e.count(j.Rule.ID, c.now.Team, j.Verdict)
		f := fromRule(&j)
		f.Team = c.now.Team
		f.Identity = &access.FindingIdentity{UID: c.rec.uid, Name: cmp.Or(c.now.Name, c.rec.uid), Kind: c.rec.kind, Owner: c.now.Owner, Record: c.rec.uid}
		f.Evidence = append(f.Evidence, c.evidence...)
		if !c.ownerEnd.IsZero() {
			f.Began = c.ownerEnd.Add(time.Duration(e.params("orphaned-nhi", c.now.Team)["owner_grace_days"] * float64(day)))
		}
		if !c.lastUse.IsZero() {
			f.LastUsed = c.lastUse
		}
		f.Proposal = "nobody uses it: disable it"
		if c.facts.Live {
			f.Proposal = "transfer it to an active owner and rotate its credentials"
		}
		if c.stale != "" {
			f.Note = "the identity feed " + c.stale + " was older than its max_age at the moment of the end"
		}
		e.add(f)
	}
}

// idleFindings looks at the declared-idle register: use there is what wants attention, and silence must be tested.
func (e *evaluation) idleFindings() {
	for i := range e.in.Idle {
		en := &e.in.Idle[i]
		matched := e.idleMatched[en]
		f := facts.Idle{Subject: en.Match.Subject, Permission: en.Match.Permission, Class: en.Class, Matched: len(matched) > 0, UsedHoursAgo: -1, TestEveryDays: -1}
		f.EntryDays = days(en.Expires.Sub(e.in.Now))
		f.EntryExpired = f.EntryDays <= 0
		e.registerNote(en.Source, en.Line, "declared-idle entry for "+cmp.Or(en.Match.Subject, en.Match.Permission), en.Expires, len(matched) > 0)
		if len(matched) == 0 {
			continue
		}
		if en.TestEvery > 0 {
			f.TestEveryDays = days(en.TestEvery)
		}
		newest := matched[0]
		covered := math.Inf(1)
		for _, c := range matched {
			covered = math.Min(covered, c.facts.Coverage*c.facts.WindowDays)
			if e.lastSign(c).After(e.lastSign(newest)) {
				newest = c
			}
		}
		f.CoveredDays = covered
		last := e.lastSign(newest)
		if !last.IsZero() {
			f.UsedHoursAgo = e.in.Now.Sub(last).Hours()
			if ok, a := e.approved(newest.Grant, newest.rec, last, day); ok && a != nil {
				f.Ticket = a.Ticket
			}
		}
		f.Team = newest.Team
		e.judgeIdle(en, newest, last, &f)
	}
}

// lastSign is when a declared-idle grant was last used, or its role last assumed for whatever purpose.
func (e *evaluation) lastSign(c *grantCase) time.Time {
	if c.SubjectKind == access.SubjectRole && c.Kind == access.GrantPermission {
		return later(c.last, e.holdings.roleUsed[subjectKey(c.Provider, c.Subject)])
	}
	return c.last
}

func (e *evaluation) judgeIdle(en *access.Idle, c *grantCase, last time.Time, f *facts.Idle) {
	for _, j := range e.in.Rules.JudgeIdle(f, e.worker) {
		e.count(j.Rule.ID, c.Team, j.Verdict)
		out := fromRule(&j)
		out.Team = c.Team
		out.Identity = e.dir.finding(c.Provider, c.Subject, c.SubjectUID, c.SubjectKind, e.in.Now)
		out.Grant = findingGrant(c.Grant, c.granted)
		out.LastUsed = last
		out.Evidence = append(out.Evidence, fmt.Sprintf("%s:%d declares it %s, owner %s, approved by %s until %s", en.Source, en.Line, en.Class, en.Owner, en.Approver, stamp(en.Expires)))
		if c.lastRef != "" {
			out.Evidence = append(out.Evidence, "last use "+stamp(last)+", event "+c.lastRef)
		}
		if f.Ticket != "" {
			out.Evidence = append(out.Evidence, "ticket "+f.Ticket)
		}
		e.add(out)
	}
}

// longestIdle is how long an entry of the declared-idle register may hold: a year, and a day for leap years.
const longestIdle = 366 * day

// registerNote reports entries that expire within two weeks, have expired, or match nothing: they must not rot in silence.
func (e *evaluation) registerNote(source string, line int, what string, expires time.Time, matched bool) {
	note := func(s string) {
		e.out.Registers = append(e.out.Registers, RegisterNote{Source: source, Line: line, What: what + " " + s})
	}
	switch left := expires.Sub(e.in.Now); {
	case strings.HasPrefix(what, "declared-idle") && left > longestIdle:
		note("expires at " + stamp(expires) + ", more than a year from now, and counts for nothing")
		return
	case left <= 0:
		note("expired at " + stamp(expires))
	case left <= 14*day:
		note("expires at " + stamp(expires))
	}
	if !matched {
		note("matches nothing")
	}
}

// hitFindings folds the hits of event rules into findings: one per rule and actor, however often it fired.
func (e *evaluation) hitFindings() {
	type group struct {
		hit  *access.Hit
		acts []TeamEvent
	}
	groups := map[string]*group{}
	var order []string
	for i := range e.in.Hits {
		h := &e.in.Hits[i]
		if h.Event.Time.After(e.in.Now) {
			continue
		}
		key := h.Team + "\x00" + h.Rule + "\x00" + actorName(&h.Event)
		g := groups[key]
		if g == nil {
			g = &group{}
			groups[key] = g
			order = append(order, key)
		}
		if g.hit == nil || h.Severity.Rank() > g.hit.Severity.Rank() {
			g.hit = h
		}
		g.acts = append(g.acts, TeamEvent{h.Team, h.Feed, h.Event})
	}
	slices.Sort(order)
	for _, key := range order {
		g := groups[key]
		r := e.in.Rules.Rule(g.hit.Rule)
		if r == nil {
			continue // the rule was removed since; its hits stay in the store
		}
		slices.SortStableFunc(g.acts, func(a, b TeamEvent) int {
			return cmp.Or(a.Event.Time.Compare(b.Event.Time), cmp.Compare(a.Event.ID, b.Event.ID))
		})
		ev := &g.hit.Event
		f := fromRule(&rules.Judgement{Rule: r, Verdict: access.VerdictViolation, Severity: g.hit.Severity, Why: g.hit.Why})
		f.Team, f.Feeds = g.hit.Team, []string{g.hit.Feed}
		f.Identity = e.dir.finding(ev.Provider, actorName(ev), ev.Actor.UID, access.SubjectUser, e.in.Now)
		if f.Identity.Kind == access.KindUnknown && ev.Actor.Kind != "" {
			f.Identity.Kind = ev.Actor.Kind
		}
		e.actsEvidence(&f, g.acts)
		f.Began = firstAct(g.acts)
		e.count(r.ID, f.Team, f.Verdict)
		e.add(f)
	}
}

// loosenFindings reports team configuration that tried to weaken the central floor. It was refused; the attempt is told.
func (e *evaluation) loosenFindings() {
	for _, l := range e.in.Rules.Loosens() {
		f := access.Finding{
			Kind: "LOOSEN_ATTEMPT", Verdict: access.VerdictViolation, Rule: l.Rule, Severity: access.SeverityHigh,
			Title: "A team's configuration tries to weaken the central floor: " + l.Param, Team: l.Team,
			Why:      fmt.Sprintf("%s:%d:%d sets %s of %s to %s, the central value is %s; the central value stays in force", l.File, l.Line, l.Column, l.Param, l.Rule, l.Wanted, l.Central),
			Evidence: []string{fmt.Sprintf("%s:%d:%d", l.File, l.Line, l.Column)},
			Controls: []string{"GV.PO-01", "GV.PO-02"}, OWASP: []string{},
			Proposal: "remove the setting, or ask the central team to change the floor",
		}
		e.add(f)
	}
}

// feedFindings judges logs, snapshots and identity files as evidence. It comes last, since each says how many verdicts it
// made UNVERIFIABLE.
func (e *evaluation) feedFindings() {
	for _, l := range e.feeds {
		f := facts.Feed{Team: l.Team, Name: l.Name, Source: "log", SilentMinutes: -1, MaxSilenceMinutes: l.MaxSilence.Minutes(), AgeHours: -1, MaxAgeHours: -1,
			Records: int(l.Received), Rejected: int(l.Rejected), Blinds: e.blinds[l.Name]}
		if l.silent >= 0 && !l.first.IsZero() {
			f.SilentMinutes = l.silent.Minutes()
		}
		if l.Received > 0 {
			f.RejectedShare = float64(l.Rejected) / float64(l.Received)
		}
		var gaps []access.Gap
		for _, g := range l.gaps {
			if g.To.Equal(l.watermark) && g.why == "silent since its newest record" || strings.HasPrefix(g.why, whyLoss) {
				continue // FEED_SILENT and FEED_REJECTS tell these
			}
			f.Gaps++
			f.GapMinutes += g.To.Sub(g.From).Minutes()
			gaps = append(gaps, access.Gap{Feed: l.Name, From: g.From, To: g.To, Why: g.why})
		}
		e.report(l, gaps, f.Blinds)
		e.judgeFeed(&f, l.Newest, gaps)
	}
	for i := range e.in.Snapshots {
		s := &e.in.Snapshots[i]
		f := facts.Feed{Team: s.Team, Name: s.Entitlement, Source: "entitlement", SilentMinutes: -1, AgeHours: -1, MaxAgeHours: -1, Refused: len(s.Refused)}
		if s.Dated {
			f.AgeHours = e.in.Now.Sub(s.TakenAt).Hours()
		}
		if s.MaxAge > 0 {
			f.MaxAgeHours = s.MaxAge.Hours()
		}
		e.judgeFeed(&f, s.TakenAt, nil, s.Refused...)
	}
	for _, p := range e.in.People {
		f := facts.Feed{Team: p.Team, Name: p.Name, Source: "identity", SilentMinutes: -1, AgeHours: -1, MaxAgeHours: -1}
		if p.Dated {
			f.AgeHours = e.in.Now.Sub(p.AsOf).Hours()
		}
		if p.MaxAge > 0 {
			f.MaxAgeHours = p.MaxAge.Hours()
		}
		var why []string
		if p.Error != "" {
			f.Refused, why = 1, []string{p.Error}
		}
		e.judgeFeed(&f, p.AsOf, nil, why...)
	}
}

func (e *evaluation) judgeFeed(f *facts.Feed, newest time.Time, gaps []access.Gap, evidence ...string) {
	for _, j := range e.in.Rules.JudgeFeed(f, e.worker) {
		e.count(j.Rule.ID, f.Team, j.Verdict)
		out := fromRule(&j)
		out.Team, out.Feed, out.Feeds = f.Team, f.Name, []string{f.Name}
		out.Evidence = evidence
		switch {
		case j.Rule.Kind == "FEED_GAP" && len(gaps) > 0:
			out.Began = gaps[len(gaps)-1].From
		case f.MaxSilenceMinutes > 0 && f.SilentMinutes > f.MaxSilenceMinutes:
			out.Began = newest.Add(time.Duration(f.MaxSilenceMinutes * float64(time.Minute)))
		case f.MaxAgeHours > 0 && f.AgeHours > f.MaxAgeHours:
			out.Began = newest.Add(time.Duration(f.MaxAgeHours * float64(time.Hour)))
		}
		if f.SilentMinutes >= 0 || f.Source != "log" && !newest.IsZero() {
			out.Evidence = append(out.Evidence, "newest record "+stamp(newest))
		}
		if j.Rule.Kind == "FEED_GAP" {
			out.Gaps = gaps
		}
		if f.Blinds > 0 {
			out.Note = plural(f.Blinds, "verdict") + " made UNVERIFIABLE"
		}
		e.add(out)
	}
}

func (e *evaluation) report(l *ledgerFeed, gaps []access.Gap, blinds int) {
	w := access.Interval{From: l.watermark.Add(-90 * day), To: l.watermark}
	all := l.gapsWithin(w, "", nil)
	slices.SortStableFunc(all, func(a, b access.Gap) int { return a.From.Compare(b.From) })
	blind, _ := union(all)
	e.out.Feeds = append(e.out.Feeds, FeedReport{
		Name: l.Name, Team: l.Team, Provider: l.Provider, First: l.first, Newest: l.Newest, Watermark: l.watermark,
		Received: l.Received, Rejected: l.Rejected, Gaps: gaps, Silent: l.silent > l.MaxSilence || l.first.IsZero(),
		Coverage: 1 - math.Min(1, float64(blind)/float64(90*day)), Blinds: blinds,
	})
}

// unseenGrants raises OUT_OF_BAND for grants that only an event tells of: given after the newest snapshot, or of an account
// that no snapshot describes. What a later snapshot has, or a later event took away again, is judged there.
func (e *evaluation) unseenGrants() {
	known := map[string]bool{}
	for _, hd := range e.holdings.all {
		if hd.Via != "" {
			known[grantKey(hd.Provider, hd.Subject, hd.Via)] = true
			if hd.Provider == "k8s" {
				known["k8s\x00"+hd.Via] = true
			}
		}
	}
	for _, key := range sortedEvents(e.changes.grants) {
		evs := e.changes.grants[key]
		te := evs[len(evs)-1]
		c := te.Event.Change
		if c.Kind != access.ChangeGrant || te.Event.Time.After(e.in.Now) || known[key] || te.Event.Provider == "k8s" && known["k8s\x00"+c.Grant] {
			continue
		}
		// A snapshot of that account taken after the event does not have it any more.
		if e.newestTaken(te.Event.Provider, te.Event.Account).After(te.Event.Time) {
			continue
		}
		e.judgeUnseen(te)
	}
}

func (e *evaluation) judgeUnseen(te *TeamEvent) {
	c := te.Event.Change
	g := &access.Grant{
		ID: fmt.Sprintf("event:%x", xxh(te.Event.Provider+"\x00"+c.Subject+"\x00"+c.Grant)), Team: te.Team, Provider: te.Event.Provider, Account: te.Event.Account,
		Kind: access.GrantPermission, Subject: c.Subject, SubjectKind: access.SubjectUser, Permission: c.Grant, Via: c.Grant,
		Path: "seen by its event only; no snapshot shows it yet",
	}
	if strings.Contains(c.Subject, ":role/") {
		g.SubjectKind = access.SubjectRole
	}
	gc := &grantCase{holding: &holding{Grant: g, actions: &actionSet{unknown: 1}}}
	gc.rec = e.dir.lookup(g.Provider, g.Subject)
	gc.granted = granted{at: te.Event.Time, by: actorName(&te.Event), how: "event", event: te.Feed + " " + te.Event.ID, coming: true}
	f := &gc.facts
	f.Provider, f.Account, f.Team, f.Permission, f.Subject = g.Provider, g.Account, g.Team, g.Permission, g.Subject
	f.Kind, f.SubjectKind, f.AgeDays = string(g.Kind), string(g.SubjectKind), days(e.in.Now.Sub(te.Event.Time))
	f.IdentityKind = string(e.dir.kindOf(g.Provider, g.Subject, g.SubjectKind, gc.rec))
	e.approvalFacts(gc)
	for _, j := range e.in.Rules.JudgeGrant(f, e.worker) {
		if j.Rule.Kind != "OUT_OF_BAND" {
			continue // nothing else can be said of a grant that no snapshot shows
		}
		e.count(j.Rule.ID, g.Team, j.Verdict)
		out := fromRule(&j)
		out.Team, out.Grant = g.Team, findingGrant(g, gc.granted)
		out.Identity = e.dir.finding(g.Provider, g.Subject, "", g.SubjectKind, e.in.Now)
		out.Attribution = "exact"
		e.outOfBandEvidence(gc, &out)
		e.add(out)
	}
}

func sortedEvents(m map[string][]*TeamEvent) []string { return sortedKeys(m) }

// except marks findings that an exception in force covers, and reports exceptions that expire, have expired or match nothing.
func (e *evaluation) except() {
	for i := range e.in.Exceptions {
		x := &e.in.Exceptions[i]
		matched := false
		for k := range e.out.Findings {
			f := &e.out.Findings[k]
			if !Open(f.Verdict) || !e.exceptionMatches(x, f) {
				continue
			}
			matched = true
			if x.Expires.After(e.in.Now) {
				f.State = "excepted"
				f.Exception = &access.FindingException{Reason: x.Reason, Approver: x.Approver, Expires: x.Expires}
			} else if f.Note == "" {
				f.Note = "the exception of " + x.Source + " expired at " + stamp(x.Expires)
			}
		}
		e.registerNote(x.Source, x.Line, "exception for "+cmp.Or(x.Match.Subject, x.Match.Permission, x.Match.Kind, "everything"), x.Expires, matched)
	}
}

func (e *evaluation) exceptionMatches(x *access.Exception, f *access.Finding) bool {
	if !glob(x.Match.Kind, f.Kind) || !glob(x.Match.Team, f.Team) {
		return false
	}
	names := []string{f.Feed}
	if f.Identity != nil {
		names = []string{f.Identity.Name, f.Identity.UID, shortName(f.Identity.Name), f.Identity.Person, f.Identity.Record}
	}
	if !globAny(x.Match.Subject, names) {
		return false
	}
	if x.Match.Permission == "" && x.Match.Resource == "" {
		return true
	}
	return f.Grant != nil && glob(x.Match.Permission, f.Grant.Permission) && glob(x.Match.Resource, f.Grant.Resource)
}
