package queries

var coverageQueries = []Query{
	{
		Name: "feeds", Title: "Feeds", Shape: Table, Limit: mostRows, TimeRange: rangeDays, Variable: "feed",
		Description: "Every feed: how much of the range's days it covered, when it was heard of last, what became of its records. Coverage is defined in docs/verdicts.md.",
		Params:      []Param{team, feed},
		Columns: []Column{teamColumn(), text("feed", "Feed."), number("covered", "percentunit", "Mean covered share of the days of the range that were judged; unknown when none was."),
			count("blinds", "Verdicts that it made UNVERIFIABLE at the last judged day of the range."), when("newest", "Time of the newest event."), number("age", "s", "From the newest event to the end of the range."),
			when("read", "When records were stored last."), count("received", "Records that came in, ever."), count("stored", "Of these stored."), count("filtered", "Of these left out as seen before."),
			count("dead", "Of these dead letters."), count("flagged", "Stored, but with a time that cannot be believed."), text("accounts", "Accounts seen in it, 20 at most.")},
	},
	{
		Name: "coverage_days", Title: "Coverage by feed and day", Shape: SeriesLong, Unit: "percentunit", Limit: mostPoints, TimeRange: rangeDays,
		Description: "The share of each day (UTC) in which a feed was covered, 0 to 1. A day that was not judged has no point.",
		Params:      []Param{team, feed},
		Columns:     []Column{when("time", "Start of the day."), teamColumn(), text("feed", "Feed."), number("covered", "percentunit", "Covered share of the day.")},
	},
	{
		Name: "coverage_blinds", Title: "What gaps made unverifiable", Shape: Table, Limit: mostRows, TimeRange: rangeDays,
		Description: "Feeds by the number of verdicts that their gaps made UNVERIFIABLE, most first.",
		Params:      []Param{team, feed},
		Columns: []Column{teamColumn(), text("feed", "Feed."), count("blinds", "Verdicts made UNVERIFIABLE at the last judged day."), number("covered", "percentunit", "Mean covered share of the days."),
			text("grade", "Grade of the evidence at the last judged day: C3 lossless, C2 continuous, C1 canary, C0 volume."), count("days_short", "Days that were not covered as a whole."), when("judged", "The last judged day.")},
	},
	{
		Name: "feed_gaps", Title: "Gaps of feeds", Shape: Annotations, Limit: 1000, TimeRange: rangeEvents,
		Description: "Stretches of feeds without evidence that reach into the range, newest first, as annotations and as a table.",
		Params:      []Param{team, feed},
		Columns: []Column{when("time", "Start of the gap."), when("timeEnd", "End of the gap."), text("title", "Which feed."), text("text", "Why, and what it made unverifiable."), text("tags", "gap"),
			teamColumn(), text("feed", "Feed."), text("why", "silence, before the first record, StopLogging …"), number("duration", "s", "How long."), count("blinds", "Verdicts that the feed made UNVERIFIABLE on that day.")},
	},
}
