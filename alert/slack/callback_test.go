package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
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
