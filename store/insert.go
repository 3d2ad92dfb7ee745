package store

import (
	"context"
	"fmt"
	"sync"

	"github.com/ClickHouse/clickhouse-go/v2"
)

var encoders = sync.Pool{New: func() any { return new(encoder) }}

// keep is the most memory that an encoder takes back to the pool.
const keep = 16 << 20

// insert writes the columns as one block, which becomes one part. A token makes the insert idempotent: the same token
// is taken once. Without a token the table itself has to be one where writing a row twice changes nothing.
func (s *Store) insert(ctx context.Context, table, token string, cols []column) error {
	rows := length(cols[0].data)
	if rows == 0 {
		return nil
	}
	// What a batch holds is rolled up already: doing it again at the insert would only cost.
	settings := clickhouse.Settings{"async_insert": 0, "optimize_on_insert": 0}
	if token != "" {
		settings["insert_deduplication_token"] = token + "/" + table
		settings["deduplicate_blocks_in_dependent_materialized_views"] = 1
	} else {
		settings["insert_deduplicate"] = 0
	}
	query := "INSERT INTO " + table + " (" + list(cols) + ")"
	send := s.sendDriver
	if s.encodes {
		send = s.sendHTTP
	}
	if err := send(ctx, table, query, settings, cols, rows); err != nil {
		return fmt.Errorf("store: insert %d rows into %s: %w", rows, table, err)
	}
	return nil
}

// sendHTTP encodes the block as it is sent; every attempt sends the same bytes.
func (s *Store) sendHTTP(ctx context.Context, table, query string, settings clickhouse.Settings, cols []column, rows int) error {
	return s.do(ctx, "insert into "+table, func(ctx context.Context) error {
		e := encoders.Get().(*encoder)
		if err := e.begin(cols, rows); err != nil {
			return err
		}
		ctx = clickhouse.Context(ctx, clickhouse.WithSettings(settings))
		if err := s.conn.InsertFormat(ctx, "Native", query, e); err != nil {
			return err // the transport may still be reading: only an encoder that was read to its end goes back
		}
		if cap(e.buf) <= keep {
			e.forget()
			encoders.Put(e)
		}
		return nil
	})
}

// sendDriver lets the driver encode: for the native protocol, and where a DSN asks for compressed blocks.
func (s *Store) sendDriver(ctx context.Context, table, query string, settings clickhouse.Settings, cols []column, _ int) error {
	types := make([]clickhouse.ColumnNameAndType, len(cols))
	for i, c := range cols {
		types[i] = clickhouse.ColumnNameAndType{Name: c.name, Type: c.typ}
	}
	return s.do(ctx, "insert into "+table, func(ctx context.Context) error {
		ctx = clickhouse.Context(ctx, clickhouse.WithSettings(settings), clickhouse.WithColumnNamesAndTypes(types))
		batch, err := s.conn.PrepareBatch(ctx, query)
		if err != nil {
			return err
		}
		defer batch.Close() //nolint:errcheck // Send has said what there is to say
		for i, c := range cols {
			if err := batch.Column(i).Append(plain(c.data)); err != nil {
				return fmt.Errorf("column %s: %w", c.name, err)
			}
		}
		return batch.Send()
	})
}
