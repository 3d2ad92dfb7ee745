package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// made is how many records all sources made.
func (r *rig) made() int {
	n := 0
	for _, s := range r.sources {
		n += s.made()
	}
	return n
}

// arrive waits until every record made is stored or a dead letter, as long as more arrives at least every patience.
func (r *rig) arrive(ctx context.Context, patience time.Duration) error {
	want, last, at := r.made()+r.dead, -1, time.Now()
	for {
		n, err := r.number(ctx, "progress")
		if err == nil && n >= want {
			return nil
		}
		if err == nil && n > last {
			last, at = n, time.Now()
		}
		if time.Since(at) > patience {
			return errPatience
		}
		if !pause(ctx, 300*time.Millisecond) {
			return ctx.Err()
		}
	}
}

// judge waits until all is there and a little longer, so that what is written twice would show, and compares.
func (r *rig) judge(ctx context.Context, patience time.Duration) (*outcome, error) {
	o := r.out
	if err := r.arrive(ctx, patience); err != nil && !errors.Is(err, errPatience) {
		return nil, err
	}
	if !pause(ctx, 2*time.Second) {
		return nil, ctx.Err()
	}
	r.weigh()
	want := map[string]bool{}
	dead := r.dead
	for _, s := range r.sources {
		s.events(func(id string) { want[id] = true })
		dead += s.dead()
	}
	o.events = r.made()
	rows, err := r.rows(ctx, "ids")
	if err != nil {
		return nil, err
	}
	found := 0
	for _, row := range rows {
		n, err := strconv.Atoi(row[1])
		if err != nil {
			return nil, err
		}
		if !want[row[0]] {
			o.stored.doubled += n
			continue
		}
		found++
		o.stored.doubled += n - 1
	}
	o.stored.lost = len(want) - found
	letters, err := r.number(ctx, "dead")
	if err != nil {
		return nil, err
	}
	o.expect(letters == dead, "%d dead letters, %d records cannot be read", letters, dead)
	if err := r.judgeRolled(ctx); err != nil {
		return nil, err
	}
	if err := r.judgeAccounts(ctx); err != nil {
		return nil, err
	}
	o.note("ingester at most %d MiB", r.rss)
	if r.run != nil {
		if err := r.run.stop(); err != nil {
			o.expect(false, "the ingester did not end well: %v", err)
		}
	}
	return o, nil
}

func (r *rig) judgeRolled(ctx context.Context) error {
	o := r.out
	want, err := expected(ctx, r.sources)
	if err != nil {
		return err
	}
	o.usageRows, o.coverageCells = len(want.usage), len(want.cover)
	rows, err := r.rows(ctx, "usage")
	if err != nil {
		return err
	}
	if o.usage, err = want.compareUsage(rows); err != nil {
		return err
	}
	if rows, err = r.rows(ctx, "coverage"); err != nil {
		return err
	}
	o.cover, err = want.compareCoverage(rows)
	return err
}

// judgeAccounts holds the account of batches against what is there: received = stored + filtered + dead, and stored is
// the number of rows. Of pushes, stored may be less: the account of a batch is written last, so that of one whose writer
// died may be missing, and what its senders sent again counts as filtered.
func (r *rig) judgeAccounts(ctx context.Context) error {
	rows, err := r.rows(ctx, "accounts")
	if err != nil {
		return err
	}
	stored, err := r.rows(ctx, "stored")
	if err != nil {
		return err
	}
	count := map[string]string{}
	for _, row := range stored {
		count[row[0]] = row[1]
	}
	for _, row := range rows {
		var n [4]int
		for i := range n {
			if n[i], err = strconv.Atoi(row[i+1]); err != nil {
				return err
			}
		}
		there, _ := strconv.Atoi(count[row[0]]) // a feed without rows has none
		if missing := there - n[1]; row[0] == "aws-push" && missing > 0 && n[2] > 0 {
			r.out.note("%d pushed events in no account", missing)
			there = n[1]
		}
		if n[0] != n[1]+n[2]+n[3] || n[1] != there {
			r.out.accounts = append(r.out.accounts, fmt.Sprintf("%s: received %d, stored %d (%s rows), filtered %d, dead %d", row[0], n[0], n[1], count[row[0]], n[2], n[3]))
		}
	}
	return nil
}
