package detect

import (
	"slices"
	"strings"
	"time"

	"github.com/grantwatch/grantwatch/access"
)

// directory knows who is who: records of people and NHIs by every name that they have, and provider accounts by name.
type directory struct {
	records  map[string]*record             // by uid
	order    []string                       // uids in order, so that walks are deterministic
	byName   map[string][]*record           // by provider + "\x00" + folded name; provider "" is any
	accounts map[accountKey]*access.Account // by provider and canonical name
}

type accountKey struct{ provider, name string }

// record is one person or NHI with all its intervals, oldest first.
type record struct {
	uid       string
	kind      access.Kind
	intervals []access.Identity
}

func newDirectory(ids []access.Identity, accounts []access.Account) *directory {
	d := &directory{records: map[string]*record{}, byName: map[string][]*record{}, accounts: map[accountKey]*access.Account{}}
	for _, id := range ids {
		r := d.records[id.UID]
		if r == nil {
			r = &record{uid: id.UID, kind: id.Kind}
			d.records[id.UID] = r
			d.order = append(d.order, id.UID)
		}
		r.intervals = append(r.intervals, id)
	}
	slices.Sort(d.order)
	for _, uid := range d.order {
		r := d.records[uid]
		slices.SortStableFunc(r.intervals, func(a, b access.Identity) int { return a.Start.Compare(b.Start) })
		for _, id := range r.intervals {
			d.alias("", id.UID, r)
			d.alias("", id.Email, r)
			for _, a := range id.Aliases {
				d.alias(a.Provider, a.Name, r)
			}
		}
	}
	for i := range accounts {
		a := &accounts[i]
		d.accounts[accountKey{a.Provider, fold(a.Provider, a.Name)}] = a
	}
	return d
}

// alias makes a record known by one more name. A name that two records claim links to neither (see lookup).
func (d *directory) alias(provider, name string, r *record) {
	if name == "" {
		return
	}
	k := provider + "\x00" + fold(provider, name)
	if !slices.Contains(d.byName[k], r) {
		d.byName[k] = append(d.byName[k], r)
	}
}

// fold brings a name into the form in which names are compared: IAM paths are left out, since names are unique in an
// account whatever their path; e-mail addresses and logins are compared without regard to case.
func fold(provider, name string) string {
	if strings.HasPrefix(name, "arn:") {
		return access.CanonicalPrincipal(name)
	}
	if provider == "k8s" || strings.HasPrefix(name, "system:") {
		return name
	}
	return strings.ToLower(name)
}

// lookup finds the one record that goes by any of the names at one provider. Names that two records claim are ambiguous
// and link to nobody: a guess about who left is worse than none.
func (d *directory) lookup(provider string, names ...string) *record {
	for _, n := range names {
		if n == "" {
			continue
		}
		if rs := d.byName[provider+"\x00"+fold(provider, n)]; len(rs) == 1 {
			return rs[0]
		}
		if rs := d.byName["\x00"+fold("", n)]; len(rs) == 1 {
			return rs[0]
		}
		if provider == "k8s" { // a Kubernetes username may be an e-mail address
			if rs := d.byName["\x00"+fold("k8s", n)]; len(rs) == 1 {
				return rs[0]
			}
		}
	}
	return nil
}

// account finds the provider account of a name.
func (d *directory) account(provider, name string) *access.Account {
	return d.accounts[accountKey{provider, fold(provider, name)}]
}

// newest is the interval that holds at t, else the last one that began before it, else the first.
func (r *record) newest(t time.Time) *access.Identity {
	best := &r.intervals[0]
	for i := range r.intervals {
		if !r.intervals[i].Start.After(t) {
			best = &r.intervals[i]
		}
	}
	return best
}

// leaveStatus reports whether a status word says leave of absence, which pauses the clock and ends nothing.
func leaveStatus(s string) bool {
	switch s {
	case "leave", "on_leave", "on-leave", "leave of absence", "absence", "parental", "sabbatical":
		return true
	}
	return false
}

// employed reports whether t lies in an interval of the record, counting the whole last day.
func (r *record) employed(t time.Time) bool {
	for _, iv := range r.intervals {
		if !t.Before(iv.Start) && (iv.End.IsZero() || t.Before(iv.End)) {
			return true
		}
	}
	return false
}

// ended says when the record's last interval before t ended: the zero time while one is open at t, or when none has ended.
// The end of a leave of absence is not an end.
func (r *record) ended(t time.Time) time.Time {
	if r.employed(t) {
		return time.Time{}
	}
	var end time.Time
	for _, iv := range r.intervals {
		if !iv.End.IsZero() && !iv.End.After(t) && !leaveStatus(iv.Status) && iv.End.After(end) {
			end = iv.End
		}
	}
	return end
}

// endedBefore is when the interval that precedes t ended, also when a later one has begun since: what happens between
// two employments is as critical as what happens after the last.
func (r *record) endedBefore(t time.Time) time.Time {
	if r.employed(t) {
		return time.Time{}
	}
	return r.ended(t)
}

// rehired reports whether an interval that began after the given end is open at t.
func (r *record) rehired(end, t time.Time) bool {
	for _, iv := range r.intervals {
		if !iv.Start.Before(end) && !iv.Start.After(t) && (iv.End.IsZero() || t.Before(iv.End)) && !leaveStatus(iv.Status) {
			return true
		}
	}
	return false
}

// leave says whether the record is on leave at t, and when its last leave before t ended.
func (r *record) leave(t time.Time) (on bool, lastEnd time.Time) {
	for _, iv := range r.intervals {
		if !leaveStatus(iv.Status) || iv.Start.After(t) {
			continue
		}
		if iv.End.IsZero() || iv.End.After(t) {
			on = true
		} else if iv.End.After(lastEnd) {
			lastEnd = iv.End
		}
	}
	return on, lastEnd
}

// kindOf says what sort of identity holds a grant: the linked record's word first, then what the provider's own form tells.
func (d *directory) kindOf(provider, subject string, sk access.SubjectKind, r *record) access.Kind {
	if r != nil {
		return r.kind
	}
	switch sk {
	case access.SubjectServiceAccount:
		return access.Workload
	case access.SubjectService:
		return access.System
	case access.SubjectAccount, access.SubjectFederated:
		return access.ThirdParty
	case access.SubjectRole:
		if strings.Contains(subject, "/AWSReservedSSO_") {
			return access.Human
		}
		return access.Workload
	}
	if provider == "k8s" && sk == access.SubjectUser && !strings.HasPrefix(subject, "system:") {
		return access.Human
	}
	if provider == "k8s" && strings.HasPrefix(subject, "system:") {
		return access.System
	}
	return access.KindUnknown
}

// finding names the identity for a finding.
func (d *directory) finding(provider, subject, uid string, sk access.SubjectKind, at time.Time) *access.FindingIdentity {
	r := d.lookup(provider, subject, uid)
	id := &access.FindingIdentity{UID: uid, Name: subject, Kind: d.kindOf(provider, subject, sk, r)}
	if id.UID == "" {
		if a := d.account(provider, subject); a != nil && a.UID != "" {
			id.UID = a.UID
		} else {
			id.UID = subject
		}
	}
	if r != nil {
		id.Record = r.uid
		cur := r.newest(at)
		if r.kind == access.Human {
			id.Person = r.uid
		} else {
			id.Owner = cur.Owner
		}
	}
	return id
}

func actorName(ev *access.Event) string {
	for _, n := range []string{ev.Actor.Principal, ev.Actor.ID, ev.Actor.Name, ev.Actor.UID} {
		if n != "" {
			return n
		}
	}
	return "an unnamed actor"
}
