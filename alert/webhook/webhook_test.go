package webhook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/alert"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const address = "https://hooks.corp.example/in/CANARY-path"

var t0 = time.Date(2026, 9, 1, 10, 0, 0, 0, time.UTC)

func notifier(t *testing.T, r *receiver, edits ...func(*Config)) *Notifier {
	t.Helper()
	c := Config{Name: "soar", URL: address, Secrets: func() ([]byte, error) { return []byte(secret + "\n"), nil }, Transport: r, Now: r.now}
	for _, e := range edits {
		e(&c)
	}
	n, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func message(reason alert.Reason, digest string) alert.Message {
	return alert.Message{
		Key: alert.Key{Channel: "webhook:soar", Fingerprint: "f"}, Reason: reason, Team: "payments", Kind: "UNUSED_GRANT", Cause: "unused-grant", Title: "Unused",
		Severity: access.SeverityHigh, AsOf: t0, At: t0, Digest: digest, Record: alert.Record{Post: "post-1"},
		Findings: []access.Finding{{Fingerprint: "1", Kind: "UNUSED_GRANT", Severity: access.SeverityHigh, Verdict: access.VerdictUnused, Team: "payments", Why: "not used in 90 days"}},
	}
}

func TestLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newReceiver(t, time.Now)
		n := notifier(t, r)
		var prev *alert.Delivery
		for i, m := range []alert.Message{message(alert.ReasonFirst, "a"), message(alert.ReasonWorse, "b"), message(alert.ReasonReminder, "b"), message(alert.ReasonReminder, "b"), message(alert.ReasonResolved, "resolved")} {
			m.At = t0.Add(time.Duration(i) * time.Hour)
			d, err := n.Send(t.Context(), m, prev)
			if err != nil || d.TS != "post-1" {
				t.Fatalf("%s: %+v %v", m.Reason, d, err)
			}
			if want := map[bool]string{true: alert.StatusResolved, false: alert.StatusSent}[m.Reason == alert.ReasonResolved]; d.Status != want {
				t.Errorf("%s: status %s, want %s", m.Reason, d.Status, want)
			}
			prev = &d
		}
		if len(r.got) != 5 || len(r.seen) != 5 {
			t.Fatalf("%d messages with %d ids: two reminders are two events", len(r.got), len(r.seen))
		}
		if d := r.got[0]; d.Thread != "post-1" || d.Reason != alert.ReasonFirst || d.Total != 1 || len(d.Findings) != 1 || d.Findings[0].Why != "not used in 90 days" {
			t.Errorf("document %+v", d)
		}
	})
}

// TestRetries: what may pass is tried again with the same id and taken once; what never passes is said at once.
func TestRetries(t *testing.T) {
	ok := answer{status: http.StatusOK}
	for name, c := range map[string]struct {
		script []answer
		tries  int
		taken  int
		err    string // part of the error; empty means none
		unsure bool
		took   time.Duration
	}{
		"at once":                   {[]answer{ok}, 1, 1, "", false, 0},
		"busy, then taken":          {[]answer{{status: 429, after: "7"}, ok}, 2, 1, "", false, 7 * time.Second},
		"busy until a date":         {[]answer{{status: 503, after: "Sat, 01 Jan 2000 00:00:20 GMT"}, ok}, 2, 1, "", false, 20 * time.Second},
		"a pause too long for here": {[]answer{{status: 429, after: "3600"}, ok}, 1, 0, "status 429", false, 0},
		"broken, then taken":        {[]answer{{status: 500}, {status: 502}, ok}, 3, 1, "", false, 3 * time.Second},
		"taken, answer lost":        {[]answer{{cut: true}, ok}, 2, 1, "", false, time.Second},
		"answer lost for good":      {[]answer{{cut: true}, {cut: true}, {cut: true}, {cut: true}}, 4, 1, "no answer", true, 7 * time.Second},
		"down":                      {[]answer{{dial: true}, {dial: true}, {dial: true}, {dial: true}}, 4, 0, "no connection: connection refused", false, 7 * time.Second},
		"gone":                      {[]answer{{status: 410}, ok}, 1, 0, "nothing is at this address", false, 0},
		"forbidden":                 {[]answer{{status: 401}, ok}, 1, 0, "compare the secrets", false, 0},
		"redirected":                {[]answer{{status: 302, target: "https://evil.example/"}, ok}, 1, 0, "http_302", false, 0},
		"too large":                 {[]answer{{status: 413}}, 1, 0, "smaller messages", false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log bytes.Buffer
				r := newReceiver(t, time.Now, c.script...)
				n := notifier(t, r, func(c *Config) { c.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
				began := time.Now()
				_, err := n.Send(t.Context(), message(alert.ReasonFirst, "a"), nil)
				if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) || errors.Is(err, alert.ErrUnsure) != c.unsure {
					t.Errorf("error %v, want one with %q, unsure %v", err, c.err, c.unsure)
				}
				if len(r.tries) != c.tries || len(r.bodies) != c.taken || len(r.seen) > 1 {
					t.Errorf("%d tries, %d taken under %d ids; want %d and %d", len(r.tries), len(r.bodies), len(r.seen), c.tries, c.taken)
				}
				if took := time.Since(began); took != c.took {
					t.Errorf("took %s, want %s", took, c.took)
				}
				if said := fmt.Sprint(err) + log.String(); strings.Contains(said, "CANARY") || strings.Contains(said, secret[6:]) {
					t.Errorf("a secret was printed: %s", said)
				}
			})
		})
	}
}

