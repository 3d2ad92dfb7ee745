package queries_test

import (
	"bytes"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/grantwatch/grantwatch/dashboards/queries"
	"github.com/grantwatch/grantwatch/detect/ledger"
	"github.com/grantwatch/grantwatch/store"
)

// relied are the queries that dashboards, the data source and other branches of the code name.
var relied = strings.Fields(`findings findings_count findings_by_kind findings_trend finding_history findings_opened feed_gaps feeds coverage_days
	coverage_blinds team_scorecard figure_trend drift_change exceptions_expiring governance revocation_latency credentials visibility nhi_ratio
	identity_timeline identity_reach identity_credentials raw_logs rules_hits rules_cost evaluations pipeline_rate pipeline_records
	pipeline_conservation pipeline_lag dead_letters deliveries table_sizes teams providers identities kinds severities figures`)

func TestTheListIsWhole(t *testing.T) {
	var names []string
	for _, q := range queries.All() {
		names = append(names, q.Name)
		if q.Title == "" || q.Description == "" || q.TimeRange == "" || q.Limit <= 0 || len(q.Columns) == 0 || !strings.HasSuffix(q.Description, ".") {
			t.Errorf("%s is not described", q.Name)
		}
		seen := map[string]bool{}
		for _, c := range q.Columns {
			if c.Name == "" || c.Description == "" || seen[c.Name] {
				t.Errorf("%s: column %q is not described, or there twice", q.Name, c.Name)
			}
			seen[c.Name] = true
		}
		for _, p := range q.Params {
			if p.Name == "" || p.Description == "" {
				t.Errorf("%s: parameter %q is not described", q.Name, p.Name)
			}
		}
	}
	slices.Sort(names)
	if panels := store.PanelNames(); !slices.Equal(names, panels) {
		t.Errorf("the list and the statements differ:\n%v\n%v", names, panels)
	}
	for _, name := range relied {
		if _, ok := queries.Find(name); !ok {
			t.Errorf("%s is gone", name)
		}
	}
}

// TestParametersAreThoseOfTheStatement holds each query to its file: no parameter without a use, none without a value.
func TestParametersAreThoseOfTheStatement(t *testing.T) {
	for _, q := range queries.All() {
		have := store.PanelParams(q.Name)
		for _, p := range q.Params {
			name := p.Name
			if p.Kind == queries.KindTeam {
				name = "teams"
			}
			if !slices.Contains(have, name) && (p.Name != "identity" || !slices.Contains(have, "names")) {
				t.Errorf("%s: the statement has no {%s:…}", q.Name, name)
			}
		}
		for _, name := range have {
			_, ok := q.Param(name)
			if !ok && !slices.Contains([]string{"all", "teams", "from", "to", "interval", "limit", "names"}, name) {
				t.Errorf("%s: the statement has {%s:…}, the query has not", q.Name, name)
			}
		}
	}
}

var (
	source = regexp.MustCompile(`(?:FROM|JOIN) ([a-z_]+)\b`)
	wall   = "({all:UInt8} = 1 OR team IN {teams:Array(String)})"
	common = map[string]bool{"names": true, "direct": true, "through": true, "picked": true, "numbers": true}
)

// TestEveryTableIsWalled reads the statements: wherever one reads a table, the scope stands in the same SELECT. Tables
// without a team are named here, each with what walls it instead.
func TestEveryTableIsWalled(t *testing.T) {
	without := map[string]string{
		"deliveries": "is joined with findings of the scope, and rows without one are left out",
		"system":     "is for those who see every team: its condition is {all:UInt8} = 1",
	}
	for _, name := range store.PanelNames() {
		text := store.PanelStatement(name)
		for _, at := range source.FindAllStringSubmatchIndex(text, -1) {
			table := text[at[2]:at[3]]
			if common[table] || without[table] != "" {
				continue
			}
			if !strings.Contains(condition(text[at[1]:]), wall) {
				t.Errorf("%s reads %s without the scope beside it", name, table)
			}
		}
		if !strings.Contains(text, "{all:UInt8} = 1") || !strings.Contains(text, "LIMIT {limit:UInt64}") {
			t.Errorf("%s has no scope or no limit", name)
		}
	}
}

// condition is the text of a SELECT from a table's name to its end: to the parenthesis that closes it, or the end.
func condition(text string) string {
	depth := 0
	for i, c := range text {
		switch c {
		case '(':
			depth++
		case ')':
			if depth--; depth < 0 {
				return text[:i]
			}
		}
		if depth == 0 && strings.HasPrefix(text[i:], "UNION ALL") {
			return text[:i]
		}
	}
	return text
}

// TestFiguresAreThoseOfTheLedger holds the choices of the parameter figure to what evaluations write.
func TestFiguresAreThoseOfTheLedger(t *testing.T) {
	var names []string
	for _, f := range ledger.FigureNames() {
		names = append(names, f.Name)
	}
	have := slices.Clone(queries.Figures)
	slices.Sort(names)
	slices.Sort(have)
	if !slices.Equal(names, have) {
		t.Errorf("the figures differ:\n%v\n%v", have, names)
	}
	if queries.Organisation != ledger.Organisation {
		t.Errorf("the organisation is %q here and %q there", queries.Organisation, ledger.Organisation)
	}
}

func TestThePageIsUpToDate(t *testing.T) {
	have, err := os.ReadFile("../../docs/queries.md")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, queries.Page()) {
		t.Error("docs/queries.md is out of date: run make generate")
	}
}
