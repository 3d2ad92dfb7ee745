package ledger

import (
	"cmp"
	"slices"
	"time"
)

// Organisation is the team under which figures of the whole organisation are kept. No team can be called so.
const Organisation = "*"

// FigureInfo defines one figure.
type FigureInfo struct {
	Name  string // as it is stored and queried
	Unit  string // findings, verdicts, grants, share (0 to 1), index (0 to 100), points, hours, ratio, feeds, people, identities, credentials, changes
	Label string // what its label names; empty when it has none
	Help  string // one sentence
}

// figures is the list of all figures, in the order in which they are shown. Nothing else is ever saved.
var figures = []FigureInfo{
	{"open", "findings", "", "findings that somebody has to act on; UNVERIFIABLE and excepted ones are apart"},
	{"unverifiable", "verdicts", "", "verdicts that the evidence does not allow"},
	{"excepted", "findings", "", "findings under an exception in force"},
	{"exceptions_expiring_14d", "findings", "", "findings whose exception ends within 14 days"},
	{"grants", "grants", "", "grants judged"},
	{"coverage", "share", "", "mean covered share of the windows of the judged grants"},
	{"drift_index", "index", "", "weight and age of open findings against the weight of all active grants, 0 to 100"},
	{"drift_real", "points", "", "part of the week's change of the drift index that came to be in the week"},
	{"drift_newly_visible", "points", "", "part of the week's change that was so before and only now can be said"},
	{"drift_worst", "index", "", "the drift index if every UNVERIFIABLE verdict were a finding of 90 days"},
	{"visibility", "share", "", "credentials of non-human identities with issuer, reach and expiry known"},
	{"credentials", "credentials", "", "credentials of non-human identities, an identity without a known one counting as one"},
	{"revocation_median_hours", "hours", "", "end of employment to last access revoked, median over the people who left in 90 days"},
	{"revocation_p95_hours", "hours", "", "the same, 95th percentile"},
	{"revocation_at_least", "flag", "quantile", "1 when so many are open that the quantile is only known to be at least what is said"},
	{"revocations", "people", "", "people who left in 90 days and had access"},
	{"revocations_open", "people", "", "of these, those of whom some access is left"},
	{"people", "people", "", "people on record who have not left"},
	{"nhis", "identities", "", "non-human identities on record or holding a grant"},
	{"nhi_ratio", "ratio", "", "non-human identities for each person"},
	{"changes_per_week", "changes", "", "grants given and taken in a week, mean of four weeks"},
	{"feeds", "feeds", "", "log feeds"},
	{"feeds_silent", "feeds", "", "log feeds silent for longer than their limit"},
	{"severity", "findings", "severity", "open findings by severity"},
	{"kind", "findings", "kind", "open findings by kind"},
	{"verdict", "verdicts", "verdict", "verdicts on grants"},
}

// FigureNames lists the figures that every evaluation saves.
func FigureNames() []FigureInfo { return slices.Clone(figures) }

// Figure is one number of one team, or of the Organisation, at one evaluation.
type Figure struct {
	Team  string    `json:"team"`
	At    time.Time `json:"at"`
	Name  string    `json:"name"`
	Label string    `json:"label,omitempty"`
	Value float64   `json:"value"`
}

// Figures are the numbers of the view as they are saved: per team and for the organisation, in a fixed order. A figure that
// nobody can know (the median over no one) is left out rather than made zero. Findings of no team count for the organisation only.
func (v *View) Figures() []Figure {
	var out []Figure
	for i := range v.Teams {
		if t := &v.Teams[i]; t.Name != "" {
			out = append(out, teamFigures(v.AsOf, t.Name, t)...)
		}
	}
	out = append(out, teamFigures(v.AsOf, Organisation, &v.Org)...)
	slices.SortStableFunc(out, func(a, b Figure) int {
		return cmp.Or(cmp.Compare(a.Team, b.Team), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Label, b.Label))
	})
	return out
}

func teamFigures(at time.Time, team string, t *Team) []Figure {
	var out []Figure
	add := func(name string, value float64) { out = append(out, Figure{team, at, name, "", value}) }
	addIf := func(is bool, name string, value float64) {
		if is {
			add(name, value)
		}
	}
	add("open", float64(t.Open))
	add("unverifiable", float64(t.Unverifiable))
	add("excepted", float64(t.Excepted))
	add("exceptions_expiring_14d", float64(t.Expiring))
	add("grants", float64(t.Grants))
	addIf(t.Grants > 0, "coverage", t.Coverage)
	addIf(t.Grants > 0, "drift_index", t.DriftIndex)
	addIf(t.Grants > 0, "drift_real", t.DriftReal)
	addIf(t.Grants > 0, "drift_newly_visible", t.DriftNewlyVisible)
	addIf(t.Grants > 0, "drift_worst", t.DriftWorst)
	add("credentials", float64(t.Credentials))
	addIf(t.Credentials > 0, "visibility", t.Visibility)
	add("revocations", float64(t.Revocation.People))
	add("revocations_open", float64(t.Revocation.Open))
	addIf(t.Revocation.People > 0, "revocation_median_hours", t.Revocation.Median.Hours)
	addIf(t.Revocation.People > 0, "revocation_p95_hours", t.Revocation.P95.Hours)
	for _, q := range []struct {
		name string
		q    Quantile
	}{{"median", t.Revocation.Median}, {"p95", t.Revocation.P95}} {
		if q.q.AtLeast {
			out = append(out, Figure{team, at, "revocation_at_least", q.name, 1})
		}
	}
	add("people", float64(t.People))
	add("nhis", float64(t.NHIs))
	addIf(t.People > 0, "nhi_ratio", t.NHIRatio())
	add("changes_per_week", t.ChangesPerWeek)
	add("feeds", float64(t.Feeds))
	add("feeds_silent", float64(t.FeedsSilent))
	for s, n := range t.Severity {
		out = append(out, Figure{team, at, "severity", string(s), float64(n)})
	}
	for k, n := range t.Kinds {
		out = append(out, Figure{team, at, "kind", k, float64(n)})
	}
	for k, n := range t.Verdicts {
		out = append(out, Figure{team, at, "verdict", string(k), float64(n)})
	}
	return out
}
