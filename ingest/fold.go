package ingest

import (
	"math/bits"
	"slices"
	"strings"
	"time"

	"github.com/grantwatch/grantwatch/access"
)

// fold rolls the events of one batch up: who used what, in which minutes the feed spoke, which sessions there were.
// Everything in it is a minimum, a maximum or a set, so that folding an event twice changes nothing.
type fold struct {
	team, feed string
	usage      []access.Usage
	usageAt    map[usageKey]int
	lastKey    usageKey
	last       int // index of lastKey, -1 when there is none
	minutes    map[int64]int
	coverage   []access.CoverMinute
	sessionAt  map[sessionKey]int
	sessions   []access.SessionUse
}

type usageKey struct{ provider, account, uid, principal, permission, scope, via string }

type sessionKey struct{ provider, credential string }

func newFold() fold {
	return fold{usageAt: map[usageKey]int{}, minutes: map[int64]int{}, sessionAt: map[sessionKey]int{}}
}

func (f *fold) begin(team, feed string) {
	f.team, f.feed, f.last = team, feed, -1
	clear(f.usageAt)
	clear(f.minutes)
	clear(f.sessionAt)
	// Days and Groups of the rows keep no memory: a roll-up is far smaller than its events.
	clear(f.usage)
	clear(f.sessions)
	f.usage, f.coverage, f.sessions = f.usage[:0], f.coverage[:0], f.sessions[:0]
}

func (f *fold) end() ([]access.Usage, []access.CoverMinute, []access.SessionUse) {
	return f.usage, f.coverage, f.sessions
}

// add folds one event whose clock can be believed.
func (f *fold) add(ev *access.Event) {
	f.cover(ev.Time)
	f.session(ev)
	if ev.Actor.Principal == "" {
		return // nobody to credit
	}
	switch ev.Outcome {
	case access.Success:
		u := f.row(ev)
		used(u, ev)
	case access.Denied:
		u := f.row(ev)
		if u.FirstDenied.IsZero() || ev.Time.Before(u.FirstDenied) {
			u.FirstDenied = ev.Time
		}
		if ev.Time.After(u.LastDenied) {
			u.LastDenied = ev.Time
		}
		groups(u, ev)
	}
	// A failure is neither: it was let through, but nothing was done.
}

// row finds the row of the event's key, which is often that of the event before.
func (f *fold) row(ev *access.Event) *access.Usage {
	k := usageKey{ev.Provider, ev.Account, ev.Actor.UID, ev.Actor.Principal, ev.Permission, ev.Scope, ev.Via}
	if k.permission == "" {
		k.scope, k.via = "", "" // no grant is matched with it; that the identity is alive is all it says
	}
	if f.last >= 0 && k == f.lastKey {
		return &f.usage[f.last]
	}
	i, ok := f.usageAt[k]
	if !ok {
		i = len(f.usage)
		f.usageAt[k] = i
		f.usage = append(f.usage, access.Usage{Team: f.team, Feed: f.feed, Provider: k.provider, Account: k.account,
			ActorUID: k.uid, Actor: k.principal, Permission: k.permission, Scope: k.scope, Via: k.via})
	}
	f.lastKey, f.last = k, i
	return &f.usage[i]
}

const secondsOfDay = 24 * 60 * 60

func used(u *access.Usage, ev *access.Event) {
	if u.First.IsZero() || ev.Time.Before(u.First) {
		u.First = ev.Time
	}
	// Of two uses in the same microsecond, which is all that the store tells apart, the greater id stands.
	at, last := ev.Time.UnixMicro(), u.Last.UnixMicro()
	if u.Last.IsZero() || at > last || at == last && ev.ID > u.LastID {
		u.Last, u.LastID = ev.Time, ev.ID
	}
	day := uint16(ev.Time.Unix() / secondsOfDay)
	if n := len(u.Days); n == 0 || u.Days[n-1] != day && !slices.Contains(u.Days, day) {
		u.Days = append(u.Days, day)
	}
	groups(u, ev)
}

func groups(u *access.Usage, ev *access.Event) {
	for _, g := range ev.Actor.Groups {
		if !slices.Contains(u.Groups, g) {
			u.Groups = append(u.Groups, g)
		}
	}
}

func (f *fold) cover(t time.Time) {
	minute := t.Unix() / 60
	i, ok := f.minutes[minute]
	if !ok {
		f.minutes[minute] = len(f.coverage)
		f.coverage = append(f.coverage, access.CoverMinute{Team: f.team, Feed: f.feed, Minute: time.Unix(minute*60, 0).UTC(), First: t, Last: t})
		return
	}
	c := &f.coverage[i]
	if t.Before(c.First) {
		c.First = t
	}
	if t.After(c.Last) {
		c.Last = t
	}
}

// temporary is how the ids of AWS session credentials begin; others are keys that live on.
const temporary = "ASIA"

// session notes the issue of a session credential, and the use of one.
func (f *fold) session(ev *access.Event) {
	if c := ev.Change; c != nil && c.Kind == access.ChangeIssue && c.Grant != "" && ev.Outcome == access.Success {
		s := f.sessionRow(ev.Provider, c.Grant)
		s.Parent, s.ParentUID, s.ParentCred = max(s.Parent, ev.Actor.Principal), max(s.ParentUID, ev.Actor.UID), max(s.ParentCred, ev.Actor.Credential)
		s.Role = max(s.Role, c.Subject)
		if ev.Time.After(s.Issued) {
			s.Issued = ev.Time
		}
	}
	if !strings.HasPrefix(ev.Actor.Credential, temporary) {
		return
	}
	s := f.sessionRow(ev.Provider, ev.Actor.Credential)
	if s.First.IsZero() || ev.Time.Before(s.First) {
		s.First = ev.Time
	}
	if ev.Time.After(s.Last) {
		s.Last = ev.Time
	}
}

func (f *fold) sessionRow(provider, credential string) *access.SessionUse {
	k := sessionKey{provider, credential}
	i, ok := f.sessionAt[k]
	if !ok {
		i = len(f.sessions)
		f.sessionAt[k] = i
		f.sessions = append(f.sessions, access.SessionUse{Team: f.team, Provider: provider, Credential: credential})
	}
	return &f.sessions[i]
}

// late counts how far an event lies behind the newest before it: place 0 is less than a second, place i is from 2^(i-1)
// to 2^i seconds. It returns the newest after the event.
func late(histogram *[40]uint32, t, newest time.Time) time.Time {
	if newest.IsZero() || !t.Before(newest) {
		histogram[0]++
		return t
	}
	seconds := uint64(newest.Sub(t) / time.Second)
	histogram[min(bits.Len64(seconds), len(histogram)-1)]++
	return newest
}
