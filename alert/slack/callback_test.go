package slack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grantwatch/grantwatch/alert"
	"github.com/grantwatch/grantwatch/alert/slack/slacktest"
)

// desk is a desk that writes down what it is asked for.
type desk struct {
	mu   sync.Mutex
	got  []alert.Action
	out  alert.Outcome
	fail error
}

func (d *desk) Act(_ context.Context, a alert.Action) (alert.Outcome, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.fail; err != nil {
		d.fail = nil
		return alert.Outcome{}, err
	}
	d.got = append(d.got, a)
	return d.out, nil
}

// into is a client whose requests go to a handler in memory.
type into struct{ h http.Handler }

func (t into) RoundTrip(r *http.Request) (*http.Response, error) {
	rec := httptest.NewRecorder()
	in := r.Clone(r.Context())
	t.h.ServeHTTP(rec, in)
	return rec.Result(), nil
}

// office is a workspace with users, a notifier, a desk and callbacks, over one of the two ways.
type office struct {
	*bench
	desk  *desk
	cb    *Callbacks
	root  alert.Delivery
	stop  func()
	teams []string
}

var ways2 = []string{"http", "socket"}

func newOffice(t *testing.T, way string) *office {
	t.Helper()
	b := newBench(t)
	o := &office{bench: b, desk: &desk{out: alert.Outcome{Done: true, Changed: 1, Text: "Done for 1 finding."}}, teams: []string{"payments", "platform"}}
	b.n.seal = testSeal
	for id, u := range map[string]slacktest.User{
		"U0ANA": {Name: "ana", RealName: "Ana", Email: "ana@corp.example"}, "U0LI": {Name: "li", RealName: "Li", Email: "li@corp.example"},
		"U0GUEST": {Name: "guest", Restricted: true, Email: "g@corp.example"}, "U0GONE": {Name: "gone", Deleted: true}, "U0BOT": {Name: "bot", Bot: true},
		"U0STRANGER": {Name: "stranger", Guest: true, TeamID: "T0OTHER", Email: "ana@corp.example"}, "U0ULTRA": {Name: "ultra", Ultra: true},
	} {
		u.ID = id
		b.AddUser(u)
	}
	o.cb = NewCallbacks(CallbackConfig{Notifier: b.n, Desk: o.desk, Teams: func() []string { return o.teams }, SigningSecret: b.Options().SigningSecret, AppToken: b.Options().AppToken, Now: time.Now, Logger: slog.New(slog.NewTextHandler(b.logs, nil))})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	if way == "http" {
		b.Server.SetCallback("https://grantwatch.example/slack/interactions", "https://grantwatch.example/slack/options", &http.Client{Transport: into{o.cb.Handler()}})
		ended <- nil
	} else {
		go func() { ended <- o.cb.Listen(ctx, b.Client(), b.DialContext) }()
		synctest.Wait()
		if b.Connections() != 1 {
			t.Fatalf("%d connections", b.Connections())
		}
	}
	o.stop = func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		o.cb.Close(context.Background())
		synctest.Wait()
	}
	o.root = b.mustSend(message("#payments", 1), nil)
	return o
}

func (o *office) press(user, action, option string) slacktest.Press {
	return slacktest.Press{User: user, Channel: "C0PAYMENTS", TS: o.root.TS, ActionID: action, Option: option}
}

// option is the value of the nth option of the snooze menu, as it stands in the message.
func (o *office) option(n int) string {
	o.t.Helper()
	blocks, err := slacktest.Blocks(string(o.payments().Messages[0].Blocks), false)
	if err != nil {
		o.t.Fatal(err)
	}
	for _, b := range blocks {
		for _, e := range b.Elements {
			if e.ActionID == actSnooze {
				return e.Options[n].Value
			}
		}
	}
	o.t.Fatal("no menu")
	return ""
}

func (o *office) mustPress(p slacktest.Press) {
	o.t.Helper()
	ans, err := o.Press(o.t.Context(), p)
	if err != nil || ans.Status != http.StatusOK {
		o.t.Fatalf("%s: %v %d %s", p.ActionID, err, ans.Status, ans.Body)
	}
	synctest.Wait()
}

