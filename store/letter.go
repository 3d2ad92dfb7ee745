package store

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/grantwatch/grantwatch/access"
)

// LetterState is where a dead letter stands.
type LetterState string

// Open letters could not be read, the last time that they were tried. A pending one was claimed by a replay that has not
// ended. Of a replayed one every record is stored.
const (
	LetterOpen     LetterState = "open"
	LetterPending  LetterState = "pending"
	LetterReplayed LetterState = "replayed"
	letterFailed   LetterState = "failed" // as it is written: tried again in vain, with the newest reason; reads as open
)

// Letter is a dead letter with what became of it.
type Letter struct {
	access.DeadLetter
	State   LetterState
	Replay  string    // the replay that claimed it last
	Claimed time.Time // and when
}

// LetterFilter chooses dead letters. What is empty chooses all.
type LetterFilter struct {
	Team, Feed, ID string
	Reason         access.Reason
	State          LetterState
	Since, Until   time.Time // of when the letter was written, [Since, Until)
	After          string    // only ids behind this one: the way to the next page
	Limit          int       // of Letters; it must be given
}

func (f *LetterFilter) args() []any {
	until := f.Until
	if until.IsZero() {
		until = latest
	}
	return []any{p("team", f.Team), p("feed", f.Feed), p("reason", string(f.Reason)), p("state", string(f.State)), at("since", f.Since), at("until", until)}
}

// Letters returns dead letters in the order of their ids.
func (s *Store) Letters(ctx context.Context, f LetterFilter) ([]Letter, error) {
	return all(ctx, s, "letters", func(r driver.Rows, l *Letter) error {
		var reason, raw, state string
		if err := r.Scan(&l.Team, &l.Feed, &l.ID, &reason, &l.Detail, &l.Position, &l.At, &raw, &state, &l.Replay, &l.Claimed); err != nil {
			return err
		}
		l.Reason, l.Raw, l.State, l.At, l.Claimed = access.Reason(reason), []byte(raw), LetterState(state), known(l.At), known(l.Claimed)
		return nil
	}, append(f.args(), p("id", f.ID), p("after", f.After), p("limit", uint64(max(f.Limit, 0))))...)
}

// LetterGroup is how many letters of a feed share a reason and a state.
type LetterGroup struct {
	Team, Feed     string
	Reason         access.Reason
	State          LetterState
	Letters, Bytes uint64
	First, Last    time.Time // of when they were written
}

// LetterGroups counts dead letters; After and Limit of the filter mean nothing to it.
func (s *Store) LetterGroups(ctx context.Context, f LetterFilter) ([]LetterGroup, error) {
	return all(ctx, s, "letter_groups", func(r driver.Rows, g *LetterGroup) error {
		var reason, state string
		err := r.Scan(&g.Team, &g.Feed, &reason, &state, &g.Letters, &g.First, &g.Last, &g.Bytes)
		g.Reason, g.State, g.First, g.Last = access.Reason(reason), LetterState(state), known(g.First), known(g.Last)
		return err
	}, f.args()...)
}

// ClaimLetters says that a replay is about to read these letters of one feed, at that time. It must be durable before
// the replay writes anything.
func (s *Store) ClaimLetters(ctx context.Context, letters []Letter, replay string, now time.Time) error {
	return s.markLetters(ctx, letters, replay, LetterPending, now)
}

// LettersReplayed says that all of a replay's letters are stored.
func (s *Store) LettersReplayed(ctx context.Context, letters []Letter, replay string, now time.Time) error {
	return s.markLetters(ctx, letters, replay, LetterReplayed, now)
}

// LettersFailed keeps the reasons, which are the letters' own, for which they could not be read this time either.
func (s *Store) LettersFailed(ctx context.Context, letters []Letter, now time.Time) error {
	return s.markLetters(ctx, letters, "", letterFailed, now)
}

func (s *Store) markLetters(ctx context.Context, v []Letter, replay string, state LetterState, now time.Time) error {
	if len(v) == 0 {
		return nil
	}
	feed := v[0].Feed
	for i := range v {
		if v[i].Feed != feed {
			return fmt.Errorf("store: dead letter of feed %s among those of %s", v[i].Feed, feed)
		}
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	version, err := s.version(ctx, "replay_version", p("feed", feed))
	if err != nil {
		return err
	}
	type row = Letter
	return s.insert(ctx, "replays", "", []column{
		{"team", typeLow, pick(v, func(r *row) string { return r.Team })},
		{"feed", typeLow, repeat(feed, len(v))},
		{"letter", typeString, pick(v, func(r *row) string { return r.ID })},
		{"replay", typeString, repeat(replay, len(v))},
		{"state", typeLow, repeat(string(state), len(v))},
		{"reason", typeLow, pick(v, func(r *row) string { return string(r.Reason) })},
		{"detail", typeString, pick(v, func(r *row) string { return r.Detail })},
		{"at", typeMillis, repeat(now, len(v))},
		{"version", "UInt64", repeat(version, len(v))},
	})
}
