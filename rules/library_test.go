package rules

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/rules/facts"
)

func TestLibraryLoadsAndPassesLint(t *testing.T) {
	set := mustLoad(t, true, nil)
	for _, p := range Lint(set) {
		t.Errorf("lint:\n%s", p)
	}
	report := RunTests(set)
	for _, r := range report.Results {
		if !r.OK {
			t.Errorf("%s: %q: wanted %s, got %s", r.Rule, r.Test, r.Want, r.Got)
		}
	}
	if report.Passed < 150 || !report.OK() {
		t.Errorf("%d passed, %d failed", report.Passed, report.Failed)
	}
}

// TestLibraryIsWhole holds the shipped rules to what docs promise of each.
func TestLibraryIsWhole(t *testing.T) {
	set := mustLoad(t, true, nil)
	events := 0
	for _, r := range set.Rules() {
		if r.On == OnEvent {
			events++
			if r.Kind == "OUT_OF_BAND" {
				t.Errorf("%s: OUT_OF_BAND cannot be known from an event", r.ID)
			}
		}
		if len(r.Tests) < 2 || len(r.FalsePositives) == 0 || len(r.Response) == 0 || len(r.ControlIDs(true)) == 0 || r.Doc == "" {
			t.Errorf("%s: something of tests, false positives, response, controls, doc is missing", r.ID)
		}
		for _, p := range r.Params {
			if p.Tighter == "" || p.Doc == "" {
				t.Errorf("%s: parameter %s has no direction or doc", r.ID, p.Name)
			}
		}
	}
	if events < 20 {
		t.Errorf("%d rules on events", events)
	}
	for _, kind := range []string{"UNUSED_GRANT", "ACCOUNT_STILL_ENABLED", "POST_TERMINATION_ACTIVITY", "RESIDUAL_SESSION", "ORPHANED_NHI",
		"OUT_OF_BAND", "BASELINE_DRIFT", "BASELINE_STALE", "FEED_SILENT", "FEED_GAP", "FEED_REJECTS", "SNAPSHOT_REFUSED",
		"IDENTITY_FEED_STALE", "BREAK_GLASS_USED", "UNTESTED", "REHIRE_INHERITED", "GUARDRAIL_DRIFT", "HUMAN_USE", "LONG_LIVED_SECRET"} {
		found := false
		for _, r := range set.Rules() {
			found = found || r.Kind == kind
		}
		if !found {
			t.Errorf("no rule of kind %s", kind)
		}
	}
	if n := len(set.events.always); n > 0 {
		t.Errorf("%d shipped rules run on every event: give them a condition that the index can use", n)
	}
}

// TestParameterDefaults pins the figures that docs/verdicts.md states.
func TestParameterDefaults(t *testing.T) {
	set := mustLoad(t, true, nil)
	for rule, want := range map[string]map[string]float64{
		"unused-grant":          {"human_privileged_days": 45, "human_days": 90, "nhi_days": 90, "tolerance_minutes": 15, "tolerance_share": 0.001, "unseen_share": 0.1},
		"out-of-band":           {"approval_hours": 24},
		"account-still-enabled": {"privileged_grace_hours": 4, "grace_hours": 24},
		"orphaned-nhi":          {"owner_grace_days": 7},
		"feed-rejects":          {"max_share": 0.001},
	} {
		got := set.Params(rule, "")
		for name, v := range want {
			if got[name] != v {
				t.Errorf("%s.%s is %v, wanted %v", rule, name, got[name], v)
			}
		}
		if len(got) != len(want) {
			t.Errorf("%s has %v", rule, got)
		}
	}
}

// cascade is section 3 of docs/verdicts.md written down a second time, in Go, to compare the rule with.
func cascade(f *facts.Grant) access.Verdict {
	tooBlind := f.BlindLongest > 15 || f.BlindShare > 0.001
	if f.Privileged {
		tooBlind = f.BlindMinutes > 0
	}
	switch {
	case f.Closed, f.Inventory:
		return access.VerdictClosed
	case f.DeclaredIdle && !f.IdleExpired:
		return access.VerdictDeclaredIdle
	case f.Used && f.AllRedundant:
		return access.VerdictRedundant
	case f.Used:
		if f.Actions > 1 && f.ActionsJudgeable > f.ActionsUsed && f.UnusedWeight > 0 && f.HasFeed && !tooBlind && f.AgeDays >= f.WindowDays {
			return access.VerdictOverbroad
		}
		return access.VerdictUsed
	case f.HasFeed && f.Actions > 0 && f.ActionsJudgeable == 0 && !f.Inferred:
		return access.VerdictUnloggable
	case f.Actions == 0 && f.ActionsUnknown > 0:
		return access.VerdictUnloggable
	case f.AgeDays < f.WindowDays:
		return access.VerdictTooYoung
	case !f.HasFeed, tooBlind:
		return access.VerdictUnverifiable
	case (f.ActionsOff > 0 || f.ActionsUnknown > 0 || float64(f.ActionsUnlogged) > 0.1*float64(f.Actions)) && !f.Inferred:
		return access.VerdictUnverifiable
	}
	return access.VerdictUnused
}

