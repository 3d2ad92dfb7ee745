package store

import (
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Panel is one question of somebody who looks at panels. The statement is a file, sql/panel_NAME.sql; everything else
// is a server-side parameter.
type Panel struct {
	Name string
	// AllTeams and Teams are the walls: without AllTeams a row is seen only when its team is in Teams. They come from
	// the scope that was verified, never from what was asked.
	AllTeams bool
	Teams    []string
	From, To time.Time
	Interval time.Duration       // the width of a bucket, for those that have buckets
	Limit    int                 // rows at most
	Lists    map[string][]string // parameters of type Array(String)
	Texts    map[string]string   // of type String
	Numbers  map[string]int64    // of type Int64
	Timeout  time.Duration       // 10 s when zero
	// Threads is how many may read for it, 1 when zero.
	Threads int
}

// PanelColumn is one column of an answer; the one slice that is not nil has its values. A nil number or time is unknown.
type PanelColumn struct {
	Texts   []string
	Counts  []int64
	Numbers []*float64
	Times   []*time.Time
}

// Len is how many values the column has.
func (c *PanelColumn) Len() int {
	return len(c.Texts) + len(c.Counts) + len(c.Numbers) + len(c.Times)
}

// What can become of a panel beside an answer.
var (
	ErrNoPanel      = errors.New("store: no such panel")
	ErrPanelTimeout = errors.New("store: the query took longer than it may")
)

const panelMemory = 1 << 30 // bytes that one panel may take of the engine

// PanelNames are the panels that there are, in order.
func PanelNames() []string {
	var names []string
	for name := range statements {
		if n, ok := strings.CutPrefix(name, "panel_"); ok {
			names = append(names, n)
		}
	}
	slices.Sort(names)
	return names
}

// PanelParams are the names of the parameters that a panel's statement has.
func PanelParams(name string) []string {
	var names []string
	for _, m := range panelParam.FindAllStringSubmatch(statements["panel_"+name], -1) {
		if !slices.Contains(names, m[1]) {
			names = append(names, m[1])
		}
	}
	slices.Sort(names)
	return names
}

// PanelStatement is the text of a panel's statement, for those who check it.
func PanelStatement(name string) string { return statements["panel_"+name] }

var panelParam = regexp.MustCompile(`\{([a-z_]+):[A-Za-z0-9()]+\}`)

// Panel answers q. It may not write, has connections of its own, so that it never waits for an insert nor an insert for
// it, and is given up after its time.
func (s *Store) Panel(ctx context.Context, q Panel) ([]PanelColumn, error) {
	text, ok := statements["panel_"+q.Name]
	if !ok {
		return nil, fmt.Errorf("%w: %s", ErrNoPanel, q.Name)
	}
	args, err := panelArgs(q)
	if err != nil {
		return nil, err
	}
	if q.Timeout <= 0 {
		q.Timeout = 10 * time.Second
	}
	// The server gives up by itself; the client's own end is for a server that does not answer at all.
	ctx, cancel := context.WithTimeoutCause(ctx, q.Timeout+time.Second, ErrPanelTimeout)
	defer cancel()
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(panelSettings(q)))
	var out []PanelColumn
	// A connection that was idle may be gone: that is seen at the first word, and tried once more.
	for attempt := range 2 {
		out, err = s.panel(ctx, text, args)
		if err == nil || attempt > 0 || ctx.Err() != nil || classify(err) != gone {
			break
		}
	}
	var ex *clickhouse.Exception
	switch {
	case err == nil:
		return out, nil
	case errors.As(err, &ex) && ex.Code == 159, errors.Is(context.Cause(ctx), ErrPanelTimeout):
		return nil, fmt.Errorf("%w: %s after %s", ErrPanelTimeout, q.Name, q.Timeout)
	}
	return nil, fmt.Errorf("store: panel %s: %w", q.Name, err)
}

