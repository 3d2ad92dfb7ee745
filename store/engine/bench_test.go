package engine

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// How fast rows go in: one batch of 100 000 ready-made columns per round.
func BenchmarkInsert(b *testing.B) {
	for _, m := range []clickhouse.CompressionMethod{clickhouse.CompressionLZ4, clickhouse.CompressionNone} {
		b.Run(m.String(), func(b *testing.B) {
			p := start(b, Config{})
			c := open(b, options(p, m))
			mustExec(b, c, eventsTable)
			const rows = 100_000
			cols := makeColumns(0, rows)
			b.ResetTimer()
			for b.Loop() {
				if err := send(b.Context(), c, cols, ""); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

// What a request costs beside the work of its statement.
func BenchmarkQuery(b *testing.B) {
	c := open(b, options(shared(b), clickhouse.CompressionNone))
	for name, run := range map[string]func() error{
		"plain": func() error { return c.Exec(b.Context(), "SELECT 1") },
		"settings": func() error {
			return c.Exec(clickhouse.Context(b.Context(), clickhouse.WithSettings(clickhouse.Settings{"max_execution_time": 60})), "SELECT 1")
		},
		"parameter": func() error { return c.Exec(b.Context(), "SELECT {v:String}", named("v", "x")) },
		"database": func() error {
			return c.Exec(clickhouse.Context(b.Context(), clickhouse.WithSettings(clickhouse.Settings{"database": "system"})), "SELECT 1")
		},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if err := run(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// How long it takes from nothing to the first answer.
func BenchmarkStart(b *testing.B) {
	dir := filepath.Join(b.TempDir(), "d")
	for b.Loop() {
		p, err := Start(context.Background(), Config{DataDir: dir})
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		if err := p.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}
