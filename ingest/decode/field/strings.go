package field

import (
	"unsafe"

	"github.com/zeebo/xxh3"
)

const (
	chunkSize   = 64 << 10 // one arena chunk; also about what one surviving string can keep alive
	internSlots = 1 << 13  // values remembered at most: as many as stay in a processor's own cache
	internMax   = 256      // longer values are copied, not interned
	internPins  = 8 << 20  // bytes of arena after which everything is forgotten, since what is remembered keeps its chunk
)

// Strings makes strings of bytes that are about to be overwritten, at nearly no allocation an event. It belongs to one
// decoder (or one goroutine's decoders) and is not safe for concurrent use. Strings that it gave out stay valid forever,
// and each keeps the chunk that it lies in: what outlives its batch is cloned by whoever keeps it.
type Strings struct {
	slots []slot
	chunk []byte
	given int // bytes of arena since the slots were emptied
}

type slot struct {
	hash uint64
	s    string
}

// NewStrings makes an empty interner and arena.
func NewStrings() *Strings {
	return &Strings{slots: make([]slot, internSlots)}
}

// Intern returns a string equal to b, the same one as long as it is remembered. It is meant for values that recur:
// actions, accounts, ARNs of callers, user agents. Each value has one slot, which the next value with that slot takes
// over: a table that grew with the number of actors would cost more in cache misses than the copies that it saves.
func (s *Strings) Intern(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if len(b) > internMax {
		return s.Copy(b)
	}
	h := xxh3.Hash(b)
	at := &s.slots[h%internSlots]
	if at.hash == h && at.s == string(b) {
		return at.s
	}
	v := s.Copy(b)
	if s.given += len(b); s.given > internPins {
		clear(s.slots)
		s.given = 0
	}
	*at = slot{h, v}
	return v
}

// Copy returns a string equal to b from the arena. It is meant for values that hardly ever recur: event ids, sessions.
func (s *Strings) Copy(b []byte) string {
	return s.Join(b, nil, nil)
}

// Join returns a+b+c as one string from the arena.
func (s *Strings) Join(a, b, c []byte) string {
	n := len(a) + len(b) + len(c)
	if n == 0 {
		return ""
	}
	if n > chunkSize/8 {
		out := make([]byte, 0, n)
		out = append(append(append(out, a...), b...), c...)
		return unsafe.String(unsafe.SliceData(out), n)
	}
	if cap(s.chunk)-len(s.chunk) < n {
		s.chunk = make([]byte, 0, chunkSize)
	}
	at := len(s.chunk)
	s.chunk = append(append(append(s.chunk, a...), b...), c...)
	// The chunk is only ever appended to within its capacity, so these bytes never change again.
	return unsafe.String(&s.chunk[at], n)
}
