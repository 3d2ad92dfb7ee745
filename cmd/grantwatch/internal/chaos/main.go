// Command chaos is the fault harness: what `make chaos` runs. It runs the real program on the real engine and a real
// broker, breaks things while logs flow in, and then compares what is stored with what was made: each fault prints one
// line with what was lost and what was duplicated, and the exit status is 1 unless both are 0 everywhere.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	bad, err := run(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
	}
	if err != nil || bad > 0 {
		os.Exit(1) //nolint:gocritic // stop only restores the signal's default, and the process ends here
	}
}

// harness is what all faults share.
type harness struct {
	bin    string
	dir    string
	long   bool
	rand   *rand.Rand
	seed   uint64
	broker *broker
}

// pick is the short or the long form of a number.
func pick[T any](h *harness, short, long T) T {
	if h.long {
		return long
	}
	return short
}

// jitter is a number below n, for goroutines that have no order.
func (h *harness) jitter(n int) int { return rand.IntN(n) }

type fault struct {
	name string
	run  func(context.Context, *harness) (*outcome, error)
}

var faults = []fault{
	{"kill-ingester", killIngester}, {"kill-engine", killEngine}, {"kill-broker", killBroker}, {"store-down", storeDown},
	{"slow-insert", slowInsert}, {"rebalance", rebalance}, {"disk-full", diskFull}, {"poison", poison}, {"wild-clocks", wildClocks},
	{"gzip-bomb", gzipBomb}, {"kafka-bomb", kafkaBomb}, {"noisy-neighbour", noisyNeighbour},
}

func run(ctx context.Context) (bad int, err error) {
	var names []string
	for _, f := range faults {
		names = append(names, f.name)
	}
	only := flag.String("fault", "", "only these, separated by commas: "+strings.Join(names, ", "))
	long := flag.Bool("long", false, "the long form of every fault")
	short := flag.Bool("short", false, "the short form, which is the default")
	seed := flag.Uint64("seed", 1, "what the random points are drawn from")
	bin := flag.String("bin", "bin/grantwatch", "the program")
	keep := flag.Bool("keep", false, "keep the folder with data and logs")
	flag.Parse()
	if *long && *short {
		return 0, errors.New("either -long or -short")
	}
	wanted := names
	if *only != "" {
		wanted = strings.Split(*only, ",")
	}
	for _, w := range wanted {
		if !slices.Contains(names, w) {
			return 0, fmt.Errorf("no fault %q; there are %s", w, strings.Join(names, ", "))
		}
	}
	h := &harness{long: *long, seed: *seed}
	if h.bin, err = filepath.Abs(*bin); err != nil {
		return 0, err
	}
	if _, err := os.Stat(h.bin); err != nil {
		return 0, fmt.Errorf("%w; make build makes it", err)
	}
	if h.dir, err = os.MkdirTemp("", "gwchaos-"); err != nil {
		return 0, err
	}
	if *keep {
		fmt.Println("data and logs stay in", h.dir)
	} else {
		defer os.RemoveAll(h.dir)
	}
	h.broker = newBroker(filepath.Join(h.dir, "kafka"))
	defer h.broker.stop()
	form := pick(h, "short", "long")
	fmt.Printf("%d cores, %s, %s form, seed %d\n", runtime.NumCPU(), runtime.Version(), form, *seed)
	begun := time.Now()
	for _, f := range faults {
		if !slices.Contains(wanted, f.name) {
			continue
		}
		h.rand = rand.New(rand.NewPCG(*seed, uint64(len(f.name)))) // a fault alone draws what it draws among all
		at := time.Now()
		o, err := f.run(ctx, h)
		if err != nil {
			o = &outcome{failed: err}
		}
		fmt.Println(o.line(f.name, time.Since(at)))
		if !o.good() {
			bad++
		}
		if ctx.Err() != nil {
			return bad, ctx.Err()
		}
	}
	fmt.Printf("%d of %d faults as promised, %s\n", len(wanted)-bad, len(wanted), time.Since(begun).Round(time.Second))
	return bad, nil
}
