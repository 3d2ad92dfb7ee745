// Package app wires the rooms together: files in, findings out. It holds no judgement of its own.
package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/alert"
	"github.com/grantwatch/grantwatch/alert/slack"
	"github.com/grantwatch/grantwatch/cmd/grantwatch/internal/config"
	"github.com/grantwatch/grantwatch/cmd/grantwatch/internal/metrics"
	"github.com/grantwatch/grantwatch/detect"
	"github.com/grantwatch/grantwatch/detect/ledger"
	"github.com/grantwatch/grantwatch/ingest"
	"github.com/grantwatch/grantwatch/ingest/digest"
	"github.com/grantwatch/grantwatch/rules"
	"github.com/grantwatch/grantwatch/store"
	"github.com/grantwatch/grantwatch/store/engine"
)

// App is one configuration with its store and rules.
type App struct {
	memory memory
	Cfg    *config.Config
	FS     fs.FS
	Store  *store.Store
	Rules  *rules.Set
	Log    *slog.Logger
	Notice func(format string, args ...any) // what the operator should read at once; nil is silence
	Meter  Meter

	metrics     *metrics.Metrics
	only        []string // names of the feeds that are read here; nil is all
	engine      *engine.Process
	kill        context.CancelFunc // ends the engine, whatever is under way
	temp        string
	dataDir     string // of the embedded engine, when it outlives this process
	registers   registers
	governance  *rules.Governance // nil without rules
	people      []access.Identity
	sources     []source
	lastRead    map[string]uint64 // file → hash of what was last read from it
	books       sync.Mutex        // of previous and fresh
	previous    []access.Finding
	previousSet bool
	fresh       map[string]access.Finding    // judged by their hits alone since the evaluation that is under way began
	ground      atomic.Pointer[detect.Input] // what hits are judged by between evaluations
	hits        *hitBox
	pipe        *ingest.Pipeline
	events      atomic.Pointer[eventRules]  // the rules on events with the people that they know; made anew when either changes
	following   sync.Mutex                  // of followers; each of them has a lock of its own
	followers   map[string]*ingest.Follower // by feed; nil before the first Read
	marks       map[string]string           // what files looked like when they were last read
	digested    map[string]time.Time        // feed → when its bucket was listed for digests
	verified    digest.Verified             // signatures of digests that were good
	alerting    sync.Mutex                  // held while the alerter is made
	alerter     *alert.Alerter
	closers     []func() // of what was opened while running
	slack       *slack.Notifier
	link        SlackLink
	files       alert.FileNotifier           // nil when nothing that is configured can share files
	directory   atomic.Pointer[alert.People] // who was known at the newest evaluation
	view        atomic.Pointer[ledger.View]  // the newest
	newer       atomic.Bool                  // there is a view that was not told yet
	nudges      chan struct{}
	lastTold    atomic.Pointer[string]
	roster      atomic.Pointer[detect.Roster] // who is who in the newest evaluation
	loaded      string                        // mark of the findings that were loaded last
	stdin       io.Reader                     // nil when nothing may be read from it
}

// Meter hears of progress. Its zero value is silent.
type Meter struct {
	Stage func(name string)
	Add   func(records, bytes int64)
}

func (m Meter) stage(name string) {
	if m.Stage != nil {
		m.Stage(name)
	}
}

// Options say how to open an App.
type Options struct {
	Config    *config.Config
	Base      fs.FS  // where the configuration's files are; nil is the machine
	DataDir   string // the embedded engine's; empty is a temporary one that Close removes
	Log       *slog.Logger
	Notice    func(format string, args ...any)
	Meter     Meter
	Metrics   *metrics.Metrics // what is read, stored and asked is counted in them; nil when nobody looks
	Feeds     []string         // names of the feeds that are read here; nil is all
	FetchBar  func(done, total int64)
	Now       time.Time // for the migrations' ledger
	Stdin     io.Reader // of the feed that is read from it
	Slack     SlackLink // the way to Slack; the zero value is the network
	NoRules   bool
	NoMigrate bool
}

