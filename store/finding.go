package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/grantwatch/grantwatch/access"
)

// FindingFilter selects findings; an empty field selects all. For one team use TeamFindings, which cannot be widened by
// an empty name.
type FindingFilter struct {
	States   []string  // open, resolved, excepted, reopened
	Kinds    []string  // UNUSED_GRANT …
	Identity string    // uid
	Since    time.Time // last seen at or after
}

// SaveFindings writes the present state of findings: each replaces what its fingerprint had before.
func (s *Store) SaveFindings(ctx context.Context, list []access.Finding) error {
	if len(list) == 0 {
		return nil
	}
	body := make([]string, len(list))
	for i := range list {
		text, err := json.Marshal(&list[i])
		if err != nil {
			return fmt.Errorf("store: finding %s: %w", list[i].Fingerprint, err)
		}
		body[i] = string(text)
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	version, err := s.version(ctx, "finding_version")
	if err != nil {
		return err
	}
	return s.insert(ctx, "findings", "", findingColumns(list, body, version))
}

// FindingsAll returns the findings of every team, in order of team and fingerprint.
func (s *Store) FindingsAll(ctx context.Context, f FindingFilter) ([]access.Finding, error) {
	return s.findings(ctx, "", f)
}

// TeamFindings returns the findings of one team.
func (s *Store) TeamFindings(ctx context.Context, team string, f FindingFilter) ([]access.Finding, error) {
	if team == "" {
		return nil, fmt.Errorf("store: findings of no team were asked for")
	}
	return s.findings(ctx, team, f)
}

func (s *Store) findings(ctx context.Context, team string, f FindingFilter) ([]access.Finding, error) {
	return all(ctx, s, "findings", scanBody[access.Finding], p("team", team), p("states", orEmpty(f.States)),
		p("kinds", orEmpty(f.Kinds)), p("identity", f.Identity), at("since", f.Since))
}

// orEmpty makes nil an empty list: the driver takes nil for NULL.
func orEmpty(v []string) []string {
	if v == nil {
		return []string{}
	}
	return v
}

func findingColumns(v []access.Finding, body []string, version uint64) []column {
	type row = access.Finding
	who := func(f func(*access.FindingIdentity) string) []string {
		return pick(v, func(r *row) string {
			if r.Identity == nil {
				return ""
			}
			return f(r.Identity)
		})
	}
	what := func(f func(*access.FindingGrant) string) []string {
		return pick(v, func(r *row) string {
			if r.Grant == nil {
				return ""
			}
			return f(r.Grant)
		})
	}
	return []column{
		{"team", typeLow, pick(v, func(r *row) string { return r.Team })},
		{"fingerprint", typeString, pick(v, func(r *row) string { return r.Fingerprint })},
		{"kind", typeLow, pick(v, func(r *row) string { return r.Kind })},
		{"verdict", typeLow, pick(v, func(r *row) string { return string(r.Verdict) })},
		{"severity", typeLow, pick(v, func(r *row) string { return string(r.Severity) })},
		{"rule", typeLow, pick(v, func(r *row) string { return r.Rule })},
		{"state", typeLow, pick(v, func(r *row) string { return r.State })},
		{"feed", typeLow, pick(v, func(r *row) string { return r.Feed })},
		{"first_seen", typeMicros, pick(v, func(r *row) time.Time { return orEpoch(r.FirstSeen) })},
		{"last_seen", typeMicros, pick(v, func(r *row) time.Time { return orEpoch(r.LastSeen) })},
		{"identity_uid", typeString, who(func(i *access.FindingIdentity) string { return i.UID })},
		{"identity_name", typeString, who(func(i *access.FindingIdentity) string { return i.Name })},
		{"identity_kind", typeLow, who(func(i *access.FindingIdentity) string { return string(i.Kind) })},
		{"identity_owner", typeString, who(func(i *access.FindingIdentity) string { return i.Owner })},
		{"grant_id", typeString, what(func(g *access.FindingGrant) string { return g.ID })},
		{"provider", typeLow, what(func(g *access.FindingGrant) string { return g.Provider })},
		{"account", typeString, what(func(g *access.FindingGrant) string { return g.Account })},
		{"permission", typeString, what(func(g *access.FindingGrant) string { return g.Permission })},
		{"resource", typeString, what(func(g *access.FindingGrant) string { return g.Resource })},
		{"body", typeString, body},
		{"version", "UInt64", repeat(version, len(v))},
	}
}

// HistoryEntry is one step in the life of a finding.
type HistoryEntry struct {
	Team, Fingerprint string
	At                time.Time
	State             string
	Verdict           access.Verdict
	Severity          access.Severity
	Why               string
	Who               string // who caused it: a person, or the rule
}

// AppendHistory records steps; a step that is recorded again is one step.
func (s *Store) AppendHistory(ctx context.Context, v []HistoryEntry) error {
	type row = HistoryEntry
	return s.insert(ctx, "finding_history", "", []column{
		{"team", typeLow, pick(v, func(r *row) string { return r.Team })},
		{"fingerprint", typeString, pick(v, func(r *row) string { return r.Fingerprint })},
		{"at", typeMicros, pick(v, func(r *row) time.Time { return orEpoch(r.At) })},
		{"state", typeLow, pick(v, func(r *row) string { return r.State })},
		{"verdict", typeLow, pick(v, func(r *row) string { return string(r.Verdict) })},
		{"severity", typeLow, pick(v, func(r *row) string { return string(r.Severity) })},
		{"why", typeString, pick(v, func(r *row) string { return r.Why })},
		{"who", typeString, pick(v, func(r *row) string { return r.Who })},
	})
}

// History returns the steps of one finding in order of time.
func (s *Store) History(ctx context.Context, fingerprint string) ([]HistoryEntry, error) {
	return all(ctx, s, "history", scanHistory, p("fingerprint", fingerprint))
}

// HistorySince returns the steps of every finding of every team since a time.
func (s *Store) HistorySince(ctx context.Context, since time.Time) ([]HistoryEntry, error) {
	return all(ctx, s, "history_since", scanHistory, at("since", since))
}

// HistoryAt returns the last step of every finding at or before a moment: where each one stood then.
func (s *Store) HistoryAt(ctx context.Context, moment time.Time) ([]HistoryEntry, error) {
	return all(ctx, s, "history_at", scanHistory, at("at", moment))
}

func scanHistory(r driver.Rows, h *HistoryEntry) error {
	var verdict, severity string
	err := r.Scan(&h.Team, &h.Fingerprint, &h.At, &h.State, &verdict, &severity, &h.Why, &h.Who)
	h.At, h.Verdict, h.Severity = known(h.At), access.Verdict(verdict), access.Severity(severity)
	return err
}
