package push

import "sync"

// budget is the memory of all requests that are in flight.
type budget struct {
	mu          sync.Mutex
	used        int64
	teams       map[string]int64
	total, team int64
}

func newBudget(total, team int64) *budget {
	return &budget{total: total, team: team, teams: map[string]int64{}}
}

// lease is one request's share. It is used by one goroutine at a time.
type lease struct {
	b    *budget
	team string
	n    int64
}

func (b *budget) lease(team string) *lease { return &lease{b: b, team: team} }

// grow takes n bytes more, or none. Nobody waits: waiting requests would hold what the others wait for.
func (l *lease) grow(n int64) bool {
	b := l.b
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.used+n > b.total || b.teams[l.team]+n > b.team {
		return false
	}
	b.used += n
	b.teams[l.team] += n
	l.n += n
	return true
}

// shrink gives n bytes back.
func (l *lease) shrink(n int64) {
	b := l.b
	b.mu.Lock()
	defer b.mu.Unlock()
	b.used -= n
	if b.teams[l.team] -= n; b.teams[l.team] == 0 {
		delete(b.teams, l.team)
	}
	l.n -= n
}

// release gives all of it back.
func (l *lease) release() { l.shrink(l.n) }

// full reports whether there is no room for even a small request.
func (b *budget) full() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.used+chunk > b.total
}

// inFlight is what is taken now.
func (b *budget) inFlight() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.used
}
