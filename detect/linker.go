package detect

import (
	"time"

	"github.com/grantwatch/grantwatch/access"
)

// Linker tells, while events flow in, what the identities on record say of an actor. It is safe for concurrent use.
type Linker struct{ dir *directory }

// NewLinker indexes the identities.
func NewLinker(ids []access.Identity) *Linker { return &Linker{newDirectory(ids, nil)} }

// Link is what the record behind an actor says; its zero value is an actor without a record.
type Link struct{ rec *record }

// Of links the actor of an event to a record. The answer holds for every event of the same actor.
func (l *Linker) Of(ev *access.Event) Link {
	a := &ev.Actor
	return Link{l.dir.lookup(ev.Provider, a.Principal, a.ID, a.UID, a.Email)}
}

// Linked reports whether there is a record.
func (l Link) Linked() bool { return l.rec != nil }

// Kind is the record's kind.
func (l Link) Kind() access.Kind {
	if l.rec == nil {
		return ""
	}
	return l.rec.kind
}

// Ended reports whether the person's employment had ended at a time, and how long before.
func (l Link) Ended(at time.Time) (time.Duration, bool) {
	if l.rec == nil || l.rec.kind != access.Human {
		return 0, false
	}
	end := l.rec.endedBefore(at)
	if end.IsZero() {
		return 0, false
	}
	return at.Sub(end), true
}
