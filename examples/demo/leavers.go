package demo

import (
	"time"

	"github.com/grantwatch/grantwatch/access"
)

// about is a truth about a person's account.
func (p *principal) about(kind, trap, note string) {
	t := p.truth(kind, "", "", access.VerdictViolation, trap, note)
	t.person = p.person.uid
	p.acct.org.expect(t)
}

// leaver is an IAM user of somebody who left so many days ago: one read, used until shortly before.
func (a *account) leaver(daysAgo int, v access.Verdict, trap string) *principal {
	o := a.org
	who := o.hire(a.team, "engineer")
	o.leave(who, daysAgo)
	o.okta.workedUntil(o, who, who.spans[0].end)
	o.okta.deactivate(o, who, who.spans[0].end.Add(16*time.Hour))
	p := a.user(who)
	op := named(directOps[0])
	p.allowOp("own-access", op, a.team.name, v, trap, "")
	call := a.trail.add(p.call(op, a.team.name))
	a.feed.within(o, call, 84, float64(daysAgo)+3)
	a.feed.within(o, call, 87, float64(daysAgo)+3)
	return p
}

// removed deletes a leaver's user: the event, and no trace in the second snapshot.
func (a *account) removed(p *principal, bot *principal, at time.Time) {
	p.left = true
	c := cloudCall{who: bot, op: opDeleteUser, body: `{"userName":"` + p.name + `"}`}
	a.feed.at(a.trail.add(c), at)
}

func (a *account) buildLeavers() {
	o := a.org
	bot := a.principal(access.SubjectRole, a.team.name+"-offboarding", o.ago(500))
	bot.services = []string{"lambda.amazonaws.com"}
	bot.record = o.register(a.team, bot.name, "service", "aws:"+a.id, bot.created, bot.arn)
	bot.allow("offboarding", "iam:DeleteUser", "*", access.VerdictUsed, "", "")
	bot.active = true

	gone := a.leaver(34, access.VerdictClosed, "leaver, removed")
	a.removed(gone, bot, gone.person.spans[0].end.Add(17*time.Hour))

	still := func(trap string) {
		p := a.leaver(60, access.VerdictUsed, trap)
		p.about("ACCOUNT_STILL_ENABLED", trap, "the newest snapshot still has the user, two months after the end")
	}
	switch a.team.name {
	case "payments":
		still("leaver, still enabled")
		// Used days after the end and removed later: the act stays critical, the account is no longer a finding.
		p := a.leaver(50, access.VerdictClosed, "leaver, acted, removed")
		end := p.person.spans[0].end
		call := a.trail.add(p.call(named(directOps[0]), a.team.name))
		a.feed.at(call, end.AddDate(0, 0, 4).Add(11*time.Hour))
		a.removed(p, bot, end.AddDate(0, 0, 15).Add(9*time.Hour))
		p.about("POST_TERMINATION_ACTIVITY", "leaver, acted, removed", "an access key was used four days after the end")
	case "data":
		still("leaver, still enabled")
		a.residual(bot)
	case "platform":
		still("leaver, still enabled")
		a.residual(bot)
		a.actedAfter()
	case "mobile":
		a.actedAfter()
	case "growth":
		still("leaver, still enabled")
	}
	a.orphans()
}

// actedAfter is a leaver whose key works on, and is used.
func (a *account) actedAfter() {
	p := a.leaver(25, access.VerdictUsed, "leaver, still acting")
	end := p.person.spans[0].end
	call := a.trail.add(p.call(named(directOps[0]), a.team.name))
	a.feed.at(call, end.AddDate(0, 0, 5).Add(13*time.Hour))
	a.feed.at(call, end.AddDate(0, 0, 6).Add(8*time.Hour))
	p.about("ACCOUNT_STILL_ENABLED", "leaver, still acting", "the newest snapshot still has the user")
	p.about("POST_TERMINATION_ACTIVITY", "leaver, still acting", "an access key was used five and six days after the end")
}

// residual is a leaver whose role session, begun before the end, goes on for twenty minutes after it.
func (a *account) residual(bot *principal) {
	o := a.org
	who := o.hire(a.team, "engineer")
	end := o.ago(15).Add(15 * time.Hour)
	o.leaveAt(who, end)
	o.okta.workedUntil(o, who, end.Truncate(24*time.Hour))
	o.okta.deactivate(o, who, end.Add(-time.Minute))
	p := a.user(who)
	role := a.principal(access.SubjectRole, a.team.name+"-duty-reader", o.ago(300))
	role.active = true
	role.trust(p, access.VerdictClosed, "leaver, residual session", "the user is gone; its use was before")
	keeper := a.team.engineers[2]
	user := a.user(keeper)
	a.direct(user, 6)
	role.trust(user, access.VerdictUsed, "", "")
	op := named("ec2:DescribeSecurityGroups")
	role.allowOp("read", op, a.team.name, access.VerdictUsed, "", "")
	shift := func(u *principal, i int, begin time.Time, minutes ...int) {
		key := accessKey("ASIA", mix(role.h^u.h+uint64(i)))
		a.feed.at(a.trail.add(u.assume(role, u.name, key, begin)), begin)
		c := role.call(op, a.team.name)
		c.key, c.begun, c.session, c.ip, c.agent, c.origin = key, begin.UnixMilli(), u.name, u.ip, u.agent, u.name
		call := a.trail.add(c)
		for _, m := range minutes {
			a.feed.at(call, begin.Add(time.Duration(m)*time.Minute))
		}
	}
	for i, day := range []float64{101, 65, 30} {
		shift(user, i, o.ago(day).Add(12*time.Hour), 2, 9)
	}
	shift(p, 7, end.Add(-25*time.Minute), 4, 15, 38, 45)
	a.removed(p, bot, end.Add(10*time.Minute))
	p.about("RESIDUAL_SESSION", "leaver, residual session", "a role session begun before the end was used 13 and 20 minutes after it")
}

// orphans are non-human identities whose owner has left: live ones to hand over, idle ones to disable; and two that
// only look like it.
func (a *account) orphans() {
	o := a.org
	owner := o.hire(a.team, "engineer")
	o.leave(owner, 55)
	o.okta.workedUntil(o, owner, owner.spans[0].end)
	o.okta.deactivate(o, owner, owner.spans[0].end.Add(16*time.Hour))
	orphan := func(p *principal, trap, note string) {
		p.record.owners = []*person{owner}
		o.expect(Truth{Kind: "ORPHANED_NHI", Verdict: access.VerdictViolation, Team: a.team.name, Provider: "aws", Account: a.id, Subject: p.record.uid, Trap: trap, Note: note})
	}
	for range 2 {
		p := a.role()
		a.work(p, 2)
		orphan(p, "orphan, live", "transfer and rotate")
	}
	p := a.role()
	p.allowOp("permissions", named("rds:DescribeDBInstances"), p.name, a.idle(), "orphan, idle", "")
	orphan(p, "orphan, idle", "disable")

	p = a.role() // a second owner is still here
	a.work(p, 1)
	p.record.owners = append([]*person{owner}, p.record.owners...)

	recent := o.hire(a.team, "engineer") // left three days ago: a successor may still be named
	o.leave(recent, 3)
	o.okta.workedUntil(o, recent, recent.spans[0].end)
	o.okta.deactivate(o, recent, recent.spans[0].end.Add(16*time.Hour))
	p = a.role()
	a.work(p, 1)
	p.record.owners = []*person{recent}
}
