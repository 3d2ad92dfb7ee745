package detect

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/grantwatch/grantwatch/access"
)

// The states of an answer.
const (
	Known   = "known"
	Stale   = "stale"   // it was known, by evidence that is older than it may be
	Missing = "unknown" // nothing says so
)

// CredentialAnswer says of one credential of a non-human identity who issued it, what it can reach and when it expires.
// An identity of which no credential is known stands for itself: Credential is empty then.
type CredentialAnswer struct {
	Team         string      `json:"team"`
	IdentityUID  string      `json:"identity_uid"`
	IdentityName string      `json:"identity_name"`
	IdentityKind access.Kind `json:"identity_kind"`
	Owner        string      `json:"owner,omitempty"`
	Credential   string      `json:"credential,omitempty"` // id, never a secret
	Kind         string      `json:"kind"`                 // access key, API token, role session, identity …
	Provider     string      `json:"provider,omitempty"`
	Issuer       Answer      `json:"issuer"`
	Reach        Answer      `json:"reach"`
	Grants       int         `json:"grants"` // that it can reach
	Weight       float64     `json:"weight"` // sum of their privilege weights
	Expiry       Answer      `json:"expiry"`
	Expires      time.Time   `json:"expires,omitzero"`
}

// Answered reports whether all three questions have an answer that holds today.
func (c *CredentialAnswer) Answered() bool {
	return c.Issuer.State == Known && c.Reach.State == Known && c.Expiry.State == Known
}

// subject is one identity that questions are asked about, with every name that it has at a provider.
type subject struct {
	rec   *record
	uid   string
	name  string
	kind  access.Kind
	team  string
	names []ProfileName
}

// credentialKind says what sort of credential a change is about; empty when it is about none.
func credentialKind(ev *access.Event) string {
	c := ev.Change
	if c == nil || c.Grant == "" || c.Subject == "" {
		return ""
	}
	switch _, action, _ := strings.Cut(ev.Action, ":"); ev.Provider {
	case "aws":
		for suffix, kind := range map[string]string{
			"AccessKey": "access key", "LoginProfile": "console password", "ServiceSpecificCredential": "service-specific credential",
			"SSHPublicKey": "SSH key", "SigningCertificate": "signing certificate",
		} {
			if strings.HasSuffix(action, suffix) {
				return kind
			}
		}
	case "okta":
		switch {
		case strings.HasPrefix(ev.Action, "system.api_token."):
			return "API token"
		case strings.HasPrefix(ev.Action, "app.oauth2.client."):
			return "client secret"
		}
	case "k8s":
		switch {
		case strings.HasPrefix(c.Grant, "secret:"):
			return "token secret"
		case strings.HasPrefix(c.Grant, "certificate:"):
			return "client certificate"
		case c.Kind == access.ChangeIssue:
			return "bound token"
		}
	}
	return ""
}

// issued is one credential that the log saw come into being.
type issued struct {
	id, kind string
	by       *TeamEvent
	gone     bool
	rotated  *TeamEvent
}

// answerer answers for identities. It is made once per evaluation; Who makes its own over the same input, so both say the same.
type answerer struct {
	in       *Input
	dir      *directory
	weights  map[string]float64            // grant id → privilege weight as it was judged
	grants   map[string][]*access.Grant    // subject key → open grants of its own
	groups   map[string][]string           // subject key → keys of the groups that it is in
	creates  map[string]*TeamEvent         // subject key → its creation
	tokens   map[string][]*issued          // subject key → credentials in order of their creation
	sessions map[string]*access.SessionUse // role → the newest session of it
	used     map[string][]access.Usage     // subject key → where it acted, one of each provider and account
}

