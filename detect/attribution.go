package detect

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/access/catalogue"
)

// holding is one grant with the uses that were credited to it.
type holding struct {
	*access.Grant
	actions   *actionSet
	used      map[string]time.Time // permission → last credited success
	first     time.Time
	last      time.Time
	lastRef   string // "feed event-id" of the last credited success
	lastBy    string // who made it, when that is not the subject itself
	denied    time.Time
	exact     bool   // credited by the provider's own word
	uses      []*use // for redundancy
	redundant bool
}

// use is one usage row with every grant that could have authorised it.
type use struct {
	*access.Usage
	by []*holding
}

// holdings are all grants by holder, ready for crediting.
type holdings struct {
	all       []*holding
	bySubject map[string][]*holding
	groupsOf  map[string][]*holding // member → its membership grants, now or in the window
	inside    map[string][]*holding // group → what it holds
	assume    []*holding            // every edge into a role
	roleUsed  map[string]time.Time  // role → newest sign that anybody became it
	dir       *directory
}

func subjectKey(provider, name string) string { return provider + "\x00" + fold(provider, name) }

func newHoldings(grants []access.Grant, dir *directory) *holdings {
	h := &holdings{bySubject: map[string][]*holding{}, groupsOf: map[string][]*holding{}, inside: map[string][]*holding{}, roleUsed: map[string]time.Time{}, dir: dir}
	sets := newActionSets()
	h.all = make([]*holding, 0, len(grants))
	for i := range grants {
		g := &grants[i]
		hd := &holding{Grant: g, actions: sets.of(g)}
		h.all = append(h.all, hd)
		key := subjectKey(g.Provider, g.Subject)
		if g.Kind == access.GrantMembership {
			h.groupsOf[key] = append(h.groupsOf[key], hd)
			continue
		}
		h.bySubject[key] = append(h.bySubject[key], hd)
		if g.Kind == access.GrantAssume {
			h.assume = append(h.assume, hd)
		}
		if g.SubjectKind == access.SubjectGroup {
			h.inside[key] = append(h.inside[key], hd)
		}
	}
	slices.SortStableFunc(h.all, func(a, b *holding) int { return cmp.Compare(a.Grant.ID, b.Grant.ID) })
	return h
}

// credit books every usage row on every grant that could have authorised it: ambiguity never yields "unused".
func (h *holdings) credit(rows []access.Usage, sessions []access.SessionUse) {
	for _, a := range h.dir.accounts { // the provider's own word (RoleLastUsed): a use, never proof of absence
		if !a.LastUsed.IsZero() {
			role := subjectKey(a.Provider, a.Name)
			h.roleUsed[role] = later(h.roleUsed[role], a.LastUsed)
		}
	}
	tails := sessionTails(sessions)
	for i := range rows {
		u := &rows[i]
		if u.Permission == "" && u.Via == "" { // the identity is alive, and a role must have been assumed for it
			key := subjectKey(u.Provider, u.Actor)
			h.roleUsed[key] = later(h.roleUsed[key], u.Last)
			continue
		}
		if strings.HasPrefix(u.Permission, "sts:AssumeRole") && u.Scope != "" && !u.Last.IsZero() {
			role := subjectKey(u.Provider, u.Scope)
			h.roleUsed[role] = later(h.roleUsed[role], u.Last)
			if t, ok := tails[tailKey{subjectKey(u.Provider, u.Actor), role}]; ok && t.After(u.Last) {
				u.Last = t // the issued session was used later than it was asked for: so was the edge
			}
		}
		h.creditOne(u)
	}
	for i := range sessions {
		if s := &sessions[i]; s.Role != "" {
			role := subjectKey(s.Provider, s.Role)
			h.roleUsed[role] = later(h.roleUsed[role], later(s.Issued, s.Last))
		}
	}
}

type tailKey struct{ parent, role string }

// sessionTails is, per parent and role, when a session that the parent was given was last used: one call credits the
// permission at the end and every assume edge on the way, however deep (at most five steps, each step once).
func sessionTails(sessions []access.SessionUse) map[tailKey]time.Time {
	byCred := make(map[string]*access.SessionUse, len(sessions))
	for i := range sessions {
		byCred[sessions[i].Credential] = &sessions[i]
	}
	out := map[tailKey]time.Time{}
	for i := range sessions {
		s := &sessions[i]
		last := s.Last
		seen := map[string]bool{}
		for depth := 0; s != nil && depth < 5 && !seen[s.Credential]; depth++ {
			seen[s.Credential] = true
			if s.Parent == "" || s.Role == "" {
				break
			}
			k := tailKey{subjectKey(s.Provider, s.Parent), subjectKey(s.Provider, s.Role)}
			out[k] = later(out[k], last)
			s = byCred[s.ParentCred]
		}
	}
	return out
}