// drawGrant makes facts that fall on both sides of every boundary.
func drawGrant(t *rapid.T) *facts.Grant {
	yes := rapid.Bool()
	few := rapid.IntRange(0, 3)
	rarely := rapid.Custom(func(t *rapid.T) bool { return rapid.IntRange(0, 5).Draw(t, "n") == 0 })
	return &facts.Grant{
		Team: rapid.SampledFrom([]string{"payments", "platform"}).Draw(t, "team"), Subject: "ana", Permission: "s3:*",
		Privileged: yes.Draw(t, "privileged"), Weight: rapid.SampledFrom([]float64{0, 1, 4, 10}).Draw(t, "weight"),
		Inventory: rarely.Draw(t, "inventory"), Closed: rarely.Draw(t, "closed"), DeclaredIdle: rarely.Draw(t, "idle"), IdleExpired: yes.Draw(t, "idleExpired"),
		WindowDays: rapid.SampledFrom([]float64{30, 45, 90}).Draw(t, "window"), AgeDays: rapid.SampledFrom([]float64{-1, 0, 30, 44.9, 45, 90, 400}).Draw(t, "age"),
		Used: yes.Draw(t, "used"), Attempted: yes.Draw(t, "attempted"), AllRedundant: rarely.Draw(t, "redundant"),
		Actions: few.Draw(t, "actions"), ActionsUsed: few.Draw(t, "actionsUsed"), ActionsJudgeable: few.Draw(t, "judgeable"),
		ActionsUnlogged: rapid.SampledFrom([]int{0, 0, 1}).Draw(t, "unlogged"), ActionsOff: rapid.SampledFrom([]int{0, 0, 1}).Draw(t, "off"), ActionsUnknown: rapid.SampledFrom([]int{0, 0, 1}).Draw(t, "unknown"),
		UnusedWeight: rapid.SampledFrom([]float64{0, 3, 12}).Draw(t, "unusedWeight"), Inferred: rarely.Draw(t, "inferred"), HasFeed: yes.Draw(t, "feed"),
		BlindMinutes: rapid.SampledFrom([]float64{0, 0, 1, 15, 200}).Draw(t, "blind"), BlindLongest: rapid.SampledFrom([]float64{0, 0, 1, 15, 15.5}).Draw(t, "longest"),
		BlindShare: rapid.SampledFrom([]float64{0, 0, 0.001, 0.0011}).Draw(t, "share"), Grade: 2,
		SnapshotStale: rarely.Draw(t, "stale"), InBaseline: yes.Draw(t, "inBaseline"), BaselineCovers: yes.Draw(t, "covers"), BaselineStale: rarely.Draw(t, "baselineStale"),
		SeenComing: yes.Draw(t, "seen"), Approved: yes.Draw(t, "approved"), GrantedByKnown: yes.Draw(t, "by"),
		Rehired: yes.Draw(t, "rehired"), SurvivedEnd: yes.Draw(t, "survived"), Reapproved: yes.Draw(t, "reapproved"),
	}
}

