package engine

import (
	"context"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// TestReadersLeavePlacesToWriters holds every place that readers may have, and then writes.
func TestReadersLeavePlacesToWriters(t *testing.T) {
	p := start(t, Config{Args: []string{"--connections", "4"}})
	c := open(t, options(p, clickhouse.CompressionNone))
	mustExec(t, c, "CREATE TABLE w (a UInt64) ENGINE = MergeTree ORDER BY a")
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	for i := range 3 {
		rows, err := c.Query(ctx, "SELECT number, repeat('x', 1000) FROM numbers(100000000000)")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = rows.Close() }) // it is given up before its end
		if !rows.Next() {                      // it has its place, and keeps it: nobody reads on
			t.Fatalf("reader %d: %v", i, rows.Err())
		}
	}
	short, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	if rows, err := c.Query(short, "SELECT 1"); err == nil {
		_ = rows.Close() // that it was answered is the failure
		t.Error("a fourth reader got in: where are the writers to go?")
	}
	long, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := c.Exec(long, "INSERT INTO w VALUES (1), (2)"); err != nil {
		t.Errorf("a writer had to wait for readers: %v", err)
	}
	stop() // before the readers are closed, which would read them to their end
}
