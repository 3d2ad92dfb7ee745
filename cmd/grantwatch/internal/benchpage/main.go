// Command benchpage measures the page: what `make bench-page` runs. It fills the embedded engine with events, makes a view of
// many findings, and asks for every page again and again, as somebody who sees everything and as a reader of one team. It
// prints a table, writes bench/out/page.json, and fails when a page takes more than it may.
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/grantwatch/grantwatch/cmd/grantwatch/internal/app"
	"github.com/grantwatch/grantwatch/cmd/grantwatch/internal/config"
	"github.com/grantwatch/grantwatch/dashboards/report/viewtest"
	"github.com/grantwatch/grantwatch/dashboards/web"
	"github.com/grantwatch/grantwatch/dashboards/web/signin"
	"github.com/grantwatch/grantwatch/detect"
	"github.com/grantwatch/grantwatch/detect/ledger"
	"github.com/grantwatch/grantwatch/store/engine"
)

// most is what a page may take at the 95th percentile.
const most = 150 * time.Millisecond

func main() {
	if len(os.Args) > 1 && os.Args[1] == "engine" { // the engine's supervisor starts its own executable
		os.Exit(child(os.Args[2:]))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench-page:", err)
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

type row struct {
	Page   string  `json:"page"`
	Reader string  `json:"reader"`
	P50    float64 `json:"p50_ms"`
	P95    float64 `json:"p95_ms"`
	Bytes  int     `json:"bytes"`
}

func run(ctx context.Context) error {
	events := flag.Int("events", 10_000_000, "events in the store")
	findings := flag.Int("findings", 100_000, "findings in the view")
	asks := flag.Int("asks", 40, "how often each page is asked for")
	flag.Parse()
	dir, err := os.MkdirTemp("", "bench-page-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	a, err := app.Open(ctx, app.Options{Config: &config.Config{Dir: dir}, DataDir: filepath.Join(dir, "data"), NoRules: true, Now: viewtest.Now})
	if err != nil {
		return err
	}
	defer a.Close() //nolint:errcheck // what is left is a temporary folder
	fmt.Printf("%d cores, %s, load average %s\n", runtime.NumCPU(), runtime.Version(), load())
	began := time.Now()
	v := viewtest.Organisation(*findings)
	w := newWorld(v, *events)
	if err := w.fill(ctx, a.Store); err != nil {
		return err
	}
	roster := detect.NewRoster(&w.input, &detect.Result{Now: v.AsOf, Findings: v.Findings})
	fmt.Printf("%d events of %d actors, %d findings, filled in %.0f s\n\n", *events, len(w.actors), len(v.Findings), time.Since(began).Seconds())
	runtime.GC() // what making the world left behind is not the page's
	return measure(ctx, a, v, roster, w, *asks)
}

func measure(ctx context.Context, a *app.App, v *ledger.View, roster *detect.Roster, w *world, asks int) error {
	in := &web.SignIn{Secure: true, Sessions: &signin.Sessions{Idle: time.Hour, Absolute: time.Hour, Now: time.Now}}
	h := web.New(web.Config{View: func() *ledger.View { return v }, Evidence: app.NewEvidence(a.Store, func() *detect.Roster { return roster }), SignIn: in, Way: signin.Way{TLS: true}, Hosts: []string{"page.example"}})
	var rows []row
	slow := 0
	fmt.Printf("%-58s %-10s %9s %9s %9s\n", "page", "reader", "p50 ms", "p95 ms", "kB")
	for _, who := range []signin.Reader{{Name: "everything", Scope: ledger.Everything}, {Name: "payments", Scope: ledger.TeamScope("payments")}} {
		key := in.Sessions.Begin(who, time.Time{})
		get := func(path string) (int, time.Duration, error) {
			r := httptest.NewRequestWithContext(ctx, http.MethodGet, path, nil)
			r.Host = "page.example"
			r.Header.Set("Cookie", "__Host-grantwatch-session="+key)
			rec := httptest.NewRecorder()
			began := time.Now()
			h.ServeHTTP(rec, r)
			took := time.Since(began)
			if rec.Code != http.StatusOK {
				return 0, 0, fmt.Errorf("%s as %s: %d", path, who.Name, rec.Code)
			}
			return rec.Body.Len(), took, nil
		}
		_, first, err := get("/")
		if err != nil {
			return err
		}
		fmt.Printf("%-58s %-10s %9.1f\n", "the first page of a new evaluation", who.Name, ms(first))
		for _, path := range w.pages(v, who.Scope) {
			var took []time.Duration
			size := 0
			for range asks {
				n, d, err := get(path)
				if err != nil {
					return err
				}
				took, size = append(took, d), n
			}
			slices.Sort(took)
			r := row{Page: path, Reader: who.Name, P50: ms(took[len(took)/2]), P95: ms(took[len(took)*95/100]), Bytes: size}
			rows = append(rows, r)
			note := ""
			if took[len(took)*95/100] > most {
				slow++
				note = "  too slow"
			}
			fmt.Printf("%-58.58s %-10s %9.1f %9.1f %9.1f%s\n", path, who.Name, r.P50, r.P95, float64(size)/1000, note)
		}
	}
	out, err := json.MarshalIndent(rows, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll("bench/out", 0o755); err != nil {
		return err
	}
	if err := os.WriteFile("bench/out/page.json", append(out, '\n'), 0o644); err != nil {
		return err
	}
	if slow > 0 {
		return fmt.Errorf("%d pages take more than %v at the 95th percentile", slow, most)
	}
	return nil
}

// load is how busy the machine is with other things: figures mean little where it is above the number of cores.
func load() string {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "not known"
	}
	one, _, _ := strings.Cut(string(b), " ")
	return one
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// pages are what is asked for: also the worst pages of long lists, and identities that did very much and very little.
func (w *world) pages(v *ledger.View, s ledger.Scope) []string {
	fp := ""
	for i := range v.Findings {
		if s.Sees(v.Findings[i].Team) {
			fp = cmp.Or(fp, v.Findings[i].Fingerprint)
		}
	}
	out := []string{"/", "/findings", "/findings?q=s3", "/findings?sort=-who&q=ledger", "/findings?page=99999", "/findings?team=payments&severity=high", "/findings/" + fp, "/identities", "/identities?q=4242", "/identities?q=nobody-at-all"}
	for _, i := range w.of(s) {
		out = append(out, "/identities/"+url.PathEscape(w.actors[i].uid))
	}
	return append(out, "/teams", "/teams/payments", "/feeds", "/rules")
}
