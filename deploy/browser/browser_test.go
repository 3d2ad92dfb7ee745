//go:build browser

// Package browser looks at what people look at with a real browser. It runs with `make test-browser`.
package browser

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const binary = "../../bin/grantwatch"

// serve starts a small demo and returns the page's address and the folder of its reports.
func serve(t *testing.T) (url, reports string) {
	t.Helper()
	reports = t.TempDir()
	cmd := exec.CommandContext(t.Context(), binary, "demo", "-q", "--events", "100000", "--listen", "127.0.0.1:0", "--reports", reports)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 20 * time.Second
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v (make build comes first)", err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait() // ended by the signal
	})
	sc := bufio.NewScanner(out)
	for sc.Scan() {
		if addr, ok := strings.CutPrefix(sc.Text(), "page "); ok {
			go func() {
				for sc.Scan() { //nolint:revive // what follows is read so that the process can go on writing
				}
			}()
			return strings.TrimSpace(addr), reports
		}
	}
	t.Fatal("the demo ended without a page")
	return "", ""
}

// browse runs headless Chromium and returns what it prints.
func browse(t *testing.T, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	common := []string{"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--hide-scrollbars", "--user-data-dir=" + t.TempDir(), "--virtual-time-budget=5000"}
	out, err := exec.CommandContext(ctx, "chromium", append(common, args...)...).Output()
	if err != nil {
		t.Fatalf("chromium %v: %v", args, err)
	}
	return string(out)
}

func TestPagesRender(t *testing.T) {
	url, reports := serve(t)
	for path, want := range map[string][]string{
		"":         {"POST_TERMINATION_ACTIVITY", "payments"},
		"findings": {"UNUSED_GRANT", "severity"},
		"teams":    {"regulated"},
		"feeds":    {"payments-aws"},
		"rules":    {"unused-grant"},
	} {
		dom := browse(t, "--dump-dom", url+path)
		for _, w := range want {
			if !strings.Contains(strings.ToLower(dom), strings.ToLower(w)) {
				t.Errorf("/%s does not show %q", path, w)
			}
		}
		if !strings.Contains(dom, "<main") || !strings.Contains(dom, "lang=\"en\"") {
			t.Errorf("/%s has no main landmark or no language", path)
		}
	}
	found, err := filepath.Glob(filepath.Join(reports, "*.html"))
	if err != nil || len(found) != 1 {
		t.Fatalf("reports %v, %v", found, err)
	}
	dom := browse(t, "--dump-dom", "file://"+found[0])
	for _, w := range []string{"payments", "unverifiable", "2026-w36"} {
		if !strings.Contains(strings.ToLower(dom), w) {
			t.Errorf("the report does not show %q", w)
		}
	}
	pdf := filepath.Join(t.TempDir(), "report.pdf")
	browse(t, "--print-to-pdf="+pdf, "file://"+found[0])
	if st, err := os.Stat(pdf); err != nil || st.Size() < 10_000 {
		t.Errorf("the report does not print: %v", err)
	}
}
