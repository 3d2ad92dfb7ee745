package kafka

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/twmb/franz-go/pkg/kgo"
)

// round fetches, writes and commits once. The group does not rebalance while it runs.
func (c *Consumer) round(ctx context.Context) (failed bool) {
	c.collect(ctx)
	if ctx.Err() != nil {
		return false
	}
	if err := c.locate(ctx); err != nil {
		c.cfg.Report(err)
		failed = true
	}
	ready, unmarked := c.plan()
	if n := len(ready); n > 0 {
		ready = slices.DeleteFunc(ready, func(p *partition) bool { return !c.keepHoles(ctx, p) })
		unmarked = slices.DeleteFunc(unmarked, func(p *partition) bool { return len(p.holes) > 0 })
		failed = failed || len(ready) < n
	}
	if len(ready) == 0 {
		return failed
	}
	refused := c.commit(ctx, unmarked)
	if len(refused) > 0 {
		failed = true
	}
	for _, p := range unmarked {
		p.marked = !slices.Contains(refused, p)
	}
	ready = slices.DeleteFunc(ready, func(p *partition) bool { return !p.marked })
	done := c.writeAll(ctx, ready)
	if len(done) < len(ready) {
		failed = true
	}
	c.rounds++
	for _, p := range done {
		p.written()
		p.served = c.rounds
	}
	// What is durable is committed even when the process is asked to end. If it fails, the next range's note says the same.
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	c.commit(last, done)
	return failed
}

// idle is how long a round waits for a first record: rebalances that want to happen wait for no longer than a round.
const idle = time.Second

// collect fetches until there is enough for a round, or until the linger time is over. When it returns, rebalances wait.
func (c *Consumer) collect(ctx context.Context) {
	now, cancelled := context.WithCancel(ctx)
	cancelled()
	defer c.cl.PollRecords(now, 1) // with a context that has ended it fetches nothing, and makes rebalances wait
	c.rouseFailed()
	c.focus()
	c.rouseStuck(ctx)
	held, size, pending := c.holding()
	if pending && (held >= c.cfg.Records || size >= c.cfg.Bytes) {
		return // the sink does not take what there is: nothing more is fetched
	}
	wait, cancel := context.WithTimeout(ctx, idle)
	if pending {
		cancel()
		wait, cancel = context.WithTimeout(ctx, time.Millisecond)
	}
	defer func() { cancel() }()
	got, bytes := 0, size
	for ctx.Err() == nil {
		n, b := c.take(c.cl.PollRecords(wait, c.cfg.Records-got))
		if n == 0 && wait.Err() != nil || c.wanted.Load() {
			break
		}
		if got == 0 && n > 0 && !pending {
			cancel()
			wait, cancel = context.WithTimeout(ctx, c.cfg.Linger)
			stop := cancel
			c.hurry.Store(&stop)
		}
		got, bytes = got+n, bytes+b
		if got >= c.cfg.Records || bytes >= c.cfg.Bytes {
			break
		}
	}
	c.hurry.Store(nil)
}

// holding tells what is held, and whether a whole range of it waits to be written again.
func (c *Consumer) holding() (records int, bytes int64, pending bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.parts {
		records += len(p.held)
		bytes += p.bytes
		pending = pending || len(p.held) > 0 && (p.next == nil || p.fetched() >= p.next.To)
	}
	return records, bytes, pending
}

