package grafana

func team() Dashboard {
	teams := params{"team": chosenTeams}
	figure := func(names ...string) params { return params{"team": chosenTeams, "figure": names} }
	return board(Dashboard{
		UID: "grantwatch-team", Title: "Grantwatch: Team scorecard", Tags: []string{"governance"}, Refresh: "5m", Time: TimeRange{"now-91d", "now"},
		Description: "How each team is doing: what it can answer, how its access drifts, how fast it revokes, and who should decide.",
		Templating:  Templating{[]Variable{dataSource(), teamVariable(), kindVariable()}}, Annotations: marks(gaps()),
	},
		band{"", 10, []cell{
			{24, table("Teams", "The figures of each team's last evaluation. Visibility is good from 80 %; the drift index is amber from 34 and red from 67; below 80 % coverage nothing is recommended.", "no evaluation yet", target("team_scorecard", teams)).
				with(
					byName("visibility", Property{"thresholds", least(0.6, 0.8)}, Property{"custom.cellOptions", map[string]any{"type": "color-text"}}),
					byName("drift_index", Property{"thresholds", steps(34, 67)}, Property{"custom.cellOptions", map[string]any{"type": "color-text"}}, Property{"decimals", 1}),
					byName("nhi_ratio", Property{"decimals", 1}),
				)},
		}},
		band{"What can be answered", 9, []cell{
			{12, series("Visibility", "Share of NHI credentials whose issuer, reach and expiry are all known. Good from 80 %.", "percentunit", "no figures yet", "line", least(0.6, 0.8), target("visibility", teams).column("visibility")).between(0, 1)},
			{12, series("Coverage", "Mean covered share of the windows of the judged grants. Below 80 % nothing is recommended.", "percentunit", "no figures yet", "line", least(0.5, 0.8), target("visibility", teams).column("coverage")).between(0, 1)},
		}},
		band{"Drift", 9, []cell{
			{12, series("Drift index", "Weight of open findings against the weight of all grants, 0 to 100: green below 34, red from 67.", "none", "no figures yet", "line", steps(34, 67), target("drift_change", teams).column("drift_index")).between(0, 100)},
			{6, series("Weekly change: real", "How much of the change is change of access.", "none", "no figures yet", "bars", nil, target("drift_change", teams).column("real"))},
			{6, series("Weekly change: newly visible", "How much of the change is only that more is seen. Better logging never counts as worse drift.", "none", "no figures yet", "bars", nil, target("drift_change", teams).column("newly_visible"))},
		}},
		band{"Revocation and identities", 9, []cell{
			{12, series("Revocation latency", "Hours from the end of an employment or contract until the last access was revoked: median and 95th percentile. The floor is 24 h.", "h", "nobody left", "line", above(24), target("revocation_latency", teams))},
			{6, series("NHIs for each human", "Non-human identities for each human.", "none", "no figures yet", "line", nil, target("nhi_ratio", teams).column("ratio"))},
			{6, series("Open and unverifiable", "Open findings, and verdicts that the evidence does not allow.", "none", "no figures yet", "line", nil, target("figure_trend", figure("open", "unverifiable")).column("value"))},
		}},
		band{"What needs a decision", 10, []cell{
			{24, table("Governance", "What is recommended for policy and execution, why, and what would change it. Oversight is always central.", "no evaluation yet", target("governance", teams), "rule").
				with(wrapped("why"), wrapped("counterfactual"))},
		}},
		band{"", 8, []cell{
			{24, table("Exceptions that expire", "Findings under an exception that ends within 14 days or has ended.", "no exception ends within 14 days", target("exceptions_expiring", params{"team": chosenTeams, "kind": chosenKinds, "days": 14}), "fingerprint")},
		}},
		band{"Credentials whose answers are missing", 10, []cell{
			{24, table("Credentials that nobody can answer for", "NHI credentials of which issuer, reach or expiry is stale or unknown, least known first.", "every credential is answered for", target("credentials", params{"team": chosenTeams, "answer": []string{"stale", "unknown"}}), "identity_uid", "issuer_evidence", "reach_evidence", "expiry_evidence").
				first("team", "identity", "credential", "issuer_state", "reach_state", "expiry_state", "owner", "provider")},
		}},
	)
}