func (h *holdings) creditOne(u *access.Usage) {
	key := subjectKey(u.Provider, u.Actor)
	if h.recreated(u) {
		return
	}
	if u.Last.After(h.roleUsed[key]) {
		h.roleUsed[key] = u.Last // an act by a role proves that somebody became it
	}
	x := &use{Usage: u}
	h.collect(x, h.bySubject[key])
	groups := h.groupsOf[key]
	for _, m := range groups {
		h.collect(x, h.inside[subjectKey(m.Provider, m.Resource)])
	}
	for _, name := range u.Groups {
		h.collect(x, h.inside[subjectKey(u.Provider, "group:"+name)])
	}
	if strings.HasPrefix(u.Permission, "sts:AssumeRole") {
		h.collectEdges(x)
	}
	x.by = narrow(x.by, u)
	for _, hd := range x.by {
		hd.book(x)
	}
	h.creditMemberships(x, groups)
}

// recreated reports whether the log's actor is another identity than the snapshot's of the same name: the same name with
// a new uid is a new identity, and the old one's acts are not its.
func (h *holdings) recreated(u *access.Usage) bool {
	if u.ActorUID == "" {
		return false
	}
	a := h.dir.account(u.Provider, u.Actor)
	if a == nil || a.UID == "" || a.UID == u.ActorUID {
		return false
	}
	if u.Provider == "aws" { // only ids of the same sort can be compared
		return len(a.UID) > 4 && len(u.ActorUID) > 4 && a.UID[:4] == u.ActorUID[:4]
	}
	return true
}

// collect adds the grants whose permission covers the use, whatever the resource.
func (h *holdings) collect(x *use, from []*holding) {
	for _, hd := range from {
		if hd.Kind == access.GrantPermission && hd.permits(x.Usage) {
			x.by = append(x.by, hd)
		}
	}
}

// collectEdges adds the assume edges into the role that was assumed: the caller's own (already indexed by subject), those
// of its whole account, of federated principals and of anyone.
func (h *holdings) collectEdges(x *use) {
	for _, hd := range h.edgesInto(x.Usage) {
		if !slices.Contains(x.by, hd) {
			x.by = append(x.by, hd)
		}
	}
}

func (h *holdings) edgesInto(u *access.Usage) []*holding {
	var out []*holding
	add := func(list []*holding) {
		for _, hd := range list {
			if hd.Kind == access.GrantAssume && strings.EqualFold(hd.Permission, u.Permission) &&
				(u.Scope == "" || fold(u.Provider, hd.Resource) == fold(u.Provider, u.Scope)) {
				out = append(out, hd)
			}
		}
	}
	add(h.bySubject[subjectKey(u.Provider, u.Actor)])
	if acct := arnAccount(u.Actor); acct != "" && strings.HasSuffix(u.Actor, ":root") {
		for _, hd := range h.assume { // some principal of that account; the log does not say which, so every one it could be
			if hd.SubjectKind != access.SubjectAccount && arnAccount(hd.Subject) == acct {
				add([]*holding{hd})
			}
		}
	}
	if acct := arnAccount(u.Actor); acct != "" {
		add(h.bySubject[subjectKey(u.Provider, "arn:aws:iam::"+acct+":root")])
		add(h.bySubject[subjectKey(u.Provider, acct)])
	}
	add(h.bySubject[subjectKey(u.Provider, "*")])
	if u.Permission != "sts:AssumeRole" { // SAML and web identity: the log names the person, the edge names the provider
		for _, hd := range h.assume {
			if hd.SubjectKind == access.SubjectFederated {
				add([]*holding{hd})
			}
		}
	}
	return out
}

func arnAccount(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) == 6 && parts[0] == "arn" {
		return parts[4]
	}
	return ""
}

// permits reports whether the grant's permission could have authorised the use, whatever the resource.
func (hd *holding) permits(u *access.Usage) bool {
	switch hd.Provider {
	case "k8s":
		if u.Via != "" {
			return hd.Via == u.Via
		}
		return catalogue.RoleAllows(hd.Rules, u.Permission, "") && (hd.Resource == "*" || u.Scope == "" || hd.Resource == u.Scope)
	case "aws":
		return hd.actions.covers(u.Permission)
	}
	return u.Via != "" && u.Via == hd.Via || catalogue.MatchFold(hd.Permission, u.Permission)
}

// narrow keeps the grants whose resource pattern covers what the log names. When none does, the log's word and ours do
// not meet, and all of them are kept: something authorised the act.
func narrow(by []*holding, u *access.Usage) []*holding {
	if u.Scope == "" || u.Provider != "aws" {
		return by
	}
	var kept []*holding
	for _, hd := range by {
		if hd.Kind == access.GrantAssume || resourceCovers(hd.Grant, u.Scope) {
			kept = append(kept, hd)
		}
	}
	permission := slices.ContainsFunc(kept, func(hd *holding) bool { return hd.Kind == access.GrantPermission })
	if !permission {
		return by
	}
	return kept
}

