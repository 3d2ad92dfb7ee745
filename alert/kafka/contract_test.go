package kafka

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/grantwatch/grantwatch/alert"
	"github.com/grantwatch/grantwatch/alert/alerttest"
	"github.com/grantwatch/grantwatch/alert/inert"
)

// broker is a fake broker in memory with faults.
type broker struct {
	t    *testing.T
	pipe *alerttest.Pipe
	c    *kfake.Cluster

	mu     sync.Mutex
	faults []func(*kmsg.ProduceRequest) (kmsg.Response, error)
}

func (b *broker) client(opts ...kgo.Opt) *kgo.Client {
	cl, err := kgo.NewClient(append(opts, kgo.SeedBrokers(b.c.ListenAddrs()...), kgo.Dialer(func(ctx context.Context, network, host string) (net.Conn, error) {
		return b.pipe.DialContext(ctx, network, host)
	}))...)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(cl.Close)
	return cl
}

func newBroker(t *testing.T) *broker {
	t.Helper()
	b := &broker{t: t, pipe: alerttest.NewPipe()}
	var err error
	b.c, err = kfake.NewCluster(kfake.NumBrokers(1), kfake.Ports(9092), kfake.SeedTopics(1, topic), kfake.ListenFn(func(string, string) (net.Listener, error) { return named{b.pipe}, nil }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.c.Close)
	b.c.ControlKey(int16(kmsg.Produce), func(req kmsg.Request) (kmsg.Response, error, bool) {
		b.c.KeepControl()
		b.mu.Lock()
		if len(b.faults) == 0 {
			b.mu.Unlock()
			return nil, nil, false
		}
		f := b.faults[0]
		b.faults = b.faults[1:]
		b.mu.Unlock()
		resp, err := f(req.(*kmsg.ProduceRequest)) //nolint:forcetypeassert // it is of that key
		return resp, err, true
	})
	return b
}

// named is the pipe under the address that the cluster gives out.
type named struct{ *alerttest.Pipe }

func (named) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9092} }

// refuse answers every partition with an error.
func refuse(code int16) func(*kmsg.ProduceRequest) (kmsg.Response, error) {
	return func(req *kmsg.ProduceRequest) (kmsg.Response, error) {
		resp := req.ResponseKind().(*kmsg.ProduceResponse) //nolint:forcetypeassert // as the library makes it
		for _, rt := range req.Topics {
			t := kmsg.NewProduceResponseTopic()
			t.Topic, t.TopicID = rt.Topic, rt.TopicID
			for _, rp := range rt.Partitions {
				p := kmsg.NewProduceResponseTopicPartition()
				p.Partition, p.ErrorCode = rp.Partition, code
				t.Partitions = append(t.Partitions, p)
			}
			resp.Topics = append(resp.Topics, t)
		}
		return resp, nil
	}
}

func cut(*kmsg.ProduceRequest) (kmsg.Response, error) {
	return nil, errors.New("the connection breaks")
}

func (b *broker) next(n int, f func(*kmsg.ProduceRequest) (kmsg.Response, error)) func() {
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		for range n {
			b.faults = append(b.faults, f)
		}
	}
}

// reader is what a reader of the topic sees; it leaves out an event that it has seen of a key.
func (b *broker) reader() func() []alerttest.Arrived {
	var cl *kgo.Client
	var out []alerttest.Arrived
	seen := map[string]bool{}
	return func() []alerttest.Arrived {
		if cl == nil {
			cl = b.client(kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
		}
		for {
			ctx, stop := context.WithTimeout(context.Background(), 10*time.Second) // virtual: when nothing comes in it, that was all
			fs := cl.PollFetches(ctx)
			stop()
			if fs.Empty() || fs.Err0() != nil {
				return out
			}
			fs.EachRecord(func(r *kgo.Record) {
				id := string(r.Headers[0].Value) + " " + string(r.Key)
				if !seen[id] {
					seen[id] = true
					out = append(out, alerttest.Arrived{ID: id, Texts: []string{string(r.Value)}, Closed: string(r.Headers[1].Value) == string(alert.ReasonResolved)})
				}
			})
		}
	}
}

// TestContract: the topic passes what every notifier has to pass.
func TestContract(t *testing.T) {
	alerttest.Contract(t, func(t *testing.T) *alerttest.Rig {
		b := newBroker(t)
		cl := b.client(Options()...)
		hang := make(chan struct{})
		t.Cleanup(func() { close(hang) })
		return &alerttest.Rig{
			Notifier: New(cl), Channel: Prefix + topic, Logs: func() string { return "" }, MaxText: 256 << 10,
			Refuse: b.next(1, refuse(kerr.TopicAuthorizationFailed.Code)), Lose: b.next(1, refuse(kerr.NotEnoughReplicas.Code)),
			Swallow: b.next(1, cut), Blind: b.next(100, cut), Block: b.next(1, func(*kmsg.ProduceRequest) (kmsg.Response, error) {
				<-hang
				return nil, errors.New("too late")
			}),
			Heal:    func() { b.mu.Lock(); b.faults = nil; b.mu.Unlock() },
			Arrived: b.reader(),
			Inert:   alive,
		}
	})
}

// alive lists what acts in a record: it is no OCSF finding, or has characters that nobody sees.
func alive(a alerttest.Arrived) (out []string) {
	var v struct {
		Class int `json:"class_uid"`
	}
	if err := json.Unmarshal([]byte(a.Texts[0]), &v); err != nil || v.Class != 2004 && v.Class != 2008 {
		return []string{fmt.Sprint("no finding: ", err)}
	}
	var any any
	dec := json.NewDecoder(bytes.NewReader([]byte(a.Texts[0])))
	for {
		tok, err := dec.Token()
		if err != nil {
			return out
		}
		if any = tok; any == nil {
			continue
		}
		if s, ok := tok.(string); ok {
			for _, c := range s {
				if c != '\uFFFD' && inert.Hidden(c) && len(out) < 3 {
					out = append(out, fmt.Sprintf("%U in %.80q", c, s))
				}
			}
		}
	}
}
