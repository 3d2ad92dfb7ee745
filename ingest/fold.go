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
	usageAt    pairs
	days       []uint16 // the first day of each row of usage; few have more
	whos       []foldWho
	credited   map[[2]string]uint32
	acts       []uint32 // numbers of what is used, by place in the table of acts; noNumber when it has none yet
	used       map[useKey]uint32
	minutes    map[int64]int
	lastMinute int64
	lastCover  int // index of lastMinute, -1 when there is none
	coverage   []access.CoverMinute
	sessionAt  map[sessionKey]int
	sessions   []access.SessionUse
}

// foldWho is what follows from an actor alone, worked out once in a batch.
type foldWho struct {
	known   bool
	number  uint32 // of who is credited
	session int32  // index of the row of the credential, -1 when it is none that is followed
}

// useKey is what is used, apart from who does; its numbers are those of the keys of usage.
type useKey struct{ provider, account, permission, scope, via string }

const noNumber = ^uint32(0)

type sessionKey struct{ provider, credential string }

func newFold() fold {
	return fold{credited: map[[2]string]uint32{}, used: map[useKey]uint32{}, minutes: map[int64]int{}, sessionAt: map[sessionKey]int{}}
}

func (f *fold) begin(team, feed string) {
	f.team, f.feed, f.lastCover = team, feed, -1
	f.usageAt.reset()
	clear(f.credited)
	clear(f.used)
	f.whos, f.acts, f.days = f.whos[:0], f.acts[:0], f.days[:0]
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

// add folds one event whose clock can be believed; row is its place in the columns.
func (f *fold) add(ev *access.Event, row *access.EventRow) {
	f.cover(ev.Time)
	w := f.who(ev, row.Who)
	f.issued(ev)
	if w.session >= 0 {
		s := &f.sessions[w.session]
		if s.First.IsZero() || ev.Time.Before(s.First) {
			s.First = ev.Time
		}
		if ev.Time.After(s.Last) {
			s.Last = ev.Time
		}
	}
	if ev.Actor.Principal == "" {
		return // nobody to credit
	}
	switch ev.Outcome {
	case access.Success:
		u := f.row(ev, w.number, row.Act)
		f.use(u, ev)
	case access.Denied:
		u := f.row(ev, w.number, row.Act)
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

// temporary is how the ids of AWS session credentials begin; others are keys that live on.
const temporary = "ASIA"

// who numbers whom an event credits, and finds the row of its session credential.
func (f *fold) who(ev *access.Event, at uint32) foldWho {
	for int(at) >= len(f.whos) {
		f.whos = append(f.whos, foldWho{})
	}
	w := &f.whos[at]
	if w.known {
		return *w
	}
	*w = foldWho{known: true, session: -1}
	k := [2]string{ev.Actor.UID, ev.Actor.Principal}
	n, ok := f.credited[k]
	if !ok {
		n = uint32(len(f.credited))
		f.credited[k] = n
	}
	w.number = n
	// Whether the session is followed is asked for once, since the provider of an actor does not change within a feed.
	if strings.HasPrefix(ev.Actor.Credential, temporary) {
		w.session = int32(f.sessionRow(ev.Provider, ev.Actor.Credential))
	}
	return *w
}

// row finds the row of the event's key.
func (f *fold) row(ev *access.Event, who, at uint32) *access.Usage {
	for int(at) >= len(f.acts) {
		f.acts = append(f.acts, noNumber)
	}
	use := f.acts[at]
	k := useKey{ev.Provider, ev.Account, ev.Permission, ev.Scope, ev.Via}
	if k.permission == "" {
		k.scope, k.via = "", "" // no grant is matched with it; that the identity is alive is all it says
	}
	if use == noNumber {
		var ok bool
		if use, ok = f.used[k]; !ok {
			use = uint32(len(f.used))
			f.used[k] = use
		}
		f.acts[at] = use
	}
	i, ok := f.usageAt.find(uint64(who)<<32|uint64(use), uint32(len(f.usage)))
	if !ok {
		f.usage = append(f.usage, access.Usage{Team: f.team, Feed: f.feed, Provider: k.provider, Account: k.account,
			ActorUID: ev.Actor.UID, Actor: ev.Actor.Principal, Permission: k.permission, Scope: k.scope, Via: k.via})
	}
	return &f.usage[i]
}

const secondsOfDay = 24 * 60 * 60

func (f *fold) use(u *access.Usage, ev *access.Event) {
	if u.First.IsZero() || ev.Time.Before(u.First) {
		u.First = ev.Time
	}
	// Of two uses in the same microsecond, which is all that the store tells apart, the greater id stands.
	at, last := ev.Time.UnixMicro(), u.Last.UnixMicro()
	if u.Last.IsZero() || at > last || at == last && ev.ID > u.LastID {
		u.Last, u.LastID = ev.Time, ev.ID
	}
	day := uint16(ev.Time.Unix() / secondsOfDay)
	switch n := len(u.Days); {
	case n == 0:
		f.days = append(f.days, day)
		u.Days = f.days[len(f.days)-1 : len(f.days) : len(f.days)]
	case u.Days[n-1] != day && !slices.Contains(u.Days, day):
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
	i, ok := f.lastCover, f.lastCover >= 0 && minute == f.lastMinute
	if !ok {
		i, ok = f.minutes[minute]
	}
	f.lastMinute, f.lastCover = minute, i
	if !ok {
		f.minutes[minute], f.lastCover = len(f.coverage), len(f.coverage)
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

// issued notes the issue of a session credential.
func (f *fold) issued(ev *access.Event) {
	c := ev.Change
	if c == nil || c.Kind != access.ChangeIssue || c.Grant == "" || ev.Outcome != access.Success {
		return
	}
	s := &f.sessions[f.sessionRow(ev.Provider, c.Grant)]
	s.Parent, s.ParentUID, s.ParentCred = max(s.Parent, ev.Actor.Principal), max(s.ParentUID, ev.Actor.UID), max(s.ParentCred, ev.Actor.Credential)
	s.Role = max(s.Role, c.Subject)
	if ev.Time.After(s.Issued) {
		s.Issued = ev.Time
	}
}

func (f *fold) sessionRow(provider, credential string) int {
	k := sessionKey{provider, credential}
	i, ok := f.sessionAt[k]
	if !ok {
		i = len(f.sessions)
		f.sessionAt[k] = i
		f.sessions = append(f.sessions, access.SessionUse{Team: f.team, Provider: provider, Credential: credential})
	}
	return i
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
