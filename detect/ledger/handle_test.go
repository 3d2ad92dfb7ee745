package ledger

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/grantwatch/grantwatch/access"
)

var t0 = time.Date(2026, 9, 1, 10, 0, 0, 0, time.UTC)

func judged(fp string, v access.Verdict, edits ...func(*access.Finding)) access.Finding {
	f := access.Finding{Fingerprint: fp, Kind: "UNUSED_GRANT", Team: "payments", Verdict: v, Severity: access.SeverityMedium, State: StateOpen, FirstSeen: t0, LastSeen: t0, Grant: &access.FindingGrant{ID: "g-" + fp}}
	for _, e := range edits {
		e(&f)
	}
	return f
}

func TestHowFindingsEnd(t *testing.T) {
	open := judged("a", access.VerdictUnused)
	drift := judged("b", access.VerdictViolation, func(f *access.Finding) { f.Kind, f.Grant.ID = "OUT_OF_BAND", "g-a" })
	expired := judged("c", access.VerdictUnused, func(f *access.Finding) { f.Grant.ExpiresAt = t0 })
	for name, c := range map[string]struct {
		before access.Finding
		now    []access.Finding
		how    string
	}{
		"used":                  {open, []access.Finding{judged("a", access.VerdictUsed)}, ResolvedByUse},
		"closed":                {open, []access.Finding{judged("a", access.VerdictClosed)}, ResolvedByRevocation},
		"another kind's grant":  {drift, []access.Finding{judged("a", access.VerdictClosed)}, ResolvedByRevocation},
		"expired":               {expired, []access.Finding{judged("c", access.VerdictClosed)}, ResolvedByExpiry},
		"declared idle":         {open, []access.Finding{judged("a", access.VerdictDeclaredIdle)}, ResolvedByIdle},
		"another verdict":       {open, []access.Finding{judged("a", access.VerdictTooYoung)}, ResolvedByVerdict},
		"nobody knows":          {open, nil, ResolvedGone},
		"an unrelated grant is": {open, []access.Finding{judged("x", access.VerdictClosed)}, ResolvedGone},
	} {
		current, steps := Merge([]access.Finding{c.before}, c.now, t0.Add(time.Hour))
		if len(current) != 1 || current[0].State != StateResolved || current[0].Resolution != c.how || len(steps) != 1 || HowOf(steps[0]) != c.how {
			t.Errorf("%s: %+v %+v", name, current, steps)
		}
		current, steps = Merge(current, []access.Finding{c.before}, t0.Add(2*time.Hour))
		if current[0].State != StateReopened || current[0].Resolution != "" || HowOf(steps[0]) != "" {
			t.Errorf("%s reopened: %+v", name, current)
		}
	}
}

func said(state string, edits ...func(*Handling)) []Handling {
	h := Handling{Fingerprint: "a", FindingTeam: "payments", Severity: access.SeverityMedium, Verdict: access.VerdictUnused}
	h.State, h.By, h.At = state, "ana", t0
	for _, e := range edits {
		e(&h)
	}
	return []Handling{h}
}

