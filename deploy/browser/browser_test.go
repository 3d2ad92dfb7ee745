//go:build browser

// Package browser looks at what people look at with a real browser. It runs with `make test-browser`.
package browser

import (
	"bufio"
	"encoding/json"
	"flag"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/grantwatch/grantwatch/access"
)

const binary = "../../bin/grantwatch"

// pictures is where pictures are kept; nowhere when empty.
var pictures = flag.String("pictures", "", "keep pictures in this folder")

// demo is a small demo that was started for the tests.
type demo struct {
	url, reports string
	findings     []access.Finding
}

// serve starts a small demo and waits for its page.
func serve(t *testing.T) *demo {
	t.Helper()
	reports := t.TempDir()
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
			d := &demo{url: strings.TrimSuffix(strings.TrimSpace(addr), "/"), reports: reports}
			d.read(t)
			return d
		}
	}
	t.Fatal("the demo ended without a page")
	return nil
}

func (d *demo) read(t *testing.T) {
	t.Helper()
	resp, err := http.Get(d.url + "/findings.json")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // read to its end
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var list struct{ Findings []access.Finding }
	if err := json.Unmarshal(body, &list); err != nil {
		t.Fatal(err)
	}
	if len(list.Findings) == 0 {
		t.Fatal("the demo has no findings")
	}
	d.findings = list.Findings
}

// one gives the first finding that fits.
func (d *demo) one(t *testing.T, fits func(*access.Finding) bool) *access.Finding {
	t.Helper()
	for i := range d.findings {
		if fits(&d.findings[i]) {
			return &d.findings[i]
		}
	}
	t.Fatal("the demo has no such finding")
	return nil
}

// look is one page to look at.
type look struct{ name, path string }

// pages are all kinds of pages that the demo has.
func (d *demo) pages(t *testing.T) []look {
	t.Helper()
	blind := d.one(t, func(f *access.Finding) bool { return f.Verdict == access.VerdictUnverifiable && len(f.Gaps) > 0 })
	unused := d.one(t, func(f *access.Finding) bool { return f.Verdict == access.VerdictUnused && f.Proposal != "" })
	leaver := d.one(t, func(f *access.Finding) bool { return f.Kind == "POST_TERMINATION_ACTIVITY" })
	nhi := d.one(t, func(f *access.Finding) bool {
		return f.Identity != nil && f.Identity.Kind.NonHuman() && f.Identity.Owner != ""
	})
	return []look{
		{"overview", "/"}, {"findings", "/findings"}, {"findings-search", "/findings?q=deploy&show=open&sort=-since"}, {"findings-none", "/findings?q=nobody-goes-by-this"},
		{"finding", "/findings/" + unused.Fingerprint}, {"finding-blind", "/findings/" + blind.Fingerprint}, {"finding-leaver", "/findings/" + leaver.Fingerprint},
		{"identities", "/identities"}, {"identities-none", "/identities?q=nobody-goes-by-this"}, {"identity", "/identities/" + nhi.Identity.UID}, {"identity-person", "/identities/" + leaver.Identity.Person},
		{"teams", "/teams"}, {"team", "/teams/" + unused.Team}, {"coverage", "/feeds"}, {"rules", "/rules"}, {"reports", "/reports/"}, {"missing", "/nope"},
	}
}

// TestReport prints the week's report as the page serves it.
func TestReport(t *testing.T) {
	d := serve(t)
	found, err := filepath.Glob(filepath.Join(d.reports, "*.html"))
	if err != nil || len(found) != 1 {
		t.Fatalf("reports %v, %v", found, err)
	}
	b := open(t)
	b.to("file://" + found[0])
	text := strings.ToLower(ask[string](b, `document.body.innerText`))
	for _, w := range []string{"payments", "unverifiable", "2026-w36"} {
		if !strings.Contains(text, w) {
			t.Errorf("the report does not show %q", w)
		}
	}
	if pdf := b.pdf(); len(pdf) < 10_000 {
		t.Errorf("the report prints as %d bytes", len(pdf))
	}
	if *pictures != "" {
		b.look(1000, 1414, "light", "")
		b.picture(filepath.Join(*pictures, "report.png"), false)
		pdfs, _ := filepath.Glob(filepath.Join(d.reports, "*.pdf")) // the pattern is well-formed
		for _, pdf := range pdfs {
			for _, page := range []string{"1", "2", "5"} { // the board's page, the overview, one team
				out := filepath.Join(*pictures, "report-pdf-"+page)
				if err := exec.CommandContext(t.Context(), "pdftoppm", "-r", "90", "-png", "-f", page, "-l", page, "-singlefile", pdf, out).Run(); err != nil {
					t.Errorf("pdftoppm: %v", err)
				}
			}
		}
	}
	b.to(d.url + "/reports/" + filepath.Base(found[0]))
	if text := ask[string](b, `document.body.innerText`); !strings.Contains(strings.ToLower(text), "payments") {
		t.Error("the page does not serve the report")
	}
}
