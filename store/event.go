package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/grantwatch/grantwatch/access"
)

// StoredEvent is an event with the team and feed that it came from.
type StoredEvent struct {
	Team, Feed string
	Flag       string // why it is in no roll-up; empty for an ordinary event
	Event      access.Event
}

// ActorRef names an actor as events do. Either of UID and Principal may be empty.
type ActorRef struct {
	Provider, UID, Principal string
}

// Changes returns the events of every team since a time that changed access, in order of time and id, each id of a team
// once even if two feeds carry it.
func (s *Store) Changes(ctx context.Context, since time.Time) ([]StoredEvent, error) {
	return all(ctx, s, "changes", scanEvent, at("since", since))
}

// refsAtOnce bounds the parameters of one query, which travel in its address.
const refsAtOnce = 500

// EventsBy returns what the actors did in [from, to), of every team, in order of time and id; a limit of 0 is none. It
// is the newest that a limit keeps.
func (s *Store) EventsBy(ctx context.Context, actors []ActorRef, from, to time.Time, limit int) ([]StoredEvent, error) {
	if limit <= 0 {
		limit = 1 << 40
	}
	out := []StoredEvent{}
	for part := range slices.Chunk(actors, refsAtOnce) {
		uids, names := []string{}, []string{}
		for _, a := range part {
			if a.UID != "" {
				uids = append(uids, a.Provider+"\x01"+a.UID)
			}
			if a.Principal != "" {
				names = append(names, a.Provider+"\x01"+a.Principal)
			}
		}
		got, err := all(ctx, s, "events_by_actor", scanEvent,
			p("uids", uids), p("names", names), p("bare_uids", bare(uids)), p("bare_names", bare(names)),
			at("from", from), at("to", to), p("limit", uint64(limit)))
		if err != nil {
			return nil, err
		}
		out = append(out, got...)
	}
	return inOrder(out, limit), nil
}

// bare drops the providers again: the index of the table is on names alone.
func bare(refs []string) []string {
	out := make([]string, len(refs))
	for i, r := range refs {
		_, out[i], _ = strings.Cut(r, "\x01")
	}
	return out
}

// EventsByCredential returns what was done with the credentials in [from, to), of every team, in order of time and id.
func (s *Store) EventsByCredential(ctx context.Context, creds []string, from, to time.Time) ([]StoredEvent, error) {
	out := []StoredEvent{}
	for part := range slices.Chunk(creds, refsAtOnce) {
		got, err := all(ctx, s, "events_by_credential", scanEvent, p("credentials", part), at("from", from), at("to", to))
		if err != nil {
			return nil, err
		}
		out = append(out, got...)
	}
	return inOrder(out, len(out)), nil
}

// EventsByName returns what was done in [from, to) in sessions that carry one of the names, or on behalf of it: a role
// session is often named after the person who opened it. Names are compared in lower case.
func (s *Store) EventsByName(ctx context.Context, names []string, from, to time.Time) ([]StoredEvent, error) {
	out := []StoredEvent{}
	for part := range slices.Chunk(names, refsAtOnce) {
		got, err := all(ctx, s, "events_by_name", scanEvent, p("names", part), at("from", from), at("to", to))
		if err != nil {
			return nil, err
		}
		out = append(out, got...)
	}
	return inOrder(out, len(out)), nil
}

// StoredIDs returns those of the ids that a feed has among its events with times in [from, to], ingested in [since, before).
func (s *Store) StoredIDs(ctx context.Context, team, feed string, ids []string, from, to, since, before time.Time) ([]string, error) {
	var out []string
	where := []any{p("team", team), p("feed", feed), at("from", from), at("to", to), at("since", since), at("before", before)}
	// Most often nothing at all was stored of that time: asking that first costs the engine next to nothing.
	some, err := all(ctx, s, "stored_any", func(r driver.Rows, n *uint8) error { return r.Scan(n) }, where...)
	if err != nil || len(some) == 0 {
		return nil, err
	}
	for part := range slices.Chunk(ids, refsAtOnce) {
		uuids, texts := []string{}, []string{}
		for _, id := range part {
			if _, ok := parseUUID([]byte(id)); ok {
				uuids = append(uuids, id)
			} else if id != "" {
				texts = append(texts, id)
			}
		}
		got, err := all(ctx, s, "stored_ids", func(r driver.Rows, id *string) error { return r.Scan(id) },
			append(slices.Clone(where), p("uuids", uuids), p("texts", texts))...)
		if err != nil {
			return nil, err
		}
		out = append(out, got...)
	}
	return out, nil
}

