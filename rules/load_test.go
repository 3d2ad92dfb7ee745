package rules

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/rules/facts"
)

func TestLoadSaysWhatCannotBeRead(t *testing.T) {
	_, problems := Load(Options{FS: fstest.MapFS{}, Central: []string{"rules/none.yaml"}})
	if len(problems) != 1 || problems[0].File != "rules/none.yaml" || !strings.Contains(problems[0].Error(), "does not exist") {
		t.Errorf("%v", problems)
	}
	if _, problems = Load(Options{Central: []string{"x.yaml"}}); !HasErrors(problems) {
		t.Error("no file system, no problem")
	}
}

// TestABrokenRuleLeavesTheOthers: one bad file must not switch off the rest, and must not be silent either.
func TestABrokenRuleLeavesTheOthers(t *testing.T) {
	set, problems := load(false, map[string]string{"a.yaml": ruleText("good", OnEvent, `actor == "kim"`), "b.yaml": ruleText("bad", OnEvent, `actr == "kim"`)})
	if len(problems) != 1 || problems[0].Rule != "bad" || set.Rule("good") == nil || set.Rule("bad") != nil {
		t.Errorf("problems %v", problems)
	}
	if js := set.Events(set.NewWorker()).Match(&facts.Event{Actor: "kim"}); len(js) != 1 {
		t.Errorf("%+v", js)
	}
}

func TestFileFences(t *testing.T) {
	for name, c := range map[string]struct{ text, says string }{
		"a big file":        {strings.Repeat("# x\n", maxFile/4+1), "the file has"},
		"a long line":       {"id: " + strings.Repeat("x", maxLine), "the line has"},
		"deep flow":         {"a: " + strings.Repeat("[", 5000), "nest deeper"},
		"deep flow, lines":  {strings.Repeat("[\n", 5000), "nest deeper"},
		"deep sequences":    {strings.Repeat("- ", 3000) + "\n", "nests too deep"},
		"deep sequences, x": {strings.Repeat("- ", 3000) + "x\n", "nests too deep"},
		"deep indentation":  {"a:\n" + strings.Repeat(" ", 3000) + "b: 1\n", "indented too deep"},
		"deep mappings":     {deepMappings(400), "indented too deep"},
		"question marks":    {strings.Repeat("? ", 3000) + "x\n", "nests too deep"},
		"a NUL byte":        {"id: a\x00b\n", "NUL"},
	} {
		_, problems := load(false, map[string]string{"r.yaml": c.text})
		if len(problems) != 1 || !strings.Contains(problems[0].Message, c.says) {
			t.Errorf("%s: %.300v", name, problems)
		}
	}
}

func deepMappings(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String()
}

func TestJudgeByName(t *testing.T) {
	set := mustLoad(t, true, nil)
	w := set.NewWorker()
	for _, c := range []struct {
		on    On
		facts any
		rule  string
	}{
		{OnGrant, facts.Grant{InBaseline: true, Closed: true}, "unused-grant"},
		{OnIdle, facts.Idle{Matched: true, UsedHoursAgo: 3}, "break-glass-used"},
		{OnAccount, facts.Account{Linked: true, UsesAfterEnd: 1}, "post-termination-activity"},
		{OnNHI, facts.NHI{HasOwner: true, OwnersKnown: 1, OwnerEndedDays: 30}, "orphaned-nhi"},
		{OnFeed, facts.Feed{Source: "log", SilentMinutes: 100, MaxSilenceMinutes: 10}, "feed-silent"},
		{OnEvent, facts.Event{Provider: "okta", Action: "zone.delete", Outcome: "success"}, "okta-policy-weakened"},
	} {
		js, err := set.Judge(c.on, c.facts, "payments", w)
		if err != nil || len(js) != 1 || js[0].Rule.ID != c.rule {
			t.Errorf("%s: %v %+v", c.on, err, js)
		}
	}
	if _, err := set.Judge(OnGrant, facts.Idle{}, "", w); err == nil {
		t.Error("facts of the wrong type were judged")
	}
	if _, err := set.Judge("weather", 3, "", w); err == nil {
		t.Error("facts of no type were judged")
	}
}

