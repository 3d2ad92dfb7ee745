package ingest_test

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/ingest"
	"github.com/grantwatch/grantwatch/ingest/source/kafka"
)

const topic = "logs.shop"

func cluster(t *testing.T, partitions int32, opts ...kfake.Opt) *kfake.Cluster {
	t.Helper()
	c, err := kfake.NewCluster(append([]kfake.Opt{kfake.NumBrokers(1), kfake.SeedTopics(partitions, topic), kfake.GroupMinSessionTimeout(100 * time.Millisecond)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// produce sends values round the partitions, some of which hold many records.
func produce(t *testing.T, brokers []string, partitions int, records []*kgo.Record, opts ...kgo.Opt) {
	t.Helper()
	cl, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(brokers...), kgo.RecordPartitioner(kgo.ManualPartitioner())}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	for i, r := range records {
		r.Topic, r.Partition = topic, int32(i%partitions)
	}
	if err := cl.ProduceSync(t.Context(), records...).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

// messages are records in all the forms in which they come; it tells how many events and how many dead letters they are.
func messages(from, n int) (out []*kgo.Record, events, dead int) {
	for i := from; i < from+n; i++ {
		id := func(k int) string {
			return record(fmt.Sprintf("id-%d-%d", i, k), start.Add(time.Duration(i)*time.Second))
		}
		v := id(0)
		switch i % 10 {
		case 3:
			v = id(0) + "\n" + id(1) + "\n"
			events++
		case 5:
			v = "[" + id(0) + "," + id(1) + "]"
			events++
		case 7:
			v = `{"auditID":` // must not swallow what follows
			events--
			dead++
		}
		events++
		out = append(out, &kgo.Record{Value: []byte(v)})
	}
	return out, events, dead
}

type member struct {
	sink    ingest.Sink
	brokers []string
	now     time.Time
	cfg     ingest.Config
	kafka   kafka.Config
	feeds   []ingest.TopicInput
	group   string
}

// consume runs a member until ctx ends.
func (m member) consume(ctx context.Context, t *testing.T) {
	if m.feeds == nil {
		m.feeds = []ingest.TopicInput{{Feed: k8sFeed, Topic: topic}}
	}
	p, err := ingest.New(m.sink, m.cfg)
	if err != nil {
		t.Error(err)
		return
	}
	k := m.kafka
	k.Brokers, k.Group = m.brokers, cmp.Or(m.group, "g")
	if k.Linger == 0 {
		k.Linger = 5 * time.Millisecond
	}
	if k.Heartbeat == 0 {
		k.Heartbeat = 50 * time.Millisecond
	}
	if k.Retry == 0 {
		k.Retry = 200 * time.Millisecond
	}
	if err := p.Consume(ctx, m.feeds, ingest.ConsumeOptions{Kafka: k, Now: func() time.Time { return m.now }}); err != nil {
		t.Error(err)
	}
}

// until runs a member until done says so.
func (m member) until(t *testing.T, done func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	ended := make(chan struct{})
	go func() { defer close(ended); m.consume(ctx, t) }()
	eventually(t, done)
	cancel()
	<-ended
}

func eventually(t *testing.T, done func() bool) {
	t.Helper()
	deadline := time.After(25 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("nothing more happens")
		}
	}
}

func (m *memory) count(table string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.tables[table])
}

// whole checks that every event is there once, and that the ranges of each source lie end to end: a range that was read
// again as another one would overlap.
func (m *memory) whole(t *testing.T, events, dead int) {
	t.Helper()
	ids := m.ids()
	if n := len(slices.Compact(slices.Sorted(slices.Values(ids)))); n != events || len(ids) != events {
		t.Fatalf("%d events, %d different ones; want %d: lost %d, doubled %d", len(ids), n, events, events-n, len(ids)-n)
	}
	if n := m.count("dead"); n != dead {
		t.Fatalf("%d dead letters, want %d", n, dead)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	spans := map[string]map[[2]int64]string{}
	for _, token := range m.order {
		part := strings.Split(token, "/") // feed, topic, partition, range, hash
		var from, to int64
		if _, err := fmt.Sscanf(part[3], "%d-%d", &from, &to); err != nil {
			t.Fatal(token, err)
		}
		source := part[0] + "/" + part[2]
		if spans[source] == nil {
			spans[source] = map[[2]int64]string{}
		}
		if other, ok := spans[source][[2]int64{from, to}]; ok && other != token {
			t.Fatalf("one range, two tokens:\n%s\n%s", token, other)
		}
		spans[source][[2]int64{from, to}] = token
	}
	for source, list := range spans {
		at := int64(0)
		var sorted [][2]int64
		for s := range list {
			sorted = append(sorted, s)
		}
		slices.SortFunc(sorted, func(a, b [2]int64) int { return int(a[0] - b[0]) })
		for _, s := range sorted {
			if s[0] != at {
				t.Fatalf("%s: a range begins at %d, the one before ended at %d: %v", source, s[0], at, sorted)
			}
			at = s[1]
		}
	}
}

// refuse answers a commit as a broker does that does not know the member any more.
func refuse(req kmsg.Request) kmsg.Response {
	r := req.(*kmsg.OffsetCommitRequest)
	resp := r.ResponseKind().(*kmsg.OffsetCommitResponse)
	for _, t := range r.Topics {
		rt := kmsg.NewOffsetCommitResponseTopic()
		rt.Topic, rt.TopicID = t.Topic, t.TopicID
		for _, p := range t.Partitions {
			rp := kmsg.NewOffsetCommitResponseTopicPartition()
			rp.Partition, rp.ErrorCode = p.Partition, kerr.UnknownMemberID.Code
			rt.Partitions = append(rt.Partitions, rp)
		}
		resp.Topics = append(resp.Topics, rt)
	}
	return resp
}

// dated is a sink that sees whether a batch that comes again is as old as it was.
type dated struct {
	*memory
	t  *testing.T
	at sync.Map // by token
}

func (d *dated) WriteBatch(ctx context.Context, b *access.Batch) error {
	if at, again := d.at.LoadOrStore(b.Token, b.Ingested); again && at != b.Ingested {
		d.t.Errorf("%s was of %s and is of %s", b.Token, at, b.Ingested)
	}
	return d.memory.WriteBatch(ctx, b)
}

// A process dies at a commit, before or after the broker has taken it, or at any table of a batch. The next one, with
// another clock and other limits, makes of the topic what one undisturbed reading makes.
func TestKafkaCrashAnywhere(t *testing.T) {
	type point struct {
		name   string
		commit int64 // dies at this commit
		taken  bool  // which the broker takes
		table  int64 // dies at this write of a table
	}
	var points []point
	for n := range int64(6) {
		points = append(points, point{fmt.Sprintf("commit %d lost", n+1), n + 1, false, 0}, point{fmt.Sprintf("commit %d taken", n+1), n + 1, true, 0})
	}
	for _, n := range []int64{1, 2, 4, 6, 7, 8, 11, 14, 15, 20, 27} {
		points = append(points, point{fmt.Sprintf("table %d", n), 0, false, n})
	}
	for _, pt := range points {
		t.Run(pt.name, func(t *testing.T) {
			t.Parallel()
			c := cluster(t, 2)
			list, events, dead := messages(0, 300)
			produce(t, c.ListenAddrs(), 2, list)
			var died atomic.Bool
			var commits, tables atomic.Int64
			ctx, kill := context.WithCancel(t.Context())
			defer kill()
			first := true
			c.ControlKey(int16(kmsg.OffsetCommit), func(req kmsg.Request) (kmsg.Response, error, bool) {
				c.KeepControl()
				if !first {
					return nil, nil, false
				}
				if died.Load() {
					return refuse(req), nil, true
				}
				if commits.Add(1) != pt.commit {
					return nil, nil, false
				}
				died.Store(true)
				kill()
				if pt.taken {
					return nil, nil, false
				}
				return refuse(req), nil, true
			})
			sink := newMemory()
			sink.fail = func(string, string) bool {
				if tables.Add(1) == pt.table {
					died.Store(true)
					kill()
				}
				return died.Load()
			}
			m := member{sink: &dated{memory: sink, t: t}, brokers: c.ListenAddrs(), now: now, cfg: ingest.Config{BatchRecords: 40}, kafka: kafka.Config{Records: 60}}
			m.consume(ctx, t)
			if !died.Load() {
				t.Fatal("it never came to that point")
			}
			sink.mu.Lock()
			sink.fail = nil
			sink.mu.Unlock()
			first = false
			m.now, m.cfg.BatchRecords, m.cfg.Window, m.kafka.Records = now.Add(time.Hour), 25, 10_000, 90
			m.until(t, func() bool { return sink.count("events") >= events && sink.count("dead") >= dead })
			sink.whole(t, events, dead)
		})
	}
}

// Members come, leave and die while records arrive; each event is kept once.
func TestKafkaRebalance(t *testing.T) {
	c := cluster(t, 8)
	sink := newMemory()
	m := member{sink: sink, brokers: c.ListenAddrs(), now: now, cfg: ingest.Config{BatchRecords: 30}, kafka: kafka.Config{Records: 100, SessionTimeout: time.Second}}
	var wg sync.WaitGroup
	defer wg.Wait()
	events, dead, sent := 0, 0, 0
	send := func(n int) {
		list, e, d := messages(sent, n)
		sent, events, dead = sent+n, events+e, dead+d
		produce(t, c.ListenAddrs(), 8, list)
	}
	run := func() context.CancelFunc {
		ctx, cancel := context.WithCancel(t.Context())
		wg.Add(1)
		go func() { defer wg.Done(); m.consume(ctx, t) }()
		return cancel
	}
	stops := []context.CancelFunc{}
	r := rand.New(rand.NewPCG(7, 7))
	for range 12 {
		if len(stops) < 3 {
			stops = append(stops, run())
		} else {
			i := r.IntN(len(stops))
			stops[i]()
			stops = slices.Delete(stops, i, i+1)
		}
		before := sink.count("events")
		send(400)
		eventually(t, func() bool { return sink.count("events") > before+r.IntN(300) })
	}
	eventually(t, func() bool { return sink.count("events") >= events && sink.count("dead") >= dead })
	for _, stop := range stops {
		stop()
	}
	wg.Wait()
	sink.whole(t, events, dead)
}

// slow is a sink whose first batch takes as long as it takes.
type slow struct {
	*memory
	begun atomic.Bool
	took  time.Duration
}

func (s *slow) WriteBatch(ctx context.Context, b *access.Batch) error {
	if s.begun.CompareAndSwap(false, true) {
		select {
		case <-time.After(s.took):
		case <-ctx.Done():
		}
	}
	return s.memory.WriteBatch(ctx, b)
}

// A sink that takes much longer than a session costs no membership: heartbeats go on, and nobody joins again.
func TestKafkaSlowSinkIsNotPutOutOfTheGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network kfake.VirtualNetwork
		c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.Ports(9092), kfake.SeedTopics(4, topic), kfake.GroupMinSessionTimeout(100*time.Millisecond), kfake.ListenFn(network.Listen))
		if err != nil {
			t.Fatal(err)
		}
		dial := kgo.Dialer(network.DialContext)
		list, events, dead := messages(0, 200)
		produce(t, c.ListenAddrs(), 4, list, dial)
		var joins, beats atomic.Int64
		c.ControlKey(int16(kmsg.JoinGroup), func(kmsg.Request) (kmsg.Response, error, bool) {
			c.KeepControl()
			joins.Add(1)
			return nil, nil, false
		})
		c.ControlKey(int16(kmsg.Heartbeat), func(kmsg.Request) (kmsg.Response, error, bool) {
			c.KeepControl()
			beats.Add(1)
			return nil, nil, false
		})
		sink := &slow{memory: newMemory(), took: 20 * time.Second}
		m := member{sink: sink, brokers: c.ListenAddrs(), now: now, kafka: kafka.Config{SessionTimeout: 3 * time.Second, Heartbeat: time.Second, Options: []kgo.Opt{dial}}}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); m.consume(ctx, t) }()
		begun := time.Now()
		eventually(t, func() bool { return sink.count("events") >= events && sink.count("dead") >= dead })
		if took := time.Since(begun); took < 20*time.Second || beats.Load() < 15 {
			t.Errorf("the sink was slow for %s, with %d heartbeats", took, beats.Load())
		}
		if joins.Load() > 2 { // one to get a name, one to join
			t.Errorf("%d joins", joins.Load())
		}
		cancel()
		<-ended
		sink.whole(t, events, dead)
		c.Close()
	})
}

