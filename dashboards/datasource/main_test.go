package datasource_test

import (
	"context"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/grantwatch/grantwatch/dashboards/queries/queriestest"
	"github.com/grantwatch/grantwatch/store"
	"github.com/grantwatch/grantwatch/store/engine"
)

var update = flag.Bool("update", false, "rewrite golden files")

const password = "s3cr3t-of-the-reader"

// rig is what every test of this package uses: the plugin's binary as it is shipped, and an engine with a password.
var rig struct {
	dir    string
	binary string
	addr   string // of the engine
}

// TestMain builds the plugin and starts an engine; the engine is this binary again, as the command is its own engine.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "engine" {
		os.Exit(child(os.Args[2:]))
	}
	flag.Parse()
	os.Exit(run(m))
}

func child(args []string) int {
	fs := flag.NewFlagSet("engine", flag.ContinueOnError)
	data, listen := fs.String("data", "", ""), fs.String("listen", "", "")
	if err := fs.Parse(args); err != nil {
		return 2
	}
	if err := engine.Serve(context.Background(), engine.ServeConfig{DataDir: *data, Listen: *listen, Password: os.Getenv("GRANTWATCH_ENGINE_PASSWORD")}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func run(m *testing.M) int {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	fail := func(what string, err error) int {
		fmt.Fprintf(os.Stderr, "%s: %v\n", what, err)
		return 1
	}
	var err error
	if rig.dir, err = os.MkdirTemp("", "datasource-"); err != nil {
		return fail("temporary folder", err)
	}
	defer os.RemoveAll(rig.dir)
	rig.binary = filepath.Join(rig.dir, "gpx_grantwatch_datasource")
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", rig.binary, "./cmd/grantwatch-datasource")
	if out, err := build.CombinedOutput(); err != nil {
		return fail("building the plugin: "+string(out), err)
	}
	if _, err := engine.Fetch(ctx, nil); err != nil {
		return fail("the embedded engine cannot be had", err)
	}
	if rig.addr, err = freeAddress(); err != nil {
		return fail("a free port", err)
	}
	self, err := os.Executable()
	if err != nil {
		return fail("this binary", err)
	}
	serve := exec.CommandContext(ctx, self, "engine", "--data", filepath.Join(rig.dir, "data"), "--listen", rig.addr)
	serve.Env = append(os.Environ(), "GRANTWATCH_ENGINE_PASSWORD="+password)
	serve.Stderr = os.Stderr
	serve.Cancel = func() error { return serve.Process.Signal(os.Interrupt) }
	serve.WaitDelay = 10 * time.Second
	if err := serve.Start(); err != nil {
		return fail("the engine", err)
	}
	defer func() { cancel(); _ = serve.Wait() }()
	return m.Run()
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// database makes a database with all tables and returns a way to write to it.
func database(tb testing.TB, name string) queriestest.Engine {
	tb.Helper()
	s, err := store.Open(tb.Context(), store.Options{DSN: "http://default:" + password + "@" + rig.addr + "/" + name})
	if err != nil {
		tb.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Migrate(tb.Context(), queriestest.AsOf); err != nil {
		tb.Fatal(err)
	}
	return queriestest.Engine{Client: http.DefaultClient, URL: "http://" + rig.addr, Password: password, Database: name}
}

// organisation is a database with the small organisation in it.
func organisation(tb testing.TB, name string) queriestest.Engine {
	tb.Helper()
	e := database(tb, name)
	if err := e.Organisation(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	return e
}
