package detect

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/grantwatch/grantwatch/access"
)

// Roster is who is who in one evaluation: every identity by every name under which grants, accounts and uses know it. It
// is made once per evaluation and only read afterwards. What it gives is cut to whoever asks: a name belongs to the team
// whose rows carry it.
type Roster struct {
	Now      time.Time
	all      []*listed
	byName   map[string][]*listed
	verdicts map[string]GrantVerdict
	owned    map[string][]*listed // by uid of the owner
}

// GrantVerdict is what was said of a grant.
type GrantVerdict struct {
	Team        string
	Verdict     access.Verdict
	LastUsed    time.Time
	Coverage    *float64
	Fingerprint string // of the finding, when it is one
}

// ListedName is one name of an identity at a provider, as rows of one team carry it.
type ListedName struct {
	ProfileName
	Team      string
	IssuedBy  string // who created the account, when an event shows it
	IssuedRef string // that event
}

// Listed is one identity as somebody may see it.
type Listed struct {
	UID    string // under which it is asked for
	Name   string
	Kind   access.Kind
	Record *access.Identity // of the register; nil when there is none or it belongs to another team
	Names  []ListedName
	Hidden bool // there is a record that belongs to another team
}

type listed struct {
	Listed
	names map[string]bool
	text  []string // per name, lower case
	about string   // of the record, lower case
}

// NewRoster makes the roster of an evaluation.
func NewRoster(in *Input, res *Result) *Roster {
	r := &Roster{Now: in.Now, byName: map[string][]*listed{}, verdicts: map[string]GrantVerdict{}, owned: map[string][]*listed{}}
	b := &rosterBuilder{Roster: r, dir: newDirectory(in.Identities, in.Accounts), records: map[string]*listed{}, loose: map[string]*listed{}, created: map[string]TeamEvent{}}
	for i := range in.Changes {
		if c := &in.Changes[i]; c.Event.Change != nil && c.Event.Change.Kind == access.ChangeCreate {
			b.created[c.Team+"\x00"+subjectKey(c.Event.Provider, c.Event.Change.Subject)] = *c
		}
	}
	for _, uid := range b.dir.order {
		b.record(b.dir.records[uid])
	}
	for i := range in.Accounts {
		if a := &in.Accounts[i]; a.Kind != access.SubjectGroup {
			b.name(a.Team, ProfileName{a.Provider, a.Account, a.Name, a.UID, a.Created}, a.Kind)
		}
	}
	for i := range in.Grants {
		if g := &in.Grants[i]; g.ClosedAt.IsZero() && g.SubjectKind != access.SubjectGroup && g.SubjectKind != access.SubjectAnyone && g.Inventory == "" {
			b.name(g.Team, ProfileName{Provider: g.Provider, Account: g.Account, Name: g.Subject, UID: g.SubjectUID}, g.SubjectKind)
		}
	}
	for i := range in.Usage {
		if u := &in.Usage[i]; u.Actor != "" || u.ActorUID != "" {
			b.name(u.Team, ProfileName{Provider: u.Provider, Account: u.Account, Name: cmp.Or(u.Actor, u.ActorUID), UID: u.ActorUID}, "")
		}
	}
	for i := range res.Findings {
		if f := &res.Findings[i]; f.Kind == "UNUSED_GRANT" && f.Grant != nil {
			v := GrantVerdict{Team: f.Team, Verdict: f.Verdict, LastUsed: f.LastUsed, Coverage: f.Coverage}
			if Open(f.Verdict) {
				v.Fingerprint = f.Fingerprint
			}
			r.verdicts[f.Grant.ID] = v
		}
	}
	for _, k := range r.all {
		k.names = nil // only building needs them
	}
	slices.SortStableFunc(r.all, func(a, b *listed) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.UID, b.UID)) })
	return r
}

type rosterBuilder struct {
	*Roster
	dir     *directory
	records map[string]*listed
	loose   map[string]*listed // without a record, by provider and name
	created map[string]TeamEvent
	last    struct {
		key string
		k   *listed
	}
}

func (b *rosterBuilder) add(k *listed) *listed {
	k.names = map[string]bool{}
	b.all = append(b.all, k)
	b.index(k, k.UID)
	return k
}

func (b *rosterBuilder) index(k *listed, names ...string) {
	for _, n := range names {
		if n != "" && !slices.Contains(b.byName[n], k) {
			b.byName[n] = append(b.byName[n], k)
		}
	}
}

func (b *rosterBuilder) record(rec *record) {
	cur := rec.newest(b.Now)
	k := b.add(&listed{Listed: Listed{UID: rec.uid, Name: cmp.Or(cur.Name, cur.Email, rec.uid), Kind: rec.kind, Record: cur}})
	parts := []string{rec.uid, cur.Name, cur.Email}
	for _, iv := range rec.intervals {
		for _, a := range iv.Aliases {
			parts = append(parts, a.Name)
			b.index(k, a.Name)
		}
	}
	b.index(k, cur.Email, cur.Name)
	k.about = strings.ToLower(strings.Join(parts, "\x00"))
	b.records[rec.uid] = k
	for owner := range strings.SplitSeq(cur.Owner, ";") {
		if owner = strings.TrimSpace(owner); owner != "" {
			b.owned[owner] = append(b.owned[owner], k)
		}
	}
}

