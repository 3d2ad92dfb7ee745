package awsauth

import (
	"sort"
	"strings"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/ingest/entitlement/reader"
)

// builder turns the principals of one account into grants.
type builder struct {
	d          *document
	opt        reader.Options
	account    string
	principals []*principal
	byName     map[string]*principal // canonical ARN → principal
	byUID      map[string]*principal
	groups     map[string]*principal // name → group
	privileged map[string]bool       // ARN → holds a privileged grant
	weights    *weights
	snap       access.Snapshot
}

func newBuilder(d *document, opt reader.Options, account string, principals []*principal, w *weights) *builder {
	b := &builder{d: d, opt: opt, account: account, principals: principals, weights: w, snap: opt.Snapshot("aws", account),
		byName: map[string]*principal{}, byUID: map[string]*principal{}, groups: map[string]*principal{}, privileged: map[string]bool{}}
	for _, p := range principals {
		b.byName[access.CanonicalPrincipal(p.arn)] = p
		if p.uid != "" {
			b.byUID[p.uid] = p
		}
		if p.kind == "group" {
			b.groups[p.name] = p
		}
	}
	b.snap.Grants = make([]access.Grant, 0, b.size())
	return b
}

// size is how many grants there will be at most: grants are large, and growing a list of them copies them all.
func (b *builder) size() int {
	n := 0
	count := func(statements []statement) {
		for i := range statements {
			if s := &statements[i]; s.allow {
				n += max(1, len(s.actions))*max(1, len(s.resources)) + 3*len(s.trusted)
			}
		}
	}
	for _, p := range b.principals {
		n += len(p.groups)
		count(p.trust)
		for _, in := range p.inline {
			count(in.statements)
		}
		for _, at := range p.attached {
			n++
			if policy := b.d.resolve(at.arn); policy != nil {
				count(policy.statements)
			}
		}
	}
	return n
}

func (b *builder) build() access.Snapshot {
	for _, p := range b.principals {
		b.snap.Accounts = append(b.snap.Accounts, b.describe(p))
		b.policies(p)
	}
	// Edges come second: they are privileged if what they lead to is.
	for _, p := range b.principals {
		b.memberships(p)
		b.trust(p)
	}
	b.snap.Grants = distinct(b.snap.Grants)
	return b.snap
}

// distinct drops grants that a document states twice (two equal statements of one policy) and keeps the first path.
func distinct(grants []access.Grant) []access.Grant {
	sort.SliceStable(grants, func(i, j int) bool {
		a, b := &grants[i], &grants[j]
		if a.Subject != b.Subject {
			return a.Subject < b.Subject
		}
		if a.ID != b.ID {
			return a.ID < b.ID
		}
		return len(a.Path) < len(b.Path) || len(a.Path) == len(b.Path) && a.Path < b.Path
	})
	out := grants[:0]
	for i := range grants {
		if n := len(out); n == 0 || out[n-1].ID != grants[i].ID {
			out = append(out, grants[i])
		}
	}
	return out
}

const serviceLinked = "service-linked role"

func (p *principal) inventory() string {
	if p.kind == "role" && (strings.HasPrefix(p.path, "/aws-service-role/") || strings.Contains(p.arn, ":role/aws-service-role/")) {
		return serviceLinked
	}
	return ""
}

func (b *builder) describe(p *principal) access.Account {
	a := access.Account{Provider: "aws", Account: b.account, Team: b.opt.Team, Name: p.arn, UID: p.uid, Kind: access.SubjectKind(p.kind),
		Created: p.created, LastUsed: p.lastUsed, MaxSession: p.maxSession, Enabled: true, Inventory: p.inventory(), Attrs: p.tags}
	set := func(key, value string) {
		if a.Attrs == nil {
			a.Attrs = map[string]string{}
		}
		a.Attrs[key] = value
	}
	for _, g := range p.groups {
		if group := b.groups[g]; group != nil {
			a.Groups = append(a.Groups, group.arn)
		} else {
			a.Groups = append(a.Groups, g)
		}
	}
	sort.Strings(a.Groups)
	if p.boundary != "" {
		set("permissions_boundary", p.boundary)
		if policy := b.d.policies[p.boundary]; policy == nil || !policy.found {
			set("permissions_boundary_unresolved", "true")
		}
	}
	for _, s := range p.trust {
		for _, t := range s.trusted {
			if account, ok := access.AccountRoot(t.name); ok && s.allow && account == b.account {
				set("trusts_own_account", "true")
			}
		}
	}
	return a
}

