package detect

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/grantwatch/grantwatch/access"
)

// Profile answers the questions about one identity: who issued it, what it can reach, when it expires, what it did. What
// is not known is said to be unknown.
type Profile struct {
	Name    string           `json:"name"`
	UIDs    []string         `json:"uids"`
	Kind    access.Kind      `json:"kind"`
	Record  *access.Identity `json:"record,omitempty"`
	Names   []ProfileName    `json:"names"`
	Issuer  Answer           `json:"issuer"` // of its first credential, as are reach and expiry
	Reach   Answer           `json:"reach"`
	Expiry  Answer           `json:"expiry"`
	Rotated Answer           `json:"rotated"`
	Owner   Answer           `json:"owner"`
	// Credentials are the answers that the figure "visibility" counts, one for each credential that is known.
	Credentials []CredentialAnswer `json:"credentials"`
	Grants      []ProfileGrant     `json:"grants"`
	Uses        []access.Usage     `json:"uses"`
	Findings    []access.Finding   `json:"findings"`
	LastUsed    time.Time          `json:"last_used,omitzero"`
}

// ProfileName is one account that the identity has at a provider.
type ProfileName struct {
	Provider string    `json:"provider"`
	Account  string    `json:"account,omitempty"`
	Name     string    `json:"name"`
	UID      string    `json:"uid,omitempty"`
	Created  time.Time `json:"created,omitzero"`
}

// Answer is one answer with how it is known; State is known, stale or unknown.
type Answer struct {
	State    string `json:"state"`
	Value    string `json:"value,omitempty"`
	Evidence string `json:"evidence,omitempty"`
}

// ProfileGrant is one grant with its verdict.
type ProfileGrant struct {
	access.FindingGrant
	Subject  string         `json:"subject"`
	Verdict  access.Verdict `json:"verdict"`
	LastUsed time.Time      `json:"last_used,omitzero"`
}

// Who answers for the identity that goes by a name; nil when nothing is known of it. res is what Evaluate made of in.
func Who(in *Input, res *Result, name string) *Profile {
	dir := newDirectory(in.Identities, in.Accounts)
	p := &Profile{Name: name}
	rec := findRecord(dir, name)
	match := func(provider, subject, uid string) bool {
		if fold(provider, subject) == fold(provider, name) || uid != "" && uid == name || shortName(subject) == name {
			return true
		}
		return rec != nil && dir.lookup(provider, subject, uid) == rec
	}
	seen := map[string]bool{}
	addName := func(n ProfileName) {
		if k := subjectKey(n.Provider, n.Name); !seen[k] {
			seen[k] = true
			p.Names = append(p.Names, n)
			if n.UID != "" {
				p.UIDs = append(p.UIDs, n.UID)
			}
		}
	}
	for i := range in.Accounts {
		if a := &in.Accounts[i]; match(a.Provider, a.Name, a.UID) {
			addName(ProfileName{a.Provider, a.Account, a.Name, a.UID, a.Created})
		}
	}
	verdicts := map[string]*access.Finding{}
	for i := range res.Findings {
		f := &res.Findings[i]
		if f.Kind == "UNUSED_GRANT" && f.Grant != nil {
			verdicts[f.Grant.ID] = f
		}
		if f.Identity != nil && Open(f.Verdict) && match("", f.Identity.Name, f.Identity.UID) || rec != nil && f.Identity != nil && Open(f.Verdict) && f.Identity.Record == rec.uid {
			p.Findings = append(p.Findings, *f)
		}
	}
	groups := map[string]bool{}
	for i := range in.Grants {
		g := &in.Grants[i]
		if g.Kind == access.GrantMembership && g.ClosedAt.IsZero() && match(g.Provider, g.Subject, g.SubjectUID) {
			groups[subjectKey(g.Provider, g.Resource)] = true
		}
	}
	for i := range in.Grants {
		g := &in.Grants[i]
		if !g.ClosedAt.IsZero() || !match(g.Provider, g.Subject, g.SubjectUID) && !groups[subjectKey(g.Provider, g.Subject)] {
			continue
		}
		pg := ProfileGrant{FindingGrant: *findingGrant(g, granted{at: g.GrantedAt, by: g.GrantedBy}), Subject: g.Subject}
		if f := verdicts[g.ID]; f != nil {
			pg.Verdict, pg.LastUsed = f.Verdict, f.LastUsed
			pg.FindingGrant = *f.Grant
		}
		p.Grants = append(p.Grants, pg)
		if g.SubjectKind != access.SubjectGroup {
			addName(ProfileName{Provider: g.Provider, Account: g.Account, Name: g.Subject, UID: g.SubjectUID})
		}
	}
	for i := range in.Usage {
		if u := &in.Usage[i]; match(u.Provider, u.Actor, u.ActorUID) {
			p.Uses = append(p.Uses, *u)
			p.LastUsed = later(p.LastUsed, u.Last)
			addName(ProfileName{Provider: u.Provider, Account: u.Account, Name: u.Actor, UID: u.ActorUID})
		}
	}
	if rec == nil && len(p.Names) == 0 {
		return nil
	}
	slices.SortStableFunc(p.Uses, func(a, b access.Usage) int {
		return cmp.Or(-a.Last.Compare(b.Last), cmp.Compare(a.Permission, b.Permission), cmp.Compare(a.Scope, b.Scope), cmp.Compare(a.Actor, b.Actor))
	})
	p.answers(in, res, dir, rec)
	return p
}

func findRecord(dir *directory, name string) *record {
	if r := dir.records[name]; r != nil {
		return r
	}
	for _, provider := range []string{"", "aws", "k8s", "okta", "github"} {
		if r := dir.lookup(provider, name); r != nil {
			return r
		}
	}
	var found *record
	for _, uid := range dir.order {
		for _, iv := range dir.records[uid].intervals {
			if strings.EqualFold(iv.Name, name) {
				if found != nil && found != dir.records[uid] {
					return nil // two people of that name: ask by uid
				}
				found = dir.records[uid]
			}
		}
	}
	return found
}

func (p *Profile) answers(in *Input, res *Result, dir *directory, rec *record) {
	a := newAnswerer(in, dir, res.Findings)
	s := &subject{rec: rec, name: p.Name, names: p.Names}
	p.Rotated, p.Owner = Answer{State: Missing}, Answer{State: Missing}
	if len(p.Names) > 0 {
		s.uid = cmp.Or(p.Names[0].UID, p.Names[0].Name)
		p.Kind = dir.kindOf(p.Names[0].Provider, p.Names[0].Name, subjectKindOf(in, p.Names[0].Name), rec)
	}
	if rec != nil {
		cur := rec.newest(in.Now)
		p.Record, p.Kind = cur, rec.kind
		s.uid, s.name, s.team = rec.uid, cmp.Or(cur.Name, rec.uid), cur.Team
		state, from := a.fromRecord(s)
		if !cur.Rotated.IsZero() {
			p.Rotated = Answer{state, stamp(cur.Rotated), from}
		}
		if cur.Owner != "" {
			p.Owner = Answer{state, cur.Owner, from}
		}
	}
	s.kind = p.Kind
	p.Credentials = a.of(s)
	first := &p.Credentials[0]
	p.Issuer, p.Reach, p.Expiry = first.Issuer, first.Reach, first.Expiry
}

func subjectKindOf(in *Input, name string) access.SubjectKind {
	for i := range in.Grants {
		if in.Grants[i].Subject == name {
			return in.Grants[i].SubjectKind
		}
	}
	return access.SubjectUser
}
