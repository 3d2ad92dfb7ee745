package ingest

import (
	"math/bits"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/grantwatch/grantwatch/access"
)

// fold rolls the events of a stretch up: who used what, in which minutes the feed spoke, which sessions there were.
// Everything in it is a minimum, a maximum or a set, so that folding an event twice changes nothing. It may span several
// batches of one stream: the fewer rows it makes of the same events, the less there is to write and to merge.
type fold struct {
	usage      access.UsageTable
	usageAt    pairs
	days       []uint16 // the first day of each row of usage; few have more
	credited   map[access.Credited]uint32
	used       map[access.Permitted]uint32
	minutes    map[int64]int
	lastMinute int64
	lastCover  int // index of lastMinute, -1 when there is none
	coverage   []access.CoverMinute
	sessionAt  map[sessionKey]int
	sessions   []access.SessionUse

	// What is known of the tables of the batch that is being filled.
	whos []foldWho
	acts []uint32 // numbers of what is used, by place in the table of acts; noNumber when it has none yet
}

// foldWho is what follows from an actor alone, worked out once in a batch.
type foldWho struct {
	known   bool
	number  uint32 // of who is credited
	session int32  // index of the row of the credential, -1 when it is none that is followed
}

const noNumber = ^uint32(0)

type sessionKey struct{ provider, credential string }

func newFold() *fold {
	return &fold{credited: map[access.Credited]uint32{}, used: map[access.Permitted]uint32{}, minutes: map[int64]int{}, sessionAt: map[sessionKey]int{}}
}

// begin empties the fold.
func (f *fold) begin(team, feed string) {
	f.usage.Reset(team, feed)
	f.lastCover = -1
	f.usageAt.reset()
	clear(f.credited)
	clear(f.used)
	clear(f.minutes)
	clear(f.sessionAt)
	clear(f.sessions)
	f.days, f.coverage, f.sessions = f.days[:0], f.coverage[:0], f.sessions[:0]
}

// batch says that the events which follow are of another batch, whose tables are its own.
func (f *fold) batch() { f.whos, f.acts = f.whos[:0], f.acts[:0] }

// rows is how much there is in it. Sessions that are more than uses were seen once each: their rows are twice as long as
// others, and nothing is rolled up by waiting for more of them, so that they count three times.
func (f *fold) rows() int {
	return f.usage.Len() + len(f.sessions) + len(f.coverage) + 2*max(0, len(f.sessions)-f.usage.Len())
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
		f.use(f.row(ev, w.number, row), ev, row.Time)
	case access.Denied:
		u := f.row(ev, w.number, row)
		u.FirstDenied, u.LastDenied = min(u.FirstDenied, row.Time), max(u.LastDenied, row.Time)
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
	k := access.Credited{UID: ev.Actor.UID, Actor: ev.Actor.Principal}
	n, ok := f.credited[k]
	if !ok {
		n = uint32(len(f.usage.Whos))
		f.credited[k] = n
		f.usage.Whos = append(f.usage.Whos, k)
	}
	w.number = n
	// Whether the session is followed is asked for once, since the provider of an actor does not change within a feed.
	if strings.HasPrefix(ev.Actor.Credential, temporary) {
		w.session = int32(f.sessionRow(ev.Provider, ev.Actor.Credential))
	}
	return *w
}

// row finds the row of the event's key.
func (f *fold) row(ev *access.Event, who uint32, row *access.EventRow) *access.UsageRow {
	for int(row.Act) >= len(f.acts) {
		f.acts = append(f.acts, noNumber)
	}
	use := f.acts[row.Act]
	if use == noNumber {
		use = f.permitted(ev)
		f.acts[row.Act] = use
	}
	i, ok := f.usageAt.find(uint64(who)<<32|uint64(use), uint32(f.usage.Len()))
	if !ok {
		f.usage.Rows = append(f.usage.Rows, access.UsageRow{Who: who, Use: use, First: access.NoFirst, Last: access.NoLast, FirstDenied: access.NoFirst, LastDenied: access.NoLast})
	}
	return &f.usage.Rows[i]
}

// permitted numbers what an event used.
func (f *fold) permitted(ev *access.Event) uint32 {
	k := access.Permitted{Provider: ev.Provider, Account: ev.Account, Permission: ev.Permission, Scope: ev.Scope, Via: ev.Via}
	if k.Permission == "" {
		k.Scope, k.Via = "", "" // no grant is matched with it; that the identity is alive is all it says
	}
	n, ok := f.used[k]
	if !ok {
		n = uint32(len(f.usage.Uses))
		f.used[k] = n
		f.usage.Uses = append(f.usage.Uses, k)
	}
	return n
}

const microsOfDay = 24 * 60 * 60 * 1_000_000

func (f *fold) use(u *access.UsageRow, ev *access.Event, at int64) {
	u.First = min(u.First, at)
	// Of two uses in the same microsecond, which is all that the store tells apart, the greater id stands.
	if at > u.Last || at == u.Last && ev.ID > u.LastID {
		u.Last, u.LastID = at, ev.ID
	}
	day := uint16(at / microsOfDay)
	switch n := len(u.Days); {
	case n == 0:
		f.days = append(f.days, day)
		u.Days = f.days[len(f.days)-1 : len(f.days) : len(f.days)]
	case u.Days[n-1] != day && !slices.Contains(u.Days, day):
		u.Days = append(u.Days, day)
	}
	groups(u, ev)
}

func groups(u *access.UsageRow, ev *access.Event) {
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
		f.coverage = append(f.coverage, access.CoverMinute{Team: f.usage.Team, Feed: f.usage.Feed, Minute: time.Unix(minute*60, 0).UTC(), First: t, Last: t})
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
		f.sessions = append(f.sessions, access.SessionUse{Team: f.usage.Team, Provider: provider, Credential: credential})
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

// folds are those that no stream uses.
type folds struct {
	mu   sync.Mutex
	most int
	free []*fold
}

func (t *folds) get(feed *access.Feed) *fold {
	t.mu.Lock()
	defer t.mu.Unlock()
	f := (*fold)(nil)
	if n := len(t.free); n > 0 {
		f, t.free = t.free[n-1], t.free[:n-1]
	} else {
		f = newFold()
	}
	f.begin(feed.Team, feed.Name)
	return f
}

// put takes one back, or nil.
func (t *folds) put(f *fold) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if f != nil && len(t.free) < t.most {
		t.free = append(t.free, f)
	}
}
