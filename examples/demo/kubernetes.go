package demo

import (
	"time"

	"github.com/grantwatch/grantwatch/access"
)

// cluster is one Kubernetes cluster of a team.
type cluster struct {
	org        *Org
	team       *team
	name       string
	h          uint64
	feed       *feed
	calls      []kubeCall
	namespaces []string
	accounts   []*serviceAccount
	roles      []*kubeRole
	bindings   []*binding
	byRole     map[string]*kubeRole
	silent     bool // its log stopped before AsOf
}

type serviceAccount struct {
	cluster         *cluster
	namespace, name string
	uid             string
	created         time.Time
	record          *nhi
	ip, agent       string
	h               uint64
	joined          bool // only in the second snapshot
}

// pair is one thing that a role allows; sub is a subresource.
type pair struct{ verb, group, resource, sub string }

type kubeRole struct {
	namespace string // empty: a ClusterRole
	name      string
	pairs     []pair
	created   time.Time
	bootstrap bool
}

// binding gives a role to one subject; in no namespace it holds in the whole cluster.
type binding struct {
	namespace, name string
	role            *kubeRole
	account         *serviceAccount
	user, group     string
	created         time.Time
	joined          bool
}

// duties are what healthy service accounts may do, and do: each pair of each is used.
var duties = []struct {
	name  string
	pairs []pair
}{
	{"config-reader", []pair{{"get", "", "configmaps", ""}, {"list", "", "configmaps", ""}}},
	{"pod-observer", []pair{{"list", "", "pods", ""}, {"watch", "", "pods", ""}}},
	{"secret-reader", []pair{{"get", "", "secrets", ""}}},
	{"lease-holder", []pair{{"get", "coordination.k8s.io", "leases", ""}, {"update", "coordination.k8s.io", "leases", ""}}},
	{"deployer", []pair{{"get", "apps", "deployments", ""}, {"patch", "apps", "deployments", ""}}},
	{"job-runner", []pair{{"create", "batch", "jobs", ""}, {"get", "batch", "jobs", ""}}},
	{"event-writer", []pair{{"create", "", "events", ""}}},
	{"endpoint-watcher", []pair{{"watch", "discovery.k8s.io", "endpointslices", ""}}},
	{"scaler", []pair{{"get", "autoscaling", "horizontalpodautoscalers", ""}, {"update", "autoscaling", "horizontalpodautoscalers", ""}}},
	{"log-tailer", []pair{{"get", "", "pods", "log"}}},
}

// tooMuch is a role of which one pair is ever used.
var tooMuch = []pair{{"get", "apps", "deployments", ""}, {"list", "apps", "deployments", ""}, {"create", "apps", "deployments", ""}, {"update", "apps", "deployments", ""},
	{"delete", "apps", "deployments", ""}, {"delete", "", "pods", ""}, {"create", "", "pods", "exec"}}

func (o *Org) buildKubernetes() {
	for _, name := range []string{"payments", "platform", "data", "growth"} {
		t := o.team(name)
		c := &cluster{org: o, team: t, name: name + "-prod", byRole: map[string]*kubeRole{}, namespaces: products[name]}
		share := 8.0
		if name == "growth" {
			c.name, c.silent, share = "growth-edge", true, 0.3
		}
		c.h = hash(o.seed, "cluster "+c.name)
		c.feed = o.newFeed(c.name+"-k8s", name, "k8s_audit", c.name, "logs/"+name+"/k8s", share)
		c.feed.write = c
		if c.silent { // stopped three days ago, and nobody noticed
			c.feed.end = o.opt.AsOf.AddDate(0, 0, -3).UnixMilli()
			o.expect(Truth{Kind: "FEED_SILENT", Verdict: access.VerdictViolation, Team: name, Provider: "k8s", Account: c.name, Feed: c.feed.name, Trap: "dead feed", Note: "stopped three days before AsOf"})
		}
		t.cluster = c
		o.clusters = append(o.clusters, c)
		c.buildCanary()
		c.buildDefaults()
		if c.silent {
			c.buildEdge()
			continue
		}
		c.buildPlants()
		c.buildHumans()
		c.buildApprovals()
	}
}

// account makes a service account with its record. Names carry the namespace's team, so that an alias means one only.
func (c *cluster) account(created time.Time) *serviceAccount {
	o := c.org
	full := o.fresh(c.team)
	ns := c.team.name + "-" + c.namespaces[o.dice.n(len(c.namespaces))]
	s := c.serviceAccount(ns, full, created)
	kind := "workload"
	if s.h%13 == 0 {
		kind = "agent"
	}
	s.record = o.register(c.team, full, kind, "k8s:"+c.name, created, s.username())
	return s
}

