package queries_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/grantwatch/grantwatch/dashboards/queries"
	"github.com/grantwatch/grantwatch/dashboards/queries/queriestest"
)

// TestNothingAtAll asks every query of a database that has never seen anything.
func TestNothingAtAll(t *testing.T) {
	s, _ := open(t)
	for _, q := range queries.All() {
		res, err := queries.Run(t.Context(), s, queries.Everything, q.Name, needed(&q), week)
		switch {
		case err != nil:
			t.Errorf("%s: %v: %v", q.Name, err, unwrap(err))
		case len(res.Columns) != len(res.Values) || len(res.Columns) != len(q.Columns):
			t.Errorf("%s: %d columns, %d with values; %d are declared", q.Name, len(res.Columns), len(res.Values), len(q.Columns))
		case res.Truncated:
			t.Errorf("%s: nothing was truncated", q.Name)
		}
		for i := range res.Values {
			if res.Values[i].Len() != res.Rows {
				t.Errorf("%s: column %s has %d values, and there are %d rows", q.Name, q.Columns[i].Name, res.Values[i].Len(), res.Rows)
			}
		}
	}
}

// TestOneRowOfEach asks for the team that has one row of everything, whose name and clocks are odd.
func TestOneRowOfEach(t *testing.T) {
	s := organisation(t)
	odd := queriestest.Teams[2]
	for _, q := range queries.All() {
		if q.Wide {
			continue
		}
		t.Run(q.Name, func(t *testing.T) {
			params := needed(&q)
			for _, p := range q.Params {
				if p.Needed && p.Kind == queries.KindIdentity {
					params[p.Name] = []string{"u"}
				}
			}
			res, err := queries.Run(t.Context(), s, queries.Of(odd), q.Name, params, week)
			if err != nil {
				t.Fatalf("%v: %v", err, unwrap(err))
			}
			for i, c := range q.Columns {
				for row := range res.Rows {
					if c.Name == "team" && res.Values[i].Texts[row] != odd {
						t.Errorf("a row of %q", res.Values[i].Texts[row])
					}
				}
			}
			golden(t, "one/"+q.Name, shown(res))
		})
	}
}

// TestAMillionRows asks every query of a database with a million rows of everything that grows: what is shown is bounded,
// whoever looks is told, and no query takes more time or memory than a panel may.
func TestAMillionRows(t *testing.T) {
	s, e := open(t)
	text, err := os.ReadFile("testdata/million.sql")
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Statements(t.Context(), string(text), nil); err != nil {
		t.Fatal(err)
	}
	for _, q := range queries.All() {
		params := needed(&q)
		for _, p := range q.Params {
			if p.Needed && p.Kind == queries.KindIdentity {
				params[p.Name] = []string{"actor-1"}
			}
		}
		r := week
		r.Timeout = time.Minute // a busy machine is no defect
		res, err := queries.Run(t.Context(), s, queries.Everything, q.Name, params, r)
		if err != nil {
			t.Errorf("%s: %v: %v", q.Name, err, unwrap(err))
			continue
		}
		told := false
		for _, n := range res.Notices {
			told = told || n.Warning && strings.Contains(n.Text, "truncated")
		}
		if res.Rows > q.Limit || res.Truncated != told {
			t.Errorf("%s: %d rows of %d at most, truncated %v, told %v", q.Name, res.Rows, q.Limit, res.Truncated, told)
		}
		if want, ok := map[string]int{
			"findings": 500, "finding_history": 500, "raw_logs": 100, "identity_timeline": 100, "evaluations": 500, "credentials": 500, "dead_letters": 500, "deliveries": 500, "feed_gaps": 1000,
			"findings_digest": 10_000, "identity_reach": 5000, "exceptions_expiring": 5000, "feeds": 5000, "coverage_blinds": 5000, "coverage_days": 50_000, "identities": 1000, "identity_credentials": 1000,
		}[q.Name]; ok && res.Rows != want {
			t.Errorf("%s: %d rows; want %d", q.Name, res.Rows, want)
		}
	}
}

// TestClocksAndZones asks every query for ranges that lie badly: within a second, over centuries, in the future, and in
// zones whose day is not the store's. The zone changes nothing, and a moment belongs to one of two ranges that touch.
func TestClocksAndZones(t *testing.T) {
	s := organisation(t)
	kathmandu := time.FixedZone("+05:45", 5*3600+45*60)
	asked := func(q *queries.Query, from, to time.Time) *queries.Result {
		t.Helper()
		res, err := queries.Run(context.WithoutCancel(t.Context()), s, queries.Everything, q.Name, needed(q), queries.Range{From: from, To: to, Interval: time.Hour})
		if err != nil {
			t.Fatalf("%s from %s to %s: %v: %v", q.Name, from, to, err, unwrap(err))
		}
		return res
	}
	from, middle, to := week.From, queriestest.AsOf.AddDate(0, 0, -3).Add(37*time.Minute), week.To
	for _, q := range queries.All() {
		here := asked(&q, from, to)
		if there := asked(&q, from.In(kathmandu), to.In(kathmandu)); q.Name != "table_sizes" && shown(here) != shown(there) {
			t.Errorf("%s: the zone of who asks changes the answer:\n%s\n%s", q.Name, shown(here), shown(there))
		}
		for _, r := range [][2]time.Time{
			{to.Add(-time.Second), to}, {to.Add(time.Microsecond), to.Add(2 * time.Microsecond)},
			{time.Date(1971, 1, 2, 0, 0, 0, 0, time.UTC), time.Date(2199, 1, 2, 0, 0, 0, 0, time.UTC)}, {time.Date(2150, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2150, 2, 1, 0, 0, 0, 0, time.UTC)},
		} {
			asked(&q, r[0], r[1])
		}
		if q.TimeRange == "rows whose time lies in it" && (q.Shape == queries.Table || q.Shape == queries.LogLines) && q.Name != "rules_cost" && q.Name != "raw_bodies" {
			if left, right := asked(&q, from, middle), asked(&q, middle, to); left.Rows+right.Rows != here.Rows {
				t.Errorf("%s: %d rows before a moment, %d from it on, and %d altogether", q.Name, left.Rows, right.Rows, here.Rows)
			}
		}
	}
}