// A sink that is broken keeps what comes waiting, within bounds, and takes all of it once it works again.
func TestKafkaBrokenSink(t *testing.T) {
	c := cluster(t, 4)
	list, events, dead := messages(0, 2000)
	produce(t, c.ListenAddrs(), 4, list)
	sink := newMemory()
	var tries atomic.Int64
	sink.fail = func(string, string) bool { return tries.Add(1) < 12 }
	m := member{sink: sink, brokers: c.ListenAddrs(), now: now, kafka: kafka.Config{Records: 100}}
	m.until(t, func() bool { return sink.count("events") >= events && sink.count("dead") >= dead })
	sink.whole(t, events, dead)
}

// As long as the broker does not take the note of what is going to be written, nothing is written.
func TestKafkaNothingIsWrittenBeforeItIsNoted(t *testing.T) {
	c := cluster(t, 2)
	list, events, dead := messages(0, 100)
	produce(t, c.ListenAddrs(), 2, list)
	var commits, early atomic.Int64
	c.ControlKey(int16(kmsg.OffsetCommit), func(req kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		if commits.Add(1) <= 3 {
			return refuse(req), nil, true
		}
		return nil, nil, false
	})
	sink := newMemory()
	sink.fail = func(string, string) bool {
		if commits.Load() <= 3 {
			early.Add(1)
		}
		return false
	}
	m := member{sink: sink, brokers: c.ListenAddrs(), now: now}
	m.until(t, func() bool { return sink.count("events") >= events && sink.count("dead") >= dead })
	if early.Load() > 0 {
		t.Error("written without a note")
	}
	sink.whole(t, events, dead)
}

