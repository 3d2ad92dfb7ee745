// Package alerttest is what every notifier has to pass, and the hostile strings that it is passed with.
//
// Contract drives a notifier through a Rig: the notifier itself, a way to break what it talks to, and a way to see what
// arrived there. The far side is a fake of the protocol, never of our own code.
package alerttest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/alert"
)

// Canary is what every secret of a rig has to contain, so that it is found where it must not be.
const Canary = "CANARY-do-not-print"

// Arrived is one message as it stands on the far side.
type Arrived struct {
	ID     string   // of the message there; the same after an edit
	Texts  []string // what a reader sees, whole
	Edits  int
	Reply  bool // an answer to another, not a message of its own
	Closed bool // says that it is over
}

// Rig is a notifier with its far side. It is made inside a synctest bubble, on virtual time.
type Rig struct {
	Notifier alert.Notifier
	Channel  string
	Edits    bool // the far side can edit what it has; otherwise every Send arrives as another message
	Quiet    bool // without edits: a change that makes nothing worse is left to the next message

	Arrived func() []Arrived
	Logs    func() string

	Refuse  func() // the next delivery is refused for good
	Lose    func() // the next delivery does not arrive, and the answer doesn't say so
	Swallow func() // the next delivery arrives, and the answer is lost
	Block   func() // the far side does not answer until the caller gives up
	Blind   func() // it can't be asked what it has: an unknown outcome stays unknown
	Heal    func()

	// Inert parses the texts as a reader's program would and lists what acts in them: links, mentions, markup, hidden
	// characters, formulas. Empty is inert.
	Inert func(a Arrived) []string
	// MaxText is how many bytes one message may have on the far side.
	MaxText int
}

// Plain is an ordinary message for a rig.
func Plain(channel string, n int) alert.Message {
	at := time.Now()
	m := alert.Message{
		Key: alert.Key{Channel: channel, Fingerprint: fmt.Sprintf("group%d", n)}, Reason: alert.ReasonFirst, Team: "payments", Kind: "UNUSED_GRANT", Cause: "unused-grant",
		Title: "Access that nobody uses", Severity: access.SeverityHigh, AsOf: at, At: at, Digest: "d1", New: 1,
		Findings: []access.Finding{{Fingerprint: fmt.Sprintf("f%d", n), Kind: "UNUSED_GRANT", Severity: access.SeverityHigh, Verdict: access.VerdictUnused, Why: "No use in 90 days.", Team: "payments"}},
	}
	m.Record = alert.Record{Post: fmt.Sprintf("post%d", n), Team: "payments", Kind: "UNUSED_GRANT"}
	return m
}

func next(m alert.Message, r alert.Reason, d alert.Delivery) alert.Message {
	m.Reason, m.Digest, m.Record, m.At = r, m.Digest+"x", d.Record(), time.Now()
	return m
}

// Contract runs every case of the contract, each with a rig of its own.
func Contract(t *testing.T, make func(t *testing.T) *Rig) {
	for name, run := range map[string]func(*testing.T, *Rig){
		"life": life, "refused": refused, "lost and sent again": lost, "swallowed and not doubled": swallowed, "unsure is said": unsure,
		"gives up with its context": gives, "many at once": many, "hostile strings": hostile, "secrets stay secret": secrets, "same twice": twice,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { run(t, make(t)) })
		})
	}
}

func roots(r *Rig) (out []Arrived) {
	for _, a := range r.Arrived() {
		if !a.Reply {
			out = append(out, a)
		}
	}
	return out
}

func life(t *testing.T, r *Rig) {
	m := Plain(r.Channel, 1)
	d, err := r.Notifier.Send(t.Context(), m, nil)
	if err != nil || d.Channel != m.Channel || d.Fingerprint != m.Fingerprint || d.Digest != m.Digest || d.Status != alert.StatusSent || d.TS == "" || d.Record().Post != m.Record.Post {
		t.Fatalf("first: %+v %v", d, err)
	}
	want := 1
	for i, reason := range []alert.Reason{alert.ReasonChanged, alert.ReasonWorse, alert.ReasonResolved} {
		if !r.Quiet || reason != alert.ReasonChanged {
			want++
		}
		m = next(m, reason, d)
		if d, err = r.Notifier.Send(t.Context(), m, &d); err != nil {
			t.Fatalf("%s: %v", reason, err)
		}
		got := roots(r)
		if r.Edits && (len(got) != 1 || got[0].Edits != i+1) || !r.Edits && len(got) != want {
			t.Errorf("%s: %d messages: %+v", reason, len(got), got)
		}
	}
	got := roots(r)
	if d.Status != alert.StatusResolved || !got[len(got)-1].Closed {
		t.Errorf("resolved: %+v, %+v", d, got)
	}
}

func refused(t *testing.T, r *Rig) {
	r.Refuse()
	m := Plain(r.Channel, 1)
	_, err := r.Notifier.Send(t.Context(), m, nil)
	var u alert.Undeliverable
	if err == nil || errors.Is(err, alert.ErrUnsure) || !errors.As(err, &u) || len(r.Arrived()) != 0 {
		t.Fatalf("%v, %d arrived", err, len(r.Arrived()))
	}
	if code, hint := u.Undeliverable(); code == "" || hint == "" {
		t.Errorf("code %q, hint %q", code, hint)
	}
	r.Heal()
	if _, err = r.Notifier.Send(t.Context(), m, nil); err != nil || len(r.Arrived()) != 1 {
		t.Errorf("after mending: %v, %d arrived", err, len(r.Arrived()))
	}
}

