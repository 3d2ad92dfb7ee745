package kafka

import (
	"context"
	"fmt"
	"slices"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// locate asks where new partitions stand: their committed offset, and the range that was being written there.
func (c *Consumer) locate(ctx context.Context) error {
	c.mu.Lock()
	var topics []string
	var fresh []*partition
	for k, p := range c.parts {
		if !p.known {
			fresh = append(fresh, p)
			if !slices.Contains(topics, k.topic) {
				topics = append(topics, k.topic)
			}
		}
	}
	c.mu.Unlock()
	if len(fresh) == 0 {
		return nil
	}
	all, err := c.adm.FetchOffsetsForTopics(ctx, c.cfg.Group, topics...)
	if err != nil {
		return fmt.Errorf("kafka: offsets of group %s: %w", c.cfg.Group, err)
	}
	for _, p := range fresh {
		at, ok := all.Lookup(p.topic, p.id)
		if !ok || at.Err != nil {
			return fmt.Errorf("kafka: offset of group %s in %s: not told (%w)", c.cfg.Group, Source(p.topic, p.id), at.Err)
		}
		if at.At >= 0 {
			p.position, p.epoch = at.At, at.LeaderEpoch
			if p.next, err = parseMark(at.At, at.Metadata); err != nil {
				c.cfg.Report(err) // what was being written is written once more under other tokens: event ids tell
			}
			p.marked = p.next != nil
		}
		p.known = true
	}
	return nil
}

// commit commits where the partitions stand: at the beginning of the range that is being written, with a note of it,
// or behind the last one. It returns those whose commit was refused.
func (c *Consumer) commit(ctx context.Context, list []*partition) (refused []*partition) {
	if len(list) == 0 {
		return nil
	}
	offsets := map[string]map[int32]kgo.EpochOffset{}
	byKey := map[key]*partition{}
	for _, p := range list {
		at := kgo.EpochOffset{Epoch: p.epoch, Offset: p.position}
		if p.next != nil {
			if at.Offset != p.next.From {
				at.Epoch = -1
			}
			at.Offset = p.next.From
		}
		if offsets[p.topic] == nil {
			offsets[p.topic] = map[int32]kgo.EpochOffset{}
		}
		offsets[p.topic][p.id] = at
		byKey[key{p.topic, p.id}] = p
	}
	note := func(req *kmsg.OffsetCommitRequest) error {
		for i := range req.Topics {
			t := &req.Topics[i]
			for j := range t.Partitions {
				if p := byKey[key{t.Topic, t.Partitions[j].Partition}]; p != nil {
					text := p.next.String()
					t.Partitions[j].Metadata = &text
				}
			}
		}
		return nil
	}
	c.cl.CommitOffsetsSync(kgo.PreCommitFnContext(ctx, note), offsets, func(_ *kgo.Client, req *kmsg.OffsetCommitRequest, resp *kmsg.OffsetCommitResponse, err error) {
		if err != nil {
			c.cfg.Report(fmt.Errorf("kafka: committing: %w", err))
			return
		}
		names := map[[16]byte]string{}
		for _, t := range req.Topics {
			names[t.TopicID] = t.Topic
		}
		for _, t := range resp.Topics {
			topic := t.Topic
			if topic == "" {
				topic = names[t.TopicID]
			}
			for _, p := range t.Partitions {
				if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
					c.cfg.Report(fmt.Errorf("kafka: committing %s: %w", Source(topic, p.Partition), err))
					continue
				}
				delete(byKey, key{topic, p.Partition})
			}
		}
	})
	for _, p := range byKey { // also those of which the answer says nothing
		refused = append(refused, p)
	}
	return refused
}
