package grafana

func soc() Dashboard {
	narrowed := func(kinds ...string) params {
		p := params{"team": chosenTeams, "provider": chosenProviders, "severity": chosenSeverities, "kind": kinds}
		if len(kinds) == 0 {
			p["kind"] = chosenKinds
		}
		return p
	}
	counted := func(title, description string, th *Thresholds, p params, column string) Panel {
		return stat(title, description, "short", "none", th, target("findings_count", p).column(column))
	}
	return board(Dashboard{
		UID: "grantwatch-soc", Title: "Grantwatch: SOC overview", Tags: []string{"security"}, Refresh: "30s", Time: TimeRange{"now-7d", "now"},
		Description: "What is open now: who acts after leaving, what was granted past the approvals, which feeds are silent.",
		Templating:  Templating{[]Variable{dataSource(), teamVariable(), providerVariable(), kindVariable(), severityVariable()}},
		Annotations: marks(opened(), gaps()),
	},
		band{"", 4, []cell{
			{3, counted("Critical", "Open critical findings. Red from 1.", above(1), params{"team": chosenTeams, "provider": chosenProviders, "kind": chosenKinds, "severity": []string{"critical"}}, "open")},
			{3, counted("High", "Open high findings. Amber from 1, red from 10.", steps(1, 10), params{"team": chosenTeams, "provider": chosenProviders, "kind": chosenKinds, "severity": []string{"high"}}, "open")},
			{3, counted("All open", "All open findings, without UNVERIFIABLE.", nil, narrowed(), "open")},
			{3, counted("Unverifiable", "Verdicts that the evidence does not allow: a lack of logs, not a problem that was shown. Log coverage says which feeds are to blame.", nil, narrowed(), "unverifiable")},
			{3, counted("After leaving", "Open findings of people and NHIs that acted after their end. Red from 1.", above(1), narrowed("POST_TERMINATION_ACTIVITY", "RESIDUAL_SESSION"), "open")},
			{3, counted("Out of band", "Open grants that came into being without an approval. Amber from 1, red from 10.", steps(1, 10), narrowed("OUT_OF_BAND", "BASELINE_DRIFT"), "open")},
			{3, counted("Silent feeds", "Feeds that say nothing for longer than they may. Red from 1.", above(1), narrowed("FEED_SILENT"), "open").link(runbook("feed-silent", "Runbook: a feed is silent"))},
			{3, counted("Excepted", "Findings under an exception with reason, approver and expiry.", nil, narrowed(), "excepted")},
		}},
		band{"", 12, []cell{
			{24, table("Open findings, live", "Open findings, gravest first. New and changed ones follow while the page is open. Verdicts are defined in docs/verdicts.md.", "no open findings",
				target("findings", params{"team": chosenTeams, "provider": chosenProviders, "kind": chosenKinds, "severity": chosenSeverities}).live(),
				"identity_kind", "account", "feed", "rule", "first_seen", "last_seen", "identity_uid", "fingerprint").
				first("severity", "kind", "verdict", "team", "identity", "why", "permission", "resource", "owner", "state", "handling", "age", "proposal")},
		}},
		band{"Acts after leaving, grants past the approvals", 9, []cell{
			{12, table("Activity after the end", "Who acted after employment or contract ended, beyond the residual session.", "nobody acted after leaving", target("findings", narrowed("POST_TERMINATION_ACTIVITY", "RESIDUAL_SESSION", "ACCOUNT_STILL_ENABLED")),
				"verdict", "owner", "permission", "resource", "account", "state", "handling", "identity_kind", "feed", "rule", "first_seen", "last_seen", "identity_uid", "fingerprint", "proposal").
				first("severity", "team", "identity", "why", "kind")},
			{12, table("Out-of-band grants", "Grants that came into being without an approval and outside of the baseline.", "no grants out of band", target("findings", narrowed("OUT_OF_BAND", "BASELINE_DRIFT")),
				"verdict", "state", "handling", "account", "identity_kind", "feed", "rule", "first_seen", "last_seen", "identity_uid", "fingerprint", "proposal").
				first("severity", "team", "identity", "permission", "resource", "why", "kind")},
		}},
		band{"Trends", 9, []cell{
			{12, series("Opened and resolved", "Steps in the life of findings per interval; one that comes back counts again.", "short", "no findings changed", "bars", nil, target("findings_trend", params{"team": chosenTeams, "severity": chosenSeverities})).every("1d")},
			{12, bars("By kind", "Open findings of each kind, most first.", "short", "no open findings", target("findings_by_kind", narrowed()).column("open"))},
		}},
		band{"Feeds and messages", 9, []cell{
			{12, table("Feeds that say nothing", "Findings about feeds. Each made verdicts UNVERIFIABLE; Log coverage counts them.", "every feed speaks", target("findings", narrowed("FEED_SILENT", "FEED_GAP", "FEED_REJECTS", "SNAPSHOT_REFUSED", "IDENTITY_FEED_STALE")),
				"verdict", "state", "identity", "identity_kind", "permission", "resource", "provider", "account", "owner", "rule", "first_seen", "last_seen", "identity_uid", "fingerprint", "handling").
				first("severity", "team", "feed", "why", "kind").
				link(runbook("feed-silent", "Runbook: a feed is silent"))},
			{12, table("Messages to owners", "What was told to whom, newest first.", "nothing was told", target("deliveries", params{"team": chosenTeams}), "fingerprint")},
		}},
	)
}