// TeamEvents returns the newest events of one team in [from, to), newest first.
func (s *Store) TeamEvents(ctx context.Context, team string, from, to time.Time, limit int) ([]StoredEvent, error) {
	return all(ctx, s, "events_team", scanEvent, p("team", team), at("from", from), at("to", to), p("limit", uint64(max(limit, 0))))
}

// inOrder sorts by time and id, drops what two parts of a long list both found, and keeps the newest.
func inOrder(list []StoredEvent, limit int) []StoredEvent {
	slices.SortFunc(list, func(a, b StoredEvent) int {
		if c := a.Event.Time.Compare(b.Event.Time); c != 0 {
			return c
		}
		if c := strings.Compare(a.Event.ID, b.Event.ID); c != 0 {
			return c
		}
		return strings.Compare(a.Team, b.Team)
	})
	list = slices.CompactFunc(list, func(a, b StoredEvent) bool { return a.Event.ID == b.Event.ID && a.Team == b.Team })
	return list[max(len(list)-limit, 0):]
}

func scanEvent(r driver.Rows, s *StoredEvent) error {
	e := &s.Event
	var level, outcome, kind, changeKind string
	var change access.Change
	var ids, types []string
	err := r.Scan(&s.Team, &s.Feed, &e.Time, &e.ID, &e.Provider, &e.Account, &e.Class, &e.LogClass, &e.Action, &level, &outcome, &e.Error,
		&e.Actor.ID, &e.Actor.UID, &e.Actor.Name, &e.Actor.Email, &kind, &e.Actor.Issuer, &e.Actor.Credential, &e.Actor.Principal,
		&e.Permission, &e.Scope, &e.Via, &e.SrcIP, &e.UserAgent, &e.Session, &changeKind, &change.Subject, &change.Grant, &s.Flag,
		&e.Actor.Chain, &e.Actor.Groups, &ids, &types, &e.Attrs)
	if err != nil {
		return err
	}
	e.Time, e.Access, e.Outcome, e.Actor.Kind = e.Time.UTC(), access.Level(level), access.Outcome(outcome), access.Kind(kind)
	if changeKind != "" {
		change.Kind = access.ChangeKind(changeKind)
		e.Change = &change
	}
	for i, id := range ids {
		t := access.Target{ID: id}
		if i < len(types) {
			t.Type = types[i]
		}
		e.Targets = append(e.Targets, t)
	}
	e.Actor.Chain, e.Actor.Groups = orNil(e.Actor.Chain), orNil(e.Actor.Groups)
	if len(e.Attrs) == 0 {
		e.Attrs = nil
	}
	return nil
}

// Hits returns what event rules matched since a time, by event time, of every team.
func (s *Store) Hits(ctx context.Context, since time.Time) ([]access.Hit, error) {
	return all(ctx, s, "hits", scanHit, at("since", since))
}

// HitsIngested returns what event rules matched in batches since a time, by when they were read: the newest of each team,
// rule, actor and severity, and no more than limit.
func (s *Store) HitsIngested(ctx context.Context, since time.Time, limit int) ([]access.Hit, error) {
	return all(ctx, s, "hits_ingested", scanHit, at("since", since), p("limit", uint64(max(limit, 0))))
}

func scanHit(r driver.Rows, h *access.Hit) error {
	var severity, body string
	if err := r.Scan(&h.Team, &h.Rule, &severity, &h.Why, &h.Feed, &body); err != nil {
		return err
	}
	h.Severity = access.Severity(severity)
	if err := json.Unmarshal([]byte(body), &h.Event); err != nil {
		return fmt.Errorf("hit of %s: %w", h.Rule, err)
	}
	return nil
}

// DeadLetters returns the latest dead letters of a team; an empty feed means each of its feeds.
func (s *Store) DeadLetters(ctx context.Context, team, feed string, limit int) ([]access.DeadLetter, error) {
	return all(ctx, s, "dead_letters", scanDead, p("team", team), p("feed", feed), p("limit", uint64(max(limit, 0))))
}

// DeadLettersAll returns the latest dead letters of every team.
func (s *Store) DeadLettersAll(ctx context.Context, limit int) ([]access.DeadLetter, error) {
	return all(ctx, s, "dead_letters_all", scanDead, p("limit", uint64(max(limit, 0))))
}

func scanDead(r driver.Rows, d *access.DeadLetter) error {
	var reason, raw string
	if err := r.Scan(&d.Team, &d.Feed, &d.ID, &reason, &d.Detail, &d.Position, &d.At, &raw); err != nil {
		return err
	}
	d.Reason, d.Raw, d.At = access.Reason(reason), []byte(raw), known(d.At)
	return nil
}
