package store

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Figure is one number of one team at one evaluation. detect/ledger lists the names; the team "*" is the organisation.
type Figure struct {
	Team  string
	At    time.Time
	Name  string
	Label string // what a figure of several parts is of: a severity, a kind, a verdict
	Value float64
}

// SaveFigures writes the figures of one evaluation. A moment that is evaluated again replaces its figures, and those that
// it no longer has are marked as gone.
func (s *Store) SaveFigures(ctx context.Context, moment time.Time, v []Figure) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	old, err := all(ctx, s, "figures_at", scanFigure, at("at", moment))
	if err != nil {
		return err
	}
	type key struct{ team, name, label string }
	have := make(map[key]bool, len(v))
	for i := range v {
		if !v[i].At.Equal(moment) {
			return fmt.Errorf("store: figure %s of %s is of another moment than the evaluation", v[i].Name, v[i].Team)
		}
		have[key{v[i].Team, v[i].Name, v[i].Label}] = true
	}
	rows, gone := append([]Figure{}, v...), make([]uint8, len(v), len(v)+len(old))
	for _, f := range old {
		if !have[key{f.Team, f.Name, f.Label}] {
			rows, gone = append(rows, f), append(gone, 1)
		}
	}
	version, err := s.version(ctx, "figure_version")
	if err != nil {
		return err
	}
	type row = Figure
	return s.insert(ctx, "figures", "", []column{
		{"team", typeLow, pick(rows, func(r *row) string { return r.Team })},
		{"at", typeMicros, pick(rows, func(r *row) time.Time { return orEpoch(r.At) })},
		{"name", typeLow, pick(rows, func(r *row) string { return r.Name })},
		{"label", typeLow, pick(rows, func(r *row) string { return r.Label })},
		{"value", "Float64", pick(rows, func(r *row) float64 { return r.Value })},
		{"gone", "UInt8", gone},
		{"version", "UInt64", repeat(version, len(rows))},
	})
}

// FigureStretches returns the last value of every figure in each stretch between two neighbouring bounds, which are in
// order of time: [b0, b1), [b1, b2) and so on. Of a figure that changed within a stretch only the last value is there.
func (s *Store) FigureStretches(ctx context.Context, bounds []time.Time) ([]Figure, error) {
	if len(bounds) < 2 {
		return nil, fmt.Errorf("store: stretches of figures need two bounds at least")
	}
	micros := make([]int64, len(bounds))
	for i, b := range bounds {
		micros[i] = clamp(b).UnixMicro()
	}
	return all(ctx, s, "figures_stretches", scanFigure, p("bounds", micros), at("from", bounds[0]), at("to", bounds[len(bounds)-1]))
}

// FiguresAt returns the figures of one evaluation.
func (s *Store) FiguresAt(ctx context.Context, moment time.Time) ([]Figure, error) {
	return all(ctx, s, "figures_at", scanFigure, at("at", moment))
}

// NewestFigures says when the last evaluation with figures was in [from, to); the zero time when there was none.
func (s *Store) NewestFigures(ctx context.Context, from, to time.Time) (time.Time, error) {
	got, err := all(ctx, s, "figures_newest", func(r driver.Rows, t *time.Time) error {
		err := r.Scan(t)
		*t = known(*t)
		return err
	}, at("from", from), at("to", to))
	if err != nil || len(got) == 0 {
		return time.Time{}, err
	}
	return got[0], nil
}

func scanFigure(r driver.Rows, f *Figure) error {
	err := r.Scan(&f.Team, &f.At, &f.Name, &f.Label, &f.Value)
	f.At = known(f.At)
	return err
}
