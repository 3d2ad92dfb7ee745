package kafka

import (
	"cmp"
	"slices"
)

// focus decides which partitions are fetched in the next round. A round holds so many records in all, and a range is of
// one partition: while there is more to catch up on than a round takes, few partitions are read in long ranges, one after
// the other, because an insert of a hundred thousand rows costs half of what five of twenty thousand do. Those that were
// served longest ago come first, so that none waits for longer than it takes to serve all others. When there is little
// left, all of them are read.
func (c *Consumer) focus() {
	c.mu.Lock()
	paused := c.choose()
	var pause, resume map[string][]int32
	for k := range paused {
		if !c.paused[k] {
			pause = with(pause, k)
		}
	}
	for k := range c.paused {
		if !paused[k] {
			resume = with(resume, k)
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

func with(m map[string][]int32, k key) map[string][]int32 {
	if m == nil {
		m = map[string][]int32{}
	}
	m[k.topic] = append(m[k.topic], k.id)
	return m
}

// choose returns the partitions that are left out of the next round. Only those of which records have come are ever left
// out: of the others nobody knows how far behind they are.
func (c *Consumer) choose() map[key]bool {
	type candidate struct {
		key  key
		part *partition
		left int64 // what a round could have of it
	}
	var list []candidate
	left := int64(0)
	for k, p := range c.parts {
		n := max(p.high-p.fetched(), 0) + int64(len(p.held))
		list, left = append(list, candidate{k, p, n}), left+n
	}
	most := int64(c.cfg.Records)
	if left <= 2*most {
		return nil
	}
	slices.SortFunc(list, func(a, b candidate) int {
		// What is held is in memory already, and what was begun is finished first.
		return cmp.Or(-cmp.Compare(len(a.part.held), len(b.part.held)), cmp.Compare(a.part.served, b.part.served),
			cmp.Compare(a.key.topic, b.key.topic), cmp.Compare(a.key.id, b.key.id))
	})
	var out map[key]bool
	chosen := int64(0)
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
