package detect

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/rules/facts"
)

// day is the unit in which windows are given.
const day = 24 * time.Hour

// grantCase is one grant with its facts and what a finding needs beside them.
type grantCase struct {
	*holding
	facts    facts.Grant
	rec      *record
	window   time.Duration
	sight    sight
	since    time.Time // S of DETECTION.md section 3
	granted  granted
	blind    []string // what cannot be seen, in words
	idle     *access.Idle
	baseline *access.Baseline
	approval *access.Approval
}

// granted is when and by whom a grant was given, and how that is known.
type granted struct {
	at     time.Time
	by     string
	how    string
	event  string // feed and id of the event, when one was seen
	coming bool   // its coming into being was seen
}

// judgeable is what of an action set can be seen in one account.
type judgeable struct {
	classes   []string
	count     int
	unlogged  int
	weight    float64
	off       map[string]int // class that no feed carries → actions
	never     int
	neverName string
}

// accountSight caches what depends on provider, account and team alone.
type accountSight struct {
	on    func(class string) bool
	sets  map[*actionSet]*judgeable
	seen  map[string]sight
	feeds []*ledgerFeed
}

func (e *evaluation) accountSight(team, provider, account string) *accountSight {
	key := team + "\x00" + provider + "\x00" + account
	if a := e.sights[key]; a != nil {
		return a
	}
	a := &accountSight{sets: map[*actionSet]*judgeable{}, seen: map[string]sight{}}
	for _, f := range e.feeds {
		if f.answers(team, provider, account) {
			a.feeds = append(a.feeds, f)
		}
	}
	a.on = func(class string) bool {
		return slices.ContainsFunc(a.feeds, func(f *ledgerFeed) bool { return carries(f.Classes, class) })
	}
	e.sights[key] = a
	return a
}

func (a *accountSight) judge(s *actionSet) *judgeable {
	if j := a.sets[s]; j != nil {
		return j
	}
	j := &judgeable{off: map[string]int{}}
	on := map[string]bool{}
	for _, x := range s.list {
		if !x.logged {
			j.never++
			j.unlogged++
			if j.neverName == "" {
				j.neverName = x.name
			}
			continue
		}
		carried, known := on[x.class]
		if !known {
			carried = a.on(x.class)
			on[x.class] = carried
			if carried {
				j.classes = append(j.classes, x.class)
			}
		}
		if !carried {
			j.off[x.class]++
			j.unlogged++
			continue
		}
		j.count++
		j.weight += x.weight
	}
	a.sets[s] = j
	return j
}

// over is the sight of these classes over a window, computed once per account.
func (a *accountSight) over(e *evaluation, team, provider, account string, classes []string, w time.Duration) sight {
	key := strings.Join(classes, ",") + "/" + w.String()
	if s, ok := a.seen[key]; ok {
		return s
	}
	s := sightOf(e.feeds, team, provider, account, classes, w, e.in.Now)
	a.seen[key] = s
	return s
}

// grants computes the facts of every grant in sight and lets the rules decide. Where a team has tightened a window, the
// facts are computed under the central parameters too.
func (e *evaluation) grants() {
	tightened := map[string]bool{}
	for _, t := range e.in.Rules.Tightened("unused-grant") {
		tightened[t] = true
	}
	cases := make([]*grantCase, 0, len(e.holdings.all))
	for _, hd := range e.holdings.all {
		if hd.Inventory != "" && !e.in.KeepInventory {
			continue
		}
		cases = append(cases, e.prepare(hd, hd.Team))
	}
	e.holdings.markRedundant(func(hd *holding) time.Time { return e.windowStart[hd] })
	for _, c := range cases {
		e.fill(c)
		if c.idle != nil {
			e.idleMatched[c.idle] = append(e.idleMatched[c.idle], c)
		}
		floor := c
		if tightened[c.Team] {
			floor = e.prepare(c.holding, "")
			e.fill(floor)
		}
		e.grantFindings(c, floor)
	}
}

