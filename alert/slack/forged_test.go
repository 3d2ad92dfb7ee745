package slack

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grantwatch/grantwatch/alert"
)

func set(p map[string]any, path string, v any) {
	keys := strings.Split(path, ".")
	for _, k := range keys[:len(keys)-1] {
		switch x := p[k].(type) {
		case map[string]any:
			p = x
		case []any:
			p = x[0].(map[string]any)
		}
	}
	p[keys[len(keys)-1]] = v
}

var forgers = []forger{
	{"another workspace", func(_ *office, p map[string]any, i int) { set(p, "team.id", fmt.Sprintf("T0OTHER%d", i)) }},
	{"no workspace", func(_ *office, p map[string]any, _ int) { delete(p, "team") }},
	{"a user of another workspace", func(_ *office, p map[string]any, i int) { set(p, "user.team_id", fmt.Sprintf("T0OTHER%d", i)) }},
	{"another application", func(_ *office, p map[string]any, i int) { p["api_app_id"] = fmt.Sprintf("A0OTHER%d", i) }},
	{"a user who does not exist", func(_ *office, p map[string]any, i int) { set(p, "user.id", fmt.Sprintf("U0NOBODY%d", i)) }},
	{"a user who is no id", func(_ *office, p map[string]any, _ int) { set(p, "user.id", "../../ana") }},
	{"an old press", func(_ *office, p map[string]any, i int) {
		set(p, "actions.action_ts", fmt.Sprintf("%d.000001", time.Now().Add(-6*time.Minute-time.Duration(i)*time.Hour).Unix()))
	}},
	{"a press in the future", func(_ *office, p map[string]any, i int) {
		set(p, "actions.action_ts", fmt.Sprintf("%d.000001", time.Now().Add(6*time.Minute+time.Duration(i)*time.Hour).Unix()))
	}},
	{"another bot's message", func(o *office, p map[string]any, i int) { o.claim(p, "bot_id", fmt.Sprintf("B0OTHER%d", i)) }},
	{"another application's message", func(o *office, p map[string]any, i int) { o.claim(p, "app_id", fmt.Sprintf("A0OTHER%d", i)) }},
	{"a message that is not there", func(o *office, p map[string]any, i int) {
		ts := fmt.Sprintf("1700000000.%06d", i)
		set(p, "container.message_ts", ts)
		o.claim(p, "ts", ts)
	}},
	{"another channel", func(o *office, p map[string]any, i int) {
		o.claim(p, "metadata", map[string]any{"event_type": eventType, "event_payload": map[string]any{"channel": "#payments", "fingerprint": "group1", "post": "post1"}})
		set(p, "container.channel_id", fmt.Sprintf("C0OTHER%04d", i))
	}},
	{"a value from another message", func(o *office, p map[string]any, i int) {
		set(p, "actions.value", testSeal.value(anchor{alert.Key{Channel: "#payments", Fingerprint: fmt.Sprintf("group%d", i+2)}, "post1"}, alert.VerbAcknowledge, ""))
	}},
	{"a value of an earlier post", func(o *office, p map[string]any, i int) {
		set(p, "actions.value", testSeal.value(anchor{o.key(), fmt.Sprintf("post%d", i+2)}, alert.VerbAcknowledge, ""))
	}},
	{"a value of another verb", func(o *office, p map[string]any, i int) {
		set(p, "actions.value", testSeal.value(anchor{o.key(), "post1"}, []alert.Verb{alert.VerbExcept, alert.VerbMarkRevoked, alert.VerbNotMine}[i%3], ""))
	}},
	{"another key", func(o *office, p map[string]any, i int) {
		set(p, "actions.value", newSealer(fmt.Sprintf("xoxb-%d", i)).value(anchor{o.key(), "post1"}, alert.VerbAcknowledge, ""))
	}},
	{"a bent tag", func(o *office, p map[string]any, i int) {
		v := []byte(testSeal.value(anchor{o.key(), "post1"}, alert.VerbAcknowledge, ""))
		v[len(v)-1-i%22] ^= 1
		set(p, "actions.value", string(v))
	}},
	{"a value that is none", func(_ *office, p map[string]any, i int) {
		set(p, "actions.value", []string{"", ".", "..", "acknowledge", "acknowledge..", strings.Repeat("a", 3000), "acknowledge..x.y"}[i%7])
	}},
	{"metadata of another message", func(o *office, p map[string]any, i int) {
		o.claim(p, "metadata", map[string]any{"event_type": eventType, "event_payload": map[string]any{"channel": "#payments", "fingerprint": fmt.Sprintf("group%d", i+2), "post": "post1"}})
	}},
	{"two actions at once", func(_ *office, p map[string]any, _ int) {
		p["actions"] = append(p["actions"].([]any), p["actions"].([]any)[0])
	}},
	{"no action", func(_ *office, p map[string]any, _ int) { p["actions"] = []any{} }},
	{"an action that we don't have", func(_ *office, p map[string]any, i int) { set(p, "actions.action_id", fmt.Sprintf("gw_drop_%d", i)) }},
	{"a type that we don't have", func(_ *office, p map[string]any, i int) {
		p["type"] = []string{"shortcut", "message_action", "", "interactive_message"}[i%4]
	}},
	{"a container that is no message", func(_ *office, p map[string]any, _ int) { set(p, "container.type", "view") }},
	{"a made-up modal", func(o *office, p map[string]any, i int) {
		t := ticket{"#payments", "group1", "post1", "C0PAYMENTS", alert.VerbSnooze, "U0ANA", time.Now().Unix(), "AAAA"}
		s := newSealer(fmt.Sprint(i))
		t.Tag = s.ticketTag(t)
		o.modal(p, t)
	}},
	{"a modal of another user", func(o *office, p map[string]any, _ int) {
		t := ticket{"#payments", "group1", "post1", "C0PAYMENTS", alert.VerbSnooze, "U0LI", time.Now().Unix(), ""}
		t.Tag = testSeal.ticketTag(t)
		o.modal(p, t)
	}},
	{"a modal that was open for too long", func(o *office, p map[string]any, i int) {
		t := ticket{"#payments", "group1", "post1", "C0PAYMENTS", alert.VerbSnooze, "U0ANA", time.Now().Add(-61*time.Minute - time.Duration(i)*time.Minute).Unix(), ""}
		t.Tag = testSeal.ticketTag(t)
		o.modal(p, t)
	}},
	{"a modal with another verb", func(o *office, p map[string]any, _ int) {
		t := ticket{"#payments", "group1", "post1", "C0PAYMENTS", alert.VerbExcept, "U0ANA", time.Now().Unix(), ""}
		t.Tag = testSeal.ticketTag(t)
		o.modal(p, t)
	}},
}