func TestStronger(t *testing.T) {
	j := func(v access.Verdict, s access.Severity) Judgement { return Judgement{Verdict: v, Severity: s} }
	for _, c := range []struct{ floor, team, want Judgement }{
		{j("UNUSED", "high"), j("UNVERIFIABLE", "low"), j("UNUSED", "high")},
		{j("USED", "info"), j("UNUSED", "low"), j("UNUSED", "low")},
		{j("OVERBROAD", "medium"), j("USED", "info"), j("OVERBROAD", "medium")},
		{j("OVERBROAD", "medium"), j("UNUSED", "low"), j("UNUSED", "low")},
		{j("UNUSED", "high"), j("UNUSED", "low"), j("UNUSED", "high")},
		{j("UNUSED", "low"), j("UNUSED", "high"), j("UNUSED", "high")},
		{j("TOO_YOUNG", "info"), j("UNVERIFIABLE", "low"), j("UNVERIFIABLE", "low")},
		{j("VIOLATION", "low"), j("UNVERIFIABLE", "low"), j("VIOLATION", "low")},
	} {
		if got := stronger(c.floor, c.team); got.Verdict != c.want.Verdict || got.Severity != c.want.Severity {
			t.Errorf("%v and %v: %v", c.floor, c.team, got)
		}
	}
}

func TestRunTestsAndLintFindSlips(t *testing.T) {
	set := mustLoad(t, false, map[string]string{"c.yaml": `
rules:
  - id: slips
    title: a rule with slips
    kind: UNUSED_GRANT
    on: grant
    params:
      unread: {default: 3, tighter: lower}
    let:
      unused_let: used
    cases:
      - {when: used, verdict: USED}
      - {when: "1 > 2", verdict: UNUSED, why: w}
      - {when: used, verdict: UNUSED, why: w}
      - {when: "true", verdict: UNUSED, why: w}
      - {when: privileged, verdict: UNUSED, why: w}
    controls: {csf: [PR.AC-4], cis: ["5.99"], sp800_53: [ZZ-1], sp800_63: [D]}
    owasp: [NHI11]
    tests:
      - {name: wrong, facts: {used: true}, verdict: UNUSED}
`})
	report := RunTests(set)
	if report.OK() || report.Failed != 1 || !strings.Contains(report.Results[0].Got, "USED medium (case 1)") {
		t.Errorf("report %+v", report)
	}
	var all strings.Builder
	for _, p := range Lint(set) {
		all.WriteString(p.String())
	}
	golden(t, "lint.txt", all.String())
}

// TestFillEvent: the facts say what the event says, cut where an event is larger than a rule may be given.
func TestFillEvent(t *testing.T) {
	long := strings.Repeat("x", facts.MaxText+1)
	targets := make([]access.Target, 300)
	groups := make([]string, 300)
	for i := range targets {
		targets[i], groups[i] = access.Target{ID: "t", Type: "k"}, "g"
	}
	e := access.Event{Provider: "k8s", Action: "get", UserAgent: long, Targets: targets, Attrs: map[string]string{"a": long, "b": "c"},
		Actor:  access.Actor{ID: "sa", Chain: []string{"sa", "kim"}, Groups: groups, Kind: access.Workload},
		Change: &access.Change{Kind: access.ChangeGrant, Subject: "s", Grant: "g"}}
	var f facts.Event
	facts.FillEvent(&f, &e)
	if !f.Cut || len(f.UserAgent) != facts.MaxText || len(f.Targets) != facts.MaxList || len(f.Groups) != facts.MaxList || len(f.Attrs["a"]) != facts.MaxText || f.Attrs["b"] != "c" {
		t.Errorf("not cut: %v %d %d %d", f.Cut, len(f.UserAgent), len(f.Targets), len(f.Groups))
	}
	if len(e.Attrs["a"]) != facts.MaxText+1 || len(e.Actor.Groups) != 300 {
		t.Error("the event itself was changed")
	}
	if f.Origin != "kim" || f.Change != "grant" || f.HoursSinceEnd != -1 || f.ActorKind != "workload" || f.TargetType != "k" {
		t.Errorf("%+v", f)
	}
	facts.FillEvent(&f, &access.Event{Provider: "aws"})
	if f.Cut || f.Provider != "aws" || len(f.Targets) != 0 || f.Target != "" || f.Change != "" || f.Origin != "" || f.Attrs != nil {
		t.Errorf("left over from the event before: %+v", f)
	}
}
