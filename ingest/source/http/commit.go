package push

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/ingest"
)

// entry is one request's content on its way into the sink. Several requests wait for one entry when it is sent again
// before it is stored.
type entry struct {
	key   Hash
	kept  []byte
	bytes int64
	lease *lease

	done  chan struct{} // closed when what follows is set
	stats ingest.Stats
	err   error
}

func (e *entry) name() string { return "http/" + hex.EncodeToString(e.key[:16]) }

// committer writes the requests of one feed, those that came together as one.
type committer struct {
	feed   access.Feed
	limits *Limits
	write  func(ctx context.Context, feed access.Feed, source string, parts []ingest.Part) ([]ingest.Stats, error)
	ctx    context.Context
	// One group of a feed is written at a time, and the next one fills: many small groups cost the store far more than few
	// large ones. One that is full has nothing to wait for, and is decoded while the store takes the other.
	turn, second chan struct{}

	mu      sync.Mutex
	open    *group
	known   map[Hash]*entry // waiting, or stored lately
	recent  []Hash          // the stored ones, a ring
	next    int
	closed  bool
	closing chan struct{}
	running sync.WaitGroup
}

// group is what is written together.
type group struct {
	entries []*entry
	bytes   int64
	full    chan struct{}
}

func newCommitter(ctx context.Context, f access.Feed, cfg *Config, limits *Limits) *committer {
	return &committer{feed: f, limits: limits, write: cfg.Write, ctx: ctx, turn: make(chan struct{}, 1), second: make(chan struct{}, 1), known: map[Hash]*entry{}, closing: make(chan struct{})}
}

// submit hands an entry over. It returns the one to wait for, which is another one when the same content is known; nil
// when the server is being closed.
func (c *committer) submit(e *entry) (_ *entry, again bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if old := c.known[e.key]; old != nil {
		return old, true
	}
	if c.closed {
		return nil, false
	}
	c.known[e.key] = e
	if g := c.open; g != nil && g.bytes+e.bytes > c.limits.Group {
		c.seal()
	}
	if c.open == nil {
		c.open = &group{full: make(chan struct{})}
		c.running.Add(1)
		go c.run(c.open)
	}
	c.open.entries = append(c.open.entries, e)
	c.open.bytes += e.bytes
	if c.open.bytes >= c.limits.Group || len(c.open.entries) >= c.limits.Requests {
		c.seal()
	}
	return e, false
}

// seal lets nothing more into the open group.
func (c *committer) seal() {
	close(c.open.full)
	c.open = nil
}

// run writes a group when it has waited long enough or is full, and it is its turn. Until then others may join it.
func (c *committer) run(g *group) {
	defer c.running.Done()
	wait := time.NewTimer(c.limits.Wait)
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-g.full:
	case <-c.closing:
	}
	defer c.takeTurn(g)()
	c.mu.Lock()
	if c.open == g {
		c.open = nil
	}
	c.mu.Unlock()
	parts := make([]ingest.Part, len(g.entries))
	sum := sha256.New()
	for i, e := range g.entries {
		_, _ = sum.Write(e.key[:]) // a hash does not fail
		kept := e.kept
		parts[i] = ingest.Part{Name: e.name(), Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(kept)), nil }}
	}
	// The source is named after the content: the same group is the same batch, and no two groups are one.
	stats, err := c.write(c.ctx, c.feed, "http/"+hex.EncodeToString(sum.Sum(nil)[:16]), parts)
	if err == nil && len(stats) != len(parts) {
		err = fmt.Errorf("push: feed %s: the sink tells of %d parts of %d", c.feed.Name, len(stats), len(parts))
	}
	c.settle(g, stats, err)
}

// takeTurn waits until it is the group's turn, and returns what ends it.
func (c *committer) takeTurn(g *group) (end func()) {
	select {
	case c.turn <- struct{}{}:
		return func() { <-c.turn }
	case <-g.full:
	}
	select {
	case c.turn <- struct{}{}:
		return func() { <-c.turn }
	case c.second <- struct{}{}:
		return func() { <-c.second }
	}
}

// settle tells everyone who waits.
func (c *committer) settle(g *group, stats []ingest.Stats, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, e := range g.entries {
		if e.err = err; err == nil {
			e.stats = stats[i]
			c.remember(e.key)
		} else {
			delete(c.known, e.key)
		}
		e.kept = nil
		e.lease.release()
		close(e.done)
	}
}

// remember keeps a stored key, and forgets the oldest one.
func (c *committer) remember(key Hash) {
	if len(c.recent) < c.limits.Memory {
		c.recent = append(c.recent, key)
		return
	}
	delete(c.known, c.recent[c.next])
	c.recent[c.next] = key
	c.next = (c.next + 1) % len(c.recent)
}

// close takes nothing more and writes what is there.
func (c *committer) close() {
	c.mu.Lock()
	if !c.closed {
		c.closed = true
		close(c.closing)
	}
	c.mu.Unlock()
	c.running.Wait()
}
