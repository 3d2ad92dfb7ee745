package store

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/grantwatch/grantwatch/access"
)

// mixedBatch has an event of the moment it was read, one that came two days late, and one whose clock is two days ahead.
func mixedBatch(n int, ingested time.Time) *access.Batch {
	b := &access.Batch{Team: "payments", Feed: "aws", Source: "s", From: int64(n), To: int64(n + 1), Token: fmt.Sprintf("mixed/%d", n), Ingested: ingested, Received: 3, Newest: ingested}
	for i, shift := range []time.Duration{-time.Minute, -48 * time.Hour, 48 * time.Hour} {
		e := fullEvent(fmt.Sprintf("m%d-%d", n, i), ingested.Add(shift), "x")
		b.Events.Add(&e, "")
	}
	return b
}

// What comes late lies in parts of its own, so that a question for a day opens the parts of that day alone; and a batch
// with both, written again, is still taken once.
func TestPartsKnowTheTimesOfTheirEvents(t *testing.T) {
	s := open(t)
	for range 2 {
		write(t, s, mixedBatch(1, day(10)))
	}
	if n := count(t, s, "SELECT count() FROM events"); n != 3 {
		t.Errorf("%d events, 3 were written, twice", n)
	}
	if n := parts(t, s); n != 3 {
		t.Errorf("%d parts: late events and those ahead are not apart", n)
	}
	for _, c := range []struct {
		of       string
		from, to time.Time
		opened   string
	}{
		{"the hour before", day(10).Add(-time.Hour), day(10), "Parts: 1/3"},
		{"long before all", day(-60), day(-59), "Parts: 0/3"},
		{"a fortnight", day(1), day(15), "Parts: 3/3"},
	} {
		rows, err := s.conn.Query(t.Context(), "EXPLAIN indexes = 1 SELECT actor FROM events WHERE time >= fromUnixTimestamp64Micro({from:Int64}, 'UTC') AND time < fromUnixTimestamp64Micro({to:Int64}, 'UTC')", at("from", c.from), at("to", c.to))
		if err != nil {
			t.Fatal(err)
		}
		var plan []string
		for rows.Next() {
			var line string
			if err := rows.Scan(&line); err != nil {
				t.Fatal(err)
			}
			plan = append(plan, line)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		if text := strings.Join(plan, "\n"); !strings.Contains(text, "Min-Max") || !strings.Contains(strings.SplitN(strings.SplitN(text, "Min-Max", 2)[1], "Partition", 2)[0], c.opened) {
			t.Errorf("%s: the bounds of parts do not say %q:\n%s", c.of, c.opened, text)
		}
	}
}

// A week that nobody writes to any more becomes one part, after a day; here after a second.
func TestAWeekThatIsOverBecomesOnePart(t *testing.T) {
	s := open(t)
	if count(t, s, "SELECT count() FROM system.tables WHERE database = currentDatabase() AND name = 'events' AND engine_full LIKE '%min_age_to_force_merge_seconds = 86400, min_age_to_force_merge_on_partition_only = 1%'") != 1 {
		t.Fatal("the table does not ask for it")
	}
	for n := range 3 {
		e := mixedBatch(n, day(9+n)) // a Tuesday and the days after it
		e.Events = access.Columns{}
		for i := range 10 {
			ev := fullEvent(fmt.Sprintf("w%d-%d", n, i), e.Ingested.Add(-time.Duration(i)*time.Minute), "x")
			e.Events.Add(&ev, "")
		}
		write(t, s, e)
	}
	if n := parts(t, s); n != 3 {
		t.Fatalf("%d parts after three inserts", n)
	}
	if err := s.exec(t.Context(), "age", "ALTER TABLE events MODIFY SETTING min_age_to_force_merge_seconds = 1"); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); parts(t, s) != 1; {
		if time.Now().After(deadline) {
			t.Fatalf("%d parts still", parts(t, s))
		}
		<-time.After(50 * time.Millisecond) // the engine says nothing when it has merged
	}
	if n := count(t, s, "SELECT count() FROM events"); n != 30 {
		t.Errorf("%d events of 30", n)
	}
}

func parts(tb testing.TB, s *Store) uint64 {
	tb.Helper()
	return count(tb, s, "SELECT count() FROM system.parts WHERE active AND database = currentDatabase() AND table = 'events'")
}
