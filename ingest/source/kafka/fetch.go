package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// idle is how long a round waits for a first record, and a partition that is asked alone for its next.
const idle = time.Second

// fetch waits for records, until a range has been written, somebody wants to rebalance, or one that is held is due. It
// reports whether there was any of these.
func (r *round) fetch(ctx context.Context) bool {
	room, due := r.room(time.Now())
	wait, cancel := context.WithTimeout(ctx, due)
	defer cancel()
	r.stop.Store(&cancel)
	defer r.stop.Store(nil)
	if len(r.landed) > 0 || r.wanted.Load() {
		return true // before there was somebody to tell
	}
	if room <= 0 {
		r.full = time.Now()
		<-wait.Done() // what is held is as much as memory has for it: nothing more is fetched
		return true
	}
	return r.take(r.cl.PollRecords(wait, room)) > 0 || len(r.landed) > 0 || r.wanted.Load()
}

// room is how many records may still be fetched, and how long that may take.
func (r *round) room(now time.Time) (records int, due time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	all, waiting, bytes, due := r.records, 0, int64(0), idle
	for _, p := range r.parts {
		n := p.waiting()
		all, waiting, bytes = all+n, waiting+n, bytes+p.bytes
		if p.flying {
			continue
		}
		all += p.planned()
		for _, at := range [...]time.Duration{r.cfg.Linger, 4 * r.cfg.Linger} {
			if left := at - now.Sub(p.first); n > 0 && left > 0 {
				due = min(due, left+time.Millisecond)
				break
			}
		}
	}
	if bytes >= r.cfg.Bytes {
		return 0, due
	}
	return min(r.cfg.each()-waiting, r.cfg.Records-all), due
}

// holds reports whether anything waits to be written.
func (c *Consumer) holds() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.parts {
		if len(p.held) > 0 {
			return true
		}
	}
	return false
}

// rise ends the wait for records.
func (c *Consumer) rise() {
	if stop := c.stop.Load(); stop != nil {
		(*stop)()
	}
}

// take adds what was fetched to the partitions.
func (c *Consumer) take(fetches kgo.Fetches) (records int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	skip := map[string]map[int32]kgo.EpochOffset{}
	now := time.Now()
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
				p.seen = now
			}
			if p.waiting() == 0 {
				p.first = now
			}
			for _, r := range f.Records {
				p.take(r, feeds)
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
	return records
}

func set(offsets map[string]map[int32]kgo.EpochOffset, k key, offset int64) {
	if offsets[k.topic] == nil {
		offsets[k.topic] = map[int32]kgo.EpochOffset{}
	}
	offsets[k.topic][k.id] = kgo.EpochOffset{Epoch: -1, Offset: offset}
}
