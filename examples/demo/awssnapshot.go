package demo

import (
	"strings"
)

// snapshot writes the account as `aws iam get-account-authorization-details` prints it; second is the newer one.
func (a *account) snapshot(second bool) []byte {
	there := func(p *principal) bool {
		if second {
			return !p.left
		}
		return !p.joined
	}
	b := []byte(`{"UserDetailList":[`)
	n := 0
	each := func(list []*principal, one func(*principal)) {
		n = 0
		for _, p := range list {
			if !there(p) {
				continue
			}
			if n > 0 {
				b = append(b, ',')
			}
			b = append(b, '\n')
			one(p)
			n++
		}
	}
	each(a.users, func(p *principal) {
		b = p.head(b, "User")
		b = p.policies(b, "User", second)
		b = append(b, `,"GroupList":[`...)
		for i, g := range p.groups {
			b = comma(b, i)
			b = append(b, `"`+g.name+`"`...)
		}
		b = append(b, ']')
		if p.boundary != nil {
			b = append(b, `,"PermissionsBoundary":{"PermissionsBoundaryType":"Policy","PermissionsBoundaryArn":"`+p.boundary.arn+`"}`...)
		}
		b = append(b, `,"Tags":[{"Key":"team","Value":"`+a.team.name+`"}]}`...)
	})
	b = append(b, "\n],\"GroupDetailList\":["...)
	each(a.groups, func(p *principal) {
		b = p.head(b, "Group")
		b = p.policies(b, "Group", second)
		b = append(b, '}')
	})
	b = append(b, "\n],\"RoleDetailList\":["...)
	each(a.roles, func(p *principal) {
		b = p.head(b, "Role")
		b = append(b, `,"AssumeRolePolicyDocument":`...)
		b = p.appendTrust(b, second)
		b = append(b, `,"InstanceProfileList":[]`...)
		b = p.policies(b, "Role", second)
		b = append(b, `,"Tags":[{"Key":"team","Value":"`+a.team.name+`"}],"RoleLastUsed":{`...)
		if p.active && second {
			b = append(b, `"LastUsedDate":"`...)
			b = appendSeconds(b, a.lastUsed(p))
			b = append(b, `","Region":"`+a.region+`"`...)
		}
		b = append(b, "}}"...)
	})
	b = append(b, "\n],\"Policies\":["...)
	for i, m := range a.managed {
		b = comma(b, i)
		b = append(b, '\n')
		path := "/"
		if m.aws {
			path = "/aws-service-role/"
		}
		b = append(b, `{"PolicyName":"`+m.name+`","PolicyId":"`+m.id+`","Arn":"`+m.arn+`","Path":"`+path+`","DefaultVersionId":"v1","AttachmentCount":`...)
		b = appendInt(b, int64(m.attached))
		b = append(b, `,"PermissionsBoundaryUsageCount":`...)
		b = appendInt(b, int64(m.boundary))
		b = append(b, `,"IsAttachable":true,"CreateDate":"`...)
		b = appendSeconds(b, m.created.Unix())
		b = append(b, `","UpdateDate":"`...)
		b = appendSeconds(b, m.created.Unix())
		b = append(b, `","PolicyVersionList":[{"Document":`...)
		b = appendDocument(b, m.allows)
		b = append(b, `,"VersionId":"v1","IsDefaultVersion":true,"CreateDate":"`...)
		b = appendSeconds(b, m.created.Unix())
		b = append(b, `"}]}`...)
	}
	return append(b, "\n]}\n"...)
}

// lastUsed is the last planned use of a role, which the provider tells to the hour; ordinary traffic may be newer.
func (a *account) lastUsed(p *principal) int64 {
	return a.usedLast()[p]
}

func (a *account) usedLast() map[*principal]int64 {
	a.once.Do(func() {
		a.last = map[*principal]int64{}
		if a.feed == nil {
			return
		}
		for _, e := range a.feed.plan {
			c := &a.trail.calls[e.call]
			if at := e.at / hourMillis * 3600; c.err == "" && at > a.last[c.who] {
				a.last[c.who] = at
			}
		}
		canary := a.trail.calls[a.feed.canary].who
		a.last[canary] = a.org.snapshotTimes()[1].Unix() / 3600 * 3600
	})
	return a.last
}

func comma(b []byte, i int) []byte {
	if i > 0 {
		return append(b, ',')
	}
	return b
}

func (p *principal) head(b []byte, what string) []byte {
	b = append(b, `{"Path":"`+p.path+`","`+what+`Name":"`+p.name+`","`+what+`Id":"`+p.uid+`","Arn":"`+p.arn+`","CreateDate":"`...)
	b = appendSeconds(b, p.created.Unix())
	return append(b, '"')
}

func (p *principal) policies(b []byte, what string, second bool) []byte {
	b = append(b, `,"`+what+`PolicyList":[`...)
	n := 0
	for _, pol := range p.inline {
		if pol.since2 && !second {
			continue
		}
		b = comma(b, n)
		b = append(b, `{"PolicyName":"`+pol.name+`","PolicyDocument":`...)
		b = append(appendDocument(b, pol.allows), '}')
		n++
	}
	b = append(b, `],"AttachedManagedPolicies":[`...)
	n = 0
	for _, m := range p.attached {
		if m.since2 && !second {
			continue
		}
		b = comma(b, n)
		b = append(b, `{"PolicyName":"`+m.name+`","PolicyArn":"`+m.arn+`"}`...)
		n++
	}
	return append(b, ']')
}

// appendDocument writes a policy: one statement for each resource, with all actions that are allowed on it.
func appendDocument(b []byte, allows []allow) []byte {
	b = append(b, `{"Version":"2012-10-17","Statement":[`...)
	for i, al := range allows {
		first := i
		for j := range i {
			if allows[j].resource == al.resource {
				first = j
				break
			}
		}
		if first < i {
			continue // in the statement of an earlier action
		}
		b = comma(b, i)
		b = append(b, `{"Effect":"Allow","Action":[`...)
		for j, n := i, 0; j < len(allows); j++ {
			if allows[j].resource == al.resource {
				b = comma(b, n)
				b = append(b, `"`+allows[j].action+`"`...)
				n++
			}
		}
		b = append(b, `],"Resource":"`+al.resource+`"}`...)
	}
	return append(b, "]}"...)
}

func (p *principal) appendTrust(b []byte, second bool) []byte {
	var who []string
	for _, t := range p.trusts {
		if second && t.left {
			continue
		}
		who = append(who, `"`+t.arn+`"`)
	}
	b = append(b, `{"Version":"2012-10-17","Statement":[`...)
	n := 0
	for _, s := range p.services {
		b = comma(b, n)
		b = append(b, `{"Effect":"Allow","Principal":{"Service":"`+s+`"},"Action":"sts:AssumeRole"}`...)
		n++
	}
	if len(who) > 0 {
		b = comma(b, n)
		b = append(b, `{"Effect":"Allow","Principal":{"AWS":[`+strings.Join(who, ",")+`]},"Action":"sts:AssumeRole"`...)
		if p.mfa {
			b = append(b, `,"Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}`...)
		}
		b = append(b, '}')
	}
	return append(b, "]}"...)
}
