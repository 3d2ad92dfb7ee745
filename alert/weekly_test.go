package alert

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/detect/ledger"
)

var week = Period{"2026-W35", t0.AddDate(0, 0, -8), t0.AddDate(0, 0, -1)}

func weekView() (*ledger.View, []ledger.Change) {
	v := viewOf(
		find("1", "payments", "A", access.SeverityHigh, func(f *access.Finding) { f.FirstSeen = t0.AddDate(0, 0, -5) }),
		find("2", "payments", "A", access.SeverityLow, func(f *access.Finding) { f.FirstSeen = t0.AddDate(0, 0, -9) }),
		find("3", "payments", "B", access.SeverityLow, func(f *access.Finding) { f.Handling = &access.Handling{State: access.HandlingAcknowledged} }),
		find("4", "payments", "B", access.SeverityLow, unverifiable("platform-k8s")),
		find("5", "payments", "B", access.SeverityLow, excepted, func(f *access.Finding) {
			f.Exception = &access.FindingException{Reason: "r", Approver: "li", Expires: t0.AddDate(0, 0, 3)}
		}),
		find("6", "payments", "B", access.SeverityLow, excepted, func(f *access.Finding) {
			f.Exception = &access.FindingException{Reason: "far", Approver: "li", Expires: t0.AddDate(0, 0, 30)}
		}),
		find("7", "platform", "B", access.SeverityLow),
	)
	v.Teams = []ledger.Team{{Name: "payments", Unverifiable: 1, Severity: map[access.Severity]int{access.SeverityLow: 2, access.SeverityHigh: 1}}, {Name: "platform"}, {Name: "none"}, {Name: ""}}
	step := func(fp, team, to, why string, days int) ledger.Change {
		return ledger.Change{Fingerprint: fp, Team: team, To: to, Why: why, At: t0.AddDate(0, 0, days), Verdict: access.VerdictUnused}
	}
	return v, []ledger.Change{
		step("1", "payments", "open", ledger.WhyFirst, -5), step("2", "payments", "open", ledger.WhyFirst, -9), step("8", "payments", "open", ledger.WhyFirst, -4),
		step("8", "payments", "resolved", "it was used", -3), step("8", "payments", "reopened", "seen again", -2), step("9", "payments", "resolved", "it was revoked, or so", -2),
		step("7", "platform", "open", ledger.WhyFirst, -2),
	}
}

func TestWeekly(t *testing.T) {
	v, changes := weekView()
	got := Weekly(v, changes, "payments", week)
	var oldest []string
	for _, f := range got.Oldest {
		oldest = append(oldest, f.Fingerprint)
	}
	got.Oldest = nil
	want := Week{Name: week.Name, From: week.From, To: week.To, Open: []Count{{access.SeverityHigh, 1}, {access.SeverityLow, 2}}, Unverifiable: 1, Blinds: []Blind{{Feed: "platform-k8s", N: 1}},
		New: 2, Resolved: []Resolved{{"revocation", 1}, {"use", 1}}, Expiring: []Expiring{{"b of ana", "r", "li", t0.AddDate(0, 0, 3)}}}
	if !reflect.DeepEqual(got, want) || fmt.Sprint(oldest) != "[2 1]" {
		t.Errorf("%+v %v\nwant %+v", got, oldest, want)
	}
}

// TestDigestOnce: once a week and team, whatever fails on the way, and after a restart.
func TestDigestOnce(t *testing.T) {
	v, changes := weekView()
	b, n := newBook(), &teller{}
	r := Routes{Teams: map[string]string{"payments": "#payments", "platform": "#platform"}}
	n.answer = func(m *Message, _ *Delivery) error {
		switch m.Team {
		case "payments":
			return fmt.Errorf("%w: timeout", ErrUnsure)
		case "platform":
			return errors.New("no")
		}
		return nil
	}
	sum, err := New(n, b, r, clock).Digest(t.Context(), v, changes, week)
	if err == nil || sum.Failed != 2 || sum.Suppressed[ReasonNoChannel] != 1 {
		t.Errorf("%+v %v", sum, err)
	}
	looked := false
	n.answer = func(m *Message, prev *Delivery) error {
		looked = looked || m.Team == "payments" && prev != nil && prev.Status == StatusPending
		if m.Week == nil || m.Week.Name != week.Name {
			t.Errorf("%+v", m)
		}
		return nil
	}
	for i := range 3 {
		sum, err = New(n, b, r, clock).Digest(t.Context(), v, changes, week)
		if want := []int{2, 0, 0}[i]; err != nil || sum.Sent != want || !looked {
			t.Errorf("%d: %+v %v %v", i, sum, err, looked)
		}
	}
	n.answer = nil
	next := week
	next.Name = "2026-W36"
	if sum, err = New(n, b, r, clock).Digest(t.Context(), v, changes, next); err != nil || sum.Sent != 2 {
		t.Errorf("%+v %v", sum, err)
	}
	for _, m := range Plan(viewOf(), b.rows, r, t0) {
		t.Errorf("a digest is not taken back: %s", outline(&m))
	}
}

type sharer struct {
	posts []string
	err   error
	prev  *Delivery
}

func (s *sharer) SendFile(_ context.Context, channel, name string, body []byte, _, post string, prev *Delivery) (Delivery, error) {
	s.posts, s.prev = append(s.posts, channel+" "+name+" "+string(body)+" "+post[:4]), prev
	return Delivery{TS: "F1"}, s.err
}

func TestShareOnce(t *testing.T) {
	b, s := newBook(), &sharer{err: ErrUnsure}
	share := func() (bool, error) {
		return New(&teller{}, b, Routes{}, func() time.Time { return t0 }).Share(t.Context(), s, "#board", "grantwatch-2026-W35.html", []byte("x"), "the report")
	}
	if done, err := share(); done || !errors.Is(err, ErrUnsure) {
		t.Error(done, err)
	}
	s.err = nil
	if done, err := share(); !done || err != nil || s.prev == nil || s.prev.Status != StatusPending || s.posts[0] != s.posts[1] {
		t.Error(done, err, s)
	}
	if done, err := share(); done || err != nil || len(s.posts) != 2 {
		t.Error(done, err, s.posts)
	}
}
