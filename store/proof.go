package store

import (
	"context"
	"path"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/grantwatch/grantwatch/access"
)

func canaryColumns(b *access.Batch) []column {
	type row = access.Sighting
	n := len(b.Canaries)
	return []column{
		{"team", typeLow, repeat(b.Team, n)}, {"feed", typeLow, repeat(b.Feed, n)},
		{"kind", typeLow, pick(b.Canaries, func(r *row) string { return r.Kind })},
		{"time", typeMicros, pick(b.Canaries, func(r *row) time.Time { return r.Time })},
		{"id", typeString, pick(b.Canaries, func(r *row) string { return r.ID })},
		{"ingested", typeMillis, repeat(b.Ingested, n)},
	}
}

// CanaryEach calls fn for every canary of a kind since a time, by feed and in order of time.
func (s *Store) CanaryEach(ctx context.Context, kind string, since time.Time, fn func(feed string, at time.Time)) error {
	return s.each(ctx, "canaries", func(r driver.Rows) error {
		var feed string
		var t time.Time
		if err := r.Scan(&feed, &t); err != nil {
			return err
		}
		fn(feed, t.UTC())
		return nil
	}, p("kind", kind), at("since", since))
}

// LastCanary is the newest canary of a feed.
type LastCanary struct {
	Feed, Kind string
	Time       time.Time
	Ingested   time.Time
	ID         string
}

// LastCanaries returns the newest canary of each feed and kind.
func (s *Store) LastCanaries(ctx context.Context) ([]LastCanary, error) {
	return all(ctx, s, "canaries_last", func(r driver.Rows, c *LastCanary) error {
		err := r.Scan(&c.Feed, &c.Kind, &c.Time, &c.Ingested, &c.ID)
		c.Time, c.Ingested = c.Time.UTC(), c.Ingested.UTC()
		return err
	})
}

// SaveReadings keeps which objects were read. The same object with the same content is one row.
func (s *Store) SaveReadings(ctx context.Context, v []access.Reading) error {
	type row = access.Reading
	return s.insert(ctx, "readings", "", []column{
		{"team", typeLow, pick(v, func(r *row) string { return r.Team })},
		{"feed", typeLow, pick(v, func(r *row) string { return r.Feed })},
		{"name", typeString, pick(v, func(r *row) string { return r.Name })},
		{"hash", typeString, pick(v, func(r *row) string { return r.Hash })},
		{"account", typeLow, pick(v, func(r *row) string { return r.Account })},
		{"region", typeLow, pick(v, func(r *row) string { return r.Region })},
		{"records", "Int64", pick(v, func(r *row) int64 { return r.Records })},
		{"dead", "Int64", pick(v, func(r *row) int64 { return r.Dead })},
		{"at", typeMillis, pick(v, func(r *row) time.Time { return orEpoch(r.At) })},
	})
}

// Readings returns what was read of a feed under these names.
func (s *Store) Readings(ctx context.Context, team, feed string, names []string) ([]access.Reading, error) {
	var out []access.Reading
	for part := range slices.Chunk(names, refsAtOnce) {
		got, err := all(ctx, s, "readings", scanReading, p("team", team), p("feed", feed), p("names", part))
		if err != nil {
			return nil, err
		}
		out = append(out, got...)
	}
	return out, nil
}

func scanReading(r driver.Rows, v *access.Reading) error {
	return r.Scan(&v.Team, &v.Feed, &v.Name, &v.Hash, &v.Account, &v.Region, &v.Records, &v.Dead)
}

// ReadPlaces returns the accounts and regions of which objects of a feed were read.
func (s *Store) ReadPlaces(ctx context.Context, team, feed string) ([]access.Reading, error) {
	return all(ctx, s, "reading_places", func(r driver.Rows, v *access.Reading) error {
		return r.Scan(&v.Account, &v.Region)
	}, p("team", team), p("feed", feed))
}

// ListedDigest is a digest with the files that it lists.
type ListedDigest struct {
	access.Digest
	Names, Hashes []string
}