// claim changes what the payload says of the message.
func (o *office) claim(p map[string]any, key string, v any) {
	raw, err := json.Marshal(p["message"])
	if err != nil {
		o.t.Fatal(err)
	}
	m := map[string]any{}
	if err := json.Unmarshal(raw, &m); err != nil {
		o.t.Fatal(err)
	}
	m[key] = v
	p["message"] = m
}

// modal turns a press into the submission of a modal.
func (o *office) modal(p map[string]any, t ticket) {
	meta, err := json.Marshal(t)
	if err != nil {
		o.t.Fatal(err)
	}
	p["type"] = "view_submission"
	p["view"] = map[string]any{"id": "V0VIEW", "team_id": o.Options().TeamID, "app_id": o.Options().AppID, "bot_id": o.Options().BotID, "callback_id": viewSnooze, "private_metadata": string(meta),
		"state": map[string]any{"values": map[string]any{fieldUntil: map[string]any{fieldUntil: map[string]any{"type": "datepicker", "selected_date": "2000-01-20"}}}}}
}

// TestForgedCallbacks hands in a thousand callbacks each way that must not be taken, and then a good one that must.
func TestForgedCallbacks(t *testing.T) {
	const all = 1000
	for _, way := range ways2 {
		t.Run(way, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := newOffice(t, way)
				defer o.stop()
				tried := 0
				for i := 0; tried < all; i++ {
					if way == "http" && i%3 == 0 {
						o.unsigned(i)
						tried++
						continue
					}
					f := forgers[i%len(forgers)]
					p, err := o.Payload(o.press("U0ANA", actAcknowledge, ""))
					if err != nil {
						t.Fatal(err)
					}
					f.change(o, p, i)
					if _, err := o.Deliver(t.Context(), p); err != nil {
						t.Fatalf("%s: %v", f.why, err)
					}
					synctest.Wait()
					tried++
					if n := len(o.desk.got); n != 0 {
						t.Fatalf("%s was taken: %+v", f.why, o.desk.got)
					}
				}
				views := 0
				for _, u := range []string{"U0ANA", "U0LI"} {
					views += len(o.Views(u))
				}
				t.Logf("%s: %d of %d forged, expired, replayed and cross-workspace callbacks accepted, %d modals opened", way, len(o.desk.got), tried, views)
				if len(o.desk.got) != 0 || views != 0 {
					t.Error("that is more than none")
				}
				o.mustPress(o.press("U0ANA", actAcknowledge, ""))
				if len(o.desk.got) != 1 {
					t.Fatalf("a good one is not taken after them: %s", o.logs.String()[max(0, o.logs.Len()-500):])
				}
				// The very same again is a replay.
				o.replay(way)
				if len(o.desk.got) != 2 {
					t.Errorf("%d actions", len(o.desk.got))
				}
			})
		})
	}
}

