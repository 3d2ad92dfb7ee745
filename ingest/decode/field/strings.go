package field

import "unsafe"

const (
	chunkSize   = 64 << 10 // one arena chunk; also about what one surviving string can keep alive
	internLimit = 1 << 16  // distinct values kept; then the table starts anew
	internMax   = 256      // longer values are copied, not interned
)

// Strings makes strings of bytes that are about to be overwritten, at nearly no allocation an event. It belongs to one
// decoder (or one goroutine's decoders) and is not safe for concurrent use. Strings that it gave out stay valid forever.
type Strings struct {
	table map[string]string
	chunk []byte
}

// NewStrings makes an empty interner and arena.
func NewStrings() *Strings {
	return &Strings{table: make(map[string]string, 1024)}
}

// Intern returns the string equal to b, the same one each time while the table remembers it. It is meant for values
// that recur: actions, accounts, ARNs of callers, user agents. The table is bounded: when it is full it is emptied,
// which costs a few copies and never correctness.
func (s *Strings) Intern(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if v, ok := s.table[string(b)]; ok {
		return v
	}
	if len(b) > internMax {
		return s.Copy(b)
	}
	if len(s.table) >= internLimit {
		clear(s.table)
	}
	// An interned string has its own memory: it lives long and would otherwise pin a whole chunk of short-lived ones.
	v := string(b)
	s.table[v] = v
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
