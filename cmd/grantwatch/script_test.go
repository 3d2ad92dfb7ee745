package main

import (
	"flag"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/grantwatch/grantwatch/ingest/source/s3/s3test"
	"github.com/grantwatch/grantwatch/store/engine"
)

var update = flag.Bool("update", false, "rewrite the expected output inside the scripts, and the quickstart's expected findings")

// TestMain lets scripts run this binary as grantwatch; the engine's child process is the same binary again.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"grantwatch": func() { os.Exit(run()) }})
}

// TestScripts runs every command as a user would: testdata/script/*.txtar are pages that can be read.
func TestScripts(t *testing.T) {
	lib, err := engine.Fetch(t.Context(), nil)
	if err != nil {
		t.Fatalf("the embedded engine is needed: %v", err)
	}
	examples, err := filepath.Abs("../../examples")
	if err != nil {
		t.Fatal(err)
	}
	bucket := s3test.New(t, "trail", "pods")
	for key, file := range map[string]string{
		"AWSLogs/111122223333/CloudTrail/eu-west-1/2026/08/31/111122223333_CloudTrail_eu-west-1_20260831T2355Z_x.json.gz": "payments-cloudtrail.json",
		"shop/audit.jsonl": "platform-audit.jsonl",
	} {
		raw, err := os.ReadFile(filepath.Join(examples, "quickstart/logs", file))
		if err != nil {
			t.Fatal(err)
		}
		bucket.Put("trail", key, raw)
	}
	bucket.Put("trail", "shop/AWSLogs/111122223333/CloudTrail-Digest/digest.json.gz", []byte("a digest"))
	s3test.Environ(t)
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script", UpdateScripts: *update, RequireExplicitExec: true, RequireUniqueNames: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"await": await, "fill": fill},
		Setup: func(e *testscript.Env) error {
			e.Setenv("GRANTWATCH_ENGINE_LIB", lib)
			e.Setenv("EXAMPLES", examples)
			e.Setenv("S3", bucket.URL)
			for _, name := range s3test.Names() {
				e.Setenv(name, os.Getenv(name))
			}
			e.Setenv("XDG_DATA_HOME", filepath.Join(e.WorkDir, "data"))
			e.Setenv("HOME", e.WorkDir)
			e.Setenv("PORT", freePort(t))
			return nil
		},
	})
}

// freePort is a port of loopback that nobody listens on now.
func freePort(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// await URL TEXT waits until a page has a text.
func await(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: await URL TEXT")
	}
	deadline := time.After(time.Minute)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !shows(args[0], args[1]) {
		select {
		case <-deadline:
			ts.Fatalf("a minute has passed and %s does not show %q", args[0], args[1])
		case <-tick.C:
		}
	}
}

// fill FILE... puts the environment's values in the place of their names.
func fill(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: fill FILE...")
	}
	for _, name := range args {
		ts.Check(os.WriteFile(ts.MkAbs(name), []byte(os.Expand(ts.ReadFile(name), ts.Getenv)), 0o600))
	}
}
