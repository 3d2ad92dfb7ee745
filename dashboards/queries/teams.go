package queries

// Figures are the figures that each evaluation writes for each team (detect/ledger). The figures of the whole organisation
// belong to the team Organisation, which is shown only when it is asked for.
var Figures = []string{
	"open", "unverifiable", "excepted", "exceptions_expiring_14d", "grants", "coverage", "drift_index", "drift_real", "drift_newly_visible", "drift_worst", "visibility",
	"credentials", "revocation_median_hours", "revocation_p95_hours", "revocation_at_least", "revocations", "revocations_open", "people", "nhis", "nhi_ratio", "changes_per_week",
	"feeds", "feeds_silent", "severity", "kind", "verdict",
}

// Organisation is the team of the whole organisation's figures. No team can be called so.
const Organisation = "*"

const fromFigures = " As the evaluations wrote it; definitions are in docs/verdicts.md."

var teamQueries = []Query{
	{
		Name: "team_scorecard", Title: "Teams", Shape: Table, Limit: mostRows, TimeRange: rangeEnd,
		Description: "One row a team: the figures of its last evaluation before the end of the range, and what is recommended for its governance." + fromFigures,
		Params:      []Param{team},
		Columns: []Column{teamColumn(), number("open", "short", "Open findings, without UNVERIFIABLE."), number("critical", "short", "Of these critical."), number("high", "short", "Of these high."),
			number("unverifiable", "short", "Verdicts that the evidence does not allow."), number("excepted", "short", "Under an exception."), number("grants", "short", "Grants judged."),
			number("coverage", "percentunit", "Mean covered share of the judged grants' windows."), number("visibility", "percentunit", "Share of NHI credentials whose issuer, reach and expiry are all known."),
			number("drift_index", "none", "0 to 100; below 34 green, from 67 red."), number("drift_real", "none", "Weekly change of the drift index by real change."),
			number("drift_newly_visible", "none", "Weekly change of the drift index because more is seen."), number("revocation_median", "h", "Median time from end to last access revoked."),
			number("revocation_p95", "h", "The same, 95th percentile."), number("nhi_ratio", "none", "NHIs for each human."), number("exceptions_expiring", "short", "Exceptions that end within 14 days."),
			text("policy", "Recommended for policy: central, hybrid, local or INSUFFICIENT_EVIDENCE."), text("execution", "Recommended for execution."), when("evaluated", "When.")},
	},
	{
		Name: "figure_trend", Title: "A figure over time", Shape: SeriesLong, Limit: mostPoints, TimeRange: rangeEvents,
		Description: "One or more figures per team, the last of each interval. The figures severity, kind and verdict have labels." + fromFigures,
		Params: []Param{team, {Name: "figure", Kind: KindFigure, Multi: true, Needed: true, Choices: Figures, Description: "Which figure."},
			{Name: "label", Kind: KindText, Multi: true, Description: "Labels of a figure that has them."}},
		Columns: []Column{when("time", "Start of the interval."), teamColumn(), text("figure", "Which figure."), text("label", "Its label, if it has one."), number("value", "none", "Its value.")},
	},
	{
		Name: "drift_change", Title: "Drift", Shape: SeriesLong, Limit: mostPoints, TimeRange: rangeEvents,
		Description: "Drift index of teams and its weekly change, real change and newly visible apart, so that better logging never looks like worse drift." + fromFigures,
		Params:      []Param{team},
		Columns: []Column{when("time", "Start of the interval."), teamColumn(), number("drift_index", "none", "0 to 100."), number("real", "none", "Weekly change by real change."),
			number("newly_visible", "none", "Weekly change because more is seen.")},
	},
	{
		Name: "revocation_latency", Title: "Revocation latency", Shape: SeriesLong, Unit: "h", Limit: mostPoints, TimeRange: rangeEvents,
		Description: "Hours from the end of an employment or contract until the last access was revoked." + fromFigures,
		Params:      []Param{team},
		Columns:     []Column{when("time", "Start of the interval."), teamColumn(), number("median", "h", "Median."), number("p95", "h", "95th percentile.")},
	},
	{
		Name: "visibility", Title: "Visibility and coverage", Shape: SeriesLong, Unit: "percentunit", Limit: mostPoints, TimeRange: rangeEvents,
		Description: "Share of NHI credentials whose issuer, reach and expiry are all known, with the coverage of the evidence beside it." + fromFigures,
		Params:      []Param{team},
		Columns: []Column{when("time", "Start of the interval."), teamColumn(), number("visibility", "percentunit", "Share with all three known."),
			number("coverage", "percentunit", "Mean covered share of the judged grants' windows.")},
	},
	{
		Name: "nhi_ratio", Title: "NHIs for each human", Shape: SeriesLong, Limit: mostPoints, TimeRange: rangeEvents,
		Description: "How many non-human identities there are for each human." + fromFigures,
		Params:      []Param{team},
		Columns:     []Column{when("time", "Start of the interval."), teamColumn(), number("ratio", "none", "NHIs for each human.")},
	},
	{
		Name: "governance", Title: "Governance", Shape: Table, Limit: mostRows, TimeRange: rangeEnd,
		Description: "What is recommended for each team and layer, why, and what would change it. Oversight is always central.",
		Params:      []Param{team},
		Columns: []Column{teamColumn(), text("layer", "policy or execution."), text("recommendation", "central, hybrid, local or INSUFFICIENT_EVIDENCE."),
			text("candidate", "What the rules say today; it becomes the recommendation when it holds long enough."), text("rule", "The rule that matched."), text("why", "Its sentence."),
			text("counterfactual", "What would have to change."), when("since", "Since when it is recommended."), when("evaluated", "When it was judged last.")},
	},
}
