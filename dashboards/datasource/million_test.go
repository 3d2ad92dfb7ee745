package datasource_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/grantwatch/grantwatch/dashboards/queries"
	"github.com/grantwatch/grantwatch/dashboards/queries/queriestest"
)

// TestAMillionRows asks every query over a million findings, steps of them, events and grants: each answers with no more rows
// than it promises, says when there are more, and keeps within the memory that a panel may take.
func TestAMillionRows(t *testing.T) {
	e := organisation(t, "million")
	for _, statement := range []string{
		`INSERT INTO findings (team, fingerprint, kind, verdict, severity, rule, state, feed, first_seen, last_seen, identity_uid, identity_name, identity_kind, identity_owner, grant_id, provider, account, permission, resource, body, version)
			SELECT ['payments', 'platform'][n % 2 + 1], concat('m', toString(n)), ['UNUSED_GRANT', 'OUT_OF_BAND', 'FEED_SILENT'][n % 3 + 1], ['UNUSED', 'VIOLATION', 'UNVERIFIABLE'][n % 3 + 1], ['low', 'medium', 'high', 'critical'][n % 4 + 1], 'r', 'open',
			if(n % 3 = 2, concat('feed-', toString(n)), ''), toDateTime64('2026-08-20 00:00:00', 6) + n % 900000, '2026-09-01 00:00:00', concat('AROA', toString(n)), concat('role/', toString(n)), 'service', 'ana', concat('g', toString(n)), 'aws', '111122223333', 's3:GetObject', '*', '{"why":"x"}', 5
			FROM (SELECT number AS n FROM numbers(1000000))`,
		`INSERT INTO finding_history (team, fingerprint, at, state, verdict, severity, why, who)
			SELECT 'payments', concat('m', toString(number * 2)), toDateTime64('2026-08-20 00:00:00', 6) + number % 900000, 'open', 'UNUSED', 'low', 'first seen', 'grantwatch' FROM numbers(1000000)`,
		`INSERT INTO events (team, feed, ingested, time, id_text, provider, account, action, outcome, actor_uid, actor)
			SELECT 'payments', 'payments-aws', toDateTime64('2026-08-31 00:00:00', 6) + number % 80000, toDateTime64('2026-08-31 00:00:00', 6) + number % 80000, concat('e', toString(number)), 'aws', '111122223333', 's3:GetObject', 'success', 'AROA1', 'AROA1' FROM numbers(1000000)`,
	} {
		if _, err := e.Ask(t.Context(), statement, nil); err != nil {
			t.Fatal(err)
		}
	}
	// The time that a query may take is another test's business: this machine may do other things.
	g, pc := start(t), sourceOf(1, "million", map[string]any{"queryTimeoutSeconds": 120}).as(nil)
	truncated := map[string]bool{}
	for _, q := range queries.All() {
		params := needed(&q)
		if q.Name == "identity_timeline" {
			params["identity"] = "AROA1"
		}
		f := g.frame(t, pc, ask{query: q.Name, params: params, from: queriestest.AsOf.AddDate(0, 0, -14), to: queriestest.AsOf.Add(time.Second)})
		if q.Limit > 0 && f.Rows() > q.Limit {
			t.Errorf("%s: %d rows, at most %d are promised", q.Name, f.Rows(), q.Limit)
		}
		for _, n := range f.Meta.Notices {
			truncated[q.Name] = truncated[q.Name] || strings.HasPrefix(n.Text, "truncated: there are more than these")
		}
	}
	for _, name := range strings.Fields("findings finding_history findings_by_feed identity_timeline raw_logs") {
		if !truncated[name] {
			t.Errorf("%s does not say that there is more", name)
		}
	}
	// What is counted is counted whole.
	f := g.frame(t, pc, ask{query: "findings_by_kind", params: map[string]any{"severity": []string{"critical"}}})
	open, _ := f.FieldByName("open")
	sum := int64(0)
	for i := range open.Len() {
		sum += open.At(i).(int64)
	}
	if sum < 160_000 {
		t.Errorf("%d critical findings are counted\n%s", sum, fmt.Sprint(f.Fields))
	}
}
