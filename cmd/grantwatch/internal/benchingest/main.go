// Command benchingest measures the ingesters on this machine: what `make bench-ingest` runs. It prints a table and
// writes bench/out/ingest.json. All stages share the machine with the engine, the senders and the broker, as a small
// installation would.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"time"

	"github.com/grantwatch/grantwatch/cmd/grantwatch/internal/app"
	"github.com/grantwatch/grantwatch/cmd/grantwatch/internal/config"
	"github.com/grantwatch/grantwatch/ingest/made"
	"github.com/grantwatch/grantwatch/store/engine"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "engine" { // the engine's supervisor starts its own executable
		os.Exit(child(os.Args[2:]))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench-ingest:", err)
		os.Exit(1) //nolint:gocritic // stop only restores the signal's default, and the process ends here
	}
}

func child(args []string) int {
	fs := flag.NewFlagSet("engine", flag.ContinueOnError)
	data, socket := fs.String("data", "", ""), fs.String("socket", "", "")
	if err := fs.Parse(args); err != nil {
		return 2
	}
	if err := engine.Serve(context.Background(), engine.ServeConfig{DataDir: *data, Socket: *socket}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// bench is one run of all stages.
type bench struct {
	records, actors int
	even            bool
	broker          string
	brokerPID       int
	dir             string
	logs            []string // files of records, of perFile each: in memory they would count as ours
	size            int      // bytes of all of them
	rows            []row
}

type row struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
}

func (b *bench) add(name string, value float64, unit string) {
	b.rows = append(b.rows, row{name, value, unit})
	fmt.Printf("%-64s %12.1f %s\n", name, value, unit)
}

type stage struct {
	name string
	run  func(context.Context) error
}

func run(ctx context.Context) error {
	var b bench
	flag.IntVar(&b.records, "records", 600_000, "records of each stage")
	flag.IntVar(&b.actors, "actors", 50_000, "distinct actors in them")
	flag.StringVar(&b.broker, "broker", os.Getenv("GRANTWATCH_KAFKA"), "a Kafka broker; without one that stage is left out, and said")
	flag.IntVar(&b.brokerPID, "broker-pid", 0, "its process, when it runs on this machine: its processor time is counted")
	flag.BoolVar(&b.even, "even", false, "all actors are equally busy: the worst case, since nothing repeats")
	only := flag.String("stage", "", "only this stage: columns, files, raw, push or kafka")
	profile := flag.String("cpuprofile", "", "write a processor profile of all stages to this file")
	flag.Parse()
	if *profile != "" {
		f, err := os.Create(*profile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	var err error
	if b.dir, err = os.MkdirTemp("", "bench-ingest-"); err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	if err := b.make(); err != nil {
		return err
	}
	fmt.Printf("%d cores, %s; %d records of %d bytes, %d actors\n", runtime.NumCPU(), runtime.Version(), b.records, b.size/b.records, b.actors)
	for _, stage := range []stage{{"columns", b.columns}, {"files", b.files}, {"raw", b.raw}, {"push", b.push}, {"kafka", b.kafka}} {
		if *only != "" && *only != stage.name {
			continue
		}
		if err := stage.run(ctx); err != nil {
			return err
		}
	}
	out, err := json.MarshalIndent(b.rows, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll("bench/out", 0o755); err != nil {
		return err
	}
	return os.WriteFile("bench/out/ingest.json", append(out, '\n'), 0o644)
}

const perFile = 40_000

// make writes the logs that every stage reads.
func (b *bench) make() error {
	b.records -= b.records % (2 * perFile)
	dir := filepath.Join(b.dir, "logs")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	r := rand.New(rand.NewPCG(1, 2))
	var text bytes.Buffer
	for i := 0; i < b.records; i += perFile {
		text.Reset()
		for n := range perFile {
			who := r.IntN(b.actors)
			if !b.even {
				who = made.Busy(r, i+n, b.actors)
			}
			made.CloudTrail(&text, r, i+n, who)
		}
		name := filepath.Join(dir, fmt.Sprintf("%04d.json", i/perFile))
		if err := os.WriteFile(name, text.Bytes(), 0o600); err != nil {
			return err
		}
		b.logs, b.size = append(b.logs, name), b.size+text.Len()
	}
	return nil
}

// open writes a configuration of one feed and opens it on an engine of its own.
func (b *bench) open(ctx context.Context, name, from, feed, more string) (*app.App, func() error, error) {
	dir := filepath.Join(b.dir, name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, nil, err
	}
	file := filepath.Join(dir, "grantwatch.yaml")
	text := "teams: [{name: payments, owners: [ana@corp.example]}]\nfeeds:\n  - {name: payments-aws, team: payments, format: aws_cloudtrail, accounts: [\"111122223333\"], from: {" + from + "}" + feed + "}\n" + more
	for name, text := range map[string]string{file: text, filepath.Join(dir, "token"): token + "\n"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			return nil, nil, err
		}
	}
	cfg, err := config.Load(file, nil)
	if err != nil {
		return nil, nil, err
	}
	a, err := app.Open(ctx, app.Options{Config: cfg, Now: time.Now(), Notice: func(f string, args ...any) { fmt.Fprintf(os.Stderr, f+"\n", args...) }})
	if err != nil {
		return nil, nil, err
	}
	return a, func() error {
		err := a.Close()
		if rm := os.RemoveAll(dir); err == nil {
			err = rm
		}
		return err
	}, nil
}

// lines cuts the log after every n records.
func lines(log []byte, n int) [][]byte {
	var out [][]byte
	for len(log) > 0 {
		at := 0
		for range n {
			i := bytes.IndexByte(log[at:], '\n')
			if i < 0 {
				break
			}
			at += i + 1
		}
		out, log = append(out, log[:at]), log[at:]
	}
	return out
}
