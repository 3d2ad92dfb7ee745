package access

import (
	"hash/maphash"
	"maps"
	"slices"
	"time"
)

// Columns holds the events of a batch. What an event shares with others of its batch is kept once, in tables, and its
// row points there: few actors do few things from few places. That is a tenth of the memory of whole columns, holds next
// to nothing that the collector has to look at, and gives the store its dictionaries for nothing.
type Columns struct {
	Rows []EventRow
	IDs  []byte // the ids of all rows, one after the other

	Whos    []Who
	Acts    []Act
	Origins []Origin
	Errors  []string            // the first of this and of the following is what most events have: nothing
	Changes []Change            // the first is no change
	Targets [][]Target          // the first is none
	Attrs   []map[string]string // the first is none

	Raw [][]byte // the records as they came, when the feed keeps them; else empty

	lists []string // of Whos
	index columnIndex
}

// EventRow is one event: its time, its id, and where all else stands in the tables.
type EventRow struct {
	Time                                                 int64  // microseconds since 1970
	IDFrom, IDTo                                         uint32 // where the id stands in Columns.IDs
	Who, Act, Origin, Error, Change, TargetList, AttrSet uint32
}

// Who is who acted, and in which session.
type Who struct {
	Actor   Actor
	Session string
}

// Act is what was done and how it ended.
type Act struct {
	Provider, Account, Class, LogClass, Action string
	Access                                     Level
	Outcome                                    Outcome
	Permission, Scope, Via                     string
	Flag                                       string // "" or why the event is in no roll-up: "future", "ancient"
}

// Origin is where a request came from.
type Origin struct{ SrcIP, UserAgent string }

// Len is the number of events.
func (c *Columns) Len() int { return len(c.Rows) }

// ID is the id of row i, valid until Reset.
func (c *Columns) ID(i int) []byte { return c.IDs[c.Rows[i].IDFrom:c.Rows[i].IDTo] }

// Time is when the event of row i happened.
func (c *Columns) Time(i int) time.Time { return time.UnixMicro(c.Rows[i].Time).UTC() }

// Flag says why row i is in no roll-up; "" when it is.
func (c *Columns) Flag(i int) string { return c.Acts[c.Rows[i].Act].Flag }

// Event makes the event of row i again. It shares its lists and its attributes with others.
func (c *Columns) Event(i int) Event {
	r := &c.Rows[i]
	w, a, o := &c.Whos[r.Who], &c.Acts[r.Act], &c.Origins[r.Origin]
	ev := Event{ID: string(c.ID(i)), Time: c.Time(i), Provider: a.Provider, Account: a.Account, Class: a.Class, LogClass: a.LogClass,
		Action: a.Action, Access: a.Access, Outcome: a.Outcome, Error: c.Errors[r.Error], Actor: w.Actor, Targets: c.Targets[r.TargetList],
		Permission: a.Permission, Scope: a.Scope, Via: a.Via, SrcIP: o.SrcIP, UserAgent: o.UserAgent, Session: w.Session, Attrs: c.Attrs[r.AttrSet]}
	if r.Change != 0 {
		change := c.Changes[r.Change]
		ev.Change = &change
	}
	return ev
}

// Reset empties c and keeps its memory.
func (c *Columns) Reset() {
	// What the tables hold is cleared, so that the strings of the last batch can be collected.
	c.Rows, c.IDs, c.Raw = c.Rows[:0], c.IDs[:0], emptied(c.Raw)
	c.Whos, c.Acts, c.Origins, c.Errors = emptied(c.Whos), emptied(c.Acts), emptied(c.Origins), emptied(c.Errors)
	c.lists = emptied(c.lists)
	c.Changes, c.Targets, c.Attrs = emptied(c.Changes), emptied(c.Targets), emptied(c.Attrs)
	c.index.reset()
}

func emptied[T any](s []T) []T {
	clear(s)
	return s[:0]
}

// Keep keeps the rows for which keep says yes, and returns how many went.
func (c *Columns) Keep(keep func(i int) bool) int {
	n, kept := len(c.Rows), 0
	for i := range n {
		if !keep(i) {
			continue
		}
		c.Rows[kept] = c.Rows[i]
		if len(c.Raw) > 0 {
			c.Raw[kept] = c.Raw[i]
		}
		kept++
	}
	c.Rows = c.Rows[:kept]
	if len(c.Raw) > 0 {
		clear(c.Raw[kept:])
		c.Raw = c.Raw[:kept]
	}
	return n - kept
}

// KnowsWho reports whether an event with this memo of who acted was added before.
func (c *Columns) KnowsWho(memo uint64) bool {
	_, ok := c.index.whoMemo.find(memo)
	return ok
}

// KnowsAttrs reports the same of attributes.
func (c *Columns) KnowsAttrs(memo uint64) bool {
	_, ok := c.index.attrMemo.find(memo)
	return ok
}

// Add appends an event. Nothing of it is kept but its strings: its lists and attributes are copied when they are new.
func (c *Columns) Add(ev *Event, flag string) *EventRow {
	if len(c.Errors) == 0 {
		c.begin()
	}
	from := uint32(len(c.IDs))
	c.IDs = append(c.IDs, ev.ID...)
	r := EventRow{Time: ev.Time.UnixMicro(), IDFrom: from, IDTo: uint32(len(c.IDs)), Who: c.who(ev), Act: c.act(ev, flag),
		Origin: c.origin(ev), AttrSet: c.attrSet(ev)}
	if ev.Error != "" {
		r.Error = c.failure(ev.Error)
	}
	if ev.Change != nil {
		r.Change = c.change(ev.Change)
	}
	if len(ev.Targets) > 0 {
		r.TargetList = c.targetList(ev.Targets)
	}
	c.Rows = append(c.Rows, r)
	return &c.Rows[len(c.Rows)-1]
}

