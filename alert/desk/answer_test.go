package desk

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/alert"
	"github.com/grantwatch/grantwatch/detect/ledger"
)

// asking is a desk whose view has what was said, at a time that the test sets.
func asking(now *time.Time) (*Desk, *book) {
	d, b := newDesk()
	d.cfg.Now = func() time.Time { return *now }
	d.cfg.View = func() *ledger.View {
		v := open()
		for i := range v.Findings {
			f := &v.Findings[i]
			if h, ok := b.said[f.Fingerprint]; ok && !h.Over() {
				said := h.Handling
				f.Handling = &said
			}
			if _, ok := b.made[f.Fingerprint]; ok {
				f.State = ledger.StateExcepted
			}
		}
		return v
	}
	return d, b
}

// TestApproverIsAsked walks an exception from the request to each of its ends.
func TestApproverIsAsked(t *testing.T) {
	request := act(func(a *alert.Action) {
		a.Verb, a.Reason, a.Approver, a.Until = alert.VerbExcept, "needed for the audit", "soc@corp.example", t0.Add(720*time.Hour)
	})
	by := func(mail string, verb alert.Verb) alert.Action {
		return act(func(a *alert.Action) { a.ID, a.By, a.Verb = "2", user(mail), verb })
	}
	for name, c := range map[string]struct {
		answer alert.Action
		after  time.Duration
		want   alert.Refusal
		says   string
		state  string // that the step leads to
		still  bool   // the request waits on
	}{
		"the approver approves":                 {by("soc@corp.example", alert.VerbApprove), time.Hour, "", "excepted until 2026-10-01T10:00:00Z for ana, approved by Soc: needed for the audit", ledger.StateExcepted, false},
		"the approver declines":                 {by("soc@corp.example", alert.VerbDecline), time.Hour, "", "declined by Soc", ledger.StateOpen, false},
		"who asked takes it back":               {by("ana@corp.example", alert.VerbDecline), time.Hour, "", "withdrawn", ledger.StateOpen, false},
		"who asked approves it":                 {by("ana@corp.example", alert.VerbApprove), time.Hour, alert.RefusedRight, "soc was asked to decide", "", true},
		"another with the right approves":       {by("max@corp.example", alert.VerbApprove), time.Hour, alert.RefusedRight, "soc was asked to decide", "", true},
		"another with the right declines":       {by("bea@corp.example", alert.VerbDecline), time.Hour, alert.RefusedRight, "soc was asked to decide", "", true},
		"one without the right":                 {by("li@corp.example", alert.VerbApprove), time.Hour, alert.RefusedRight, "may not act", "", true},
		"nobody on record":                      {by("eve@evil.example", alert.VerbApprove), time.Hour, alert.RefusedUnknown, "", "", true},
		"too late":                              {by("soc@corp.example", alert.VerbApprove), DefaultAnswer, alert.RefusedStale, "has lapsed", "", true},
		"acknowledged in passing":               {by("ana@corp.example", alert.VerbAcknowledge), time.Hour, alert.RefusedStale, "soc decides on it", "", true},
		"snoozed in passing":                    {by("ana@corp.example", alert.VerbSnooze), time.Hour, alert.RefusedStale, "soc decides on it", "", true},
		"claimed to be revoked in the meantime": {by("ana@corp.example", alert.VerbMarkRevoked), time.Hour, "", "revoked, says Ana", access.HandlingClaimed, false},
	} {
		t.Run(name, func(t *testing.T) {
			now := t0
			d, b := asking(&now)
			out, err := d.Act(t.Context(), request)
			h := b.said["h"]
			if err != nil || !out.Done || len(b.made) != 0 || h.State != access.HandlingRequested || h.By != "ana" || h.Asked == nil ||
				*h.Asked != (access.Asked{Approver: "soc", Mail: "soc@corp.example", Expires: t0.Add(720 * time.Hour)}) || !h.Until.Equal(t0.Add(DefaultAnswer)) {
				t.Fatalf("asked: %+v %v; said %+v, excepted %d", out, err, h, len(b.made))
			}
			if s := b.steps[0]; s.To != access.HandlingRequested || s.Who != "ana" || !strings.Contains(s.Why, "Ana asks Soc for an exception until 2026-10-01") {
				t.Errorf("the step %+v", s)
			}
			// The approver hears of it, in a message of their own.
			told := alert.Plan(d.cfg.View(), nil, routes, now)
			if !slices.ContainsFunc(told, func(m alert.Message) bool {
				return m.Channel == alert.Mail("soc@corp.example") && m.Audience == alert.AudienceApprover && m.Reason == alert.ReasonFirst && len(m.Findings) == 1
			}) {
				t.Errorf("told %+v", told)
			}
			now = now.Add(c.after)
			c.answer.At = now
			out, err = d.Act(t.Context(), c.answer)
			if err != nil || out.Refused != c.want || !strings.Contains(out.Text, c.says) {
				t.Fatalf("answered: %+v %v, want %q %q", out, err, c.want, c.says)
			}
			h = b.said["h"]
			if still := h.State == access.HandlingRequested; still != c.still {
				t.Errorf("it waits on: %v; %+v", still, h)
			}
			if x, made := b.made["h"]; made != (c.state == ledger.StateExcepted) || made && (x.Approver != "soc" || x.Requester != "ana" || x.Reason != "needed for the audit" || !x.Expires.Equal(t0.Add(720*time.Hour)) || x.Match.Fingerprint != "h") {
				t.Errorf("excepted: %+v", b.made)
			}
			if last := b.steps[len(b.steps)-1]; c.state != "" && last.To != c.state {
				t.Errorf("the last step %+v", last)
			}
			if len(b.log) != 2 || b.log[1].Outcome != out || b.log[1].Verb != c.answer.Verb {
				t.Errorf("audited as %+v", b.log)
			}
		})
	}
}

// TestRequestOfAHandedFinding: an answer leaves the finding with the team that it was handed to.
func TestRequestOfAHandedFinding(t *testing.T) {
	now := t0
	d, b := asking(&now)
	b.said["h"] = ledger.Handling{Handling: access.Handling{State: access.HandlingHandedOver, Team: "platform", By: "ana", At: t0}, Fingerprint: "h", FindingTeam: "payments"}
	for i, a := range []alert.Action{
		act(func(a *alert.Action) {
			a.Verb, a.By, a.Reason, a.Approver, a.Until = alert.VerbExcept, user("li@corp.example"), "needed", "soc", t0.Add(time.Hour)
		}),
		act(func(a *alert.Action) { a.ID, a.Verb, a.By = "2", alert.VerbDecline, user("soc@corp.example") }),
	} {
		if out, err := d.Act(t.Context(), a); err != nil || !out.Done {
			t.Fatalf("%d: %+v %v", i, out, err)
		}
	}
	if h := b.said["h"]; h.State != access.HandlingHandedOver || h.Team != "platform" || h.Asked != nil {
		t.Errorf("%+v", h)
	}
}
