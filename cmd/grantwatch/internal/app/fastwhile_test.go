package app

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/alert"
	"github.com/grantwatch/grantwatch/alert/alerttest"
	"github.com/grantwatch/grantwatch/detect/ledger"
	"github.com/grantwatch/grantwatch/ingest"
	"github.com/grantwatch/grantwatch/store"
)

// listener notes in how many calls for attention a finding was new, by the name of its identity.
type listener struct {
	lock sync.Mutex
	told map[string]int
}

func (l *listener) Send(_ context.Context, m alert.Message, _ *alert.Delivery) (alert.Delivery, error) {
	l.lock.Lock()
	defer l.lock.Unlock()
	if m.Reason == alert.ReasonFirst || m.Reason == alert.ReasonWorse {
		for i := range m.Findings {
			if id := m.Findings[i].Identity; id != nil && m.Findings[i].Rule == "aws-trail-stopped" {
				l.told[id.Name]++
			}
		}
	}
	status := alert.StatusSent
	if m.Reason == alert.ReasonResolved {
		status = alert.StatusResolved
	}
	return m.Delivery("1", status), nil
}

func (l *listener) heard() int {
	l.lock.Lock()
	defer l.lock.Unlock()
	return len(l.told)
}

// TestHitsWhileEvaluating: records that event rules match become durable from two writers while one evaluation follows the
// other, hits are judged, and rounds of alerts go on. Each actor's finding is there once, was opened once and never over, is in
// the newest view, and was told.
func TestHitsWhileEvaluating(t *testing.T) {
	const writers, each = 2, 25
	a, _ := saying(t)
	pass(t, a, saidNow)
	ears := &listener{told: map[string]int{}}
	a.alerter = alert.New(ears, alerttest.NewShelf(), a.routes(), time.Now).With(alert.Options{Newer: a.newer.Load, Freed: a.Nudge})
	began := time.Now()
	now := func() time.Time { return saidNow.Add(time.Minute + time.Since(began)) }
	ctx, stop := context.WithCancel(t.Context())
	var live, writing sync.WaitGroup
	live.Go(func() { a.Teller(ctx, time.Now) })
	live.Go(func() { a.Fast(ctx, now, true) })
	live.Go(func() {
		for ctx.Err() == nil {
			if _, v, err := a.Evaluate(ctx, now()); err == nil {
				a.Newest(v)
			} else if ctx.Err() == nil {
				t.Error(err)
			}
		}
	})
	p, err := a.pipeline()
	if err != nil {
		t.Fatal(err)
	}
	feed := a.Feeds()[0]
	for w := range writers {
		writing.Go(func() {
			for i := range each {
				who := fmt.Sprintf("actor-%d-%d", w, i)
				record := fmt.Sprintf(`{"eventVersion":"1.10","userIdentity":{"type":"IAMUser","principalId":"AIDA%s","arn":"arn:aws:iam::111122223333:user/%s","accountId":"111122223333","userName":"%s"},"eventTime":"%s","eventSource":"cloudtrail.amazonaws.com","eventName":"StopLogging","eventID":"s-%s","readOnly":false,"managementEvent":true,"recipientAccountId":"111122223333"}`+"\n",
					strings.ToUpper(who), who, who, now().Format(time.RFC3339), who)
				part := ingest.Part{Name: who, Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(record)), nil }}
				if _, err := p.RunParts(ctx, feed, "pushed/"+who, 0, []ingest.Part{part}, now(), a.events.Load()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writing.Wait()
	deadline, tick := time.After(2*time.Minute), time.NewTicker(50*time.Millisecond)
	defer tick.Stop()
	for ears.heard() < writers*each {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%d of %d were told of", ears.heard(), writers*each)
		}
	}
	stop()
	live.Wait()
	_, v, err := a.Evaluate(t.Context(), now()) // the last word
	if err != nil {
		t.Fatal(err)
	}
	a.Newest(v)
	shown := map[string]int{}
	for i := range v.Findings {
		shown[v.Findings[i].Fingerprint]++
	}
	list, err := a.Store.FindingsAll(t.Context(), store.FindingFilter{Kinds: []string{"GUARDRAIL_DRIFT"}})
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != writers*each {
		t.Errorf("%d findings of %d actors", len(list), writers*each)
	}
	steps, err := a.Store.HistorySince(t.Context(), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	lives := map[string][]string{}
	for _, s := range steps {
		lives[s.Fingerprint] = append(lives[s.Fingerprint], s.State)
	}
	for i := range list {
		f := &list[i]
		if f.State != ledger.StateOpen || f.Severity != access.SeverityCritical || shown[f.Fingerprint] != 1 {
			t.Errorf("%s is %s and is shown %d times", f.Identity.Name, f.State, shown[f.Fingerprint])
		}
		if got := lives[f.Fingerprint]; len(got) != 1 || got[0] != ledger.StateOpen {
			t.Errorf("the life of %s is %v", f.Identity.Name, got)
		}
	}
}
