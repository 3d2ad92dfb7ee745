package detect

import (
	"strings"
	"time"

	"github.com/grantwatch/grantwatch/access"
)

// changeLog finds the events that gave, took away, created or ended something, by what they name.
type changeLog struct {
	grants  map[string][]*TeamEvent // provider, subject, via → grant and revoke events, in time order
	binding map[string][]*TeamEvent // provider, via → the same for events that name no subject (Kubernetes)
	state   map[string][]*TeamEvent // provider, subject → create, delete, disable, enable
}

func newChangeLog(changes []TeamEvent) *changeLog {
	l := &changeLog{grants: map[string][]*TeamEvent{}, binding: map[string][]*TeamEvent{}, state: map[string][]*TeamEvent{}}
	for i := range changes {
		te := &changes[i]
		c := te.Event.Change
		if c == nil || te.Event.Outcome != access.Success {
			continue
		}
		p := te.Event.Provider
		switch c.Kind {
		case access.ChangeGrant, access.ChangeRevoke:
			if c.Subject != "" {
				k := grantKey(p, c.Subject, c.Grant)
				l.grants[k] = append(l.grants[k], te)
			}
			if p == "k8s" {
				l.binding[p+"\x00"+c.Grant] = append(l.binding[p+"\x00"+c.Grant], te)
			}
		case access.ChangeCreate, access.ChangeDelete, access.ChangeDisable, access.ChangeEnable:
			if c.Subject != "" && (c.Grant == "" || p == "okta") {
				k := subjectKey(p, c.Subject)
				l.state[k] = append(l.state[k], te)
			}
		}
	}
	return l
}

// grantKey joins a change with the grant that it is about. Logs name groups without their IAM path, snapshots with it.
func grantKey(provider, subject, via string) string {
	if strings.HasPrefix(via, "arn:") {
		via = access.CanonicalPrincipal(via)
	}
	return subjectKey(provider, subject) + "\x00" + strings.ToLower(via)
}

func (l *changeLog) of(g *access.Grant) []*TeamEvent {
	if g.Via == "" {
		return nil
	}
	if evs := l.grants[grantKey(g.Provider, g.Subject, g.Via)]; len(evs) > 0 {
		return evs
	}
	if g.Provider == "k8s" {
		return l.binding[g.Provider+"\x00"+g.Via]
	}
	return nil
}

// grantedAt says when a grant was given: its attach or create event; else the first snapshot that has it when an earlier
// one has not; else what the snapshot itself states (policy version or subject creation). A grant that an earlier
// snapshot already had is older than an event that only wrote it again.
func (e *evaluation) grantedAt(hd *holding) granted {
	var ev *TeamEvent
	for _, te := range e.changes.of(hd.Grant) {
		if te.Event.Change.Kind == access.ChangeGrant && !te.Event.Time.After(e.in.Now) {
			ev = te
		}
	}
	if ev != nil && (hd.FirstSeen.IsZero() || !hd.FirstSeen.Before(ev.Event.Time)) {
		return granted{at: ev.Event.Time, by: actorName(&ev.Event), how: "event", event: ev.Feed + " " + ev.Event.ID, coming: true}
	}
	if hd.SeenBefore {
		at := hd.FirstSeen
		// The snapshot's own word is finer where it lies between the two snapshots.
		if hd.GrantedAt.After(hd.PriorAt) && hd.GrantedAt.Before(at) {
			at = hd.GrantedAt
		}
		return granted{at: at, by: hd.GrantedBy, how: "snapshot", coming: true}
	}
	if !hd.GrantedAt.IsZero() {
		return granted{at: hd.GrantedAt, by: hd.GrantedBy, how: "stated"}
	}
	if a := e.dir.account(hd.Provider, hd.Subject); a != nil && !a.Created.IsZero() {
		return granted{at: a.Created, by: hd.GrantedBy, how: "subject"}
	}
	if r := e.dir.lookup(hd.Provider, hd.Subject, hd.SubjectUID); r != nil {
		if id := r.newest(e.in.Now); !id.Created.IsZero() {
			return granted{at: id.Created, by: hd.GrantedBy, how: "record"}
		} else if !r.intervals[0].Start.IsZero() {
			return granted{at: r.intervals[0].Start, by: hd.GrantedBy, how: "record"}
		}
	}
	return granted{at: hd.FirstSeen, by: hd.GrantedBy, how: "first seen"}
}

// closed reports whether a grant was revoked, has expired, or its holder was disabled or deleted, at Now.
func (e *evaluation) closed(hd *holding) bool {
	now := e.in.Now
	if !hd.ClosedAt.IsZero() && !hd.ClosedAt.After(now) || !hd.ExpiresAt.IsZero() && !hd.ExpiresAt.After(now) {
		return true
	}
	taken := e.takenAt(hd.Grant)
	var last *TeamEvent
	for _, te := range e.changes.of(hd.Grant) {
		if !te.Event.Time.After(now) {
			last = te
		}
	}
	// A binding that was changed after being deleted lives again, so only the last word counts, and only if it is newer
	// than the snapshot that still shows the grant.
	if last != nil && last.Event.Change.Kind == access.ChangeRevoke && last.Event.Time.After(taken) {
		return true
	}
	state, _ := e.accountState(hd.Provider, hd.Subject, taken)
	return state == "deleted" || state == "disabled"
}

// takenAt is the time of the newest accepted snapshot of a grant's series.
func (e *evaluation) takenAt(g *access.Grant) time.Time {
	if s := e.snapshot(g.Entitlement, g.Provider, g.Account); s != nil {
		return s.TakenAt
	}
	return time.Time{}
}

// accountState is the last word of the log on an account since a moment: deleted, disabled, enabled, or "" for none.
func (e *evaluation) accountState(provider, subject string, since time.Time) (state string, at time.Time) {
	for _, te := range e.changes.state[subjectKey(provider, subject)] {
		ev := &te.Event
		if ev.Time.After(e.in.Now) || !ev.Time.After(since) {
			continue
		}
		at = ev.Time
		switch ev.Change.Kind {
		case access.ChangeDelete:
			state = "deleted"
		case access.ChangeDisable:
			state = "disabled"
		case access.ChangeCreate, access.ChangeEnable:
			state = "enabled"
		}
	}
	return state, at
}
