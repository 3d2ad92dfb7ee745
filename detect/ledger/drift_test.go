package ledger

import (
	"fmt"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/detect"
)

var now = time.Date(2026, 11, 23, 6, 30, 0, 0, time.UTC)

func ago(days float64) time.Time { return now.Add(-time.Duration(days * 24 * float64(time.Hour))) }

// org is a view of one team whose active grants weigh 100.
func org(current []access.Finding) *View {
	res := &detect.Result{Now: now}
	for range 10 {
		res.Findings = append(res.Findings, access.Finding{Kind: "UNUSED_GRANT", Verdict: access.VerdictUsed, Team: "a", Weight: 10})
	}
	return NewView(res, current, nil, []TeamInfo{{Name: "a"}}, 0, 0)
}

func TestDriftIsSplit(t *testing.T) {
	f := func(kind string, v access.Verdict, state string, first float64, change func(*access.Finding)) access.Finding {
		out := access.Finding{Fingerprint: "x", Team: "a", Kind: kind, Verdict: v, State: state, Weight: 10, FirstSeen: ago(first), LastSeen: now}
		if change != nil {
			change(&out)
		}
		return out
	}
	open, none := Standing{StateOpen, access.VerdictUnused}, Standing{}
	given := func(days float64) func(*access.Finding) {
		return func(f *access.Finding) { f.Grant = &access.FindingGrant{GrantedAt: ago(days)} }
	}
	used := func(days float64) *access.Finding {
		return &access.Finding{Fingerprint: "x", Verdict: access.VerdictUsed, LastUsed: ago(days)}
	}
	for name, c := range map[string]struct {
		f           access.Finding
		then        Standing
		judged      *access.Finding
		real, newly float64
	}{
		"given this week":              {f("OUT_OF_BAND", access.VerdictViolation, StateOpen, 0, given(3)), none, nil, 10, 0},
		"given before, seen now":       {f("OUT_OF_BAND", access.VerdictViolation, StateOpen, 0, given(30)), none, nil, 0, 10},
		"nothing dates it":             {f("BASELINE_DRIFT", access.VerdictViolation, StateOpen, 0, nil), none, nil, 0, 10},
		"an act of this week":          {f("GUARDRAIL_DRIFT", access.VerdictViolation, StateOpen, 0, func(f *access.Finding) { f.Began = ago(2) }), none, nil, 10, 0},
		"unused: long before":          {f("UNUSED_GRANT", access.VerdictUnused, StateOpen, 0, given(3)), none, nil, 0, 10},
		"was unverifiable":             {f("UNUSED_GRANT", access.VerdictUnused, StateOpen, 50, nil), Standing{StateOpen, access.VerdictUnverifiable}, nil, 0, 15.6},
		"is unverifiable now":          {f("UNUSED_GRANT", access.VerdictUnverifiable, StateOpen, 7, nil), open, &access.Finding{Fingerprint: "x", Verdict: access.VerdictUnverifiable}, 0, -10},
		"a week older":                 {f("UNUSED_GRANT", access.VerdictUnused, StateOpen, 43, nil), open, nil, 0.8, 0},
		"older than the age factor":    {f("UNUSED_GRANT", access.VerdictUnused, StateOpen, 400, nil), open, nil, 0, 0},
		"revoked":                      {f("UNUSED_GRANT", access.VerdictUnused, StateResolved, 7, nil), open, nil, -10, 0},
		"closed":                       {f("UNUSED_GRANT", access.VerdictUnused, StateResolved, 7, nil), open, &access.Finding{Fingerprint: "x", Verdict: access.VerdictClosed}, -10, 0},
		"used this week":               {f("UNUSED_GRANT", access.VerdictUnused, StateResolved, 7, nil), open, used(1), -10, 0},
		"an old use came to light":     {f("UNUSED_GRANT", access.VerdictUnused, StateResolved, 7, nil), open, used(20), 0, -10},
		"excepted":                     {f("UNUSED_GRANT", access.VerdictUnused, StateExcepted, 7, nil), open, nil, -10, 0},
		"came and went within":         {f("OUT_OF_BAND", access.VerdictViolation, StateResolved, 3, given(3)), none, nil, 0, 0},
		"was excepted, is open again":  {f("UNUSED_GRANT", access.VerdictUnused, StateOpen, 7, nil), Standing{StateExcepted, access.VerdictUnused}, nil, 0, 10.8},
		"resolved a week ago and open": {f("OUT_OF_BAND", access.VerdictViolation, StateReopened, 0, given(2)), Standing{StateResolved, access.VerdictViolation}, nil, 10, 0},
	} {
		v := org([]access.Finding{c.f})
		var judged []access.Finding
		if c.judged != nil {
			judged = append(judged, *c.judged)
		}
		then := map[string]Standing{}
		if c.then != none {
			then["x"] = c.then
		}
		v.SplitDrift(then, []access.Finding{c.f}, judged)
		if got := v.Teams[0]; got.DriftReal != c.real || got.DriftNewlyVisible != c.newly {
			t.Errorf("%s: real %v, newly visible %v; want %v, %v", name, got.DriftReal, got.DriftNewlyVisible, c.real, c.newly)
		}
		if v.Org.DriftReal != c.real || v.Org.DriftNewlyVisible != c.newly {
			t.Errorf("%s: the organisation has %v, %v", name, v.Org.DriftReal, v.Org.DriftNewlyVisible)
		}
	}
}