// prepare decides window and sight under one team's parameters, which redundancy needs before the facts are complete.
func (e *evaluation) prepare(hd *holding, params string) *grantCase {
	c := &grantCase{holding: hd}
	c.rec = e.dir.lookup(hd.Provider, hd.Subject, hd.SubjectUID)
	kind := e.dir.kindOf(hd.Provider, hd.Subject, hd.SubjectKind, c.rec)
	c.facts.IdentityKind = string(kind)
	c.window = e.windowOf(hd, kind, c.rec, params)
	acct := e.accountSight(hd.Team, hd.Provider, hd.Account)
	classes := e.judgeableOf(acct, hd).classes
	if len(classes) == 0 && !e.anyLogged(hd) {
		classes = []string{""} // nothing of it is ever logged: what the account's feeds see is said all the same
	}
	c.sight = acct.over(e, hd.Team, hd.Provider, hd.Account, classes, c.window)
	e.windowStart[hd] = c.sight.window.From
	return c
}

func (e *evaluation) anyLogged(hd *holding) bool {
	return len(hd.actions.list) > 0 || hd.Kind == access.GrantMembership
}

// judgeableOf is what of a grant can be seen; for a membership, what of its group's grants can be.
func (e *evaluation) judgeableOf(acct *accountSight, hd *holding) *judgeable {
	if hd.Kind != access.GrantMembership {
		return acct.judge(hd.actions)
	}
	sum := &judgeable{off: map[string]int{}}
	for _, g := range e.holdings.inside[subjectKey(hd.Provider, hd.Resource)] {
		j := acct.judge(g.actions)
		for _, c := range j.classes {
			if !slices.Contains(sum.classes, c) {
				sum.classes = append(sum.classes, c)
			}
		}
		sum.count += j.count
		sum.unlogged += j.unlogged
		sum.never += j.never
		sum.weight = math.Max(sum.weight, j.weight)
		for class, n := range j.off {
			sum.off[class] += n
		}
		if sum.neverName == "" {
			sum.neverName = j.neverName
		}
	}
	return sum
}

// windowOf is the longest of the class's window and 1.25 times the identity's declared cadence.
func (e *evaluation) windowOf(hd *holding, kind access.Kind, rec *record, params string) time.Duration {
	p := e.params("unused-grant", params)
	days := p["nhi_days"]
	if kind == access.Human {
		days = p["human_days"]
		if hd.Privileged {
			days = p["human_privileged_days"]
		}
	}
	w := time.Duration(days * float64(day))
	if rec != nil {
		if cadence, err := access.ParseDuration(rec.newest(e.in.Now).Attrs["cadence"]); err == nil {
			w = max(w, cadence+cadence/4)
		}
	}
	return w
}

// fill computes the rest of the facts.
func (e *evaluation) fill(c *grantCase) {
	hd, f, s := c.holding, &c.facts, &c.sight
	acct := e.accountSight(hd.Team, hd.Provider, hd.Account)
	j := e.judgeableOf(acct, hd)
	c.granted = e.grantedAt(hd)
	c.since = e.clockStart(c)

	f.Provider, f.Account, f.Team, f.Kind = hd.Provider, hd.Account, hd.Team, string(hd.Kind)
	f.Permission, f.Resource, f.Subject, f.SubjectKind = hd.Permission, hd.Resource, hd.Subject, string(hd.SubjectKind)
	f.Privileged, f.Conditional, f.Inventory = hd.Privileged, hd.Conditions != "", hd.Inventory != ""
	f.Closed = e.closed(hd)
	if c.idle = e.idleEntry(hd, c.rec); c.idle != nil {
		f.DeclaredIdle = true
		f.IdleExpired = !c.idle.Expires.After(e.in.Now)
	}

	f.WindowDays = days(c.window)
	f.AgeDays = -1
	if !c.since.IsZero() {
		f.AgeDays = days(s.t.Sub(c.since))
	}
	from := s.window.From
	f.Used = hd.last.After(from)
	f.EverUsed = !hd.last.IsZero()
	f.Attempted = !f.Used && hd.denied.After(from)
	f.IdleDays = -1
	if f.EverUsed {
		f.IdleDays = days(e.in.Now.Sub(hd.last))
	}
	f.AllRedundant = hd.redundant

	e.countActions(c, j, from)
	f.HasFeed = s.hasFeed
	f.BlindMinutes, f.BlindLongest = s.blind.Minutes(), s.longest.Minutes()
	f.BlindShare = math.Min(1, float64(s.blind)/float64(c.window))
	f.Coverage = 1 - f.BlindShare
	f.Grade = s.grade
	e.snapshotFacts(c)
	e.approvalFacts(c)
	e.rehireFacts(c)
	f.TTLDays = -1
	if !hd.ExpiresAt.IsZero() && !c.granted.at.IsZero() {
		f.TTLDays = days(hd.ExpiresAt.Sub(c.granted.at))
	}
	c.blind = blindSpots(hd, j)
}