// The header chooses among the feeds of the topic, and nothing else.
func TestKafkaHeader(t *testing.T) {
	c := cluster(t, 1)
	other := k8sFeed
	other.Name = "shop-k8s-two"
	in := func(id, feed string) *kgo.Record {
		r := &kgo.Record{Value: []byte(record(id, start))}
		if feed != "" {
			r.Headers = []kgo.RecordHeader{{Key: kafka.Header, Value: []byte(feed)}}
		}
		return r
	}
	produce(t, c.ListenAddrs(), 1, []*kgo.Record{in("a", ""), in("b", other.Name), in("c", "bank-k8s"), in("d", k8sFeed.Name), {Value: nil}})
	sink := newMemory()
	m := member{sink: sink, brokers: c.ListenAddrs(), now: now, feeds: []ingest.TopicInput{{Feed: k8sFeed, Topic: topic}, {Feed: other, Topic: topic}}}
	m.until(t, func() bool { return sink.count("events") >= 3 && sink.count("dead") >= 1 })
	sum := map[string]int64{}
	for k, s := range sink.stats {
		feed, _, _ := strings.Cut(k, "/")
		sum[feed] += s.Stored
	}
	if sum[k8sFeed.Name] != 2 || sum[other.Name] != 1 {
		t.Errorf("stored: %v", sum)
	}
	if d := sink.rows()["dead"][0]; !strings.Contains(d, "bank-k8s") || !strings.Contains(d, topic+"/0@2") {
		t.Errorf("dead letter: %s", d)
	}
}

// A batch that would fill the memory is one dead letter, and what is behind it is read.
func TestKafkaBatchBomb(t *testing.T) {
	c := cluster(t, 1)
	before, e1, d1 := messages(0, 20)
	after, e2, d2 := messages(20, 20)
	produce(t, c.ListenAddrs(), 1, before)
	produce(t, c.ListenAddrs(), 1, []*kgo.Record{{Value: make([]byte, 8<<20)}}, kgo.ProducerBatchCompression(kgo.ZstdCompression()), kgo.ProducerBatchMaxBytes(16<<20))
	produce(t, c.ListenAddrs(), 1, after)
	sink := newMemory()
	m := member{sink: sink, brokers: c.ListenAddrs(), now: now, kafka: kafka.Config{MaxBatchBytes: 1 << 20}}
	m.until(t, func() bool { return sink.count("events") >= e1+e2 && sink.count("dead") > d1+d2 })
	sink.whole(t, e1+e2, d1+d2+1)
	if !strings.Contains(strings.Join(sink.rows()["dead"], "\n"), "longer than 1048576 bytes when decompressed") {
		t.Error(sink.rows()["dead"])
	}
}
