package demo

import (
	"fmt"
	"time"

	"github.com/grantwatch/grantwatch/access"
)

// buildPlants spreads the ordinary sins, and things that look like sins, over one account.
func (a *account) buildPlants() {
	o := a.org
	d := o.dice
	for range 6 { // roles that do nothing at all
		p := a.role()
		for _, op := range a.pick(2) {
			p.allowOp("permissions", op, p.name, a.idle(), "idle role", "")
		}
	}
	for i := range 6 { // roles that work, and have one privileged grant too many
		p := a.role()
		a.work(p, 2)
		p.allow("extra", idleOps[(i+d.n(3))%len(idleOps)], "*", a.idle(), "idle grant of a working role", "")
	}
	for i := range 2 { // a wide pattern of which nothing was used is unused, not overbroad
		p := a.role()
		p.allow("permissions", wide[1+i].pattern, "*", a.idle(), "wide and idle", "")
	}
	if !a.hole {
		for _, w := range wide {
			p := a.role()
			p.active = true
			p.allow("permissions", w.pattern, "*", access.VerdictOverbroad, "overbroad", "only "+w.used.action+" was used")
			a.feed.once(o, a.trail.add(p.call(w.used, p.name)))
		}
		for range 2 { // refused calls are attempts, not use
			p := a.role()
			op := named("lambda:UpdateFunctionCode")
			p.allowOp("permissions", op, p.name, access.VerdictUnused, "denied only", "attempted_only")
			c := p.call(op, p.name)
			c.err = "AccessDenied"
			call := a.trail.add(c)
			for range 3 {
				a.feed.within(o, call, 80, 5)
			}
		}
	}
	for range 2 { // no log has PassRole
		p := a.role()
		a.work(p, 2)
		p.allowOp("launch", opPassRole, a.team.name, access.VerdictUnloggable, "never logged", "")
	}
	for range 3 {
		p := a.role()
		a.work(p, 1)
		if a.s3 { // object reads are logged here, so their absence says something
			p.allowOp("archive", opGetObject, "archive-"+p.name, access.VerdictUnused, "idle data grant, data events on", "")
		} else {
			p.allowOp("archive", opGetObject, "archive-"+p.name, access.VerdictUnloggable, "data events off", "")
		}
	}
	switch a.team.name {
	case "payments", "platform", "data":
		for range 2 { // written seven hours after it happened: the use counts all the same
			p := a.role()
			p.active = true
			op := named("secretsmanager:GetSecretValue")
			p.allowOp("permissions", op, p.name, access.VerdictUsed, "late log", "")
			a.feed.late(a.trail.add(p.call(op, p.name)), o.ago(d.between(70, 35)), 7*time.Hour+11*time.Minute)
		}
		p := a.role() // accepted by somebody with a name until a date
		a.work(p, 2)
		p.allow("recovery", "rds:RestoreDBInstanceFromDBSnapshot", "*", access.VerdictUnused, "exception", "state excepted")
		o.excepted = append(o.excepted, o.truth[len(o.truth)-1])
	case "mobile":
		for i, op := range []*operation{opGuardDuty, opConfigRules, opConfigRules} {
			p := a.role()
			a.work(p, 1)
			v := a.idle()
			if i == 0 {
				v = access.VerdictUsed
				a.feed.once(o, a.trail.add(p.call(op, p.name)))
			}
			p.allow("added-later", op.action, "*", v, "not in the baseline", "")
			o.drift[p.arn+" "+op.action] = true
			o.expect(p.truth("BASELINE_DRIFT", op.action, "*", access.VerdictViolation, "not in the baseline", ""))
		}
	}
	for i := range 3 { // keys of vendors, rotated and used regularly
		name := fmt.Sprintf("vendor-%s-%s", a.team.name, []string{"backup", "scanner", "monitoring"}[i])
		p := a.principal(access.SubjectUser, name, o.ago(d.between(200, 380)))
		p.record = o.register(a.team, name, "third-party", "vendor-"+[]string{"a", "b", "c"}[i]+".example", p.created, p.arn)
		p.record.rotated, p.record.expires = o.ago(40), o.ago(-50)
		op := named(directOps[i])
		p.allowOp("vendor", op, a.team.name, access.VerdictUsed, "", "")
		call := a.trail.add(p.call(op, a.team.name))
		a.feed.regularly(o, call)
		a.feed.pool = append(a.feed.pool, call)
	}
	a.buildServiceLinked()
	a.buildShared()
}

// buildServiceLinked adds roles that belong to services of the provider: inventory, never a finding.
func (a *account) buildServiceLinked() {
	for _, s := range []struct{ name, service, policy, action string }{
		{"AWSServiceRoleForECS", "ecs.amazonaws.com", "AmazonECSServiceRolePolicy", "ec2:DescribeNetworkInterfaces"},
		{"AWSServiceRoleForAutoScaling", "autoscaling.amazonaws.com", "AutoScalingServiceRolePolicy", "ec2:RunInstances"},
	} {
		p := a.principal(access.SubjectRole, s.name, a.org.ago(900))
		p.path = "/aws-service-role/" + s.service + "/"
		p.arn = "arn:aws:iam::" + a.id + ":role" + p.path + s.name
		p.services = []string{s.service}
		m := a.policy(s.policy, a.org.ago(1100), allow{s.action, "*"})
		m.aws, m.arn = true, "arn:aws:iam::aws:policy/aws-service-role/"+s.policy
		m.attached++
		p.attached = append(p.attached, attachment{managed: m})
	}
}

var sharedOps = []*operation{
	{action: "ec2:DescribeTags", readOnly: true, req: `{"filterSet":{"items":[{"name":"resource-type","valueSet":{"items":[{"value":"instance"}]}}]},"tagSet":{}}`},
	{action: "ssm:DescribeParameters", readOnly: true, req: `{"maxResults":50}`},
}

func (a *account) shared() *managed {
	name := title(a.team.name) + "Telemetry"
	for _, m := range a.managed {
		if m.name == name {
			return m
		}
	}
	return a.policy(name, a.org.ago(650), allow{sharedOps[0].action, "*"}, allow{sharedOps[1].action, "*"})
}

// buildShared attaches one managed policy to many roles: each attachment is a grant of its own, and one role in five
// never uses the second action.
func (a *account) buildShared() {
	for i := range 10 {
		p := a.role()
		a.work(p, 1)
		a.telemetry(p, i%5 == 4)
	}
}

func (a *account) telemetry(p *principal, half bool) {
	p.attach(a.shared(), func(al allow) (access.Verdict, string, string) {
		if half && al.action == sharedOps[1].action {
			return a.idle(), "idle action of a shared policy", ""
		}
		return access.VerdictUsed, "", ""
	})
	for i, op := range sharedOps {
		if half && i == 1 {
			break
		}
		a.feed.once(a.org, a.trail.add(p.call(op, p.name)))
	}
}
