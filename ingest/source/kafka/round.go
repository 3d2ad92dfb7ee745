package kafka

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// A round is a time in which the group does not rebalance: ranges are fetched, noted, written and committed side by side,
// for as long as nobody waits for a rebalance, nothing fails and there is something to write.
type round struct {
	*Consumer
	work   context.Context // of the writes
	landed chan landing
	slots  chan struct{} // one for each worker

	flying  int          // ranges that are being written or wait for a worker
	records int          // in them
	settled []*partition // written, and not committed yet
	failed  bool
}

// landing is the end of writing one partition's range.
type landing struct {
	part    *partition
	records int
	bytes   int64
	ok      bool
}

// longest is how long a round goes on at most, so that a rebalance of which the client forgot to tell us is let happen.
const longest = time.Minute

// round runs one round and reports whether something failed.
func (c *Consumer) round(ctx context.Context) (failed bool) {
	c.cl.PollRecords(ended(), 1) // with a context that has ended it fetches nothing, and makes rebalances wait
	work, stop := context.WithCancel(ctx)
	defer stop()
	r := &round{Consumer: c, work: work, landed: make(chan landing, 1024), slots: make(chan struct{}, c.cfg.Workers)}
	// A member that is put out of the group could write long after the next owner has.
	late := func() { time.AfterFunc(c.cfg.RebalanceTimeout*3/4, stop) }
	c.late.Store(&late)
	defer c.late.Store(nil)
	begun := time.Now()
	for {
		closing := ctx.Err() != nil || r.failed || c.wanted.Load() || time.Since(begun) > longest
		if !closing {
			c.rouseFailed()
			c.rouseStuck(ctx)
			r.start(ctx)
			c.focus()
		}
		if r.flying == 0 && (closing || r.failed) {
			break
		}
		if closing {
			r.land(<-r.landed)
			continue
		}
		if len(r.settled) > 0 { // nothing was begun, whose note would have said it
			r.settle(ctx)
		}
		idle := r.flying == 0 && !c.holds()
		fetched := r.fetch(ctx)
		for len(r.landed) > 0 {
			r.land(<-r.landed)
		}
		if idle && !fetched {
			break // a rebalance may want to happen
		}
	}
	r.settle(ctx)
	return r.failed
}

// start begins to write what is ripe.
func (r *round) start(ctx context.Context) {
	if err := r.locate(ctx); err != nil {
		r.cfg.Report(err)
		r.failed = true
	}
	ready := r.plan()
	if n := len(ready); n > 0 {
		ready = slices.DeleteFunc(ready, func(p *partition) bool { return !r.keepHoles(ctx, p) })
		r.failed = r.failed || len(ready) < n
	}
	if len(ready) == 0 {
		return
	}
	unmarked := slices.DeleteFunc(slices.Clone(ready), func(p *partition) bool { return p.marked })
	if len(unmarked) > 0 {
		// What was written is committed with the notes.
		settled := slices.DeleteFunc(r.settled, func(p *partition) bool { return slices.Contains(unmarked, p) })
		refused := r.commit(ctx, append(settled, unmarked...))
		r.settled = nil
		for _, p := range unmarked {
			p.marked = !slices.Contains(refused, p)
			r.failed = r.failed || !p.marked
		}
	}
	for _, p := range ready {
		if p.marked {
			r.fly(p)
		}
	}
}

// fly writes the range of one partition, as soon as a worker is free. Its records are let go of as they are read, since there
// are more of them than of anything else: to write the range once more, it is fetched once more.
func (r *round) fly(p *partition) {
	list := p.ranges(r.feeds[p.topic])
	l := landing{part: p, records: p.planned()}
	l.bytes = p.release(l.records)
	p.flying = true
	r.flying, r.records = r.flying+1, r.records+l.records
	go func() {
		r.slots <- struct{}{}
		l.ok = r.writeRanges(r.work, list)
		<-r.slots
		r.landed <- l
		r.rise()
	}()
}

// writeRanges writes what the feeds of a topic have in one range.
func (c *Consumer) writeRanges(ctx context.Context, list []Range) bool {
	for _, r := range list {
		if err := c.write(ctx, r); err != nil {
			c.cfg.Report(fmt.Errorf("kafka: feed %s, %s, offsets %d to %d: %w", r.Feed, r.Source, r.From, r.To-1, err))
			return false
		}
	}
	return true
}

// land takes note of the end of a write.
func (r *round) land(l landing) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.flying, r.records = r.flying-1, r.records-l.records
	l.part.flying = false
	l.part.bytes -= l.bytes
	if !l.ok {
		r.failed = true
		again := map[string]map[int32]kgo.EpochOffset{}
		set(again, key{l.part.topic, l.part.id}, l.part.next.From)
		l.part.forget()
		r.ask(again)
		return
	}
	l.part.written()
	r.settled = append(r.settled, l.part)
}

// settle commits what is durable, even when the process is asked to end. If that fails, the next range's note says the same.
func (r *round) settle(ctx context.Context) {
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	r.commit(last, r.settled)
	r.settled = nil
}

// plan decides which ranges are written now, the longest first.
func (r *round) plan() (ready []*partition) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now, at := time.Now(), r.cfg.Now()
	list, waiting := make([]*partition, 0, len(r.parts)), 0
	for _, p := range r.parts {
		waiting += p.waiting()
		if !p.flying {
			list = append(list, p)
		}
	}
	slices.SortFunc(list, func(a, b *partition) int {
		return cmp.Or(-cmp.Compare(len(a.held), len(b.held)), cmp.Compare(a.topic, b.topic), cmp.Compare(a.id, b.id))
	})
	flying, records := r.flying, r.records
	for _, p := range list {
		if flying >= r.cfg.Workers && records >= r.cfg.each() {
			break // there is enough to do, and more of it would be too much for memory
		}
		if p.next == nil && !r.ripe(p, now, flying, waiting) {
			continue
		}
		ok, lost := p.plan(r.cfg.each(), r.cfg.eachBytes(), at, r.cfg.Limits)
		if lost != nil {
			r.cfg.Report(lost)
		}
		if ok {
			n := p.planned()
			ready, flying, records, waiting = append(ready, p), flying+1, records+n, waiting-n
			r.turns++
			p.served = r.turns
		}
	}
	return ready
}

// ripe reports whether a partition's range should be written now, and not wait to become longer: few long ranges cost the
// store half of what many short ones do.
func (r *round) ripe(p *partition, now time.Time, flying, waiting int) bool {
	switch {
	case len(p.held) == 0:
		return false
	case len(p.held) >= r.cfg.each(), p.bytes >= r.cfg.eachBytes():
		return true
	case waiting >= r.cfg.each() && flying < r.cfg.Workers:
		return true // there is no place for more
	case now.Sub(p.first) < r.cfg.Linger:
		return false
	case p.high <= p.fetched(), flying == 0:
		return true // there is no more, or somebody could write it
	}
	return now.Sub(p.first) >= 4*r.cfg.Linger
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
