package app

import (
	"math"
	"runtime/debug"
	"sync"
)

// memoryLimit is how far the collector lets memory grow while logs are read, before it works harder instead: reading
// takes as much as it is given, and the machine is not ours alone.
const memoryLimit = 450 << 20

// memory holds the limit while anything is read and nothing is evaluated. An evaluation needs what it needs, and a limit
// below that would only keep the collector busy.
type memory struct {
	mu         sync.Mutex
	readers    int
	evaluating int
}

// reading holds memory down until the returned function is called.
func (m *memory) reading() func() { return m.hold(&m.readers) }

// evaluation lifts the limit until the returned function is called.
func (m *memory) evaluation() func() { return m.hold(&m.evaluating) }

func (m *memory) hold(n *int) func() {
	m.add(n, 1)
	return sync.OnceFunc(func() { m.add(n, -1) })
}

func (m *memory) add(n *int, by int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	*n += by
	if m.readers > 0 && m.evaluating == 0 {
		debug.SetMemoryLimit(memoryLimit)
		return
	}
	debug.SetMemoryLimit(math.MaxInt64)
}
