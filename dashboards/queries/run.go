package queries

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/grantwatch/grantwatch/store"
)

// Range is the stretch of time that is looked at, and how finely.
type Range struct {
	From, To time.Time
	// Interval is the least width of a bucket; MaxPoints how many buckets there may be, 1 000 when zero.
	Interval  time.Duration
	MaxPoints int
	// Timeout bounds the query, 10 s when zero.
	Timeout time.Duration
}

// Params are the values of parameters by name. No value, or All, narrows nothing.
type Params map[string][]string

// AllValue is what Grafana sends for All.
const AllValue = "$__all"

// Notice is something that whoever looks should know of the answer.
type Notice struct {
	Warning bool
	Text    string
}

// Result is an answer. Columns and their values are there even when there are no rows.
type Result struct {
	Query     *Query
	Columns   []Column
	Values    []store.PanelColumn
	Rows      int
	Truncated bool
	Interval  time.Duration
	Notices   []Notice
}

// Store is what answers.
type Store interface {
	Panel(ctx context.Context, q store.Panel) ([]store.PanelColumn, error)
}

// Run answers one query for somebody with a scope.
func Run(ctx context.Context, s Store, scope Scope, name string, params Params, r Range) (*Result, error) {
	q, ok := Find(name)
	if !ok {
		return nil, &Error{Reason: UnknownQuery, Query: name}
	}
	if r.To.IsZero() || r.From.IsZero() || !r.From.Before(r.To) {
		return nil, &Error{Reason: BadParameter, Query: name, Param: "range", Detail: "it must start before it ends"}
	}
	if r.From.Year() < 1971 || r.To.Year() > 2199 {
		return nil, &Error{Reason: BadParameter, Query: name, Param: "range", Detail: "years 1971 to 2199 only"}
	}
	b, err := bind(q, params)
	if err != nil {
		return nil, err
	}
	res := &Result{Query: q, Columns: q.Columns, Notices: b.notices}
	narrowed, outside := scope.narrow(b.teams)
	switch {
	case q.Wide && !scope.All:
		return nil, &Error{Reason: OutOfScope, Query: name, Detail: "only those who may see every team may ask it"}
	case outside > 0 && narrowed.Empty():
		return nil, &Error{Reason: OutOfScope, Query: name, Detail: "none of the teams asked for is yours to see"}
	case outside > 0:
		res.note(true, "%d of the teams asked for are not yours to see", outside)
	case narrowed.Empty():
		res.note(true, "you see no team: ask whoever runs this to map your user to teams")
	}
	if narrowed.Empty() || b.missing != "" {
		if b.missing != "" {
			res.note(false, "choose a value for %s", b.missing)
		}
		res.Values = empty(q)
		return res, nil
	}
	limit := min(b.limit, q.Limit)
	ask := store.Panel{
		Name: q.Name, AllTeams: narrowed.All, Teams: narrowed.Teams, From: r.From, To: r.To, Interval: bucket(q, r), Limit: limit + 1,
		Lists: b.lists, Texts: b.texts, Numbers: b.numbers, Timeout: r.Timeout, Threads: q.threads,
	}
	res.Interval = ask.Interval
	if q.goesByNames() {
		ask.Lists["names"] = nil
		if b.texts["identity"] != "" {
			if ask.Lists["names"], err = names(ctx, s, ask); err != nil {
				return nil, failed(ctx, q, err)
			}
		}
	}
	if res.Values, err = read(ctx, s, q, ask); err != nil {
		return nil, failed(ctx, q, err)
	}
	if len(res.Values) == 0 {
		res.Values = empty(q) // no rows: a ClickHouse may leave out what the columns would have been
	}
	if err := check(q, res.Values); err != nil {
		return nil, &Error{Reason: StoreFailed, Query: name, Detail: "the answer has another form than was declared", err: err}
	}
	if res.Rows = res.Values[0].Len(); res.Rows > limit {
		cut(res.Values, limit)
		res.Rows, res.Truncated = limit, true
		res.note(true, "truncated: there are more than these %d rows; narrow the range or the parameters", limit)
		if q.Shape == Annotations {
			res.sayTruncated()
		}
	}
	if q.Shape == LogLines && res.Rows > 0 {
		if err := attachRaw(ctx, s, ask, res); err != nil {
			return nil, failed(ctx, q, err)
		}
	}
	return res, nil
}

// sayTruncated says in the text of the last annotation that there are more: notices of annotations are shown nowhere.
func (r *Result) sayTruncated() {
	for i, c := range r.Columns {
		if texts := r.Values[i].Texts; c.Name == "text" && len(texts) > 0 {
			texts[len(texts)-1] += fmt.Sprintf(" — and there are more than these %d", r.Rows)
		}
	}
}

