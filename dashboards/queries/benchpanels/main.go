// Command benchpanels measures every query of dashboards/queries over many made-up events, several at once as a
// dashboard asks them, while events are inserted. Run it at the root of the repository with make bench-panels.
package main

import (
	"context"
	_ "embed"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"time"

	"github.com/grantwatch/grantwatch/dashboards/queries/queriestest"
	"github.com/grantwatch/grantwatch/store"
)

//go:embed made.sql
var madeSQL string

//go:embed day.sql
var daySQL string

// The made-up organisation ends here; it goes back days days.
var end = time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)

const days = 89

type options struct {
	binary, out, keep string
	events, findings  int
	rounds, workers   int
	lone, cold, conns int
	rate              int
	only              string
}

func main() {
	var o options
	flag.StringVar(&o.binary, "binary", "bin/grantwatch", "the command, whose engine is used")
	flag.StringVar(&o.out, "out", "bench/out/panels.txt", "where the figures go beside the terminal")
	flag.StringVar(&o.keep, "keep", "", "a folder for the data, made if it is not there and used again if it is")
	flag.IntVar(&o.events, "events", 10_000_000, "events")
	flag.IntVar(&o.findings, "findings", 100_000, "findings")
	flag.IntVar(&o.rounds, "rounds", 40, "how often each query is asked side by side")
	flag.IntVar(&o.lone, "alone", 10, "how often each query is asked with nothing beside it")
	flag.IntVar(&o.cold, "cold", 1, "how often each query is asked with empty caches")
	flag.IntVar(&o.conns, "conns", 0, "panels that the store asks at once; 0 is its default")
	flag.IntVar(&o.workers, "workers", 4, "queries at once")
	flag.IntVar(&o.rate, "rate", 20_000, "events inserted per second meanwhile; 0 is none")
	flag.StringVar(&o.only, "only", "", "one query")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "benchpanels:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	dir := o.keep
	if dir == "" {
		made, err := os.MkdirTemp("", "bench-panels-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(made)
		dir = made
	}
	addr, err := freeAddress()
	if err != nil {
		return err
	}
	engine := exec.CommandContext(ctx, o.binary, "engine", "--data", filepath.Join(dir, "data"), "--listen", addr)
	engine.Stderr = os.Stderr
	engine.Cancel = func() error { return engine.Process.Signal(os.Interrupt) }
	engine.WaitDelay = 30 * time.Second
	if err := engine.Start(); err != nil {
		return err
	}
	defer func() { _ = engine.Process.Signal(os.Interrupt); _ = engine.Wait() }() // what it made is removed with its folder
	s, err := store.Open(ctx, store.Options{DSN: "http://" + addr + "/panels", PanelConns: o.conns})
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }() // it was only read through
	if _, err := s.Migrate(ctx, end); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(o.out), 0o750); err != nil {
		return err
	}
	file, err := os.Create(o.out)
	if err != nil {
		return err
	}
	defer file.Close()
	w := io.MultiWriter(os.Stdout, file)
	e := queriestest.Engine{Client: http.DefaultClient, URL: "http://" + addr, Database: "panels"}
	if err := fill(ctx, o, e, w); err != nil {
		return err
	}
	return measure(ctx, o, s, e, filepath.Join(dir, "data"), w)
}

// fill makes the data, unless the folder has it from before.
func fill(ctx context.Context, o options, e queriestest.Engine, w io.Writer) error {
	have, err := e.Ask(ctx, "SELECT count() FROM findings", nil)
	if err != nil {
		return err
	}
	if n, _ := strconv.Atoi(have[:len(have)-1]); n > 0 {
		fmt.Fprintf(w, "the data of before is used again\n")
		return nil
	}
	begun := time.Now()
	if err := e.Statements(ctx, madeSQL, map[string]string{"param_events": strconv.Itoa(o.events), "param_findings": strconv.Itoa(o.findings)}); err != nil {
		return err
	}
	for day := range days {
		if err := e.Statements(ctx, daySQL, map[string]string{"param_day": strconv.Itoa(day), "param_rows": strconv.Itoa(o.events / days)}); err != nil {
			return err
		}
	}
	// A week that has been over for a day is one part (migration 1), which cannot be waited for here. The last stays as it is.
	first := end.AddDate(0, 0, -days)
	for monday := first.AddDate(0, 0, -(int(first.Weekday())+6)%7); !monday.AddDate(0, 0, 7).After(end); monday = monday.AddDate(0, 0, 7) {
		if _, err := e.Ask(ctx, "OPTIMIZE TABLE events PARTITION ('"+monday.Format(time.DateOnly)+"', '') FINAL", nil); err != nil {
			return err
		}
	}
	fmt.Fprintf(w, "made %d events and %d findings in %s\n", o.events/days*days, o.findings, time.Since(begun).Round(time.Second))
	return nil
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}
