package s3

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// everything is how often all that is open is listed: accounts and regions that are new, objects that came late. Between,
// only the ends of today's folders are.
const everything = time.Hour

// look lists what may be new and reads it.
func (t *Tracker) look(ctx context.Context, now time.Time, read Read) error {
	g := t.group(now, read)
	if t.cfg.Layout != CloudTrail {
		err := t.list(ctx, t.cfg.Prefix, "", func(o Object) error {
			if o.Size == 0 || !t.cfg.wants(o.Key) {
				return nil
			}
			return g.add(ctx, o)
		})
		if g.failed != nil {
			return g.failed
		}
		return errors.Join(err, g.flush(ctx))
	}
	if !t.lookedAll.IsZero() && now.Sub(t.lookedAll) < everything {
		return t.lookAtToday(ctx, now, g)
	}
	roots, err := t.discover(ctx)
	if err != nil {
		return err
	}
	whole := make([]string, 0, len(roots)) // those that were listed without an error
	var errs []error
	for _, name := range roots {
		if t.roots[name] == nil {
			t.roots[name] = &root{from: math.MaxInt64, through: math.MinInt64}
		}
		err := t.lookAtRoot(ctx, name, g)
		if err == nil {
			whole = append(whole, name)
			continue
		}
		if g.failed != nil || ctx.Err() != nil {
			return err // it is not the listing that failed, and days with what was collected must not be closed
		}
		errs = append(errs, err)
	}
	if err := g.flush(ctx); err != nil {
		return errors.Join(append(errs, err)...)
	}
	for _, name := range whole {
		errs = append(errs, t.close(ctx, name, now))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	t.lookedAll = now
	return nil
}

func (t *Tracker) lookAtToday(ctx context.Context, now time.Time, g *group) error {
	for _, name := range t.names() {
		if err := t.lookAtDay(ctx, folder(name, now.UTC()), true, g); err != nil {
			return err
		}
	}
	return g.flush(ctx)
}

func (t *Tracker) names() []string {
	out := make([]string, 0, len(t.roots))
	for name := range t.roots {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// lookAtDay lists the folder of a day, or its end.
func (t *Tracker) lookAtDay(ctx context.Context, dir string, end bool, g *group) error {
	if !meets(dir, t.cfg.Prefix) {
		return nil
	}
	after := ""
	if s := t.shelves[dir]; s != nil && end {
		after = resume(s.newest)
	}
	newest := ""
	err := t.list(ctx, dir, after, func(o Object) error {
		newest = o.Key
		if o.Size == 0 || !t.cfg.wants(o.Key) {
			return nil
		}
		return g.add(ctx, o)
	})
	if err == nil && newest != "" {
		t.shelf(dir).newest = newest
	}
	return err
}

// lookAtRoot lists the days of an account and region that are not done with.
func (t *Tracker) lookAtRoot(ctx context.Context, name string, g *group) error {
	since := t.cfg.Since.Truncate(24 * time.Hour)
	years, err := t.numbered(ctx, name)
	if err != nil {
		return err
	}
	r := t.roots[name]
	for _, y := range years {
		if y.n < since.Year() || r.closed(dayNumber(time.Date(y.n, 1, 1, 0, 0, 0, 0, time.UTC))) && r.closed(dayNumber(time.Date(y.n, 12, 31, 0, 0, 0, 0, time.UTC))) {
			continue
		}
		months, err := t.numbered(ctx, y.prefix)
		if err != nil {
			return err
		}
		for _, m := range months {
			first := time.Date(y.n, time.Month(m.n), 1, 0, 0, 0, 0, time.UTC)
			last := first.AddDate(0, 1, -1)
			if last.Before(since) || r.closed(dayNumber(first)) && r.closed(dayNumber(last)) {
				continue
			}
			days, err := t.numbered(ctx, m.prefix)
			if err != nil {
				return err
			}
			for _, d := range days {
				at := first.AddDate(0, 0, d.n-1)
				if at.Before(since) || r.closed(dayNumber(at)) {
					continue
				}
				if err := t.lookAtDay(ctx, d.prefix, false, g); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

type numbered struct {
	prefix string
	n      int
}

// numbered are the folders below a prefix whose names are numbers and that have to do with the feed's prefix.
func (t *Tracker) numbered(ctx context.Context, prefix string) ([]numbered, error) {
	list, err := t.folders(ctx, prefix)
	if err != nil {
		return nil, err
	}
	var out []numbered
	for _, p := range list {
		if n, ok := number(p); ok && meets(p, t.cfg.Prefix) {
			out = append(out, numbered{p, n})
		}
	}
	return out, nil
}

// discover finds the accounts and regions below the prefix.
func (t *Tracker) discover(ctx context.Context) ([]string, error) {
	if root, _, ok := strings.Cut(t.cfg.Prefix, "/CloudTrail/"); ok { // the prefix may already name the region, and more
		region, _, whole := strings.Cut(t.cfg.Prefix[len(root)+len("/CloudTrail/"):], "/")
		if name := root + "/CloudTrail/" + region + "/"; whole && rootForm.MatchString(name) {
			return []string{name}, nil
		}
	}
	var out []string
	var descend func(prefix string) error
	descend = func(prefix string) error {
		list, err := t.folders(ctx, prefix)
		if err != nil {
			return err
		}
		for _, p := range list {
			switch {
			case rootForm.MatchString(p):
				out = append(out, p)
			case leads(p):
				if err := descend(p); err != nil {
					return err
				}
			}
		}
		return nil
	}
	err := descend(t.cfg.Prefix)
	return out, err
}

// close is done with the days of an account and region that are behind the horizon: all that was listed in them was
// read. A day with an object that was refused stays open, and with it those after it.
func (t *Tracker) close(ctx context.Context, name string, now time.Time) error {
	through := dayNumber(now) - int64(t.cfg.horizon()) - 1
	for _, w := range t.waiting {
		if at, ok := t.dayOf(w.shelf, name); ok {
			through = min(through, at-1)
		}
	}
	from := int64(0)
	if !t.cfg.Since.IsZero() {
		from = dayNumber(t.cfg.Since)
	}
	r := t.roots[name]
	next := root{min(from, r.from), max(through, r.through)}
	if next == *r || next.through < next.from {
		return nil
	}
	list := []Checkpoint{{Feed: t.feed, Source: t.base() + name, Position: next.through, Identity: "done", Body: fmt.Sprint(next.from)}}
	var closed []string
	for dir, s := range t.shelves {
		if at, ok := t.dayOf(dir, name); ok && next.closed(at) {
			closed = append(closed, dir)
			for n := range s.portions + 1 {
				list = append(list, Checkpoint{Feed: t.feed, Source: fmt.Sprintf("%s%s#%d", t.base(), dir, n), Position: int64(n), Identity: "read"})
			}
		}
	}
	if err := t.marks.SaveCheckpoints(ctx, t.feed, list); err != nil {
		return fmt.Errorf("s3: checkpoints of feed %s: %w", t.feed, err)
	}
	*r = next
	for _, dir := range closed {
		delete(t.shelves, dir)
	}
	return nil
}

// dayOf is the day of a shelf, if it is one of the account and region.
func (t *Tracker) dayOf(shelf, name string) (int64, bool) {
	root, at, ok := day(shelf)
	return dayNumber(at), ok && root == name
}
