package store

import (
	"context"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// TableSize is what a table takes on disk, compressed, with its indexes; parts that a merge has replaced do not count.
type TableSize struct {
	Table              string
	Rows, Bytes, Parts uint64
}

// TableSizes are the sizes of all tables that have rows.
func (s *Store) TableSizes(ctx context.Context) ([]TableSize, error) {
	return all(ctx, s, "table_sizes", func(r driver.Rows, v *TableSize) error { return r.Scan(&v.Table, &v.Rows, &v.Bytes, &v.Parts) })
}
