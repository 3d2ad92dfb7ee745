package queries

var ruleQueries = []Query{
	{
		Name: "rules_hits", Title: "Hits of event rules", Shape: SeriesLong, Unit: "short", Limit: mostPoints, TimeRange: rangeEvents,
		Description: "Events that a rule on events matched, per interval of event time; each event once.",
		Params:      []Param{team, severity, rule},
		Columns:     []Column{when("time", "Start of the interval."), teamColumn(), text("rule", "Rule."), count("hits", "Events.")},
	},
	{
		Name: "rules_cost", Title: "What rules cost", Shape: Table, Limit: mostRows, TimeRange: rangeEvents,
		Description: "Per rule: how much it judged and found in the evaluations of the range, and how often an evaluation was partial or skipped. Judged facts are the measure of cost: processor time per rule is not recorded.",
		Params:      []Param{team},
		Columns: []Column{text("rule", "Rule."), count("evaluations", "Evaluations, one a team and moment."), count("judged", "Facts judged."), count("findings", "Findings of all evaluations together."),
			number("judged_each", "short", "Facts judged an evaluation."), count("partial", "Evaluations with something UNVERIFIABLE."), count("skipped", "Evaluations that were skipped."),
			count("hits", "Events matched in the range, for rules on events."), when("last", "The last evaluation."), text("why", "The newest reason for a partial or skipped one.")},
	},
	{
		Name: "evaluations", Title: "Evaluations", Shape: Table, Limit: mostRows, TimeRange: rangeEvents,
		Description: "The evaluation ledger: what each rule judged for each team and when. No window is skipped in silence.",
		Params:      []Param{team, rule, {Name: "status", Kind: KindChoice, Multi: true, Choices: []string{"evaluated", "partial", "skipped"}, Description: "What became of it."}, rows},
		Columns: []Column{when("time", "When."), text("rule", "Rule."), teamColumn(), text("status", "evaluated, partial or skipped."), count("judged", "Facts judged."), count("findings", "Findings."),
			when("window_from", "Start of the window."), when("window_to", "End of the window."), text("why", "Why it was partial or skipped.")},
	},
}

var pipelineQueries = []Query{
	{
		Name: "pipeline_rate", Title: "Records per second", Shape: SeriesLong, Unit: "cps", Limit: mostPoints, TimeRange: rangeEvents,
		Description: "Records received per second and feed, by the time at which their batch was stored.",
		Params:      []Param{team, feed},
		Columns:     []Column{when("time", "Start of the interval."), teamColumn(), text("feed", "Feed."), number("rate", "cps", "Records per second.")},
	},
	{
		Name: "pipeline_records", Title: "What became of records", Shape: SeriesWide, Unit: "short", Limit: mostPoints, TimeRange: rangeEvents,
		Description: "Records per interval by what became of them, by the time at which their batch was stored. received = stored + filtered + dead.",
		Params:      []Param{team, feed},
		Columns: []Column{when("time", "Start of the interval."), count("received", "Came in."), count("stored", "Were stored."), count("filtered", "Were seen before."), count("dead", "Became dead letters."),
			count("flagged", "Were stored, but with a time that cannot be believed.")},
	},
	{
		Name: "pipeline_conservation", Title: "Conservation", Shape: NumericLong, Unit: "short", Limit: mostRows, TimeRange: rangeNow,
		Description: "received less stored, filtered and dead, per feed over all batches. Anything but 0 is a defect.",
		Params:      []Param{team, feed},
		Columns:     []Column{teamColumn(), text("feed", "Feed."), count("off", "Must be 0.")},
	},
	{
		Name: "pipeline_lag", Title: "Lag", Shape: NumericLong, Unit: "s", Limit: mostRows, TimeRange: rangeEnd,
		Description: "How old the newest event of each feed is at the end of the range, how long ago it was stored, and how late its events come (upper bounds of buckets that double).",
		Params:      []Param{team, feed},
		Columns: []Column{teamColumn(), text("feed", "Feed."), number("age", "s", "Of the newest event."), number("idle", "s", "Since anything was stored."),
			number("lateness_p50", "s", "Half of the events come no later than this after they happened."), number("lateness_p99", "s", "99 % of them.")},
	},
	{
		Name: "dead_letters", Title: "Dead letters", Shape: Table, Limit: mostRows, TimeRange: rangeEvents,
		Description: "Records that could not be read, newest first, with the start of their bytes (docs/dead-letters.md).",
		Params: []Param{team, feed, {Name: "reason", Kind: KindText, Multi: true, Description: "Reasons."},
			{Name: "state", Kind: KindChoice, Multi: true, Choices: []string{"open", "claimed", "replayed"}, Description: "open, claimed by a replay, or replayed."}, rows},
		Columns: []Column{when("time", "When it was read."), teamColumn(), text("feed", "Feed."), text("reason", "Why."), text("state", "open, claimed or replayed."), text("detail", "What the decoder said."),
			text("position", "Where: file and line, partition and offset."), named("bytes", "count", "bytes", "How long it is."), text("excerpt", "Its first 256 bytes."), text("id", "The letter's id.")},
	},
	{
		Name: "table_sizes", Title: "Sizes of tables", Shape: Table, Limit: mostRows, TimeRange: rangeNow, Wide: true,
		Description: "Rows and bytes on disk of each table, compressed. Tables belong to no team, so only whoever may see all teams sees them.",
		Columns:     []Column{text("table", "Table."), count("rows", "Rows."), named("bytes", "count", "bytes", "On disk."), count("parts", "Active parts.")},
	},
}
