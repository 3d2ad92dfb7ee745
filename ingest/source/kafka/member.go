package kafka

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// MemberConfig says how work is shared among processes: each owns the partitions of a topic that its group gives it. The
// topic holds nothing; it is there to be divided.
type MemberConfig struct {
	Brokers          []string
	Group            string
	Topic            string
	Partitions       int32 // of the topic, when it has to be made
	SASL             *SASL
	TLS              *TLS
	SessionTimeout   time.Duration // after it, a member that says nothing is dead; 45 s when zero
	RebalanceTimeout time.Duration // how long the group waits for a member that is finishing its work; 5 minutes when zero
	Heartbeat        time.Duration
	Now              func() time.Time
	Report           func(error) // hears of what went wrong and is tried again; may be nil
	Changed          func()      // hears that partitions came or went; may be nil
	Options          []kgo.Opt   // more of the client's
}

// Member is one of the processes.
type Member struct {
	cfg MemberConfig
	cl  *kgo.Client

	mu         sync.Mutex
	owned      map[int32]bool
	partitions int32
	alive      time.Time // when the group last heard of us
	settle     func()
}

// NewMember makes a member; it joins in Run.
func NewMember(cfg MemberConfig) (*Member, error) {
	switch {
	case len(cfg.Brokers) == 0:
		return nil, errors.New("kafka: no brokers")
	case cfg.Group == "" || cfg.Topic == "":
		return nil, errors.New("kafka: sharing work needs a group and a topic")
	case cfg.Partitions < 1:
		return nil, errors.New("kafka: a topic has at least one partition")
	case cfg.Now == nil:
		return nil, errors.New("kafka: no clock")
	}
	orDefault(&cfg.SessionTimeout, 45*time.Second)
	orDefault(&cfg.RebalanceTimeout, 5*time.Minute)
	orDefault(&cfg.Heartbeat, min(3*time.Second, cfg.SessionTimeout/5))
	if cfg.Report == nil {
		cfg.Report = func(error) {}
	}
	if cfg.Changed == nil {
		cfg.Changed = func() {}
	}
	m := &Member{cfg: cfg, owned: map[int32]bool{}, settle: func() {}}
	auth, err := (&Config{SASL: cfg.SASL, TLS: cfg.TLS}).security()
	if err != nil {
		return nil, err
	}
	opts := []kgo.Opt{
		kgo.SeedBrokers(cfg.Brokers...), kgo.ClientID("grantwatch"), kgo.ConsumerGroup(cfg.Group), kgo.ConsumeTopics(cfg.Topic),
		kgo.Balancers(kgo.CooperativeStickyBalancer()), kgo.DisableAutoCommit(), kgo.ConsumeResetOffset(kgo.NewOffset().AtEnd()),
		kgo.SessionTimeout(cfg.SessionTimeout), kgo.RebalanceTimeout(cfg.RebalanceTimeout), kgo.HeartbeatInterval(cfg.Heartbeat),
		kgo.OnPartitionsAssigned(m.assigned), kgo.OnPartitionsRevoked(m.gone), kgo.OnPartitionsLost(m.gone), kgo.WithHooks(pulse{m}),
	}
	if m.cl, err = kgo.NewClient(append(append(opts, auth...), cfg.Options...)...); err != nil {
		return nil, fmt.Errorf("kafka: %w", err)
	}
	return m, nil
}

// Run is a member until ctx ends, which is no error. settle is called when partitions go to another member, which does not
// begin before it returns: it waits for the work that is under way.
func (m *Member) Run(ctx context.Context, settle func()) error {
	defer m.cl.CloseAllowingRebalance()
	m.mu.Lock()
	m.settle = settle
	m.mu.Unlock()
	if err := m.topic(ctx); err != nil {
		return err
	}
	for ctx.Err() == nil {
		fetches := m.cl.PollFetches(ctx)
		fetches.EachError(func(_ string, _ int32, err error) {
			if !errors.Is(err, context.Canceled) {
				m.cfg.Report(err)
			}
		})
		if fetches.IsClientClosed() {
			break
		}
	}
	return nil
}

// topic finds out how many partitions there are, and makes the topic when there is none.
func (m *Member) topic(ctx context.Context) error {
	adm := kadm.NewClient(m.cl)
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, 5*time.Second) {
		_, err := adm.CreateTopic(ctx, m.cfg.Partitions, -1, nil, m.cfg.Topic)
		if err == nil || errors.Is(err, kerr.TopicAlreadyExists) {
			var list kadm.TopicDetails
			if list, err = adm.ListTopics(ctx, m.cfg.Topic); err == nil {
				if n := len(list[m.cfg.Topic].Partitions); n > 0 {
					m.mu.Lock()
					m.partitions = int32(n)
					m.mu.Unlock()
					m.cl.ForceMetadataRefresh()
					return nil
				}
				err = list[m.cfg.Topic].Err
			}
		}
		if ctx.Err() != nil {
			return nil //nolint:nilerr // that ctx ends is no error
		}
		if err != nil && (pause > time.Second || !errors.Is(err, kerr.UnknownTopicOrPartition)) { // a new topic takes a moment to be known
			m.cfg.Report(fmt.Errorf("kafka: topic %s: %w", m.cfg.Topic, err))
		}
		wait := time.NewTimer(pause)
		select {
		case <-ctx.Done():
		case <-wait.C:
		}
		wait.Stop()
	}
}

// Owns reports whether the work of a name is ours: its partition is, and the group has heard of us so lately that it
// cannot have given the partition to another.
func (m *Member) Owns(name string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.partitions == 0 || m.cfg.Now().Sub(m.alive) > m.cfg.SessionTimeout*2/3 {
		return false
	}
	h := uint32(2166136261) // FNV-1a: the same in every process and every version
	for i := range len(name) {
		h = (h ^ uint32(name[i])) * 16777619
	}
	return m.owned[int32(h%uint32(m.partitions))]
}

// Owned is how many partitions are ours.
func (m *Member) Owned() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.owned)
}

func (m *Member) assigned(_ context.Context, _ *kgo.Client, list map[string][]int32) {
	m.mu.Lock()
	for _, id := range list[m.cfg.Topic] {
		m.owned[id] = true
	}
	m.alive = m.cfg.Now()
	m.mu.Unlock()
	m.cfg.Changed()
}

func (m *Member) gone(_ context.Context, _ *kgo.Client, list map[string][]int32) {
	m.mu.Lock()
	for _, id := range list[m.cfg.Topic] {
		delete(m.owned, id)
	}
	settle := m.settle
	m.mu.Unlock()
	if len(list[m.cfg.Topic]) > 0 {
		settle()
		m.cfg.Changed()
	}
}

// pulse notes when the group has heard of us.
type pulse struct{ m *Member }

// OnBrokerE2E hears of every request and its answer.
func (p pulse) OnBrokerE2E(_ kgo.BrokerMetadata, key int16, e2e kgo.BrokerE2E) {
	if key != int16(kmsg.Heartbeat) || e2e.Err() != nil {
		return
	}
	p.m.mu.Lock()
	p.m.alive = p.m.cfg.Now()
	p.m.mu.Unlock()
}
