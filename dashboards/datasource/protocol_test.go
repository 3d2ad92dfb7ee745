package datasource_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/grantwatch/grantwatch/dashboards/queries"
)

// needed gives the parameters without which a query has no rows.
func needed(q *queries.Query) map[string]any {
	p := map[string]any{}
	for _, param := range q.Params {
		switch {
		case param.Needed && q.Name == "identity_credentials":
			p[param.Name] = "AROA1"
		case param.Needed && param.Kind == queries.KindIdentity:
			p[param.Name] = "cleo"
		case param.Needed && param.Name == "id":
			p[param.Name] = []string{"p001", "p002"}
		case param.Needed:
			p[param.Name] = []string{"open", "severity"}
		}
	}
	return p
}

func TestEveryQueryHasItsFrame(t *testing.T) {
	organisation(t, "golden")
	g, pc := start(t), sourceOf(1, "golden", nil).as(nil)
	t.Logf("the plugin answered %s after it was started", g.started)
	for _, q := range queries.All() {
		t.Run(q.Name, func(t *testing.T) {
			f := g.frame(t, pc, ask{query: q.Name, params: needed(&q)})
			if f.Meta == nil || f.Meta.Type == "" || f.Meta.TypeVersion != (data.FrameTypeVersion{0, 1}) {
				t.Errorf("the frame does not say what it is: %+v", f.Meta)
			}
			if f.Rows() == 0 {
				t.Error("no rows")
			}
			if q.Name != "table_sizes" { // sizes on disk differ from run to run
				golden(t, q.Name, f)
			}
		})
	}
}

func TestEveryQueryInAnAlertRule(t *testing.T) {
	organisation(t, "alerting")
	g, pc := start(t), sourceOf(1, "alerting", nil).as(nil)
	headers := map[string]string{backend.FromAlertHeaderName: "true"}
	for _, q := range queries.All() {
		t.Run(q.Name, func(t *testing.T) {
			got, err := g.query(t.Context(), pc, ask{query: q.Name, params: needed(&q), headers: headers})
			if err != nil {
				t.Fatal(err)
			}
			switch q.Shape {
			case queries.NumericLong, queries.SeriesLong, queries.SeriesWide:
			default:
				if got.Error == nil || !strings.Contains(got.Error.Error(), "no alert rule") {
					t.Errorf("a %s was taken: %v", q.Shape, got.Error)
				}
				return
			}
			if got.Error != nil {
				t.Fatal(got.Error)
			}
			f := got.Frames[0]
			if kind := f.TimeSeriesSchema().Type; kind != data.TimeSeriesTypeWide {
				t.Errorf("it is no wide series but %s", kind)
			}
			golden(t, "alert_"+q.Name, f)
		})
	}
}

func TestNoDataSaysWhatItIs(t *testing.T) {
	database(t, "blank")
	g, pc := start(t), sourceOf(1, "blank", nil).as(nil)
	for _, q := range queries.All() {
		if q.Name == "table_sizes" {
			continue // the list of migrations is a table too
		}
		f := g.frame(t, pc, ask{query: q.Name, params: needed(&q)})
		if q.Shape == queries.SeriesWide {
			for _, field := range f.Fields[1:] { // filled with zeros
				for i := range field.Len() {
					if n, _ := field.At(i).(int64); n != 0 {
						t.Errorf("%s: %s is %d", q.Name, field.Name, n)
					}
				}
			}
		} else if f.Rows() != 0 {
			t.Errorf("%s: %d rows", q.Name, f.Rows())
		}
		if len(f.Fields) != len(q.Columns) {
			t.Errorf("%s: %d fields without data, %d columns", q.Name, len(f.Fields), len(q.Columns))
		}
		for i, c := range q.Columns {
			if f.Fields[i].Name != c.Name {
				t.Errorf("%s: field %d is %s, not %s", q.Name, i, f.Fields[i].Name, c.Name)
			}
		}
		if q.Shape != queries.NumericLong && q.Shape != queries.SeriesLong {
			continue
		}
		f = g.frame(t, pc, ask{query: q.Name, params: needed(&q), headers: map[string]string{backend.FromAlertHeaderName: "true"}})
		if len(f.Fields) != 0 {
			t.Errorf("%s: an alert rule would take %d fields without data for data", q.Name, len(f.Fields))
		}
	}
}

func TestOddRangesAndZones(t *testing.T) {
	organisation(t, "ranges")
	g, pc := start(t), sourceOf(1, "ranges", nil).as(nil)
	kathmandu := time.FixedZone("+05:45", 5*3600+45*60)
	for name, r := range map[string][2]time.Time{
		"a second":         {time.Date(2026, 8, 31, 23, 30, 0, 0, time.UTC), time.Date(2026, 8, 31, 23, 30, 1, 0, time.UTC)},
		"no whole second":  {time.Date(2026, 8, 31, 23, 30, 0, 1, time.UTC), time.Date(2026, 8, 31, 23, 30, 0, 999_999_999, time.UTC)},
		"two centuries":    {time.Date(1971, 1, 2, 0, 0, 0, 0, time.UTC), time.Date(2199, 1, 1, 0, 0, 0, 0, time.UTC)},
		"the far future":   {time.Date(2150, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2150, 2, 1, 0, 0, 0, 0, time.UTC)},
		"a quarter's zone": {time.Date(2026, 8, 30, 5, 45, 0, 0, kathmandu), time.Date(2026, 9, 1, 5, 45, 1, 0, kathmandu)},
	} {
		for _, q := range queries.All() {
			got, err := g.query(t.Context(), pc, ask{query: q.Name, params: needed(&q), from: r[0], to: r[1]})
			if err != nil || got.Error != nil {
				t.Errorf("%s, %s: %v %v", name, q.Name, err, got.Error)
			}
		}
	}
	for name, r := range map[string][2]time.Time{
		"backwards": {time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC)},
		"no time":   {time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)},
		"year 1900": {time.Date(1900, 9, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)},
	} {
		got, err := g.query(t.Context(), pc, ask{query: "findings", from: r[0], to: r[1]})
		if err != nil || got.Error == nil || !strings.Contains(got.Error.Error(), "parameter range") {
			t.Errorf("%s: %v %v", name, err, got.Error)
		}
	}
}

