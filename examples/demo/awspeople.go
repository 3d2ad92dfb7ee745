package demo

import (
	"strings"
	"time"

	"github.com/grantwatch/grantwatch/access"
)

// Operations for people: one set for what a group gives, another for what somebody has alone, so that no use is
// covered twice.
var (
	groupOps  = []string{"ec2:DescribeInstances", "logs:DescribeLogGroups", "cloudformation:DescribeStacks", "cloudwatch:DescribeAlarms"}
	directOps = []string{"rds:DescribeDBInstances", "elasticache:DescribeCacheClusters", "acm:ListCertificates", "elasticloadbalancing:DescribeLoadBalancers",
		"autoscaling:DescribeAutoScalingGroups", "s3:ListAllMyBuckets", "sns:ListTopics"}
)

// buildAdmin makes the person who gives roles to others in this account.
func (a *account) buildAdmin() {
	o := a.org
	who := o.hire(a.team, "cloud administrator")
	o.okta.everyday(o, who)
	a.admin = a.user(who)
	a.admin.active = true
	for _, op := range []*operation{opCreateRole, opPutRole, opAttachRole} {
		a.admin.allow("administration", op.action, "*", access.VerdictUsed, "", "")
	}
}

// direct gives a user one read of their own, used regularly.
func (a *account) direct(p *principal, i int) {
	op := named(directOps[i%len(directOps)])
	p.allowOp("own-access", op, a.team.name, access.VerdictUsed, "", "")
	call := a.trail.add(p.call(op, a.team.name))
	a.feed.regularly(a.org, call)
	a.feed.pool = append(a.feed.pool, call)
	p.active = true
}

func (a *account) buildPeople() {
	o := a.org
	// Developers: five use what the group gives, two never did. The group's grants are used, their memberships are not.
	developers := a.principal(access.SubjectGroup, "developers", o.ago(700))
	dev := a.policy(title(a.team.name)+"Developers", o.ago(640), allows(groupOps)...)
	developers.attach(dev, func(allow) (access.Verdict, string, string) { return access.VerdictUsed, "group", "" })
	bounds := a.policy("EngineerBoundary", o.ago(680), allow{"*", "*"})
	for i := range 7 {
		who := o.hire(a.team, "engineer")
		o.okta.everyday(o, who)
		p := a.user(who)
		if i == 0 {
			p.boundary = bounds
			bounds.boundary++
		}
		a.direct(p, i)
		if i >= 5 {
			p.member(developers, a.idle(), "idle member")
			continue
		}
		p.member(developers, access.VerdictUsed, "group")
		for j := range 2 { // two of the four actions each, so that all members together use all
			op := named(groupOps[(i+j*2)%len(groupOps)])
			call := a.trail.add(p.call(op, a.team.name))
			a.feed.regularly(o, call)
			a.feed.pool = append(a.feed.pool, call)
		}
	}

	// Auditors: nobody used the group at all, so its grants and both memberships are idle.
	auditors := a.principal(access.SubjectGroup, "auditors", o.ago(700))
	audit := a.policy(title(a.team.name)+"Audit", o.ago(690), allow{"iam:GetAccountSummary", "*"}, allow{"iam:GenerateCredentialReport", "*"})
	auditors.attach(audit, func(allow) (access.Verdict, string, string) { return a.idle(), "idle group", "" })
	for i := range 2 {
		who := o.hire(a.team, "analyst")
		o.okta.everyday(o, who)
		p := a.user(who)
		a.direct(p, i+3)
		p.member(auditors, a.idle(), "idle group")
	}

	// One group, one member: who used it is who needs it.
	solo := a.principal(access.SubjectGroup, "release-managers", o.ago(500))
	solo.allowOp("release", named("ecr:GetAuthorizationToken"), a.team.name, access.VerdictUsed, "group used by one member", "")
	for i := range 3 {
		who := o.hire(a.team, "release manager")
		o.okta.everyday(o, who)
		p := a.user(who)
		a.direct(p, i+1)
		if i > 0 {
			p.member(solo, a.idle(), "idle member")
			continue
		}
		p.member(solo, access.VerdictUsed, "group used by one member")
		call := a.trail.add(p.call(named("ecr:GetAuthorizationToken"), a.team.name))
		a.feed.regularly(o, call)
		a.feed.pool = append(a.feed.pool, call)
	}

	// Grants of a person that nobody uses: never; within 90 days but not within the 45 of a privileged one; over 90 days ago.
	who := o.hire(a.team, "senior engineer")
	o.okta.everyday(o, who)
	p := a.user(who)
	a.direct(p, 4)
	p.allow("legacy", "iam:AttachUserPolicy", "*", a.idle(), "never used, privileged", "")
	p.allowOp("legacy", opPutKey, "shared-"+a.team.name, a.idle(), "used before the 45 days of a privileged grant", "last use two months ago")
	put := a.trail.add(p.call(opPutKey, "shared-"+a.team.name))
	a.feed.within(o, put, 102, 98)
	a.feed.within(o, put, 64, 60)
	p.allowOp("legacy", opTrails, a.team.name, a.idle(), "used before the 90 days", "last use a hundred days ago")
	a.feed.within(o, a.trail.add(p.call(opTrails, a.team.name)), 105, 95)
}

