package engine

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"go.uber.org/goleak"
)

// The test binary is the engine as well: Process starts it as "engine …".
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "engine" {
		os.Exit(child(os.Args[2:]))
	}
	if len(os.Args) > 1 && os.Args[1] == "parent" {
		os.Exit(parent(os.Args[2]))
	}
	if _, err := Fetch(context.Background(), nil); err != nil {
		fmt.Fprintln(os.Stderr, "these tests need the engine:", err)
		os.Exit(1)
	}
	code := m.Run()
	if sharedEngine != nil {
		if err := sharedEngine.Close(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
		os.RemoveAll(sharedDir)
	}
	os.Exit(code)
}

// child is what the engine command does. It also looks for goroutines that
// Serve leaves behind, which the parent sees as a bad end.
func child(args []string) int {
	fs := flag.NewFlagSet("engine", flag.ContinueOnError)
	var cfg ServeConfig
	fs.StringVar(&cfg.DataDir, "data", "", "")
	fs.StringVar(&cfg.Socket, "socket", "", "")
	fs.StringVar(&cfg.Listen, "listen", "", "")
	fs.StringVar(&cfg.User, "user", "", "")
	fs.StringVar(&cfg.Password, "password", "", "")
	fs.IntVar(&cfg.Connections, "connections", 0, "")
	fs.DurationVar(&cfg.Drain, "drain", 0, "")
	if fs.Parse(args) != nil {
		return 2
	}
	cfg.Logger = slog.New(slog.NewTextHandler(os.Stderr, nil))
	if err := Serve(context.Background(), cfg); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if err := goleak.Find(
		goleak.IgnoreAnyFunction("os/signal.loop"),
		goleak.IgnoreAnyFunction("engine.Serve.func1"), // reads standard input until the process ends
		goleak.IgnoreAnyFunction("github.com/grantwatch/grantwatch/store/engine.Serve.func1"),
	); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 3
	}
	return 0
}

// parent starts an engine, says its process id, and waits to be killed.
func parent(dir string) int {
	p, err := Start(context.Background(), Config{DataDir: dir})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println(p.PID())
	select {}
}

var (
	sharedOnce   sync.Once
	sharedDir    string
	sharedEngine *Process
	sharedErr    error
)

// shared is one engine for all tests that do not hurt it.
func shared(tb testing.TB) *Process {
	tb.Helper()
	sharedOnce.Do(func() {
		if sharedDir, sharedErr = os.MkdirTemp("", "engine-test-"); sharedErr == nil {
			sharedEngine, sharedErr = Start(context.Background(), Config{DataDir: sharedDir})
		}
	})
	if sharedErr != nil {
		tb.Fatal(sharedErr)
	}
	return sharedEngine
}

func start(tb testing.TB, cfg Config) *Process {
	tb.Helper()
	if cfg.DataDir == "" {
		cfg.DataDir = filepath.Join(tb.TempDir(), "data")
	}
	p, err := Start(context.Background(), cfg)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := p.Close(); err != nil {
			tb.Error(err)
		}
	})
	return p
}

func options(p *Process, compression clickhouse.CompressionMethod) *clickhouse.Options {
	return &clickhouse.Options{
		Addr:        []string{"engine:0"},
		Protocol:    clickhouse.HTTP,
		DialContext: p.DialContext,
		Compression: &clickhouse.Compression{Method: compression},
	}
}

func open(tb testing.TB, opt *clickhouse.Options) driver.Conn {
	tb.Helper()
	c, err := clickhouse.Open(opt)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = c.Close() })
	return c
}

// database opens a database of the test's own in the shared engine.
func database(tb testing.TB) driver.Conn {
	tb.Helper()
	p := shared(tb)
	name := "t_" + strings.ToLower(strings.NewReplacer("/", "_", "-", "_").Replace(tb.Name()))
	admin := open(tb, options(p, clickhouse.CompressionLZ4))
	mustExec(tb, admin, "DROP DATABASE IF EXISTS "+quoteName(name))
	mustExec(tb, admin, "CREATE DATABASE "+quoteName(name))
	opt := options(p, clickhouse.CompressionLZ4)
	opt.Auth.Database = name
	return open(tb, opt)
}

func mustExec(tb testing.TB, c driver.Conn, query string, args ...any) {
	tb.Helper()
	if err := c.Exec(tb.Context(), query, args...); err != nil {
		tb.Fatalf("%s: %v", query, err)
	}
}

func scalar[T any](tb testing.TB, c driver.Conn, query string, args ...any) T {
	tb.Helper()
	var v T
	if err := c.QueryRow(tb.Context(), query, args...).Scan(&v); err != nil {
		tb.Fatalf("%s: %v", query, err)
	}
	return v
}

// client talks to an engine as curl would.
func client(p *Process) *http.Client {
	return &http.Client{Transport: &http.Transport{
		DisableCompression: true,
		DisableKeepAlives:  true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return p.DialContext(ctx, "")
		},
	}}
}

type reply struct {
	status int
	body   string
	header http.Header
}

func ask(tb testing.TB, p *Process, method, query, body string, header ...string) reply {
	tb.Helper()
	req, err := http.NewRequestWithContext(tb.Context(), method, "http://engine/"+query, strings.NewReader(body))
	if err != nil {
		tb.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := client(p).Do(req)
	if err != nil {
		tb.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		tb.Fatal(err)
	}
	return reply{res.StatusCode, string(raw), res.Header}
}

// eventually asks until cond holds; there is nothing to wait on in another process.
func eventually(tb testing.TB, what string, cond func() bool) {
	tb.Helper()
	deadline := time.After(20 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !cond() {
		select {
		case <-deadline:
			tb.Fatal("did not happen: " + what)
		case <-tick.C:
		}
	}
}
