package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Header is the record header that names the feed of a record, among the feeds of its topic.
const Header = "grantwatch-feed"

// Route says which feed a topic carries. The feeds of one topic belong to one team, so that no header can name another
// team's; the first of them takes the records without a header.
type Route struct {
	Topic, Feed, Team string
}

// Config says what to read and how much of it at once.
type Config struct {
	Brokers []string
	Group   string
	Start   string // where a group without offsets begins: earliest, the default, or latest
	SASL    *SASL
	TLS     *TLS
	Routes  []Route

	Limits  Limits        // how ranges are cut into batches: the pipeline's; must be set
	Records int           // records in memory at most, over all partitions, 150 000 when zero
	Bytes   int64         // bytes of records in memory after which no more is fetched, 192 MiB when zero
	Linger  time.Duration // how long a range waits to become long, 500 ms when zero
	Workers int           // partitions that are written at the same time, 2 when zero

	FetchBytes    int32 // of one answer of a broker, compressed, 4 MiB when zero: logs are ten times that when opened
	MaxBatchBytes int   // of one batch of a producer, decompressed, 64 MiB when zero
	// SessionTimeout is how long the group waits for a member that says nothing before it counts as dead, 45 s when zero.
	SessionTimeout time.Duration
	// RebalanceTimeout is how long the group waits for a member that is writing, 5 minutes when zero: it must be longer
	// than the slowest insert.
	RebalanceTimeout time.Duration
	Heartbeat        time.Duration
	Retry            time.Duration // longest pause after a failure, 10 s when zero

	Now    func() time.Time // when a range is read first
	Report func(error)      // hears of what went wrong and is tried again; may be nil
	// Hole keeps that offsets were gone before they could be read, for each feed of the topic; may be nil.
	Hole    func(ctx context.Context, feed string, h Hole) error
	Hooks   []any     // the client's hooks, such as those of metrics
	Options []kgo.Opt // more of the client's
	// Rebalanced hears that partitions changed hands; may be nil.
	Rebalanced func(how Change)
}

func orDefault[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}

func (c Config) withDefaults() Config {
	orDefault(&c.Start, "earliest")
	orDefault(&c.Records, 150_000)
	orDefault(&c.Bytes, 192<<20)
	orDefault(&c.Linger, 500*time.Millisecond)
	orDefault(&c.Workers, 2)
	orDefault(&c.FetchBytes, 4<<20)
	orDefault(&c.MaxBatchBytes, 64<<20)
	orDefault(&c.SessionTimeout, 45*time.Second)
	orDefault(&c.RebalanceTimeout, 5*time.Minute)
	orDefault(&c.Heartbeat, min(3*time.Second, c.SessionTimeout/5)) // several may be late before the session is over
	orDefault(&c.Retry, 10*time.Second)
	if c.Rebalanced == nil {
		c.Rebalanced = func(Change) {}
	}
	if c.Hole == nil {
		c.Hole = func(context.Context, string, Hole) error { return nil }
	}
	if c.Report == nil {
		c.Report = func(error) {}
	}
	return c
}

// each is how long a range becomes when there is more than enough: one for each worker, and one that is being fetched.
func (c *Config) each() int { return max(1, c.Records/(c.Workers+1)) }

// eachBytes is the same of bytes.
func (c *Config) eachBytes() int64 { return max(1, c.Bytes/int64(c.Workers+1)) }

// Validate says what is wrong with a configuration.
func (c Config) Validate() error {
	switch {
	case len(c.Brokers) == 0:
		return errors.New("kafka: no brokers")
	case c.Group == "":
		return errors.New("kafka: no consumer group")
	case len(c.Routes) == 0:
		return errors.New("kafka: no topic")
	case !slices.Contains([]string{"", "earliest", "latest"}, c.Start):
		return fmt.Errorf("kafka: start %q is neither earliest nor latest", c.Start)
	case c.Limits.Records <= 0 || c.Limits.Bytes <= 0 || c.Limits.Window <= 0:
		return errors.New("kafka: the limits of a batch must be set")
	case c.Now == nil:
		return errors.New("kafka: no clock")
	case c.Records < 0 || c.Bytes < 0 || c.Linger < 0 || c.Workers < 0 || c.FetchBytes < 0 || c.MaxBatchBytes < 0:
		return errors.New("kafka: sizes must not be negative")
	case c.SessionTimeout < 0 || c.RebalanceTimeout < 0 || c.Heartbeat < 0 || c.Retry < 0:
		return errors.New("kafka: times must not be negative")
	}
	teams, feeds := map[string]string{}, map[string]bool{}
	for _, r := range c.Routes {
		if r.Topic == "" || r.Feed == "" || r.Team == "" {
			return fmt.Errorf("kafka: route %+v: topic, feed and team must be named", r)
		}
		if team, ok := teams[r.Topic]; ok && team != r.Team {
			return fmt.Errorf("kafka: topic %s carries feeds of the teams %s and %s; a topic belongs to one team", r.Topic, team, r.Team)
		}
		if feeds[r.Feed] {
			return fmt.Errorf("kafka: feed %s is named twice", r.Feed)
		}
		teams[r.Topic], feeds[r.Feed] = r.Team, true
	}
	return c.SASL.validate(c.TLS)
}

func (c *Config) options() ([]kgo.Opt, error) {
	start := kgo.NewOffset().AtStart()
	if c.Start == "latest" {
		start = kgo.NewOffset().AtEnd()
	}
	var topics []string
	for _, r := range c.Routes {
		if !slices.Contains(topics, r.Topic) {
			topics = append(topics, r.Topic)
		}
	}
	opts := []kgo.Opt{
		kgo.SeedBrokers(c.Brokers...), kgo.ClientID("grantwatch"), kgo.ConsumerGroup(c.Group), kgo.ConsumeTopics(topics...),
		kgo.Balancers(kgo.CooperativeStickyBalancer()), kgo.DisableAutoCommit(), kgo.BlockRebalanceOnPoll(),
		kgo.ConsumeStartOffset(start),
		// When a position is no longer in the log, what is left is read from its beginning: reading twice is mended by
		// event ids, skipping by nothing.
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), // what a producer took back never happened
		kgo.FetchMaxWait(500 * time.Millisecond),     // a partition that is new to us waits for the fetch that is under way
		// One partition may fill an answer: few long batches cost the sink much less than many short ones.
		kgo.FetchMaxBytes(c.FetchBytes), kgo.FetchMaxPartitionBytes(c.FetchBytes), kgo.MaxConcurrentFetches(3),
		kgo.BrokerMaxReadBytes(max(c.FetchBytes, 32<<20) * 2), // a broker sends its first batch whole, however long it is
		kgo.MaxDecompressBatchBytes(c.MaxBatchBytes),
		kgo.SessionTimeout(c.SessionTimeout), kgo.RebalanceTimeout(c.RebalanceTimeout), kgo.HeartbeatInterval(c.Heartbeat),
	}
	auth, err := c.security()
	if err != nil {
		return nil, err
	}
	for _, h := range c.Hooks {
		opts = append(opts, kgo.WithHooks(h))
	}
	return append(append(opts, auth...), c.Options...), nil
}