// whispers are the texts that only one user sees.
func (o *office) whispers(user string) []string {
	var out []string
	for _, m := range o.payments().Messages {
		if m.Only == user {
			out = append(out, m.Text)
		}
	}
	return out
}

func TestEveryButton(t *testing.T) {
	for _, way := range ways2 {
		t.Run(way, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := newOffice(t, way)
				defer o.stop()
				var told []alert.Verb
				o.cb.c.Done = func(_ context.Context, a alert.Action, _ alert.Outcome) { told = append(told, a.Verb) }
				start := time.Now()
				o.mustPress(o.press("U0ANA", actAcknowledge, ""))
				o.mustPress(o.press("U0ANA", actSnooze, o.option(1)))
				o.mustPress(o.press("U0ANA", actRevoked, ""))

				o.mustPress(o.press("U0ANA", actSnooze, o.option(3)))
				o.submit("U0ANA", map[string]slacktest.Input{fieldUntil: {Value: "2000-03-01"}})
				o.mustPress(o.press("U0ANA", actNotMine, ""))
				o.submit("U0ANA", map[string]slacktest.Input{fieldTeam: {Value: "platform"}, fieldReason: {Value: "their cluster"}})
				o.mustPress(o.press("U0ANA", actExcept, ""))
				o.submit("U0ANA", map[string]slacktest.Input{fieldReason: {Value: "needed until the migration"}, fieldUntil: {Value: "2000-02-01"}, fieldApprover: {Value: "U0LI"}})

				want := []alert.Action{
					{Verb: alert.VerbAcknowledge}, {Verb: alert.VerbSnooze, Until: start.AddDate(0, 0, 7)}, {Verb: alert.VerbMarkRevoked},
					{Verb: alert.VerbSnooze, Until: time.Date(2000, 3, 1, 0, 0, 0, 0, time.UTC)},
					{Verb: alert.VerbNotMine, Team: "platform", Reason: "their cluster"},
					{Verb: alert.VerbExcept, Until: time.Date(2000, 2, 1, 0, 0, 0, 0, time.UTC), Reason: "needed until the migration", Approver: "li@corp.example"},
				}
				if len(o.desk.got) != len(want) || len(told) != len(want) {
					t.Fatalf("%d actions, %d told: %+v\n%s", len(o.desk.got), len(told), o.desk.got, o.logs)
				}
				ids := map[string]bool{}
				for i, a := range o.desk.got {
					ids[a.ID] = true
					if a.By != (alert.User{Workspace: "T0GRANTWATCH", ID: "U0ANA", Name: "ana", Email: "ana@corp.example"}) || a.Key != o.key() || a.At.IsZero() || a.ID == "" {
						t.Errorf("%d: %+v", i, a)
					}
					w := want[i]
					if a.Verb != w.Verb || !a.Until.Equal(w.Until) || a.Team != w.Team || a.Reason != w.Reason || a.Approver != w.Approver {
						t.Errorf("%d: %+v, want %+v", i, a, w)
					}
				}
				if len(ids) != len(want) {
					t.Errorf("%d ids of %d actions", len(ids), len(want))
				}
				if got := o.whispers("U0ANA"); len(got) != len(want) || got[0] != "Done for 1 finding." {
					t.Errorf("said to the user: %q", got)
				}
			})
		})
	}
}

func (o *office) key() alert.Key { return alert.Key{Channel: "#payments", Fingerprint: "group1"} }

// submit submits the one modal that is open in front of a user.
func (o *office) submit(user string, values map[string]slacktest.Input) slacktest.Answer {
	o.t.Helper()
	vs := o.Views(user)
	if len(vs) != 1 {
		o.t.Fatalf("%d modals are open\n%s", len(vs), o.logs)
	}
	ans, err := o.Submit(o.t.Context(), vs[0].ID, values)
	if err != nil || ans.Status != http.StatusOK {
		o.t.Fatalf("%v %d", err, ans.Status)
	}
	synctest.Wait()
	return ans
}