// Open loads the rules, starts the embedded engine unless the configuration names a server, and migrates the store.
func Open(ctx context.Context, o Options) (*App, error) {
	a := &App{Cfg: o.Config, FS: config.Files(o.Config, o.Base), Log: o.Log, Notice: o.Notice, Meter: o.Meter, metrics: o.Metrics, only: o.Feeds, stdin: o.Stdin, nudges: make(chan struct{}, 1), link: o.Slack, fresh: map[string]access.Finding{}, hits: newHitBox(), lastRead: map[string]uint64{}, digested: map[string]time.Time{}}
	if a.Log == nil {
		a.Log = slog.New(slog.DiscardHandler)
	}
	if a.metrics == nil {
		a.metrics = metrics.New("", "")
	}
	if a.Notice == nil {
		a.Notice = func(string, ...any) {}
	}
	if !o.NoRules {
		if err := a.loadRules(); err != nil {
			return nil, err
		}
		if err := a.loadRegisters(); err != nil {
			return nil, err
		}
	}
	if err := a.openStore(ctx, o); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	if o.NoMigrate {
		return a, nil
	}
	a.Meter.stage("migrate")
	if _, err := a.Store.Migrate(ctx, o.Now); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

func (a *App) openStore(ctx context.Context, o Options) error {
	dsn, err := a.dsn()
	if err != nil {
		return err
	}
	so := store.Options{DSN: dsn, Logger: a.Log, Retried: a.metrics.Retried}
	if dsn == "" {
		a.Meter.stage("engine")
		lib, err := engine.Find()
		if errors.Is(err, engine.ErrNotFetched) {
			a.Notice("fetching the engine (178 MB, once)")
			lib, err = engine.Fetch(ctx, o.FetchBar)
		}
		if err != nil {
			return err
		}
		dir := o.DataDir
		a.dataDir = dir
		if dir == "" {
			if a.temp, err = os.MkdirTemp("", "grantwatch-"); err != nil {
				return err
			}
			dir = a.temp
		}
		// Being told to stop ends what is started here only while it starts: what is under way then is still to be put on
		// record, and Close ends the engine after that.
		var life context.Context
		life, a.kill = context.WithCancel(context.WithoutCancel(ctx))
		starting := context.AfterFunc(ctx, a.kill)
		a.engine, err = engine.Start(life, engine.Config{DataDir: dir, Lib: lib, Logger: a.Log})
		if !starting() && err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		a.metrics.Engine(a.engine.Restarts)
		so.DialContext, so.Database = a.engine.DialContext, "grantwatch"
	}
	a.Store, err = store.Open(ctx, so)
	return err
}

// dsn reads the server's address; from a file when it holds a password.
func (a *App) dsn() (string, error) {
	if f := a.Cfg.Store.DSNFile; f != "" {
		b, err := fs.ReadFile(a.FS, f)
		if err != nil {
			return "", fmt.Errorf("store.dsn_file: %w", err)
		}
		return trimSpace(b), nil
	}
	return os.ExpandEnv(a.Cfg.Store.DSN), nil
}

// EnginePID is the embedded engine's process, 0 without one.
func (a *App) EnginePID() int {
	if a.engine == nil {
		return 0
	}
	return a.engine.PID()
}

// EngineRestarts is how often the engine was started again.
func (a *App) EngineRestarts() int64 {
	if a.engine == nil {
		return 0
	}
	return a.engine.Restarts()
}

// Close stops what Open started.
func (a *App) Close() error {
	var errs []error
	for _, f := range a.followers {
		f.Close()
	}
	for _, end := range a.closers {
		end()
	}
	if a.Store != nil {
		errs = append(errs, a.Store.Close())
	}
	if a.engine != nil {
		errs = append(errs, a.engine.Close())
		a.kill()
	}
	if a.temp != "" {
		errs = append(errs, os.RemoveAll(a.temp))
	}
	return errors.Join(errs...)
}

// DefaultDataDir is where run keeps the embedded engine's data when the configuration names no path.
func DefaultDataDir(c *config.Config) string {
	if c.Store.Path != "" {
		if filepath.IsAbs(c.Store.Path) {
			return c.Store.Path
		}
		return filepath.Join(c.Dir, c.Store.Path)
	}
	base := os.Getenv("XDG_DATA_HOME")
	if base == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			home = "."
		}
		base = filepath.Join(home, ".local", "share")
	}
	return filepath.Join(base, "grantwatch")
}

// teamInfo is what views need of the configuration.
func (a *App) teamInfo() []ledger.TeamInfo {
	out := make([]ledger.TeamInfo, 0, len(a.Cfg.Teams))
	for _, t := range a.Cfg.Teams {
		out = append(out, ledger.TeamInfo{Name: t.Name, Owners: t.Owners, Regulated: t.Regulated})
	}
	return out
}

func (a *App) teamNames() []string {
	out := make([]string, 0, len(a.Cfg.Teams))
	for _, t := range a.Cfg.Teams {
		out = append(out, t.Name)
	}
	slices.Sort(out)
	return out
}

func trimSpace(b []byte) string {
	s := string(b)
	for len(s) > 0 && (s[len(s)-1] == '\n' || s[len(s)-1] == '\r' || s[len(s)-1] == ' ') {
		s = s[:len(s)-1]
	}
	return s
}

// Base is the file system that a configuration's files come from; nil is the machine.
type Base = fs.FS

// ChangesSince are the steps in the lives of all findings in [from, to).
func (a *App) ChangesSince(ctx context.Context, from, to time.Time) ([]ledger.Change, error) {
	steps, err := a.Store.HistorySince(ctx, from)
	if err != nil {
		return nil, err
	}
	steps = slices.DeleteFunc(steps, func(s store.HistoryEntry) bool { return !s.At.Before(to) })
	before, err := a.Store.HistoryAt(ctx, from.Add(-time.Microsecond))
	if err != nil {
		return nil, err
	}
	// A step is kept with the state that it led to; the one that it came from is that of the step before.
	state := make(map[string]string, len(before))
	for _, s := range before {
		state[s.Fingerprint] = s.State
	}
	changes := ledgerChanges(steps)
	for i := range changes {
		c := &changes[i]
		c.From = state[c.Fingerprint]
		state[c.Fingerprint] = c.To
	}
	return changes, nil
}

func ledgerChanges(steps []store.HistoryEntry) []ledger.Change {
	out := make([]ledger.Change, 0, len(steps))
	for _, s := range steps {
		out = append(out, ledger.Change{Fingerprint: s.Fingerprint, Team: s.Team, At: s.At, To: s.State, Verdict: s.Verdict, Severity: s.Severity, Why: s.Why, Who: s.Who})
	}
	return out
}