func newAnswerer(in *Input, dir *directory, findings []access.Finding) *answerer {
	a := &answerer{in: in, dir: dir, weights: map[string]float64{}, grants: map[string][]*access.Grant{}, groups: map[string][]string{},
		creates: map[string]*TeamEvent{}, tokens: map[string][]*issued{}, sessions: map[string]*access.SessionUse{}, used: map[string][]access.Usage{}}
	for i := range findings {
		if f := &findings[i]; f.Kind == "UNUSED_GRANT" && f.Grant != nil {
			a.weights[f.Grant.ID] = f.Weight
			if f.Verdict == access.VerdictClosed {
				a.weights[f.Grant.ID] = -1
			}
		}
	}
	for i := range in.Grants {
		g := &in.Grants[i]
		if !g.ClosedAt.IsZero() && !g.ClosedAt.After(in.Now) || a.weights[g.ID] < 0 {
			continue
		}
		k := subjectKey(g.Provider, g.Subject)
		a.grants[k] = append(a.grants[k], g)
		if g.Kind == access.GrantMembership {
			a.groups[k] = append(a.groups[k], subjectKey(g.Provider, g.Resource))
		}
	}
	a.readChanges()
	for i := range in.Sessions {
		s := &in.Sessions[i]
		if s.Role == "" || s.Issued.IsZero() || s.Issued.After(in.Now) {
			continue
		}
		if k := subjectKey(s.Provider, s.Role); a.sessions[k] == nil || s.Issued.After(a.sessions[k].Issued) || s.Issued.Equal(a.sessions[k].Issued) && s.Credential < a.sessions[k].Credential {
			a.sessions[k] = s
		}
	}
	for i := range in.Usage {
		u := &in.Usage[i]
		k := subjectKey(u.Provider, u.Actor)
		if !u.Last.IsZero() && !slices.ContainsFunc(a.used[k], func(x access.Usage) bool { return x.Account == u.Account }) {
			a.used[k] = append(a.used[k], *u)
		}
	}
	return a
}

func (a *answerer) readChanges() {
	byID := map[string]*issued{}
	for i := range a.in.Changes {
		te := &a.in.Changes[i]
		c := te.Event.Change
		if c == nil || te.Event.Outcome != access.Success || te.Event.Time.After(a.in.Now) || c.Subject == "" {
			continue
		}
		k := subjectKey(te.Event.Provider, c.Subject)
		kind := credentialKind(&te.Event)
		if kind == "" {
			if c.Kind == access.ChangeCreate && (c.Grant == "" || te.Event.Provider == "okta") {
				a.creates[k] = te
			}
			continue
		}
		id := k + "\x00" + c.Grant
		switch c.Kind {
		case access.ChangeCreate, access.ChangeIssue:
			t := &issued{id: c.Grant, kind: kind, by: te}
			if kind == "bound token" { // one for each pod and hour: the newest stands for all
				id = k + "\x00bound token"
				if old := byID[id]; old != nil {
					*old = *t
					continue
				}
			}
			byID[id] = t
			a.tokens[k] = append(a.tokens[k], t)
		case access.ChangeDelete, access.ChangeDisable:
			if t := byID[id]; t != nil {
				t.gone = true
			}
		case access.ChangeEnable:
			if t := byID[id]; t != nil {
				t.gone = false
			}
		case access.ChangeRotate:
			if t := byID[id]; t != nil {
				t.rotated = te
			}
		}
	}
}

// all answers for every non-human identity in sight that has not ended: those on record, and those that hold a grant or an
// account without a record. What the provider keeps for itself is left out.
func (a *answerer) all() []CredentialAnswer {
	var out []CredentialAnswer
	for _, s := range a.subjects() {
		out = append(out, a.of(s)...)
	}
	slices.SortFunc(out, func(x, y CredentialAnswer) int {
		return cmp.Or(cmp.Compare(x.Team, y.Team), cmp.Compare(x.IdentityUID, y.IdentityUID), cmp.Compare(x.Credential, y.Credential))
	})
	return slices.CompactFunc(out, func(x, y CredentialAnswer) bool {
		return x.Team == y.Team && x.IdentityUID == y.IdentityUID && x.Credential == y.Credential
	})
}