// take adds what was fetched to the partitions.
func (c *Consumer) take(fetches kgo.Fetches) (records int, bytes int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	skip := map[string]map[int32]kgo.EpochOffset{}
	fetches.EachTopic(func(t kgo.FetchTopic) {
		feeds := c.feeds[t.Topic]
		for _, f := range t.Partitions {
			if feeds == nil || f.Partition < 0 { // said of the whole client
				if f.Err != nil && !errors.Is(f.Err, context.Canceled) && !errors.Is(f.Err, context.DeadlineExceeded) {
					c.cfg.Report(fmt.Errorf("kafka: %w", f.Err))
				}
				continue
			}
			k := key{t.Topic, f.Partition}
			p := c.parts[k]
			if p == nil {
				p = &partition{topic: t.Topic, id: f.Partition, position: -1, epoch: -1}
				c.parts[k] = p
			}
			p.start = max(p.start, f.LogStartOffset)
			p.high = max(p.high, f.HighWatermark)
			if len(f.Records) > 0 || f.Err != nil {
				p.seen = time.Now()
			}
			for _, r := range f.Records {
				p.take(r, feeds)
				bytes += int64(len(r.Value))
			}
			records += len(f.Records)
			var bomb *kgo.ErrDecompressTooLarge
			switch {
			case errors.As(f.Err, &bomb):
				next := p.fetched()
				// A client that hands out part of what it has of a partition says the error of its end with each part.
				if len(f.Records) == 0 || next == bomb.Offset {
					p.bomb(bomb, feeds[0], c.cfg.MaxBatchBytes)
					records++
					next = bomb.NextOffset
				}
				set(skip, k, next)
			case f.Err != nil:
				c.cfg.Report(fmt.Errorf("kafka: %s: %w", Source(t.Topic, f.Partition), f.Err))
				p.failed = true
			}
		}
	})
	c.ask(skip)
	return records, bytes
}

func set(offsets map[string]map[int32]kgo.EpochOffset, k key, offset int64) {
	if offsets[k.topic] == nil {
		offsets[k.topic] = map[int32]kgo.EpochOffset{}
	}
	offsets[k.topic][k.id] = kgo.EpochOffset{Epoch: -1, Offset: offset}
}

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

// plan lists the partitions of which a whole range is here, and those among them whose range is not noted yet.
func (c *Consumer) plan() (ready, unmarked []*partition) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := c.cfg.Now()
	for _, p := range c.parts {
		ok, lost := p.plan(c.cfg.Records, c.cfg.Bytes, at, c.cfg.Limits)
		if lost != nil {
			c.cfg.Report(lost)
		}
		if !ok {
			continue
		}
		ready = append(ready, p)
		if !p.marked {
			unmarked = append(unmarked, p)
		}
	}
	slices.SortFunc(ready, func(a, b *partition) int { return cmp.Or(cmp.Compare(a.topic, b.topic), cmp.Compare(a.id, b.id)) })
	return ready, unmarked
}

// keepHoles has the holes of a partition kept before anything behind them is read: the committed offset will not show them.
func (c *Consumer) keepHoles(ctx context.Context, p *partition) bool {
	for len(p.holes) > 0 {
		h := p.holes[0]
		c.cfg.Report(fmt.Errorf("kafka: %s: the offsets %d to %d were removed by the broker before they were read", h.Source, h.From, h.To-1))
		for _, feed := range c.feeds[p.topic] {
			if err := c.cfg.Hole(ctx, feed, h); err != nil {
				c.cfg.Report(fmt.Errorf("kafka: feed %s: %w", feed, err))
				return false
			}
		}
		p.holes = p.holes[1:]
	}
	p.holes = nil
	return true
}

// writeAll writes the ranges, several at a time, and returns the partitions whose range is durable.
func (c *Consumer) writeAll(ctx context.Context, list []*partition) []*partition {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	late := func() { time.AfterFunc(c.cfg.RebalanceTimeout*3/4, cancel) }
	stop := context.CancelFunc(late)
	c.hurry.Store(&stop)
	defer c.hurry.Store(nil)
	if c.wanted.Load() {
		late()
	}
	ok := make([]bool, len(list))
	var g errgroup.Group
	g.SetLimit(c.cfg.Workers)
	for i, p := range list {
		g.Go(func() error {
			for _, r := range p.ranges(c.feeds[p.topic]) {
				if err := c.write(ctx, r); err != nil {
					c.cfg.Report(fmt.Errorf("kafka: feed %s, %s, offsets %d to %d: %w", r.Feed, r.Source, r.From, r.To-1, err))
					return nil
				}
			}
			ok[i] = true
			return nil
		})
	}
	_ = g.Wait() // errors are reported one by one
	var done []*partition
	for i, p := range list {
		if ok[i] {
			done = append(done, p)
		}
	}
	return done
}
