package kafka

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Write makes a range durable. It returns nil only when all of it is, and takes a range that it has seen, or parts of
// it, without doubling anything. It is called for several partitions at the same time. The messages are its own: it may
// let go of each value when it has read it.
type Write func(ctx context.Context, r Range) error

// Consumer is one member of the group.
type Consumer struct {
	cfg   Config
	write Write
	cl    *kgo.Client
	adm   *kadm.Client
	feeds map[string][]string // of each topic

	mu     sync.Mutex // parts changes hands between rounds and rebalances
	parts  map[key]*partition
	paused map[key]bool // partitions that are left out of this round
	turns  int64
	full   time.Time // when there was last no place for more

	wanted   atomic.Bool                        // a rebalance waits for us
	stop     atomic.Pointer[context.CancelFunc] // ends the wait for records
	late     atomic.Pointer[func()]             // bounds how long what is being written may take
	failures int                                // rounds in a row in which something failed
	group    int32                              // the group's generation when it was last looked at
	watched  time.Time                          // when it was last looked whether a partition is stuck
	rouse    time.Time                          // when partitions that the client gave up are tried again
}

type key struct {
	topic string
	id    int32
}

// New makes a member; it joins the group in Run.
func New(cfg Config, write Write) (*Consumer, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	c := &Consumer{cfg: cfg, write: write, feeds: map[string][]string{}, parts: map[key]*partition{}}
	for _, r := range cfg.Routes {
		c.feeds[r.Topic] = append(c.feeds[r.Topic], r.Feed)
	}
	opts, err := cfg.options()
	if err != nil {
		return nil, err
	}
	opts = append(opts, kgo.OnPartitionsRevoked(c.gone(Revoked)), kgo.OnPartitionsLost(c.gone(Lost)), kgo.OnPartitionsCallbackBlocked(c.blocked))
	if c.cl, err = kgo.NewClient(opts...); err != nil {
		return nil, fmt.Errorf("kafka: %w", err)
	}
	c.adm = kadm.NewClient(c.cl)
	return c, nil
}

// Run reads until ctx ends, which is no error. What fails is reported and tried again, for as long as it takes.
func (c *Consumer) Run(ctx context.Context) error {
	defer c.cl.CloseAllowingRebalance()
	for ctx.Err() == nil {
		failed := c.round(ctx)
		c.joined()
		c.wanted.Store(false)
		c.cl.AllowRebalance()
		if !failed {
			c.failures = 0
			continue
		}
		pause := min(c.cfg.Retry, 100*time.Millisecond<<min(c.failures, 10))
		c.failures++
		wait := time.NewTimer(pause)
		select {
		case <-ctx.Done():
		case <-wait.C:
		}
		wait.Stop()
	}
	return nil
}

// gone forgets partitions that are not ours any more. Nothing is committed: what was written is committed already, and
// what is not is read again by their next owner, from the note in the metadata.
func (c *Consumer) gone(how Change) func(context.Context, *kgo.Client, map[string][]int32) {
	return func(_ context.Context, _ *kgo.Client, list map[string][]int32) {
		c.mu.Lock()
		n := 0
		for topic, ids := range list {
			for _, id := range ids {
				k := key{topic, id}
				delete(c.parts, k)
				if c.paused[k] { // when it comes back, it is fetched like any other
					delete(c.paused, k)
					c.cl.ResumeFetchPartitions(map[string][]int32{topic: {id}})
				}
				n++
			}
		}
		c.mu.Unlock()
		if n > 0 {
			c.cfg.Rebalanced(how)
		}
	}
}

// blocked hears that the group wants to rebalance. A round begins nothing more; a write may go on for three quarters of the
// time that the group waits, and is then broken off.
func (c *Consumer) blocked(context.Context, *kgo.Client) {
	if c.wanted.Swap(true) {
		return
	}
	if late := c.late.Load(); late != nil {
		(*late)()
	}
	c.rise()
}