func (a *answerer) subjects() []*subject {
	byKey := map[string]*subject{}
	var order []string
	at := func(provider, account, team, name, uid string, sk access.SubjectKind, created time.Time) {
		rec := a.dir.lookup(provider, name, uid)
		kind := a.dir.kindOf(provider, name, sk, rec)
		if !kind.NonHuman() || rec == nil && kind == access.System {
			return
		}
		key := subjectKey(provider, name)
		if rec != nil {
			key = "record\x00" + rec.uid
		}
		s := byKey[key]
		if s == nil {
			s = &subject{rec: rec, uid: cmp.Or(uid, name), name: name, kind: kind, team: team}
			if rec != nil {
				cur := rec.newest(a.in.Now)
				s.uid, s.name, s.team = rec.uid, cmp.Or(cur.Name, rec.uid), cmp.Or(cur.Team, team)
			}
			byKey[key] = s
			order = append(order, key)
		}
		for i := range s.names {
			if n := &s.names[i]; subjectKey(n.Provider, n.Name) == subjectKey(provider, name) {
				if n.UID == "" {
					n.UID = uid
				}
				n.Created = later(n.Created, created)
				return
			}
		}
		s.names = append(s.names, ProfileName{Provider: provider, Account: account, Name: name, UID: uid, Created: created})
		if rec == nil && uid != "" {
			s.uid = uid
		}
	}
	for _, uid := range a.dir.order {
		r := a.dir.records[uid]
		cur := r.newest(a.in.Now)
		if !r.kind.NonHuman() || !r.ended(a.in.Now).IsZero() || ended(cur.Status) || cur.Attrs["members"] != "" {
			continue
		}
		key := "record\x00" + uid
		byKey[key] = &subject{rec: r, uid: uid, name: cmp.Or(cur.Name, uid), kind: r.kind, team: cur.Team}
		order = append(order, key)
	}
	live := len(order)
	for i := range a.in.Accounts {
		if c := &a.in.Accounts[i]; c.Inventory == "" && c.Enabled {
			at(c.Provider, c.Account, c.Team, c.Name, c.UID, c.Kind, c.Created)
		}
	}
	for i := range a.in.Grants {
		g := &a.in.Grants[i]
		if g.Inventory == "" && (g.ClosedAt.IsZero() || g.ClosedAt.After(a.in.Now)) && a.weights[g.ID] >= 0 {
			at(g.Provider, g.Account, g.Team, g.Subject, g.SubjectUID, g.SubjectKind, time.Time{})
		}
	}
	a.namesFromUsage(at)
	out := make([]*subject, 0, len(order))
	for i, k := range order {
		s := byKey[k]
		if i >= live && s.rec != nil { // its record has ended, and yet it holds something: it is still there
			s.team = cmp.Or(s.team, s.rec.newest(a.in.Now).Team)
		}
		out = append(out, s)
	}
	return out
}

// namesFromUsage adds the names under which records are seen to act, so that an account which no snapshot describes counts
// as one that the identity has.
func (a *answerer) namesFromUsage(at func(provider, account, team, name, uid string, sk access.SubjectKind, created time.Time)) {
	seen := map[string]bool{}
	for i := range a.in.Usage {
		u := &a.in.Usage[i]
		k := u.Provider + "\x00" + u.Actor + "\x00" + u.Account
		if u.Last.IsZero() || seen[k] {
			continue
		}
		seen[k] = true
		if a.dir.lookup(u.Provider, u.Actor, u.ActorUID) != nil {
			at(u.Provider, u.Account, u.Team, u.Actor, u.ActorUID, access.SubjectUser, time.Time{})
		}
	}
}

func ended(status string) bool {
	return status == "disabled" || status == "deleted" || status == "terminated"
}

// of answers for one identity: a row for each credential that is known, or one for the identity itself.
func (a *answerer) of(s *subject) []CredentialAnswer {
	base := CredentialAnswer{Team: s.team, IdentityUID: s.uid, IdentityName: s.name, IdentityKind: s.kind, Kind: "identity"}
	if s.rec != nil {
		base.Owner = s.rec.newest(a.in.Now).Owner
	}
	if len(s.names) > 0 {
		base.Provider = s.names[0].Provider
	}
	a.reach(s, &base)
	var out []CredentialAnswer
	for _, n := range s.names {
		for _, t := range a.tokens[subjectKey(n.Provider, n.Name)] {
			if t.gone {
				continue
			}
			c := base
			c.Credential, c.Kind, c.Provider = t.id, t.kind, n.Provider
			if t.kind == "bound token" {
				c.Credential = "bound token"
			}
			a.tokenAnswers(s, t, &c)
			out = append(out, c)
		}
		if session, ok := a.roleSession(s, n); ok {
			c := base
			c.Credential, c.Kind, c.Provider = "sessions of "+n.Name, "role session", n.Provider
			c.Issuer, c.Expiry = session.issuer, session.expiry
			out = append(out, c)
		}
	}
	if len(out) == 0 {
		base.Issuer, base.Expiry, base.Expires = a.recordIssuer(s), Answer{State: Missing, Evidence: "no record states an expiry, and no event shows one"}, time.Time{}
		if base.Issuer.State == Missing {
			base.Issuer = a.creator(s)
		}
		if e, at := a.recordExpiry(s); e.State != Missing {
			base.Expiry, base.Expires = e, at
		}
		out = append(out, base)
	}
	return out
}
