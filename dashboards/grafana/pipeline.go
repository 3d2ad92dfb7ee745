package grafana

func pipeline() Dashboard {
	feeds := params{"team": chosenTeams, "feed": chosenFeeds}
	return board(Dashboard{
		UID: "grantwatch-pipeline", Title: "Grantwatch: Pipeline health", Tags: []string{"operations"}, Refresh: "30s", Time: TimeRange{"now-6h", "now"},
		Description: "Whether records arrive, how late, what becomes of them, and whether every one is accounted for.",
		Templating:  Templating{[]Variable{dataSource(), teamVariable(), feedVariable()}}, Annotations: marks(gaps()),
	},
		band{"", 5, []cell{
			{6, conservation(feeds)},
			{6, stat("Dead letters", "Records in the range that could not be read. Amber from 1, red from 100.", "short", "none", steps(1, 100), target("pipeline_records", feeds).column("dead")).link(runbook("dead-letters", "Runbook: dead letters"))},
			{6, stat("Received", "Records in the range, by the time at which their batch was stored.", "short", "none", nil, target("pipeline_records", feeds).column("received"))},
			{6, stat("Wrong clocks", "Records that were stored with a time that cannot be believed. They count in no roll-up. Amber from 1, red from 1000.", "short", "none", steps(1, 1000), target("pipeline_records", feeds).column("flagged"))},
		}},
		band{"", 9, []cell{
			{12, series("Records per second", "Received per feed, by the time at which their batch was stored.", "cps", "nothing was received in this range", "line", nil, target("pipeline_rate", feeds).column("rate"))},
			{12, series("What became of records", "Stored, filtered as seen before, and dead, per interval. received = stored + filtered + dead.", "short", "nothing was received in this range", "bars", nil,
				target("pipeline_records", feeds).column("stored"), target("pipeline_records", feeds).column("filtered"), target("pipeline_records", feeds).column("dead")).every("5m")},
		}},
		band{"Lag", 9, []cell{
			{12, table("Lag", "How old the newest event of each feed is, how long ago anything was stored, and how late its events come.", "no feed was read yet", target("pipeline_lag", feeds)).link(runbook("lag", "Runbook: a feed lags"))},
			{12, bars("Age of the newest event", "Per feed. The alert rule fires from 3600 s (1 h).", "s", "no feed was read yet", target("pipeline_lag", feeds).column("age"))},
		}},
		band{"What could not be read", 10, []cell{
			{14, table("Dead letters", "Newest first, with the start of their bytes. They are replayed with grantwatch dlq replay once the reason is gone.", "every record could be read", target("dead_letters", feeds), "id").link(runbook("dead-letters", "Runbook: dead letters"))},
			{10, table("Conservation by feed", "received less stored, filtered and dead. Anything but 0 is a defect.", "no feed was read yet", target("pipeline_conservation", feeds)).link(runbook("conservation", "Runbook: records are unaccounted for"))},
		}},
		band{"Messages and tables", 9, []cell{
			{12, table("Messages", "What was told to whom, newest first.", "nothing was told in this range", target("deliveries", params{"team": chosenTeams}), "fingerprint")},
			{12, table("Sizes of tables", "Rows and bytes on disk. Only for those who may see every team.", "only for those who may see every team", target("table_sizes", nil))},
		}},
	)
}

// conservation says in words what its number means.
func conservation(feeds params) Panel {
	p := stat("Records unaccounted for", "Must be 0: received less stored, filtered and dead, over all batches. Anything else is a defect, red from 1.", "short", "nothing received yet", above(1), target("pipeline_conservation", feeds).column("off"))
	p.FieldConfig.Defaults.Mappings = []map[string]any{{"type": "value", "options": map[string]any{"0": map[string]any{"text": "0, all accounted for", "color": "green", "index": 0}}}}
	return p.link(runbook("conservation", "Runbook: records are unaccounted for"))
}
