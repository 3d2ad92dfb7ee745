package ingest

import "github.com/zeebo/xxh3"

// seen remembers the last ids of a stream: between window and twice as many, in two sets of which the older one is
// dropped when the newer is full. Ids are remembered by hash; two that collide within the window would lose an event
// once in 10^13.
type seen struct {
	window   int
	now, old hashes
}

func newSeen(window int) *seen { return &seen{window: window} }

// begin forgets everything.
func (s *seen) begin(window int) {
	s.window = window
	s.now.clear()
	s.old.clear()
}

// again reports whether the id was there before, and remembers it.
func (s *seen) again(id string) bool {
	h := xxh3.HashString(id)
	if h == 0 {
		h = 1
	}
	if s.now.has(h) {
		return true
	}
	ok := s.old.has(h)
	if s.now.n >= s.window {
		s.now, s.old = s.old, s.now
		s.now.clear()
	}
	s.now.add(h)
	return ok
}

// hashes is a set of numbers that are not 0, with open addressing: a map of Go costs three times as much.
type hashes struct {
	slots []uint64
	n     int
}

const leastHashes = 1 << 10

func (t *hashes) clear() {
	clear(t.slots)
	t.n = 0
}

func (t *hashes) has(h uint64) bool {
	if len(t.slots) == 0 {
		return false
	}
	for p := int(h>>32) & (len(t.slots) - 1); t.slots[p] != 0; p = (p + 1) & (len(t.slots) - 1) {
		if t.slots[p] == h {
			return true
		}
	}
	return false
}

// add adds a number that is not there.
func (t *hashes) add(h uint64) {
	if t.n++; t.n*2 > len(t.slots) {
		old := t.slots
		t.slots = make([]uint64, max(2*len(old), leastHashes))
		for _, o := range old {
			if o != 0 {
				t.put(o)
			}
		}
	}
	t.put(h)
}

func (t *hashes) put(h uint64) {
	p := int(h>>32) & (len(t.slots) - 1)
	for t.slots[p] != 0 {
		p = (p + 1) & (len(t.slots) - 1)
	}
	t.slots[p] = h
}
