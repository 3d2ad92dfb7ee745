package store

import (
	"context"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Answered is one answer on a credential: known, stale or unknown, what is known, and how.
type Answered struct{ State, Value, Evidence string }

// CredentialAnswer is what can be said of one credential of a non-human identity.
type CredentialAnswer struct {
	Team, IdentityUID, Credential     string
	IdentityName, IdentityKind, Owner string
	Provider, Kind                    string
	Issuer, Reach, Expiry             Answered
	Grants                            int
	Weight                            float64
	Expires                           time.Time // zero when it never expires or nobody knows; Expiry tells which
	At                                time.Time
}

// SaveCredentialAnswers makes v what is on record; credentials that are no longer there are marked as gone.
func (s *Store) SaveCredentialAnswers(ctx context.Context, v []CredentialAnswer) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	old, err := s.CredentialAnswers(ctx)
	if err != nil {
		return err
	}
	type key struct{ team, identity, credential string }
	have := make(map[key]bool, len(v))
	for i := range v {
		have[key{v[i].Team, v[i].IdentityUID, v[i].Credential}] = true
	}
	rows, gone := append([]CredentialAnswer{}, v...), make([]uint8, len(v), len(v)+len(old))
	for _, a := range old {
		if !have[key{a.Team, a.IdentityUID, a.Credential}] {
			rows, gone = append(rows, a), append(gone, 1)
		}
	}
	if len(rows) == 0 {
		return nil
	}
	version, err := s.version(ctx, "credential_answer_version")
	if err != nil {
		return err
	}
	type row = CredentialAnswer
	text := func(name, typ string, f func(*row) string) column { return column{name, typ, pick(rows, f)} }
	return s.insert(ctx, "credential_answers", "", []column{
		text("team", typeLow, func(r *row) string { return r.Team }),
		text("identity_uid", typeString, func(r *row) string { return r.IdentityUID }),
		text("credential", typeString, func(r *row) string { return r.Credential }),
		text("identity_name", typeString, func(r *row) string { return r.IdentityName }),
		text("identity_kind", typeLow, func(r *row) string { return r.IdentityKind }),
		text("owner", typeString, func(r *row) string { return r.Owner }),
		text("provider", typeLow, func(r *row) string { return r.Provider }),
		text("kind", typeLow, func(r *row) string { return r.Kind }),
		text("issuer_state", typeLow, func(r *row) string { return r.Issuer.State }),
		text("issuer", typeString, func(r *row) string { return r.Issuer.Value }),
		text("issuer_evidence", typeString, func(r *row) string { return r.Issuer.Evidence }),
		text("reach_state", typeLow, func(r *row) string { return r.Reach.State }),
		{"reach", "UInt64", pick(rows, func(r *row) uint64 { return uint64(r.Grants) })},
		{"reach_weight", "Float64", pick(rows, func(r *row) float64 { return r.Weight })},
		text("reach_evidence", typeString, func(r *row) string { return r.Reach.Evidence }),
		text("expiry_state", typeLow, func(r *row) string { return r.Expiry.State }),
		text("expiry", typeString, func(r *row) string { return r.Expiry.Value }),
		{"expires", typeMicros, pick(rows, func(r *row) time.Time { return orEpoch(r.Expires) })},
		text("expiry_evidence", typeString, func(r *row) string { return r.Expiry.Evidence }),
		{"at", typeMicros, pick(rows, func(r *row) time.Time { return orEpoch(r.At) })},
		{"gone", "UInt8", gone},
		{"version", "UInt64", repeat(version, len(rows))},
	})
}

// CredentialAnswers returns what is on record of every credential of every team.
func (s *Store) CredentialAnswers(ctx context.Context) ([]CredentialAnswer, error) {
	return all(ctx, s, "credential_answers", func(r driver.Rows, a *CredentialAnswer) error {
		var reach uint64
		err := r.Scan(&a.Team, &a.IdentityUID, &a.Credential, &a.IdentityName, &a.IdentityKind, &a.Owner, &a.Provider, &a.Kind,
			&a.Issuer.State, &a.Issuer.Value, &a.Issuer.Evidence, &a.Reach.State, &reach, &a.Weight, &a.Reach.Evidence,
			&a.Expiry.State, &a.Expiry.Value, &a.Expires, &a.Expiry.Evidence, &a.At)
		a.Grants, a.Expires, a.At = int(reach), known(a.Expires), known(a.At)
		return err
	})
}
