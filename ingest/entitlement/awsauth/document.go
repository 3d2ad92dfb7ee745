package awsauth

import (
	"sort"
	"time"

	"github.com/valyala/fastjson"

	"github.com/grantwatch/grantwatch/ingest/entitlement/reader"
)

// principal is a user, role or group as the document states it.
type principal struct {
	kind, arn, name, uid string
	account              string
	created, lastUsed    time.Time
	maxSession           time.Duration
	path                 string
	inline               []inlinePolicy
	attached             []attachment
	groups               []string // names, users only
	boundary             string   // ARN
	trust                []statement
	tags                 map[string]string
}

type inlinePolicy struct {
	name       string
	statements []statement
}

type attachment struct{ name, arn string }

// managedPolicy is a policy with the statements of its default version. found is false when no version came along.
type managedPolicy struct {
	arn, name  string
	statements []statement
	created    time.Time
	found      bool
}

// document is everything that the pages of one export state.
type document struct {
	principals map[string]*principal // by ARN: a principal on two pages is one
	policies   map[string]*managedPolicy
	final      bool // a page says that it is the last
	pages      int
	policyText fastjson.ParserPool
	strings    map[string]string
}

var lists = [...]struct {
	key, kind, name, id, inline, boundary string
}{
	{"UserDetailList", "user", "UserName", "UserId", "UserPolicyList", "PermissionsBoundary"},
	{"GroupDetailList", "group", "GroupName", "GroupId", "GroupPolicyList", ""},
	{"RoleDetailList", "role", "RoleName", "RoleId", "RolePolicyList", "PermissionsBoundary"},
}

// addPage reads one page. Some tools wrap pages in an array: then v is that array.
func (d *document) addPage(v *fastjson.Value) error {
	switch v.Type() {
	case fastjson.TypeArray:
		for i, page := range v.GetArray() {
			if err := d.addPage(page); err != nil {
				return reader.Under(err, itoa(i))
			}
		}
		return nil
	case fastjson.TypeObject:
	default:
		return reader.Wrong("a page must be an object, this is %s", v.Type())
	}
	d.pages++
	known := false
	for _, l := range lists {
		items, err := list(v, l.key)
		if err != nil {
			return err
		}
		known = known || v.Exists(l.key)
		for i, item := range items {
			p, err := d.principal(item, l.kind, l.name, l.id, l.inline, l.boundary)
			if err != nil {
				return reader.Under(reader.Under(err, itoa(i)), l.key)
			}
			d.principals[p.arn] = p
		}
	}
	items, err := list(v, "Policies")
	if err != nil {
		return err
	}
	for i, item := range items {
		p, err := d.policy(item)
		if err != nil {
			return reader.Under(reader.Under(err, itoa(i)), "Policies")
		}
		d.policies[p.arn] = p
	}
	if !known && !v.Exists("Policies") {
		return reader.Wrong("this is no get-account-authorization-details document: it has none of UserDetailList, GroupDetailList, RoleDetailList, Policies")
	}
	switch t := v.Get("IsTruncated"); {
	case t == nil, t.Type() == fastjson.TypeFalse:
		d.final = true
	case t.Type() == fastjson.TypeTrue:
	default:
		return reader.Under(reader.Wrong("must be true or false"), "IsTruncated")
	}
	return nil
}

func (d *document) principal(v *fastjson.Value, kind, nameKey, idKey, inlineKey, boundaryKey string) (*principal, error) {
	if v.Type() != fastjson.TypeObject {
		return nil, reader.Wrong("must be an object, this is %s", v.Type())
	}
	p := &principal{kind: kind}
	var err error
	for _, f := range []struct {
		key  string
		into *string
		must bool
	}{{"Arn", &p.arn, true}, {nameKey, &p.name, true}, {idKey, &p.uid, false}, {"Path", &p.path, false}} {
		if *f.into, err = text(v, f.key, f.must); err != nil {
			return nil, err
		}
	}
	if p.account, err = accountOf(p.arn, kind); err != nil {
		return nil, reader.Under(err, "Arn")
	}
	if p.created, err = when(v, "CreateDate"); err != nil {
		return nil, err
	}
	if p.inline, err = d.inline(v, inlineKey); err != nil {
		return nil, err
	}
	attached, err := list(v, "AttachedManagedPolicies")
	if err != nil {
		return nil, err
	}
	for i, a := range attached {
		arn, err := text(a, "PolicyArn", true)
		if err != nil {
			return nil, reader.Under(reader.Under(err, itoa(i)), "AttachedManagedPolicies")
		}
		name, _ := text(a, "PolicyName", false)
		p.attached = append(p.attached, attachment{d.intern(name), d.intern(arn)})
	}
	// The order of lists means nothing, so it must show in nothing that is made of them.
	sort.SliceStable(p.inline, func(i, j int) bool { return p.inline[i].name < p.inline[j].name })
	sort.SliceStable(p.attached, func(i, j int) bool { return p.attached[i].arn < p.attached[j].arn })
	if boundaryKey != "" {
		p.boundary = d.intern(string(v.GetStringBytes(boundaryKey, "PermissionsBoundaryArn")))
	}
	tags, err := list(v, "Tags")
	if err != nil {
		return nil, err
	}
	for _, t := range tags {
		if p.tags == nil {
			p.tags = make(map[string]string, len(tags))
		}
		p.tags["tag:"+string(t.GetStringBytes("Key"))] = string(t.GetStringBytes("Value"))
	}
	if kind == "user" {
		err = d.user(p, v)
	} else if kind == "role" {
		err = d.role(p, v)
	}
	return p, err
}

func (d *document) user(p *principal, v *fastjson.Value) error {
	groups, err := list(v, "GroupList")
	if err != nil {
		return err
	}
	for i, g := range groups {
		name, err := g.StringBytes()
		if err != nil {
			return reader.Under(reader.Under(reader.Wrong("must be a group's name"), itoa(i)), "GroupList")
		}
		p.groups = append(p.groups, d.intern(string(name)))
	}
	return nil
}

// defaultSession is what IAM gives a role that does not say otherwise; the export does not carry it.
const defaultSession = time.Hour

func (d *document) role(p *principal, v *fastjson.Value) error {
	p.maxSession = defaultSession
	if s := v.GetInt("MaxSessionDuration"); s > 0 {
		p.maxSession = time.Duration(s) * time.Second
	}
	if used := v.Get("RoleLastUsed"); used != nil && used.Type() == fastjson.TypeObject {
		var err error
		if p.lastUsed, err = when(used, "LastUsedDate"); err != nil {
			return reader.Under(err, "RoleLastUsed")
		}
	}
	doc := v.Get("AssumeRolePolicyDocument")
	if doc == nil {
		return nil
	}
	var err error
	p.trust, err = d.statements(doc, true)
	return reader.Under(err, "AssumeRolePolicyDocument")
}
