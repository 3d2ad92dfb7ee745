package made

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Producer sends records to a topic of its own, which Close deletes.
type Producer struct {
	client *kgo.Client
	admin  *kadm.Client
	topic  string
}

// NewProducer makes the topic with so many partitions.
func NewProducer(ctx context.Context, broker, topic string, partitions int32) (*Producer, error) {
	cl, err := kgo.NewClient(kgo.SeedBrokers(broker), kgo.DefaultProduceTopic(topic), kgo.RecordPartitioner(kgo.RoundRobinPartitioner()),
		kgo.ProducerBatchCompression(kgo.Lz4Compression()), kgo.MaxBufferedRecords(20_000),
		// Its connections may be cut every second, on a machine where a second is short.
		kgo.AlwaysRetryEOF(), kgo.RequestRetries(1000), kgo.RetryTimeout(10*time.Minute), kgo.RecordRetries(1000))
	if err != nil {
		return nil, err
	}
	p := &Producer{cl, kadm.NewClient(cl), topic}
	if _, err := p.admin.CreateTopic(ctx, partitions, 1, nil, topic); err != nil {
		cl.Close()
		return nil, err
	}
	return p, nil
}

// Send produces every line of a log as a record and waits until the broker has all of them.
func (p *Producer) Send(ctx context.Context, log []byte) error {
	var failed error
	for line := range bytes.Lines(log) {
		p.client.Produce(ctx, &kgo.Record{Value: bytes.TrimSpace(line)}, func(_ *kgo.Record, err error) {
			if err != nil { // promises are called one after the other, and all of them before Flush returns
				failed = err
			}
		})
	}
	return errors.Join(p.client.Flush(ctx), failed)
}

// Hand produces every line of a log as a record and waits until the broker has these. Several may do so at the same time.
func (p *Producer) Hand(ctx context.Context, log []byte) error {
	var failed error
	var left sync.WaitGroup
	for line := range bytes.Lines(log) {
		left.Add(1)
		p.client.Produce(ctx, &kgo.Record{Value: bytes.TrimSpace(line)}, func(_ *kgo.Record, err error) {
			if err != nil { // promises are called one after the other
				failed = err
			}
			left.Done()
		})
	}
	left.Wait()
	return failed
}

// Warm reads so many records of the topic once, with a client of its own: a broker that has just been started takes up to five
// times the processor time of one that has answered for a while.
func (p *Producer) Warm(ctx context.Context, broker string, records int) error {
	cl, err := kgo.NewClient(kgo.SeedBrokers(broker), kgo.ConsumeTopics(p.topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		return err
	}
	defer cl.Close()
	for got := 0; got < records; {
		fetches := cl.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return err
		}
		got += fetches.NumRecords()
	}
	return nil
}

// Close deletes the topic and the consumer group.
func (p *Producer) Close(ctx context.Context, group string) error {
	_, err := p.admin.DeleteTopics(ctx, p.topic)
	_, err2 := p.admin.DeleteGroups(ctx, group)
	p.client.Close()
	return errors.Join(err, err2)
}

// Members are the ids of the members of a consumer group.
func Members(ctx context.Context, broker, group string) ([]string, error) {
	cl, err := kgo.NewClient(kgo.SeedBrokers(broker), kgo.AlwaysRetryEOF())
	if err != nil {
		return nil, err
	}
	defer cl.Close()
	all, err := kadm.NewClient(cl).DescribeGroups(ctx, group)
	if err != nil {
		return nil, err
	}
	g := all[group]
	if errors.Is(g.Err, kerr.GroupIDNotFound) {
		return nil, nil // nobody has joined yet
	}
	out := make([]string, 0, len(g.Members))
	for _, m := range g.Members {
		out = append(out, m.MemberID)
	}
	return out, g.Err
}

// Bomb produces one batch that is short as it is sent and size bytes long when it is opened.
func Bomb(ctx context.Context, broker, topic string, size int) error {
	cl, err := kgo.NewClient(kgo.SeedBrokers(broker), kgo.DefaultProduceTopic(topic), kgo.ProducerBatchCompression(kgo.ZstdCompression()),
		kgo.ProducerBatchMaxBytes(int32(size+1<<20)), kgo.BrokerMaxWriteBytes(int32(size+2<<20)), kgo.AlwaysRetryEOF())
	if err != nil {
		return err
	}
	defer cl.Close()
	return cl.ProduceSync(ctx, &kgo.Record{Value: bytes.Repeat([]byte{' '}, size)}).FirstErr()
}
