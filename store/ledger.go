package store

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// What became of an evaluation.
const (
	Evaluated = "evaluated"
	Partial   = "partial"
	Skipped   = "skipped"
)

// Evaluation is one run of one rule for one team: no window is ever skipped in silence.
type Evaluation struct {
	Rule, Team string
	At         time.Time
	From, To   time.Time // the window that was judged
	Status     string
	Judged     int
	Findings   int
	Why        string // why it was partial or skipped
}

// SaveEvaluations records evaluations; the same rule, team and moment replace each other.
func (s *Store) SaveEvaluations(ctx context.Context, v []Evaluation) error {
	type row = Evaluation
	return s.insert(ctx, "evaluations", "", []column{
		{"rule", typeLow, pick(v, func(r *row) string { return r.Rule })},
		{"team", typeLow, pick(v, func(r *row) string { return r.Team })},
		{"at", typeMicros, pick(v, func(r *row) time.Time { return orEpoch(r.At) })},
		{"window_from", typeMicros, pick(v, func(r *row) time.Time { return orEpoch(r.From) })},
		{"window_to", typeMicros, pick(v, func(r *row) time.Time { return orEpoch(r.To) })},
		{"status", typeLow, pick(v, func(r *row) string { return r.Status })},
		{"judged", "UInt64", pick(v, func(r *row) uint64 { return uint64(r.Judged) })},
		{"findings", "UInt64", pick(v, func(r *row) uint64 { return uint64(r.Findings) })},
		{"why", typeString, pick(v, func(r *row) string { return r.Why })},
	})
}

// Evaluations returns the evaluations since a time, of every team, in order of time.
func (s *Store) Evaluations(ctx context.Context, since time.Time) ([]Evaluation, error) {
	return all(ctx, s, "evaluations", scanEvaluation, at("since", since))
}

// EvaluationsAt returns what every rule judged at one moment.
func (s *Store) EvaluationsAt(ctx context.Context, moment time.Time) ([]Evaluation, error) {
	return all(ctx, s, "evaluations_at", scanEvaluation, at("at", moment))
}

func scanEvaluation(r driver.Rows, e *Evaluation) error {
	var judged, findings uint64
	err := r.Scan(&e.Rule, &e.Team, &e.At, &e.From, &e.To, &e.Status, &judged, &findings, &e.Why)
	e.At, e.From, e.To, e.Judged, e.Findings = known(e.At), known(e.From), known(e.To), int(judged), int(findings)
	return err
}

// Checkpoint is how far a source of a feed was read. It is an alias of a plain struct so that the store is what readers
// of sources keep their positions in, although neither package knows the other.
type Checkpoint = struct {
	Feed, Source string
	Position     int64
	Identity     string // what tells this source from another of the same name: inode, fingerprint
	Body         string // what else its reader wants to know, as JSON
}

// SaveCheckpoints replaces the checkpoints of one feed's sources. It belongs after the rows are durable.
func (s *Store) SaveCheckpoints(ctx context.Context, feed string, v []Checkpoint) error {
	if len(v) == 0 {
		return nil
	}
	for i := range v {
		if v[i].Feed != feed {
			return fmt.Errorf("store: checkpoint of feed %s among those of %s", v[i].Feed, feed)
		}
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	version, err := s.version(ctx, "checkpoint_version", p("feed", feed))
	if err != nil {
		return err
	}
	type row = Checkpoint
	return s.insert(ctx, "checkpoints", "", []column{
		{"feed", typeLow, repeat(feed, len(v))},
		{"source", typeString, pick(v, func(r *row) string { return r.Source })},
		{"position", "Int64", pick(v, func(r *row) int64 { return r.Position })},
		{"identity", typeString, pick(v, func(r *row) string { return r.Identity })},
		{"body", typeString, pick(v, func(r *row) string { return r.Body })},
		{"version", "UInt64", repeat(version, len(v))},
	})
}

// Checkpoints returns the checkpoints of a feed, in order of source.
func (s *Store) Checkpoints(ctx context.Context, feed string) ([]Checkpoint, error) {
	return all(ctx, s, "checkpoints", func(r driver.Rows, c *Checkpoint) error {
		return r.Scan(&c.Feed, &c.Source, &c.Position, &c.Identity, &c.Body)
	}, p("feed", feed))
}

// Delivery is the last message about a finding in a channel.
type Delivery struct {
	Channel, Fingerprint string
	At                   time.Time
	TS                   string // the message's id in the channel
	Digest               string // of what it said
	Status               string
	Body                 string // what else its notifier wants to know, as JSON
}

// SaveDeliveries replaces what is on record for the findings in their channels, all of it at once. Who replaces what
// another process has put there has read it before with Deliveries, so that the versions seen are counted from.
func (s *Store) SaveDeliveries(ctx context.Context, list []Delivery) error {
	if len(list) == 0 {
		return nil
	}
	s.telling.Lock()
	defer s.telling.Unlock()
	if s.told.Load() == 0 {
		version, err := s.version(ctx, "delivery_version")
		if err != nil {
			return err
		}
		s.told.Store(version)
	}
	version := s.told.Add(1)
	type row = Delivery
	return s.insert(ctx, "deliveries", "", []column{
		{"channel", typeString, pick(list, func(d *row) string { return d.Channel })},
		{"fingerprint", typeString, pick(list, func(d *row) string { return d.Fingerprint })},
		{"at", typeMicros, pick(list, func(d *row) time.Time { return orEpoch(d.At) })},
		{"ts", typeString, pick(list, func(d *row) string { return d.TS })},
		{"digest", typeString, pick(list, func(d *row) string { return d.Digest })},
		{"status", typeLow, pick(list, func(d *row) string { return d.Status })},
		{"body", typeString, pick(list, func(d *row) string { return d.Body })},
		{"version", "UInt64", repeat(version, len(list))},
	})
}

// Delivery returns what is on record for a finding in a channel; false when nothing is.
func (s *Store) Delivery(ctx context.Context, channel, fingerprint string) (Delivery, bool, error) {
	got, err := all(ctx, s, "delivery", scanDelivery, p("channel", channel), p("fingerprint", fingerprint))
	if err != nil || len(got) == 0 {
		return Delivery{}, false, err
	}
	return got[0], true, nil
}

// Deliveries returns everything on record for the channels, and with open what stands in any other channel and is not over.
func (s *Store) Deliveries(ctx context.Context, channels []string, open bool) ([]Delivery, error) {
	others := uint8(0)
	if open {
		others = 1
	}
	var newest uint64
	list, err := all(ctx, s, "deliveries", func(r driver.Rows, d *Delivery) error {
		var version uint64
		err := r.Scan(&d.Channel, &d.Fingerprint, &d.At, &d.TS, &d.Digest, &d.Status, &d.Body, &version)
		d.At, newest = known(d.At), max(newest, version)
		return err
	}, p("channels", orEmpty(channels)), p("open", others))
	for err == nil {
		if old := s.told.Load(); old == 0 || old >= newest || s.told.CompareAndSwap(old, newest) {
			break
		}
	}
	return list, err
}

func scanDelivery(r driver.Rows, d *Delivery) error {
	err := r.Scan(&d.Channel, &d.Fingerprint, &d.At, &d.TS, &d.Digest, &d.Status, &d.Body)
	d.At = known(d.At)
	return err
}
