package kafka

import (
	"context"
	"fmt"
	"slices"
)

// Change is how partitions changed hands.
type Change string

// The ways: given by the group, given up in good order, and taken away from a member that the group had given up.
const (
	Assigned Change = "assigned"
	Revoked  Change = "revoked"
	Lost     Change = "lost"
)

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
	c.mu.Lock()
	mine := make([]key, 0, len(c.owned))
	var topics []string
	for k := range c.owned {
		mine = append(mine, k)
		if !slices.Contains(topics, k.topic) {
			topics = append(topics, k.topic)
		}
	}
	c.mu.Unlock()
	if len(mine) == 0 {
		return nil, nil
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
