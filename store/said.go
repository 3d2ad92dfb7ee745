package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/grantwatch/grantwatch/access"
)

// Handling is what somebody said of a finding, with what the finding was then. Without state and team nothing is said of
// it any more.
type Handling struct {
	access.Handling
	Fingerprint string
	FindingTeam string
	Severity    access.Severity
	Verdict     access.Verdict
	Action      string // id of the action that said it
}

// SaveHandlings replaces what is said of findings.
func (s *Store) SaveHandlings(ctx context.Context, v []Handling) error {
	type row = Handling
	return save(ctx, s, "handlings", "handling_version", v, func(body []string, version uint64) []column {
		return []column{
			{"team", typeLow, pick(v, func(r *row) string { return r.FindingTeam })},
			{"fingerprint", typeString, pick(v, func(r *row) string { return r.Fingerprint })},
			{"state", typeLow, pick(v, func(r *row) string { return r.State })},
			{"at", typeMicros, pick(v, func(r *row) time.Time { return orEpoch(r.At) })},
			{"body", typeString, body}, {"version", "UInt64", repeat(version, len(v))},
		}
	})
}

// Handlings is what is said of the findings of every team.
func (s *Store) Handlings(ctx context.Context) ([]Handling, error) {
	return all(ctx, s, "handlings", scanBody[Handling])
}

// MadeException is an exception of one finding that was not written into a file but asked for from a message.
type MadeException struct {
	access.Exception
	Team        string // of the finding
	Fingerprint string
	Requester   string // uid of who asked for it
	At          time.Time
	Action      string // id of the action
	Title       string // of the finding, for whoever reviews it
}

// SaveExceptions replaces the exceptions of findings.
func (s *Store) SaveExceptions(ctx context.Context, v []MadeException) error {
	type row = MadeException
	return save(ctx, s, "exceptions_made", "exception_made_version", v, func(body []string, version uint64) []column {
		return []column{
			{"team", typeLow, pick(v, func(r *row) string { return r.Team })},
			{"fingerprint", typeString, pick(v, func(r *row) string { return r.Fingerprint })},
			{"expires", typeMicros, pick(v, func(r *row) time.Time { return orEpoch(r.Expires) })},
			{"approver", typeString, pick(v, func(r *row) string { return r.Approver })},
			{"requester", typeString, pick(v, func(r *row) string { return r.Requester })},
			{"body", typeString, body}, {"version", "UInt64", repeat(version, len(v))},
		}
	})
}

// Exceptions are those of a team; of every team without one.
func (s *Store) Exceptions(ctx context.Context, team string) ([]MadeException, error) {
	return all(ctx, s, "exceptions_made", scanBody[MadeException], p("team", team))
}

// Action is what somebody asked for from a message, and what became of it: the audit.
type Action struct {
	ID           string
	At           time.Time
	Verb         string
	Team         string // whose findings
	Channel      string
	Message      string // fingerprint of the message in its channel
	Workspace    string
	User, Name   string // as the messenger knows them
	Email        string
	Identity     string // uid that the user is linked to; empty when to none
	Fingerprints []string
	Until        time.Time
	Reason       string
	Approver     string
	ToTeam       string
	Done         bool
	Changed      int
	Refused      string
	Text         string
}

// SaveAction records an action; the same id replaces itself.
func (s *Store) SaveAction(ctx context.Context, a Action) error {
	v := []Action{a}
	return save(ctx, s, "actions", "action_version", v, func(body []string, version uint64) []column {
		return []column{
			{"id", typeString, []string{a.ID}}, {"at", typeMicros, []time.Time{orEpoch(a.At)}}, {"team", typeLow, []string{a.Team}},
			{"verb", typeLow, []string{a.Verb}}, {"identity", typeString, []string{a.Identity}}, {"refused", typeLow, []string{a.Refused}},
			{"changed", "UInt64", []uint64{uint64(max(a.Changed, 0))}}, {"body", typeString, body}, {"version", "UInt64", []uint64{version}},
		}
	})
}

// Action returns the action of an id; false when there is none.
func (s *Store) Action(ctx context.Context, id string) (Action, bool, error) {
	got, err := all(ctx, s, "action", scanBody[Action], p("id", id))
	if err != nil || len(got) == 0 {
		return Action{}, false, err
	}
	return got[0], true, nil
}

// ActionsSince are all actions since a time, in order of time.
func (s *Store) ActionsSince(ctx context.Context, since time.Time) ([]Action, error) {
	return all(ctx, s, "actions_since", scanBody[Action], at("since", since))
}

// Trouble is a channel that refuses alerts for good.
type Trouble struct {
	Channel, Team string
	Code, Hint    string
	Since, At     time.Time
	Open          bool
}

// SaveTrouble replaces what is known of a channel.
func (s *Store) SaveTrouble(ctx context.Context, t Trouble) error {
	v := []Trouble{t}
	return save(ctx, s, "alert_troubles", "trouble_version", v, func(body []string, version uint64) []column {
		open := uint8(0)
		if t.Open {
			open = 1
		}
		return []column{
			{"channel", typeString, []string{t.Channel}}, {"open", "UInt8", []uint8{open}}, {"at", typeMicros, []time.Time{orEpoch(t.At)}},
			{"body", typeString, body}, {"version", "UInt64", []uint64{version}},
		}
	})
}

// Troubles are the channels that refuse now.
func (s *Store) Troubles(ctx context.Context) ([]Trouble, error) {
	return all(ctx, s, "troubles", scanBody[Trouble])
}

// FindingsMark changes whenever the findings, what is said of them or their exceptions do.
func (s *Store) FindingsMark(ctx context.Context) (string, error) {
	got, err := all(ctx, s, "findings_mark", func(r driver.Rows, v *string) error { return r.Scan(v) })
	if err != nil || len(got) == 0 {
		return "", err
	}
	return got[0], nil
}

// save writes rows whose body is the row itself.
func save[T any](ctx context.Context, s *Store, table, versions string, v []T, columns func(body []string, version uint64) []column) error {
	if len(v) == 0 {
		return nil
	}
	body := make([]string, len(v))
	for i := range v {
		text, err := json.Marshal(&v[i])
		if err != nil {
			return fmt.Errorf("store: %s: %w", table, err)
		}
		body[i] = string(text)
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	version, err := s.version(ctx, versions)
	if err != nil {
		return err
	}
	return s.insert(ctx, table, "", columns(body, version))
}
