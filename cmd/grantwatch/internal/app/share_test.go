package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/alert"
	"github.com/grantwatch/grantwatch/alert/alerttest"
	"github.com/grantwatch/grantwatch/detect/ledger"
	"github.com/grantwatch/grantwatch/ingest/source/kafka"
)

// wall is the far side that all senders write to: it keeps every message with the id of its post, and can be asked.
type wall struct {
	lock  sync.Mutex
	posts map[string]int // channel and post → how often it stands there
	by    map[string]int // sender → messages
}

// sender is one process: its notifier, its membership, and whether it has been killed.
type sender struct {
	name   string
	wall   *wall
	member *kafka.Member
	told   *alert.Alerter
	dead   atomic.Bool
	conns  sync.Map
	hang   atomic.Bool // dies with the next message taken and not on record
	hung   chan struct{}
}

var errDead = errors.New("killed")

func (s *sender) Send(ctx context.Context, m alert.Message, prev *alert.Delivery) (alert.Delivery, error) {
	if s.dead.Load() {
		return alert.Delivery{}, errDead
	}
	k := m.Channel + " " + m.Record.Post
	s.wall.lock.Lock()
	if prev != nil && prev.TS == "" && s.wall.posts[k] > 0 { // looked for, and found
		s.wall.lock.Unlock()
		return m.Delivery(k, alert.StatusSent), nil
	}
	if prev == nil || prev.TS == "" {
		s.wall.posts[k]++
		s.wall.by[s.name]++
	}
	s.wall.lock.Unlock()
	if s.hang.Load() {
		close(s.hung)
		s.kill()
		<-ctx.Done() // it never comes back
		return alert.Delivery{}, ctx.Err()
	}
	return m.Delivery(k, alert.StatusSent), nil
}

// kill cuts the process off: nothing of it reaches anybody any more.
func (s *sender) kill() {
	s.dead.Store(true)
	s.conns.Range(func(c, _ any) bool {
		_ = c.(net.Conn).Close() // it is cut, however it stands
		return true
	})
}

func (s *sender) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	if s.dead.Load() {
		return nil, errDead
	}
	var d net.Dialer
	c, err := d.DialContext(ctx, network, addr)
	if err == nil {
		s.conns.Store(c, true)
	}
	return c, err
}

// record is the shared store as a dead process sees it: not at all.
type record struct {
	*alerttest.Shelf
	of *sender
}

func (r record) SaveDeliveries(ctx context.Context, list []alert.Delivery) error {
	if r.of.dead.Load() {
		return errDead
	}
	return r.Shelf.SaveDeliveries(ctx, list)
}

// TestExactlyOneTells: three members share twelve teams; one is killed with a message taken and not on record. Every
// message stands in its channel once, before and after.
func TestExactlyOneTells(t *testing.T) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	defer cluster.Close()
	w := &wall{posts: map[string]int{}, by: map[string]int{}}
	shelf := alerttest.NewShelf()
	routes := alert.Routes{Teams: map[string]string{}}
	var teams []string
	for i := range 12 {
		teams = append(teams, fmt.Sprintf("team-%02d", i))
		routes.Teams[teams[i]] = "#" + teams[i]
	}
	ctx, stop := context.WithCancel(t.Context())
	var live sync.WaitGroup
	defer live.Wait()
	defer stop()
	var view atomic.Pointer[ledger.View]
	view.Store(&ledger.View{})
	var all []*sender
	for i := range 3 {
		s := &sender{name: fmt.Sprint(i), wall: w, hung: make(chan struct{})}
		s.member, err = kafka.NewMember(kafka.MemberConfig{
			Brokers: cluster.ListenAddrs(), Group: "grantwatch.alert", Topic: alertTopic, Partitions: 12, SessionTimeout: 6 * time.Second, Heartbeat: 200 * time.Millisecond,
			RebalanceTimeout: 5 * time.Second, Now: time.Now, Report: func(err error) { t.Logf("%d: %v", i, err) }, Options: []kgo.Opt{kgo.Dialer(s.dial)},
		})
		if err != nil {
			t.Fatal(err)
		}
		s.told = alert.New(s, record{shelf, s}, routes, time.Now).With(alert.Options{Owns: s.member.Owns})
		all = append(all, s)
		live.Go(func() {
			if err := s.member.Run(ctx, s.told.Settle); err != nil {
				t.Error(err)
			}
		})
		live.Go(func() {
			tick := time.NewTicker(50 * time.Millisecond)
			defer tick.Stop()
			for ctx.Err() == nil {
				_, _ = s.told.Run(ctx, view.Load()) // a dead one fails, which is the point
				select {
				case <-ctx.Done():
				case <-tick.C:
				}
			}
		})
	}
	wait := func(what string, is func() bool) {
		t.Helper()
		end, tick := time.After(time.Minute), time.NewTicker(20*time.Millisecond)
		defer tick.Stop()
		for !is() {
			select {
			case <-end:
				t.Fatalf("a minute has passed and it is not so that %s", what)
			case <-tick.C:
			}
		}
	}
	wait("three share all partitions", func() bool {
		n := 0
		for _, s := range all {
			if s.member.Owned() == 0 {
				return false
			}
			n += s.member.Owned()
		}
		return n == 12
	})
	told := func(groups int) func() bool {
		return func() bool {
			w.lock.Lock()
			defer w.lock.Unlock()
			return len(w.posts) >= groups*len(teams)
		}
	}
	add := func(kind string) {
		v := ledger.View{AsOf: time.Now(), Findings: append([]access.Finding(nil), view.Load().Findings...)}
		for _, team := range teams {
			v.Findings = append(v.Findings, access.Finding{Fingerprint: kind + team, Team: team, Kind: kind, Rule: "r", Severity: access.SeverityHigh, Verdict: access.VerdictUnused, State: ledger.StateOpen})
		}
		ledger.Sort(v.Findings)
		view.Store(&v)
	}
	add("A")
	wait("the first kind is told", told(1))
	all[0].hang.Store(true)
	add("B")
	wait("one has died with a message under way", func() bool {
		select {
		case <-all[0].hung:
			return true
		default:
			return false
		}
	})
	add("C")
	wait("the others tell everything", told(3))
	wait("all of it is on record", func() bool {
		for _, team := range teams {
			list, err := shelf.Deliveries(t.Context(), []string{"#" + team}, false)
			if err != nil || len(list) != 3 {
				return false
			}
			for _, d := range list {
				if d.Status != alert.StatusSent {
					return false
				}
			}
		}
		return true
	})
	w.lock.Lock()
	defer w.lock.Unlock()
	for k, n := range w.posts {
		if n != 1 {
			t.Errorf("%s stands there %d times", k, n)
		}
	}
	if len(w.posts) != 36 || len(w.by) != 3 {
		t.Errorf("%d messages by %v", len(w.posts), w.by)
	}
	t.Logf("messages by sender: %v", w.by)
}
