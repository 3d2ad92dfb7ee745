package grafana

import (
	"bytes"
	"fmt"

	"github.com/goccy/go-yaml"
)

// rule is one Grafana-managed alert rule: a query, one number of each of its series, and when that number is too much.
type rule struct {
	uid, title       string
	severity         string
	query            Target
	window           int    // seconds that the query looks back
	reducer          string // of the window: last, sum
	evaluator        string // gt, outside_range, lt
	limits           []float64
	pending          string
	noData           string // Alerting where silence is the problem, OK where it is none
	summary, details string
	runbook          string
	panel            string // title of a panel of the pipeline's dashboard
}

// alertRules watch the pipeline itself. What it finds is told by Grantwatch; that it stopped finding, nobody else can tell.
var alertRules = []rule{
	{
		uid: "grantwatch-feed-silent", title: "A feed is silent", severity: "warning", query: target("findings_by_feed", params{"kind": []string{"FEED_SILENT"}}).column("open"),
		window: 900, reducer: "last", evaluator: "gt", limits: []float64{0}, pending: "5m", noData: "OK", runbook: "feed-silent", panel: "Lag",
		summary: "feed {{ .Labels.feed }} of {{ .Labels.team }} says nothing for longer than it may",
		details: "What its logs would have shown cannot be proved: verdicts that need them become UNVERIFIABLE.",
	},
	{
		uid: "grantwatch-conservation", title: "Records are unaccounted for", severity: "critical", query: target("pipeline_conservation", nil).column("off"),
		window: 900, reducer: "last", evaluator: "outside_range", limits: []float64{0, 0}, pending: "5m", noData: "OK", runbook: "conservation", panel: "Records unaccounted for",
		summary: "feed {{ .Labels.feed }} of {{ .Labels.team }}: received is not stored + filtered + dead",
		details: "This is a defect of Grantwatch, or somebody wrote to its tables.",
	},
	{
		uid: "grantwatch-lag", title: "A feed lags", severity: "warning", query: target("pipeline_lag", nil).column("age"),
		window: 900, reducer: "last", evaluator: "gt", limits: []float64{3600}, pending: "10m", noData: "OK", runbook: "lag", panel: "Age of the newest event",
		summary: "feed {{ .Labels.feed }} of {{ .Labels.team }}: its newest event is over an hour old",
		details: "Either nothing happens there, or records are late, or nothing reads them.",
	},
	{
		uid: "grantwatch-dead-letters", title: "Records cannot be read", severity: "warning", query: target("pipeline_records", nil).column("dead"),
		window: 3600, reducer: "sum", evaluator: "gt", limits: []float64{100}, pending: "5m", noData: "OK", runbook: "dead-letters", panel: "Dead letters",
		summary: "over 100 records of the last hour could not be read",
		details: "What cannot be read is no evidence of use. The feeds are in the panel.",
	},
	{
		// Figures are written by every evaluation. The condition itself never holds: there being none is what fires.
		uid: "grantwatch-no-evaluation", title: "Nothing is evaluated", severity: "critical", query: target("figure_trend", params{"figure": []string{"open"}}).column("value"),
		window: 900, reducer: "last", evaluator: "lt", limits: []float64{0}, pending: "1m", noData: "Alerting", runbook: "no-evaluation", panel: "Records per second",
		summary: "no evaluation was written for 15 minutes",
		details: "Findings, figures and alerts are as old as the last evaluation.",
	},
}

// What Grafana reads as provisioning of alert rules. Texts hold no dollar sign: Grafana would take it for a variable of
// its environment.
type provisioned struct {
	APIVersion int     `yaml:"apiVersion"`
	Groups     []group `yaml:"groups"`
}

type group struct {
	OrgID    int         `yaml:"orgId"`
	Name     string      `yaml:"name"`
	Folder   string      `yaml:"folder"`
	Interval string      `yaml:"interval"`
	Rules    []alertRule `yaml:"rules"`
}

type alertRule struct {
	UID          string            `yaml:"uid"`
	Title        string            `yaml:"title"`
	Condition    string            `yaml:"condition"`
	For          string            `yaml:"for"`
	NoDataState  string            `yaml:"noDataState"`
	ExecErrState string            `yaml:"execErrState"`
	DashboardUID string            `yaml:"dashboardUid"`
	PanelID      int               `yaml:"panelId"`
	Labels       map[string]string `yaml:"labels"`
	Annotations  map[string]string `yaml:"annotations"`
	IsPaused     bool              `yaml:"isPaused"`
	Data         []alertData       `yaml:"data"`
}

type alertData struct {
	RefID             string         `yaml:"refId"`
	RelativeTimeRange timeWindow     `yaml:"relativeTimeRange"`
	DatasourceUID     string         `yaml:"datasourceUid"`
	Model             map[string]any `yaml:"model"`
}

type timeWindow struct {
	From int `yaml:"from"`
	To   int `yaml:"to"`
}

const expression = "__expr__"

func expr(ref, kind, of string, more map[string]any) alertData {
	m := map[string]any{"refId": ref, "type": kind, "expression": of, "datasource": map[string]any{"type": expression, "uid": expression}}
	for k, v := range more {
		m[k] = v
	}
	return alertData{RefID: ref, DatasourceUID: expression, Model: m}
}

func (r *rule) provisioned() (alertRule, error) {
	d := pipeline()
	id := 0
	for _, p := range d.Panels {
		if p.Title == r.panel && p.Type != "row" {
			id = p.ID
			break
		}
	}
	if id == 0 {
		return alertRule{}, fmt.Errorf("alert rule %s: %s has no panel named %q", r.uid, d.UID, r.panel)
	}
	ask := map[string]any{
		"refId": "A", "datasource": map[string]any{"type": PluginID, "uid": DataSourceUID}, "query": r.query.Query, "params": r.query.Params, "column": r.query.Column,
		"intervalMs": 60_000, "maxDataPoints": 1000,
	}
	return alertRule{
		UID: r.uid, Title: r.title, Condition: "C", For: r.pending, NoDataState: r.noData, ExecErrState: "Error", DashboardUID: d.UID, PanelID: id,
		Labels: map[string]string{"severity": r.severity, "service": "grantwatch"},
		Annotations: map[string]string{
			"summary": r.summary, "description": r.details, "runbook_url": docs + "runbooks/" + r.runbook + ".md",
		},
		Data: []alertData{
			{RefID: "A", RelativeTimeRange: timeWindow{From: r.window}, DatasourceUID: DataSourceUID, Model: ask},
			expr("B", "reduce", "A", map[string]any{"reducer": r.reducer, "settings": map[string]any{"mode": "dropNN"}}),
			expr("C", "threshold", "B", map[string]any{"conditions": []any{map[string]any{"evaluator": map[string]any{"type": r.evaluator, "params": r.limits}}}}),
		},
	}, nil
}

func alerts() ([]byte, error) {
	out := provisioned{APIVersion: 1, Groups: []group{{OrgID: 1, Name: "grantwatch-pipeline", Folder: "Grantwatch", Interval: "1m"}}}
	for i := range alertRules {
		r, err := alertRules[i].provisioned()
		if err != nil {
			return nil, err
		}
		out.Groups[0].Rules = append(out.Groups[0].Rules, r)
	}
	var b bytes.Buffer
	b.WriteString("# Alert rules on Grantwatch's own pipeline, for Grafana's provisioning. Written by make generate; change dashboards/grafana/alerts.go.\n")
	text, err := yaml.MarshalWithOptions(out, yaml.IndentSequence(true))
	if err != nil {
		return nil, err
	}
	b.Write(text)
	return b.Bytes(), nil
}
