package ingest

// pairs numbers pairs of numbers in the order in which they are first asked for. It is a hash table with open addressing:
// it is asked for every event, and a map of Go costs three times as much.
type pairs struct {
	slots []pair
	n     int
}

type pair struct {
	key uint64
	at  uint32 // plus one; 0 is a free slot
}

const leastPairs = 1 << 10

func (t *pairs) reset() {
	clear(t.slots)
	t.n = 0
}

func (t *pairs) slot(key uint64) int {
	h := key * 0x9e3779b97f4a7c15
	h ^= h >> 29
	h *= 0xbf58476d1ce4e5b9
	return int(h>>32) & (len(t.slots) - 1)
}

// find returns the number of a key; when it has none, it gets the number next and ok is false.
func (t *pairs) find(key uint64, next uint32) (at uint32, ok bool) {
	if t.n*2 >= len(t.slots) {
		t.grow()
	}
	p := t.slot(key)
	for ; t.slots[p].at != 0; p = (p + 1) & (len(t.slots) - 1) {
		if t.slots[p].key == key {
			return t.slots[p].at - 1, true
		}
	}
	t.slots[p] = pair{key, next + 1}
	t.n++
	return next, false
}

func (t *pairs) grow() {
	old := t.slots
	t.slots = make([]pair, max(2*len(old), leastPairs))
	for _, s := range old {
		if s.at == 0 {
			continue
		}
		p := t.slot(s.key)
		for t.slots[p].at != 0 {
			p = (p + 1) & (len(t.slots) - 1)
		}
		t.slots[p] = s
	}
}
