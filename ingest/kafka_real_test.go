//go:build kafka

package ingest_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/ingest"
	"github.com/grantwatch/grantwatch/ingest/made"
	"github.com/grantwatch/grantwatch/ingest/source/kafka"
)

// counter is a sink that keeps tokens and event ids only. It can die: it then refuses everything, in the middle of a batch.
type counter struct {
	mu      sync.Mutex
	tokens  map[string]bool
	ids     map[string]int
	batches int
	again   int // batches that it had seen
	dieAt   int
	die     func()
}

func (c *counter) WriteBatch(ctx context.Context, b *access.Batch) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.batches++
	if c.tokens[b.Token] {
		c.again++
		return nil
	}
	if c.batches == c.dieAt {
		defer c.die() // after the rows are durable, before anybody hears of it
	}
	c.tokens[b.Token] = true
	for i := range b.Events.Len() {
		c.ids[string(b.Events.ID(i))]++
	}
	if c.batches == c.dieAt {
		return errBroken
	}
	return nil
}

func (c *counter) kept() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.ids)
}

// A real broker, 200 000 records over four partitions, a consumer that dies again and again.
func TestRealBroker(t *testing.T) {
	address := os.Getenv("GRANTWATCH_KAFKA")
	if address == "" {
		t.Fatal("GRANTWATCH_KAFKA names no broker; make test-kafka starts one")
	}
	const n, partitions = 200_000, 4
	name := fmt.Sprintf("grantwatch.test.%d", rand.Uint64())
	cl, err := kgo.NewClient(kgo.SeedBrokers(address), kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerBatchCompression(kgo.Lz4Compression()), kgo.MaxBufferedRecords(n))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	adm := kadm.NewClient(cl)
	if _, err := adm.CreateTopic(t.Context(), partitions, 1, nil, name); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_, _ = adm.DeleteTopics(context.Background(), name) // a topic that stays is in nobody's way
		_, _ = adm.DeleteGroups(context.Background(), name)
	}()
	list := cloudTrailMessages(n)
	for i, r := range list {
		r.Topic, r.Partition = name, int32(i%partitions)
	}
	if err := cl.ProduceSync(t.Context(), list...).FirstErr(); err != nil {
		t.Fatal(err)
	}
	feed := access.Feed{Name: "shop-aws", Team: "shop", Format: "aws_cloudtrail", Accounts: []string{"111122223333"}}
	sink := &counter{tokens: map[string]bool{}, ids: map[string]int{}}
	run := func(ctx context.Context, at time.Time, report func(error)) {
		p, err := ingest.New(sink, ingest.Config{BatchRecords: 5000})
		if err != nil {
			t.Error(err)
			return
		}
		err = p.Consume(ctx, []ingest.TopicInput{{Feed: feed, Topic: name}}, ingest.ConsumeOptions{
			Kafka: kafka.Config{Brokers: []string{address}, Group: name, Linger: 50 * time.Millisecond, Heartbeat: 300 * time.Millisecond, Records: 20_000},
			Now:   func() time.Time { return at }, Error: report})
		if err != nil {
			t.Error(err)
		}
	}
	begun := time.Now()
	for i := range 5 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		sink.mu.Lock()
		sink.dieAt, sink.die = sink.batches+2+i, cancel
		sink.mu.Unlock()
		run(ctx, now.Add(time.Duration(i)*time.Minute), nil)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		run(ctx, now.Add(time.Hour), func(err error) { t.Log(err) })
	}()
	eventually(t, func() bool { return sink.kept() == n })
	took := time.Since(begun)
	cancel()
	<-ended
	lost, doubled := n-len(sink.ids), 0
	for _, times := range sink.ids {
		doubled += times - 1
	}
	t.Logf("%d records in %s with 5 deaths; %d batches, %d of them again; lost %d, doubled %d", n, took.Round(time.Millisecond), sink.batches, sink.again, lost, doubled)
	if lost != 0 || doubled != 0 || sink.again == 0 {
		t.Errorf("lost %d, doubled %d, batches seen again %d", lost, doubled, sink.again)
	}
	offsets, err := adm.FetchOffsets(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range slices.SortedFunc(func(yield func(kadm.OffsetResponse) bool) { offsets.Each(func(o kadm.OffsetResponse) { yield(o) }) },
		func(a, b kadm.OffsetResponse) int { return int(a.Partition - b.Partition) }) {
		if o.At != n/partitions || o.Metadata != "" {
			t.Errorf("partition %d stands at %d %q, want %d", o.Partition, o.At, o.Metadata, n/partitions)
		}
	}
}

// cloudTrailMessages are n made-up records of CloudTrail, one a message.
func cloudTrailMessages(n int) []*kgo.Record {
	out := make([]*kgo.Record, 0, n)
	for line := range bytes.Lines(made.Log(n, 50_000)) {
		out = append(out, &kgo.Record{Value: bytes.TrimSpace(line)})
	}
	return out
}
