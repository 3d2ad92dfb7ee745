package awsauth

import (
	"strings"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/access/catalogue"
)

// memberships adds one grant for each group that a user is in.
func (b *builder) memberships(p *principal) {
	for _, name := range p.groups {
		group := b.groups[name]
		g := access.Grant{Kind: access.GrantMembership, Permission: "member", Path: "group/" + name}
		if group != nil {
			g.Resource, g.Via, g.Privileged = group.arn, group.arn, b.privileged[group.arn]
			g.GrantedAt = latest(p.created, group.created)
		} else {
			// The group itself is not in the document (an export with a filter): its ARN follows from the account.
			a, _ := access.ParseARN(p.arn)
			a.Resource = "group/" + name
			g.Resource, g.Via, g.GrantedAt = a.String(), a.String(), p.created
		}
		b.add(p, g)
	}
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// The three ways to become a role.
const (
	assumeRole = "sts:AssumeRole"
	assumeSAML = "sts:AssumeRoleWithSAML"
	assumeOIDC = "sts:AssumeRoleWithWebIdentity"
)

// trust adds one grant for each principal that may become the role.
func (b *builder) trust(role *principal) {
	for i := range role.trust {
		s := &role.trust[i]
		if !s.allow {
			continue
		}
		for _, t := range s.trusted {
			g := access.Grant{Kind: access.GrantAssume, Resource: role.arn, Conditions: s.conditions, Path: "trust policy statement " + s.name,
				Via: "trust:" + role.arn, GrantedAt: role.created, Privileged: b.privileged[role.arn], Inventory: role.inventory()}
			if !b.trustee(&g, t) {
				continue
			}
			for _, permission := range assumptions(&g, t) {
				if !s.covers(permission) || role.distrusts(t, permission) {
					continue
				}
				g.Permission = permission
				b.finish(g)
			}
		}
	}
}

// trustee names the subject of a trust edge; it reports false for one that is no grant of its own.
func (b *builder) trustee(g *access.Grant, t trusted) bool {
	switch t.kind {
	case "Service":
		g.Subject, g.SubjectKind = t.name, access.SubjectService
		if g.Inventory == "" {
			g.Inventory = "service trust"
		}
		return true
	case "Federated":
		g.Subject, g.SubjectKind = t.name, access.SubjectFederated
		return true
	case "AWS":
	default:
		return false
	}
	if t.name == "*" {
		g.Subject, g.SubjectKind = "*", access.SubjectAnyone
		return true
	}
	if account, ok := access.AccountRoot(t.name); ok {
		if account == b.account {
			// It only delegates to the account's own policies: whoever has sts:AssumeRole there has that grant.
			return false
		}
		g.Subject, g.SubjectKind = "arn:"+b.partition()+":iam::"+account+":root", access.SubjectAccount
		return true
	}
	name := access.CanonicalPrincipal(t.name)
	p := b.byName[name]
	if p == nil {
		// IAM shows the unique id in place of a principal that was deleted, or restored by the same name.
		p = b.byUID[t.name]
	}
	if p != nil {
		g.Subject, g.SubjectUID, g.SubjectKind = p.arn, p.uid, access.SubjectKind(p.kind)
		return true
	}
	g.Subject, g.SubjectKind = t.name, access.SubjectUser
	if a, ok := access.ParseARN(name); ok && strings.HasPrefix(a.Resource, "role/") {
		g.SubjectKind = access.SubjectRole
		if a, _ := access.ParseARN(t.name); a.Service == "sts" {
			g.Subject = name
		}
	}
	switch {
	case strings.HasPrefix(t.name, "AROA"):
		g.SubjectUID, g.SubjectKind = t.name, access.SubjectRole
	case strings.HasPrefix(t.name, "AIDA"):
		g.SubjectUID = t.name
	}
	return true
}

func (b *builder) partition() string {
	if len(b.principals) > 0 {
		if a, ok := access.ParseARN(b.principals[0].arn); ok {
			return a.Partition
		}
	}
	return "aws"
}

func assumptions(g *access.Grant, t trusted) []string {
	switch {
	case g.SubjectKind == access.SubjectFederated && strings.Contains(t.name, ":saml-provider/"):
		return []string{assumeSAML}
	case g.SubjectKind == access.SubjectFederated:
		return []string{assumeOIDC}
	case g.SubjectKind == access.SubjectAnyone:
		return []string{assumeRole, assumeSAML, assumeOIDC}
	}
	return []string{assumeRole}
}

// covers reports whether the statement is about an action.
func (s *statement) covers(action string) bool {
	if len(s.actions) == 0 {
		return !matchAny(s.notActions, action)
	}
	return matchAny(s.actions, action)
}

// distrusts reports whether an unconditional deny of the trust policy takes the edge away again.
func (p *principal) distrusts(t trusted, permission string) bool {
	for i := range p.trust {
		s := &p.trust[i]
		if s.allow || s.conditions != "" || !s.covers(permission) {
			continue
		}
		for _, d := range s.trusted {
			if d.kind == t.kind && (d.name == t.name || d.name == "*") {
				return true
			}
		}
	}
	return false
}

func matchAny(patterns []string, action string) bool {
	for _, p := range patterns {
		if catalogue.MatchFold(p, action) {
			return true
		}
	}
	return false
}
