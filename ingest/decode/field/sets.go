package field

import (
	"strings"
	"sync/atomic"

	"github.com/zeebo/xxh3"

	"github.com/grantwatch/grantwatch/access"
)

var memos atomic.Uint64

// NextMemo is a number for access.Memo that nobody had before.
func NextMemo() uint64 { return memos.Add(1) }

// Attrs gathers the attributes of an event. Most events have the same as some other did, and then share its map.
type Attrs struct {
	pairs []pair
	slots []set
}

type pair struct{ key, value string }

type set struct {
	pairs []pair
	attrs map[string]string
	memo  uint64
}

const setSlots = 1 << 10

// Reset begins the next event.
func (a *Attrs) Reset() { a.pairs = a.pairs[:0] }

// Set gives the event an attribute that it has not got yet, unless it is empty: absent is absent.
func (a *Attrs) Set(key, value string) {
	if value != "" {
		a.pairs = append(a.pairs, pair{key, value})
	}
}

// Give gives the event its attributes.
func (a *Attrs) Give(ev *access.Event) {
	if len(a.pairs) == 0 {
		return
	}
	h := uint64(0)
	for _, p := range a.pairs {
		h = (h^h>>32)*0x9e3779b97f4a7c15 ^ xxh3.HashString(p.value)
		h += uint64(len(p.key))
	}
	if a.slots == nil {
		a.slots = make([]set, setSlots)
	}
	s := &a.slots[(h^h>>32)%setSlots]
	if !same(s.pairs, a.pairs) {
		*s = set{make([]pair, len(a.pairs)), make(map[string]string, len(a.pairs)), NextMemo()}
		for i, p := range a.pairs {
			p.value = strings.Clone(p.value) // it outlives the batch that the decoder's own copy lies in
			s.pairs[i] = p
			s.attrs[p.key] = p.value
		}
	}
	ev.Attrs, ev.Memo.Attrs = s.attrs, s.memo
}

func same(a, b []pair) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
