package app

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/alert"
	"github.com/grantwatch/grantwatch/alert/alerttest"
)

// first notes when a finding was first in a message.
type first struct {
	lock sync.Mutex
	at   map[string]time.Time // by name of the identity
}

func (f *first) Send(_ context.Context, m alert.Message, _ *alert.Delivery) (alert.Delivery, error) {
	f.lock.Lock()
	defer f.lock.Unlock()
	for i := range m.Findings {
		if id := m.Findings[i].Identity; id != nil {
			if _, ok := f.at[id.Name]; !ok {
				f.at[id.Name] = time.Now()
			}
		}
	}
	return m.Delivery("1", alert.StatusSent), nil
}

// TestHitsUnderLoad: 50 000 hits a second of a few noisy actors become durable, and an actor that is new is told of all
// the same: from the durable batch to the notifier's request.
func TestHitsUnderLoad(t *testing.T) {
	const (
		perSecond = 50_000
		every     = 100 * time.Millisecond
		fresh     = 40
	)
	a, _ := saying(t)
	pass(t, a, saidNow)
	n := &first{at: map[string]time.Time{}}
	a.alerter = alert.New(n, alerttest.NewShelf(), a.routes(), time.Now).With(alert.Options{Newer: a.newer.Load})
	ctx, stop := context.WithCancel(t.Context())
	var live sync.WaitGroup
	live.Go(func() { a.Teller(ctx, time.Now) })
	live.Go(func() { a.Fast(ctx, time.Now, false) })
	hit := func(who string, i int) access.Hit {
		return access.Hit{Rule: "aws-trail-stopped", Severity: access.SeverityCritical, Why: "a trail was stopped", Team: "payments", Feed: "aws", Event: access.Event{
			ID: fmt.Sprintf("%s-%d", who, i), Time: time.Now().UTC(), Provider: "aws", Account: "111122223333", Action: "cloudtrail:StopLogging", Outcome: access.Success,
			Actor: access.Actor{Principal: "arn:aws:iam::111122223333:user/" + who, ID: "arn:aws:iam::111122223333:user/" + who, Name: who}}}
	}
	durable := map[string]time.Time{}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for i := range fresh {
		<-tick.C
		b := access.Batch{}
		for k := range perSecond / int(time.Second/every) {
			b.Hits = append(b.Hits, hit(fmt.Sprintf("noisy-%d", k%200), k))
		}
		who := fmt.Sprintf("fresh-%d", i)
		b.Hits = append(b.Hits, hit(who, i))
		durable["arn:aws:iam::111122223333:user/"+who] = time.Now()
		a.hits.put(b.Hits)
	}
	deadline := time.After(time.Minute)
	for told := 0; told < fresh; {
		select {
		case <-deadline:
			t.Fatalf("%d of %d were told of within a minute", told, fresh)
		case <-tick.C:
		}
		told = 0
		n.lock.Lock()
		for who := range durable {
			if _, ok := n.at[who]; ok {
				told++
			}
		}
		n.lock.Unlock()
	}
	stop()
	live.Wait()
	var took []time.Duration
	for who, at := range durable {
		took = append(took, n.at[who].Sub(at))
	}
	slices.Sort(took)
	t.Logf("at %d hits/s: from a durable batch to the notifier p50 %s, p99 %s", perSecond, took[len(took)/2].Round(time.Millisecond), took[len(took)*99/100].Round(time.Millisecond))
	if worst := took[len(took)-1]; worst > 20*time.Second { // 3 s is what it is built for; machines that run tests are busy
		t.Errorf("the slowest took %s", worst)
	}
}