// replay delivers one good press many times, byte for byte.
func (o *office) replay(way string) {
	p, err := o.Payload(o.press("U0LI", actAcknowledge, ""))
	if err != nil {
		o.t.Fatal(err)
	}
	body, err := json.Marshal(p)
	if err != nil {
		o.t.Fatal(err)
	}
	form := url.Values{"payload": {string(body)}}.Encode()
	at, sig := o.Sign([]byte(form), time.Now())
	for i := range 50 {
		if way == "socket" {
			if _, err := o.Envelope(o.t.Context(), "the-same-envelope", body); err != nil {
				o.t.Fatal(err)
			}
		} else if got := o.raw(form, at, sig); (got == http.StatusOK) != (i == 0) {
			o.t.Errorf("delivery %d: %d", i, got)
		}
		synctest.Wait()
		time.Sleep(7 * time.Second) // virtual; after five minutes the signature is too old as well
	}
}

// raw posts a request as it is and returns the status.
func (o *office) raw(form, at, sig string) int {
	req := httptest.NewRequest(http.MethodPost, "/slack/interactions", strings.NewReader(form))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if at != "" {
		req.Header.Set("X-Slack-Request-Timestamp", at)
	}
	if sig != "" {
		req.Header.Set("X-Slack-Signature", sig)
	}
	rec := httptest.NewRecorder()
	o.cb.Handler().ServeHTTP(rec, req)
	return rec.Code
}

