package store

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
)

// schema is what the engine itself says that the tables are.
func schema(t *testing.T, s *Store) map[string]string {
	t.Helper()
	rows, err := s.conn.Query(t.Context(), "SELECT name, create_table_query FROM system.tables WHERE database = currentDatabase() ORDER BY name")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	tables := map[string]string{}
	for rows.Next() {
		var name, query string
		if err := rows.Scan(&name, &query); err != nil {
			t.Fatal(err)
		}
		tables[name] = strings.ReplaceAll(query, s.Database()+".", "")
	}
	if rows.Err() != nil {
		t.Fatal(rows.Err())
	}
	return tables
}

func TestMigrateFromEveryPastState(t *testing.T) {
	list, err := migrations(migrationFiles, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	fresh := blank(t)
	if _, err := fresh.Migrate(t.Context(), day(0)); err != nil {
		t.Fatal(err)
	}
	want := schema(t, fresh)
	if len(want) < 17 {
		t.Fatalf("only %d tables", len(want))
	}
	for n := range len(list) + 1 {
		t.Run(fmt.Sprintf("from %d", n), func(t *testing.T) {
			s := blank(t)
			if done, err := s.migrate(t.Context(), list[:n], day(0)); err != nil || len(done) != n {
				t.Fatalf("past state: %v, %v", done, err)
			}
			done, err := s.Migrate(t.Context(), day(1))
			if err != nil || len(done) != len(list)-n {
				t.Fatalf("applied %v, %v; want the last %d", done, err, len(list)-n)
			}
			if done, err = s.Migrate(t.Context(), day(2)); err != nil || len(done) != 0 {
				t.Fatalf("applied again: %v, %v", done, err)
			}
			got := schema(t, s)
			for name, query := range want {
				if got[name] != query {
					t.Errorf("%s is\n%s\nwant\n%s", name, got[name], query)
				}
			}
		})
	}
}

// A migration that broke off after some of its statements is applied again from its start.
func TestMigrateAfterHalfAMigration(t *testing.T) {
	list, err := migrations(migrationFiles, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	s := blank(t)
	if err := s.exec(t.Context(), "half", list[0].statements[0]); err != nil {
		t.Fatal(err)
	}
	if done, err := s.Migrate(t.Context(), day(0)); err != nil || len(done) != len(list) {
		t.Fatalf("%v, %v", done, err)
	}
}

func TestMigrateRefuses(t *testing.T) {
	list, err := migrations(migrationFiles, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	changed := append([]migration{}, list...)
	changed[0].checksum = "0000"
	renumbered := append([]migration{}, list...)
	renumbered[1].number = 7
	for name, c := range map[string]struct {
		list []migration
		want string
	}{
		"a file that was changed": {changed, "was changed after it was applied"},
		"a file that is gone":     {list[:1], "does not know"},
		"another file in between": {renumbered, "was never applied"},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			_, err := s.migrate(t.Context(), c.list, day(1))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestMigrationFiles(t *testing.T) {
	for name, files := range map[string]fstest.MapFS{
		"a gap":       {"m/0001_a.sql": {Data: []byte("SELECT 1;\n")}, "m/0003_b.sql": {Data: []byte("SELECT 1;\n")}},
		"no number":   {"m/first.sql": {Data: []byte("SELECT 1;\n")}},
		"starts at 2": {"m/0002_a.sql": {Data: []byte("SELECT 1;\n")}},
	} {
		if _, err := migrations(files, "m"); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	got := split("-- a comment;\nCREATE a -- with ; inside\n(b);\n\nCREATE c;\n-- the end\n")
	if len(got) != 2 || got[0] != "CREATE a -- with ; inside\n(b)" || got[1] != "CREATE c" {
		t.Errorf("split: %q", got)
	}
}
