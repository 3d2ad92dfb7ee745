package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/grantwatch/grantwatch/access"
)

// IdentitySource is one identities entry: the date of what was read from it last, and how many records it has.
type IdentitySource struct {
	Source  string
	AsOf    time.Time
	Records int
}

// identityRow is one record in its place: the same uid may have several intervals, and even several with one start.
type identityRow struct {
	uid     string
	start   time.Time
	place   uint32
	body    string
	removed bool
	record  access.Identity
}

type identityKey struct {
	uid   string
	start int64
	place uint32
}

func (r *identityRow) key() identityKey {
	return identityKey{r.uid, clamp(orEpoch(r.start)).UnixMicro(), r.place}
}

// SaveIdentities makes the records of a source what ids says; records that are not in it any more are removed. It may
// be repeated.
func (s *Store) SaveIdentities(ctx context.Context, source string, asOf time.Time, ids []access.Identity) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	fail := func(err error) error { return fmt.Errorf("store: identities of %s: %w", source, err) }
	past, err := all(ctx, s, "identities_source", func(r driver.Rows, v *identityRow) error {
		err := r.Scan(&v.uid, &v.start, &v.place, &v.body)
		return err
	}, p("source", source))
	if err != nil {
		return fail(err)
	}
	write := make([]identityRow, 0, len(ids))
	stated := make(map[identityKey]bool, len(ids))
	for i := range ids {
		r := identityRow{uid: ids[i].UID, start: ids[i].Start, record: ids[i]}
		for stated[r.key()] {
			r.place++
		}
		stated[r.key()] = true
		body, err := json.Marshal(&ids[i])
		if err != nil {
			return fail(fmt.Errorf("%s: %w", ids[i].UID, err))
		}
		r.body = string(body)
		write = append(write, r)
	}
	for _, r := range past {
		if !stated[r.key()] {
			if err := json.Unmarshal([]byte(r.body), &r.record); err != nil {
				return fail(err)
			}
			r.removed = true
			write = append(write, r)
		}
	}
	version, err := s.version(ctx, "identity_version", p("source", source))
	if err != nil {
		return fail(err)
	}
	return s.insert(ctx, "identities", "", identityColumns(source, asOf, write, version))
}

// Identities returns the records of every source, in order of source, uid and start.
func (s *Store) Identities(ctx context.Context) ([]access.Identity, error) {
	return all(ctx, s, "identities", scanBody[access.Identity])
}

// IdentitySources returns the sources that were ever saved.
func (s *Store) IdentitySources(ctx context.Context) ([]IdentitySource, error) {
	return all(ctx, s, "identity_sources", func(r driver.Rows, v *IdentitySource) error {
		var n uint64
		err := r.Scan(&v.Source, &v.AsOf, &n)
		v.AsOf, v.Records = known(v.AsOf), int(n)
		return err
	})
}

// scanBody reads a row that is one JSON body.
func scanBody[T any](r driver.Rows, v *T) error {
	var body string
	if err := r.Scan(&body); err != nil {
		return err
	}
	return json.Unmarshal([]byte(body), v)
}

func identityColumns(source string, asOf time.Time, v []identityRow, version uint64) []column {
	type row = identityRow
	n := len(v)
	return []column{
		{"source", typeLow, repeat(source, n)},
		{"uid", typeString, pick(v, func(r *row) string { return r.uid })},
		{"start", typeMicros, pick(v, func(r *row) time.Time { return orEpoch(r.start) })},
		{"place", "UInt32", pick(v, func(r *row) uint32 { return r.place })},
		{"end", typeMicros, pick(v, func(r *row) time.Time { return orFuture(r.record.End) })},
		{"kind", typeLow, pick(v, func(r *row) string { return string(r.record.Kind) })},
		{"team", typeLow, pick(v, func(r *row) string { return r.record.Team })},
		{"owner", typeString, pick(v, func(r *row) string { return r.record.Owner })},
		{"as_of", typeMicros, repeat(orEpoch(asOf), n)},
		{"removed", "UInt8", pick(v, func(r *row) uint8 { return bit(r.removed) })},
		{"body", typeString, pick(v, func(r *row) string { return r.body })},
		{"version", "UInt64", repeat(version, n)},
	}
}
