package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/grantwatch/grantwatch/store/engine"
)

// program is this test binary under the name grantwatch, which makes it the program (see TestMain). A copy, since the
// engine's child is started from the resolved path.
func program(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "grantwatch")
	if err := os.WriteFile(path, data, 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

// demoRun runs the demo, calls meddle while it runs, and returns what it printed without what may differ: times, addresses
// and how often the engine was started. Its report is in the folder reports.
func demoRun(t *testing.T, path, reports string, meddle func(cmd *exec.Cmd, done <-chan struct{})) (printed string, restarts int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), path, "demo", "--once", "-q", "--events", "60000", "--listen", "127.0.0.1:0", "--slack", "127.0.0.1:0", "--reports", reports)
	var out, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go meddle(cmd, done)
	err := cmd.Wait()
	close(done)
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, stderr.String(), out.String())
	}
	again := regexp.MustCompile(`the engine was started again (\d+) times\n`)
	s := out.String()
	if m := again.FindStringSubmatch(s); m != nil {
		restarts, _ = strconv.Atoi(m[1]) // the expression matches digits only
	}
	s = again.ReplaceAllString(s, "")
	s, _, _ = strings.Cut(s, "\n60000 records in ")
	return s, restarts
}

// engineOf finds the engine process that a grantwatch process has started.
func engineOf(parent int) int {
	entries, _ := filepath.Glob("/proc/[0-9]*/stat") // the pattern is well-formed
	for _, e := range entries {
		b, err := os.ReadFile(e)
		if err != nil {
			continue // it has ended meanwhile
		}
		rest := b[bytes.LastIndexByte(b, ')')+1:]
		var state string
		var ppid int
		if n, _ := fmt.Sscan(string(rest), &state, &ppid); n == 2 && ppid == parent && state != "Z" {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(e))) // the glob lets digits through only
			return pid
		}
	}
	return 0
}

// TestDemo runs the demo and holds its report against the golden files. Then it kills the engine's process again and again
// while the demo runs once more: what is printed, the findings and the score, and every byte of the report are the same.
func TestDemo(t *testing.T) {
	if _, err := engine.Fetch(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	path, calm, killed := program(t), t.TempDir(), t.TempDir()
	want, _ := demoRun(t, path, calm, func(*exec.Cmd, <-chan struct{}) {})
	t.Run("golden report", func(t *testing.T) { goldenReport(t, calm) })
	got, restarts := demoRun(t, path, killed, func(cmd *exec.Cmd, done <-chan struct{}) {
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		last, seen := 0, 0
		for kills := 0; kills < 4; {
			select {
			case <-done:
				return
			case <-tick.C:
			}
			pid := engineOf(cmd.Process.Pid)
			if pid == 0 {
				continue
			}
			if pid != last {
				last, seen = pid, 0
			}
			if seen++; seen == 12 { // let it work for a while, then kill it in the middle of something
				if p, err := os.FindProcess(pid); err == nil {
					_ = p.Kill() // it may have ended by itself
				}
				kills++
			}
		}
	})
	if restarts == 0 {
		t.Error("the engine was never killed: this test would show nothing")
	}
	if got != want {
		t.Errorf("killed %d times, the demo printed\n%s\nwant\n%s", restarts, got, want)
	}
	for _, ext := range []string{"html", "pdf", "csv", "json", "manifest.json"} {
		name := "grantwatch-2026-W36." + ext
		if a, b := read(t, filepath.Join(calm, name)), read(t, filepath.Join(killed, name)); !bytes.Equal(a, b) {
			t.Errorf("killed %d times, %s is another: %s", restarts, name, firstDifference(b, a))
		}
	}
}
