package store

import (
	"context"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/grantwatch/grantwatch/access"
)

// Usage returns what was used or attempted in one account since a time (zero: ever), of every team: who may use an
// account is not for its team alone to know about.
func (s *Store) Usage(ctx context.Context, provider, account string, since time.Time) ([]access.Usage, error) {
	return all(ctx, s, "usage", scanUsage, p("provider", provider), p("account", account), at("since", since))
}

// TeamUsage is what one team's feeds recorded.
func (s *Store) TeamUsage(ctx context.Context, team string, since time.Time) ([]access.Usage, error) {
	return all(ctx, s, "usage_team", scanUsage, p("team", team), at("since", since))
}

// UsageEach calls fn for every row of usage of all teams, in no order. The row is only valid during the call.
func (s *Store) UsageEach(ctx context.Context, since time.Time, fn func(*access.Usage) error) error {
	return s.each(ctx, "usage_all", func(r driver.Rows) error {
		var u access.Usage
		if err := scanUsage(r, &u); err != nil {
			return err
		}
		return fn(&u)
	}, at("since", since))
}

func scanUsage(r driver.Rows, u *access.Usage) error {
	var last string
	err := r.Scan(&u.Team, &u.Provider, &u.Account, &u.Actor, &u.ActorUID, &u.Permission, &u.Scope, &u.Via, &u.Feed,
		&u.First, &u.Last, &last, &u.Days, &u.FirstDenied, &u.LastDenied, &u.Groups)
	if err != nil {
		return err
	}
	u.First, u.Last, u.FirstDenied, u.LastDenied = known(u.First), known(u.Last), known(u.FirstDenied), known(u.LastDenied)
	if len(last) > refTime {
		u.LastID = last[refTime+1:]
	}
	u.Days, u.Groups = orNil(u.Days), orNil(u.Groups)
	return nil
}

// orNil makes an empty slice nil: absent is absent.
func orNil[T any](v []T) []T {
	if len(v) == 0 {
		return nil
	}
	return v
}
