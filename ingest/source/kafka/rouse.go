package kafka

import (
	"context"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// ask makes the client fetch from these offsets on. It then throws away what it has fetched of any partition, and with it
// the news that another one has met a batch that cannot be opened, after which it would never fetch that one again: so
// every partition is asked for from where we stand. To ask twice for the same offset is nothing to the client, although it
// has thrown away what came in between: so it is asked for another one first, of which nothing is taken.
// It must be called with mu held and while no rebalance can happen.
func (c *Consumer) ask(offsets map[string]map[int32]kgo.EpochOffset) {
	if len(offsets) == 0 {
		return
	}
	for k, at := range c.standing() {
		if _, ok := offsets[k.topic][k.id]; !ok {
			set(offsets, k, at)
		}
	}
	beside := map[string]map[int32]kgo.EpochOffset{}
	for topic, ids := range offsets {
		for id, o := range ids {
			other := o.Offset - 1
			if other < 0 {
				other = 1
			}
			set(beside, key{topic, id}, other)
		}
	}
	c.cl.SetOffsets(beside)
	c.cl.SetOffsets(offsets)
}

// standing is up to where we have fetched, of every partition that is ours. Of one that nothing was read of yet, in a
// group that begins at the end, only the client knows where it begins. An offset that is no longer there is the
// client's to mend.
func (c *Consumer) standing() map[key]int64 {
	out := map[key]int64{}
	for topic, ids := range c.cl.CommittedOffsets() {
		for id, committed := range ids {
			k, at := key{topic, id}, committed.Offset
			if p := c.parts[k]; p != nil && p.fetched() >= 0 {
				at = p.fetched() // also when it is less: the topic may have begun again
			}
			if at >= 0 || c.cfg.Start != "latest" {
				out[k] = max(at, 0)
			}
		}
	}
	return out
}

// How long a partition may bring nothing before the broker is asked whether there is more, and how long that may take.
const (
	quietFor  = 20 * time.Second
	askWithin = 5 * time.Second
)

// rouseStuck asks again for partitions that bring nothing although there is more: when partitions change hands, the client
// also throws away the news of a batch that cannot be opened.
func (c *Consumer) rouseStuck(ctx context.Context) {
	now := time.Now()
	if now.Sub(c.watched) < quietFor {
		return
	}
	c.watched = now
	quiet := map[key]int64{} // to where we stand
	var topics []string
	c.mu.Lock()
	for k, at := range c.standing() {
		if p := c.parts[k]; p != nil && (c.paused[k] || now.Sub(p.seen) < quietFor || len(p.held) > 0 && (p.next == nil || at >= p.next.To)) {
			continue // it is left out on purpose, it brings something, or what it brought waits for the store
		}
		quiet[k] = at
		if !slices.Contains(topics, k.topic) {
			topics = append(topics, k.topic)
		}
	}
	c.mu.Unlock()
	if len(quiet) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	ends, err := c.adm.ListCommittedOffsets(ctx, topics...)
	if err != nil {
		return // the rounds say what is wrong with the brokers
	}
	c.cl.PollRecords(ended(), 1) // no rebalance in between
	c.mu.Lock()
	defer c.mu.Unlock()
	again := map[string]map[int32]kgo.EpochOffset{}
	for k, from := range quiet {
		if end, ok := ends.Lookup(k.topic, k.id); ok && end.Err == nil && end.Offset > from {
			set(again, k, from)
		}
	}
	c.ask(again)
}

// rouseFailed makes the client fetch partitions again that it has given up after an error.
func (c *Consumer) rouseFailed() {
	now := time.Now()
	if now.Before(c.rouse) {
		return
	}
	c.rouse = now.Add(c.cfg.Retry)
	c.cl.PollRecords(ended(), 1) // no rebalance in between
	c.mu.Lock()
	defer c.mu.Unlock()
	again := map[string]map[int32]kgo.EpochOffset{}
	for k, p := range c.parts {
		if at := p.fetched(); p.failed && at >= 0 {
			set(again, k, at)
			p.failed = false
		}
	}
	c.ask(again)
}

func ended() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}
