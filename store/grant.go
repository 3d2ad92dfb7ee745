package store

import (
	"context"
	"encoding/json"
	"fmt"
	"sort"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/grantwatch/grantwatch/access"
)

// held is a row of grants or accounts as it is read.
type held struct {
	of       series
	from, to time.Time
	body     string
}

func scanHeld(r driver.Rows, h *held) error {
	err := r.Scan(&h.of.team, &h.of.entitlement, &h.of.provider, &h.of.account, &h.from, &h.to, &h.body)
	h.from, h.to = h.from.UTC(), h.to.UTC()
	return err
}

// Grants returns the grants of every team that are there at a moment, and those that were closed between closedSince
// and that moment, which have ClosedAt set; a zero closedSince means none of them. FirstSeen is the first snapshot of
// the stretch. SeenBefore says that an earlier snapshot of the series, of PriorAt, had not got it.
func (s *Store) Grants(ctx context.Context, when, closedSince time.Time) ([]access.Grant, error) {
	if closedSince.IsZero() {
		closedSince = latest
	}
	rows, err := all(ctx, s, "grants", scanHeld, at("at", when), at("closed", closedSince))
	if err != nil {
		return nil, err
	}
	return s.grants(ctx, rows, when)
}

// CurrentGrants returns the grants of one account as the newest accepted snapshot states them.
func (s *Store) CurrentGrants(ctx context.Context, entitlement, provider, account string) ([]access.Grant, error) {
	rows, err := all(ctx, s, "grants_current", scanHeld,
		p("entitlement", entitlement), p("provider", provider), p("account", account), at("open", future))
	if err != nil {
		return nil, err
	}
	return s.grants(ctx, rows, latest)
}

func (s *Store) grants(ctx context.Context, rows []held, when time.Time) ([]access.Grant, error) {
	snapshots, err := s.Snapshots(ctx)
	if err != nil {
		return nil, err
	}
	taken := map[series][]time.Time{} // in order of time
	for _, r := range snapshots {
		if r.Status == SnapshotAccepted {
			of := series{r.Team, r.Entitlement, r.Provider, r.Account}
			taken[of] = append(taken[of], r.TakenAt)
		}
	}
	out := make([]access.Grant, len(rows))
	for i := range rows {
		h, g := &rows[i], &out[i]
		if err := json.Unmarshal([]byte(h.body), g); err != nil {
			return nil, fmt.Errorf("store: grants of %s: %w", h.of.entitlement, err)
		}
		g.FirstSeen = h.from
		if h.to.Before(future) && !h.to.After(when) {
			g.ClosedAt = h.to
		}
		times := taken[h.of]
		if n := sort.Search(len(times), func(i int) bool { return !times[i].Before(h.from) }); n > 0 {
			g.SeenBefore, g.PriorAt = true, times[n-1]
		}
	}
	return out, nil
}

// Accounts returns the accounts of every team that are there at a moment.
func (s *Store) Accounts(ctx context.Context, when time.Time) ([]access.Account, error) {
	rows, err := all(ctx, s, "accounts", scanHeld, at("at", when), at("closed", latest))
	if err != nil {
		return nil, err
	}
	out := make([]access.Account, len(rows))
	for i := range rows {
		if err := json.Unmarshal([]byte(rows[i].body), &out[i]); err != nil {
			return nil, fmt.Errorf("store: accounts of %s: %w", rows[i].of.entitlement, err)
		}
	}
	return out, nil
}
