package alert

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/grantwatch/grantwatch/access"
)

// Person is one identity as alerts know it.
type Person struct {
	UID, Name, Mail, Team, Manager string
	Kind                           access.Kind
	Owners                         []string // uids of those who answer for it
	Active                         bool     // employed, or in service, at the moment asked about
}

// People finds identities by what a messenger or a finding knows of them. Nil knows nobody.
type People struct {
	byUID         map[string]*Person
	byMail, alias map[string][]*Person
}

// NewPeople reads the records of identities as they stand at a moment. Several records of one uid are its intervals.
func NewPeople(ids []access.Identity, at time.Time) *People {
	p := &People{byUID: map[string]*Person{}, byMail: map[string][]*Person{}, alias: map[string][]*Person{}}
	newest := map[string]time.Time{}
	for i := range ids {
		id := &ids[i]
		x := p.byUID[id.UID]
		if x == nil {
			x = &Person{UID: id.UID, Kind: id.Kind}
			p.byUID[id.UID] = x
		}
		if in := inForce(id, at); in || !x.Active && !id.Start.Before(newest[id.UID]) {
			x.Name, x.Mail, x.Team, x.Manager, x.Owners = cmp.Or(id.Name, x.Name), cmp.Or(id.Email, x.Mail), id.Team, id.Manager, owners(id.Owner)
			x.Active, newest[id.UID] = in, id.Start
		}
		if id.Email != "" {
			p.byMail[lower(id.Email)] = add(p.byMail[lower(id.Email)], x)
		}
		for _, a := range id.Aliases {
			k := lower(a.Provider + ":" + a.Name)
			p.alias[k] = add(p.alias[k], x)
			if a.Provider == "" && strings.Contains(a.Name, "@") {
				p.byMail[lower(a.Name)] = add(p.byMail[lower(a.Name)], x)
			}
		}
	}
	return p
}

func add(list []*Person, x *Person) []*Person {
	if slices.Contains(list, x) {
		return list
	}
	return append(list, x)
}

func lower(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

func owners(list string) []string {
	var out []string
	for s := range strings.SplitSeq(list, ";") {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}

func inForce(id *access.Identity, at time.Time) bool {
	switch id.Status {
	case "terminated", "deleted", "disabled", "suspended", "inactive":
		return false
	}
	return !at.Before(id.Start) && (id.End.IsZero() || at.Before(id.End))
}

// UID finds by uid.
func (p *People) UID(uid string) (Person, bool) {
	if p == nil || p.byUID[uid] == nil {
		return Person{}, false
	}
	return *p.byUID[uid], true
}

// Mail finds by address. An address that two active identities have belongs to neither.
func (p *People) Mail(address string) (Person, bool) {
	if p == nil || address == "" {
		return Person{}, false
	}
	return one(p.byMail[lower(address)])
}

// Alias finds by the name that an identity has elsewhere.
func (p *People) Alias(provider, name string) (Person, bool) {
	if p == nil || name == "" {
		return Person{}, false
	}
	return one(p.alias[lower(provider+":"+name)])
}

// Find takes a uid or an address.
func (p *People) Find(who string) (Person, bool) {
	if x, ok := p.UID(who); ok {
		return x, true
	}
	return p.Mail(who)
}

// one is the only active one, or the only one.
func one(list []*Person) (Person, bool) {
	var found *Person
	for _, x := range list {
		if x.Active {
			if found != nil {
				return Person{}, false
			}
			found = x
		}
	}
	if found == nil && len(list) == 1 {
		found = list[0]
	}
	if found == nil {
		return Person{}, false
	}
	return *found, true
}

// mailOf is the address of a finding's owner or manager; empty when nobody active is known. Who answers for a person's own
// access is the person's manager.
func (p *People) mailOf(f *access.Finding, who string) string {
	if p == nil || f.Identity == nil {
		return ""
	}
	var uids []string
	for _, uid := range owners(f.Identity.Owner) {
		if who == personManager {
			x, _ := p.UID(uid)
			uid = x.Manager
		}
		uids = append(uids, uid)
	}
	if len(uids) == 0 {
		x, _ := p.UID(cmp.Or(f.Identity.Person, f.Identity.Record))
		uids = append(uids, x.Manager)
	}
	for _, uid := range uids {
		if x, ok := p.Find(uid); ok && x.Active && x.Mail != "" {
			return lower(x.Mail)
		}
	}
	return ""
}

const (
	personOwner   = "owner"
	personManager = "manager"
)