// TestEvidenceOfThePastIsNeverRealChange adds findings that began before the week, and turns withheld verdicts into
// findings, as a backfill or a new feed does. Better logging must not look like worse drift.
func TestEvidenceOfThePastIsNeverRealChange(t *testing.T) {
	kinds := []string{"UNUSED_GRANT", "OUT_OF_BAND", "BASELINE_DRIFT", "POST_TERMINATION_ACTIVITY"}
	rapid.Check(t, func(rt *rapid.T) {
		var known, more []access.Finding
		then := map[string]Standing{}
		for i := range rapid.IntRange(0, 12).Draw(rt, "findings") {
			f := access.Finding{Fingerprint: fmt.Sprint(i), Team: "a", Kind: rapid.SampledFrom(kinds).Draw(rt, "kind"), Verdict: rapid.SampledFrom([]access.Verdict{access.VerdictUnused, access.VerdictUnverifiable}).Draw(rt, "verdict"),
				State: rapid.SampledFrom([]string{StateOpen, StateReopened, StateExcepted, StateResolved}).Draw(rt, "state"), Weight: float64(rapid.IntRange(1, 10).Draw(rt, "weight")), FirstSeen: ago(float64(rapid.IntRange(0, 120).Draw(rt, "seen"))), LastSeen: now}
			f.Began = ago(float64(rapid.IntRange(0, 30).Draw(rt, "began")))
			known = append(known, f)
			if rapid.Bool().Draw(rt, "on record") {
				then[f.Fingerprint] = Standing{rapid.SampledFrom([]string{StateOpen, StateExcepted, StateResolved}).Draw(rt, "then"), rapid.SampledFrom([]access.Verdict{access.VerdictUnused, access.VerdictUnverifiable}).Draw(rt, "then verdict")}
			}
			// What the added evidence makes of it: a withheld verdict of the past becomes a finding.
			if f.Verdict == access.VerdictUnverifiable && !then[f.Fingerprint].counts() {
				f.Verdict, f.Began = access.VerdictUnused, ago(8+float64(rapid.IntRange(0, 300).Draw(rt, "long ago")))
			}
			more = append(more, f)
		}
		for i := range rapid.IntRange(0, 5).Draw(rt, "new to sight") {
			more = append(more, access.Finding{Fingerprint: fmt.Sprint("new", i), Team: "a", Kind: rapid.SampledFrom(kinds).Draw(rt, "kind"), Verdict: access.VerdictViolation, State: StateOpen, Weight: 5, FirstSeen: now, LastSeen: now,
				Began: ago(7.01 + float64(rapid.IntRange(0, 400).Draw(rt, "began")))})
		}
		before, after := org(known), org(more)
		before.SplitDrift(then, known, nil)
		after.SplitDrift(then, more, nil)
		if b, a := before.Teams[0].DriftReal, after.Teams[0].DriftReal; a != b {
			rt.Fatalf("evidence of the past moved real change from %v to %v", b, a)
		}
		if a, b := after.Teams[0].DriftNewlyVisible, before.Teams[0].DriftNewlyVisible; a < b-1e-9 {
			rt.Fatalf("more was found and newly visible fell from %v to %v", b, a)
		}
	})
}

// TestTheSplitExplainsTheChange holds the two parts against the index itself when the grants are the same.
func TestTheSplitExplainsTheChange(t *testing.T) {
	stays := access.Finding{Fingerprint: "1", Team: "a", Kind: "UNUSED_GRANT", Verdict: access.VerdictUnused, State: StateOpen, Weight: 4, FirstSeen: ago(30), LastSeen: ago(7)}
	goes := stays
	goes.Fingerprint, goes.Weight = "2", 3
	week := org([]access.Finding{stays, goes})
	week.AsOf = ago(7)
	comes := access.Finding{Fingerprint: "3", Team: "a", Kind: "OUT_OF_BAND", Verdict: access.VerdictViolation, State: StateOpen, Weight: 10, FirstSeen: ago(1), LastSeen: now, Began: ago(2)}
	stays.LastSeen, goes.State = now, StateResolved
	v := org([]access.Finding{stays, goes, comes})
	open := Standing{StateOpen, access.VerdictUnused}
	v.SplitDrift(map[string]Standing{"1": open, "2": open}, []access.Finding{stays, goes, comes}, nil)
	change := v.Teams[0].DriftIndex - week.Teams[0].DriftIndex
	if got := v.Teams[0].DriftReal + v.Teams[0].DriftNewlyVisible; math.Abs(got-change) > 0.2 {
		t.Errorf("the index changed by %v, the parts add up to %v", change, got)
	}
}