func TestUnusedGrantIsTheCascade(t *testing.T) {
	set := mustLoad(t, true, nil)
	w := set.NewWorker()
	seen := map[access.Verdict]int{}
	rapid.Check(t, func(rt *rapid.T) {
		f := drawGrant(rt)
		var got *Judgement
		for _, j := range set.JudgeGrant(f, w) {
			if j.Rule.ID == "unused-grant" {
				got = &j
			}
		}
		if got == nil {
			rt.Fatalf("no verdict on %+v", f)
		}
		want := cascade(f)
		if got.Verdict != want {
			rt.Fatalf("%s, wanted %s, on %+v", got.Verdict, want, f)
		}
		if strings.ContainsAny(got.Why, "{}?") || got.Why == "" {
			rt.Fatalf("why: %q", got.Why)
		}
		severity := map[access.Verdict]access.Severity{access.VerdictUnverifiable: access.SeverityLow, access.VerdictUsed: access.SeverityInfo}[want]
		if want == access.VerdictUnused {
			severity = access.SeverityLow
			if f.Weight >= 4 {
				severity = access.SeverityMedium
			}
			if f.Privileged {
				severity = access.SeverityHigh
			}
		}
		if severity != "" && got.Severity != severity {
			rt.Fatalf("%s is %s, wanted %s, on %+v", want, got.Severity, severity, f)
		}
		seen[want]++
	})
	for _, v := range unusedVerdicts {
		if seen[access.Verdict(v)] == 0 && !testing.Short() {
			t.Logf("the draws never reached %s", v)
		}
	}
}

func TestPagesAreCommitted(t *testing.T) {
	pages := GeneratePages(mustLoad(t, true, nil))
	dir := filepath.Join("..", "docs", "rules")
	if *update {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		for name, page := range pages {
			if err := os.WriteFile(filepath.Join(dir, name), page, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, page := range pages {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || string(got) != string(page) {
			t.Errorf("docs/rules/%s is not what the rule says (%v): run go run ./rules/gendocs", name, err)
		}
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if pages[filepath.Base(f)] == nil {
			t.Errorf("%s is the page of no rule", f)
		}
	}
}

func TestExplain(t *testing.T) {
	set := mustLoad(t, true, map[string]string{"team-payments/t.yaml": "tighten:\n  - {rule: unused-grant, params: {human_days: 30}}\n"})
	golden(t, "explain-unused-grant.txt", Explain(set, "unused-grant"))
	golden(t, "explain-aws-root-used.txt", Explain(set, "aws-root-used"))
	if Explain(set, "nothing") != "" {
		t.Error("a rule that is not there was explained")
	}
	for _, r := range set.Rules() {
		page := Explain(set, r.ID)
		if !strings.Contains(page, "Cases") || !strings.Contains(page, r.Title) {
			t.Errorf("%s: page %q", r.ID, page)
		}
	}
	if l := List(set); len(l) != len(set.Rules()) || l[0].ID != "account-still-enabled" || !l[0].Enabled || l[0].Tests < 2 {
		t.Errorf("list: %+v", l[0])
	}
}

// TestControlsExist compares the control ids with section 12 of docs/verdicts.md, and the checks with slips.
func TestControlsExist(t *testing.T) {
	for _, id := range []string{"PR.AA-01", "PR.AA-05", "GV.RR-04", "ID.AM-08", "DE.CM-09", "DE.AE-02", "GV.SC-10", "PR.IR-01", "ID.RA-07", "GV.OV-03"} {
		if !knownCSF(id) {
			t.Errorf("%s is an id of CSF 2.0", id)
		}
	}
	for _, id := range []string{"PR.AC-4", "PR.AA-07", "PR.AA-5", "ID.AM-06", "DE.CM-04", "XX.YY-01", ""} {
		if knownCSF(id) {
			t.Errorf("%s is no id of CSF 2.0", id)
		}
	}
	for id, want := range map[string]bool{"5.3": true, "8.12": true, "3.14": true, "5.7": false, "19.1": false, "0.1": false, "5": false} {
		if knownCIS(id) != want {
			t.Errorf("CIS %s: %v", id, !want)
		}
	}
	for id, want := range map[string]bool{"AC-2(3)": true, "AU-12": true, "PS-10": false, "AC-0": false, "ac-2": false, "ZZ-1": false} {
		if knownSP80053(id) != want {
			t.Errorf("800-53 %s: %v", id, !want)
		}
	}
	set := mustLoad(t, true, nil)
	r := set.Rule("account-still-enabled")
	people, nhi := strings.Join(r.ControlIDs(true), " "), strings.Join(r.ControlIDs(false), " ")
	if !regexp.MustCompile(`PR\.AA-05 PR\.AC-4`).MatchString(people) || !strings.Contains(people, "SP 800-63B") || strings.Contains(nhi, "800-63") {
		t.Errorf("people: %s\nNHI: %s", people, nhi)
	}
	if got := strings.Join(r.OWASPIDs(), " "); got != "NHI1:2025" {
		t.Errorf("OWASP: %s", got)
	}
}
