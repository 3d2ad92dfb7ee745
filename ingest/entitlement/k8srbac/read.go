// Package k8srbac reads what "kubectl get roles,rolebindings,clusterroles,clusterrolebindings -A -o json" prints.
//
// One grant is subject × binding × role. A cluster role made of others (aggregationRule) carries their rules, because the API
// server fills them in. A binding to a role that is not in the file is a grant without rules, and says so.
package k8srbac

import (
	"errors"
	"io"
	"sort"

	"github.com/valyala/fastjson"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/access/catalogue"
	"github.com/grantwatch/grantwatch/ingest/entitlement/reader"
)

// Read reads one or more lists, or single objects, one after another.
func Read(r io.Reader, opt reader.Options) ([]access.Snapshot, error) {
	data, err := reader.ReadAll(r, opt.Source)
	if err != nil {
		return nil, err
	}
	c := cluster{roles: map[string]role{}, bindings: map[string]binding{}, accounts: map[string]access.Account{}}
	var sc fastjson.Scanner
	sc.InitBytes(data)
	n := 0
	for ; sc.Next(); n++ {
		if err := c.add(sc.Value()); err != nil {
			return nil, reader.Resolve(opt.Source, data, n, err)
		}
	}
	if err := sc.Error(); err != nil {
		return nil, reader.JSONError(opt.Source, data, errors.New("the JSON cannot be read"))
	}
	if n == 0 {
		return nil, &reader.SyntaxError{File: opt.Source, Line: 1, Column: 1, Msg: "the file holds no list", Err: reader.ErrTruncated}
	}
	if c.more {
		return nil, &reader.SyntaxError{File: opt.Source, Msg: "the list has a continue token: its rest is missing", Err: reader.ErrTruncated}
	}
	if c.foreign != "" && len(c.roles)+len(c.bindings)+len(c.accounts) == 0 {
		return nil, &reader.SyntaxError{File: opt.Source, Msg: "no role, binding or service account in it, only objects such as " + c.foreign,
			Err: access.Reject(access.ReasonUnsupported, c.foreign)}
	}
	return []access.Snapshot{c.snapshot(opt)}, nil
}

// snapshot makes the grants, in an order that does not depend on that of the lists.
func (c *cluster) snapshot(opt reader.Options) access.Snapshot {
	snap := opt.Snapshot("k8s", opt.DefaultAccount())
	for _, b := range c.bindings {
		for _, s := range b.subjects {
			snap.Grants = append(snap.Grants, c.grant(opt, snap.Account, b, s))
		}
	}
	sort.Slice(snap.Grants, func(i, j int) bool {
		a, b := &snap.Grants[i], &snap.Grants[j]
		if a.Subject != b.Subject {
			return a.Subject < b.Subject
		}
		return a.ID < b.ID
	})
	// A binding may name a subject twice.
	out := snap.Grants[:0]
	for _, g := range snap.Grants {
		if len(out) == 0 || out[len(out)-1].ID != g.ID {
			out = append(out, g)
		}
	}
	snap.Grants = out
	for _, a := range c.accounts {
		a.Account, a.Team = snap.Account, opt.Team
		snap.Accounts = append(snap.Accounts, a)
	}
	sort.Slice(snap.Accounts, func(i, j int) bool { return snap.Accounts[i].Name < snap.Accounts[j].Name })
	return snap
}

func (c *cluster) grant(opt reader.Options, account string, b binding, s subject) access.Grant {
	g := access.Grant{
		Team: opt.Team, Entitlement: opt.Entitlement, Provider: "k8s", Account: account, Kind: access.GrantPermission,
		Subject: s.name, SubjectKind: s.kind, Permission: b.roleKind + "/" + b.roleName, Resource: b.namespace,
		Via: b.via(), GrantedAt: b.created, Inventory: b.inventory(),
	}
	if a, ok := c.accounts[s.name]; ok {
		g.SubjectUID = a.UID
		// A ServiceAccount that was made anew under an old name has held its bindings no longer than it exists.
		if !g.GrantedAt.IsZero() && a.Created.After(g.GrantedAt) {
			g.GrantedAt = a.Created
		}
	}
	if g.Resource == "" {
		g.Resource = "*"
	}
	g.Path = g.Via + " → " + g.Permission
	if r, ok := c.roles[b.roleKey()]; ok {
		g.Rules = r.rules
		g.Privileged = catalogue.PrivilegedK8s(r.rules)
	} else {
		g.Path += " (not in the snapshot)"
	}
	g.ID = reader.GrantID(&g)
	return g
}