// unsigned posts a good payload with a signature that is none.
func (o *office) unsigned(i int) {
	p, err := o.Payload(o.press("U0ANA", actAcknowledge, ""))
	if err != nil {
		o.t.Fatal(err)
	}
	body, err := json.Marshal(p)
	if err != nil {
		o.t.Fatal(err)
	}
	form := url.Values{"payload": {string(body)}}.Encode()
	at, sig := o.Sign([]byte(form), time.Now())
	old, oldSig := o.Sign([]byte(form), time.Now().Add(-time.Duration(301+i)*time.Second))
	soon, soonSig := o.Sign([]byte(form), time.Now().Add(time.Duration(301+i)*time.Second))
	for k, c := range [][3]string{
		{form, at, ""}, {form, "", sig}, {form, at, "v0="}, {form, at, "v0=" + strings.Repeat("0", 64)}, {form, at, strings.Replace(sig, "v0=", "v1=", 1)}, {form, at, strings.TrimPrefix(sig, "v0=")},
		{form, old, oldSig}, {form, soon, soonSig}, {form, old, sig}, {form + "&x=1", at, sig}, {strings.Replace(form, "payload", "payl0ad", 1), at, sig}, {form, at + "0", sig}, {form, " " + at, sig}, {form, "-1", sig}, {form, at, sig[:len(sig)-1] + "z"}, {"", at, sig},
	} {
		if k != (i/3)%16 && i > 60 {
			continue
		}
		if got := o.raw(c[0], c[1], c[2]); got == http.StatusOK {
			o.t.Errorf("unsigned %d is answered with 200", k)
		}
	}
	synctest.Wait()
}

// TestBodiesAreBounded: what is larger than a callback can be is not read.
func TestBodiesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, "http")
		defer o.stop()
		form := "payload=" + strings.Repeat("a", 3*maxPayload)
		at, sig := o.Sign([]byte(form), time.Now())
		if got := o.raw(form, at, sig); got != http.StatusBadRequest {
			t.Errorf("%d", got)
		}
		for _, method := range []string{http.MethodGet, http.MethodPut} {
			rec := httptest.NewRecorder()
			o.cb.Handler().ServeHTTP(rec, httptest.NewRequest(method, "/slack/interactions", nil))
			if rec.Code != http.StatusMethodNotAllowed {
				t.Errorf("%s: %d", method, rec.Code)
			}
		}
		if strings.Contains(o.logs.String(), "CANARY") {
			t.Error("a secret is logged")
		}
	})
}

func TestOnceIsBounded(t *testing.T) {
	o, now := newOnce(3, time.Minute), time.Unix(1000, 0)
	for i, want := range []bool{true, true, true, false} {
		if o.first(fmt.Sprint(i), now) != want {
			t.Errorf("%d", i)
		}
	}
	if o.first("0", now) || !o.first("3", now.Add(61*time.Second)) || !o.first("0", now.Add(61*time.Second)) {
		t.Error("what came is remembered as long as it was promised, and no longer")
	}
	if o.forget("0"); !o.first("0", now.Add(62*time.Second)) || len(o.until) > 3 {
		t.Error("forgotten")
	}
}

func FuzzCallback(f *testing.F) {
	f.Add([]byte(`{"type":"block_actions","team":{"id":"T0GRANTWATCH"},"api_app_id":"A0GRANTWATCH","user":{"id":"U0ANA"},"actions":[{"action_id":"gw_acknowledge","action_ts":"1.2"}]}`))
	f.Add([]byte(`{"type":"view_submission","team":{"id":"T0GRANTWATCH"},"api_app_id":"A0GRANTWATCH","user":{"id":"U0ANA"},"view":{"private_metadata":"{}"}}`))
	f.Add([]byte("null"))
	n := New(Config{Token: testToken, Now: time.Now, Buttons: true})
	d := &desk{}
	c := NewCallbacks(CallbackConfig{Notifier: n, Desk: d, Now: time.Now, Logger: slog.New(slog.NewTextHandler(&bytes.Buffer{}, nil))})
	c.self = &self{"T0GRANTWATCH", "A0GRANTWATCH", "B0GRANTWATCH", "U0GRANTWATCH"}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if answer, work, err := c.take(t.Context(), raw); err == nil && work == nil && answer == nil && !bytes.Contains(raw, []byte("view_closed")) && !bytes.Contains(raw, []byte(actOpen)) {
			t.Errorf("%q is taken", raw)
		}
	})
}
