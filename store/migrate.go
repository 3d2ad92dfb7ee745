package store

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// migration is one file of migrations/: 0001_name.sql, its statements each ended by a semicolon at the end of a line.
type migration struct {
	number     uint32
	name       string
	checksum   string
	statements []string
}

// applied is a row of schema_migrations.
type applied struct {
	number   uint32
	name     string
	checksum string
}

// Migrate brings the schema up to date and returns the names of what it applied. Migrations only go forward. A file
// that was changed after it was applied is an error, because then no two databases would have the same history; so is
// a database that knows of migrations which this binary does not have.
func (s *Store) Migrate(ctx context.Context, now time.Time) ([]string, error) {
	list, err := migrations(migrationFiles, "migrations")
	if err != nil {
		return nil, err
	}
	return s.migrate(ctx, list, now)
}

func (s *Store) migrate(ctx context.Context, list []migration, now time.Time) ([]string, error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	if err := s.exec(ctx, "schema_migrations", statements["schema_migrations"]); err != nil {
		return nil, err
	}
	past, err := all(ctx, s, "applied_migrations", func(r driver.Rows, a *applied) error {
		return r.Scan(&a.number, &a.name, &a.checksum)
	})
	if err != nil {
		return nil, err
	}
	if len(past) > len(list) {
		return nil, fmt.Errorf("store: the database has migration %04d %s, which this version does not know: use a newer one", past[len(list)].number, past[len(list)].name)
	}
	for i, a := range past {
		switch m := list[i]; {
		case m.number != a.number:
			return nil, fmt.Errorf("store: migration %04d %s was never applied, but %04d %s was", m.number, m.name, a.number, a.name)
		case m.checksum != a.checksum:
			return nil, fmt.Errorf("store: migration %04d %s was changed after it was applied: write a new one instead", m.number, m.name)
		}
	}
	done := []string{}
	for _, m := range list[len(past):] {
		for i, q := range m.statements {
			// Statements say IF NOT EXISTS: a migration that broke off half-way is applied again from its start.
			if err := s.exec(ctx, fmt.Sprintf("migration %04d %s, statement %d", m.number, m.name, i+1), q); err != nil {
				return done, err
			}
		}
		err := s.insert(ctx, "schema_migrations", "", []column{
			{"number", "UInt32", []uint32{m.number}}, {"name", typeString, []string{m.name}},
			{"checksum", typeString, []string{m.checksum}}, {"at", typeMillis, []time.Time{now}},
		})
		if err != nil {
			return done, err
		}
		done = append(done, m.name)
	}
	return done, nil
}

func (s *Store) exec(ctx context.Context, what, query string, args ...any) error {
	err := s.do(ctx, what, func(ctx context.Context) error { return s.conn.Exec(ctx, query, args...) })
	if err != nil {
		return fmt.Errorf("store: %s: %w", what, err)
	}
	return nil
}

// migrations reads the files, which fs.ReadDir sorts by name, and insists on 1, 2, 3 …
func migrations(fsys fs.FS, dir string) ([]migration, error) {
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return nil, fmt.Errorf("store: migrations: %w", err)
	}
	var list []migration
	for _, e := range entries {
		text, err := fs.ReadFile(fsys, path.Join(dir, e.Name()))
		if err != nil {
			return nil, fmt.Errorf("store: migrations: %w", err)
		}
		digits, name, ok := strings.Cut(strings.TrimSuffix(e.Name(), ".sql"), "_")
		number, err := strconv.ParseUint(digits, 10, 32)
		if !ok || err != nil || int(number) != len(list)+1 {
			return nil, fmt.Errorf("store: migrations: %s: expected %04d_NAME.sql", e.Name(), len(list)+1)
		}
		sum := sha256.Sum256(text)
		list = append(list, migration{uint32(number), name, hex.EncodeToString(sum[:]), split(string(text))})
	}
	return list, nil
}

// split cuts a file into statements at each semicolon that ends a line. A line that is only a comment belongs to
// nothing and is dropped, so that a file may end with one.
func split(text string) []string {
	var list []string
	var b strings.Builder
	for line := range strings.Lines(text) {
		trimmed := strings.TrimSpace(line)
		if trimmed == "" || strings.HasPrefix(trimmed, "--") {
			continue
		}
		if before, ended := strings.CutSuffix(trimmed, ";"); ended {
			b.WriteString(before)
			list = append(list, b.String())
			b.Reset()
			continue
		}
		b.WriteString(line)
	}
	if b.Len() > 0 {
		list = append(list, b.String())
	}
	return list
}
