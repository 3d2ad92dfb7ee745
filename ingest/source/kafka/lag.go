package kafka

import (
	"context"
	"fmt"
)

// Change is how partitions changed hands.
type Change string

// The ways: the group has a new generation with us in it; partitions were given up in good order; partitions were taken
// from a member that the group had given up.
const (
	Joined  Change = "joined"
	Revoked Change = "revoked"
	Lost    Change = "lost"
)

// joined looks whether the group has a new generation. The client's callback for partitions that were assigned would tell
// too, but a client that has one can hang when it is closed while the group rebalances.
func (c *Consumer) joined() {
	if _, now := c.cl.GroupMetadata(); now != c.group {
		if c.group = now; now >= 0 {
			c.cfg.Rebalanced(Joined)
		}
	}
}

// Lag is how many records of a partition are not durable yet.
type Lag struct {
	Feed      string // that takes the records without a header
	Topic     string
	Partition int32
	Records   int64
}

// Lags asks the brokers how far behind this member's partitions are: from the committed offset to the end. It may be
// asked at any time, also while a range waits for a store that is not there, which is when it matters.
func (c *Consumer) Lags(ctx context.Context) ([]Lag, error) {
	mine, topics, err := c.mine(ctx)
	if err != nil || len(mine) == 0 {
		return nil, err
	}
	committed, err := c.adm.FetchOffsetsForTopics(ctx, c.cfg.Group, topics...)
	if err != nil {
		return nil, fmt.Errorf("kafka: offsets of group %s: %w", c.cfg.Group, err)
	}
	starts, err := c.adm.ListStartOffsets(ctx, topics...)
	if err != nil {
		return nil, fmt.Errorf("kafka: beginnings of the topics: %w", err)
	}
	ends, err := c.adm.ListCommittedOffsets(ctx, topics...)
	if err != nil {
		return nil, fmt.Errorf("kafka: ends of the topics: %w", err)
	}
	out := make([]Lag, 0, len(mine))
	for _, k := range mine {
		end, ok := ends.Lookup(k.topic, k.id)
		if !ok || end.Err != nil {
			continue // a partition without a leader has no end to be behind of
		}
		// Without a committed offset, or with one of records that are no longer there, what is there is what is left.
		var from int64
		if first, ok := starts.Lookup(k.topic, k.id); ok && first.Err == nil {
			from = first.Offset
		}
		if at, ok := committed.Lookup(k.topic, k.id); ok && at.Err == nil && at.At >= 0 {
			from = max(from, at.At)
		} else if c.cfg.Start == "latest" {
			from = end.Offset
		}
		out = append(out, Lag{Feed: c.feeds[k.topic][0], Topic: k.topic, Partition: k.id, Records: max(end.Offset-from, 0)})
	}
	return out, nil
}

// mine asks the group which partitions it has given us: also those of which nothing could be fetched. While the group
// rebalances there are none.
func (c *Consumer) mine(ctx context.Context) (list []key, topics []string, err error) {
	me, _ := c.cl.GroupMetadata()
	if me == "" {
		return nil, nil, nil
	}
	groups, err := c.adm.DescribeGroups(ctx, c.cfg.Group)
	if err != nil {
		return nil, nil, fmt.Errorf("kafka: group %s: %w", c.cfg.Group, err)
	}
	g := groups[c.cfg.Group]
	for _, m := range g.Members {
		assigned, ok := m.Assigned.AsConsumer()
		if m.MemberID != me || !ok {
			continue
		}
		for _, t := range assigned.Topics {
			if c.feeds[t.Topic] == nil {
				continue
			}
			topics = append(topics, t.Topic)
			for _, id := range t.Partitions {
				list = append(list, key{t.Topic, id})
			}
		}
	}
	return list, topics, g.Err
}
