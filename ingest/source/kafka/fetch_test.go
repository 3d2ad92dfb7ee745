package kafka

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

// consumer reads a topic that has so many records in each partition, in small answers of the broker.
func consumer(t *testing.T, partitions int32, each, records int, write func(c *Consumer) Write) *Consumer {
	t.Helper()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(partitions, "t"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	cl, err := kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...), kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerBatchMaxBytes(1024), kgo.ProducerBatchCompression(kgo.NoCompression()))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	var list []*kgo.Record
	for i := range each * int(partitions) {
		list = append(list, &kgo.Record{Topic: "t", Partition: int32(i) % partitions, Value: make([]byte, 100)})
	}
	if err := cl.ProduceSync(t.Context(), list...).FirstErr(); err != nil {
		t.Fatal(err)
	}
	cfg := good()
	cfg.Brokers, cfg.Records, cfg.Linger = cluster.ListenAddrs(), records, 50*time.Millisecond
	cfg.Options = []kgo.Opt{kgo.FetchMaxPartitionBytes(1024)} // each answer has something of every partition
	cfg.Report = func(err error) { t.Error(err) }
	var c *Consumer
	c, err = New(cfg, func(ctx context.Context, r Range) error { return write(c)(ctx, r) })
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// run runs c until done is closed.
func run(t *testing.T, c *Consumer, done <-chan struct{}) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	select {
	case <-done:
	case <-ctx.Done():
		t.Error("it does not come to its end")
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func (c *Consumer) inMemory() (records, waiting int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.parts {
		records, waiting = records+len(p.held), waiting+p.waiting()
	}
	return records, waiting
}

// While ranges are written the next is fetched, and no more than memory has for it however long the write takes.
func TestTheNextRangeIsFetchedWhileOthersAreWritten(t *testing.T) {
	const records = 90
	done := make(chan struct{})
	var once sync.Once
	c := consumer(t, 2, 400, records, func(c *Consumer) Write {
		return func(ctx context.Context, r Range) error {
			tick := time.NewTicker(time.Millisecond)
			defer tick.Stop()
			for {
				n, waiting := c.inMemory()
				if n > records {
					t.Errorf("%d records are held", n)
				}
				if waiting == records/3 {
					once.Do(func() { close(done) })
					return nil
				}
				select {
				case <-tick.C:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
		}
	})
	c.cfg.Report = func(error) {} // the last write is broken off
	run(t, c, done)
}

// What is fetched ahead is of those that have waited, so that no partition is read for ever while others wait; and all is
// read, each record once and in order.
func TestPartitionsTakeTurnsAlsoAhead(t *testing.T) {
	const partitions, each, records = 6, 500, 60
	var mu sync.Mutex
	var turns []string
	next, left, done := map[string]int64{}, partitions*each, make(chan struct{})
	c := consumer(t, partitions, each, records, func(*Consumer) Write {
		return func(_ context.Context, r Range) error {
			mu.Lock()
			defer mu.Unlock()
			for _, m := range r.Messages {
				if m.Offset != next[r.Source] {
					t.Errorf("%s: offset %d comes after %d", r.Source, m.Offset, next[r.Source]-1)
				}
				next[r.Source] = m.Offset + 1
				left--
			}
			turns = append(turns, r.Source)
			if left == 0 {
				close(done)
			}
			return nil
		}
	})
	run(t, c, done)
	mu.Lock()
	defer mu.Unlock()
	seen := map[string]int{}
	for i, s := range turns {
		if last, ok := seen[s]; ok && i-last > 3*partitions {
			t.Errorf("%s waits for %d ranges: %v", s, i-last, turns)
		}
		seen[s] = i
	}
	if half := turns[:min(len(turns), 4*partitions)]; len(slices.Compact(slices.Sorted(slices.Values(half)))) != partitions {
		t.Errorf("some wait from the beginning: %v", turns)
	}
}
