package store

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// TestPanelsAfterMigration writes with the tables as they were before migration 0010, and asks afterwards.
func TestPanelsAfterMigration(t *testing.T) {
	list, err := migrations(migrationFiles, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	s := blank(t)
	if _, err := s.migrate(t.Context(), list[:9], day(0)); err != nil {
		t.Fatal(err)
	}
	for _, q := range []string{
		`INSERT INTO events (team, feed, ingested, time, id_text, provider, action, outcome, actor)
			SELECT 'payments', 'aws', toDateTime64('2026-03-05 12:00:00', 3, 'UTC'), toDateTime64('2026-03-05 12:00:00', 6, 'UTC') + number, concat('e', toString(number)), 'aws', 'a', 'success', concat('actor-', toString(number % 5000)) FROM numbers(50000)`,
		`INSERT INTO figures (team, at, name, label, value, gone, version)
			SELECT 'payments', toDateTime64('2026-03-01 12:00:00', 6, 'UTC') + toIntervalHour(number), arrayJoin(['open', 'grants']), '', number, 0, 1 FROM numbers(100)`,
		`INSERT INTO grants (team, entitlement, provider, account, id, valid_from, valid_to, subject, permission, resource, body, hash, version)
			SELECT 'payments', 'iam', 'aws', '1', toString(number), '2026-01-01 00:00:00', '2200-01-01 00:00:00', concat('actor-', toString(number % 5000)), 's3:*', '*', '{"kind":"permission"}', 1, 1 FROM numbers(20000)`,
		`INSERT INTO accounts (team, entitlement, provider, account, id, valid_from, valid_to, name, uid, kind, body, hash, version)
			SELECT 'payments', 'iam', 'aws', '1', toString(number), '2026-01-01 00:00:00', '2200-01-01 00:00:00', concat('actor-', toString(number)), concat('UID', toString(number)), 'user', '{}', 1, 1 FROM numbers(20000)`,
		`INSERT INTO identities (source, uid, start, place, end, kind, team, owner, as_of, removed, body, version)
			SELECT 'hr', concat('p', toString(number)), '2020-01-01 00:00:00', 0, '1970-01-01 00:00:00', 'human', 'payments', '', '2026-03-01 00:00:00', 0,
			concat('{"uid":"p', toString(number), '","name":"Person ', toString(number), '","email":"p', toString(number), '@corp.example","aliases":[{"name":"actor-', toString(number), '"}]}'), 1 FROM numbers(20000)`,
	} {
		if err := s.exec(t.Context(), "fill", q); err != nil {
			t.Fatal(err)
		}
	}
	if done, err := s.Migrate(t.Context(), day(1)); err != nil || !slices.Contains(done, "panel_speed") {
		t.Fatalf("%v, %v", done, err)
	}
	ask := func(name string, identity string, names ...string) []PanelColumn {
		t.Helper()
		q := Panel{Name: name, Teams: []string{"payments"}, From: day(0), To: day(30), Limit: 1000, Texts: map[string]string{"identity": identity, "text": identity}, Lists: map[string][]string{"names": names, "feed": nil, "outcome": nil}}
		got, err := s.Panel(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if got := ask("identity_timeline", "actor-77", "actor-77"); got[0].Len() != 10 {
		t.Errorf("the timeline has %d events; want 10", got[0].Len())
	}
	if got := ask("identity_reach", "actor-77", "actor-77"); got[0].Len() != 4 {
		t.Errorf("%d grants; want 4", got[0].Len())
	}
	for _, by := range []string{"p123", "Person 123", "p123@corp.example"} {
		if got := ask("identity_names", by); len(got) == 0 || !slices.Equal(got[0].Texts, []string{"actor-123"}) {
			t.Errorf("by %s: %v", by, got)
		}
	}
	if got := ask("identity_names", "UID123"); len(got) == 0 || !slices.Equal(got[0].Texts, []string{"actor-123"}) {
		t.Errorf("by uid: %v", got)
	}
	if got := ask("identities", "person 123"); len(got) == 0 || got[0].Len() != 111 || got[1].Texts[0] != "Person 123 (p123)" {
		t.Errorf("people called so: %v", got)
	}
	scorecard := func() (open, grants float64, at time.Time) {
		t.Helper()
		got := ask("team_scorecard", "")
		if got[0].Len() != 1 {
			t.Fatalf("%d teams", got[0].Len())
		}
		return *got[1].Numbers[0], *got[6].Numbers[0], *got[18].Times[0]
	}
	newest := day(0).Add(99 * time.Hour)
	if open, grants, at := scorecard(); open != 99 || grants != 99 || !at.Equal(newest) {
		t.Errorf("open %v, grants %v at %s", open, grants, at)
	}
	// A moment that is evaluated again replaces its figures, before parts are merged and after, also in the projection.
	if err := s.SaveFigures(t.Context(), newest, []Figure{{Team: "payments", At: newest, Name: "open", Value: 7}}); err != nil {
		t.Fatal(err)
	}
	for _, when := range []string{"before", "after"} {
		got := ask("team_scorecard", "")
		if open := *got[1].Numbers[0]; open != 7 || got[6].Numbers[0] != nil {
			t.Errorf("%s merging: open %v, grants %v; want 7 and nothing", when, open, got[6].Numbers[0])
		}
		if err := s.exec(t.Context(), "merge", "OPTIMIZE TABLE figures FINAL"); err != nil {
			t.Fatal(err)
		}
	}
	if n := count(t, s, fmt.Sprintf("SELECT count() FROM figures WHERE at = toDateTime64(%d, 6, 'UTC')", newest.Unix())); n != 2 {
		t.Errorf("%d rows of the newest moment; want 2", n)
	}
}
