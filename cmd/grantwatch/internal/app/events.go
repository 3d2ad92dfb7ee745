package app

import (
	"strings"
	"sync"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/detect"
	"github.com/grantwatch/grantwatch/rules"
	"github.com/grantwatch/grantwatch/rules/facts"
)

// eventRules runs the rules on events while they flow in. Workers are pooled, since each belongs to one goroutine.
type eventRules struct {
	linker *detect.Linker
	pool   sync.Pool
}

type eventWorker struct {
	match rules.EventMatcher
	facts facts.Event
	ids   []string
	links map[actor]detect.Link
	memos []memo // links by the memo of the event, which is quicker to compare than an actor
}

type memo struct {
	who  uint64
	link detect.Link
}

// memoSlots is how many memos are remembered; one that is overwritten is looked up.
const memoSlots = 1 << 16

// actor is what an actor is linked by. Few actors make most events, so links are remembered.
type actor struct{ provider, principal, id, uid, email string }

// maxLinks bounds what a worker remembers.
const maxLinks = 100_000

func (w *eventWorker) link(l *detect.Linker, ev *access.Event) detect.Link {
	if ev.Memo.Who == 0 {
		return w.lookUp(l, ev)
	}
	m := &w.memos[ev.Memo.Who%memoSlots]
	if m.who != ev.Memo.Who {
		*m = memo{ev.Memo.Who, l.Of(ev)}
	}
	return m.link
}

func (w *eventWorker) lookUp(l *detect.Linker, ev *access.Event) detect.Link {
	k := actor{ev.Provider, ev.Actor.Principal, ev.Actor.ID, ev.Actor.UID, ev.Actor.Email}
	if link, ok := w.links[k]; ok {
		return link
	}
	if len(w.links) >= maxLinks {
		clear(w.links)
	}
	link := l.Of(ev)
	// The event's strings lie in the arena of its batch, which must not live as long as the table does.
	w.links[actor{strings.Clone(k.provider), strings.Clone(k.principal), strings.Clone(k.id), strings.Clone(k.uid), strings.Clone(k.email)}] = link
	return link
}

func newEventRules(set *rules.Set, people []access.Identity) *eventRules {
	r := &eventRules{linker: detect.NewLinker(people)}
	r.pool.New = func() any {
		return &eventWorker{match: set.Events(set.NewWorker()), links: map[actor]detect.Link{}, memos: make([]memo, memoSlots)}
	}
	return r
}

// maxList is how long a list may be that an expression walks through.
const maxList = 256

// Match returns the hits of one event.
func (r *eventRules) Match(ev *access.Event, team, feed string) []access.Hit {
	w, _ := r.pool.Get().(*eventWorker)
	defer r.pool.Put(w)
	w.ids = w.ids[:0]
	for i := 0; i < len(ev.Targets) && i < maxList; i++ {
		w.ids = append(w.ids, ev.Targets[i].ID)
	}
	f := &w.facts
	*f = facts.Event{
		Provider: ev.Provider, Account: ev.Account, Team: team, Feed: feed, Class: ev.Class, LogClass: ev.LogClass, Action: ev.Action,
		Access: string(ev.Access), Outcome: string(ev.Outcome), Error: ev.Error, Permission: ev.Permission, Scope: ev.Scope,
		Actor: ev.Actor.Principal, ActorName: ev.Actor.Name, ActorKind: string(ev.Actor.Kind), ActorEmail: ev.Actor.Email,
		Groups: ev.Actor.Groups[:min(len(ev.Actor.Groups), maxList)], Targets: w.ids, SrcIP: ev.SrcIP, UserAgent: ev.UserAgent, Attrs: ev.Attrs, HoursSinceEnd: -1,
	}
	if f.Actor == "" {
		f.Actor = ev.Actor.ID
	}
	if len(ev.Targets) > 0 {
		f.Target, f.TargetType = ev.Targets[0].ID, ev.Targets[0].Type
	}
	if ev.Change != nil {
		f.Change, f.ChangeSubject, f.ChangeGrant = string(ev.Change.Kind), ev.Change.Subject, ev.Change.Grant
	}
	if l := w.link(r.linker, ev); l.Linked() {
		f.Linked, f.RecordKind = true, string(l.Kind())
		if since, ended := l.Ended(ev.Time); ended {
			f.PersonEnded, f.HoursSinceEnd = true, since.Hours()
		}
	}
	var out []access.Hit
	for _, j := range w.match.Match(f) {
		if !j.Fires() {
			continue
		}
		out = append(out, access.Hit{Rule: j.Rule.ID, Severity: j.Severity, Why: j.Why})
	}
	return out
}