func (r *Result) note(warning bool, format string, args ...any) {
	r.Notices = append(r.Notices, Notice{warning, fmt.Sprintf(format, args...)})
}

// The newest events are looked for in a short while before the end of the range first, since most panels show the newest
// and need not read what they do not show. One identity's events are few in a short while, and found by an index in a
// long one.
const firstStep, firstOfOne = 15 * time.Minute, 24 * time.Hour

// longer is how far back to look next, when rows were found in step and limit are wanted: as far as there would be a
// quarter more if it went on like this, but not much further at once, because nobody acts at night.
func longer(step time.Duration, rows, limit int) time.Duration {
	factor := 32.0
	if rows > 0 {
		factor = min(factor, max(2, 1.25*float64(limit)/float64(rows)))
	}
	return time.Duration(factor * float64(step))
}

// read asks once, or stretch by stretch from the end of the range backwards until there are enough rows. What was read
// is not read again: a stretch ends where the one before began.
func read(ctx context.Context, s Store, q *Query, ask store.Panel) ([]store.PanelColumn, error) {
	if !q.newest {
		return s.Panel(ctx, ask)
	}
	found, end, all, step := newStretches(q), ask.To, ask.From, firstStep
	if ask.Texts["identity"] != "" {
		step = firstOfOne
	}
	for {
		ask.From = end.Add(-step)
		if ask.From.Before(all) {
			ask.From = all
		}
		got, err := s.Panel(ctx, ask)
		if err != nil {
			return nil, err
		}
		if declared := len(got) == 0 || check(q, got) == nil; !declared {
			return got, nil // whoever asked says what is wrong with its form
		}
		if rows := found.add(got); rows >= ask.Limit || !ask.From.After(all) {
			if rows > ask.Limit {
				cut(found.values, ask.Limit)
			}
			return found.values, nil
		}
		ask.To = ask.From
		step = longer(step, found.rows(), ask.Limit)
	}
}

// bucket is the width of the buckets: as asked, but never so fine that there are too many.
func bucket(q *Query, r Range) time.Duration {
	if q.Shape != SeriesLong && q.Shape != SeriesWide {
		return time.Second
	}
	points := r.MaxPoints
	if points <= 0 || points > 5000 {
		points = 1000
	}
	least := r.To.Sub(r.From) / time.Duration(points)
	width := max(r.Interval, least, time.Second)
	return (width + time.Second - 1).Truncate(time.Second)
}

func failed(ctx context.Context, q *Query, err error) error {
	switch {
	case errors.Is(err, store.ErrPanelTimeout), errors.Is(ctx.Err(), context.DeadlineExceeded):
		return &Error{Reason: TimedOut, Query: q.Name, Detail: "it took too long; narrow the range or the parameters", err: err}
	case ctx.Err() != nil:
		return &Error{Reason: Cancelled, Query: q.Name, Detail: "whoever asked has gone", err: err}
	}
	return &Error{Reason: StoreFailed, Query: q.Name, Detail: "the store did not answer", err: err}
}

// ErrForm is an answer in another form than was declared: a defect of ours.
var ErrForm = errors.New("queries: the answer has another form than was declared")

// check holds an answer to what was declared, so that no panel is ever drawn from columns in another order.
func check(q *Query, got []store.PanelColumn) error {
	if len(got) != len(q.Columns) {
		return fmt.Errorf("%w: %s has %d columns, %d are declared", ErrForm, q.Name, len(got), len(q.Columns))
	}
	for i, c := range q.Columns {
		ok := c.Type == Text && got[i].Texts != nil || c.Type == Count && got[i].Counts != nil ||
			c.Type == Number && got[i].Numbers != nil || c.Type == Time && got[i].Times != nil
		if !ok {
			return fmt.Errorf("%w: %s: column %s is no %s", ErrForm, q.Name, c.Name, c.Type)
		}
	}
	return nil
}

func empty(q *Query) []store.PanelColumn {
	out := make([]store.PanelColumn, len(q.Columns))
	for i, c := range q.Columns {
		switch c.Type {
		case Text:
			out[i].Texts = []string{}
		case Count:
			out[i].Counts = []int64{}
		case Number:
			out[i].Numbers = []*float64{}
		case Time:
			out[i].Times = []*time.Time{}
		}
	}
	return out
}

func parseInt(s string) (int64, error) { return strconv.ParseInt(s, 10, 64) }
