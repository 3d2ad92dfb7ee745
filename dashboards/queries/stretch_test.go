package queries_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/grantwatch/grantwatch/dashboards/queries"
	"github.com/grantwatch/grantwatch/dashboards/queries/queriestest"
)

// TestNewestEventsOfAllStretches asks for the newest events of somebody who did nothing for days and much in between, some
// of it told by two feeds with clocks that are hours apart. However many rows are asked for, they are those that one look
// over the whole range would find: nothing twice, nothing left out where one stretch ends and the next begins.
func TestNewestEventsOfAllStretches(t *testing.T) {
	s, e := open(t)
	type event struct {
		at int64 // microseconds before the end of the range
		id string
	}
	const day = int64(24 * time.Hour / time.Microsecond)
	r := rand.New(rand.NewPCG(7, 7))
	newest, values := map[string]int64{}, []string{}
	add := func(id, feed string, back int64) {
		if at, ok := newest[id]; !ok || back < at {
			newest[id] = back
		}
		values = append(values, fmt.Sprintf("('payments', '%s', '2026-08-31 00:00:00', toDateTime64('2026-09-01 00:00:00', 6, 'UTC') - toIntervalMicrosecond(%d), '%s', 'aws', 'a', 'success', 'somebody')", feed, back, id))
	}
	for i := range 400 {
		back := day*int64(r.IntN(14)) + r.Int64N(day/8) + 1
		if i < 4 {
			back = day + int64(i) - 1 // where the first stretch ends
		}
		id := fmt.Sprintf("e%03d", i)
		add(id, "one", back)
		if i%3 == 0 {
			add(id, "two", min(14*day, back+r.Int64N(2*day)))
		}
	}
	if err := e.Statements(t.Context(), "INSERT INTO events (team, feed, ingested, time, id_text, provider, action, outcome, actor) VALUES "+strings.Join(values, ", "), nil); err != nil {
		t.Fatal(err)
	}
	var want []event
	for id, back := range newest {
		want = append(want, event{back, id})
	}
	slices.SortFunc(want, func(a, b event) int { return cmp.Or(cmp.Compare(a.at, b.at), strings.Compare(a.id, b.id)) })
	for _, name := range []string{"identity_timeline", "raw_logs"} {
		for _, limit := range []int{1, 7, 30, 31, 100, 250, 399, 400, 500} {
			res, err := queries.Run(t.Context(), s, queries.Everything, name, queries.Params{"identity": {"somebody"}, "limit": {strconv.Itoa(limit)}},
				queries.Range{From: queriestest.AsOf.AddDate(0, 0, -14), To: queriestest.AsOf})
			if err != nil {
				t.Fatalf("%v: %v", err, unwrap(err))
			}
			at := slices.IndexFunc(res.Columns, func(c queries.Column) bool { return c.Name == "id" })
			var ids []string
			for _, w := range want[:min(limit, len(want))] {
				ids = append(ids, w.id)
			}
			if got := res.Values[at].Texts; !slices.Equal(got, ids) {
				t.Errorf("%s of %d: %d rows\n%q\nwant %d\n%q", name, limit, len(got), got, len(ids), ids)
			}
			if res.Truncated != (limit < len(want)) {
				t.Errorf("%s of %d: truncated %v", name, limit, res.Truncated)
			}
		}
	}
}