func TestWrongQueriesAreNamed(t *testing.T) {
	organisation(t, "wrong")
	g, pc := start(t), sourceOf(1, "wrong", nil).as(nil)
	for _, c := range []struct {
		ask  ask
		want string
	}{
		{ask{query: "SELECT 1"}, `unknown query "SELECT 1"`},
		{ask{query: ""}, "no query is chosen"},
		{ask{query: "findings", params: map[string]any{"teams": "payments"}}, "parameter teams: there is no such parameter"},
		{ask{query: "findings", params: map[string]any{"severity": "grave"}}, `parameter severity: "grave" is not one of critical, high`},
		{ask{query: "findings", params: map[string]any{"limit": 0}}, "no whole number from 1 to 5000"},
		{ask{query: "findings", params: map[string]any{"limit": "10 OR 1=1"}}, "no whole number"},
		{ask{query: "findings", params: map[string]any{"limit": 1.5}}, "no whole number"},
		{ask{query: "findings", params: map[string]any{"identity": []string{"a", "b"}}}, "it takes one value"},
		{ask{query: "findings", params: map[string]any{"team": map[string]any{"a": 1}}}, "neither text nor a number"},
		{ask{query: "findings", params: map[string]any{"text": "nul\x00"}}, "parameter text: a value is not text"},
		{ask{query: "findings", params: map[string]any{"text": strings.Repeat("x", 5000)}}, "a value has 5000 bytes"},
		{ask{query: "finding_history", params: map[string]any{"fingerprint": "a b"}}, "is no fingerprint"},
	} {
		got, err := g.query(t.Context(), pc, c.ask)
		if err != nil || got.Error == nil || !strings.Contains(got.Error.Error(), c.want) || got.Status != backend.StatusBadRequest || got.ErrorSource != backend.ErrorSourceDownstream {
			t.Errorf("%v %v: %v %v %v %v", c.ask.query, c.ask.params, err, got.Error, got.Status, got.ErrorSource)
		}
	}
}

func TestVariables(t *testing.T) {
	organisation(t, "variables")
	g, pc := start(t), sourceOf(1, "variables", nil).as(nil)
	all := func(params map[string]any, query string) []string {
		f := g.frame(t, pc, ask{query: query, params: params})
		column, _ := f.FieldByName("team")
		var out []string
		for i := range column.Len() {
			out = append(out, column.At(i).(string))
		}
		slices.Sort(out)
		return slices.Compact(out)
	}
	everybody := []string{`it's \ odd`, "payments", "platform"}
	for name, c := range map[string]struct {
		team any
		want []string
	}{
		"all":       {"$__all", everybody},
		"nothing":   {[]string{}, everybody},
		"empty":     {"", everybody},
		"null":      {nil, everybody},
		"one":       {"payments", []string{"payments"}},
		"two":       {[]string{"payments", "platform"}, []string{"payments", "platform"}},
		"odd":       {[]string{`it's \ odd`}, []string{`it's \ odd`}},
		"not there": {[]string{"nobody"}, nil},
	} {
		if got := all(map[string]any{"team": c.team}, "findings"); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestTwoDataSourcesAtOnceAndChangedSettings(t *testing.T) {
	organisation(t, "one")
	database(t, "two")
	g := start(t)
	one, two := sourceOf(1, "one", nil), sourceOf(2, "two", nil)
	if n := g.frame(t, one.as(nil), ask{query: "findings"}).Rows(); n != 6 {
		t.Errorf("%d findings in the first", n)
	}
	if n := g.frame(t, two.as(nil), ask{query: "findings"}).Rows(); n != 0 {
		t.Errorf("%d findings in the second", n)
	}
	one.json["defaultTeams"] = []string{"platform"}
	one.updated = one.updated.Add(time.Minute)
	if n := g.frame(t, one.as(nil), ask{query: "findings"}).Rows(); n != 2 {
		t.Errorf("%d findings after the settings were changed", n)
	}
	one.json["server"] = "http://" + rig.addr + "/two"
	one.updated = one.updated.Add(time.Minute)
	if n := g.frame(t, one.as(nil), ask{query: "findings"}).Rows(); n != 0 {
		t.Errorf("%d findings after the address was changed", n)
	}
}

// BenchmarkStart is how long Grafana waits for the plugin: from starting the process until it has shaken hands.
func BenchmarkStart(b *testing.B) {
	var took []time.Duration
	for b.Loop() {
		took = append(took, start(b).started)
	}
	slices.Sort(took)
	ms := func(percent int) float64 { return took[(len(took)*percent+99)/100-1].Seconds() * 1000 }
	b.ReportMetric(ms(50), "p50-ms")
	b.ReportMetric(ms(95), "p95-ms")
}

func golden(t *testing.T, name string, f *data.Frame) {
	t.Helper()
	got, err := data.FrameToJSON(f, data.IncludeAll)
	if err != nil {
		t.Fatal(err)
	}
	got = indent(t, got)
	path := filepath.Join("testdata", name+".json")
	if *update {
		if err := os.MkdirAll("testdata", 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("%s differs:\n%s", path, got)
	}
}