// SaveDigests replaces digests.
func (s *Store) SaveDigests(ctx context.Context, v []ListedDigest) error {
	if len(v) == 0 {
		return nil
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	version, err := s.version(ctx, "digest_version")
	if err != nil {
		return err
	}
	type row = ListedDigest
	text := func(name, typ string, f func(*row) string) column { return column{name, typ, pick(v, f)} }
	when := func(name string, f func(*row) time.Time) column {
		return column{name, typeMicros, pick(v, func(r *row) time.Time { return orEpoch(f(r)) })}
	}
	return s.insert(ctx, "digests", "", []column{
		text("team", typeLow, func(r *row) string { return r.Team }), text("feed", typeLow, func(r *row) string { return r.Feed }),
		text("chain", typeLow, func(r *row) string { return r.Chain }), text("name", typeString, func(r *row) string { return path.Base(r.Object) }), text("object", typeString, func(r *row) string { return r.Object }),
		text("bucket", typeLow, func(r *row) string { return r.Bucket }), text("account", typeLow, func(r *row) string { return r.Account }),
		text("region", typeLow, func(r *row) string { return r.Region }),
		when("delivered_from", func(r *row) time.Time { return r.From }), when("delivered_to", func(r *row) time.Time { return r.To }), when("oldest", func(r *row) time.Time { return r.Oldest }),
		text("end_text", typeString, func(r *row) string { return r.End }), text("hash", typeString, func(r *row) string { return r.Hash }),
		text("signature", typeString, func(r *row) string { return r.Signature }), text("key", typeLow, func(r *row) string { return r.Key }),
		text("previous_object", typeString, func(r *row) string { return r.Previous.Object }),
		text("previous_hash", typeString, func(r *row) string { return r.Previous.Hash }),
		text("previous_signature", typeString, func(r *row) string { return r.Previous.Signature }),
		{"backfill", "UInt8", pick(v, func(r *row) uint8 { return bit(r.Backfill) })},
		text("broken", typeString, func(r *row) string { return r.Broken }), text("mark", typeString, func(r *row) string { return r.Mark }),
		{"files", typeStrings, pick(v, func(r *row) []string { return r.Names })}, {"hashes", typeStrings, pick(v, func(r *row) []string { return r.Hashes })},
		text("state", typeLow, func(r *row) string { return r.State }), text("detail", typeString, func(r *row) string { return r.Detail }),
		{"version", "UInt64", repeat(version, len(v))},
	})
}

// Digests returns the digests of a feed, without the files that they list.
func (s *Store) Digests(ctx context.Context, team, feed string) ([]access.Digest, error) {
	return all(ctx, s, "digests", scanDigest, p("team", team), p("feed", feed))
}

// UnsettledDigests returns the digests whose files were not all read as they were delivered, with these files.
func (s *Store) UnsettledDigests(ctx context.Context, team, feed string) ([]ListedDigest, error) {
	return all(ctx, s, "digests_unsettled", func(r driver.Rows, v *ListedDigest) error { return scanDigestAnd(r, &v.Digest, &v.Names, &v.Hashes) },
		p("team", team), p("feed", feed))
}

func scanDigest(r driver.Rows, d *access.Digest) error { return scanDigestAnd(r, d) }

func scanDigestAnd(r driver.Rows, d *access.Digest, more ...any) error {
	var backfill uint8
	err := r.Scan(append([]any{&d.Team, &d.Feed, &d.Chain, &d.Object, &d.Bucket, &d.Account, &d.Region, &d.From, &d.To, &d.Oldest, &d.End, &d.Hash,
		&d.Signature, &d.Key, &d.Previous.Object, &d.Previous.Hash, &d.Previous.Signature, &backfill, &d.Broken, &d.Mark, &d.State, &d.Detail}, more...)...)
	d.From, d.To, d.Oldest, d.Backfill = d.From.UTC(), d.To.UTC(), known(d.Oldest), backfill == 1
	return err
}

// Hole is a stretch of positions that was gone before it could be read.
type Hole struct {
	Team, Feed, Source string
	From, To           int64
	Noticed            time.Time
	Before, After      time.Time // newest event times of the batches on both sides; zero when there is none
}

// SaveHole keeps a hole. The same one is one row.
func (s *Store) SaveHole(ctx context.Context, h Hole) error {
	one := func(v string) []string { return []string{v} }
	return s.insert(ctx, "holes", "", []column{
		{"team", typeLow, one(h.Team)}, {"feed", typeLow, one(h.Feed)}, {"source", typeString, one(h.Source)},
		{"from_pos", "Int64", []int64{h.From}}, {"to_pos", "Int64", []int64{h.To}}, {"noticed", typeMillis, []time.Time{h.Noticed}},
	})
}

// Holes returns all holes, with the times of what was read before and after each.
func (s *Store) Holes(ctx context.Context) ([]Hole, error) {
	return all(ctx, s, "holes", func(r driver.Rows, h *Hole) error {
		err := r.Scan(&h.Team, &h.Feed, &h.Source, &h.From, &h.To, &h.Noticed, &h.Before, &h.After)
		h.Noticed, h.Before, h.After = h.Noticed.UTC(), known(h.Before), known(h.After)
		return err
	})
}
