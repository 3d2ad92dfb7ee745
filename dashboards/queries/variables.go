package queries

var valueColumns = []Column{text("value", "What is sent."), text("text", "What is shown.")}

func variable(name, title, description string, timeRange string, params ...Param) Query {
	return Query{Name: name, Title: title, Description: description, Shape: Table, Limit: mostRows, Variable: "value", TimeRange: timeRange, Params: params, Columns: valueColumns}
}

var few = Param{Name: "limit", Kind: KindInt, Default: []string{"1000"}, Min: 1, Max: mostRows, Description: "Values at most."}

// variableQueries offer values for template variables. The query feeds offers feeds.
var variableQueries = []Query{
	variable("teams", "Teams to choose from", "Teams of which anything is stored, within the scope of who asks.", rangeNow, team, search, few),
	variable("providers", "Providers to choose from", "Providers of findings, grants and credentials.", rangeNow, team, search, few),
	variable("identities", "Identities to choose from", "Accounts, identities of findings and records of people and NHIs, by name.", rangeEnd, team, search, few),
	variable("kinds", "Kinds to choose from", "Kinds of findings that there are or were.", rangeNow, team, search, few),
	variable("severities", "Severities to choose from", "Severities of findings that there are or were, gravest first.", rangeNow, team),
	variable("figures", "Figures to choose from", "Figures that evaluations wrote.", rangeNow, team, search, few),
}
