package demo

import (
	"fmt"
	"time"

	"github.com/grantwatch/grantwatch/access"
)

// buildEdge is what hangs on the feed that died: what was used is used; what was not, nobody can tell.
func (c *cluster) buildEdge() {
	for i := range 16 {
		s := c.account(c.org.ago(c.org.dice.between(150, 400)))
		if i%2 == 0 {
			c.work(s, 1, access.VerdictUsed, "dead feed", 87, 33)
			continue
		}
		c.work(s, 1, access.VerdictUnverifiable, "dead feed", 0, 0)
	}
}

func (c *cluster) buildPlants() {
	o := c.org
	for range 8 { // service accounts that do nothing
		c.work(c.account(o.ago(o.dice.between(150, 700))), 1, access.VerdictUnused, "idle service account", 0, 0)
	}
	for range 6 { // one binding too many
		s := c.account(o.ago(o.dice.between(150, 700)))
		c.work(s, 1, access.VerdictUsed, "", 87, 33)
		c.bind(s, c.role(s.namespace, "node-debug", []pair{{"create", "", "pods", "exec"}, {"get", "", "pods", ""}}), access.VerdictUnused, "idle binding of a working account", "")
	}
	for range 5 { // seven pairs, one used
		s := c.account(o.ago(o.dice.between(150, 700)))
		b := c.bind(s, c.role(s.namespace, "release-everything", tooMuch), access.VerdictOverbroad, "overbroad", "only get deployments was used")
		c.feed.once(o, c.call(b, tooMuch[0], nil))
	}
	// One that watches the whole cluster.
	s := c.account(o.ago(500))
	b := &binding{name: s.name, role: c.role("", c.team.name+"-inventory", []pair{{"list", "", "nodes", ""}, {"list", "", "namespaces", ""}}), account: s, created: s.created}
	c.bindings = append(c.bindings, b)
	c.expectBinding(b, "UNUSED_GRANT", access.VerdictUsed, "", "")
	for _, pr := range b.role.pairs {
		call := c.call(b, pr, nil)
		c.feed.once(o, call)
		c.feed.pool = append(c.feed.pool, call)
	}
	// Its owner left, and there is no successor.
	owner := o.hire(c.team, "engineer")
	o.leave(owner, 48)
	o.okta.workedUntil(o, owner, owner.spans[0].end)
	o.okta.deactivate(o, owner, owner.spans[0].end.Add(16*time.Hour))
	for i := range 2 {
		s := c.account(o.ago(600))
		trap := "orphan, live"
		if i == 0 {
			c.work(s, 1, access.VerdictUsed, "", 87, 33)
		} else {
			trap = "orphan, idle"
			c.work(s, 1, access.VerdictUnused, trap, 0, 0)
		}
		s.record.owners = []*person{owner}
		o.expect(Truth{Kind: "ORPHANED_NHI", Verdict: access.VerdictViolation, Team: c.team.name, Provider: "k8s", Account: c.name, Subject: s.record.uid, Trap: trap})
	}
}

// buildHumans binds people by name and by group; who is in a group only the log says.
func (c *cluster) buildHumans() {
	o := c.org
	ns := c.team.name + "-" + c.namespaces[0]
	oncall := c.team.name + "-oncall"
	b := &binding{namespace: ns, name: oncall, group: oncall, created: o.ago(600),
		role: c.role("", c.team.name+"-oncall-debug", []pair{{"get", "", "pods", ""}, {"get", "", "pods", "log"}})}
	c.bindings = append(c.bindings, b)
	c.expectBinding(b, "UNUSED_GRANT", access.VerdictUsed, "group used by one member", "")
	member := c.team.engineers[3]
	for _, pr := range b.role.pairs {
		call := c.call(b, pr, member)
		c.feed.regularly(o, call)
		c.feed.pool = append(c.feed.pool, call)
	}
	idle := &binding{namespace: ns, name: c.team.name + "-readers", group: c.team.name + "-readers", created: o.ago(600),
		role: c.role("", c.team.name+"-reader", []pair{{"list", "", "services", ""}})}
	c.bindings = append(c.bindings, idle)
	c.expectBinding(idle, "UNUSED_GRANT", access.VerdictUnused, "idle group", "")
	for i, used := range []bool{true, false} {
		who := c.team.engineers[4+i]
		b := &binding{namespace: ns, name: fmt.Sprintf("%s-direct", who.login), user: who.email, created: o.ago(500),
			role: c.role(ns, "maintainer", []pair{{"list", "apps", "deployments", ""}, {"get", "apps", "deployments", ""}})}
		c.bindings = append(c.bindings, b)
		if !used {
			c.expectBinding(b, "UNUSED_GRANT", access.VerdictUnused, "idle binding of a person", "")
			continue
		}
		c.expectBinding(b, "UNUSED_GRANT", access.VerdictUsed, "", "")
		for _, pr := range b.role.pairs {
			call := c.call(b, pr, who)
			c.feed.regularly(o, call)
			c.feed.pool = append(c.feed.pool, call)
		}
	}
}

// buildApprovals lets the deployment tool create bindings: approved ones, one that nobody approved, and one that
// appears without an event.
func (c *cluster) buildApprovals() {
	o := c.org
	s := c.serviceAccount(c.team.name+"-system", c.name+"-gitops", o.ago(650))
	s.record = o.register(c.team, s.name, "service", "k8s:"+c.name, s.created, s.username())
	tool := &binding{name: s.name, role: c.role("", c.team.name+"-gitops", []pair{{"create", "rbac.authorization.k8s.io", "rolebindings", ""}}), account: s, created: s.created}
	c.bindings = append(c.bindings, tool)
	c.expectBinding(tool, "UNUSED_GRANT", access.VerdictUsed, "", "")
	for _, plan := range []struct {
		day      float64
		v        access.Verdict
		approved bool
		event    bool
		trap     string
	}{
		{70, access.VerdictUsed, true, true, "approved"}, {35, access.VerdictUsed, true, true, "approved"},
		{21, access.VerdictTooYoung, true, true, "new and approved"}, {12, access.VerdictTooYoung, true, true, "new and approved"},
		{18, access.VerdictTooYoung, false, true, "out of band, by event"}, {15, access.VerdictUsed, false, true, "out of band, used since"},
		{9, access.VerdictTooYoung, false, false, "out of band, by snapshot"},
	} {
		at := o.ago(plan.day).Add(13 * time.Hour)
		s := c.account(o.ago(400))
		c.work(s, 1, access.VerdictUsed, "", 87, 33)
		b := &binding{namespace: s.namespace, name: s.name + "-extra", account: s, created: at.Truncate(time.Second), joined: plan.day < 38,
			role: c.role(s.namespace, "quota-reader", []pair{{"get", "", "resourcequotas", ""}})}
		c.bindings = append(c.bindings, b)
		c.expectBinding(b, "UNUSED_GRANT", plan.v, plan.trap, "")
		if plan.event {
			c.feed.at(c.create(tool, b), at)
		}
		if plan.approved {
			o.approve(s.username(), b.role.permission(), b.namespace, c.team.lead, at.Add(-2*time.Hour))
		} else {
			c.expectBinding(b, "OUT_OF_BAND", access.VerdictViolation, plan.trap, "")
		}
		if plan.v == access.VerdictUsed {
			c.feed.within(o, c.call(b, b.role.pairs[0], nil), min(plan.day-1, 60), min(plan.day-3, 10))
		}
	}
}
