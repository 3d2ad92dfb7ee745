package rules

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/rules/facts"
)

func TestCentralMaySetAnyValue(t *testing.T) {
	set := mustLoad(t, true, map[string]string{"c.yaml": `
set:
  - {rule: unused-grant, params: {human_days: 120, tolerance_minutes: 0}}
  - {rule: feed-gap, enabled: false}
  - {rule: aws-root-used, severity: low}
  - {rule: k8s-secrets-listed, params: {allowed_readers: ["system:serviceaccount:tools:backup"]}}
`})
	p := set.Params("unused-grant", "payments")
	if p["human_days"] != 120 || p["tolerance_minutes"] != 0 || p["human_privileged_days"] != 45 {
		t.Errorf("params: %v", p)
	}
	w := set.NewWorker()
	if js := set.JudgeFeed(&facts.Feed{Source: "log", Gaps: 3, MaxSilenceMinutes: -1}, w); len(js) != 0 {
		t.Errorf("a rule that is switched off fires: %+v", js)
	}
	if set.Enabled("feed-gap", "") || !set.Enabled("feed-silent", "") || set.Enabled("no-such-rule", "") {
		t.Error("Enabled")
	}
	if got := set.ListParam("k8s-secrets-listed", "allowed_readers", "x"); len(got) != 1 {
		t.Errorf("list: %v", got)
	}
	ev := facts.Event{Provider: "k8s", Permission: "list secrets", Outcome: "success", Actor: "system:serviceaccount:tools:backup", ActorKind: "workload"}
	if js := set.Events(w).Match(&ev); len(js) != 0 {
		t.Errorf("an allowed reader: %+v", js)
	}
}

func TestTeamTightensForItselfOnly(t *testing.T) {
	set := mustLoad(t, true, map[string]string{
		"team-payments/t.yaml": `
tighten:
  - {rule: account-still-enabled, params: {grace_hours: 2}, severity: critical}
  - {rule: aws-admin-policy-attached, params: {admin_policies: [policy/AdministratorAccess, policy/IAMFullAccess, policy/PowerUserAccess, policy/AcmeAdmin]}}
rules:
  - {id: no-kim, title: Kim must not act, kind: GUARDRAIL_DRIFT, on: event, when: 'actor == "kim"', verdict: VIOLATION, why: "{actor}"}
  - {id: no-kim-account, title: Kim must have no account, kind: UNLINKED_ACCOUNT, on: account, when: 'name == "kim"', verdict: VIOLATION, why: "{name}"}
`,
		"team-platform/t.yaml": `
rules:
  - {id: no-kim, title: Kim is noted, kind: GUARDRAIL_DRIFT, on: event, when: 'actor == "kim"', verdict: VIOLATION, severity: low, why: "{actor}"}
`})
	w := set.NewWorker()
	acct := facts.Account{Team: "payments", Linked: true, State: "enabled", PersonEnded: true, StateHoursAfterEnd: 3}
	if js := set.JudgeAccount(&acct, w); len(js) != 1 || js[0].Severity != access.SeverityCritical || js[0].Params["grace_hours"] != 2 {
		t.Errorf("payments: %+v", js)
	}
	acct.Team = "platform"
	if js := set.JudgeAccount(&acct, w); len(js) != 0 {
		t.Errorf("platform: %+v", js)
	}
	if js := set.JudgeAccount(&facts.Account{Team: "payments", Name: "kim"}, w); len(js) != 1 || js[0].Rule.Team != "payments" {
		t.Errorf("own rule: %+v", js)
	}
	if js := set.JudgeAccount(&facts.Account{Team: "platform", Name: "kim"}, w); len(js) != 0 {
		t.Errorf("another team's rule: %+v", js)
	}
	for team, want := range map[string]access.Severity{"payments": access.SeverityMedium, "platform": access.SeverityLow, "other": ""} {
		js := set.Events(w).Match(&facts.Event{Team: team, Actor: "kim"})
		if want == "" && len(js) != 0 || want != "" && (len(js) != 1 || js[0].Severity != want) {
			t.Errorf("%s: %+v", team, js)
		}
	}
	attach := facts.Event{Team: "payments", Provider: "aws", Action: "iam:AttachRolePolicy", Outcome: "success", ChangeGrant: "arn:aws:iam::111122223333:policy/AcmeAdmin"}
	if js := set.Events(w).Match(&attach); len(js) != 1 {
		t.Errorf("tightened list: %+v", js)
	}
	attach.Team = "platform"
	if js := set.Events(w).Match(&attach); len(js) != 0 {
		t.Errorf("another team's list: %+v", js)
	}
	if got := set.Tightened("account-still-enabled"); len(got) != 1 || got[0] != "payments" {
		t.Errorf("tightened by %v", got)
	}
	if set.Rule("payments/no-kim") == nil || set.Rule("no-kim") != nil {
		t.Error("a team's rule is found under its team")
	}
}

