package ledger

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/rules"
)

// said makes a history of daily words: the candidate of each day, oldest first, as settle itself makes of it.
func said(candidates ...string) []Recommendation {
	var past []Recommendation
	for i, c := range candidates {
		r := Recommendation{Team: "a", Layer: LayerExecution, At: ago(float64(len(candidates) - i)), Candidate: c}
		settle(&r, past)
		past = append(past, r)
	}
	return past
}

func times(n int, word string) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = word
	}
	return out
}

func TestAWordMustLastFourWeeks(t *testing.T) {
	const c, h, l, x = rules.ModelCentral, rules.ModelHybrid, rules.ModelLocal, rules.ModelAbstain
	join := func(lists ...[]string) (out []string) {
		for _, l := range lists {
			out = append(out, l...)
		}
		return out
	}
	for name, k := range map[string]struct {
		days      []string
		candidate string
		want      string
	}{
		"the first word stands":              {nil, h, h},
		"a new word does not":                {times(40, c), h, c},
		"for 27 days":                        {join(times(40, c), times(27, h)), h, c},
		"but after 28":                       {join(times(40, c), times(28, h)), h, h},
		"a break begins it anew":             {join(times(40, c), times(20, h), times(1, c), times(20, h)), h, c},
		"another word is a break too":        {join(times(40, c), times(20, h), times(1, l), times(20, h)), h, c},
		"no evidence is said at once":        {times(40, c), x, x},
		"then what stood stands again":       {join(times(40, c), times(9, x)), c, c},
		"and another word must still last":   {join(times(40, c), times(9, x)), l, c},
		"abstaining does not shorten that":   {join(times(40, c), times(20, h), times(9, x), times(10, h)), h, c},
		"nothing stood before":               {times(9, x), l, l},
		"towards central it takes as long":   {join(times(40, l), times(10, c)), c, l},
		"a change that has come about stays": {join(times(40, c), times(35, h)), h, h},
	} {
		r := Recommendation{Team: "a", Layer: LayerExecution, At: now, Candidate: k.candidate}
		settle(&r, said(k.days...))
		if r.Model != k.want {
			t.Errorf("%s: %s, want %s", name, r.Model, k.want)
		}
		if (r.Model != r.Candidate) == r.Due.IsZero() {
			t.Errorf("%s: due %v", name, r.Due)
		}
	}
}

// TestRecommendationsChangeAtMostOnceInFourWeeks but for abstaining and coming back from it.
func TestRecommendationsChangeAtMostOnceInFourWeeks(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var past []Recommendation
		var changed time.Time
		for i := range 120 {
			r := Recommendation{At: ago(float64(120 - i)), Candidate: rapid.SampledFrom([]string{rules.ModelCentral, rules.ModelHybrid, rules.ModelHybrid, rules.ModelHybrid, rules.ModelHybrid, rules.ModelHybrid, rules.ModelHybrid, rules.ModelHybrid}).Draw(rt, "word")}
			settle(&r, past)
			if len(past) > 0 && r.Model != past[len(past)-1].Model {
				if !changed.IsZero() && r.At.Sub(changed) < hysteresis {
					rt.Fatalf("it changed at %v and again at %v", changed, r.At)
				}
				changed = r.At
			}
			past = append(past, r)
		}
	})
}

