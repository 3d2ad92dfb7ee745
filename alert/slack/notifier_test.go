package slack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/alert"
	"github.com/grantwatch/grantwatch/alert/slack/slacktest"
)

// bench is a notifier in front of a fake Slack, on the virtual time of a synctest bubble.
type bench struct {
	*slacktest.Server
	t    testing.TB
	n    *Notifier
	logs *bytes.Buffer
}

func newBench(t testing.TB) *bench {
	f := newFake(t, time.Now)
	logs := &bytes.Buffer{}
	n := New(Config{Token: testToken, APIURL: "http://slack.invalid/api", HTTPClient: f.Client(), Now: time.Now, Logger: slog.New(slog.NewTextHandler(logs, nil))})
	return &bench{f, t, n, logs}
}

func (b *bench) payments() *fakeChannel { return b.Channels[0] }

// message is a plain one to a channel.
func message(channel string, n int) alert.Message {
	at := time.Now()
	m := alert.Message{Key: alert.Key{Channel: channel, Fingerprint: fmt.Sprintf("group%d", n)}, Reason: alert.ReasonFirst, Team: "payments", Kind: "UNUSED_GRANT", Cause: "unused-grant",
		Title: "Access that nobody uses", Severity: access.SeverityHigh, AsOf: at, At: at, Digest: "d1", New: 1,
		Findings: []access.Finding{{Fingerprint: "1", Severity: access.SeverityHigh, Verdict: access.VerdictUnused, Why: "No use in 90 days."}}}
	m.Record = alert.Record{Post: fmt.Sprintf("post%d", n), Team: "payments", Kind: "UNUSED_GRANT"}
	return m
}

// vary returns the message as it looks after a change.
func vary(m alert.Message, r alert.Reason, d alert.Delivery) alert.Message {
	m.Reason, m.Digest, m.Record = r, m.Digest+"x", d.Record()
	return m
}

func (b *bench) mustSend(m alert.Message, prev *alert.Delivery) alert.Delivery {
	b.t.Helper()
	d, err := b.n.Send(b.t.Context(), m, prev)
	if err != nil {
		b.t.Fatalf("%s: %v", m.Reason, err)
	}
	return d
}

func TestLifeOfAMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		m := message("#payments", 1)
		d := b.mustSend(m, nil)
		c := b.payments()
		if len(c.Messages) != 1 || d.TS != c.Messages[0].TS || d.Status != alert.StatusSent || d.Record().ChannelID != "C0PAYMENTS" || d.Channel != "#payments" || d.Digest != "d1" {
			t.Fatalf("posted %d, on record %+v", len(c.Messages), d)
		}
		changed := b.mustSend(vary(m, alert.ReasonChanged, d), &d)
		if len(c.Messages) != 1 || c.Messages[0].Edits != 1 || changed.TS != d.TS {
			t.Fatalf("a change edits the root: %d messages", len(c.Messages))
		}
		worse := b.mustSend(vary(m, alert.ReasonWorse, changed), &changed)
		if len(c.Messages) != 2 || c.Messages[0].Edits != 2 || c.Messages[1].ThreadTS != d.TS || c.Messages[1].SubType != "thread_broadcast" {
			t.Fatalf("worse edits the root and answers in its thread for all to see: %d messages", len(c.Messages))
		}
		over := b.mustSend(vary(m, alert.ReasonResolved, worse), &worse)
		if len(c.Messages) != 2 || c.Messages[0].Edits != 3 || over.Status != alert.StatusResolved || !strings.Contains(string(c.Messages[0].Blocks), "RESOLVED") {
			t.Fatalf("resolved edits the root: %+v %s", over, c.Messages[0].Blocks)
		}
		if want := []string{"chat.postMessage", "chat.update", "chat.update", "conversations.replies", "chat.postMessage", "chat.update"}; !slices.Equal(b.Calls(), want) {
			t.Errorf("calls %q", b.Calls())
		}
	})
}

// TestOneMessageASecond: per channel, not in all; the fake fails the test for two within a second.
func TestOneMessageASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.AddChannel("C0PLATFORM", "platform")
		start := time.Now()
		for i := range 5 {
			b.mustSend(message("#payments", i), nil)
			b.mustSend(message("#platform", 10+i), nil)
		}
		if took := time.Since(start); took != 4*time.Second {
			t.Errorf("five messages to each of two channels took %s", took)
		}
	})
}

