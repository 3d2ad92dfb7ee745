package ledger

import (
	"math"
	"slices"
	"time"

	"github.com/grantwatch/grantwatch/detect"
	"github.com/grantwatch/grantwatch/rules"
	"github.com/grantwatch/grantwatch/rules/facts"
)

// The layers of governance: who writes the rules, who carries them out, who watches.
const (
	LayerPolicy    = "policy"
	LayerExecution = "execution"
	LayerOversight = "oversight"
)

// hysteresis is for how long the rules must say the same before the recommendation follows them, so that no team is
// reorganised for one bad week.
const hysteresis = 28 * 24 * time.Hour

// GovernanceSight is how much of the past a recommendation looks at.
const GovernanceSight = 13 * 7 * 24 * time.Hour

// Recommendation is the model for one team and layer.
type Recommendation struct {
	Team           string    `json:"team"`
	Layer          string    `json:"layer"`
	At             time.Time `json:"at"`
	Model          string    `json:"recommendation"` // central, hybrid, local or INSUFFICIENT_EVIDENCE
	Candidate      string    `json:"candidate"`      // what the rules say today
	Rule           string    `json:"rule"`
	Why            string    `json:"why"`
	Counterfactual string    `json:"counterfactual,omitempty"`
	Since          time.Time `json:"since"`
	Due            time.Time `json:"due,omitzero"` // when the candidate becomes the recommendation if the rules go on saying so
}

// Recommend computes the recommendation of every team. weeks are the figures of the weeks before, oldest first, each the
// last of its week; history is the last word of each day on record, in order of time. Both may reach past the moment of
// the view: what is not before it is left out, so that an evaluation that is repeated says the same again.
func (v *View) Recommend(g *rules.Governance, weeks []Figure, history []Recommendation, stale map[string]bool) {
	v.Governance = nil
	trend := newTrend(weeks, v.AsOf)
	past := map[[2]string][]Recommendation{}
	for _, r := range history {
		if r.At.Before(v.AsOf) {
			k := [2]string{r.Team, r.Layer}
			past[k] = append(past[k], r)
		}
	}
	for i := range v.Teams {
		t := &v.Teams[i]
		if t.Name == "" {
			continue
		}
		f := governanceFacts(t, trend, g, stale[t.Name] || stale[""])
		judged := g.Judge(&f)
		base := Recommendation{Team: t.Name, At: v.AsOf, Rule: judged.Rule, Why: judged.Why, Counterfactual: judged.Counterfactual}
		for _, l := range []struct{ layer, model string }{{LayerPolicy, judged.Policy}, {LayerExecution, judged.Execution}} {
			r := base
			r.Layer, r.Candidate = l.layer, l.model
			settle(&r, past[[2]string{t.Name, l.layer}])
			v.Governance = append(v.Governance, r)
		}
		v.Governance = append(v.Governance, Recommendation{Team: t.Name, Layer: LayerOversight, At: v.AsOf, Model: rules.ModelCentral, Candidate: rules.ModelCentral,
			Why: "Oversight is always central.", Since: since(past[[2]string{t.Name, LayerOversight}], v.AsOf)})
	}
}

func since(past []Recommendation, now time.Time) time.Time {
	if len(past) > 0 {
		return past[len(past)-1].Since
	}
	return now
}

// settle gives the recommendation its inertia. The first word stands at once. Another word has to be said for four weeks
// without a break before it stands. Abstaining happens at once, since nothing may be claimed without evidence; what stood
// before it stands again until another word has lasted.
func settle(r *Recommendation, past []Recommendation) {
	r.Model, r.Since = r.Candidate, r.At
	if len(past) == 0 {
		return
	}
	last := past[len(past)-1]
	if last.Model == r.Candidate {
		r.Since = last.Since
		return
	}
	if r.Candidate == rules.ModelAbstain {
		return
	}
	stands := last
	for i := len(past) - 1; i >= 0 && stands.Model == rules.ModelAbstain; i-- {
		stands = past[i]
	}
	if stands.Model == rules.ModelAbstain || stands.Model == r.Candidate {
		return // nothing stood before, or the same comes back
	}
	began := r.At
	for i := len(past) - 1; i >= 0 && past[i].Candidate == r.Candidate; i-- {
		began = past[i].At
	}
	if r.At.Sub(began) >= hysteresis {
		return
	}
	r.Model, r.Since, r.Due = stands.Model, stands.Since, began.Add(hysteresis)
	if last.Model == rules.ModelAbstain {
		r.Since = r.At
	}
}

