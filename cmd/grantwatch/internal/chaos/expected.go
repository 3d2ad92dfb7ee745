package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/ingest"
)

// rolled are roll-ups by key: what the store should hold once, however often a batch was written. Each value is a row of
// minima, maxima and a set of days, as the store tells them.
type rolled struct {
	mu    sync.Mutex
	usage map[string]*use
	cover map[string][2]int64
}

type use struct {
	first, last             int64
	ref                     string
	days                    []int
	firstDenied, lastDenied int64
}

// never is what the store holds where a minimum has nothing to be the minimum of.
var never = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()

// WriteBatch makes rolled a sink: the fault-free pass that the store is compared with.
func (r *rolled) WriteBatch(_ context.Context, b *access.Batch) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, u := range b.Usage.All() {
		k := strings.Join([]string{u.Team, u.Provider, u.Account, u.Actor, u.ActorUID, u.Permission, u.Scope, u.Via, u.Feed}, "\t")
		have := r.usage[k]
		if have == nil {
			have = &use{first: never, firstDenied: never}
			r.usage[k] = have
		}
		if !u.First.IsZero() {
			have.first = min(have.first, u.First.UnixMicro())
			have.last = max(have.last, u.Last.UnixMicro())
			have.ref = max(have.ref, fmt.Sprintf("%016d %s", u.Last.UnixMicro(), u.LastID))
		}
		if !u.FirstDenied.IsZero() {
			have.firstDenied = min(have.firstDenied, u.FirstDenied.UnixMicro())
			have.lastDenied = max(have.lastDenied, u.LastDenied.UnixMicro())
		}
		for _, d := range u.Days {
			if !slices.Contains(have.days, int(d)) {
				have.days = append(have.days, int(d))
			}
		}
	}
	for _, c := range b.Coverage {
		k := fmt.Sprintf("%s\t%s\t%d", c.Team, c.Feed, c.Minute.Unix())
		have, ok := r.cover[k]
		if !ok {
			have = [2]int64{c.First.UnixMilli(), c.Last.UnixMilli()}
		}
		r.cover[k] = [2]int64{min(have[0], c.First.UnixMilli()), max(have[1], c.Last.UnixMilli())}
	}
	return nil
}

// expected makes all records again and rolls them up, without a store and without faults.
func expected(ctx context.Context, sources []*source) (*rolled, error) {
	out := &rolled{usage: map[string]*use{}, cover: map[string][2]int64{}}
	p, err := ingest.New(out, ingest.Config{})
	if err != nil {
		return nil, err
	}
	for _, s := range sources {
		owner := s.team
		if owner == "" {
			owner = team
		}
		feed := access.Feed{Name: s.feed, Team: owner, Format: format, Accounts: []string{account}}
		if _, err := p.RunStream(ctx, feed, "expected", &again{source: s}, time.Now(), nil); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// again reads what a source has made.
type again struct {
	source *source
	i      int
	buf    bytes.Buffer
}

func (a *again) Read(p []byte) (int, error) {
	for a.buf.Len() == 0 {
		if a.i == a.source.made() {
			return 0, io.EOF
		}
		a.source.line(&a.buf, a.i)
		a.i++
	}
	return a.buf.Read(p)
}

// compareUsage counts rows that are missing or say less than they should, and rows that are not wanted or say more.
func (r *rolled) compareUsage(rows [][]string) (d diff, err error) {
	seen := 0
	for _, row := range rows {
		if len(row) != 15 {
			return d, fmt.Errorf("usage: %d columns: %q", len(row), row)
		}
		have, err := parseUse(row[9:])
		if err != nil {
			return d, err
		}
		want := r.usage[strings.Join(row[:9], "\t")]
		if want == nil {
			d.doubled++
			continue
		}
		seen++
		slices.Sort(want.days)
		if have.first < want.first || have.last > want.last || have.ref > want.ref || have.firstDenied < want.firstDenied || have.lastDenied > want.lastDenied || len(have.days) > len(want.days) {
			d.doubled++
		} else if have.first > want.first || have.last < want.last || have.ref != want.ref || have.firstDenied > want.firstDenied || have.lastDenied < want.lastDenied || !slices.Equal(have.days, want.days) {
			d.lost++
		}
	}
	d.lost += len(r.usage) - seen
	return d, nil
}

func parseUse(f []string) (u use, err error) {
	for _, x := range []struct {
		text string
		to   *int64
	}{{f[0], &u.first}, {f[1], &u.last}, {f[4], &u.firstDenied}, {f[5], &u.lastDenied}} {
		if *x.to, err = strconv.ParseInt(x.text, 10, 64); err != nil {
			return u, fmt.Errorf("usage: %w", err)
		}
	}
	u.ref = f[2]
	for _, d := range strings.Fields(f[3]) {
		n, err := strconv.Atoi(d)
		if err != nil {
			return u, fmt.Errorf("usage: %w", err)
		}
		u.days = append(u.days, n)
	}
	return u, nil
}

// compareCoverage does the same with minutes.
func (r *rolled) compareCoverage(rows [][]string) (d diff, err error) {
	seen := 0
	for _, row := range rows {
		if len(row) != 5 {
			return d, fmt.Errorf("coverage: %d columns: %q", len(row), row)
		}
		first, err1 := strconv.ParseInt(row[3], 10, 64)
		last, err2 := strconv.ParseInt(row[4], 10, 64)
		if err1 != nil || err2 != nil {
			return d, fmt.Errorf("coverage: %q", row)
		}
		want, ok := r.cover[strings.Join(row[:3], "\t")]
		switch {
		case !ok || first < want[0] || last > want[1]:
			d.doubled++
		case first > want[0] || last < want[1]:
			d.lost++
		}
		if ok {
			seen++
		}
	}
	d.lost += len(r.cover) - seen
	return d, nil
}
