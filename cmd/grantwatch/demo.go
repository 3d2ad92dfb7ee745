package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/alert/slack/slacktest"
	"github.com/grantwatch/grantwatch/cmd/grantwatch/internal/app"
	"github.com/grantwatch/grantwatch/cmd/grantwatch/internal/config"
	"github.com/grantwatch/grantwatch/cmd/grantwatch/internal/output"
	"github.com/grantwatch/grantwatch/dashboards/report"
	"github.com/grantwatch/grantwatch/detect/ledger"
	"github.com/grantwatch/grantwatch/examples/demo"
)

type demoFlags struct {
	common
	opt     demo.Options
	out     string
	reports string
	once    bool
	listen  string
	slack   string
}

// demoCommand runs a made-up organisation with known problems through the real pipeline.
func demoCommand() *cobra.Command {
	f := &demoFlags{}
	c := &cobra.Command{
		Use: "demo", Short: "A made-up organisation with known problems, run through the real pipeline", Args: cobra.NoArgs,
		Long: "Generates logs, grants and identities of a made-up organisation in the providers' real formats, reads them as if\nthey were yours, and prints what was planted against what was found. Repeatable: the same seed gives the same\nfindings. Exit status 1 when something planted was missed or something else was claimed.",
		RunE: func(c *cobra.Command, _ []string) error { return f.run(c) },
	}
	c.Flags().IntVar(&f.opt.Events, "events", 500_000, "log records to generate")
	c.Flags().Int64Var(&f.opt.Seed, "seed", 1, "seed of the generator")
	c.Flags().StringVar(&f.out, "out", "", "keep the generated files in this folder; otherwise they stream")
	c.Flags().StringVar(&f.reports, "reports", "demo-reports", "folder for the week's report")
	c.Flags().BoolVar(&f.once, "once", false, "exit when done instead of serving the page")
	c.Flags().StringVar(&f.listen, "listen", "127.0.0.1:8420", "address of the page; loopback only")
	c.Flags().StringVar(&f.slack, "slack", "127.0.0.1:8430", "address of the made-up Slack that the teams are told in; loopback only")
	c.Flags().BoolVarP(&f.quiet, "quiet", "q", false, "no remarks on standard error")
	c.Flags().BoolVar(&f.debug, "debug", false, "log what the parts do")
	return c
}

func (f *demoFlags) run(c *cobra.Command) error {
	began := time.Now()
	ctx, stderr, stdout := c.Context(), c.ErrOrStderr(), c.OutOrStdout()
	org, err := demo.New(f.opt)
	if err != nil {
		return err
	}
	cfg, base, err := f.place(org, stderr)
	if err != nil {
		return err
	}
	m, done := meter(stderr, int64(f.opt.Events))
	if f.debug {
		m.Stage = func(name string) {
			fmt.Fprintf(stderr, "stage %s after %.1f s, peak resident so far %s\n", name, time.Since(began).Seconds(), peakResident())
		}
	}
	// The demo's clock goes on from its own now, for its findings, its messages and whoever presses a button.
	clock := func() time.Time { return org.AsOf().Add(time.Since(began)) }
	ws, link, err := f.workspace(c, org, cfg, clock)
	if err != nil {
		return err
	}
	defer ws.close()
	o := app.Options{Slack: link, Config: cfg, Log: f.log(stderr), Notice: f.notice(stderr), Meter: m, FetchBar: fetchBar(stderr), Now: org.AsOf(), Base: base}
	a, err := app.Open(ctx, o)
	if err != nil {
		return err
	}
	defer func() { _ = a.Close() }() // what is left is a temporary directory
	if f.debug {
		fmt.Fprintf(stderr, "engine pid %d\n", a.EnginePID())
	}
	p, err := servePage(ctx, f.listen, f.reports, a, true)
	if err != nil {
		return err
	}
	defer p.close()
	cfg.Alert.Page = p.url()
	res, view, err := a.Once(ctx, org.AsOf())
	done()
	if err != nil {
		return err
	}
	p.view.Store(view)
	w := &reportWriter{app: a, zone: time.UTC, dir: f.reports, org: cfg.Report.Org}
	files, err := w.write(ctx, view, report.Week(org.AsOf()))
	if err != nil {
		return err
	}
	a.Newest(view)
	if _, err := a.Alert(ctx, clock); err != nil {
		return err
	}
	took := time.Since(began)
	if err := f.print(stdout, org, view, res.Findings, files, p.url(), ws, took, a.EngineRestarts()); err != nil {
		return err
	}
	if !demo.Score(org.Truth(), res.Findings).All() {
		return &exitError{status: exitFindings, cause: fmt.Errorf("what was found is not what was planted")}
	}
	if f.once {
		return nil
	}
	fmt.Fprintln(stdout, "\nboth pages are served until you press ctrl-c; buttons in the made-up Slack work")
	var beside sync.WaitGroup
	beside.Go(func() { a.Teller(ctx, clock) })
	beside.Go(func() {
		if err := a.Callbacks(ctx, clock); err != nil {
			a.Notice("slack: %v; nothing that is pressed arrives", err)
		}
	})
	<-ctx.Done()
	beside.Wait()
	return nil
}

