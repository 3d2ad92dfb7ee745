package grafana

// source is the data source that is chosen in the variable of every dashboard.
var source = &Ref{Type: PluginID, UID: "${datasource}"}

// docs is where the documentation is read.
const docs = "https://github.com/grantwatch/grantwatch/blob/main/docs/"

// params are the parameters of a query.
type params map[string]any

// cell is a panel and its width.
type cell struct {
	width int
	panel Panel
}

// band is a row of panels of one height, under a heading if it has one.
type band struct {
	heading string
	height  int
	cells   []cell
}

// board lays panels out in bands, from above and from the left, and gives them numbers in that order.
func board(d Dashboard, bands ...band) Dashboard {
	d.SchemaVersion, d.Version, d.Editable, d.GraphTooltip = SchemaVersion, 1, true, 1
	d.Timezone = "browser"
	d.Tags = append([]string{"grantwatch"}, d.Tags...)
	d.Links = links(d.UID)
	y, id := 0, 0
	for _, b := range bands {
		if b.heading != "" {
			id++
			open := false
			d.Panels = append(d.Panels, Panel{ID: id, Type: "row", Title: b.heading, GridPos: Grid{H: 1, W: 24, Y: y}, Collapsed: &open})
			y++
		}
		x := 0
		for _, c := range b.cells {
			id++
			p := c.panel
			p.ID, p.GridPos, p.DataSource = id, Grid{H: b.height, W: c.width, X: x, Y: y}, source
			for i := range p.Targets {
				p.Targets[i].RefID, p.Targets[i].DataSource = string(rune('A'+i)), source
			}
			d.Panels = append(d.Panels, p)
			x += c.width
		}
		y += b.height
	}
	return d
}

// links lead from each dashboard to all others, with the time and what is chosen in the variables.
func links(from string) []Link {
	var out []Link
	for _, to := range index {
		if to.uid != from {
			out = append(out, Link{Title: to.title, Type: "link", Icon: "dashboard", Tooltip: to.tooltip, URL: "/d/" + to.uid, IncludeVars: true, KeepTime: true})
		}
	}
	return append(out, Link{Title: "Runbooks", Type: "link", Icon: "doc", Tooltip: "What to do when something is wrong", URL: docs + "runbooks/README.md", TargetBlank: true})
}

// index are all dashboards, in the order of their links.
var index = []struct{ uid, title, tooltip string }{
	{"grantwatch-soc", "SOC overview", "What is open now"},
	{"grantwatch-team", "Team scorecard", "How each team is doing, and what is recommended"},
	{"grantwatch-identity", "Identity", "One identity: what it did, what it can reach, its credentials"},
	{"grantwatch-coverage", "Log coverage", "What the logs can prove, and what not"},
	{"grantwatch-rules", "Rules", "What rules found and what they judged"},
	{"grantwatch-pipeline", "Pipeline health", "Whether records arrive, and what becomes of them"},
}

// runbook is a link of a panel.
func runbook(name, title string) Link {
	return Link{Title: title, URL: docs + "runbooks/" + name + ".md", TargetBlank: true}
}

// all is what Grafana sends for All; the backend knows it. As the variable's own value for All it keeps a thousand
// names from being sent for "everything".
const all = "$__all"

// dataSource is the variable from which every panel takes its data source.
func dataSource() Variable {
	return Variable{Name: "datasource", Label: "Data source", Type: "datasource", Query: PluginID, Refresh: 1, Options: []string{}}
}

// many is a variable of which several values can be chosen, and All.
func many(name, label, list string, p params) Variable {
	everything := all
	return Variable{
		Name: name, Label: label, Type: "query", DataSource: source, Query: Target{RefID: name, Query: list, Params: values(p)}, Definition: list, Refresh: 2,
		Multi: true, IncludeAll: true, AllValue: &everything, Current: &Current{Text: []string{"All"}, Value: []string{all}}, Options: []string{},
	}
}

// one is a variable of which one value is chosen.
func one(name, label, list string, p params) Variable {
	return Variable{Name: name, Label: label, Type: "query", DataSource: source, Query: Target{RefID: name, Query: list, Params: values(p)}, Definition: list, Refresh: 2, Options: []string{}}
}

func values(p params) map[string]any {
	if p == nil {
		return map[string]any{}
	}
	return p
}

// The variables that most dashboards have.
func teamVariable() Variable { return many("team", "Team", "teams", nil) }
func providerVariable() Variable {
	return many("provider", "Provider", "providers", params{"team": chosenTeams})
}
func kindVariable() Variable { return many("kind", "Kind", "kinds", params{"team": chosenTeams}) }
func severityVariable() Variable {
	return many("severity", "Severity", "severities", params{"team": chosenTeams})
}
func feedVariable() Variable { return many("feed", "Feed", "feeds", params{"team": chosenTeams}) }

var (
	chosenTeams      = []string{"$team"}
	chosenProviders  = []string{"$provider"}
	chosenKinds      = []string{"$kind"}
	chosenSeverities = []string{"$severity"}
	chosenFeeds      = []string{"$feed"}
)

// opened marks grave findings where they were opened, gaps marks stretches without evidence.
func opened() Mark {
	return Mark{Name: "Findings opened (critical, high)", DataSource: *source, Enable: true, IconColor: "red",
		Target: Target{RefID: "Anno", Query: "findings_opened", Params: params{"team": chosenTeams, "severity": []string{"critical", "high"}}}}
}

func gaps() Mark {
	return Mark{Name: "Gaps in feeds", DataSource: *source, Enable: true, IconColor: "orange",
		Target: Target{RefID: "Anno", Query: "feed_gaps", Params: params{"team": chosenTeams}}}
}

func marks(m ...Mark) Marks { return Marks{List: m} }
