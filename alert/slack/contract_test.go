package slack

import (
	"bytes"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/grantwatch/grantwatch/alert/alerttest"
	"github.com/grantwatch/grantwatch/alert/slack/slacktest"
)

// TestContract: Slack passes what every notifier has to pass.
func TestContract(t *testing.T) {
	alerttest.Contract(t, func(t *testing.T) *alerttest.Rig {
		s := newFake(t, time.Now)
		logs := &bytes.Buffer{}
		n := New(Config{Token: testToken, APIURL: "http://slack.invalid/api", HTTPClient: s.Client(), Now: time.Now, Buttons: true, Logger: slog.New(slog.NewTextHandler(logs, nil))})
		fail := func(method string, n int, f fault) func() {
			return func() { s.Fail(method, slices.Repeat([]fault{f}, n)...) }
		}
		parsed := map[string]alerttest.Arrived{}
		return &alerttest.Rig{
			Notifier: n, Channel: "#payments", Edits: true, Logs: logs.String, MaxText: 20_000,
			Refuse: fail("chat.postMessage", 1, fault{Code: "is_archived"}), Lose: fail("chat.postMessage", 1, fault{Status: 502}),
			Swallow: fail("chat.postMessage", 1, fault{Accept: true, Cut: true}), Blind: fail("conversations.list", attempts, fault{Status: 500}),
			Block: fail("chat.postMessage", 1, fault{Delay: time.Hour}), Heal: s.Heal,
			Arrived: func() (out []alerttest.Arrived) {
				s.Read(func(cs []*slacktest.Channel, _ []*slacktest.User) {
					for _, m := range cs[0].Messages {
						key := fmt.Sprint(m.TS, " ", m.Edits)
						a, ok := parsed[key]
						if !ok {
							a = arrived(t, m)
							parsed[key] = a
						}
						out = append(out, a)
					}
				})
				return out
			},
			Inert: func(a alerttest.Arrived) []string {
				var out []string
				for _, text := range a.Texts {
					if plain, ok := strings.CutPrefix(text, "\x00plain "); ok {
						if control.MatchString(plain) || loud.MatchString(plain) || outside["emoji"].MatchString(plain) || outside["link"].MatchString(plain) || strings.Contains(plain, "\n") {
							out = append(out, "header "+plain)
						}
						continue
					}
					out = append(out, alive(text)...)
				}
				return out
			},
		}
	})
}

func arrived(t *testing.T, m *slacktest.Message) alerttest.Arrived {
	blocks, err := slacktest.Blocks(string(m.Blocks), false)
	if err != nil {
		t.Errorf("%v", err)
	}
	a := alerttest.Arrived{ID: m.TS, Edits: m.Edits, Reply: m.ThreadTS != "", Texts: []string{m.Text}}
	markup, plain := textsOf(blocks)
	a.Texts = append(a.Texts, markup...)
	for _, p := range plain {
		a.Closed = a.Closed || strings.HasPrefix(p, "RESOLVED")
		a.Texts = append(a.Texts, "\x00plain "+p)
	}
	return a
}