func (c *cluster) serviceAccount(ns, name string, created time.Time) *serviceAccount {
	h := hash(c.h, ns+"/"+name)
	s := &serviceAccount{cluster: c, namespace: ns, name: name, uid: uuid(h), created: created.Truncate(time.Second), h: h, ip: sourceIP(h)}
	s.agent = []string{"main/v0.0.0 (linux/amd64) kubernetes/$Format", "manager/v1.8.2 (linux/arm64) kubernetes/3f8a2c1", "python-requests/2.32.3", "fabric8-kubernetes-client/6.13.3"}[h>>8%4]
	c.accounts = append(c.accounts, s)
	return s
}

func (s *serviceAccount) username() string {
	return "system:serviceaccount:" + s.namespace + ":" + s.name
}

// role finds or makes a Role (ClusterRole when ns is empty).
func (c *cluster) role(ns, name string, pairs []pair) *kubeRole {
	key := ns + "/" + name
	r := c.byRole[key]
	if r == nil {
		r = &kubeRole{namespace: ns, name: name, pairs: pairs, created: c.org.ago(950)}
		c.byRole[key] = r
		c.roles = append(c.roles, r)
	}
	return r
}

func (r *kubeRole) permission() string {
	if r.namespace == "" {
		return "ClusterRole/" + r.name
	}
	return "Role/" + r.name
}

// bind gives role to the service account in its namespace, and says what the verdict has to be.
func (c *cluster) bind(s *serviceAccount, r *kubeRole, v access.Verdict, trap, note string) *binding {
	b := &binding{namespace: s.namespace, name: s.name + "-" + r.name, role: r, account: s, created: s.created}
	c.bindings = append(c.bindings, b)
	c.expectBinding(b, "UNUSED_GRANT", v, trap, note)
	return b
}

func (b *binding) subject() string {
	switch {
	case b.account != nil:
		return b.account.username()
	case b.group != "":
		return "group:" + b.group
	}
	return b.user
}

func (c *cluster) expectBinding(b *binding, kind string, v access.Verdict, trap, note string) {
	res := b.namespace
	if res == "" {
		res = "*"
	}
	if v == access.VerdictUnverifiable && note == "" {
		note = "the cluster's log stopped"
	}
	c.org.expect(Truth{Kind: kind, Verdict: v, Team: c.team.name, Provider: "k8s", Account: c.name, Subject: b.subject(), Permission: b.role.permission(), Resource: res, Trap: trap, Note: note})
}

func (c *cluster) buildCanary() {
	s := c.serviceAccount(c.team.name+"-system", c.name+"-canary", c.org.ago(700))
	s.record = c.org.register(c.team, s.name, "service", "k8s:"+c.name, s.created, s.username())
	b := c.bind(s, c.role(s.namespace, "canary", []pair{{"get", "", "configmaps", ""}}), access.VerdictUsed, "canary", "")
	c.feed.canary = c.call(b, b.role.pairs[0], nil)
	c.feed.pool = append(c.feed.pool, c.feed.canary)
}

// healthy adds a service account that uses all that it may do.
func (c *cluster) healthy(o *Org) {
	s := c.account(o.ago(o.dice.between(150, 700)))
	c.work(s, 1+o.dice.n(5)/4, access.VerdictUsed, "", 87, 33)
}

// work binds n duties and plans the use of each pair of them between two numbers of days ago.
func (c *cluster) work(s *serviceAccount, n int, v access.Verdict, trap string, from, to float64) []*binding {
	o := c.org
	at := o.dice.n(len(duties))
	var out []*binding
	for i := range n {
		d := duties[(at+i*3)%len(duties)]
		b := c.bind(s, c.role(s.namespace, d.name, d.pairs), v, trap, "")
		out = append(out, b)
		if v != access.VerdictUsed {
			continue
		}
		for _, pr := range d.pairs {
			call := c.call(b, pr, nil)
			c.feed.within(o, call, from, to)
			if from > 80 {
				c.feed.pool = append(c.feed.pool, call)
			}
		}
	}
	return out
}

// buildDefaults adds what every cluster has from its first start: inventory.
func (c *cluster) buildDefaults() {
	for _, d := range []struct {
		name, user string
		pairs      []pair
	}{
		{"system:kube-scheduler", "system:kube-scheduler", []pair{{"list", "", "nodes", ""}, {"create", "", "bindings", ""}}},
		{"system:kube-controller-manager", "system:kube-controller-manager", []pair{{"list", "", "serviceaccounts", ""}}},
		{"cluster-admin", "", []pair{{"*", "*", "*", ""}}},
	} {
		r := c.role("", d.name, d.pairs)
		r.bootstrap = true
		b := &binding{name: d.name, role: r, user: d.user, created: c.org.ago(950)}
		if d.user == "" {
			b.group = "system:masters"
		}
		c.bindings = append(c.bindings, b)
	}
}
