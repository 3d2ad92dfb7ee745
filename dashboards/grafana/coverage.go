package grafana

func coverage() Dashboard {
	feeds := params{"team": chosenTeams, "feed": chosenFeeds}
	return board(Dashboard{
		UID: "grantwatch-coverage", Title: "Grantwatch: Log coverage", Tags: []string{"evidence"}, Refresh: "5m", Time: TimeRange{"now-30d", "now"},
		Description: "What the logs can prove: which feeds covered which days, where the gaps are, and which verdicts they made impossible.",
		Templating:  Templating{[]Variable{dataSource(), teamVariable(), feedVariable()}}, Annotations: marks(gaps()),
	},
		band{"", 12, []cell{
			{24, grid("Covered share of each day", "One row a feed, one square a day (UTC), with the share in it: 1 is a whole day. Amber below 100 %, red below 90 %. No square: the day was not judged.", "percentunit", "no day was judged yet", least(0.9, 1), target("coverage_days", feeds).column("covered")).every("1d").between(0, 1)},
		}},
		band{"Gaps, and what they cost", 10, []cell{
			{12, table("Gaps", "Stretches without evidence that reach into the range, newest first, with the reason.", "no gaps in this range", target("feed_gaps", feeds), "title", "text", "tags").first("time", "timeEnd", "feed", "why").link(runbook("feed-silent", "Runbook: a feed is silent"))},
			{12, table("What gaps made unverifiable", "Feeds by the number of verdicts that their gaps made UNVERIFIABLE at the last judged day.", "no verdict was lost to a gap", target("coverage_blinds", feeds))},
		}},
		band{"", 10, []cell{
			{24, table("Verdicts that the evidence does not allow", "Findings that are UNVERIFIABLE now, with the rule's reason.", "everything can be verified", target("findings", params{"team": chosenTeams, "feed": []string{all}, "verdict": []string{"UNVERIFIABLE"}}),
				"handling", "identity_kind", "feed", "proposal", "first_seen", "last_seen", "identity_uid", "fingerprint").
				first("severity", "team", "identity", "why", "permission", "resource", "kind")},
		}},
		band{"Feeds", 9, []cell{
			{24, table("All feeds", "How much of the range each feed covered (100 % is whole), when it was heard of last, and what became of its records.", "no feed was read yet", target("feeds", feeds)).
				with(byName("covered", Property{"thresholds", least(0.9, 1)}, Property{"custom.cellOptions", map[string]any{"type": "color-text"}}))},
		}},
	)
}