// socChannel is where the central security team of the demo hears of what has no channel of its own.
const socChannel = "access-soc"

// workspace starts the made-up Slack with the organisation's people, and lets the configuration tell them there. It takes
// messages as fast as they come, where Slack takes one a second in a channel.
func (f *demoFlags) workspace(c *cobra.Command, org *demo.Org, cfg *config.Config, clock func() time.Time) (*workspace, app.SlackLink, error) {
	var link app.SlackLink
	var err error
	if link.Token, err = freshSecret("xoxb-"); err != nil {
		return nil, link, err
	}
	if link.AppToken, err = freshSecret("xapp-"); err != nil {
		return nil, link, err
	}
	var users []slacktest.User
	for i, p := range org.Colleagues() {
		users = append(users, slacktest.User{ID: fmt.Sprintf("U0DEMO%03d", i+1), Name: p.Login, RealName: p.Name, Email: p.Email, Title: p.Title})
	}
	channels := []string{socChannel}
	for i := range cfg.Teams {
		t := &cfg.Teams[i]
		t.Slack = "#" + t.Name + "-access"
		channels = append(channels, t.Slack[1:])
	}
	const fast = time.Nanosecond
	link.Every = fast
	ws, err := startWorkspace(c.Context(), f.slack, slacktest.Options{Token: link.Token, AppToken: link.AppToken, Now: clock, Every: fast}, users, channels, f.log(c.ErrOrStderr()), true)
	if err != nil {
		return nil, link, err
	}
	cfg.Alert.Slack = &config.Slack{Channel: "#" + socChannel, MinSeverity: string(access.SeverityMedium), Mode: "socket", APIURL: ws.url() + "api/"}
	cfg.Alert.SOC = "#" + socChannel
	return ws, link, nil
}

// peakResident is the most memory that this process has held; empty where the system does not say.
func peakResident() string {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return "unknown"
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	line, _, _ := strings.Cut(rest, "\n")
	return strings.TrimSpace(line)
}

// place says where the organisation's files are: in a folder that is kept, or nowhere, streaming from the generator.
func (f *demoFlags) place(org *demo.Org, stderr io.Writer) (*config.Config, app.Base, error) {
	if f.out == "" {
		cfg, err := config.Load("grantwatch.yaml", org.FS())
		return cfg, org.FS(), err
	}
	if err := os.MkdirAll(f.out, 0o750); err != nil {
		return nil, nil, err
	}
	if err := org.WriteTo(f.out, fetchBar(stderr)); err != nil {
		return nil, nil, err
	}
	cfg, err := config.Load(filepath.Join(f.out, "grantwatch.yaml"), nil)
	return cfg, nil, err
}

const shownFindings = 20 // the page and the report show them all

func (f *demoFlags) print(w io.Writer, org *demo.Org, v *ledger.View, all []access.Finding, files []string, url string, ws *workspace, took time.Duration, restarts int64) error {
	shown := make([]access.Finding, 0, shownFindings)
	perKind := map[string]int{}
	for i := range v.Findings { // two of each kind and verdict show more than twenty of the gravest
		fd := &v.Findings[i]
		if k := fd.Kind + string(fd.Verdict); perKind[k] < 2 && len(shown) < shownFindings {
			perKind[k]++
			shown = append(shown, *fd)
		}
	}
	if err := output.Findings(w, "table", shown); err != nil {
		return err
	}
	fmt.Fprintf(w, "\n%d findings open, %d verdicts unverifiable, %d excepted; %d grants judged over %d log records, evidence covers %.1f %% of their windows\n",
		v.Totals.Open, v.Totals.Unverifiable, v.Totals.Excepted, v.Totals.Grants, v.Totals.Events, 100*v.Totals.Coverage)
	fmt.Fprintf(w, "\nplanted against found (seed %d)\n", f.opt.Seed)
	if err := demo.Score(org.Truth(), all).WriteTable(w); err != nil {
		return err
	}
	if restarts > 0 {
		fmt.Fprintf(w, "the engine was started again %d times\n", restarts)
	}
	fmt.Fprintf(w, "\n%d records in %.1f s\nreport  %s\npage    %s\nslack   %s (made up; %d messages were posted)\n", v.Totals.Events, took.Seconds(), strings.Join(files, " "), url, ws.url(), ws.Posted())
	return nil
}
