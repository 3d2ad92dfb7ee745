package webhook

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/grantwatch/grantwatch/alert"
	"github.com/grantwatch/grantwatch/alert/alerttest"
	"github.com/grantwatch/grantwatch/alert/document"
	"github.com/grantwatch/grantwatch/alert/inert"
)

// TestContract: a webhook passes what every notifier has to pass. Its receiver leaves out what it has seen, as the
// specification asks of it.
func TestContract(t *testing.T) {
	alerttest.Contract(t, func(t *testing.T) *alerttest.Rig {
		r := newReceiver(t, time.Now)
		key := alerttest.Canary + "-and-enough-bytes"
		r.secrets = nil
		r.raw = []byte(key)
		logs := &bytes.Buffer{}
		n := notifier(t, r, func(c *Config) {
			c.URL = "https://hooks.corp.example/" + alerttest.Canary
			c.Secrets = func() ([]byte, error) { return []byte(key), nil }
			c.Header = http.Header{"Authorization": {"Bearer " + alerttest.Canary}}
			c.Logger = slog.New(slog.NewTextHandler(logs, nil))
		})
		say := func(a ...answer) func() {
			return func() { r.mu.Lock(); defer r.mu.Unlock(); r.script = append(r.script, a...) }
		}
		cut := answer{cut: true}
		return &alerttest.Rig{
			Notifier: n, Channel: "webhook:soar", Logs: logs.String, MaxText: document.MaxBytes,
			Refuse: say(answer{status: 410}), Lose: say(answer{status: 502}), Swallow: say(cut), Blind: say(cut, cut, cut), Block: say(answer{hang: true}),
			Heal: func() { r.mu.Lock(); defer r.mu.Unlock(); r.script = nil },
			Arrived: func() (out []alerttest.Arrived) {
				r.mu.Lock()
				defer r.mu.Unlock()
				for i, b := range r.bodies {
					out = append(out, alerttest.Arrived{ID: fmt.Sprint(i), Texts: []string{b}, Closed: r.got[i].Reason == alert.ReasonResolved})
				}
				return out
			},
			Inert: func(a alerttest.Arrived) []string { return alive(a.Texts[0]) },
		}
	})
}

// alive lists what acts in a body: another form than the document's, or characters that nobody sees.
func alive(body string) (out []string) {
	dec := json.NewDecoder(bytes.NewReader([]byte(body)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&document.Document{}); err != nil || dec.More() {
		return []string{fmt.Sprint("no document: ", err)}
	}
	var v any
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		return []string{err.Error()}
	}
	var walk func(v any)
	walk = func(v any) {
		switch x := v.(type) {
		case string:
			if len(out) > 3 {
				return
			}
			for _, c := range x {
				if c != '\uFFFD' && inert.Hidden(c) {
					out = append(out, fmt.Sprintf("%U in %q", c, x))
				}
			}
		case []any:
			for _, e := range x {
				walk(e)
			}
		case map[string]any:
			for k, e := range x {
				walk(k)
				walk(e)
			}
		}
	}
	walk(v)
	return out
}
