package demo

import (
	"strings"
	"time"

	"github.com/grantwatch/grantwatch/access"
)

// trustDocument is what a role's trust policy says, as an administrator's request holds it.
func (p *principal) trustDocument() string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"` + p.services[0] + `"},"Action":"sts:AssumeRole"}]}`
}

func quoted(document string) string { return strings.ReplaceAll(document, `"`, `\"`) }

func (a *account) createRole(p *principal) cloudCall {
	return cloudCall{who: a.admin, op: opCreateRole,
		body:     `{"roleName":"` + p.name + `","path":"/","assumeRolePolicyDocument":"` + quoted(p.trustDocument()) + `"}`,
		response: `{"role":{"roleName":"` + p.name + `","roleId":"` + p.uid + `","arn":"` + p.arn + `","path":"/"}}`}
}

func (a *account) putRolePolicy(p *principal, pol *policy) cloudCall {
	return cloudCall{who: a.admin, op: opPutRole,
		body: `{"roleName":"` + p.name + `","policyName":"` + pol.name + `","policyDocument":"` + quoted(string(appendDocument(nil, pol.allows))) + `"}`}
}

func (a *account) attachRolePolicy(p *principal, m *managed) cloudCall {
	return cloudCall{who: a.admin, op: opAttachRole, body: `{"roleName":"` + p.name + `","policyArn":"` + m.arn + `"}`}
}

// buildApprovals makes grants that come into being in sight: asked for and approved, or not.
func (a *account) buildApprovals() {
	o := a.org
	// New roles in the ordinary way: a ticket, the role, its policies, and then its work.
	for _, day := range []float64{105, 70, 35} {
		at := o.ago(day).Add(10*time.Hour + 5*time.Minute)
		p := a.newRole("service", at)
		p.joined = day < 38
		op := a.pick(1)[0]
		p.allowOp("permissions", op, p.name, access.VerdictUsed, "approved", "")
		a.feed.at(a.trail.add(a.createRole(p)), at)
		a.grant(p, p.inline[0], at.Add(time.Minute))
		p.attach(a.shared(), func(allow) (access.Verdict, string, string) { return access.VerdictUsed, "approved", "" })
		a.feed.at(a.trail.add(a.attachRolePolicy(p, a.shared())), at.Add(2*time.Minute))
		a.ticketsFor(p, a.shared().allows, at.Add(-3*time.Hour))
		p.active = true
		for _, op := range append([]*operation{op}, sharedOps...) {
			a.feed.within(o, a.trail.add(p.call(op, p.name)), min(day, 60)-2, 20)
		}
	}
	// Too young to be judged, and approved.
	for i := range 3 {
		at := o.ago(26 - 8*float64(i)).Add(9*time.Hour + 30*time.Minute)
		p := a.newRole("workload", at)
		p.joined = true
		for _, op := range a.pick(2) {
			p.allowOp("permissions", op, p.name, access.VerdictTooYoung, "new and approved", "")
		}
		a.feed.at(a.trail.add(a.createRole(p)), at)
		a.grant(p, p.inline[0], at.Add(time.Minute))
	}
	if a.team.name == "mobile" {
		// Nobody asked, but the baseline lists it: no finding.
		p, pol := a.hotfix("in-baseline", named("sns:ListTopics"), access.VerdictTooYoung, "unapproved, in the baseline", "")
		a.feed.at(a.trail.add(a.putRolePolicy(p, pol)), o.ago(16).Add(11*time.Hour))
		return
	}
	a.outOfBand("hotfix", "out of band, by event", "", access.VerdictTooYoung, 17)
	a.outOfBand("hotfix-used", "out of band, used since", "", access.VerdictUsed, 14)
	a.outOfBand("hotfix-late", "out of band, approved too late", "the approval came five days after", access.VerdictTooYoung, 13)
	a.outOfBand("appeared", "out of band, by snapshot", "no event; the second snapshot has it", access.VerdictTooYoung, 0)
}