// buildChain makes user → role A → role B, used only through the chain, and the break-glass role that nobody uses.
func (a *account) buildChain() {
	o := a.org
	hop := a.principal(access.SubjectRole, a.team.name+"-support-entry", o.ago(420))
	end := a.principal(access.SubjectRole, a.team.name+"-support-readonly", o.ago(415))
	active, idle := a.team.engineers[0], a.team.engineers[1]
	users := []*principal{a.user(active), a.user(idle)}
	hop.mfa = true
	hop.trust(users[0], access.VerdictUsed, "chain", "used only as the first step of a chain")
	hop.trust(users[1], a.idle(), "idle edge", "trusted, never became the role")
	end.trust(hop, access.VerdictUsed, "chain", "used only as the second step of a chain")
	hop.allow("next", "sts:AssumeRole", strings.TrimSuffix(end.arn, "readonly")+"*", access.VerdictUsed, "chain", "the identity policy of the second step")
	for _, u := range users {
		a.direct(u, 5)
	}
	hop.active, end.active = true, true
	ops := []*operation{named("ec2:DescribeVolumes"), named("logs:DescribeLogGroups")}
	for _, op := range ops {
		end.allowOp("read", op, a.team.name, access.VerdictUsed, "chain", "the work at the end of the chain")
	}
	for i, day := range []float64{101, 65, 30} {
		at := o.ago(day).Add(9*time.Hour + time.Duration(o.dice.n(3600))*time.Second)
		a.chain(users[0], hop, end, ops, at, i)
	}

	if t := a.team.name; t == "payments" || t == "platform" || t == "mobile" {
		glass := a.principal(access.SubjectRole, "break-glass-admin", o.ago(600))
		glass.allow("everything", "*", "*", access.VerdictDeclaredIdle, "break-glass", "")
		glass.trust(a.admin, access.VerdictDeclaredIdle, "break-glass", "")
		glass.trust(users[0], access.VerdictDeclaredIdle, "break-glass", "")
	}
}

// chain plans one walk along user → hop → end and the work there.
func (a *account) chain(u, hop, end *principal, ops []*operation, at time.Time, i int) {
	first, next := accessKey("ASIA", mix(hop.h+uint64(i))), accessKey("ASIA", mix(end.h+uint64(i)))
	ms := at.UnixMilli()
	a.feed.at(a.trail.add(u.assume(hop, u.name, first, at)), at)
	second := hop.assume(end, u.name, next, at.Add(time.Minute))
	second.key, second.begun, second.session, second.ip, second.agent, second.mfa, second.origin = first, ms, u.name, u.ip, u.agent, true, u.name
	a.feed.at(a.trail.add(second), at.Add(time.Minute))
	for j, op := range ops {
		c := end.call(op, a.team.name)
		c.key, c.begun, c.session, c.ip, c.agent, c.mfa, c.origin = next, ms+60_000, u.name, u.ip, u.agent, true, u.name
		a.feed.at(a.trail.add(c), at.Add(time.Duration(3+j*4)*time.Minute))
	}
}

// assume is the call by which p becomes a role; key is the session credential that comes back.
func (p *principal) assume(role *principal, session, key string, at time.Time) cloudCall {
	c := cloudCall{who: p, op: opAssumeRole}
	c.body = `{"roleArn":"` + role.arn + `","roleSessionName":"` + session + `","durationSeconds":3600}`
	c.response = `{"credentials":{"accessKeyId":"` + key + `","sessionToken":"HIDDEN_DUE_TO_SECURITY_REASONS","expiration":"` + at.Add(time.Hour).UTC().Format("Jan 2, 2006, 3:04:05 PM") +
		`"},"assumedRoleUser":{"assumedRoleId":"` + role.uid + `:` + session + `","arn":"arn:aws:sts::` + p.acct.id + `:assumed-role/` + role.name + `/` + session + `"}}`
	c.extra = `"resources":[{"accountId":"` + p.acct.id + `","type":"AWS::IAM::Role","ARN":"` + role.arn + `"}],`
	return c
}

func allows(actions []string) []allow {
	out := make([]allow, len(actions))
	for i, a := range actions {
		out[i] = allow{a, "*"}
	}
	return out
}

// title makes CorpIt of corp-it.
func title(s string) string {
	var b strings.Builder
	for _, part := range strings.Split(s, "-") {
		b.WriteString(strings.ToUpper(part[:1]) + part[1:])
	}
	return b.String()
}