func TestSeverityFloorLeavesMissingEvidenceAlone(t *testing.T) {
	set := mustLoad(t, true, map[string]string{"team-payments/t.yaml": "tighten:\n  - {rule: unused-grant, severity: critical}\n"})
	w := set.NewWorker()
	f := facts.Grant{Team: "payments", HasFeed: true, Actions: 1, ActionsJudgeable: 1, AgeDays: 100, WindowDays: 90, InBaseline: true}
	for _, c := range []struct {
		change  func(*facts.Grant)
		verdict access.Verdict
		want    access.Severity
	}{
		{func(f *facts.Grant) {}, access.VerdictUnused, access.SeverityCritical},
		{func(f *facts.Grant) { f.HasFeed = false }, access.VerdictUnverifiable, access.SeverityLow},
		{func(f *facts.Grant) { f.Used = true }, access.VerdictUsed, access.SeverityInfo},
	} {
		g := f
		c.change(&g)
		js := set.JudgeGrant(&g, w)
		if len(js) != 1 || js[0].Verdict != c.verdict || js[0].Severity != c.want {
			t.Errorf("%+v, wanted %s %s", js, c.verdict, c.want)
		}
	}
}

// drawTeam writes a team's file at random: tightening, loosening and nonsense alike, and rules of its own.
func drawTeam(t *rapid.T, set *Set) string {
	var b strings.Builder
	b.WriteString("tighten:\n")
	n := rapid.IntRange(1, 6).Draw(t, "entries")
	for range n {
		r := rapid.SampledFrom(set.rules).Draw(t, "rule")
		if rapid.Bool().Draw(t, "often") { // the rules with the most to lose
			r = set.Rule(rapid.SampledFrom([]string{"unused-grant", "unused-grant", "account-still-enabled", "aws-admin-policy-attached"}).Draw(t, "which"))
		}
		fmt.Fprintf(&b, "  - rule: %s\n", r.ID)
		if len(r.Params) > 0 && rapid.Bool().Draw(t, "withParams") {
			p := rapid.SampledFrom(r.Params).Draw(t, "param")
			if p.Default.IsList {
				all := append([]string{"policy/AcmeAdmin", "444455556666"}, p.Default.List...)
				fmt.Fprintf(&b, "    params: {%s: [%s]}\n", p.Name, quoted(rapid.SliceOfDistinct(rapid.SampledFrom(all), rapid.ID).Draw(t, "list")))
			} else {
				f := rapid.SampledFrom([]float64{0, 0.1, 0.5, 0.9, 1, 1.1, 2, 50}).Draw(t, "factor")
				fmt.Fprintf(&b, "    params: {%s: %v}\n", p.Name, p.Default.Number*f)
			}
		}
		if rapid.Bool().Draw(t, "withSeverity") {
			fmt.Fprintf(&b, "    severity: %s\n", rapid.SampledFrom(severities).Draw(t, "severity"))
		}
		if rapid.Bool().Draw(t, "withEnabled") {
			fmt.Fprintf(&b, "    enabled: %v\n", rapid.Bool().Draw(t, "enabled"))
		}
	}
	b.WriteString("rules:\n  - {id: unused-grant, title: mine, kind: UNUSED_GRANT, on: grant, when: 'true', verdict: USED, why: w}\n" +
		"  - {id: quiet, title: mine, kind: UNUSED_GRANT, on: grant, when: 'true', verdict: USED, why: w}\n" +
		"  - {id: broken, title: mine, kind: UNUSED_GRANT, on: grant, when: 'actions % actions == 1', verdict: USED, why: w}\n")
	return b.String()
}