// policies adds the grants of a principal's inline and attached policies.
func (b *builder) policies(p *principal) {
	cut := b.limits(p)
	for _, in := range p.inline {
		for i := range in.statements {
			s := &in.statements[i]
			b.statement(p, s, cut, "inline/"+in.name+" statement "+s.name, "inline:"+in.name, p.created)
		}
	}
	for _, at := range p.attached {
		policy := b.d.resolve(at.arn)
		name := at.name
		if name == "" {
			name = at.arn[strings.LastIndexByte(at.arn, '/')+1:]
		}
		if policy == nil {
			b.unresolved(p, name, at.arn)
			continue
		}
		for i := range policy.statements {
			s := &policy.statements[i]
			b.statement(p, s, cut, "policy/"+name+" (managed) statement "+s.name, at.arn, policy.created)
		}
	}
}

// administrator is the one policy of AWS's own whose document everybody knows, should an export come without it.
const administrator = ":aws:policy/AdministratorAccess"

var administratorPolicy = &managedPolicy{name: "AdministratorAccess", found: true,
	statements: []statement{{name: "1", allow: true, actions: []string{"*"}, resources: []string{"*"}}}}

func (d *document) resolve(arn string) *managedPolicy {
	if p := d.policies[arn]; p != nil && p.found {
		return p
	}
	if strings.HasSuffix(arn, administrator) {
		return administratorPolicy
	}
	return nil
}

// unresolved lists a policy whose document did not come along: it exists, and nothing can be said about it.
func (b *builder) unresolved(p *principal, name, arn string) {
	b.add(p, access.Grant{Kind: access.GrantPermission, Permission: "policy/" + name, Resource: "*", Via: arn,
		Path: "policy/" + name + " (managed)", Inventory: "policy document not in the snapshot"})
}

func (b *builder) statement(p *principal, s *statement, cut *limits, path, via string, granted time.Time) {
	if !s.allow {
		return
	}
	actions, except := s.actions, []string(nil)
	if len(actions) == 0 {
		actions, except = []string{"*"}, s.notActions
	}
	resources, notRes := s.resources, []string(nil)
	if len(resources) == 0 {
		resources, notRes = []string{"*"}, s.notRes
	}
	for _, resource := range resources {
		denied := cut.deniedOn(resource)
		for _, action := range actions {
			g := access.Grant{Kind: access.GrantPermission, Permission: action, Except: except, Resource: resource, NotResource: notRes,
				Conditions: s.conditions, Path: path, Via: via, GrantedAt: later(granted, p.created), Inventory: p.inventory()}
			if !cut.apply(&g, denied, b.weights) {
				continue
			}
			g.Privileged = b.weights.privileged(&g)
			b.add(p, g)
		}
	}
}

// later keeps a grant from being older than who holds it. An unknown time stays unknown.
func later(granted, created time.Time) time.Time {
	if !granted.IsZero() && created.After(granted) {
		return created
	}
	return granted
}

func (b *builder) add(p *principal, g access.Grant) {
	g.Subject, g.SubjectUID, g.SubjectKind = p.arn, p.uid, access.SubjectKind(p.kind)
	if g.Privileged {
		b.privileged[p.arn] = true
	}
	b.finish(g)
}

// finish fills what every grant of the snapshot has.
func (b *builder) finish(g access.Grant) {
	g.Team, g.Entitlement, g.Provider, g.Account = b.opt.Team, b.opt.Entitlement, "aws", b.account
	g.ID = reader.GrantID(&g)
	b.snap.Grants = append(b.snap.Grants, g)
}
