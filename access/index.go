package access

// columnIndex finds what stands in the tables of Columns already.
type columnIndex struct {
	whos, acts, origins, errors, changes, targets, attrs places
	whoMemo, attrMemo                                    memos
}

func (x *columnIndex) reset() {
	for _, p := range []*places{&x.whos, &x.acts, &x.origins, &x.errors, &x.changes, &x.targets, &x.attrs} {
		clear(p.slots)
		p.n = 0
	}
	clear(x.whoMemo.slots)
	clear(x.attrMemo.slots)
}

// places is a hash table of places in a slice, with open addressing. Half of a slot is of the hash, so that what differs
// is hardly ever looked at, and the table grows without hashing anything again.
type places struct {
	slots []place
	n     int
}

type place struct {
	hash uint32
	at   uint32 // plus one; 0 is a free slot
}

// differs is what a slot of another hash holds.
const differs = ^uint32(0)

const leastPlaces = 256

func (x *places) start(h uint64) int {
	if len(x.slots) == 0 {
		x.slots = make([]place, leastPlaces)
	}
	return int(uint32(h>>32)) & (len(x.slots) - 1)
}

func (x *places) next(p int) int { return (p + 1) & (len(x.slots) - 1) }

// at returns the place in slot p: differs when its hash does; ok is false when the slot is free, and then what was looked for
// is not there.
func (x *places) at(p int, h uint64) (i uint32, ok bool) {
	s := x.slots[p]
	if s.at == 0 {
		return 0, false
	}
	if uint64(s.hash) != h>>32 {
		return differs, true
	}
	return s.at - 1, true
}

// add puts a place where it will be found.
func (x *places) add(h uint64, i uint32) {
	if x.n++; x.n*2 > len(x.slots) {
		old := x.slots
		x.slots = make([]place, 2*len(old))
		for _, s := range old {
			if s.at != 0 {
				x.put(s)
			}
		}
	}
	x.put(place{uint32(h >> 32), i + 1})
}

func (x *places) put(s place) {
	p := int(s.hash) & (len(x.slots) - 1)
	for x.slots[p].at != 0 {
		p = (p + 1) & (len(x.slots) - 1)
	}
	x.slots[p] = s
}

// memos remember places by the memos of events. One that was overwritten costs a look into the table.
type memos struct{ slots []memo }

type memo struct {
	memo uint64
	at   uint32
}

const memoSlots = 1 << 16

func (m *memos) find(v uint64) (uint32, bool) {
	if v == 0 || len(m.slots) == 0 {
		return 0, false
	}
	s := &m.slots[v%memoSlots]
	return s.at, s.memo == v
}

func (m *memos) put(v uint64, i uint32) {
	if v == 0 {
		return
	}
	if len(m.slots) == 0 {
		m.slots = make([]memo, memoSlots)
	}
	m.slots[v%memoSlots] = memo{v, i}
}
