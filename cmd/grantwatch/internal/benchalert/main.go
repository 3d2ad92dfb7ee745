// Command benchalert measures how soon an event is told of: what `make bench-alert` runs last. It starts the real program with
// its embedded engine, sends records at a steady rate as a shipper would, plants a few that an event rule matches among
// them, and takes what is posted to Slack. It prints a table and writes bench/out/alert.json.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench-alert:", err)
		os.Exit(1) //nolint:gocritic // stop only restores the signal's default, and the process ends here
	}
}

// bench is one run of all ways.
type bench struct {
	program    string
	broker     string
	feeds      int
	channels   int
	batch      int
	actors     int
	warm, take time.Duration
	every      time.Duration // between two planted records
	evaluate   time.Duration
	pprof      string
	dir        string
	pool       *pool
	rows       []row
}

type row struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
}

func (b *bench) add(name string, value float64, unit string) {
	b.rows = append(b.rows, row{name, value, unit})
	fmt.Printf("%-64s %12.3f %s\n", name, value, unit)
}

func run(ctx context.Context) error {
	var b bench
	flag.StringVar(&b.program, "program", "bin/grantwatch", "the program that is measured")
	flag.StringVar(&b.broker, "broker", os.Getenv("GRANTWATCH_KAFKA"), "a Kafka broker; without one that way is left out, and said")
	flag.IntVar(&b.feeds, "feeds", 1, "feeds, each of a team of its own, that the records are divided among")
	flag.IntVar(&b.channels, "channels", 100, "channels that the planted records are told in")
	flag.IntVar(&b.batch, "batch", 500, "records in a push")
	flag.IntVar(&b.actors, "actors", 50_000, "distinct actors")
	flag.DurationVar(&b.warm, "warm", 10*time.Second, "before anything is planted")
	flag.DurationVar(&b.take, "for", time.Minute, "how long records are planted")
	flag.DurationVar(&b.every, "plant", 250*time.Millisecond, "between two planted records")
	flag.DurationVar(&b.evaluate, "evaluate", 5*time.Minute, "between two evaluations")
	flag.StringVar(&b.pprof, "pprof", "", "address of the program's profiles")
	rates := flag.String("rates", "50000,25000", "records a second")
	ways := flag.String("ways", "push,kafka,file", "how records come")
	flag.Parse()
	var err error
	if b.program, err = filepath.Abs(b.program); err != nil {
		return err
	}
	if b.dir, err = os.MkdirTemp("", "bench-alert-"); err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	b.pool = newPool(60_000, b.actors)
	fmt.Printf("%d cores, %s; records of %d bytes, %d actors, %d feeds, one planted every %s, told in %d channels\n", runtime.NumCPU(), runtime.Version(), b.pool.mean(), b.actors, b.feeds, b.every, b.channels)
	for _, way := range strings.Split(*ways, ",") {
		if way == "kafka" && b.broker == "" {
			fmt.Println("Kafka: left out, no broker is named (make bench-alert starts one)")
			continue
		}
		for _, r := range strings.Split(*rates, ",") {
			var rate int
			if _, err := fmt.Sscan(r, &rate); err != nil || rate < 1 {
				return fmt.Errorf("-rates: %q is no number of records a second", r)
			}
			if err := b.measure(ctx, way, rate); err != nil {
				return fmt.Errorf("%s at %d/s: %w", way, rate, err)
			}
		}
	}
	out, err := json.MarshalIndent(b.rows, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll("bench/out", 0o755); err != nil {
		return err
	}
	return os.WriteFile("bench/out/alert.json", append(out, '\n'), 0o644)
}

// measure is one way at one rate.
func (b *bench) measure(ctx context.Context, way string, rate int) error {
	dir := filepath.Join(b.dir, fmt.Sprintf("%s-%d", way, rate))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	box := newMailbox(b.channels)
	defer box.close()
	p, err := b.start(ctx, dir, way, box.url())
	if err != nil {
		return err
	}
	defer p.stop()
	send, done, err := b.sender(ctx, p, dir, way)
	if err != nil {
		return err
	}
	defer done()
	before := p.cpu()
	plants, sent, err := b.load(ctx, rate, send)
	if err != nil {
		return err
	}
	used := p.cpu().minus(before)
	waited := box.await(ctx, len(plants), time.Minute)
	name := fmt.Sprintf("%s, %d records/s asked", way, rate)
	took := sent.end.Sub(sent.begun).Seconds()
	b.add(name+": sent and taken", float64(sent.records)/took, "records/s")
	b.add("  a batch was handed over after it was due, p99", quantile(sent.late, 0.99).Seconds(), "s")
	b.add("  a batch was taken after it was handed over, p50", quantile(sent.taken, 0.50).Seconds(), "s")
	b.add("  a batch was taken after it was handed over, p99", quantile(sent.taken, 0.99).Seconds(), "s")
	b.add("  cores used by grantwatch", used.ours.Seconds()/took, "cores")
	b.add("  cores used by its engine", used.engine.Seconds()/took, "cores")
	b.add("  cores used by the senders and the fake Slack", used.bench.Seconds()/took, "cores")
	b.add("  planted", float64(len(plants)), "")
	var first, worse, all []time.Duration
	told := 0
	for id, at := range plants {
		heard, ok := waited[id]
		if !ok {
			continue
		}
		told++
		d := heard.at.Sub(at)
		all = append(all, d)
		if heard.method == "chat.postMessage" {
			first = append(first, d)
		} else {
			worse = append(worse, d)
		}
	}
	b.add("  named in a request to Slack", float64(told), "")
	for _, g := range []struct {
		what string
		list []time.Duration
	}{{"all", all}, {"of a new message", first}, {"of a message that stood there", worse}} {
		if slices.Sort(g.list); len(g.list) == 0 {
			continue
		}
		for _, q := range []float64{0.50, 0.95, 0.99, 1} {
			b.add(fmt.Sprintf("  wire to Slack request, %s (%d), p%g", g.what, len(g.list), q*100), quantile(g.list, q).Seconds(), "s")
		}
	}
	b.add("  chat.postMessage, threads too", float64(box.posts()), "requests")
	if said := box.complaints(); len(said) > 0 {
		return fmt.Errorf("the made-up Slack would have refused, or complains: %s", said[0])
	}
	if told < len(plants) {
		return fmt.Errorf("%d of %d planted records were told of", told, len(plants))
	}
	return nil
}

func quantile(sorted []time.Duration, q float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}
