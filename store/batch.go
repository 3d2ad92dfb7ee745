package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/grantwatch/grantwatch/access"
)

// WriteBatch makes a batch durable. It returns nil only when every table has it; after an error, or after a crash, the
// same batch is written again and each table takes what it does not have yet. The account of the batch goes last, so
// that what FeedStats counts is there.
//
// A batch that is written again must be the same in every field, Ingested included: events are partitioned by the day
// of Ingested, and a token is known within its partition.
func (s *Store) WriteBatch(ctx context.Context, b *access.Batch) error {
	if b.Token == "" {
		return fmt.Errorf("store: batch of %s, %s: no token", b.Feed, b.Source)
	}
	hits, err := hitColumns(b)
	if err != nil {
		return err
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(2) // the engine is bound by the processor: more at once is only more memory
	for _, t := range []struct {
		table string
		cols  []column
	}{
		{"events", eventColumns(b)}, {"usage", usageColumns(b.Usage)}, {"coverage", coverageColumns(b.Coverage)},
		{"sessions", sessionColumns(b.Sessions)}, {"canaries", canaryColumns(b)}, {"dead_letters", deadColumns(b.Dead)}, {"hits", hits}, {"raw_events", rawColumns(b)},
	} {
		if length(t.cols[0].data) > 0 {
			g.Go(func() error { return s.insert(gctx, t.table, b.Token, t.cols) })
		}
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return s.insert(ctx, "batches", b.Token, batchColumns(b))
}

func eventColumns(b *access.Batch) []column {
	e := &b.Events
	n := e.Len()
	return []column{
		{"team", typeLow, repeat(b.Team, n)}, {"feed", typeLow, repeat(b.Feed, n)}, {"ingested", typeMillis, repeat(b.Ingested, n)},
		{"time", typeMicros, e.Time}, {"id", typeString, e.ID}, {"provider", typeLow, e.Provider}, {"account", typeLow, e.Account},
		{"class", typeLow, e.Class}, {"log_class", typeLow, e.LogClass}, {"action", typeLow, e.Action}, {"access", typeLow, e.Access},
		{"outcome", typeLow, e.Outcome}, {"error", typeLow, e.Error}, {"actor_id", typeString, e.ActorID}, {"actor_uid", typeString, e.ActorUID},
		{"actor_name", typeString, e.ActorName}, {"actor_email", typeString, e.ActorEmail}, {"actor_kind", typeLow, e.ActorKind},
		{"issuer", typeString, e.Issuer}, {"credential", typeString, e.Credential}, {"actor", typeString, e.Principal},
		{"permission", typeLow, e.Permission}, {"scope", typeLow, e.Scope}, {"via", typeLow, e.Via}, {"src_ip", typeString, e.SrcIP},
		{"user_agent", typeLow, e.UserAgent}, {"session", typeString, e.Session}, {"change_kind", typeLow, e.ChangeKind},
		{"change_subject", typeString, e.ChangeSubject}, {"change_grant", typeString, e.ChangeGrant}, {"flag", typeLow, e.Flag},
		{"chain", typeStrings, e.Chain}, {"groups", typeLows, e.Groups}, {"target_ids", typeStrings, e.TargetIDs},
		{"target_types", typeLows, e.TargetTypes}, {"attrs", typeMap, e.Attrs},
	}
}

// rawColumns are the records as they came, beside what is needed to find them and to forget them in time.
func rawColumns(b *access.Batch) []column {
	e := &b.Events
	n := len(e.Raw)
	return []column{
		{"id", typeString, e.ID[:n]}, {"team", typeLow, repeat(b.Team, n)}, {"feed", typeLow, repeat(b.Feed, n)},
		{"ingested", typeMillis, repeat(b.Ingested, n)}, {"expires", typeMinute, repeat(b.RawUntil, n)},
		{"time", typeMicros, e.Time[:n]}, {"actor", typeString, e.Principal[:n]}, {"raw", typeString, e.Raw},
	}
}

func repeat[T any](v T, n int) []T {
	out := make([]T, n)
	for i := range out {
		out[i] = v
	}
	return out
}

// pick takes one field of every row.
func pick[R, T any](rows []R, field func(*R) T) []T {
	out := make([]T, len(rows))
	for i := range rows {
		out[i] = field(&rows[i])
	}
	return out
}

func usageColumns(u []access.Usage) []column {
	type row = access.Usage
	return []column{
		{"team", typeLow, pick(u, func(r *row) string { return r.Team })},
		{"provider", typeLow, pick(u, func(r *row) string { return r.Provider })},
		{"account", typeLow, pick(u, func(r *row) string { return r.Account })},
		{"actor", typeString, pick(u, func(r *row) string { return r.Actor })},
		{"actor_uid", typeString, pick(u, func(r *row) string { return r.ActorUID })},
		{"permission", typeLow, pick(u, func(r *row) string { return r.Permission })},
		{"scope", typeString, pick(u, func(r *row) string { return r.Scope })},
		{"via", typeString, pick(u, func(r *row) string { return r.Via })},
		{"feed", typeLow, pick(u, func(r *row) string { return r.Feed })},
		{"first", typeMicros, pick(u, func(r *row) time.Time { return orFuture(r.First) })},
		{"last", typeMicros, pick(u, func(r *row) time.Time { return orEpoch(r.Last) })},
		{"last_ref", typeString, pick(u, func(r *row) string { return ref(r.Last, r.LastID) })},
		{"days", typeDays, pick(u, func(r *row) []uint16 { return r.Days })},
		{"first_denied", typeMicros, pick(u, func(r *row) time.Time { return orFuture(r.FirstDenied) })},
		{"last_denied", typeMicros, pick(u, func(r *row) time.Time { return orEpoch(r.LastDenied) })},
		{"groups", typeStrings, pick(u, func(r *row) []string { return r.Groups })},
	}
}

// refTime is how many digits of time stand before the id in last_ref, so that the greatest text is the latest time.
const refTime = 16

func ref(last time.Time, id string) string {
	if last.IsZero() {
		return ""
	}
	return fmt.Sprintf("%0*d %s", refTime, max(last.UnixMicro(), 0), id)
}

func coverageColumns(c []access.CoverMinute) []column {
	type row = access.CoverMinute
	return []column{
		{"team", typeLow, pick(c, func(r *row) string { return r.Team })},
		{"feed", typeLow, pick(c, func(r *row) string { return r.Feed })},
		{"minute", typeMinute, pick(c, func(r *row) time.Time { return r.Minute })},
		{"first", typeMillis, pick(c, func(r *row) time.Time { return r.First })},
		{"last", typeMillis, pick(c, func(r *row) time.Time { return r.Last })},
	}
}

func sessionColumns(u []access.SessionUse) []column {
	type row = access.SessionUse
	return []column{
		{"team", typeLow, pick(u, func(r *row) string { return r.Team })},
		{"provider", typeLow, pick(u, func(r *row) string { return r.Provider })},
		{"credential", typeString, pick(u, func(r *row) string { return r.Credential })},
		{"parent", typeString, pick(u, func(r *row) string { return r.Parent })},
		{"parent_uid", typeString, pick(u, func(r *row) string { return r.ParentUID })},
		{"parent_cred", typeString, pick(u, func(r *row) string { return r.ParentCred })},
		{"role", typeString, pick(u, func(r *row) string { return r.Role })},
		{"issued", typeMicros, pick(u, func(r *row) time.Time { return orEpoch(r.Issued) })},
		{"first", typeMicros, pick(u, func(r *row) time.Time { return orFuture(r.First) })},
		{"last", typeMicros, pick(u, func(r *row) time.Time { return orEpoch(r.Last) })},
	}
}

func deadColumns(d []access.DeadLetter) []column {
	type row = access.DeadLetter
	return []column{
		{"team", typeLow, pick(d, func(r *row) string { return r.Team })},
		{"feed", typeLow, pick(d, func(r *row) string { return r.Feed })},
		{"id", typeString, pick(d, func(r *row) string { return r.ID })},
		{"reason", typeLow, pick(d, func(r *row) string { return string(r.Reason) })},
		{"detail", typeString, pick(d, func(r *row) string { return r.Detail })},
		{"position", typeString, pick(d, func(r *row) string { return r.Position })},
		{"at", typeMillis, pick(d, func(r *row) time.Time { return orEpoch(r.At) })},
		{"raw", typeString, pick(d, func(r *row) string { return string(r.Raw) })},
	}
}

func hitColumns(b *access.Batch) ([]column, error) {
	type row = access.Hit
	h := b.Hits
	body := make([]string, len(h))
	for i := range h {
		text, err := json.Marshal(&h[i].Event)
		if err != nil {
			return nil, fmt.Errorf("store: hit of %s: event %s: %w", h[i].Rule, h[i].Event.ID, err)
		}
		body[i] = string(text)
	}
	return []column{
		{"team", typeLow, pick(h, func(r *row) string { return r.Team })},
		{"rule", typeLow, pick(h, func(r *row) string { return r.Rule })},
		{"event_id", typeString, pick(h, func(r *row) string { return r.Event.ID })},
		{"severity", typeLow, pick(h, func(r *row) string { return string(r.Severity) })},
		{"why", typeString, pick(h, func(r *row) string { return r.Why })},
		{"feed", typeLow, pick(h, func(r *row) string { return r.Feed })},
		{"time", typeMicros, pick(h, func(r *row) time.Time { return r.Event.Time })},
		{"provider", typeLow, pick(h, func(r *row) string { return r.Event.Provider })},
		{"account", typeLow, pick(h, func(r *row) string { return r.Event.Account })},
		{"action", typeLow, pick(h, func(r *row) string { return r.Event.Action })},
		{"outcome", typeLow, pick(h, func(r *row) string { return string(r.Event.Outcome) })},
		{"actor", typeString, pick(h, func(r *row) string { return r.Event.Actor.Principal })},
		{"actor_uid", typeString, pick(h, func(r *row) string { return r.Event.Actor.UID })},
		{"ingested", typeMillis, repeat(b.Ingested, len(h))},
		{"body", typeString, body},
	}, nil
}

func batchColumns(b *access.Batch) []column {
	one := func(n int64) []int64 { return []int64{n} }
	return []column{
		{"team", typeLow, []string{b.Team}}, {"feed", typeLow, []string{b.Feed}}, {"source", typeString, []string{b.Source}},
		{"from_pos", "Int64", one(b.From)}, {"to_pos", "Int64", one(b.To)}, {"received", "Int64", one(b.Received)},
		{"stored", "Int64", one(int64(b.Events.Len()))}, {"filtered", "Int64", one(b.Filtered)},
		{"dead", "Int64", one(int64(len(b.Dead)))}, {"flagged", "Int64", one(b.Flagged)},
		{"lateness", typeCounts, [][]uint32{b.Lateness[:]}}, {"newest", typeMicros, []time.Time{orEpoch(b.Newest)}},
		{"accounts", typeStrings, [][]string{b.Accounts}}, {"ingested", typeMillis, []time.Time{b.Ingested}},
		{"token", typeString, []string{b.Token}},
	}
}
