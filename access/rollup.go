package access

import (
	"math"
	"time"
)

// UsageTable is who used what in one stretch of a feed. Who and what stand once each, and a row points at both: as whole
// rows of Usage the same would take three times the memory.
type UsageTable struct {
	Team, Feed string
	Whos       []Credited
	Uses       []Permitted
	Rows       []UsageRow
}

// Credited is whom an event credits with a use.
type Credited struct{ UID, Actor string }

// Permitted is what was used, apart from who did.
type Permitted struct{ Provider, Account, Permission, Scope, Via string }

// UsageRow is what one identity did with one permission. Times are microseconds since 1970; NoFirst and NoLast stand where
// there is none.
type UsageRow struct {
	Who, Use                uint32
	First, Last             int64
	FirstDenied, LastDenied int64
	LastID                  string
	Days                    []uint16
	Groups                  []string
}

// What stands in the place of a time that there is not: every time is before the one and after the other.
const (
	NoFirst = math.MaxInt64
	NoLast  = math.MinInt64
)

// Len is the number of rows.
func (t *UsageTable) Len() int { return len(t.Rows) }

// Usage makes row i a row of its own. It shares its lists.
func (t *UsageTable) Usage(i int) Usage {
	r := &t.Rows[i]
	w, u := &t.Whos[r.Who], &t.Uses[r.Use]
	return Usage{Team: t.Team, Feed: t.Feed, Provider: u.Provider, Account: u.Account, ActorUID: w.UID, Actor: w.Actor,
		Permission: u.Permission, Scope: u.Scope, Via: u.Via, First: micros(r.First), Last: micros(r.Last), LastID: r.LastID,
		Days: r.Days, FirstDenied: micros(r.FirstDenied), LastDenied: micros(r.LastDenied), Groups: r.Groups}
}

// All makes rows of their own of all rows.
func (t *UsageTable) All() []Usage {
	out := make([]Usage, len(t.Rows))
	for i := range out {
		out[i] = t.Usage(i)
	}
	return out
}

// UsageOf makes a table of rows that are all of one feed. Times are cut to microseconds.
func UsageOf(rows []Usage) UsageTable {
	var t UsageTable
	first := func(at time.Time) int64 {
		if at.IsZero() {
			return NoFirst
		}
		return at.UnixMicro()
	}
	last := func(at time.Time) int64 {
		if at.IsZero() {
			return NoLast
		}
		return at.UnixMicro()
	}
	whos, uses := map[Credited]uint32{}, map[Permitted]uint32{}
	for _, u := range rows {
		t.Team, t.Feed = u.Team, u.Feed
		t.Rows = append(t.Rows, UsageRow{Who: number(whos, &t.Whos, Credited{u.ActorUID, u.Actor}),
			Use:   number(uses, &t.Uses, Permitted{u.Provider, u.Account, u.Permission, u.Scope, u.Via}),
			First: first(u.First), Last: last(u.Last), LastID: u.LastID, Days: u.Days,
			FirstDenied: first(u.FirstDenied), LastDenied: last(u.LastDenied), Groups: u.Groups})
	}
	return t
}

// number is the place of a value in its table, where it is put when it is new.
func number[T comparable](known map[T]uint32, table *[]T, v T) uint32 {
	n, ok := known[v]
	if !ok {
		n = uint32(len(*table))
		known[v], *table = n, append(*table, v)
	}
	return n
}

func micros(t int64) time.Time {
	if t == NoFirst || t == NoLast {
		return time.Time{}
	}
	return time.UnixMicro(t).UTC()
}

// Reset empties t and keeps its memory, but not what its rows point at.
func (t *UsageTable) Reset(team, feed string) {
	t.Team, t.Feed = team, feed
	t.Whos, t.Uses, t.Rows = emptied(t.Whos), emptied(t.Uses), emptied(t.Rows)
}
