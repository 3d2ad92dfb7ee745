package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/grantwatch/grantwatch/dashboards/queries"
	"github.com/grantwatch/grantwatch/dashboards/queries/queriestest"
	"github.com/grantwatch/grantwatch/store"
)

// asker asks queries as panels do. No two asks are alike: team, identity, filters and the end of the range differ, so that
// nothing is measured that remembers answers.
type asker struct {
	store *store.Store
	ids   []string // events whose records are kept
}

func newAsker(ctx context.Context, s *store.Store, e queriestest.Engine) (*asker, error) {
	text, err := e.Ask(ctx, "SELECT id FROM raw_events WHERE time < toDateTime64('2026-09-01 00:00:00', 6, 'UTC') ORDER BY cityHash64(id) LIMIT 500", nil)
	if err != nil {
		return nil, err
	}
	return &asker{store: s, ids: fields(text)}, nil
}

// ask asks one query: of all teams or of one, with the range that its dashboard begins with.
func (a *asker) ask(ctx context.Context, name string, r *rand.Rand) (time.Duration, int, error) {
	q, _ := queries.Find(name)
	params := queries.Params{}
	actor := r.IntN(actors)
	if r.IntN(2) == 0 {
		actor = int(math.Pow(actors, r.Float64())) - 1 // a busy one, as day.sql draws them
	}
	scope := queries.Everything
	if r.IntN(2) == 0 && !q.Wide {
		scope = queries.Of(teamOf(actor))
	}
	back := 7 * 24 * time.Hour
	for _, p := range q.Params {
		switch {
		case p.Kind == queries.KindIdentity && p.Needed:
			params[p.Name] = []string{nameOf(actor)}
			back = 30 * 24 * time.Hour
		case p.Name == "id":
			for range 20 {
				params[p.Name] = append(params[p.Name], a.ids[r.IntN(len(a.ids))])
			}
		case p.Needed:
			params[p.Name] = []string{queries.Figures[r.IntN(8)]}
		case p.Multi && len(p.Choices) > 1 && r.IntN(4) == 0:
			params[p.Name] = []string{p.Choices[r.IntN(len(p.Choices))]}
		}
	}
	switch name {
	case "findings_trend", "figure_trend", "drift_change", "visibility", "revocation_latency", "nhi_ratio", "coverage_days", "coverage_blinds", "feeds", "feed_gaps", "exceptions_expiring":
		back = days * 24 * time.Hour
	case "identities":
		params["text"] = []string{"actor-" + strconv.Itoa(actor)}
	case "findings":
		if r.IntN(4) == 0 {
			params["text"] = []string{"bucket-" + strconv.Itoa(r.IntN(1000))}
		}
	}
	to := end.Add(-time.Duration(r.IntN(12*3600)) * time.Second)
	begun := time.Now()
	res, err := queries.Run(ctx, a.store, scope, name, params, queries.Range{From: to.Add(-back), To: to, Interval: back / 300, MaxPoints: 300})
	took := time.Since(begun)
	if err != nil {
		return took, 0, fmt.Errorf("%w: %w", err, errors.Unwrap(err))
	}
	return took, res.Rows, nil
}

const actors, teams = 50_000, 50

func teamOf(actor int) string { return fmt.Sprintf("team-%02d", actor%teams) }

func nameOf(actor int) string {
	return fmt.Sprintf("arn:aws:iam::%d:user/actor-%d", 111122220000+actor%teams, actor)
}
