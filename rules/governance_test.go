package rules

import (
	"strings"
	"testing"
	"testing/fstest"

	"pgregory.net/rapid"

	"github.com/grantwatch/grantwatch/rules/facts"
)

func shippedGovernance(t testing.TB) *Governance {
	t.Helper()
	g, problems := LoadGovernance(nil, nil)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return g
}

// green is a team that has earned local execution.
func green() facts.Governance {
	return facts.Governance{Team: "a", Coverage: 0.99, Grants: 200, Credentials: 50, Visibility: 0.95, UnansweredWeight: 12, Leavers: 3, RevocationP95Hours: 20, Open: 4, DriftIndex: 8, DriftWorst: 12, GreenWeeks: 9, ChangesPerWeek: 11}
}

func TestGovernanceTakesTheFirstRuleThatHolds(t *testing.T) {
	g := shippedGovernance(t)
	for name, c := range map[string]struct {
		change            func(*facts.Governance)
		rule, policy, exe string
	}{
		"all green":                {func(*facts.Governance) {}, "earned-trust", ModelHybrid, ModelLocal},
		"coverage":                 {func(f *facts.Governance) { f.Coverage = 0.79 }, "insufficient-evidence", ModelAbstain, ModelAbstain},
		"too few grants":           {func(f *facts.Governance) { f.Grants = 9 }, "insufficient-evidence", ModelAbstain, ModelAbstain},
		"stale people":             {func(f *facts.Governance) { f.IdentityFeedStale = true }, "insufficient-evidence", ModelAbstain, ModelAbstain},
		"evidence before all else": {func(f *facts.Governance) { f.Regulated, f.Coverage = true, 0.1 }, "insufficient-evidence", ModelAbstain, ModelAbstain},
		"regulated":                {func(f *facts.Governance) { f.Regulated = true }, "regulated", ModelCentral, ModelCentral},
		"unanswered and heavy":     {func(f *facts.Governance) { f.Visibility, f.UnansweredWeight = 0.7, 100 }, "unanswered-reach", ModelCentral, ModelCentral},
		"unanswered and light":     {func(f *facts.Governance) { f.Visibility, f.UnansweredWeight = 0.7, 99 }, "shared", ModelHybrid, ModelHybrid},
		"slow":                     {func(f *facts.Governance) { f.RevocationP95Hours = 72.5 }, "slow-or-rising", ModelCentral, ModelHybrid},
		"rising":                   {func(f *facts.Governance) { f.RisingWeeks = 4 }, "slow-or-rising", ModelCentral, ModelHybrid},
		"rising for three weeks":   {func(f *facts.Governance) { f.RisingWeeks = 3 }, "earned-trust", ModelHybrid, ModelLocal},
		"green too briefly":        {func(f *facts.Governance) { f.GreenWeeks = 7 }, "shared", ModelHybrid, ModelHybrid},
		"little changes":           {func(f *facts.Governance) { f.ChangesPerWeek = 4 }, "shared", ModelHybrid, ModelHybrid},
		"a silent feed":            {func(f *facts.Governance) { f.FeedsSilent = 1 }, "shared", ModelHybrid, ModelHybrid},
		"nobody left":              {func(f *facts.Governance) { f.Leavers, f.RevocationP95Hours = 0, -1 }, "earned-trust", ModelHybrid, ModelLocal},
		"leavers open":             {func(f *facts.Governance) { f.LeaversOpen = 1 }, "earned-trust", ModelHybrid, ModelLocal},
	} {
		f := green()
		c.change(&f)
		if got := g.Judge(&f); got.Rule != c.rule || got.Policy != c.policy || got.Execution != c.exe || got.Why == "" || strings.Contains(got.Why+got.Counterfactual, "?") {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}

func TestTheCounterfactualNamesEachFailingCondition(t *testing.T) {
	f := green()
	f.Visibility, f.UnansweredWeight, f.GreenWeeks = 0.72, 310, 2
	got := shippedGovernance(t).Judge(&f).Counterfactual
	want := "to move to local execution: visibility 72 % → 80 % or weight behind unanswered credentials 310 → below 100, visibility 72 % → 80 %, green weeks in a row 2 → 8; to move to hybrid execution: visibility 72 % → 80 % or weight behind unanswered credentials 310 → below 100"
	for _, part := range strings.Split(want, "; ") {
		if !strings.Contains(got, part) {
			t.Errorf("got %q, want %q in it", got, part)
		}
	}
	best := green()
	if c := shippedGovernance(t).Judge(&best).Counterfactual; c != "" {
		t.Errorf("there is nothing beyond local, and yet: %q", c)
	}
}

// TestWhatTheCounterfactualAsksForIsEnough applies it: a team that does what is asked gets what was promised.
func TestWhatTheCounterfactualAsksForIsEnough(t *testing.T) {
	g := shippedGovernance(t)
	f := green()
	f.Visibility, f.UnansweredWeight, f.GreenWeeks, f.RevocationP95Hours = 0.72, 310, 2, 500
	if g.Judge(&f).Execution == ModelLocal {
		t.Fatal("it is local already")
	}
	f.Visibility, f.GreenWeeks, f.RevocationP95Hours = 0.8, 8, 72
	if got := g.Judge(&f); got.Execution != ModelLocal {
		t.Errorf("got %+v", got)
	}
}

// TestLessEvidenceNeverRecommendsLessCentralControl is the law of this model.
func TestLessEvidenceNeverRecommendsLessCentralControl(t *testing.T) {
	g := shippedGovernance(t)
	rapid.Check(t, func(rt *rapid.T) {
		n := func(name string, most int) int { return rapid.IntRange(0, most).Draw(rt, name) }
		share := func(name string) float64 { return float64(n(name, 100)) / 100 }
		f := facts.Governance{Regulated: rapid.Bool().Draw(rt, "regulated"), Coverage: share("coverage"), Grants: n("grants", 30), Credentials: n("credentials", 5), Visibility: share("visibility"), UnansweredWeight: float64(n("weight", 200)),
			Leavers: n("leavers", 3), RevocationP95Hours: float64(n("p95", 150)), DriftWorst: float64(n("worst", 60)), RisingWeeks: n("rising", 6), GreenWeeks: n("green", 12), FeedsSilent: n("silent", 1), ChangesPerWeek: float64(n("changes", 12))}
		less := f
		less.Coverage -= share("less coverage") * f.Coverage
		less.Grants -= n("less grants", f.Grants)
		less.Visibility -= share("less visibility") * f.Visibility
		less.UnansweredWeight += float64(n("more weight", 200))
		less.RevocationP95Hours += float64(n("longer", 100))
		less.IdentityFeedStale = rapid.Bool().Draw(rt, "stale")
		less.DriftWorst += float64(n("worse", 60))
		less.RisingWeeks += n("more rising", 3)
		less.GreenWeeks -= n("less green", f.GreenWeeks)
		less.FeedsSilent += n("more silent", 2)
		a, b := g.Judge(&f), g.Judge(&less)
		if a.Policy != ModelAbstain && (LessCentral(b.Policy, a.Policy) || LessCentral(b.Execution, a.Execution)) {
			rt.Fatalf("%s/%s with evidence %+v, %s/%s with less %+v", a.Policy, a.Execution, f, b.Policy, b.Execution, less)
		}
		if a.Policy == ModelAbstain && b.Policy != ModelAbstain {
			rt.Fatalf("with less evidence it no longer abstains: %+v, %+v", f, less)
		}
	})
}

func TestTheBoardChangesNumbersAndRules(t *testing.T) {
	files := fstest.MapFS{
		"set.yaml":   {Data: []byte("set: {min_visibility: 0.99}\n")},
		"rules.yaml": {Data: []byte("rules:\n  - {id: all, policy: central, execution: central, why: \"{team} is run centrally.\"}\n")},
	}
	f := green()
	g, problems := LoadGovernance(files, []string{"set.yaml"})
	if len(problems) > 0 || g.Param("min_visibility") != 0.99 || g.Judge(&f).Rule != "shared" {
		t.Errorf("%v, %+v", problems, g.Judge(&f))
	}
	g, problems = LoadGovernance(files, []string{"set.yaml", "rules.yaml"})
	if len(problems) > 0 || g.Judge(&f).Why != "a is run centrally." {
		t.Errorf("%v", problems)
	}
}

func TestGovernanceProblemsNameTheirPlace(t *testing.T) {
	for text, want := range map[string]string{
		"set: {min_visibilty: 1}":                                                                                   `b.yaml:1:7: error: unknown parameter "min_visibilty"; did you mean "min_visibility"?`,
		"rules:\n  - {id: a, policy: central, execution: sometimes, why: x}":                                        "b.yaml:2:41: error: execution must be central, hybrid, local or abstain",
		"rules:\n  - id: a\n    policy: central\n    execution: central\n    why: x\n    any: [{when: coverge < 1}]": `b.yaml:6:18: error: unknown fact "coverge"; did you mean "coverage"?`,
		"rules:\n  - {id: a, policy: central, execution: central, why: x, all: [{when: regulated}]}":                "the last rule must have no conditions",
		"rules:\n  - {id: a, policy: central, execution: central, why: x, all: [{when: coverage}]}":                 "must give true or false",
		"rules:\n  - {id: a, policy: central, execution: central, why: \"{coverage\"}":                              "this { has no }",
		"rules: []":                        "between 1 and",
		"params: {coverage: {default: 1}}": "is the name of a fact",
		"what: 1":                          "unknown key",
		"rules:\n  - {id: a, policy: central, execution: central, why: x, all: [{when: 'repeat(\"x\", 1000000) == team'}]}": "not available",
	} {
		g, problems := LoadGovernance(fstest.MapFS{"b.yaml": {Data: []byte(text)}}, []string{"b.yaml"})
		if g != nil || len(problems) == 0 || !strings.Contains(problems[0].String(), want) {
			t.Errorf("%s: %v", text, problems)
		}
	}
	if _, problems := LoadGovernance(fstest.MapFS{}, []string{"absent.yaml"}); len(problems) != 1 {
		t.Errorf("got %v", problems)
	}
}

func FuzzGovernance(f *testing.F) {
	f.Add(string(governanceFile))
	f.Add("set: {min_coverage: 1}")
	f.Add("rules: [{id: a, policy: local, execution: abstain, why: '{team}'}]")
	f.Fuzz(func(t *testing.T, text string) {
		g, _ := LoadGovernance(fstest.MapFS{"b.yaml": {Data: []byte(text)}}, []string{"b.yaml"})
		if g != nil {
			x := green()
			g.Judge(&x)
		}
	})
}
