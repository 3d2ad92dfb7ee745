package store

import (
	"context"
	"embed"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

//go:embed sql/*.sql
var sqlFiles embed.FS

// statements holds every query by the name of its file.
var statements = readStatements()

func readStatements() map[string]string {
	entries, err := sqlFiles.ReadDir("sql")
	if err != nil {
		panic(err) // embedded: cannot happen in a binary that was built
	}
	m := make(map[string]string, len(entries))
	for _, e := range entries {
		b, err := sqlFiles.ReadFile(path.Join("sql", e.Name()))
		if err != nil {
			panic(err)
		}
		m[strings.TrimSuffix(e.Name(), ".sql")] = string(b)
	}
	return m
}

// p is one parameter of a query: {name:Type} in its file.
func p(name string, value any) any { return clickhouse.Named(name, value) }

// at passes a time as microseconds: text would leave zone and precision to the reader.
func at(name string, t time.Time) any {
	if t.IsZero() {
		t = epoch
	}
	return clickhouse.Named(name, clamp(t).UnixMicro())
}

// each runs a query and calls row for every row. A connection that is lost is retried as long as no row was handed out;
// after that only the caller knows what to undo, and the error is returned.
func (s *Store) each(ctx context.Context, name string, row func(driver.Rows) error, args ...any) error {
	query, ok := statements[name]
	if !ok {
		return fmt.Errorf("store: no query %s", name)
	}
	handed := false
	var broken error
	err := s.do(ctx, name, func(ctx context.Context) error {
		broken = nil
		rows, err := s.conn.Query(ctx, query, args...)
		if err != nil {
			return err
		}
		defer rows.Close() //nolint:errcheck // Err below reports what went wrong
		for rows.Next() {
			handed = true
			if broken = row(rows); broken != nil {
				return nil
			}
		}
		if broken = rows.Err(); broken != nil && !handed {
			return broken
		}
		return nil
	})
	if err == nil {
		err = broken
	}
	if err != nil {
		return fmt.Errorf("store: %s: %w", name, err)
	}
	return nil
}

// all collects the rows of a query and starts again when the connection is lost half-way.
func all[T any](ctx context.Context, s *Store, name string, scan func(driver.Rows, *T) error, args ...any) ([]T, error) {
	query, ok := statements[name]
	if !ok {
		return nil, fmt.Errorf("store: no query %s", name)
	}
	var out []T
	err := s.do(ctx, name, func(ctx context.Context) error {
		out = []T{}
		rows, err := s.conn.Query(ctx, query, args...)
		if err != nil {
			return err
		}
		defer rows.Close() //nolint:errcheck // Err below reports what went wrong
		for rows.Next() {
			var v T
			if err := scan(rows, &v); err != nil {
				return fmt.Errorf("row %d: %w", len(out), err)
			}
			out = append(out, v)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("store: %s: %w", name, err)
	}
	return out, nil
}

// version returns the number after the highest in use; the caller holds s.writing.
func (s *Store) version(ctx context.Context, name string, args ...any) (uint64, error) {
	got, err := all(ctx, s, name, func(r driver.Rows, v *uint64) error { return r.Scan(v) }, args...)
	if err != nil {
		return 0, err
	}
	if len(got) == 0 {
		return 1, nil
	}
	return got[0] + 1, nil
}