// name books one name. Rows of one actor often follow each other, hence the short memory.
func (b *rosterBuilder) name(team string, n ProfileName, sk access.SubjectKind) {
	key := n.Provider + "\x00" + n.Name + "\x00" + n.UID
	k := b.last.k
	if b.last.key != key {
		k = b.of(n, sk)
		b.last.key, b.last.k = key, k
	}
	seen := team + "\x00" + n.Provider + "\x00" + fold(n.Provider, n.Name)
	if k.names[seen] {
		return
	}
	k.names[seen] = true
	kn := ListedName{ProfileName: n, Team: team}
	if ev, ok := b.created[team+"\x00"+subjectKey(n.Provider, n.Name)]; ok {
		kn.IssuedBy, kn.IssuedRef = actorName(&ev.Event), "event "+ev.Feed+" "+ev.Event.ID
	}
	k.Names = append(k.Names, kn)
	k.text = append(k.text, strings.ToLower(n.Name+"\x00"+n.UID))
	b.index(k, n.Name, n.UID)
}

func (b *rosterBuilder) of(n ProfileName, sk access.SubjectKind) *listed {
	if rec := b.dir.lookup(n.Provider, n.Name, n.UID); rec != nil {
		return b.records[rec.uid]
	}
	key := subjectKey(n.Provider, n.Name)
	if k := b.loose[key]; k != nil {
		return k
	}
	k := b.add(&listed{Listed: Listed{UID: cmp.Or(n.UID, n.Name), Name: n.Name, Kind: b.dir.kindOf(n.Provider, n.Name, sk, nil)}})
	b.loose[key] = k
	return k
}

// cut gives what somebody may see of an identity; nil when that is nothing.
func (k *listed) cut(sees func(team string) bool) *Listed {
	out := Listed{UID: k.UID, Name: k.Name, Kind: k.Kind}
	for _, n := range k.Names {
		if sees(n.Team) {
			out.Names = append(out.Names, n)
		}
	}
	if rec := k.Record; rec != nil {
		if sees(rec.Team) || rec.Team == "" && len(out.Names) > 0 {
			out.Record = rec
		} else {
			out.Hidden = true
		}
	}
	switch {
	case out.Record == nil && len(out.Names) == 0:
		return nil
	case out.Record == nil:
		out.Name, out.UID = out.Names[0].Name, cmp.Or(out.Names[0].UID, out.Names[0].Name)
	}
	return &out
}

// Find gives the identities that go by a name or uid exactly, as far as they may be seen.
func (r *Roster) Find(sees func(team string) bool, name string) []*Listed {
	if r == nil || name == "" {
		return nil
	}
	var out []*Listed
	for _, k := range r.byName[name] {
		c := k.cut(sees)
		if c == nil || !c.answers(name) {
			continue
		}
		out = append(out, c)
	}
	return out
}

// answers reports whether the part that may be seen goes by a name: a hidden alias must not lead to it.
func (k *Listed) answers(name string) bool {
	if rec := k.Record; rec != nil && (rec.UID == name || rec.Name == name || rec.Email == name || slices.ContainsFunc(rec.Aliases, func(a access.Alias) bool { return a.Name == name })) {
		return true
	}
	return slices.ContainsFunc(k.Names, func(n ListedName) bool { return n.Name == name || n.UID == name })
}

// Search gives up to limit identities whose name, uid, e-mail address or alias holds the text, by name, and how many there
// are.
func (r *Roster) Search(sees func(team string) bool, text string, limit int) (out []*Listed, total int) {
	if r == nil {
		return nil, 0
	}
	text = strings.ToLower(strings.TrimSpace(text))
	for _, k := range r.all {
		if !k.holds(sees, text) {
			continue
		}
		if total++; len(out) < limit {
			if c := k.cut(sees); c != nil {
				out = append(out, c)
			}
		}
	}
	return out, total
}

func (k *listed) holds(sees func(string) bool, text string) bool {
	named := false
	for i := range k.Names {
		if sees(k.Names[i].Team) {
			if named = true; text == "" || strings.Contains(k.text[i], text) {
				return true
			}
		}
	}
	return k.Record != nil && (sees(k.Record.Team) || k.Record.Team == "" && named) && strings.Contains(k.about, text)
}

// Owned gives the identities that name this one as an owner.
func (r *Roster) Owned(sees func(team string) bool, uid string) []*Listed {
	if r == nil {
		return nil
	}
	var out []*Listed
	for _, k := range r.owned[uid] {
		if c := k.cut(sees); c != nil && c.Record != nil {
			out = append(out, c)
		}
	}
	return out
}

// Verdict is what was said of a grant.
func (r *Roster) Verdict(sees func(team string) bool, grant string) (GrantVerdict, bool) {
	if r == nil {
		return GrantVerdict{}, false
	}
	v, ok := r.verdicts[grant]
	return v, ok && sees(v.Team)
}
