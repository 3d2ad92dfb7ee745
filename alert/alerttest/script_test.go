package alerttest_test

import (
	"net"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grantwatch/grantwatch/alert"
	"github.com/grantwatch/grantwatch/alert/alerttest"
	"github.com/grantwatch/grantwatch/alert/slack"
	"github.com/grantwatch/grantwatch/alert/slack/slacktest"
)

// gate is the network between us and Slack.
type gate struct {
	next http.RoundTripper
	down atomic.Bool
}

func (g *gate) RoundTrip(r *http.Request) (*http.Response, error) {
	if g.down.Load() {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: net.ErrClosed}
	}
	return g.next.RoundTrip(r)
}

// TestFaultScriptOverSlack is make test-alert: what is lost and what is doubled is counted, and both must be none.
func TestFaultScriptOverSlack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const token = "xoxb-1-fake"
		srv := slacktest.New(slacktest.Options{Token: token, Complain: t.Errorf})
		names := []string{"one", "two", "three"}
		line := &alerttest.Line{}
		for i, n := range names {
			srv.AddChannel("C00000000"+string(rune('1'+i)), n)
			line.Channels = append(line.Channels, "#"+n)
		}
		g := &gate{next: srv.Client().Transport}
		line.Start = func() alert.Notifier {
			return slack.New(slack.Config{Token: token, APIURL: "http://slack.invalid/api/", HTTPClient: &http.Client{Transport: g}, Now: time.Now})
		}
		line.Throttle = func(n int) {
			srv.Fail("chat.postMessage", slices.Repeat([]slacktest.Fault{{RetryAfter: "7"}}, n)...)
		}
		line.Reset = func(n int) {
			srv.Fail("chat.postMessage", slices.Repeat([]slacktest.Fault{{Accept: true, Cut: true}}, n)...)
		}
		line.Down, line.Up = func() { g.down.Store(true) }, func() { g.down.Store(false) }
		line.Arrived = func() (out []alerttest.Arrived) {
			for _, c := range srv.Channels {
				for _, m := range c.Messages {
					out = append(out, alerttest.Arrived{ID: m.TS, Texts: []string{m.Text, string(m.Blocks)}, Reply: m.ThreadTS != "" && m.ThreadTS != m.TS})
				}
			}
			return out
		}
		began := time.Now()
		c := alerttest.Script(t, line)
		t.Logf("slack: %d groups told, %d lost, %d doubled, in %d rounds over %s of virtual time", c.Told, c.Lost, c.Doubled, c.Rounds, time.Since(began).Round(time.Minute))
		if c.Lost != 0 || c.Doubled != 0 || c.Told == 0 {
			t.Errorf("lost %d, doubled %d, told %d", c.Lost, c.Doubled, c.Told)
		}
	})
}
