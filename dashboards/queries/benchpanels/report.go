package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// limit is what the p95 of a query may be.
const limit = 200 * time.Millisecond

// at is a percentile of d, by the nearest rank.
func at(d []time.Duration, percent int) time.Duration {
	if len(d) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(d))
	return sorted[max(0, (len(sorted)*percent+99)/100-1)].Round(100 * time.Microsecond)
}

func report(w io.Writer, o options, list []*asked, took time.Duration, quiet, beside inserts) {
	slices.SortFunc(list, func(a, b *asked) int { return int(at(b.took, 95) - at(a.took, 95)) })
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "\tside by side\t\t\talone\t\tcold\tprocessor time\t\tread\t\t\n")
	fmt.Fprintf(t, "query\tp50\tp95\tmost\tp50\tp95\tp50\tengine\tours\trows\tMB\tanswer\n")
	var all []time.Duration
	var late []string
	var sum counters
	asks := 0
	for _, a := range list {
		note := ""
		if a.err != nil {
			note = "  " + a.err.Error()
		}
		if at(a.took, 95) > limit {
			late = append(late, a.name)
		}
		n := max(1, len(a.lone))
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%d\t%.1f\t%d%s\n", a.name, at(a.took, 50), at(a.took, 95), at(a.took, 100), at(a.lone, 50), at(a.lone, 95), at(a.cold, 50),
			each(a.used.engine, n), each(a.used.ours, n), a.used.rows/int64(n), float64(a.used.bytes)/float64(n)/1e6, a.rows, note)
		all = append(all, a.took...)
		sum.engine += a.used.engine
		sum.ours += a.used.ours
		asks += len(a.lone)
	}
	_ = t.Flush() // the terminal and a file of ours
	fmt.Fprintf(w, "all: p50 %s p95 %s; %d of %d queries have a p95 of at most %s; %d queries in %s, %d at once, %d events/s inserted meanwhile\n",
		at(all, 50), at(all, 95), len(list)-len(late), len(list), limit, len(all), took.Round(100*time.Millisecond), o.workers, o.rate)
	if len(late) > 0 {
		fmt.Fprintf(w, "over it: %s\n", strings.Join(late, ", "))
	}
	fmt.Fprintf(w, "a query takes %s of the engine's processor time on average, and %s of ours\n", each(sum.engine, max(1, asks)), each(sum.ours, max(1, asks)))
	fmt.Fprintf(w, "an insert of %d events took p50 %s p95 %s alone, and p50 %s p95 %s most %s beside the queries; %d inserted, %d failed\n",
		batch, at(quiet.took, 50), at(quiet.took, 95), at(beside.took, 50), at(beside.took, 95), at(beside.took, 100), len(beside.took)*batch, quiet.failed+beside.failed)
}

func each(d time.Duration, n int) time.Duration {
	return (d / time.Duration(n)).Round(100 * time.Microsecond)
}