func TestWeeksAreCountedBackFromNow(t *testing.T) {
	g, problems := rules.LoadGovernance(nil, nil)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	week := func(n float64, open, worst float64) []Figure {
		at := ago(7*n + 1)
		return []Figure{{"a", at, "open", "", open}, {"a", at, "unverifiable", "", 1}, {"a", at, "coverage", "", 0.9}, {"a", at, "drift_worst", "", worst}, {"a", at.Add(-time.Hour), "open", "", 99}}
	}
	var figures []Figure
	for n, open := range []float64{0, 8, 6, 4, 4, 1} {
		figures = append(figures, week(float64(n), open, 10+20*float64(n/4))...)
	}
	tr := newTrend(figures, now)
	team := Team{Name: "a", Open: 9, Unverifiable: 1, Grants: 20, Coverage: 0.9, DriftWorst: 12}
	if got := tr.rising(&team); got != 3 {
		t.Errorf("rising for %d weeks, want 3", got)
	}
	if got := tr.green(&team, g); got != 6 {
		t.Errorf("green for %d weeks, want 6", got)
	}
	team.DriftWorst = 60
	if got := tr.green(&team, g); got != 0 {
		t.Errorf("green for %d weeks, want none", got)
	}
	if got := newTrend(append(week(1, 1, 1), week(3, 1, 1)...), now); len(got.weeks["a"]) != 1 {
		t.Errorf("a missing week does not end what is on record: %v", got.weeks)
	}
}

func TestEveryEvaluationSaysTheSameOfOneMoment(t *testing.T) {
	g, _ := rules.LoadGovernance(nil, nil)
	v := org(nil)
	v.Recommend(g, nil, nil, nil)
	first := v.Governance
	later := append([]Recommendation{}, first...)
	later[0].Model, later[0].At = "other", now
	v.Recommend(g, nil, later, nil)
	if len(first) != 3 || v.Governance[0] != first[0] || v.Of("a", LayerOversight).Model != rules.ModelCentral || v.Of("a", LayerPolicy).Candidate == "" {
		t.Errorf("got %+v", v.Governance)
	}
}

func TestFiguresHaveNamesThatAreDefined(t *testing.T) {
	known := map[string]FigureInfo{}
	for _, f := range FigureNames() {
		if f.Unit == "" || f.Help == "" {
			t.Errorf("%s has no unit or no definition", f.Name)
		}
		known[f.Name] = f
	}
	v := org(nil)
	v.Teams[0].Revocation.People, v.Teams[0].People, v.Teams[0].Credentials = 1, 1, 1
	v.Teams[0].Revocation.P95.AtLeast = true
	v.Teams[0].Kinds["K"], v.Teams[0].Severity["high"] = 1, 1
	seen := map[string]bool{}
	for _, f := range v.Figures() {
		info, ok := known[f.Name]
		if !ok || (info.Label == "") != (f.Label == "") {
			t.Errorf("%+v is not defined", f)
		}
		seen[f.Name] = true
	}
	for name := range known {
		if !seen[name] {
			t.Errorf("%s is defined and never saved", name)
		}
	}
}

// TestARebuiltViewHasTheSavedFigures goes there and back.
func TestARebuiltViewHasTheSavedFigures(t *testing.T) {
	v := org([]access.Finding{{Fingerprint: "1", Team: "a", Kind: "OUT_OF_BAND", Verdict: access.VerdictViolation, Severity: access.SeverityHigh, State: StateOpen, Weight: 10, FirstSeen: ago(30), LastSeen: now}})
	team := &v.Teams[0]
	team.Revocation = Revocation{People: 3, Open: 1, Median: Quantile{Hours: 5}, P95: Quantile{Hours: 90, AtLeast: true}}
	team.People, team.NHIs, team.Credentials, team.Visibility, team.ChangesPerWeek, team.DriftReal, team.DriftNewlyVisible, team.Expiring = 4, 9, 7, 0.5, 2.25, 1.5, -3, 2
	r := Rebuild(Past{At: now, Figures: v.Figures(), Findings: v.Findings})
	got, want := r.Figures(), v.Figures()
	if len(got) != len(want) {
		t.Fatalf("%d figures, want %d", len(got), len(want))
	}
	for i := range got {
		if got[i] != want[i] {
			t.Errorf("got %+v, want %+v", got[i], want[i])
		}
	}
	if len(r.Kinds) != 1 || r.Totals.Open != 1 || !r.Rebuilt {
		t.Errorf("got %+v", r)
	}
}
