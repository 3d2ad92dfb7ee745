package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/cmd/grantwatch/internal/config"
	"github.com/grantwatch/grantwatch/ingest"
)

// pipeline is the one that everything is read through: its streams share one bounded set of batches.
func (a *App) pipeline() (*ingest.Pipeline, error) {
	if a.pipe != nil {
		return a.pipe, nil
	}
	p, err := ingest.New(ingest.NewBelt(a.metrics.Sink(hitsFirst{a.Store, a.Store.SaveHits, a.hits}), a.Store), ingest.Config{Observe: progress{a.metrics, a.Meter}, Readings: a.Store})
	if err != nil {
		return nil, err
	}
	a.pipe = p
	a.metrics.Buffers(p.Busy)
	a.metrics.Records.Expect(slices.DeleteFunc(a.Feeds(), func(f access.Feed) bool { return !a.reads(f.Name) }))
	return p, nil
}

// progress tells the operator's meter of what another observer counts too.
type progress struct {
	ingest.Observer
	meter Meter
}

// Wrote tells both.
func (p progress) Wrote(b *access.Batch, s ingest.Stats) {
	p.Observer.Wrote(b, s)
	if p.meter.Add != nil {
		p.meter.Add(s.Received, s.Bytes)
	}
}

// feedInputs are the feeds that are read from files, with these.
func (a *App) feedInputs() []ingest.FeedInput {
	feeds := a.Feeds()
	out := make([]ingest.FeedInput, 0, len(feeds))
	for i, f := range feeds {
		if globs := a.globs(a.Cfg.Feeds[i].From.File); len(globs) > 0 && a.reads(f.Name) {
			out = append(out, ingest.FeedInput{Feed: f, Globs: globs})
		}
	}
	return out
}

// IngestFiles reads every feed's files once, from their beginning, side by side. Nothing is remembered.
func (a *App) IngestFiles(ctx context.Context, now time.Time) error {
	defer a.memory.reading()()
	p, err := a.pipeline()
	if err != nil {
		return err
	}
	feeds := a.feedInputs()
	results, err := p.Run(ctx, feeds, a.FS, now, ingest.RunOptions{Rules: newEventRules(a.Rules, a.people)})
	if err != nil {
		return err
	}
	for i, r := range results {
		if r.Files == 0 {
			a.Notice("feed %s: no file matches %s", r.Feed, strings.Join(feeds[i].Globs, ", "))
		}
		a.tell(feeds[i].Feed, r.Stats)
	}
	return nil
}

// tell says what of a feed could not be read: it stops nothing and must not be silent.
func (a *App) tell(f access.Feed, st ingest.Stats) {
	if st.Dead > 0 {
		a.Notice("feed %s: %d of %d records could not be read and are dead letters", f.Name, st.Dead, st.Received)
	}
	if st.Flagged > 0 {
		a.Notice("feed %s: clocks that cannot be believed in %d records; they are stored and counted in nothing", f.Name, st.Flagged)
	}
}

// globs turns absolute patterns into ones relative to the configuration, since the file system is rooted there.
func (a *App) globs(patterns []string) []string {
	out := make([]string, 0, len(patterns))
	for _, p := range patterns {
		if filepath.IsAbs(p) {
			if dir, err := filepath.Abs(a.Cfg.Dir); err == nil {
				if rel, err := filepath.Rel(dir, p); err == nil {
					p = rel
				}
			}
		}
		out = append(out, filepath.ToSlash(p))
	}
	return out
}

// Read reads what is new since the last time: registers, rules, people, grants and logs. It reports whether anything but
// logs changed, since then an evaluation is due at once. settle is how long a file must have been left alone to be
// believed complete; the first pass believes what it finds. Files that turned bad are said and the last good ones stay.
func (a *App) Read(ctx context.Context, now time.Time, settle time.Duration) (changed bool, err error) {
	var registers, grants []string
	registers = append(append(append(registers, a.Cfg.Baselines...), a.Cfg.Idle...), a.Cfg.Exceptions...)
	for _, f := range a.Cfg.Approvals {
		registers = append(registers, f.CSV)
	}
	for _, f := range a.Cfg.Entitlements {
		grants = append(grants, f.From.File...)
	}
	if changed, err = a.refresh(ctx, a.followers == nil, []part{
		{"rules", a.ruleFiles(), a.loadRules},
		{"registers", registers, a.loadRegisters},
		{"identities", a.peopleFiles(), func() error { return a.ReadIdentities(ctx, now) }},
		{"entitlements", grants, func() error { return a.ReadEntitlements(ctx, now) }},
	}); err != nil {
		return changed, err
	}
	return changed, a.follow(ctx, now, settle)
}

// ruleFiles are the patterns of all rule files.
func (a *App) ruleFiles() []string {
	out := slices.Concat(a.Cfg.Rules.Central, a.Cfg.Governance)
	for _, files := range a.Cfg.Rules.Teams {
		out = append(out, files...)
	}
	return out
}

// peopleFiles are the patterns of all files of identities.
func (a *App) peopleFiles() []string {
	var out []string
	for _, f := range a.Cfg.Identities {
		out = append(out, f.From.File...)
	}
	return out
}

// part is one kind of files that are read again when they change.
type part struct {
	what  string
	globs []string
	read  func() error
}

// refresh reads the parts whose files have changed, and says whether any has. The first time all are read, and must be good.
func (a *App) refresh(ctx context.Context, first bool, parts []part) (changed bool, err error) {
	if first {
		a.following.Lock()
		a.followers = map[string]*ingest.Follower{}
		a.following.Unlock()
		a.marks = map[string]string{}
	}
	for _, part := range parts {
		mark := a.mark(part.globs)
		if !first && a.marks[part.what] == mark {
			continue
		}
		if err := part.read(); err != nil {
			if first || ctx.Err() != nil {
				return changed, err
			}
			a.Notice("%s: %v; the last good ones stay in force", part.what, err)
		}
		a.marks[part.what] = mark
		changed = true
	}
	return changed, nil
}

// mark changes when any file of the patterns does.
func (a *App) mark(globs []string) string {
	files, err := config.Expand(a.FS, globs)
	if err != nil {
		return err.Error()
	}
	var b strings.Builder
	for _, f := range files {
		if st, err := fs.Stat(a.FS, f); err == nil {
			fmt.Fprintf(&b, "%s %d %d\n", f, st.Size(), st.ModTime().UnixNano())
		}
	}
	return b.String()
}

// follow reads what was added to the logs. A feed whose files cannot be read is said and does not stop the others.
func (a *App) follow(ctx context.Context, now time.Time, settle time.Duration) error {
	defer a.memory.reading()()
	a.Meter.stage("logs")
	a.events.Store(newEventRules(a.Rules, a.people))
	for _, in := range a.feedInputs() {
		name := in.Feed.Name
		a.following.Lock()
		f := a.followers[name]
		a.following.Unlock()
		if f == nil {
			p, err := a.pipeline()
			if err != nil {
				return err
			}
			f = p.Follower(in, a.FS, a.Store, func(err error) { a.Notice("feed %s: %v", name, err) })
			a.following.Lock()
			a.followers[name] = f
			a.following.Unlock()
			a.metrics.FileLag(in.Feed, f.Lag)
		}
		st, err := f.Step(ctx, now, settle, a.events.Load())
		a.tell(in.Feed, st)
		if errors.Is(err, context.Canceled) {
			return err
		}
		if err != nil {
			a.Notice("feed %s: %v", name, err)
		}
	}
	return nil
}