// TestFieldsAreChecked: what is wrong with a field is said under it, the modal stays, and the desk hears nothing.
func TestFieldsAreChecked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, "socket")
		defer o.stop()
		good := func() map[string]slacktest.Input {
			return map[string]slacktest.Input{fieldReason: {Value: "needed until the migration"}, fieldUntil: {Value: "2000-02-01"}, fieldApprover: {Value: "U0LI"}}
		}
		o.mustPress(o.press("U0ANA", actExcept, ""))
		for field, bad := range map[string][]string{
			fieldReason: {"too short", "          ", strings.Repeat("é", 999) + "ab"},
			fieldUntil:  {"1999-12-31", "2000-01-01", "2001-06-01", "soon", "2000-13-01"},
		} {
			for _, b := range bad {
				in := good()
				in[field] = slacktest.Input{Value: b}
				vs := o.Views("U0ANA")
				payload, err := o.Submission(vs[0].ID, in)
				if err != nil && len(b) < 1000 {
					t.Fatal(err)
				}
				if err != nil {
					continue // Slack itself has refused it
				}
				ans, err := o.Deliver(t.Context(), payload)
				var said struct {
					Action string            `json:"response_action"`
					Errors map[string]string `json:"errors"`
				}
				if err != nil || json.Unmarshal(ans.Body, &said) != nil || said.Action != "errors" || !slices.Equal(slices.Collect(maps.Keys(said.Errors)), []string{field}) {
					t.Errorf("%s %q: %v %s", field, b, err, ans.Body)
				}
			}
		}
		synctest.Wait()
		if len(o.desk.got) != 0 || len(o.Views("U0ANA")) != 1 {
			t.Errorf("%+v, %d modals", o.desk.got, len(o.Views("U0ANA")))
		}
		// Approvers have to be somebody.
		for i, who := range []string{"U0GUEST", "U0GONE", "U0BOT", "U0STRANGER"} {
			if i > 0 {
				o.mustPress(o.press("U0ANA", actExcept, ""))
			}
			in := good()
			in[fieldApprover] = slacktest.Input{Value: who}
			o.submit("U0ANA", in)
		}
		if len(o.desk.got) != 0 || len(o.whispers("U0ANA")) != 4 {
			t.Errorf("%+v %q", o.desk.got, o.whispers("U0ANA"))
		}
		// Many teams are asked for while the user types.
		for i := range 150 {
			o.teams = append(o.teams, fmt.Sprintf("team-%03d", i))
		}
		o.mustPress(o.press("U0LI", actNotMine, ""))
		got, err := o.Suggest(t.Context(), o.Views("U0LI")[0].ID, fieldTeam, "TEAM-14")
		if err != nil || len(got) != 10 || got[0].Value != "team-140" {
			t.Errorf("%v %v", got, err)
		}
		if got, err = o.Suggest(t.Context(), o.Views("U0LI")[0].ID, fieldTeam, ""); err != nil || len(got) != 100 {
			t.Errorf("%d %v", len(got), err)
		}
		o.submit("U0LI", map[string]slacktest.Input{fieldTeam: {Value: "team-140"}})
		if len(o.desk.got) != 1 || o.desk.got[0].Team != "team-140" {
			t.Errorf("%+v", o.desk.got)
		}
	})
}

// TestWhoMayPress: nobody but full, active members of the workspace.
func TestWhoMayPress(t *testing.T) {
	for _, way := range ways2 {
		synctest.Test(t, func(t *testing.T) {
			o := newOffice(t, way)
			defer o.stop()
			for _, who := range []string{"U0GUEST", "U0GONE", "U0BOT", "U0STRANGER", "U0ULTRA"} {
				_, err := o.Press(t.Context(), o.press(who, actAcknowledge, ""))
				if err != nil {
					t.Fatal(err)
				}
				if _, err = o.Press(t.Context(), o.press(who, actExcept, "")); err != nil {
					t.Fatal(err)
				}
			}
			synctest.Wait()
			if len(o.desk.got) != 0 || len(o.Views("U0GUEST")) != 0 {
				t.Errorf("%+v", o.desk.got)
			}
		})
	}
}

