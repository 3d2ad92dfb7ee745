package store

import (
	"context"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Governance is what was recommended for one team and layer at one evaluation, and what the rules alone would have said.
type Governance struct {
	Team, Layer    string
	At             time.Time
	Recommendation string
	Candidate      string // what the rules said at that moment; it takes weeks of the same word to become the recommendation
	Rule           string
	Why            string
	Counterfactual string
	Since          time.Time // since when it is recommended
}

// SaveGovernance records recommendations; the same team, layer and moment replace each other.
func (s *Store) SaveGovernance(ctx context.Context, v []Governance) error {
	if len(v) == 0 {
		return nil
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	version, err := s.version(ctx, "governance_version")
	if err != nil {
		return err
	}
	type row = Governance
	return s.insert(ctx, "governance", "", []column{
		{"team", typeLow, pick(v, func(r *row) string { return r.Team })},
		{"layer", typeLow, pick(v, func(r *row) string { return r.Layer })},
		{"at", typeMicros, pick(v, func(r *row) time.Time { return orEpoch(r.At) })},
		{"recommendation", typeLow, pick(v, func(r *row) string { return r.Recommendation })},
		{"candidate", typeLow, pick(v, func(r *row) string { return r.Candidate })},
		{"rule", typeLow, pick(v, func(r *row) string { return r.Rule })},
		{"why", typeString, pick(v, func(r *row) string { return r.Why })},
		{"counterfactual", typeString, pick(v, func(r *row) string { return r.Counterfactual })},
		{"since", typeMicros, pick(v, func(r *row) time.Time { return orEpoch(r.Since) })},
		{"version", "UInt64", repeat(version, len(v))},
	})
}

// GovernanceDaily returns the last word of each day (UTC) in [from, to) on every team and layer, in order of time.
func (s *Store) GovernanceDaily(ctx context.Context, from, to time.Time) ([]Governance, error) {
	return all(ctx, s, "governance_daily", func(r driver.Rows, g *Governance) error {
		err := r.Scan(&g.Team, &g.Layer, &g.At, &g.Recommendation, &g.Candidate, &g.Rule, &g.Why, &g.Counterfactual, &g.Since)
		g.At, g.Since = known(g.At), known(g.Since)
		return err
	}, at("from", from), at("to", to))
}

// Revocation is how far the access that a person who left had with a team is taken away.
type Revocation struct {
	Team, Person string
	Ended        time.Time
	Revoked      time.Time // zero while some access is left
	Open         int       // accounts, credentials and grants that are left
	Evidence     string
}

// SaveRevocations records revocations; each replaces what was on record for the team, person and end.
func (s *Store) SaveRevocations(ctx context.Context, moment time.Time, v []Revocation) error {
	if len(v) == 0 {
		return nil
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	version, err := s.version(ctx, "revocation_version")
	if err != nil {
		return err
	}
	type row = Revocation
	return s.insert(ctx, "revocations", "", []column{
		{"team", typeLow, pick(v, func(r *row) string { return r.Team })},
		{"person", typeString, pick(v, func(r *row) string { return r.Person })},
		{"ended", typeMicros, pick(v, func(r *row) time.Time { return orEpoch(r.Ended) })},
		{"revoked", typeMicros, pick(v, func(r *row) time.Time { return orEpoch(r.Revoked) })},
		{"open", "UInt64", pick(v, func(r *row) uint64 { return uint64(r.Open) })},
		{"evidence", typeString, pick(v, func(r *row) string { return r.Evidence })},
		{"at", typeMicros, repeat(orEpoch(moment), len(v))},
		{"version", "UInt64", repeat(version, len(v))},
	})
}

// Revocations returns what is on record of people who left since a moment.
func (s *Store) Revocations(ctx context.Context, since time.Time) ([]Revocation, error) {
	return all(ctx, s, "revocations", func(r driver.Rows, v *Revocation) error {
		var open uint64
		err := r.Scan(&v.Team, &v.Person, &v.Ended, &v.Revoked, &open, &v.Evidence)
		v.Ended, v.Revoked, v.Open = known(v.Ended), known(v.Revoked), int(open)
		return err
	}, at("since", since))
}
