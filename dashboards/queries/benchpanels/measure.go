package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/grantwatch/grantwatch/dashboards/queries"
	"github.com/grantwatch/grantwatch/dashboards/queries/queriestest"
	"github.com/grantwatch/grantwatch/store"
)

// asked is what is known of one query.
type asked struct {
	name string
	cold []time.Duration // with empty caches, nothing beside it
	lone []time.Duration // one after the other, nothing beside it
	used counters        // of all in lone together
	took []time.Duration // several at once, beside inserts
	rows int
	err  error
}

func (a *asked) note(rows int, err error) {
	a.rows = max(a.rows, rows)
	if err != nil {
		a.err = err
	}
}

// measure asks every query cold, alone, and side by side while events are inserted.
func measure(ctx context.Context, o options, s *store.Store, e queriestest.Engine, data string, w io.Writer) error {
	a, err := newAsker(ctx, s, e)
	if err != nil {
		return err
	}
	var list []*asked
	for _, q := range queries.All() {
		if o.only == "" || o.only == q.Name {
			list = append(list, &asked{name: q.Name})
		}
	}
	if err := lone(ctx, o, a, e, data, list); err != nil {
		return err
	}
	quiet := load(ctx, s, o.rate, 5*time.Second)
	loaded := make(chan inserts, 1)
	loadCtx, stop := context.WithCancel(ctx)
	go func() { loaded <- load(loadCtx, s, o.rate, time.Hour) }()
	begun := time.Now()
	sideBySide(ctx, o, a, list)
	took := time.Since(begun)
	stop()
	beside := <-loaded
	report(w, o, list, took, quiet, beside)
	if err := ctx.Err(); err != nil {
		return err
	}
	return wrong(list, quiet.failed+beside.failed)
}

// wrong is what no figure can excuse: a query that was not answered, or an insert that failed beside them.
func wrong(list []*asked, inserts int) error {
	var errs []error
	for _, a := range list {
		if a.err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", a.name, a.err))
		}
	}
	if inserts > 0 {
		errs = append(errs, fmt.Errorf("%d inserts failed beside the queries", inserts))
	}
	return errors.Join(errs...)
}

// lone asks one query after the other: what each costs.
func lone(ctx context.Context, o options, a *asker, e queriestest.Engine, data string, list []*asked) error {
	r := rand.New(rand.NewPCG(3, 4))
	for _, q := range list {
		for range o.cold {
			if err := forget(ctx, e, data); err != nil {
				return err
			}
			took, rows, err := a.ask(ctx, q.name, r)
			q.note(rows, err)
			q.cold = append(q.cold, took)
		}
		before, err := now(ctx, e)
		if err != nil {
			return err
		}
		for range o.lone {
			took, rows, err := a.ask(ctx, q.name, r)
			q.note(rows, err)
			q.lone = append(q.lone, took)
		}
		after, err := now(ctx, e)
		if err != nil {
			return err
		}
		q.used = after.since(before)
	}
	return ctx.Err()
}

// sideBySide asks every query rounds times, workers at once, in an order that is another each round.
func sideBySide(ctx context.Context, o options, a *asker, list []*asked) {
	r := rand.New(rand.NewPCG(1, 2))
	var mu sync.Mutex
	for range o.rounds {
		order := slices.Clone(list)
		r.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		work := make(chan *asked)
		var wait sync.WaitGroup
		for range o.workers {
			seed := r.Uint64()
			wait.Go(func() {
				mine := rand.New(rand.NewPCG(seed, 1))
				for q := range work {
					took, rows, err := a.ask(ctx, q.name, mine)
					mu.Lock()
					q.took = append(q.took, took)
					q.note(rows, err)
					mu.Unlock()
				}
			})
		}
		for _, q := range order {
			work <- q
		}
		close(work)
		wait.Wait()
	}
}