// resourceCovers reports whether a grant's resource pattern could cover a scope that a log names. S3 is compared by
// bucket, since scopes are kept at bucket level; ARNs of different services cannot be compared and count as covered.
func resourceCovers(g *access.Grant, scope string) bool {
	for _, not := range g.NotResource {
		if !strings.Contains(not, "/") && catalogue.Match(not, scope) {
			return false
		}
	}
	p := g.Resource
	if p == "" || p == "*" || len(g.NotResource) > 0 {
		return true
	}
	ps, ss := arnService(p), arnService(scope)
	if ps == "" || ss == "" || ps != ss {
		return true
	}
	if ps == "s3" {
		bucket := strings.TrimPrefix(scope, "arn:aws:s3:::")
		pattern, _, _ := strings.Cut(strings.TrimPrefix(p, "arn:aws:s3:::"), "/")
		return catalogue.Match(pattern, bucket)
	}
	return catalogue.Match(p, scope) || catalogue.Match(access.CanonicalPrincipal(p), access.CanonicalPrincipal(scope))
}

// surelyCovers reports whether a grant authorises an act on a scope beyond doubt: what merely could have authorised it is
// reason enough to call it used, and not enough to call another grant redundant.
func surelyCovers(g *access.Grant, scope string) bool {
	switch {
	case len(g.NotResource) > 0:
		return false
	case g.Resource == "" || g.Resource == "*":
		return true
	case g.Provider != "aws":
		return g.Resource == scope
	case scope == "" || arnService(g.Resource) != arnService(scope):
		return false
	case arnService(scope) == "s3":
		_, key, _ := strings.Cut(strings.TrimPrefix(g.Resource, "arn:aws:s3:::"), "/")
		return (key == "" || key == "*") && resourceCovers(g, scope)
	}
	return resourceCovers(g, scope)
}

func arnService(arn string) string {
	parts := strings.SplitN(arn, ":", 4)
	if len(parts) == 4 && parts[0] == "arn" {
		return parts[2]
	}
	return ""
}

// book credits one use to the grant.
func (hd *holding) book(x *use) {
	u := x.Usage
	if u.Last.IsZero() {
		hd.denied = later(hd.denied, u.LastDenied)
		return
	}
	hd.denied = later(hd.denied, u.LastDenied)
	if hd.used == nil {
		hd.used = map[string]time.Time{}
	}
	hd.used[u.Permission] = later(hd.used[u.Permission], u.Last)
	if hd.first.IsZero() || u.First.Before(hd.first) {
		hd.first = u.First
	}
	if u.Last.After(hd.last) || (u.Last.Equal(hd.last) && u.Feed+" "+u.LastID < hd.lastRef) {
		hd.last, hd.lastRef = u.Last, strings.TrimSpace(u.Feed+" "+u.LastID)
		hd.lastBy = ""
		if fold(u.Provider, u.Actor) != fold(hd.Provider, hd.Subject) {
			hd.lastBy = u.Actor
		}
	}
	hd.exact = hd.exact || u.Via != ""
	hd.uses = append(hd.uses, x)
}

// creditMemberships credits a membership when the member used something that only this group gives.
func (h *holdings) creditMemberships(x *use, memberships []*holding) {
	for _, m := range memberships {
		group := subjectKey(m.Provider, m.Resource)
		only := len(x.by) > 0
		for _, hd := range x.by {
			if subjectKey(hd.Provider, hd.Subject) != group {
				only = false
			}
		}
		if only {
			m.book(x)
		}
	}
}

// markRedundant marks grants whose every use since a moment is covered by another grant of the same holder that stays.
// Broader grants are looked at first, so that of two the narrower one stays.
func (h *holdings) markRedundant(since func(*holding) time.Time) {
	order := slices.Clone(h.all)
	slices.SortStableFunc(order, func(a, b *holding) int {
		if c := cmp.Compare(len(b.actions.list), len(a.actions.list)); c != 0 {
			return c
		}
		if c := b.GrantedAt.Compare(a.GrantedAt); c != 0 {
			return c
		}
		return cmp.Compare(a.Grant.ID, b.Grant.ID)
	})
	for _, hd := range order {
		if hd.Kind != access.GrantPermission || len(hd.uses) == 0 || hd.exact {
			continue
		}
		from, used, covered := since(hd), false, true
		for _, x := range hd.uses {
			if !x.Last.After(from) {
				continue
			}
			used = true
			if !slices.ContainsFunc(x.by, func(o *holding) bool {
				return o != hd && !o.redundant && o.Kind == access.GrantPermission && o.ClosedAt.IsZero() && o.Conditions == "" &&
					o.Subject == hd.Subject && o.Provider == hd.Provider && surelyCovers(o.Grant, x.Scope)
			}) {
				covered = false
				break
			}
		}
		hd.redundant = used && covered
	}
}
