package kafka

import (
	"cmp"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// focus decides which partitions are fetched. While there is much more to catch up on than memory holds, few of them are
// read in long ranges, one after the other, because an insert of fifty thousand rows costs half of what five of ten
// thousand do. Those whose turn was longest ago come first, so that none waits for longer than it takes to serve all
// others. When there is little left, all of them are read.
func (c *Consumer) focus() {
	c.mu.Lock()
	now := time.Now()
	c.yield(now)
	paused := c.choose()
	var pause, resume map[string][]int32
	for k, p := range c.parts {
		switch was := c.paused[k]; {
		case paused[k] && !was:
			pause, p.asked = with(pause, k), time.Time{}
		case !paused[k] && was:
			resume, p.asked = with(resume, k), now
		case len(paused) == 0:
			p.asked = time.Time{}
		case !paused[k] && p.asked.IsZero():
			p.asked = now
		}
	}
	c.paused = paused
	c.mu.Unlock()
	if len(resume) > 0 {
		c.cl.ResumeFetchPartitions(resume)
	}
	if len(pause) > 0 {
		c.cl.PauseFetchPartitions(pause)
	}
}

// yield ends the turn of a partition that others wait for and that brings nothing: its leader may be gone, or the client may
// have thrown away the news that it met a batch which cannot be opened. It is asked for anew.
func (c *Consumer) yield(now time.Time) {
	again := map[string]map[int32]kgo.EpochOffset{}
	for k, p := range c.parts {
		if p.asked.IsZero() || now.Sub(p.asked) < idle || now.Sub(p.seen) < idle || now.Sub(c.full) < idle || p.high <= p.fetched() {
			continue
		}
		c.turns++
		p.served, p.asked = c.turns, time.Time{}
		if at := p.fetched(); at >= 0 {
			set(again, k, at)
		}
	}
	c.ask(again)
}

func with(m map[string][]int32, k key) map[string][]int32 {
	if m == nil {
		m = map[string][]int32{}
	}
	m[k.topic] = append(m[k.topic], k.id)
	return m
}

// choose returns the partitions that are left out. Only those of which records have come are ever left out: of the others
// nobody knows how far behind they are.
func (c *Consumer) choose() map[key]bool {
	type candidate struct {
		key  key
		part *partition
		left int64 // what could be had of it
	}
	var list []candidate
	left := int64(0)
	for k, p := range c.parts {
		n := max(p.high-p.fetched(), 0) + int64(p.waiting())
		list, left = append(list, candidate{k, p, n}), left+n
	}
	most, chosen := int64(c.cfg.each()), int64(0)
	if left <= 2*most {
		return nil
	}
	slices.SortFunc(list, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.part.served, b.part.served), -cmp.Compare(a.part.waiting(), b.part.waiting()),
			cmp.Compare(a.key.topic, b.key.topic), cmp.Compare(a.key.id, b.key.id))
	})
	var out map[key]bool
	for _, x := range list {
		if chosen < most {
			chosen += x.left
			continue
		}
		if x.part.failed {
			continue // the client has to be told to try it again, which it does only for what it fetches
		}
		if out == nil {
			out = map[key]bool{}
		}
		out[x.key] = true
	}
	return out
}