func TestHandle(t *testing.T) {
	later := t0.Add(24 * time.Hour)
	graver := func(f *access.Finding) { f.Severity = access.SeverityHigh }
	over := func(f *access.Finding) { f.State, f.Resolution = StateResolved, ResolvedGone }
	snooze := func(until time.Time) func(*Handling) { return func(h *Handling) { h.Until = until } }
	handed := func(h *Handling) { h.Team = "platform" }
	asked := func(h *Handling) { h.Asked = &access.Asked{Approver: "soc"} }
	for name, c := range map[string]struct {
		f     access.Finding
		said  []Handling
		taken time.Time
		state string // of the finding
		step  string
	}{
		"acknowledged stays":                {judged("a", access.VerdictUnused), said(access.HandlingAcknowledged), later, access.HandlingAcknowledged, ""},
		"acknowledged, but graver":          {judged("a", access.VerdictUnused, graver), said(access.HandlingAcknowledged), later, StateOpen, "it got worse since ana acknowledged it"},
		"not verifiable before, now wrong":  {judged("a", access.VerdictUnused), said(access.HandlingAcknowledged, func(h *Handling) { h.Verdict = access.VerdictUnverifiable }), later, StateOpen, "it got worse"},
		"snoozed":                           {judged("a", access.VerdictUnused), said(access.HandlingSnoozed, snooze(later.Add(1))), later, access.HandlingSnoozed, ""},
		"the snooze ends":                   {judged("a", access.VerdictUnused), said(access.HandlingSnoozed, snooze(later)), later, StateOpen, WhySnoozeOver},
		"snoozed, but graver":               {judged("a", access.VerdictUnused, graver), said(access.HandlingSnoozed, snooze(later.Add(1))), later, StateOpen, "it got worse since ana snoozed it"},
		"the snooze of a handed one ends":   {judged("a", access.VerdictUnused), said(access.HandlingSnoozed, snooze(later), handed), later, access.HandlingHandedOver, WhySnoozeOver},
		"an exception that was asked for":   {judged("a", access.VerdictUnused), said(access.HandlingRequested, asked, snooze(later.Add(1))), later, access.HandlingRequested, ""},
		"nobody decides on it":              {judged("a", access.VerdictUnused), said(access.HandlingRequested, asked, snooze(later)), later, StateOpen, WhyUnanswered + ": soc was asked for an exception by ana"},
		"asked for, but graver":             {judged("a", access.VerdictUnused, graver), said(access.HandlingRequested, asked, snooze(later.Add(1))), later, StateOpen, "it got worse since ana asked for an exception of it"},
		"asked for, and over":               {judged("a", access.VerdictUnused, over), said(access.HandlingRequested, asked, snooze(later.Add(1))), later, StateResolved, ""},
		"asked for, and excepted by a file": {judged("a", access.VerdictUnused, func(f *access.Finding) { f.State = StateExcepted }), said(access.HandlingRequested, asked, snooze(later.Add(1))), later, StateExcepted, ""},
		"a claim before new evidence":       {judged("a", access.VerdictUnused), said(access.HandlingClaimed), t0, access.HandlingClaimed, ""},
		"a claim without evidence":          {judged("a", access.VerdictUnused), said(access.HandlingClaimed), time.Time{}, access.HandlingClaimed, ""},
		"a claim that is contradicted":      {judged("a", access.VerdictUnused), said(access.HandlingClaimed), later, access.HandlingContradicted, "ana said at 2026-09-01T10:00:00Z that it was revoked; what was read at 2026-09-02T10:00:00Z still has it"},
		"a claim that holds":                {judged("a", access.VerdictUnused, over), said(access.HandlingClaimed), later, StateResolved, ""},
		"what is over is over":              {judged("a", access.VerdictUnused, over), said(access.HandlingAcknowledged), later, StateResolved, ""},
	} {
		t.Run(name, func(t *testing.T) {
			current := []access.Finding{c.f, judged("b", access.VerdictUnused)}
			now, steps := Handle(current, nil, c.said, func(*access.Finding) time.Time { return c.taken }, later)
			if got := StateOf(&current[0]); got != c.state {
				t.Errorf("%s, want %s", got, c.state)
			}
			if c.step == "" && len(steps) != 0 || c.step != "" && (len(steps) != 1 || !strings.Contains(steps[0].Why, c.step)) {
				t.Errorf("steps %+v", steps)
			}
			// What is returned is what holds next time: the same evaluation again changes nothing.
			if len(now) > 0 {
				again := []access.Finding{c.f}
				if more, steps := Handle(again, nil, now, func(*access.Finding) time.Time { return c.taken }, later); len(more)+len(steps) != 0 {
					t.Errorf("again: %+v %+v", more, steps)
				}
				if StateOf(&again[0]) != c.state {
					t.Errorf("again %s", StateOf(&again[0]))
				}
			}
		})
	}
}

func TestClaimIsVerified(t *testing.T) {
	h := said(access.HandlingClaimed)
	current, steps := Merge([]access.Finding{judged("a", access.VerdictUnused)}, nil, t0.Add(time.Hour))
	_, steps = Handle(current, steps, h, func(*access.Finding) time.Time { return time.Time{} }, t0.Add(time.Hour))
	if current[0].Resolution != ResolvedByRevocation || HowOf(steps[0]) != ResolvedByRevocation || !strings.Contains(steps[0].Why, "as ana said at 2026-09-01T10:00:00Z") {
		t.Errorf("%+v %+v", current, steps)
	}
}

// TestNobodyClosesAFinding: whatever people say, no finding that is judged open is resolved or excepted by it, and nothing
// but the handling changes.
func TestNobodyClosesAFinding(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var current []access.Finding
		var list []Handling
		for i := range rapid.IntRange(0, 20).Draw(t, "n") {
			f := judged(fmt.Sprint(i), rapid.SampledFrom([]access.Verdict{access.VerdictUnused, access.VerdictUnverifiable}).Draw(t, "v"))
			current = append(current, f)
			h := Handling{Fingerprint: fmt.Sprint(rapid.IntRange(0, 25).Draw(t, "fp")), Severity: rapid.SampledFrom([]access.Severity{access.SeverityLow, access.SeverityHigh}).Draw(t, "s"), Verdict: access.VerdictUnused}
			h.State = rapid.SampledFrom([]string{"", access.HandlingAcknowledged, access.HandlingSnoozed, access.HandlingClaimed, access.HandlingContradicted, access.HandlingHandedOver}).Draw(t, "state")
			h.At, h.Until = t0.Add(time.Duration(rapid.IntRange(-5, 5).Draw(t, "at"))*time.Hour), t0.Add(time.Duration(rapid.IntRange(-5, 5).Draw(t, "until"))*time.Hour)
			list = append(list, h)
		}
		before := append([]access.Finding(nil), current...)
		Handle(current, nil, list, func(*access.Finding) time.Time { return t0 }, t0)
		for i := range current {
			f := current[i]
			f.Handling = nil
			if fmt.Sprint(f) != fmt.Sprint(before[i]) {
				t.Fatalf("%+v became %+v", before[i], f)
			}
		}
	})
}
