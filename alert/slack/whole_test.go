package slack

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/alert"
	"github.com/grantwatch/grantwatch/detect/ledger"
)

type memory map[alert.Key]alert.Delivery

func (m memory) Deliveries(_ context.Context, channels []string, _ bool) ([]alert.Delivery, error) {
	var out []alert.Delivery
	for k, d := range m {
		if slices.Contains(channels, k.Channel) {
			out = append(out, d)
		}
	}
	return out, nil
}

func (m memory) SaveDeliveries(_ context.Context, list []alert.Delivery) error {
	for _, d := range list {
		m[alert.Key{Channel: d.Channel, Fingerprint: d.Fingerprint}] = d
	}
	return nil
}

// TestAlerterOverSlack runs the whole way through a bad hour: every evaluation meets faults, the process restarts each
// time, and in the end each group stands in its channel exactly once.
func TestAlerterOverSlack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.AddChannel("C0PLATFORM", "platform")
		records := memory{}
		routes := alert.Routes{Teams: map[string]string{"payments": "#payments", "platform": "C0PLATFORM"}, Min: access.SeverityMedium}
		view := &ledger.View{}
		for i := range 24 {
			view.Findings = append(view.Findings, access.Finding{
				Fingerprint: fmt.Sprintf("%032d", i), Team: []string{"payments", "platform"}[i%2], Kind: fmt.Sprintf("KIND_%d", i%6), Rule: "r", Severity: access.SeverityHigh,
				Verdict: access.VerdictUnused, State: ledger.StateOpen, Why: "No use on record.",
			})
		}
		bad := [][]fault{
			{{Accept: true, Cut: true}, {Status: 500}, {RetryAfter: "5"}, {Accept: true, Status: 502}, {Dial: true}},
			{{Accept: true, Cut: true}, {RetryAfter: "90"}},
			nil, nil,
		}
		for i, faults := range bad {
			b.Fail("chat.postMessage", faults...)
			if i == 0 { // the look-up fails as well, so that an outcome stays unknown until the next evaluation
				b.Fail("conversations.history", slices.Repeat([]fault{{Status: 500}}, attempts)...)
			}
			n := New(Config{Token: testToken, APIURL: "http://slack.invalid/api/", HTTPClient: b.Client(), Now: time.Now})
			view.AsOf = time.Now()
			sum, err := alert.New(n, records, routes, time.Now).Run(t.Context(), view)
			if last := i == len(bad)-1; last && (err != nil || sum.Sent+sum.Updated+sum.Failed != 0 || sum.Suppressed[alert.ReasonUnchanged] != 6) {
				t.Errorf("the last evaluation still had something to say: %+v %v", sum, err)
			}
			time.Sleep(5 * time.Minute) // virtual
		}
		for _, c := range b.Channels {
			posts := map[string]int{}
			for _, m := range c.Messages {
				posts[string(m.Metadata)]++
			}
			if len(posts) != 3 || len(c.Messages) != 3 {
				t.Errorf("#%s has %d messages of %d groups", c.Name, len(c.Messages), len(posts))
			}
		}
	})
}