// TestRestartInTheMiddle: an attempt with an unknown outcome is made again by another process, with the same id.
func TestRestartInTheMiddle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newReceiver(t, time.Now, answer{cut: true}, answer{cut: true}, answer{cut: true}, answer{cut: true})
		m := message(alert.ReasonFirst, "a")
		if _, err := notifier(t, r).Send(t.Context(), m, nil); !errors.Is(err, alert.ErrUnsure) {
			t.Fatal(err)
		}
		pending := m.Delivery("", alert.StatusPending)
		if _, err := notifier(t, r).Send(t.Context(), m, &pending); err != nil || len(r.bodies) != 1 || len(r.seen) != 1 {
			t.Errorf("%v, %d bodies, ids %v", err, len(r.bodies), r.seen)
		}
	})
}

func TestStopWhileWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer stop()
		r := newReceiver(t, time.Now, answer{status: 503}, answer{status: 200})
		if _, err := notifier(t, r).Send(ctx, message(alert.ReasonFirst, "a"), nil); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, alert.ErrUnsure) || len(r.tries) != 1 {
			t.Errorf("%v after %d tries", err, len(r.tries))
		}
	})
}

// TestSecrets: two sign while one takes the place of the other; what is no secret is refused before anything is sent.
func TestSecrets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		second := "whsec_" + "c2Vjb25kLXNlY3JldC1vZi0yNC1ieXRlcw=="
		for text, want := range map[string]string{
			secret + "\n" + second + "\n":                        "",
			second + "\n" + secret + "\n":                        "",
			"# the old one\n" + secret + "\n" + second + "\nnew": "", // a third has no say yet
			secret + "\nshort":                                   "5 bytes",
			"":                                                   "holds no secret",
			"short":                                              "5 bytes",
			"whsec_***":                                          "not base64",
			"whsec_" + "c2hvcnQ=":                                "5 bytes",
		} {
			r := newReceiver(t, time.Now)
			_, err := notifier(t, r, func(c *Config) { c.Secrets = func() ([]byte, error) { return []byte(text), nil } }).Send(t.Context(), message(alert.ReasonFirst, "a"), nil)
			if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) || err != nil && len(r.tries) != 0 {
				t.Errorf("%q: %v after %d tries, want %q", text, err, len(r.tries), want)
			}
		}
	})
}

func TestAddress(t *testing.T) {
	for _, u := range []string{"", "hooks.corp.example", "ftp://a/", "https://", "https://user:pw@a/", "http://[::1", "file:///etc/passwd"} {
		_, err := New(Config{Name: "x", URL: u, Secrets: func() ([]byte, error) { return nil, nil }, Transport: http.DefaultTransport, Now: time.Now})
		if err == nil || strings.Contains(err.Error(), "pw") {
			t.Errorf("%q: %v", u, err)
		}
	}
}

func TestTemplate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tpl, err := ParseTemplate("soar.tmpl", `{"text": {{json (printf "%s: %d of team %s" .Severity .Total .Team)}}, "who": [{{range $i, $f := .Findings}}{{if $i}},{{end}}{{json $f.Why}}{{end}}]}`, "")
		if err != nil {
			t.Fatal(err)
		}
		r := newReceiver(t, time.Now)
		m := message(alert.ReasonFirst, "a")
		m.Findings[0].Why = `"}], "admin": true, "x": ["` + "\u202e\n"
		if _, err := notifier(t, r, func(c *Config) { c.Template = tpl }).Send(t.Context(), m, nil); err != nil {
			t.Fatal(err)
		}
		if want := `{"text": "high: 1 of team payments", "who": ["\"}], \"admin\": true, \"x\": [\"` + "\uFFFD" + `"]}`; !slices.Equal(r.bodies, []string{want}) {
			t.Errorf("%q, want %q", r.bodies, want)
		}
	})
}

func TestTemplateErrors(t *testing.T) {
	for text, want := range map[string]string{
		"{\n  {{.Nope}}\n}":       "t.tmpl:2:",
		"{{range}}":               "t.tmpl:1: missing value for range",
		"a\n{{if .Team}}":         "t.tmpl:2: unexpected EOF",
		`{"a": "{{.Team}}" oops}`: "t.tmpl: what it makes is no JSON",
		"{{nope 1}}":              `t.tmpl:1: function "nope" not defined`,
		`{{range $i, $f := .Findings}}{{printf "%2000000d" 1}}{{end}}`: "longer than",
	} {
		if _, err := ParseTemplate("t.tmpl", text, ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	if _, err := ParseTemplate("t.txt", "{{.Severity}} {{line 5 .Title}}", "text/plain"); err != nil {
		t.Error(err)
	}
}