// grant is the administrator's act that puts an approved inline policy on a role.
func (a *account) grant(p *principal, pol *policy, at time.Time) {
	a.feed.at(a.trail.add(a.putRolePolicy(p, pol)), at)
	a.ticketsFor(p, pol.allows, at.Add(-3*time.Hour))
}

func (a *account) ticketsFor(p *principal, allows []allow, at time.Time) {
	for _, al := range allows {
		a.org.approve(p.arn, al.action, al.resource, a.team.lead, at)
	}
}

// hotfix is an old, working role with an inline policy that the first snapshot does not have.
func (a *account) hotfix(name string, op *operation, v access.Verdict, trap, note string) (*principal, *policy) {
	p := a.role()
	p.active = true
	used := named("ecr:GetAuthorizationToken")
	p.allowOp("permissions", used, p.name, access.VerdictUsed, "", "")
	a.feed.once(a.org, a.trail.add(p.call(used, p.name)))
	pol := &policy{name: name, created: p.created, since2: true}
	p.inline = append(p.inline, pol)
	p.permissionsByName[name] = pol
	p.allowOp(name, op, p.name, v, trap, note)
	return p, pol
}

func (a *account) outOfBand(name, trap, note string, v access.Verdict, day float64) {
	o := a.org
	op := named("ssm:GetParameter")
	p, pol := a.hotfix(name, op, v, trap, note)
	res := pol.allows[0].resource
	o.expect(p.truth("OUT_OF_BAND", op.action, res, access.VerdictViolation, trap, note))
	if day == 0 {
		return
	}
	at := o.ago(day).Add(14 * time.Hour)
	a.feed.at(a.trail.add(a.putRolePolicy(p, pol)), at)
	if v == access.VerdictUsed {
		a.feed.within(o, a.trail.add(p.call(op, p.name)), day-2, 2)
	}
	if name == "hotfix-late" {
		a.ticketsFor(p, pol.allows, at.AddDate(0, 0, 5))
	}
}

// buildOnboarding makes new IAM users in the ordinary way: a role of the personnel system creates them after a
// ticket. One is a re-hire, whose old account is long gone: the new one inherits nothing.
func (a *account) buildOnboarding() {
	o := a.org
	bot := a.principal(access.SubjectRole, a.team.name+"-onboarding", o.ago(480))
	bot.services = []string{"lambda.amazonaws.com"}
	bot.record = o.register(a.team, bot.name, "service", "aws:"+a.id, bot.created, bot.arn)
	bot.active = true
	for _, op := range []*operation{opCreateUser, opPutUser} {
		bot.allow("onboarding", op.action, "*", access.VerdictUsed, "", "")
	}
	join := func(who *person, day float64, trap string) {
		at := o.ago(day).Add(10 * time.Hour)
		p := a.user(who)
		p.created, p.joined, p.active = at, day < 38, true
		op := named(directOps[2])
		p.allowOp("own-access", op, a.team.name, access.VerdictUsed, trap, "")
		a.ticketsFor(p, p.inline[0].allows, at.Add(-5*time.Hour))
		a.feed.at(a.trail.add(cloudCall{who: bot, op: opCreateUser, body: `{"userName":"` + p.name + `"}`,
			response: `{"user":{"userName":"` + p.name + `","userId":"` + p.uid + `","arn":"` + p.arn + `","path":"/"}}`}), at)
		a.feed.at(a.trail.add(cloudCall{who: bot, op: opPutUser, body: `{"userName":"` + p.name + `","policyName":"own-access","policyDocument":"` +
			quoted(string(appendDocument(nil, p.inline[0].allows))) + `"}`}), at.Add(time.Minute))
		call := a.trail.add(p.call(op, a.team.name))
		for _, d := range []float64{day - 2, day / 2, 3} {
			a.feed.at(call, o.ago(d).Add(9*time.Hour))
		}
	}
	joiner := o.hire(a.team, "engineer")
	joiner.spans[0].start = o.ago(62).Truncate(24 * time.Hour)
	for range 6 {
		o.okta.feed.within(o, o.okta.call(joiner, signIn, "null"), 60, 2)
	}
	join(joiner, 60, "approved")
	join(o.rehired[0], 22, "re-hire, new account")
}
