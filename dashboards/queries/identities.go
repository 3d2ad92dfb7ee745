package queries

var (
	answer = Param{Name: "answer", Kind: KindChoice, Multi: true, Choices: []string{"known", "stale", "unknown"}, Description: "Only credentials with such an answer to any of the three questions."}

	credentialColumns = []Column{teamColumn(), text("identity", "Whose it is."), text("identity_kind", "service, workload, agent, third-party …"), text("credential", "Its id; never a secret."),
		text("kind", "What sort of credential."), text("provider", "Where."), text("owner", "The accountable owner on record."),
		text("issuer_state", "known, stale or unknown."), text("issuer", "Who issued it."), text("reach_state", "known, stale or unknown."), count("reach", "How many grants it can use."),
		number("reach_weight", "none", "Their privilege weight."), text("expiry_state", "known, stale or unknown."), text("expiry", "In words: a moment, never, or how long its sessions last."), when("expires", "When it expires; nothing when never."),
		number("in", "s", "From the end of the range until then."), text("issuer_evidence", "How the issuer is known."), text("reach_evidence", "How the reach is known."),
		text("expiry_evidence", "How the expiry is known."), when("judged", "When these answers were found."), text("identity_uid", "The identity's uid.")}
)

var identityQueries = []Query{
	{
		Name: "credentials", Title: "Credentials of non-human identities", Shape: Table, Limit: mostRows, TimeRange: rangeEnd,
		Description: "Who issued each credential, what it can reach and when it expires, each known, stale or unknown; least known first (docs/verdicts.md, visibility).",
		Params:      []Param{team, provider, answer, search, rows}, Columns: credentialColumns,
	},
	{
		Name: "identity_credentials", Title: "Credentials of one identity", Shape: Table, Limit: mostRows, TimeRange: rangeEnd,
		Description: "The credentials of one identity with the same three answers.",
		Params:      []Param{team, who}, Columns: credentialColumns,
	},
	{
		Name: "identity_names", Title: "Names of one identity", Shape: Table, Limit: 500, TimeRange: rangeNow,
		Description: "The names that one identity goes by beside the one asked for: of its accounts, and the aliases on its record. The other queries on one identity look for all of them.",
		Params:      []Param{team, who},
		Columns:     []Column{text("name", "A name, as events and grants have it."), text("found", "How it is known.")},
	},
	{
		Name: "identity_timeline", Title: "What one identity did", Shape: Table, Limit: mostRows, TimeRange: rangeEvents, newest: true, threads: 2,
		Description: "Events of one identity under all its names, newest first, each event once. Events flagged for their clock are among them.",
		Params:      []Param{team, who, feed, outcome, newest},
		Columns: []Column{when("time", "When, by the event's own clock."), teamColumn(), text("feed", "Feed."), text("provider", "Provider."), text("account", "Account, cluster or organisation."),
			text("action", "The provider's own word."), text("outcome", "success, failure, denied or unknown."), text("error", "What the provider said."), text("permission", "The permission that was exercised."),
			text("targets", "On what, 5 at most."), text("src_ip", "From where."), text("user_agent", "With what."), text("via", "What allowed it, where the provider says."),
			text("change", "For changes of access: grant, revoke, create, disable, rotate."), text("change_subject", "Whose access was changed."), text("actor", "Under which name."), text("session", "Session."), text("id", "The event's id.")},
	},
	{
		Name: "identity_activity", Title: "How much one identity did", Shape: SeriesWide, Unit: "short", Limit: mostPoints, TimeRange: rangeEvents, threads: 2,
		Description: "Events of one identity per interval. An event that two feeds carry counts twice.",
		Params:      []Param{team, who, feed},
		Columns:     []Column{when("time", "Start of the interval."), count("success", "Succeeded."), count("denied", "Were denied."), count("other", "Failed, or the outcome is unknown.")},
	},
	{
		Name: "identity_reach", Title: "What one identity can reach", Shape: Table, Limit: mostRows, TimeRange: rangeEnd,
		Description: "Grants that one identity had at the end of the range, its own and those of its groups (one step), with what is said of each now.",
		Params:      []Param{team, who},
		Columns: []Column{text("provider", "Provider."), text("account", "Account, cluster or organisation."), text("permission", "Action pattern or role."), text("resource", "Resource pattern, namespace, group or role."),
			text("subject", "Who holds it: the identity or a group."), text("kind", "permission, membership or assume."), text("path", "How it is held."), text("privileged", "yes or no."),
			text("verdict", "Of an open UNUSED_GRANT finding; empty when there is none."), text("severity", "Of the same."), when("granted_at", "When it was granted."), text("granted_by", "By whom."),
			when("expires_at", "When it ends."), when("seen", "First snapshot of this stretch that has it."), teamColumn(), text("grant", "Its id.")},
	},
	{
		Name: "raw_logs", Title: "Evidence", Shape: LogLines, Limit: mostRows, TimeRange: rangeEvents, newest: true,
		Description: "Records as they came, where the feed keeps them (keep_raw), else the normalised event as a line; newest first. The label form says which.",
		Params:      []Param{team, provider, feed, outcome, whom, search, newest},
		Columns: []Column{when("timestamp", "When, by the event's own clock."), text("body", "The record, 64 KiB at most."), text("severity", "info, warning (denied, or a clock that cannot be believed) or error (failed)."),
			text("id", "The event's id."), text("labels", "Labels as a JSON object."), teamColumn(), text("feed", "Feed.")},
	},
	{
		Name: "raw_bodies", Title: "Records as they came", Shape: Table, Limit: mostRows, TimeRange: rangeEvents,
		Description: "Records by the ids of their events, as far as they are kept.",
		Params:      []Param{team, {Name: "id", Kind: KindText, Multi: true, Needed: true, Description: "Ids of events."}},
		Columns:     []Column{teamColumn(), text("feed", "Feed."), text("id", "The event's id."), text("raw", "The record, 64 KiB at most.")},
	},
}
