package grafana

func rules() Dashboard {
	teams := params{"team": chosenTeams}
	return board(Dashboard{
		UID: "grantwatch-rules", Title: "Grantwatch: Rules", Tags: []string{"rules"}, Refresh: "1m", Time: TimeRange{"now-7d", "now"},
		Description: "What rules matched and found, how much they judged, and when an evaluation was partial or skipped.",
		Templating:  Templating{[]Variable{dataSource(), teamVariable(), severityVariable()}}, Annotations: marks(opened()),
	},
		band{"", 10, []cell{
			{14, series("Hits of event rules", "Events that a rule matched, per interval of event time.", "short", "no rule matched an event", "bars", nil, target("rules_hits", params{"team": chosenTeams, "severity": chosenSeverities}).column("hits")).every("3h")},
			{10, bars("Open findings by kind", "What the rules found and what is still open.", "short", "no open findings", target("findings_by_kind", params{"team": chosenTeams, "severity": chosenSeverities}).column("open"))},
		}},
		band{"", 11, []cell{
			{24, table("What rules cost", "Facts judged in the range, findings, and how often an evaluation was partial or skipped. Judged facts are the measure: processor time per rule is not recorded.", "no evaluation in this range", target("rules_cost", teams))},
		}},
		band{"The evaluation ledger", 10, []cell{
			{12, table("Partial and skipped", "Evaluations that could not judge everything, with the reason. No window is skipped in silence.", "every evaluation was whole", target("evaluations", params{"team": chosenTeams, "status": []string{"partial", "skipped"}}), "window_from", "window_to").
				first("time", "team", "status", "why", "rule").
				link(runbook("no-evaluation", "Runbook: nothing is evaluated"))},
			{12, table("All evaluations", "What each rule judged for each team, newest first.", "no evaluation in this range", target("evaluations", teams), "why")},
		}},
	)
}
