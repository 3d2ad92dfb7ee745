package main

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

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
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script", UpdateScripts: *update, RequireExplicitExec: true, RequireUniqueNames: true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("GRANTWATCH_ENGINE_LIB", lib)
			e.Setenv("EXAMPLES", examples)
			e.Setenv("XDG_DATA_HOME", filepath.Join(e.WorkDir, "data"))
			e.Setenv("HOME", e.WorkDir)
			return nil
		},
	})
}