func quoted(list []string) string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = fmt.Sprintf("%q", s)
	}
	return strings.Join(out, ", ")
}

// firing are the findings among judgements, by rule.
func firing(js []Judgement) map[string]Judgement {
	out := map[string]Judgement{}
	for _, j := range js {
		if j.Fires() {
			out[j.Rule.Team+"/"+j.Rule.ID] = j
		}
	}
	return out
}

// claim orders verdicts for the property, written down apart from the code under test.
var claim = map[access.Verdict]int{access.VerdictViolation: 3, access.VerdictUnused: 3, access.VerdictOverbroad: 2, access.VerdictUnverifiable: 1}

// holds fails when a finding of the floor is missing or milder with the team's file.
func holds(t *rapid.T, central, both []Judgement, what any, team string) {
	with := firing(both)
	for key, j := range firing(central) {
		k, ok := with[key]
		if !ok {
			t.Fatalf("%s is lost\nfacts %+v\nteam file:\n%s", key, what, team)
		}
		if claim[k.Verdict] < claim[j.Verdict] || k.Verdict == j.Verdict && k.Severity.Rank() < j.Severity.Rank() {
			t.Fatalf("%s: %s %s became %s %s\nfacts %+v\nteam file:\n%s", key, j.Verdict, j.Severity, k.Verdict, k.Severity, what, team)
		}
	}
}

// TestATeamCanOnlyAdd is promise 7: for every input, findings(central + team) ⊇ findings(central), and effective
// parameters are at least as tight.
func TestATeamCanOnlyAdd(t *testing.T) {
	central := mustLoad(t, true, nil)
	cw := central.NewWorker()
	rapid.Check(t, func(rt *rapid.T) {
		text := drawTeam(rt, central)
		both, problems := load(true, map[string]string{"team-payments/t.yaml": text})
		for _, p := range problems {
			if p.Severity == LevelError && !strings.Contains(p.Message, "must be at") {
				rt.Fatalf("problem: %s", p)
			}
		}
		for _, r := range central.rules {
			for _, p := range r.Params {
				c, e := central.effective(r.ID, "payments").values[p.Name], both.effective(r.ID, "payments").values[p.Name]
				if p.Tighter.loosens(c, e) {
					rt.Fatalf("%s.%s went from %s to %s", r.ID, p.Name, c, e)
				}
				if o := both.effective(r.ID, "platform").values[p.Name]; !o.equal(c) {
					rt.Fatalf("%s.%s changed for another team: %s", r.ID, p.Name, o)
				}
			}
		}
		bw := both.NewWorker()
		for range 20 {
			g := drawGrant(rt)
			holds(rt, central.JudgeGrant(g, cw), both.JudgeGrant(g, bw), g, text)
			shorter := *g // the same grant over the team's shorter window
			shorter.WindowDays, shorter.Used, shorter.ActionsUsed = g.WindowDays/2, g.Used && rapid.Bool().Draw(rt, "usedLately"), min(g.ActionsUsed, 1)
			shorter.BlindShare = rapid.SampledFrom([]float64{0, 0.01}).Draw(rt, "shareLately")
			holds(rt, central.JudgeGrant(g, cw), both.JudgeGrantBoth(g, &shorter, bw), g, text)
			a := drawAccount(rt)
			holds(rt, central.JudgeAccount(a, cw), both.JudgeAccount(a, bw), a, text)
			e := drawEvent(rt)
			holds(rt, central.Events(cw).Match(e), both.Events(bw).Match(e), e, text)
		}
	})
}

