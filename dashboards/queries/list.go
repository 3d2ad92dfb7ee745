package queries

import "slices"

// list is every query that there is. Order is the order of the documentation.
var list = slices.Concat(findingQueries, coverageQueries, teamQueries, identityQueries, ruleQueries, pipelineQueries, variableQueries)

// What the time range means.
const (
	rangeEvents = "rows whose time lies in it"
	rangeEnd    = "only its end counts: the state then, ages up to then"
	rangeNow    = "not used: what is stored now"
	rangeDays   = "the days that it touches"
)

const defaultRows, mostRows, mostPoints = 500, 5000, 50_000

// The parameters that several queries share.
var (
	team     = Param{Name: "team", Kind: KindTeam, Multi: true, Description: "Teams; the scope of who asks always narrows it further."}
	provider = Param{Name: "provider", Kind: KindProvider, Multi: true, Description: "Providers: aws, kubernetes, okta …"}
	kind     = Param{Name: "kind", Kind: KindKind, Multi: true, Description: "Kinds of findings: UNUSED_GRANT, OUT_OF_BAND …"}
	severity = Param{Name: "severity", Kind: KindSeverity, Multi: true, Choices: severities, Description: "Severities."}
	feed     = Param{Name: "feed", Kind: KindFeed, Multi: true, Description: "Feeds."}
	rule     = Param{Name: "rule", Kind: KindRule, Multi: true, Description: "Rules, by id."}
	search   = Param{Name: "text", Kind: KindText, Description: "Only rows that contain it, whatever the case."}
	outcome  = Param{Name: "outcome", Kind: KindChoice, Multi: true, Choices: []string{"success", "failure", "denied", "unknown"}, Description: "What became of the action."}
	whom     = Param{Name: "identity", Kind: KindIdentity, Description: "One identity, by uid or name."}
	who      = Param{Name: "identity", Kind: KindIdentity, Needed: true, Description: "One identity: the uid or name of its account, or of its record. All accounts that the record names as aliases belong to it."}
	newest   = Param{Name: "limit", Kind: KindInt, Default: []string{"100"}, Min: 1, Max: mostRows, Description: "Rows at most, the newest. Each may lie in a block of its own, so that more take longer."}
	rows     = Param{Name: "limit", Kind: KindInt, Default: []string{"500"}, Min: 1, Max: mostRows, Description: "Rows at most."}

	severities = []string{"critical", "high", "medium", "low", "info"}
	states     = []string{"open", "reopened", "excepted", "resolved"}
	verdicts   = []string{"UNUSED", "OVERBROAD", "UNVERIFIABLE", "VIOLATION"}
)

func named(name, typ, unit, description string) Column {
	return Column{Name: name, Type: Type(typ), Unit: unit, Description: description}
}

func text(name, description string) Column  { return named(name, "text", "", description) }
func count(name, description string) Column { return named(name, "count", "short", description) }
func when(name, description string) Column  { return named(name, "time", "dateTimeAsIso", description) }
func number(name, unit, description string) Column {
	return named(name, "number", unit, description)
}

func teamColumn() Column { return text("team", "The team that answers for it.") }
