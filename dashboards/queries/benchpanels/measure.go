package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/dashboards/queries"
	"github.com/grantwatch/grantwatch/store"
)

// asked is what is known of one query.
type asked struct {
	name string
	took []time.Duration
	rows int
	err  error
}

// measure asks every query rounds times, workers at once, in an order that is another each round.
func measure(ctx context.Context, o options, s *store.Store, w io.Writer) error {
	var list []*asked
	for _, q := range queries.All() {
		if o.only == "" || o.only == q.Name {
			list = append(list, &asked{name: q.Name})
		}
	}
	alone := load(ctx, s, o.rate, 5*time.Second)
	loaded := make(chan []time.Duration, 1)
	loadCtx, stop := context.WithCancel(ctx)
	go func() { loaded <- load(loadCtx, s, o.rate, time.Hour) }()
	begun := time.Now()
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
				for a := range work {
					took, rows, err := ask(ctx, s, a.name, mine)
					mu.Lock()
					a.took, a.rows = append(a.took, took), max(a.rows, rows)
					if err != nil {
						a.err = err
					}
					mu.Unlock()
				}
			})
		}
		for _, a := range order {
			work <- a
		}
		close(work)
		wait.Wait()
	}
	took := time.Since(begun)
	stop()
	report(w, o, list, took)
	during := <-loaded
	fmt.Fprintf(w, "an insert of %d events took p50 %s p95 %s alone, and p50 %s p95 %s beside the queries\n", batch, at(alone, 50), at(alone, 95), at(during, 50), at(during, 95))
	return ctx.Err()
}

// ask asks one query as a panel would: of all teams or of one, with the range that its dashboard begins with.
func ask(ctx context.Context, s *store.Store, name string, r *rand.Rand) (time.Duration, int, error) {
	q, _ := queries.Find(name)
	scope, params := queries.Everything, queries.Params{}
	actor := r.IntN(50_000)
	if r.IntN(2) == 0 {
		scope = queries.Of(fmt.Sprintf("team-%02d", actor%50))
	}
	if q.Wide {
		scope = queries.Everything
	}
	back := 7 * 24 * time.Hour
	for _, p := range q.Params {
		switch {
		case p.Kind == queries.KindIdentity && p.Needed:
			params[p.Name] = []string{fmt.Sprintf("arn:aws:iam::%d:user/actor-%d", 111122220000+actor%50, actor)}
			back = 30 * 24 * time.Hour
		case p.Needed:
			params[p.Name] = []string{"drift_index"}
		}
	}
	switch name {
	case "findings_trend", "figure_trend", "drift_change", "visibility", "revocation_latency", "nhi_ratio", "coverage_days", "coverage_blinds", "feeds", "feed_gaps", "exceptions_expiring":
		back = days * 24 * time.Hour
	case "identities":
		params["text"] = []string{"actor-" + strconv.Itoa(actor)}
	}
	begun := time.Now()
	res, err := queries.Run(ctx, s, scope, name, params, queries.Range{From: end.Add(-back), To: end, Interval: back / 300, MaxPoints: 300})
	took := time.Since(begun)
	if err != nil {
		return took, 0, fmt.Errorf("%w: %w", err, inner(err))
	}
	return took, res.Rows, nil
}

func inner(err error) error {
	if u, ok := err.(interface{ Unwrap() error }); ok {
		return u.Unwrap()
	}
	return err
}

func at(d []time.Duration, percent int) time.Duration {
	if len(d) == 0 {
		return 0
	}
	sorted := slices.Clone(d)
	slices.Sort(sorted)
	return sorted[min(len(sorted)-1, len(sorted)*percent/100)].Round(100 * time.Microsecond)
}

func report(w io.Writer, o options, list []*asked, took time.Duration) {
	slices.SortFunc(list, func(a, b *asked) int { return int(at(b.took, 95) - at(a.took, 95)) })
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "query\tleast\tp50\tp95\tmost\trows\n")
	var all []time.Duration
	late := 0
	for _, a := range list {
		note := ""
		if a.err != nil {
			note = "  " + a.err.Error()
		}
		p95 := at(a.took, 95)
		if p95 > 200*time.Millisecond {
			late++
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%d%s\n", a.name, at(a.took, 0), at(a.took, 50), p95, at(a.took, 100), a.rows, note)
		all = append(all, a.took...)
	}
	_ = t.Flush() // the terminal and a file of ours
	fmt.Fprintf(w, "all: p50 %s p95 %s; %d of %d queries have a p95 over 200ms; %d queries in %s, %d at once, %d events/s inserted meanwhile\n",
		at(all, 50), at(all, 95), late, len(list), len(all), took.Round(100*time.Millisecond), o.workers, o.rate)
}

// batch is how many events one insert has.
const batch = 20_000

// load inserts events at a rate until the time is over, and returns how long each insert took.
func load(ctx context.Context, s *store.Store, rate int, during time.Duration) []time.Duration {
	if rate <= 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, during)
	defer cancel()
	ticker := time.NewTicker(time.Second * batch / time.Duration(rate))
	defer ticker.Stop()
	var took []time.Duration
	for n := 0; ; n++ {
		begun := time.Now()
		if s.WriteBatch(ctx, made(n, begun)) == nil {
			took = append(took, time.Since(begun))
		}
		select {
		case <-ctx.Done():
			return took
		case <-ticker.C:
		}
	}
}

// made is one batch of events of one team, after the end of the organisation.
func made(n int, now time.Time) *access.Batch {
	team := fmt.Sprintf("team-%02d", n%50)
	b := &access.Batch{Team: team, Feed: team + "-0", Source: "load", From: int64(n * batch), To: int64((n + 1) * batch), Token: fmt.Sprintf("%d/%d", now.UnixNano(), n), Ingested: now, Received: batch, Newest: end}
	c := &b.Events
	for i := range batch {
		actor := (i*50 + n%50) % 50_000
		name := fmt.Sprintf("arn:aws:iam::%d:user/actor-%d", 111122220000+actor%50, actor)
		for _, f := range []struct {
			to *[]string
			v  string
		}{
			{&c.ID, fmt.Sprintf("load-%d-%d", n, i)}, {&c.Provider, "aws"}, {&c.Account, "111122223333"}, {&c.Class, "API Activity"}, {&c.LogClass, "management-read"}, {&c.Action, "s3:GetObject"},
			{&c.Access, "read"}, {&c.Outcome, "success"}, {&c.Error, ""}, {&c.ActorID, name}, {&c.ActorUID, name}, {&c.ActorName, name}, {&c.ActorEmail, ""}, {&c.ActorKind, "service"}, {&c.Issuer, "aws"},
			{&c.Credential, "AKIA"}, {&c.Principal, name}, {&c.Permission, "s3:GetObject"}, {&c.Scope, "bucket"}, {&c.Via, ""}, {&c.SrcIP, "192.0.2.1"}, {&c.UserAgent, "cli"}, {&c.Session, ""},
			{&c.ChangeKind, ""}, {&c.ChangeSubject, ""}, {&c.ChangeGrant, ""}, {&c.Flag, ""},
		} {
			*f.to = append(*f.to, f.v)
		}
		c.Time = append(c.Time, end.Add(time.Duration(n*batch+i)*time.Millisecond))
		c.Chain, c.Groups, c.TargetIDs, c.TargetTypes, c.Attrs = append(c.Chain, nil), append(c.Groups, nil), append(c.TargetIDs, nil), append(c.TargetTypes, nil), append(c.Attrs, nil)
	}
	return b
}
