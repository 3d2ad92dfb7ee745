package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/ingest"
)

// memory is a sink that keeps rows as the store does: every table takes a token once, the tables are written one after
// the other, and a failure can come between any two of them.
type memory struct {
	mu     sync.Mutex
	tokens map[string]bool         // table and token
	tables map[string][]string     // rows, spelt out
	stats  map[string]ingest.Stats // by beginning of the batch, as the batches table replaces
	order  []string                // tokens, as they came
	fail   func(token, table string) bool
}

func newMemory() *memory {
	return &memory{tokens: map[string]bool{}, tables: map[string][]string{}, stats: map[string]ingest.Stats{}}
}

var errBroken = errors.New("the sink is broken")

func (m *memory) WriteBatch(_ context.Context, b *access.Batch) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.order = append(m.order, b.Token)
	for _, t := range []struct {
		name string
		rows []string
	}{
		{"events", spellEvents(&b.Events)}, {"usage", spell(b.Usage.All())}, {"coverage", spell(b.Coverage)}, {"sessions", spell(b.Sessions)},
		{"dead", spell(b.Dead)}, {"hits", spell(b.Hits)}, {"batches", nil},
	} {
		if m.fail != nil && m.fail(b.Token, t.name) {
			return errBroken
		}
		if key := t.name + "\x00" + b.Token; !m.tokens[key] {
			m.tokens[key] = true
			m.tables[t.name] = append(m.tables[t.name], t.rows...)
		}
	}
	m.stats[fmt.Sprintf("%s/%s/%d", b.Feed, b.Source, b.From)] = ingest.Stats{Received: b.Received, Stored: int64(b.Events.Len()),
		Filtered: b.Filtered, Dead: int64(len(b.Dead)), Flagged: b.Flagged, Hits: int64(len(b.Hits)), Batches: 1}
	return nil
}

func (m *memory) sum() ingest.Stats {
	m.mu.Lock()
	defer m.mu.Unlock()
	var s ingest.Stats
	for _, b := range m.stats {
		s.Add(b)
	}
	return s
}

// rows is everything that is kept, in an order of its own.
func (m *memory) rows() map[string][]string {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := map[string][]string{}
	for name, rows := range m.tables {
		out[name] = slices.Sorted(slices.Values(rows))
	}
	return out
}

func spell[T any](rows []T) []string {
	out := make([]string, len(rows))
	for i := range rows {
		out[i] = fmt.Sprintf("%+v", rows[i])
	}
	return out
}

func spellEvents(c *access.Columns) []string {
	out := make([]string, c.Len())
	for i := range out {
		e := c.Event(i)
		var change access.Change
		if e.Change != nil {
			change = *e.Change
		}
		out[i] = fmt.Sprintln(e.ID, e.Time, e.Provider, e.Account, e.Action, e.Outcome, e.Error, e.Actor, e.Permission, e.Scope, e.Via, c.Flag(i),
			e.Targets, change, e.SrcIP, e.UserAgent, e.Session, spellMap(e.Attrs))
	}
	return out
}

func spellMap(m map[string]string) []string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, k+"="+m[k])
	}
	return out
}

// ids are the ids of the events that are kept.
func (m *memory) ids() []string {
	var out []string
	for _, row := range m.rows()["events"] {
		var id string
		_, _ = fmt.Sscan(row, &id) // the id is the first word
		out = append(out, id)
	}
	return out
}

// marks keeps checkpoints in memory.
type marks struct {
	mu   sync.Mutex
	list map[string]ingest.Checkpoint
	fail func() bool
}

func newMarks() *marks { return &marks{list: map[string]ingest.Checkpoint{}} }

func (m *marks) Checkpoints(_ context.Context, feed string) ([]ingest.Checkpoint, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []ingest.Checkpoint
	for _, c := range m.list {
		if c.Feed == feed {
			out = append(out, c)
		}
	}
	return out, nil
}

func (m *marks) SaveCheckpoints(_ context.Context, _ string, list []ingest.Checkpoint) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil && m.fail() {
		return errBroken
	}
	for _, c := range list {
		m.list[c.Feed+"\x00"+c.Source] = c
	}
	return nil
}