// settle sends until it is known what became of a message, as the alerter does from evaluation to evaluation.
func settle(t *testing.T, r *Rig, m alert.Message) alert.Delivery {
	t.Helper()
	var prev *alert.Delivery
	for range 20 {
		d, err := r.Notifier.Send(t.Context(), m, prev)
		if err == nil {
			return d
		}
		if errors.Is(err, alert.ErrUnsure) {
			p := m.Delivery("", alert.StatusPending)
			prev = &p
		}
		<-time.After(5 * time.Minute) // virtual
	}
	t.Fatal("it never settled")
	return alert.Delivery{}
}

func lost(t *testing.T, r *Rig) {
	r.Lose()
	settle(t, r, Plain(r.Channel, 1))
	if n := len(roots(r)); n != 1 {
		t.Errorf("%d arrived", n)
	}
}

// swallowed: at most one visible duplicate, and none where the far side can be asked.
func swallowed(t *testing.T, r *Rig) {
	r.Swallow()
	settle(t, r, Plain(r.Channel, 1))
	if n := len(roots(r)); n != 1 {
		t.Errorf("%d stand there", n)
	}
}

func unsure(t *testing.T, r *Rig) {
	r.Swallow()
	r.Blind()
	if _, err := r.Notifier.Send(t.Context(), Plain(r.Channel, 1), nil); !errors.Is(err, alert.ErrUnsure) {
		t.Errorf("it arrived and nobody can know: %v", err)
	}
}

func gives(t *testing.T, r *Rig) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := r.Notifier.Send(ctx, Plain(r.Channel, 1), nil); !errors.Is(err, context.Canceled) || errors.Is(err, alert.ErrUnsure) || len(r.Arrived()) != 0 {
		t.Errorf("given up before it began: %v, %d arrived", err, len(r.Arrived()))
	}
	r.Block()
	began := time.Now()
	ctx, stop = context.WithTimeout(t.Context(), 10*time.Second)
	defer stop()
	if _, err := r.Notifier.Send(ctx, Plain(r.Channel, 2), nil); err == nil || time.Since(began) > 15*time.Second {
		t.Errorf("%v after %s", err, time.Since(began))
	}
}

func many(t *testing.T, r *Rig) {
	const n = 40
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			if _, err := r.Notifier.Send(t.Context(), Plain(r.Channel, i), nil); err != nil {
				t.Errorf("%d: %v", i, err)
			}
		})
	}
	wg.Wait()
	if got := len(roots(r)); got != n {
		t.Errorf("%d of %d arrived", got, n)
	}
}

// hostile puts every string into every field of every kind of message.
func hostile(t *testing.T, r *Rig) {
	list := Hostile()
	if len(list) < 300 {
		t.Fatalf("only %d strings", len(list))
	}
	sent, seen := 0, 0
	for i, s := range list {
		for j, m := range Shapes(Message(s, 1)) {
			m.Key = alert.Key{Channel: r.Channel, Fingerprint: fmt.Sprintf("%d-%d", i, j)}
			m.Record.Post = fmt.Sprintf("post%d-%d", i, j)
			if _, err := r.Notifier.Send(t.Context(), m, nil); err != nil {
				t.Fatalf("%.80q, shape %d: %v", s, j, err)
			}
			sent++
		}
		all := r.Arrived()
		for _, a := range all[seen:] {
			size := 0
			for _, x := range a.Texts {
				size += len(x)
			}
			if size == 0 || size > r.MaxText {
				t.Errorf("%.80q: a message of %d bytes", s, size)
			}
			if acts := r.Inert(a); len(acts) > 0 {
				t.Errorf("%.80q: %.300q", s, acts)
			}
		}
		seen = len(all)
	}
	t.Logf("%d strings in every field, %d messages: all bounded and inert", len(list), sent)
}

func secrets(t *testing.T, r *Rig) {
	var said strings.Builder
	say := func(err error) {
		for e := err; e != nil; e = errors.Unwrap(e) {
			fmt.Fprintf(&said, "%v %+v %#v\n", e, e, e)
		}
	}
	for i, fault := range []func(){func() {}, r.Refuse, r.Lose, r.Swallow, func() { r.Swallow(); r.Blind() }} {
		fault()
		_, err := r.Notifier.Send(t.Context(), Plain(r.Channel, i), nil)
		say(err)
		r.Heal()
	}
	for _, a := range r.Arrived() {
		fmt.Fprintln(&said, a.Texts)
	}
	said.WriteString(r.Logs())
	if strings.Contains(said.String(), Canary) {
		t.Errorf("a secret is said:\n%s", said.String())
	}
}

// twice: after a restart nothing is remembered but the record, and the same message is not another one.
func twice(t *testing.T, r *Rig) {
	m := Plain(r.Channel, 1)
	d, err := r.Notifier.Send(t.Context(), m, nil)
	if err != nil {
		t.Fatal(err)
	}
	pending := m.Delivery("", alert.StatusPending)
	again, err := r.Notifier.Send(t.Context(), m, &pending)
	if err != nil || again.TS != d.TS && r.Edits || len(roots(r)) != 1 {
		t.Errorf("%v, %+v and %+v, %d stand there", err, d, again, len(roots(r)))
	}
}