func TestRetryAfterIsHonoured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.Fail("chat.postMessage", fault{RetryAfter: "30"}, fault{RetryAfter: "soon"})
		start := time.Now()
		b.mustSend(message("#payments", 1), nil)
		if took := time.Since(start); took != 31*time.Second || len(b.payments().Messages) != 1 || len(b.Calls()) != 1 {
			t.Errorf("took %s, %d messages", took, len(b.payments().Messages))
		}
		// A longer pause than anybody should wait for is left to the next evaluation, and asks no more until it is over.
		b.AddChannel("C0PLATFORM", "platform")
		b.Fail("chat.postMessage", fault{RetryAfter: "300"})
		for _, ch := range []string{"#payments", "#platform"} {
			var busy *BusyError
			if _, err := b.n.Send(t.Context(), message(ch, 2), nil); !errors.As(err, &busy) || busy.RetryAfter < 250*time.Second || errors.Is(err, alert.ErrUnsure) {
				t.Errorf("%s: %v", ch, err)
			}
		}
		if len(b.Calls()) != 1 {
			t.Errorf("asked again inside the pause: %q", b.Calls())
		}
		time.Sleep(301 * time.Second) // virtual
		b.mustSend(message("#platform", 3), nil)
	})
}

// TestAmbiguousFailures: whatever happens to the answer, a message that was accepted is not posted again, and one that was
// not is.
func TestAmbiguousFailures(t *testing.T) {
	for name, tc := range map[string]struct {
		faults []fault
		calls  []string
	}{
		"accepted, then reset":           {[]fault{{Accept: true, Cut: true}}, []string{"chat.postMessage", "conversations.list", "conversations.history"}},
		"accepted, then 500":             {[]fault{{Accept: true, Status: 500}}, []string{"chat.postMessage", "conversations.list", "conversations.history"}},
		"accepted, then half an answer":  {[]fault{{Accept: true, Body: `{"ok":tr`}}, []string{"chat.postMessage", "conversations.list", "conversations.history"}},
		"accepted, then an empty answer": {[]fault{{Accept: true, Body: `{}`}}, []string{"chat.postMessage", "conversations.list", "conversations.history"}},
		"accepted, then fatal_error":     {[]fault{{Accept: true, Code: "fatal_error"}}, []string{"chat.postMessage", "conversations.list", "conversations.history"}},
		"not accepted, 503":              {[]fault{{Status: 503}}, []string{"conversations.list", "conversations.history", "chat.postMessage"}},
		"not accepted, reset, twice":     {[]fault{{Code: "internal_error", Cut: true}, {Status: 502}}, []string{"conversations.list", "conversations.history", "conversations.history", "chat.postMessage"}},
		"no connection":                  {[]fault{{Dial: true}, {Dial: true}}, []string{"chat.postMessage"}},
		"busy in words":                  {[]fault{{Code: "service_unavailable"}}, []string{"chat.postMessage"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				for i := range 450 { // other channels before it, and other messages after it, so that both look-ups turn pages
					b.Channels = slices.Insert(b.Channels, 0, &fakeChannel{ID: fmt.Sprintf("C0OTHER%04d", i), Name: fmt.Sprintf("other%d", i), Member: true})
				}
				c := b.Channels[450]
				c.Messages = append(c.Messages, &fakeMessage{TS: "1.000001", Metadata: json.RawMessage(`{"event_type":"grantwatch_alert","event_payload":{"post":"post1"}}`)})
				b.Fail("chat.postMessage", tc.faults...)
				d := b.mustSend(message("#payments", 1), nil)
				if len(c.Messages) != 2 || d.TS != c.Messages[1].TS || d.Record().ChannelID != c.ID {
					t.Errorf("%d messages, on record %+v", len(c.Messages), d)
				}
				if got := slices.Compact(slices.Clone(b.Calls())); !slices.Equal(got, slices.Compact(tc.calls)) {
					t.Errorf("calls %q, want %q", got, tc.calls)
				}
			})
		})
	}
}

// TestAfterACrash: a delivery that was pending is looked for before anything is posted.
func TestAfterACrash(t *testing.T) {
	for _, posted := range []bool{true, false} {
		for _, reason := range []alert.Reason{alert.ReasonFirst, alert.ReasonResolved} {
			t.Run(fmt.Sprint(posted, reason), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					b := newBench(t)
					m := message("#payments", 1)
					pending := m.Delivery("", alert.StatusPending)
					if posted {
						b.mustSend(m, nil)
					}
					for i := range 300 {
						b.payments().Messages = append(b.payments().Messages, &fakeMessage{TS: fmt.Sprintf("%d.%06d", time.Now().Unix()+1, i)})
					}
					before := len(b.payments().Messages)
					time.Sleep(time.Hour) // virtual
					again := newBench(t)  // a new process: nothing is remembered
					again.Server = b.Server
					again.n.api = b.n.api
					m.Reason = reason
					d := again.mustSend(m, &pending)
					added := len(b.payments().Messages) - before
					wantNew := !posted && reason == alert.ReasonFirst
					if (added == 1) != wantNew || posted && b.payments().Messages[0].Edits != 1 || (d.TS == "") != (!posted && reason == alert.ReasonResolved) {
						t.Errorf("%d added, record %+v", added, d)
					}
				})
			})
		}
	}
}

