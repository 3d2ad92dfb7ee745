package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/grantwatch/grantwatch/access"
)

// Walls are the teams whose rows a query may give: teams are walls in the store, not in whoever asks it. The zero value
// lets nothing through.
type Walls struct {
	Every bool
	Teams []string
}

func (w Walls) params() []any { return []any{p("every", bit(w.Every)), p("teams", orEmpty(w.Teams))} }

// GrantsOf returns the open grants of some holders at a moment, limit at most.
func (s *Store) GrantsOf(ctx context.Context, w Walls, subjects []string, when time.Time, limit int) ([]access.Grant, error) {
	out := []access.Grant{}
	for part := range slices.Chunk(subjects, refsAtOnce) {
		rows, err := all(ctx, s, "grants_of", scanHeld, append(w.params(), p("subjects", part), at("at", when), p("limit", uint64(max(limit, 0))))...)
		if err != nil {
			return nil, err
		}
		for i := range rows {
			var g access.Grant
			if err := json.Unmarshal([]byte(rows[i].body), &g); err != nil {
				return nil, fmt.Errorf("store: grants of %s: %w", rows[i].of.entitlement, err)
			}
			g.FirstSeen = rows[i].from
			out = append(out, g)
		}
	}
	return out[:min(limit, len(out))], nil
}

// actorParams are the parameters by which queries know actors.
func actorParams(actors []ActorRef) []any {
	uids, names := []string{}, []string{}
	for _, a := range actors {
		if a.UID != "" {
			uids = append(uids, a.Provider+"\x01"+a.UID)
		}
		if a.Principal != "" {
			names = append(names, a.Provider+"\x01"+a.Principal)
		}
	}
	return []any{p("uids", uids), p("names", names), p("bare_uids", bare(uids)), p("bare_names", bare(names))}
}

// maxActors bounds by how many names one identity is looked for.
const maxActors = 200

// UsageOf returns what some actors used or attempted, newest first, limit at most.
func (s *Store) UsageOf(ctx context.Context, w Walls, actors []ActorRef, limit int) ([]access.Usage, error) {
	return all(ctx, s, "usage_of", scanUsage, append(append(w.params(), actorParams(actors[:min(len(actors), maxActors)])...), p("limit", uint64(max(limit, 0))))...)
}

// EventsOf returns the newest events of some actors in [from, to), newest first, limit at most.
func (s *Store) EventsOf(ctx context.Context, w Walls, actors []ActorRef, from, to time.Time, limit int) ([]StoredEvent, error) {
	return all(ctx, s, "events_of", scanEvent, append(append(w.params(), actorParams(actors[:min(len(actors), maxActors)])...),
		at("from", from), at("to", to), p("limit", uint64(max(limit, 0))))...)
}

// RawOf returns records as they came, by the ids of their events, as far as they are kept, limit at most.
func (s *Store) RawOf(ctx context.Context, w Walls, ids []string, limit int) ([]RawEvent, error) {
	return all(ctx, s, "raw_of", scanRaw, append(w.params(), p("ids", orEmpty(ids[:min(len(ids), refsAtOnce)])), p("limit", uint64(max(limit, 0))))...)
}

func scanRaw(r driver.Rows, e *RawEvent) error {
	var raw string
	if err := r.Scan(&e.Team, &e.Feed, &e.Time, &e.ID, &e.Expires, &raw); err != nil {
		return err
	}
	e.Time, e.Expires, e.Raw = e.Time.UTC(), e.Expires.UTC(), []byte(raw)
	return nil
}

// HistoryOf returns the steps of one finding, in order of time.
func (s *Store) HistoryOf(ctx context.Context, w Walls, fingerprint string) ([]HistoryEntry, error) {
	return all(ctx, s, "history_of", scanHistory, append(w.params(), p("fingerprint", fingerprint))...)
}
