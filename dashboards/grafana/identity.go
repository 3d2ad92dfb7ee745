package grafana

func identity() Dashboard {
	whom := func(more params) params {
		p := params{"team": chosenTeams, "identity": "$identity"}
		for k, v := range more {
			p[k] = v
		}
		return p
	}
	return board(Dashboard{
		UID: "grantwatch-identity", Title: "Grantwatch: Identity", Tags: []string{"security"}, Refresh: "5m", Time: TimeRange{"now-30d", "now"},
		Description: "One identity under all its names: what it did, what it can reach, its credentials, and the records that prove it.",
		Templating: Templating{[]Variable{dataSource(), teamVariable(), one("identity", "Identity", "identities", params{"team": chosenTeams, "limit": 5000}),
			providerVariable(), feedVariable()}},
		Annotations: marks(opened(), gaps()),
	},
		band{"", 8, []cell{
			{16, series("Activity", "Events of this identity per interval, by what became of them.", "short", "no events in this range", "bars", nil, target("identity_activity", whom(params{"feed": chosenFeeds}))).every("6h")},
			{8, table("Findings", "What is open about this identity, with exceptions.", "nothing is open", target("findings", whom(params{"provider": chosenProviders, "state": []string{"open", "reopened", "excepted"}})),
				"handling", "identity", "identity_kind", "owner", "provider", "account", "feed", "rule", "proposal", "first_seen", "last_seen", "age", "identity_uid", "fingerprint", "team").
				first("severity", "kind", "why")},
		}},
		band{"", 11, []cell{
			{24, table("Timeline", "Events of this identity, newest first, each once.", "no events in this range", target("identity_timeline", whom(params{"feed": chosenFeeds})), "session", "id", "user_agent")},
		}},
		band{"What it can do", 10, []cell{
			{14, table("Reach", "Grants that it had at the end of the range, its own and those of its groups, with what is said of each now.", "no grants on record", target("identity_reach", whom(nil)), "grant", "seen")},
			{10, table("Credentials", "Who issued each, what it can reach, when it expires: known, stale or unknown, with the evidence.", "no credentials on record", target("identity_credentials", whom(nil)), "identity", "identity_kind", "provider", "identity_uid", "team", "judged", "reach_weight")},
		}},
		band{"Evidence", 12, []cell{
			{16, lines("Records", "Records as they came where the feed keeps them, else the normalised event. The label form says which.", "no records in this range", target("raw_logs", whom(params{"provider": chosenProviders, "feed": chosenFeeds})))},
			{8, table("What was said of it", "Every step in the life of its findings, newest first.", "nothing was said in this range", target("finding_history", whom(nil)), "identity", "fingerprint", "team").first("time", "state", "severity", "why")},
		}},
	)
}