func (c *Columns) begin() {
	c.Errors, c.Changes = append(c.Errors, ""), append(c.Changes, Change{})
	c.Targets, c.Attrs = append(c.Targets, nil), append(c.Attrs, nil)
}

func (c *Columns) who(ev *Event) uint32 {
	if i, ok := c.index.whoMemo.find(ev.Memo.Who); ok {
		return i
	}
	a := &ev.Actor
	h := mix(mix(mix(mix(0, a.ID), a.UID), a.Name), a.Principal)
	h = mix(mix(mix(mix(mix(h, a.Email), string(a.Kind)), a.Issuer), a.Credential), ev.Session)
	for _, s := range a.Chain {
		h = mix(h, s)
	}
	for _, s := range a.Groups {
		h = mix(h, s) + 1
	}
	x := &c.index.whos
	i, ok := uint32(0), false
	for p := x.start(h); ; p = x.next(p) {
		if i, ok = x.at(p, h); !ok {
			break
		}
		if i != differs && c.Whos[i].is(a, ev.Session) {
			break
		}
	}
	if !ok {
		i = uint32(len(c.Whos))
		w := Who{*a, ev.Session}
		w.Actor.Chain, w.Actor.Groups = c.keep(a.Chain), c.keep(a.Groups)
		c.Whos = append(c.Whos, w)
		x.add(h, i)
	}
	c.index.whoMemo.put(ev.Memo.Who, i)
	return i
}

// keep copies a list next to those that were copied before.
func (c *Columns) keep(list []string) []string {
	if len(list) == 0 {
		return nil
	}
	from := len(c.lists)
	c.lists = append(c.lists, list...)
	return c.lists[from:len(c.lists):len(c.lists)]
}

func (w *Who) is(a *Actor, session string) bool {
	b := &w.Actor
	return a.ID == b.ID && a.UID == b.UID && a.Credential == b.Credential && session == w.Session && a.Principal == b.Principal && a.Name == b.Name &&
		a.Email == b.Email && a.Kind == b.Kind && a.Issuer == b.Issuer && slices.Equal(a.Chain, b.Chain) && slices.Equal(a.Groups, b.Groups)
}

func (c *Columns) act(ev *Event, flag string) uint32 {
	h := mix(mix(mix(mix(0, ev.Action), ev.Account), string(ev.Outcome)), ev.Scope)
	h = mix(mix(mix(h, ev.LogClass), ev.Permission), ev.Via)
	v := Act{ev.Provider, ev.Account, ev.Class, ev.LogClass, ev.Action, ev.Access, ev.Outcome, ev.Permission, ev.Scope, ev.Via, flag}
	return lookUp(&c.index.acts, &c.Acts, h, &v)
}

func (c *Columns) origin(ev *Event) uint32 {
	v := Origin{ev.SrcIP, ev.UserAgent}
	return lookUp(&c.index.origins, &c.Origins, mix(mix(0, v.SrcIP), v.UserAgent), &v)
}

func (c *Columns) failure(s string) uint32 { return lookUp(&c.index.errors, &c.Errors, mix(0, s), &s) }

func (c *Columns) change(v *Change) uint32 {
	return lookUp(&c.index.changes, &c.Changes, mix(mix(mix(0, string(v.Kind)), v.Subject), v.Grant), v)
}

// lookUp finds a value in its table, or adds it.
func lookUp[T comparable](x *places, table *[]T, h uint64, v *T) uint32 {
	for p := x.start(h); ; p = x.next(p) {
		i, ok := x.at(p, h)
		if !ok {
			break
		}
		if i != differs && (*table)[i] == *v {
			return i
		}
	}
	i := uint32(len(*table))
	*table = append(*table, *v)
	x.add(h, i)
	return i
}

func (c *Columns) targetList(list []Target) uint32 {
	h := uint64(0)
	for i := range list {
		h = mix(mix(h, list[i].ID), list[i].Type)
	}
	x := &c.index.targets
	for p := x.start(h); ; p = x.next(p) {
		i, ok := x.at(p, h)
		if !ok {
			break
		}
		if i != differs && slices.Equal(c.Targets[i], list) {
			return i
		}
	}
	i := uint32(len(c.Targets))
	c.Targets = append(c.Targets, slices.Clone(list))
	x.add(h, i)
	return i
}

func (c *Columns) attrSet(ev *Event) uint32 {
	if len(ev.Attrs) == 0 {
		return 0
	}
	if i, ok := c.index.attrMemo.find(ev.Memo.Attrs); ok {
		return i
	}
	h := uint64(0)
	for k, v := range ev.Attrs {
		h += mix(mix(0, k), v) // whatever the order
	}
	x := &c.index.attrs
	i, ok := uint32(0), false
	for p := x.start(h); ; p = x.next(p) {
		if i, ok = x.at(p, h); !ok {
			break
		}
		if i != differs && maps.Equal(c.Attrs[i], ev.Attrs) {
			break
		}
	}
	if !ok {
		i = uint32(len(c.Attrs))
		c.Attrs = append(c.Attrs, maps.Clone(ev.Attrs))
		x.add(h, i)
	}
	c.index.attrMemo.put(ev.Memo.Attrs, i)
	return i
}

var seed = maphash.MakeSeed()

// mix adds a text to a hash. The seed is this process's own: nobody outside can make texts that collide.
func mix(h uint64, s string) uint64 {
	h = (h ^ h>>29) * 0x9e3779b97f4a7c15
	if s == "" {
		return h + 1
	}
	return h ^ maphash.String(seed, s)
}
