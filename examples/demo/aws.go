package demo

import (
	"strings"
	"time"

	"github.com/grantwatch/grantwatch/access"
)

// The accounts, in the order of the teams. Two have data events of S3 in their logs.
var accountIDs = []string{"111122223333", "222233334444", "333344445555", "444455556666", "555566667777", "666677778888"}

const sandboxID = "777788889999"

// Two snapshots of each account and cluster, so that what came into being between them is seen coming.
func (o *Org) snapshotTimes() [2]time.Time {
	return [2]time.Time{o.opt.AsOf.AddDate(0, 0, -38), o.opt.AsOf.Add(-2 * time.Hour)}
}

func (o *Org) buildAWS() {
	for i, t := range o.teams {
		a := &account{org: o, team: t, id: accountIDs[i], region: "eu-central-1", h: hash(o.seed, "account "+accountIDs[i]), s3: t.name == "payments" || t.name == "data"}
		if t.name == "mobile" || t.name == "growth" {
			a.region = "eu-west-1"
		}
		t.account = a
		o.accounts = append(o.accounts, a)
		a.feed = o.newFeed(t.name+"-aws", t.name, "aws_cloudtrail", a.id, "logs/"+t.name+"/cloudtrail", 10)
		a.feed.classes = []string{"management"}
		if a.s3 {
			a.feed.classes = append(a.feed.classes, "data:s3")
		}
		a.trail = &trail{acct: a, seed: a.h}
		a.feed.write = a.trail
		if t.name == "growth" {
			o.digHole(a)
		}
		a.hole = t.name == "growth" || t.name == "corp-it"
		a.feed.zipped = t.name == "payments"
		a.buildCanary()
		a.buildAdmin()
		a.buildPeople()
		a.buildChain()
		a.buildLeavers()
		a.buildPlants()
		a.buildApprovals()
		if t.name == "payments" {
			a.buildOnboarding()
		}
	}
	o.tamper(o.team("corp-it").account)
	o.buildSandbox()
}

// digHole takes eight hours out of a log, a month before AsOf.
func (o *Org) digHole(a *account) {
	from := o.opt.AsOf.AddDate(0, 0, -30).Add(14 * time.Hour)
	a.feed.holes = append(a.feed.holes, [2]int64{from.UnixMilli(), from.Add(8 * time.Hour).UnixMilli()})
	o.expect(Truth{Kind: "FEED_GAP", Verdict: access.VerdictViolation, Team: a.team.name, Provider: "aws", Account: a.id, Feed: a.feed.name, Trap: "hole", Note: "eight hours without a record"})
}

// buildCanary makes the identity whose hourly call shows that the feed lives.
func (a *account) buildCanary() {
	p := a.principal(access.SubjectRole, a.team.name+"-canary", a.org.ago(800))
	p.services = []string{"lambda.amazonaws.com"}
	p.record = a.org.register(a.team, p.name, "service", "aws:"+a.id, p.created, p.arn)
	p.allowOp("canary", opCanary, p.name, access.VerdictUsed, "canary", "")
	p.active = true
	a.feed.canary = a.trail.add(p.call(opCanary, p.name))
	a.feed.pool = append(a.feed.pool, a.feed.canary)
}

// healthy adds a role that uses everything that it may do.
func (a *account) healthy(o *Org) {
	p := a.role()
	a.work(p, 1+o.dice.n(3))
}

// work gives p so many ordinary operations and plans their use.
func (a *account) work(p *principal, n int) {
	o := a.org
	p.active = true
	for _, op := range a.pick(n) {
		if a.s3 && p.h>>40%9 == 0 && op.arn != "" { // some teams' objects are logged
			op = opGetObject
			if p.h>>50%2 == 0 {
				op = opPutObject
			}
			if p.permissionsByName["objects"] != nil {
				continue
			}
			p.allowOp("objects", op, p.bucket(), access.VerdictUsed, "", "")
			call := a.trail.add(p.call(op, p.bucket()))
			a.feed.once(o, call)
			a.feed.pool = append(a.feed.pool, call)
			continue
		}
		p.allowOp("permissions", op, p.name, access.VerdictUsed, "", "")
		call := a.trail.add(p.call(op, p.name))
		a.feed.once(o, call)
		a.feed.pool = append(a.feed.pool, call)
	}
}

func (p *principal) bucket() string { return "corp-" + strings.ToLower(p.name) }

// pick gives n different ordinary operations.
func (a *account) pick(n int) []*operation {
	d := a.org.dice
	picked := make([]*operation, 0, n)
next:
	for len(picked) < n {
		op := ordinary[d.n(len(ordinary))]
		for _, other := range picked {
			if op == other {
				continue next
			}
		}
		picked = append(picked, op)
	}
	return picked
}

// tamper is the story of the stopped log: an old role is given two actions that nobody approved, stops the trail, and
// starts it again forty minutes later. Records go on; what was not written in between nobody knows.
func (o *Org) tamper(a *account) {
	p := a.role()
	a.work(p, 2)
	at := o.ago(20).Add(2*time.Hour + 17*time.Minute)
	pol := &policy{name: "log-maintenance", created: p.created, since2: true}
	p.inline = append(p.inline, pol)
	p.permissionsByName[pol.name] = pol
	for _, op := range []*operation{opStopLog, opStartLog} {
		res := p.allowOp(pol.name, op, p.name, access.VerdictUsed, "log tampering", "")
		o.expect(p.truth("OUT_OF_BAND", op.action, res, access.VerdictViolation, "log tampering", "attached half an hour before the log was stopped"))
	}
	o.expect(p.truth("GUARDRAIL_DRIFT", "", "", access.VerdictViolation, "log tampering", "stopped the account's trail"))
	a.feed.at(a.trail.add(a.putRolePolicy(p, pol)), at)
	a.feed.at(a.trail.add(p.call(opStopLog, p.name)), at.Add(28*time.Minute))
	a.feed.at(a.trail.add(p.call(opStartLog, p.name)), at.Add(68*time.Minute))
	o.expect(Truth{Kind: "FEED_GAP", Verdict: access.VerdictViolation, Team: a.team.name, Provider: "aws", Account: a.id, Feed: a.feed.name, Trap: "log tampering", Note: "StopLogging to StartLogging, forty minutes; records go on"})
}

// buildSandbox is an account of which only the entitlements are known: its log goes nowhere.
func (o *Org) buildSandbox() {
	t := o.team("growth")
	a := &account{org: o, team: t, id: sandboxID, region: "eu-west-1", h: hash(o.seed, "account "+sandboxID)}
	o.accounts = append(o.accounts, a)
	for range 12 {
		p := a.role()
		for _, op := range a.pick(2) {
			p.allowOp("permissions", op, p.name, access.VerdictUnverifiable, "account without a feed", "")
		}
	}
}