// TestTheFloorFiresWhateverTheTeamsVersionSays: a condition need not be monotone in its parameters for the promise to
// hold, since the floor is always asked too.
func TestTheFloorFiresWhateverTheTeamsVersionSays(t *testing.T) {
	set := mustLoad(t, false, map[string]string{
		"c.yaml":               "rules:\n  - {id: exactly, title: t, kind: FEED_GAP, on: feed, when: gaps == most, verdict: VIOLATION, why: w, params: {most: {default: 3, tighter: lower}}}\n",
		"e.yaml":               "rules:\n  - {id: event-exactly, title: t, kind: GUARDRAIL_DRIFT, on: event, when: hours_since_end == most, verdict: VIOLATION, why: w, params: {most: {default: 3, tighter: lower}}}\n",
		"team-payments/t.yaml": "tighten:\n  - {rule: exactly, params: {most: 2}}\n  - {rule: event-exactly, params: {most: 2}}\n",
	})
	w := set.NewWorker()
	for n, want := range map[int]int{1: 0, 2: 1, 3: 1, 4: 0} {
		js := set.JudgeFeed(&facts.Feed{Team: "payments", Gaps: n}, w)
		if len(js) != want || want == 1 && js[0].Verdict != access.VerdictViolation {
			t.Errorf("%d gaps: %+v", n, js)
		}
		js = set.Events(w).Match(&facts.Event{Team: "payments", HoursSinceEnd: float64(n)})
		if len(js) != want || want == 1 && js[0].Verdict != access.VerdictViolation {
			t.Errorf("%d hours: %+v", n, js)
		}
	}
}

func drawAccount(t *rapid.T) *facts.Account {
	yes := rapid.Bool()
	return &facts.Account{
		Team: rapid.SampledFrom([]string{"payments", "platform"}).Draw(t, "team"), Name: "kim", Linked: yes.Draw(t, "linked"), Privileged: yes.Draw(t, "privileged"),
		State: rapid.SampledFrom([]string{"enabled", "disabled", "unknown"}).Draw(t, "state"), StateHoursAfterEnd: rapid.SampledFrom([]float64{-5, 1, 4, 5, 24, 25}).Draw(t, "after"),
		PersonEnded: yes.Draw(t, "ended"), Rehired: yes.Draw(t, "rehired"), OnLeave: yes.Draw(t, "leave"), IdentityFeedStale: yes.Draw(t, "stale"),
		UsesAfterEnd: rapid.IntRange(0, 2).Draw(t, "uses"), UsesResidual: rapid.IntRange(0, 2).Draw(t, "residual"),
	}
}

func TestMeetAndLoosens(t *testing.T) {
	num := func(f float64) Value { return Value{Number: f} }
	list := func(s ...string) Value { return Value{List: s, IsList: true} }
	for _, c := range []struct {
		t            Tighter
		central, own Value
		loosens      bool
		meet         string
	}{
		{Lower, num(24), num(4), false, "4"}, {Lower, num(24), num(48), true, "24"}, {Lower, num(24), num(24), false, "24"},
		{Higher, num(2), num(3), false, "3"}, {Higher, num(2), num(1), true, "2"},
		{Superset, list("a"), list("a", "b"), false, "[a, b]"}, {Superset, list("a", "c"), list("b"), true, "[a, c, b]"},
		{Subset, list("a", "b"), list("a"), false, "[a]"}, {Subset, list("a", "b"), list("b", "c"), true, "[b]"}, {Subset, list("a"), list(), false, "[]"},
		{Tighter("sideways"), num(2), num(1), true, "2"},
	} {
		if got := c.t.loosens(c.central, c.own); got != c.loosens {
			t.Errorf("%s %s %s: loosens %v", c.t, c.central, c.own, got)
		}
		if got := c.t.meet(c.central, c.own).String(); got != c.meet {
			t.Errorf("%s %s %s: meet %s", c.t, c.central, c.own, got)
		}
	}
}
