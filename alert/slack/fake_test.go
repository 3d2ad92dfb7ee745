package slack

import (
	"testing"
	"time"

	"github.com/grantwatch/grantwatch/alert/slack/slacktest"
)

const testToken = "xoxb-1111-CANARY-do-not-print"

type (
	fault       = slacktest.Fault
	fakeMessage = slacktest.Message
	fakeChannel = slacktest.Channel
)

// newFake is a Slack whose complaints fail the test.
func newFake(t testing.TB, now func() time.Time) *slacktest.Server {
	s := slacktest.New(slacktest.Options{Token: testToken, AppToken: "xapp-CANARY", SigningSecret: "secret-CANARY", Now: now, Complain: func(f string, a ...any) {
		t.Helper()
		t.Errorf(f, a...)
	}})
	s.AddChannel("C0PAYMENTS", "payments")
	return s
}

var testSeal = newSealer(testToken)
