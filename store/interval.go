package store

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/zeebo/xxh3"
)

// series is one sequence of snapshots: what one entitlements entry says of one account, again and again.
type series struct{ team, entitlement, provider, account string }

func (s series) args() []any {
	return []any{p("team", s.team), p("entitlement", s.entitlement), p("provider", s.provider), p("account", s.account)}
}

// kept is a table of intervals: grants or accounts. The three labels are columns for people and dashboards; the body is
// what is read back.
type kept struct {
	table  string
	labels [3]column // name and type only
	slim   string    // query: the intervals around a moment without bodies
	full   string    // query: the same with bodies and labels
	newest string    // query: the highest version of a series, rows that were taken back included
}

var (
	keptGrants = kept{"grants", [3]column{{name: "subject", typ: typeString}, {name: "permission", typ: typeString}, {name: "resource", typ: typeString}},
		"grant_intervals", "grant_interval_bodies", "grant_version"}
	keptAccounts = kept{"accounts", [3]column{{name: "name", typ: typeString}, {name: "uid", typ: typeString}, {name: "kind", typ: typeLow}},
		"account_intervals", "account_interval_bodies", "account_version"}
)

// item is one thing that a snapshot states.
type item struct {
	id     string
	labels [3]string
	body   string
}

func (i *item) hash() uint64 { return xxh3.HashString(i.body) }

// interval is a stretch of time in which an item was there: [from, to), to being far in the future while it lasts.
type interval struct {
	item
	from, to time.Time
	sum      uint64
}

// place is where in its series a snapshot stands: its own time and that of the next one, which is far in the future for
// the newest. What a snapshot says holds until the next one says otherwise.
type place struct{ at, next time.Time }

func (l place) args() []any { return []any{at("at", l.at), at("next", l.next)} }

// change works out what a snapshot alters: the rows to write. It is the whole meaning of SaveSnapshot:
//
//	stated and not there before  → an interval from this snapshot to the next; one that begins at the next begins here instead
//	stated and there             → nothing, except that a changed body is kept
//	there and not stated         → its interval ends here; what of it lies beyond the next snapshot becomes one of its own
//
// Applied a second time it alters nothing.
func change(at place, stated []item, there []interval) (write []interval, needBody map[string]bool) {
	needBody = map[string]bool{}
	covering := make(map[string]int, len(there)) // intervals that hold at this moment
	following := map[string]int{}                // intervals that begin with the next snapshot
	for i := range there {
		switch v := &there[i]; {
		case !v.to.After(v.from): // taken back
		case !v.from.After(at.at) && v.to.After(at.at):
			covering[v.id] = i
		case v.from.Equal(at.next):
			following[v.id] = i
		}
	}
	seen := make(map[string]bool, len(stated))
	for i := range stated {
		s := &stated[i]
		if seen[s.id] {
			continue // stated twice is stated
		}
		seen[s.id] = true
		sum := s.hash()
		if c, ok := covering[s.id]; ok {
			if v := there[c]; v.sum != sum && !v.to.Before(at.next) && !at.next.Before(future) {
				v.item, v.sum = *s, sum // the newest snapshot's words hold
				write = append(write, v)
			}
			continue
		}
		v := interval{item: *s, from: at.at, to: at.next, sum: sum}
		if f, ok := following[s.id]; ok {
			old := there[f]
			v.to, v.sum = old.to, old.sum
			v.item = item{id: s.id} // the later words hold: they are read with the body
			needBody[s.id] = true
			gone := old
			gone.to = gone.from
			write = append(write, v, gone)
			continue
		}
		write = append(write, v)
	}
	for id, c := range covering {
		if seen[id] {
			continue
		}
		v := there[c]
		needBody[id] = true
		if v.to.After(at.next) {
			rest := v
			rest.from = at.next
			write = append(write, rest)
		}
		v.to = at.at
		write = append(write, v)
	}
	return write, needBody
}

// save brings a table of intervals in line with what a snapshot states.
func (s *Store) save(ctx context.Context, k kept, of series, at place, stated []item) error {
	there, err := all(ctx, s, k.slim, func(r driver.Rows, v *interval) error {
		err := r.Scan(&v.id, &v.from, &v.to, &v.sum)
		v.from, v.to = v.from.UTC(), v.to.UTC()
		return err
	}, append(of.args(), at.args()...)...)
	if err != nil {
		return err
	}
	write, needBody := change(at, stated, there)
	if len(write) == 0 {
		return nil
	}
	if err := s.bodies(ctx, k, of, at, write, needBody); err != nil {
		return err
	}
	version, err := s.version(ctx, k.newest, of.args()...)
	if err != nil {
		return err
	}
	return s.insert(ctx, k.table, "", intervalColumns(k, of, write, version))
}

// bodies fills in what the slim query left out, for the few rows that are written again.
func (s *Store) bodies(ctx context.Context, k kept, of series, at place, write []interval, need map[string]bool) error {
	if len(need) == 0 {
		return nil
	}
	found, err := all(ctx, s, k.full, func(r driver.Rows, v *interval) error {
		var from time.Time
		err := r.Scan(&v.id, &from, &v.labels[0], &v.labels[1], &v.labels[2], &v.body)
		if !need[v.id] {
			*v = interval{}
		}
		return err
	}, append(of.args(), at.args()...)...)
	if err != nil {
		return err
	}
	byID := make(map[string]*item, len(need))
	for i := range found {
		if id := found[i].id; id != "" {
			byID[id] = &found[i].item
		}
	}
	for i := range write {
		if write[i].body != "" {
			continue
		}
		body, ok := byID[write[i].id]
		if !ok {
			return fmt.Errorf("store: %s: %s has no body", k.table, write[i].id)
		}
		write[i].item, write[i].sum = *body, body.hash()
	}
	return nil
}

func intervalColumns(k kept, of series, v []interval, version uint64) []column {
	n := len(v)
	label := func(i int) column {
		c := k.labels[i]
		c.data = pick(v, func(v *interval) string { return v.labels[i] })
		return c
	}
	return []column{
		{"team", typeLow, repeat(of.team, n)}, {"entitlement", typeLow, repeat(of.entitlement, n)},
		{"provider", typeLow, repeat(of.provider, n)}, {"account", typeString, repeat(of.account, n)},
		{"id", typeString, pick(v, func(v *interval) string { return v.id })},
		{"valid_from", typeMicros, pick(v, func(v *interval) time.Time { return v.from })},
		{"valid_to", typeMicros, pick(v, func(v *interval) time.Time { return v.to })},
		label(0), label(1), label(2),
		{"body", typeString, pick(v, func(v *interval) string { return v.body })},
		{"hash", "UInt64", pick(v, func(v *interval) uint64 { return v.sum })},
		{"version", "UInt64", repeat(version, n)},
	}
}