// TestWithoutHistoryScope: who may not look posts again rather than never, and says so.
func TestWithoutHistoryScope(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.Fail("chat.postMessage", fault{Status: 500})
		b.Fail("conversations.list", fault{Code: "missing_scope"})
		b.mustSend(message("#payments", 1), nil)
		if len(b.payments().Messages) != 1 || !strings.Contains(b.logs.String(), "missing_scope") {
			t.Errorf("%d messages, log %s", len(b.payments().Messages), b.logs)
		}
	})
}

// TestUnsureIsSaid: neither posted nor found nor refused for good.
func TestUnsureIsSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.Fail("chat.postMessage", fault{Accept: true, Cut: true})
		b.Fail("conversations.list", slices.Repeat([]fault{{Status: 500}}, attempts)...)
		_, err := b.n.Send(t.Context(), message("#payments", 1), nil)
		if !errors.Is(err, alert.ErrUnsure) || len(b.payments().Messages) != 1 {
			t.Errorf("%v, %d messages", err, len(b.payments().Messages))
		}
		b.Fail("chat.postMessage", slices.Repeat([]fault{{Status: 500}}, attempts)...)
		if _, err = b.n.Send(t.Context(), message("#payments", 2), nil); !errors.Is(err, alert.ErrUnsure) {
			t.Errorf("after %d attempts: %v", attempts, err)
		}
		b.Fail("chat.postMessage", fault{Status: 500}, fault{Code: "token_revoked"})
		var p *PermanentError
		if _, err = b.n.Send(t.Context(), message("#payments", 4), nil); !errors.Is(err, alert.ErrUnsure) || !errors.As(err, &p) {
			t.Errorf("an unsure attempt is forgotten when the next is refused: %v", err)
		}
		ctx, stop := context.WithCancel(t.Context())
		stop()
		if _, err = b.n.Send(ctx, message("#payments", 3), nil); !errors.Is(err, context.Canceled) || errors.Is(err, alert.ErrUnsure) {
			t.Errorf("stopped before anything was sent: %v", err)
		}
	})
}

func TestPermanentErrors(t *testing.T) {
	for code, set := range map[string]func(*bench, *alert.Message){
		"channel_not_found": func(_ *bench, m *alert.Message) { m.Channel = "#nowhere" },
		"is_archived":       func(b *bench, _ *alert.Message) { b.payments().Archived = true },
		"not_in_channel":    func(b *bench, _ *alert.Message) { b.payments().Member = false },
		"invalid_auth": func(b *bench, _ *alert.Message) {
			b.n = New(Config{Token: "wrong", APIURL: "http://slack.invalid/api/", HTTPClient: b.Client(), Now: time.Now})
		},
		"missing_scope": func(b *bench, _ *alert.Message) { b.Fail("chat.postMessage", fault{Code: "missing_scope"}) },
		"token_revoked": func(b *bench, _ *alert.Message) { b.Fail("chat.postMessage", fault{Code: "token_revoked"}) },
		"http_404":      func(b *bench, _ *alert.Message) { b.Fail("chat.postMessage", fault{Status: 404}) },
		"http_307":      func(b *bench, _ *alert.Message) { b.Fail("chat.postMessage", fault{Status: 307}) },
		"unknown_error": func(b *bench, _ *alert.Message) { b.Fail("chat.postMessage", fault{Code: "Bearer " + testToken}) },
		"something_new": func(b *bench, _ *alert.Message) { b.Fail("chat.postMessage", fault{Code: "something_new"}) },
	} {
		t.Run(code, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				m := message("#payments", 1)
				set(b, &m)
				start := time.Now()
				_, err := b.n.Send(t.Context(), m, nil)
				var p *PermanentError
				if !errors.As(err, &p) || p.Code != code || p.Channel != m.Channel || p.Hint == "" || p.Method != "chat.postMessage" {
					t.Errorf("%v", err)
				}
				if len(b.Calls()) > 1 || time.Since(start) > 0 || errors.Is(err, alert.ErrUnsure) {
					t.Errorf("tried again: %q in %s", b.Calls(), time.Since(start))
				}
			})
		})
	}
}

func TestUpdateFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		m := message("#payments", 1)
		d := b.mustSend(m, nil)
		b.Fail("chat.update", fault{Accept: true, Cut: true}, fault{Status: 500}, fault{RetryAfter: "2"})
		d = b.mustSend(vary(m, alert.ReasonChanged, d), &d)
		if len(b.payments().Messages) != 1 || b.payments().Messages[0].Edits != 2 {
			t.Errorf("%d messages, %d edits", len(b.payments().Messages), b.payments().Messages[0].Edits)
		}
		b.payments().Messages = nil
		if _, err := b.n.Send(t.Context(), vary(m, alert.ReasonChanged, d), &d); !errors.Is(err, alert.ErrGone) {
			t.Errorf("a deleted message: %v", err)
		}
	})
}

// TestTokenIsNeverPrinted: not in errors, not in logs, not outside the header (which the fake checks).
func TestTokenIsNeverPrinted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		m := message("#payments", 1)
		var said strings.Builder
		for _, ft := range []fault{{Status: 500}, {Status: 403}, {Cut: true, Status: 500}, {Dial: true}, {Code: testToken}, {Body: "Bearer " + testToken}, {Body: `{"ok":false,"error":"` + testToken + `"}`}, {RetryAfter: "400"}} {
			b.Heal()
			for _, method := range []string{"chat.postMessage", "conversations.list", "conversations.history"} {
				b.Fail(method, slices.Repeat([]fault{ft}, 3*attempts)...)
			}
			_, err := b.n.Send(t.Context(), m, nil)
			if err == nil {
				t.Errorf("%+v: no error", ft)
			}
			fmt.Fprintf(&said, "%v %+v %#v\n", err, err, err)
			for e := err; e != nil; e = errors.Unwrap(e) {
				fmt.Fprintf(&said, "%v %+v %#v\n", e, e, e)
			}
		}
		// A transport that puts the request into its error, as some proxies do.
		b.n = New(Config{Token: testToken, APIURL: "http://slack.invalid/api/", Now: time.Now, Logger: slog.New(slog.NewTextHandler(b.logs, &slog.HandlerOptions{Level: slog.LevelDebug})), HTTPClient: &http.Client{
			Transport: tripper(func(r *http.Request) (*http.Response, error) { return nil, fmt.Errorf("proxy: %v", r.Header) }),
		}})
		_, err := b.n.Send(t.Context(), m, nil)
		fmt.Fprintf(&said, "%v %+v %#v\n%s", err, err, err, b.logs)
		if !strings.Contains(said.String(), "proxy") || !strings.Contains(said.String(), "posting failed") {
			t.Fatal("the test looks in the wrong place")
		}
		if strings.Contains(said.String(), "CANARY") {
			t.Errorf("the token is printed:\n%s", said.String())
		}
	})
}

type tripper func(*http.Request) (*http.Response, error)

func (f tripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestOverTheWire does it once with real connections: a message, a connection that is closed in the middle of the answer,
// a port where nobody listens, and a redirect, which must not be followed.
func TestOverTheWire(t *testing.T) {
	at := time.Date(2026, 9, 1, 10, 0, 0, 0, time.UTC)
	f := newFake(t, func() time.Time { return at })
	srv := httptest.NewServer(f)
	defer srv.Close()
	n := New(Config{Token: testToken + "\n", APIURL: srv.URL + "/api", Now: func() time.Time { return at }})
	if d, err := n.Send(t.Context(), message("C0PAYMENTS", 1), nil); err != nil || d.TS == "" {
		t.Fatalf("%+v %v", d, err)
	}
	cut := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_ = conn.Close()
	}))
	defer cut.Close()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("followed, with %q", r.Header.Get("Authorization"))
	}))
	defer elsewhere.Close()
	moved := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	defer moved.Close()
	closed := httptest.NewServer(http.NotFoundHandler()) // last, so that none of the others takes its port
	closed.Close()
	for url, want := range map[string]class{cut.URL: unsure, closed.URL: unsent, moved.URL: refused} {
		n := New(Config{Token: testToken, APIURL: url, Now: time.Now})
		_, _, err := n.api.PostMessageContext(t.Context(), "C0PAYMENTS")
		if got := n.judge(t.Context(), "chat.postMessage", "#x", err); got.class != want {
			t.Errorf("%v is %d, want %d", err, got.class, want)
		}
	}
}
