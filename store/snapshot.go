package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/zeebo/xxh3"

	"github.com/grantwatch/grantwatch/access"
)

// What became of a snapshot.
const (
	SnapshotAccepted = "accepted"
	SnapshotRefused  = "refused"
)

// SnapshotRecord is one snapshot as it was read, accepted or refused.
type SnapshotRecord struct {
	Team, Entitlement, Provider, Account string
	TakenAt                              time.Time
	Source                               string
	Status, Reason                       string
	Grants, Accounts                     int
	Hash                                 uint64 // of what it states, in any order
	SeenAt                               time.Time
	Dated                                bool
}

// SaveSnapshot records a snapshot and, when it is accepted, brings grants and accounts in line with it: what is new is
// valid from TakenAt, what is gone is valid until then. Snapshots may come in any order and any number of times. The
// record is written last, so that a snapshot on record is one that was taken in whole.
func (s *Store) SaveSnapshot(ctx context.Context, snap access.Snapshot, status, reason string, seenAt time.Time) error {
	of := series{snap.Team, snap.Entitlement, snap.Provider, snap.Account}
	fail := func(err error) error {
		return fmt.Errorf("store: snapshot of %s, account %q, at %s: %w", snap.Entitlement, snap.Account, snap.TakenAt.Format(time.RFC3339), err)
	}
	if snap.TakenAt.IsZero() {
		return fail(fmt.Errorf("it has no time"))
	}
	grants, err := grantItems(snap.Grants)
	if err != nil {
		return fail(err)
	}
	accounts, err := accountItems(snap.Accounts)
	if err != nil {
		return fail(err)
	}
	record := SnapshotRecord{Team: snap.Team, Entitlement: snap.Entitlement, Provider: snap.Provider, Account: snap.Account,
		TakenAt: clamp(snap.TakenAt).Truncate(time.Microsecond), Source: snap.Source, Status: status, Reason: reason,
		Grants: len(snap.Grants), Accounts: len(snap.Accounts), Hash: digest(grants) + 3*digest(accounts), SeenAt: seenAt, Dated: snap.Dated}

	s.writing.Lock()
	defer s.writing.Unlock()
	past, err := all(ctx, s, "snapshots_series", scanSnapshot, of.args()...)
	if err != nil {
		return fail(err)
	}
	where := place{record.TakenAt, future}
	for _, r := range past {
		if r.TakenAt.Equal(record.TakenAt) && r.Source == record.Source && r.Status == status && r.Reason == reason && r.Hash == record.Hash {
			return nil // on record: it was taken in whole
		}
		if r.Status == SnapshotAccepted && r.TakenAt.After(record.TakenAt) && r.TakenAt.Before(where.next) {
			where.next = r.TakenAt
		}
	}
	if status == SnapshotAccepted {
		if err := s.save(ctx, keptGrants, of, where, grants); err != nil {
			return fail(err)
		}
		if err := s.save(ctx, keptAccounts, of, where, accounts); err != nil {
			return fail(err)
		}
	}
	version, err := s.version(ctx, "snapshot_version", of.args()...)
	if err != nil {
		return fail(err)
	}
	return s.insert(ctx, "snapshots", "", snapshotColumns([]SnapshotRecord{record}, version))
}

// grantItems gives the body the fields that a snapshot states; what follows from the series is left out, since it would
// make the same grant look changed.
func grantItems(grants []access.Grant) ([]item, error) {
	out := make([]item, len(grants))
	for i := range grants {
		g := grants[i]
		g.FirstSeen, g.ClosedAt = time.Time{}, time.Time{}
		body, err := json.Marshal(&g)
		if err != nil {
			return nil, fmt.Errorf("grant %s: %w", g.ID, err)
		}
		out[i] = item{g.ID, [3]string{g.Subject, g.Permission, g.Resource}, string(body)}
	}
	return out, nil
}

func accountItems(accounts []access.Account) ([]item, error) {
	out := make([]item, len(accounts))
	for i := range accounts {
		a := &accounts[i]
		body, err := json.Marshal(a)
		if err != nil {
			return nil, fmt.Errorf("account %s: %w", a.Name, err)
		}
		out[i] = item{a.Name + "\x00" + a.UID, [3]string{a.Name, a.UID, string(a.Kind)}, string(body)}
	}
	return out, nil
}

func digest(items []item) uint64 {
	var sum uint64
	for i := range items {
		sum += xxh3.HashString(items[i].id+"\x00") ^ items[i].hash()
	}
	return sum
}

// Snapshots returns every snapshot on record of every team, in order of series and time.
func (s *Store) Snapshots(ctx context.Context) ([]SnapshotRecord, error) {
	return all(ctx, s, "snapshots", scanSnapshot)
}

func scanSnapshot(r driver.Rows, v *SnapshotRecord) error {
	var grants, accounts uint64
	var dated uint8
	err := r.Scan(&v.Team, &v.Entitlement, &v.Provider, &v.Account, &v.TakenAt, &v.Source, &v.Status, &v.Reason, &grants, &accounts, &v.Hash, &v.SeenAt, &dated)
	v.Grants, v.Accounts, v.Dated = int(grants), int(accounts), dated != 0
	v.TakenAt, v.SeenAt = v.TakenAt.UTC(), known(v.SeenAt)
	return err
}

func snapshotColumns(v []SnapshotRecord, version uint64) []column {
	type row = SnapshotRecord
	return []column{
		{"team", typeLow, pick(v, func(r *row) string { return r.Team })},
		{"entitlement", typeLow, pick(v, func(r *row) string { return r.Entitlement })},
		{"provider", typeLow, pick(v, func(r *row) string { return r.Provider })},
		{"account", typeString, pick(v, func(r *row) string { return r.Account })},
		{"taken_at", typeMicros, pick(v, func(r *row) time.Time { return r.TakenAt })},
		{"source", typeString, pick(v, func(r *row) string { return r.Source })},
		{"status", typeLow, pick(v, func(r *row) string { return r.Status })},
		{"reason", typeString, pick(v, func(r *row) string { return r.Reason })},
		{"grants", "UInt64", pick(v, func(r *row) uint64 { return uint64(r.Grants) })},
		{"accounts", "UInt64", pick(v, func(r *row) uint64 { return uint64(r.Accounts) })},
		{"hash", "UInt64", pick(v, func(r *row) uint64 { return r.Hash })},
		{"seen_at", typeMillis, pick(v, func(r *row) time.Time { return orEpoch(r.SeenAt) })},
		{"dated", "UInt8", pick(v, func(r *row) uint8 { return bit(r.Dated) })},
		{"version", "UInt64", repeat(version, len(v))},
	}
}

func bit(b bool) uint8 {
	if b {
		return 1
	}
	return 0
}
