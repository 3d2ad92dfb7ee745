package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/ingest"
	"github.com/grantwatch/grantwatch/ingest/source/kafka"
)

// removeBefore has the broker forget what is before an offset, as retention does.
func removeBefore(t *testing.T, brokers []string, offset int64) {
	t.Helper()
	cl, err := kgo.NewClient(kgo.SeedBrokers(brokers...))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	req := kmsg.NewPtrDeleteRecordsRequest()
	rt := kmsg.NewDeleteRecordsRequestTopic()
	rp := kmsg.NewDeleteRecordsRequestTopicPartition()
	rt.Topic, rp.Offset = topic, offset
	rt.Partitions = append(rt.Partitions, rp)
	req.Topics = append(req.Topics, rt)
	res, err := req.RequestWith(t.Context(), cl)
	if err != nil || res.Topics[0].Partitions[0].ErrorCode != 0 {
		t.Fatal(err, res)
	}
}

// What retention took before it was read is kept as a hole, once, and before anything behind it is written, also when
// keeping it fails at first.
func TestHolesAreKept(t *testing.T) {
	c := cluster(t, 1)
	brokers := c.ListenAddrs()
	records, events, dead := messages(0, 20)
	produce(t, brokers, 1, records)
	m := member{sink: newMemory(), brokers: brokers, now: start}
	first := m.sink.(*memory)
	m.until(t, func() bool { return len(first.ids()) == events && first.count("dead") == dead })

	records, _, _ = messages(20, 30)
	produce(t, brokers, 1, records)
	removeBefore(t, brokers, 40)
	second := newMemory()
	p, err := ingest.New(second, ingest.Config{})
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var kept []string
	refusals := 1
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		ended <- p.Consume(ctx, []ingest.TopicInput{{Feed: k8sFeed, Topic: topic}}, ingest.ConsumeOptions{Kafka: kafka.Config{Brokers: brokers, Group: "g"}, Now: func() time.Time { return m.now },
			Hole: func(_ context.Context, f access.Feed, source string, from, to int64) error {
				mu.Lock()
				defer mu.Unlock()
				if len(second.ids()) > 0 {
					t.Error("what is behind the hole was written first")
				}
				if refusals > 0 {
					refusals--
					return errors.New("the store is away")
				}
				kept = append(kept, fmt.Sprintf("%s %s %d-%d", f.Name, source, from, to))
				return nil
			}})
	}()
	_, events, _ = messages(40, 10)
	eventually(t, func() bool { return len(second.ids()) == events })
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	mu.Lock()
	defer mu.Unlock()
	if want := []string{fmt.Sprintf("%s %s/0 20-40", k8sFeed.Name, topic)}; !slices.Equal(kept, want) {
		t.Errorf("kept %v, want %v", kept, want)
	}
}

// Bombs in many partitions at once: skipping one must not make the client forget another, nor what lies before it.
func TestManyBatchBombs(t *testing.T) {
	const partitions, rounds = 8, 3
	c := cluster(t, partitions, kfake.NumBrokers(3))
	events, dead := 0, 0
	for round := range rounds {
		list, e, d := messages(round*100, 96)
		produce(t, c.ListenAddrs(), partitions, list)
		bombs := make([]*kgo.Record, partitions)
		for i := range bombs {
			bombs[i] = &kgo.Record{Value: make([]byte, 4<<20)}
		}
		produce(t, c.ListenAddrs(), partitions, bombs, kgo.ProducerBatchCompression(kgo.ZstdCompression()), kgo.ProducerBatchMaxBytes(16<<20))
		events, dead = events+e, dead+d+partitions
	}
	list, e, d := messages(rounds*100, 80)
	produce(t, c.ListenAddrs(), partitions, list)
	events, dead = events+e, dead+d
	for _, records := range []int{5, 17, 1000} {
		sink := newMemory()
		m := member{sink: sink, brokers: c.ListenAddrs(), now: start, kafka: kafka.Config{MaxBatchBytes: 1 << 20, Records: records}, group: fmt.Sprint("g", records)}
		m.until(t, func() bool { return sink.count("events") >= events && sink.count("dead") >= dead })
		sink.whole(t, events, dead)
	}
}