func (e *evaluation) countActions(c *grantCase, j *judgeable, from time.Time) {
	f, hd := &c.facts, c.holding
	f.ActionsUnlogged, f.ActionsOff = j.unlogged, j.unlogged-j.never
	if hd.Kind == access.GrantMembership {
		f.Actions, f.Weight = min(1, j.count+j.unlogged), j.weight
		f.ActionsJudgeable = min(1, j.count)
		f.ActionsUnlogged, f.ActionsOff = min(1, j.unlogged), min(1, j.unlogged-j.never)
		if f.Actions == 0 {
			f.ActionsUnknown = 1
		}
		if f.Used {
			f.ActionsUsed = 1
		}
	} else {
		f.Actions, f.ActionsUnknown, f.ActionsJudgeable = len(hd.actions.list), hd.actions.unknown, j.count
		for _, a := range hd.actions.list {
			f.Weight = math.Max(f.Weight, a.weight)
		}
		used := 0.0
		for p, last := range hd.used {
			i := hd.actions.index(p)
			if i < 0 || !last.After(from) {
				continue
			}
			if a := hd.actions.list[i]; a.logged && slices.Contains(j.classes, a.class) {
				f.ActionsUsed++
				used += a.weight
			}
		}
		f.UnusedWeight = j.weight - used
	}
	// A role that nobody became cannot have been used in any way, logged or not: becoming it is a management event. This
	// answers for the unlogged part of a grant that has a logged part; a grant that is never logged stays UNLOGGABLE.
	if hd.SubjectKind == access.SubjectRole && hd.Kind == access.GrantPermission && f.ActionsJudgeable > 0 {
		f.Inferred = !e.holdings.roleUsed[subjectKey(hd.Provider, hd.Subject)].After(from.Add(-day))
	}
}

// clockStart is S: the latest of when the grant was given, when the identity began and when its last leave ended. Zero
// when nothing says how old the grant is. Somebody on leave now has no clock running: S is the moment itself.
func (e *evaluation) clockStart(c *grantCase) time.Time {
	s := c.granted.at
	if a := e.dir.account(c.Provider, c.Subject); a != nil {
		s = later(s, a.Created)
	}
	if c.rec != nil {
		on, ended := c.rec.leave(e.in.Now)
		if on {
			return c.sight.t
		}
		s = later(s, ended)
		if c.rec.kind != access.Human {
			s = later(s, c.rec.newest(e.in.Now).Created)
		}
	}
	return s
}

// blindSpots says in words what of a grant no record would show.
func blindSpots(hd *holding, j *judgeable) []string {
	var out []string
	classes := make([]string, 0, len(j.off))
	for c := range j.off {
		classes = append(classes, c)
	}
	sort.Strings(classes)
	const most = 5 // a wildcard grant touches dozens of opt-in classes; the first few tell the story
	for i, c := range classes {
		if i == most {
			rest := 0
			for _, more := range classes[most:] {
				rest += j.off[more]
			}
			out = append(out, fmt.Sprintf("%d more log classes with %s are not carried by any feed of this account", len(classes)-most, plural(rest, "action")))
			break
		}
		out = append(out, fmt.Sprintf("%s of class %s: no feed of this account carries it", plural(j.off[c], "action"), c))
	}
	switch {
	case j.never == 1:
		out = append(out, j.neverName+" is never logged")
	case j.never > 1:
		out = append(out, fmt.Sprintf("%d actions are never logged, %s among them", j.never, j.neverName))
	}
	if hd.actions.unknown > 0 && hd.Kind != access.GrantMembership {
		out = append(out, hd.Permission+" is not in the catalogue of actions, so nothing is claimed of it")
	}
	if hd.Conditions != "" {
		out = append(out, "the grant is conditional; the condition was not evaluated")
	}
	return out
}

func days(d time.Duration) float64 { return d.Hours() / 24 }

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