func governanceFacts(t *Team, trend *trend, g *rules.Governance, stale bool) facts.Governance {
	f := facts.Governance{
		Team: t.Name, Regulated: t.Regulated, Coverage: t.Coverage, Grants: t.Grants, Credentials: t.Credentials, Visibility: 1, UnansweredWeight: round2(t.UnansweredWeight),
		Leavers: t.Revocation.People, LeaversOpen: t.Revocation.Open, RevocationP95Hours: -1, IdentityFeedStale: stale,
		Open: t.Open, Unverifiable: t.Unverifiable, DriftIndex: t.DriftIndex, DriftWorst: t.DriftWorst, FeedsSilent: t.FeedsSilent, ChangesPerWeek: t.ChangesPerWeek,
	}
	if t.Credentials > 0 {
		f.Visibility = math.Floor(1000*t.Visibility) / 1000
	}
	if t.Revocation.People > 0 {
		f.RevocationP95Hours = t.Revocation.P95.Hours
	}
	f.RisingWeeks = trend.rising(t)
	f.GreenWeeks = trend.green(t, g)
	return f
}

// trend is the figures of past weeks by team: for each name the values of up to thirteen weeks, newest first.
type trend struct {
	weeks map[string][]map[string]float64
}

// newTrend sorts weekly figures into weeks counted back from now; a week without figures ends what is on record.
func newTrend(figures []Figure, now time.Time) *trend {
	t := &trend{weeks: map[string][]map[string]float64{}}
	newest := map[string]map[int]map[string]Figure{}
	for _, f := range figures {
		if !f.At.Before(now) || f.Label != "" {
			continue
		}
		w := int(now.Sub(f.At) / driftWeek)
		if newest[f.Team] == nil {
			newest[f.Team] = map[int]map[string]Figure{}
		}
		if newest[f.Team][w] == nil {
			newest[f.Team][w] = map[string]Figure{}
		}
		if old, ok := newest[f.Team][w][f.Name]; !ok || f.At.After(old.At) {
			newest[f.Team][w][f.Name] = f
		}
	}
	for team, weeks := range newest {
		// Week 0 is the one that is running; the present figures stand for it.
		for w := 1; weeks[w] != nil; w++ {
			values := map[string]float64{}
			for name, f := range weeks[w] {
				values[name] = f.Value
			}
			t.weeks[team] = append(t.weeks[team], values)
		}
	}
	return t
}

// rising counts the weeks in a row, up to now, in which open findings and withheld verdicts together rose. Both, since
// violations that lost their evidence have not gone.
func (t *trend) rising(now *Team) int {
	n, value := 0, float64(now.Open+now.Unverifiable)
	for _, w := range t.weeks[now.Name] {
		before := w["open"] + w["unverifiable"]
		if value <= before {
			break
		}
		n, value = n+1, before
	}
	return n
}

// green counts the weeks in a row, up to now, in which everything was in order.
func (t *trend) green(now *Team, g *rules.Governance) int {
	is := func(coverage, worst, visibility float64, p95 float64) bool {
		return coverage >= g.Param("min_coverage") && worst < g.Param("green_drift") && visibility >= g.Param("min_visibility") && p95 <= g.Param("revocation_sla_hours")
	}
	visibility := 1.0
	if now.Credentials > 0 {
		visibility = now.Visibility
	}
	if now.Grants == 0 || !is(now.Coverage, now.DriftWorst, visibility, now.Revocation.P95.Hours) {
		return 0
	}
	n := 1
	for _, w := range t.weeks[now.Name] {
		visibility := 1.0
		if v, ok := w["visibility"]; ok {
			visibility = v
		}
		worst, ok := w["drift_worst"]
		if !ok || !is(w["coverage"], worst, visibility, w["revocation_p95_hours"]) {
			break
		}
		n++
	}
	return n
}

// StalePeople says which teams' people cannot be told to have left or not: those whose identity source is too old. The
// empty name stands for every team, for a source that is nobody's.
func StalePeople(people []detect.IdentitySource, now time.Time) map[string]bool {
	out := map[string]bool{}
	for _, p := range people {
		if p.Dated && p.MaxAge > 0 && now.After(p.AsOf.Add(p.MaxAge)) {
			out[""] = true // people of every team may be in it
		}
	}
	return out
}

// Of finds the recommendation of a team and layer; its zero value when there is none.
func (v *View) Of(team, layer string) Recommendation {
	i := slices.IndexFunc(v.Governance, func(r Recommendation) bool { return r.Team == team && r.Layer == layer })
	if i < 0 {
		return Recommendation{Team: team, Layer: layer, Model: rules.ModelAbstain}
	}
	return v.Governance[i]
}
