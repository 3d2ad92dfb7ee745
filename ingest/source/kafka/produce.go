package kafka

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Produce writes one record for a feed to its topic, and returns when all replicas in sync have it.
func Produce(ctx context.Context, c Config, topic, feed string, value []byte) (offset string, err error) {
	auth, err := c.security()
	if err != nil {
		return "", err
	}
	cl, err := kgo.NewClient(append(auth, kgo.SeedBrokers(c.Brokers...), kgo.ClientID("grantwatch"))...)
	if err != nil {
		return "", fmt.Errorf("kafka: %w", err)
	}
	defer cl.Close()
	r := &kgo.Record{Topic: topic, Value: value, Headers: []kgo.RecordHeader{{Key: Header, Value: []byte(feed)}}}
	if err := cl.ProduceSync(ctx, r).FirstErr(); err != nil {
		return "", fmt.Errorf("kafka: topic %s: %w", topic, err)
	}
	return fmt.Sprintf("%s@%d", Source(topic, r.Partition), r.Offset), nil
}