// TestDeliveredTwice: the same press, in another envelope or signed again, is one action; one whose outcome is not known
// may come again.
func TestDeliveredTwice(t *testing.T) {
	for _, way := range ways2 {
		synctest.Test(t, func(t *testing.T) {
			o := newOffice(t, way)
			defer o.stop()
			p, err := o.Payload(o.press("U0ANA", actAcknowledge, ""))
			if err != nil {
				t.Fatal(err)
			}
			o.desk.fail = errors.New("store is away")
			for range 5 {
				if _, err := o.Deliver(t.Context(), p); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Second) // virtual: another signature
				synctest.Wait()
			}
			if len(o.desk.got) != 1 || len(o.whispers("U0ANA")) != 2 || !strings.Contains(o.whispers("U0ANA")[0], "press again") {
				t.Errorf("%s: %d actions, %q", way, len(o.desk.got), o.whispers("U0ANA"))
			}
		})
	}
}

// TestAnsweredInTime: a desk that takes a minute keeps nobody waiting.
func TestAnsweredInTime(t *testing.T) {
	for _, way := range ways2 {
		synctest.Test(t, func(t *testing.T) {
			o := newOffice(t, way)
			defer o.stop()
			slow := &slowDesk{desk: o.desk}
			o.cb.c.Desk = slow
			began := time.Now()
			if _, err := o.Press(t.Context(), o.press("U0ANA", actAcknowledge, "")); err != nil || time.Since(began) > time.Second {
				t.Errorf("%s: %v after %s", way, err, time.Since(began))
			}
			time.Sleep(time.Minute) // virtual
			synctest.Wait()
			if len(o.desk.got) != 1 {
				t.Errorf("%s: %d actions", way, len(o.desk.got))
			}
		})
	}
}

type slowDesk struct{ *desk }

func (d *slowDesk) Act(ctx context.Context, a alert.Action) (alert.Outcome, error) {
	if err := sleep(ctx, 20*time.Second); err != nil {
		return alert.Outcome{}, err
	}
	return d.desk.Act(ctx, a)
}

// TestReconnects: Slack asks for a new connection every few hours, and connections die.
func TestReconnects(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, "socket")
		defer o.stop()
		for range 3 {
			o.Disconnect()
			time.Sleep(time.Minute) // virtual
			synctest.Wait()
			if o.Connections() != 1 {
				t.Fatalf("%d connections", o.Connections())
			}
			o.mustPress(o.press("U0ANA", actAcknowledge, ""))
		}
		if len(o.desk.got) != 3 {
			t.Errorf("%d actions", len(o.desk.got))
		}
	})
}

// TestAForeignResponseURL is not called, whatever the payload says; the user is told another way.
func TestAForeignResponseURL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, "http")
		defer o.stop()
		var called []string
		inner := o.cb.n.files.Transport
		o.cb.n.files.Transport = tripper(func(r *http.Request) (*http.Response, error) {
			called = append(called, r.URL.String())
			return inner.RoundTrip(r)
		})
		bad := []string{
			"http://hooks.slack.com/x", "https://hooks.slack.com.evil.example/x", "https://evilslack.com/x", "https://hooks.slack.com:8443/x", "https://user@hooks.slack.com/x", "http://127.0.0.1/x",
			"http://169.254.169.254/latest/meta-data", "https://[::1]/x", "file:///etc/passwd", "//hooks.slack.com/x", "https:hooks.slack.com", "http://slack.invalid:81/x", "https://slack.invalid/x", "", "%",
		}
		for _, u := range bad {
			p, err := o.Payload(o.press("U0ANA", actAcknowledge, ""))
			if err != nil {
				t.Fatal(err)
			}
			p["response_url"] = u
			if _, err := o.Deliver(t.Context(), p); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		if len(called) != 0 || len(o.desk.got) != len(bad) || len(o.whispers("U0ANA")) != len(bad) {
			t.Errorf("called %q, %d actions, %d told", called, len(o.desk.got), len(o.whispers("U0ANA")))
		}
	})
	n := New(Config{Token: testToken, Now: time.Now})
	for u, ok := range map[string]bool{"https://hooks.slack.com/actions/T/1/x": true, "https://slack.com/api": true, "https://files.slack.com:443/x": true, "http://slack.com/": false, "https://slack.com.example/": false} {
		if n.mayCall(u) != ok {
			t.Errorf("%s: %v", u, !ok)
		}
	}
}

// forger makes callbacks that must not be taken, each in a way of its own. i varies them.
type forger struct {
	why    string
	change func(o *office, p map[string]any, i int)
}

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
