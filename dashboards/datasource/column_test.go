package datasource_test

import (
	"strings"
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/grantwatch/grantwatch/dashboards/queries"
)

// An alert rule tells series apart by their labels alone: no two may be alike, with one column or with all.
func TestSeriesOfAlertRulesAreToldApart(t *testing.T) {
	organisation(t, "apart")
	g, pc := start(t), sourceOf(1, "apart", nil).as(nil)
	headers := map[string]string{backend.FromAlertHeaderName: "true"}
	for _, q := range queries.All() {
		if q.Shape != queries.NumericLong && q.Shape != queries.SeriesLong && q.Shape != queries.SeriesWide {
			continue
		}
		columns := []string{""}
		for _, c := range q.Columns {
			if c.Type == queries.Count || c.Type == queries.Number {
				columns = append(columns, c.Name)
			}
		}
		for _, column := range columns {
			f := g.frame(t, pc, ask{query: q.Name, params: needed(&q), headers: headers, extra: map[string]any{"column": column}})
			seen := map[string]bool{}
			for _, x := range f.Fields {
				if !x.Type().Numeric() {
					continue
				}
				if seen[x.Labels.String()] {
					t.Errorf("%s, column %q: two series have the labels %s", q.Name, column, x.Labels)
				}
				if seen[x.Labels.String()] = true; column != "" && x.Name != column {
					t.Errorf("%s: %s was not asked for", q.Name, x.Name)
				}
			}
			if len(seen) == 0 {
				t.Errorf("%s, column %q: no series", q.Name, column)
			}
		}
	}
}

func TestAColumnThatIsNotThere(t *testing.T) {
	organisation(t, "columns")
	g, pc := start(t), sourceOf(1, "columns", nil).as(nil)
	for query, column := range map[string]string{"findings_count": "opne", "findings": "severity", "teams": "value"} {
		got, err := g.query(t.Context(), pc, ask{query: query, extra: map[string]any{"column": column}})
		if err != nil {
			t.Fatal(err)
		}
		if got.Error == nil || !strings.Contains(got.Error.Error(), "no column of numbers") {
			t.Errorf("%s takes the column %s: %v", query, column, got.Error)
		}
	}
	f := g.frame(t, pc, ask{query: "findings", extra: map[string]any{"column": "age"}})
	if f.Fields[0].Name != "severity" || f.Fields[len(f.Fields)-1].Type() == data.FieldTypeNullableFloat64 {
		t.Error("the texts beside a column are gone")
	}
}