// panelSettings are what a panel may take, and how it reads. A dashboard asks many at once, so that one thread each is as
// soon done as several and costs less; a second panel then never waits for the threads of the first. Those that read much more
// than others may have more. Skip indexes are looked at before parts are opened and not while they are read: of a hundred
// parts a panel mostly needs two. What the engine remembers of conditions is of no use: a range that ends now is never asked
// for twice.
func panelSettings(q Panel) clickhouse.Settings {
	return clickhouse.Settings{
		"readonly": 2, "max_execution_time": int(math.Ceil(q.Timeout.Seconds())), "timeout_overflow_mode": "throw",
		"max_memory_usage": panelMemory, "max_threads": max(1, q.Threads),
		"optimize_move_to_prewhere_if_final": 1, "use_skip_indexes_on_data_read": 0, "use_query_condition_cache": 0,
	}
}

// panelArgs gives a statement the parameters that it names, and no others.
func panelArgs(q Panel) ([]any, error) {
	var args []any
	for _, name := range PanelParams(q.Name) {
		switch name {
		case "all":
			args = append(args, p(name, boolean(q.AllTeams)))
		case "teams":
			args = append(args, p(name, orEmpty(q.Teams)))
		case "from":
			args = append(args, at(name, q.From))
		case "to":
			args = append(args, at(name, q.To))
		case "interval":
			args = append(args, p(name, max(1, int64(q.Interval/time.Second))))
		case "limit":
			args = append(args, p(name, uint64(max(1, q.Limit))))
		default:
			if v, ok := q.Lists[name]; ok {
				args = append(args, p(name, orEmpty(v)))
			} else if v, ok := q.Texts[name]; ok {
				args = append(args, p(name, v))
			} else if v, ok := q.Numbers[name]; ok {
				args = append(args, p(name, v))
			} else {
				return nil, fmt.Errorf("store: panel %s: no value for %s", q.Name, name)
			}
		}
	}
	return args, nil
}

func boolean(v bool) uint8 {
	if v {
		return 1
	}
	return 0
}

func (s *Store) panel(ctx context.Context, text string, args []any) ([]PanelColumn, error) {
	rows, err := s.panels.Query(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err below reports what went wrong
	types := rows.ColumnTypes()
	cells, out := make([]any, len(types)), make([]PanelColumn, len(types))
	for i, t := range types {
		cells[i] = reflect.New(t.ScanType()).Interface()
		if err := out[i].begin(t); err != nil {
			return nil, err
		}
	}
	for rows.Next() {
		if err := rows.Scan(cells...); err != nil {
			return nil, err
		}
		for i := range cells {
			out[i].add(reflect.ValueOf(cells[i]).Elem())
		}
	}
	return out, rows.Err()
}

// begin makes the column of a type empty and not nil.
func (c *PanelColumn) begin(t driver.ColumnType) error {
	typ := t.ScanType()
	if typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	switch {
	case typ == reflect.TypeFor[time.Time]():
		c.Times = []*time.Time{}
	case typ.Kind() == reflect.String:
		c.Texts = []string{}
	case typ.Kind() == reflect.Float64:
		c.Numbers = []*float64{}
	case typ.Kind() >= reflect.Int && typ.Kind() <= reflect.Uint64:
		c.Counts = []int64{}
	default:
		return fmt.Errorf("column %s is of type %s, which no panel shows", t.Name(), t.DatabaseTypeName())
	}
	return nil
}

func (c *PanelColumn) add(v reflect.Value) {
	null := v.Kind() == reflect.Pointer && v.IsNil()
	if v.Kind() == reflect.Pointer && !null {
		v = v.Elem()
	}
	switch {
	case c.Times != nil:
		var when *time.Time
		if !null {
			if t := known(v.Interface().(time.Time)); !t.IsZero() {
				when = &t
			}
		}
		c.Times = append(c.Times, when)
	case c.Numbers != nil:
		var number *float64
		if !null {
			if f := v.Float(); !math.IsNaN(f) && !math.IsInf(f, 0) {
				number = &f
			}
		}
		c.Numbers = append(c.Numbers, number)
	case c.Texts != nil:
		text := ""
		if !null {
			text = strings.ToValidUTF8(v.String(), "\uFFFD")
		}
		c.Texts = append(c.Texts, text)
	default:
		n := int64(0)
		switch {
		case null:
		case v.CanInt():
			n = v.Int()
		default:
			n = int64(min(v.Uint(), math.MaxInt64))
		}
		c.Counts = append(c.Counts, n)
	}
}
