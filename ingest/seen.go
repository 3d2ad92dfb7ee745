package ingest

import "github.com/zeebo/xxh3"

// seen remembers the last ids of a stream: between window and twice as many, in two maps of which the older one is
// dropped when the newer is full. Ids are remembered by hash; two that collide within the window would lose an event
// once in 10^13.
type seen struct {
	window   int
	now, old map[uint64]struct{}
}

func newSeen(window int) *seen {
	return &seen{window: window, now: map[uint64]struct{}{}, old: map[uint64]struct{}{}}
}

// again reports whether the id was there before, and remembers it.
func (s *seen) again(id string) bool {
	h := xxh3.HashString(id)
	if _, ok := s.now[h]; ok {
		return true
	}
	_, ok := s.old[h]
	if len(s.now) >= s.window {
		s.now, s.old = s.old, s.now
		clear(s.now)
	}
	s.now[h] = struct{}{}
	return ok
}
