package slack

import (
	"sync"
	"time"
)

// once remembers what came already, for a while and up to a number. It never forgets something early to make room, for
// then it could be sent again: full, it takes nothing new.
type once struct {
	max  int
	keep time.Duration

	mu    sync.Mutex
	until map[string]time.Time
	order []entry // oldest first
}

type entry struct {
	key   string
	until time.Time
}

func newOnce(most int, keep time.Duration) *once {
	return &once{max: most, keep: keep, until: map[string]time.Time{}}
}

// first reports whether a key comes for the first time, and remembers it. It is false too when there is no room.
func (o *once) first(key string, now time.Time) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := 0
	for n < len(o.order) && now.After(o.order[n].until) {
		if e := o.order[n]; o.until[e.key].Equal(e.until) {
			delete(o.until, e.key)
		}
		n++
	}
	o.order = o.order[n:]
	if _, ok := o.until[key]; ok || len(o.until) >= o.max {
		return false
	}
	t := now.Add(o.keep)
	o.until[key] = t
	o.order = append(o.order, entry{key, t})
	return true
}

// forget lets a key come again.
func (o *once) forget(key string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.until, key)
}
