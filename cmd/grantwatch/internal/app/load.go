package app

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/zeebo/xxh3"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/cmd/grantwatch/internal/config"
	"github.com/grantwatch/grantwatch/detect"
	"github.com/grantwatch/grantwatch/ingest/entitlement"
	"github.com/grantwatch/grantwatch/ingest/identity"
	"github.com/grantwatch/grantwatch/ingest/policy"
	"github.com/grantwatch/grantwatch/rules"
)

// registers are what people declared: baselines, idle entries, exceptions, approvals.
type registers struct {
	baselines  []access.Baseline
	idle       []access.Idle
	exceptions []access.Exception
	approvals  []access.Approval
}

// loadRules reads the shipped, central and team rules. A problem that makes a rule wrong is an error; a warning is told.
func (a *App) loadRules() error {
	lo, err := RuleOptions(a.Cfg, a.FS)
	if err != nil {
		return err
	}
	set, problems := rules.Load(lo)
	if rules.HasErrors(problems) {
		return &RuleError{problems}
	}
	for _, p := range problems {
		a.Notice("%v", p)
	}
	g, problems, err := GovernanceRules(a.Cfg, a.FS)
	if err != nil {
		return err
	}
	if rules.HasErrors(problems) {
		return &RuleError{problems}
	}
	a.Rules, a.governance = set, g
	return nil
}

// GovernanceRules reads the rules on who decides over a team's access: those that ship, with the board's files over them.
func GovernanceRules(c *config.Config, fsys fs.FS) (*rules.Governance, []rules.Problem, error) {
	files, err := config.Expand(fsys, c.Governance)
	if err != nil {
		return nil, nil, err
	}
	g, problems := rules.LoadGovernance(fsys, files)
	return g, problems, nil
}

// RuleOptions names the rule files of a configuration.
func RuleOptions(c *config.Config, fsys fs.FS) (rules.Options, error) {
	lo := rules.Options{Library: c.Rules.Library == nil || *c.Rules.Library, FS: fsys, Teams: map[string][]string{}}
	var err error
	if lo.Central, err = config.Expand(fsys, c.Rules.Central); err != nil {
		return lo, err
	}
	for team, globs := range c.Rules.Teams {
		if lo.Teams[team], err = config.Expand(fsys, globs); err != nil {
			return lo, err
		}
	}
	return lo, nil
}

// RuleError is what is wrong with rule files.
type RuleError struct{ Problems []rules.Problem }

func (e *RuleError) Error() string {
	var b strings.Builder
	for i, p := range e.Problems {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(p.Error())
	}
	return b.String()
}

func (a *App) loadRegisters() error {
	var r registers
	each := func(globs []string, read func(file string, data []byte) error) error {
		files, err := config.Expand(a.FS, globs)
		if err != nil {
			return err
		}
		for _, f := range files {
			data, err := fs.ReadFile(a.FS, f)
			if err != nil {
				return err
			}
			if err := read(f, data); err != nil {
				return err
			}
		}
		return nil
	}
	var csvs []string
	for _, f := range a.Cfg.Approvals {
		csvs = append(csvs, f.CSV)
	}
	err := errors.Join(
		each(a.Cfg.Baselines, func(f string, d []byte) error {
			b, err := policy.ReadBaseline(f, d)
			if err == nil {
				r.baselines = append(r.baselines, *b)
			}
			return err
		}),
		each(a.Cfg.Idle, func(f string, d []byte) error {
			x, err := policy.ReadIdle(f, d)
			r.idle = append(r.idle, x...)
			return err
		}),
		each(a.Cfg.Exceptions, func(f string, d []byte) error {
			x, err := policy.ReadExceptions(f, d)
			r.exceptions = append(r.exceptions, x...)
			return err
		}),
		each(csvs, func(f string, d []byte) error {
			x, err := policy.ReadApprovals(f, d)
			r.approvals = append(r.approvals, x...)
			return err
		}))
	if err != nil {
		return err
	}
	a.registers = r
	return nil
}

// source is one identities entry as last read.
type source struct {
	detect.IdentitySource
	ids []access.Identity
}

// ReadIdentities reads the identities entries. A file that is broken at start is an error; later it is refused, and the
// last good reading stays.
func (a *App) ReadIdentities(ctx context.Context, now time.Time) error {
	if err := a.loadIdentities(now); err != nil {
		return err
	}
	for _, s := range a.sources {
		if err := a.Store.SaveIdentities(ctx, s.Name, s.AsOf, s.ids); err != nil {
			return err
		}
	}
	return nil
}

// loadIdentities reads the people and NHIs of every source.
func (a *App) loadIdentities(now time.Time) error {
	for i, en := range a.Cfg.Identities {
		files, err := config.Expand(a.FS, en.From.File)
		if err != nil {
			return err
		}
		s := source{IdentitySource: detect.IdentitySource{Name: en.Name, Team: en.Team, MaxAge: time.Duration(en.MaxAge)}}
		asOf, _ := config.ParseTime(en.AsOf)
		s.AsOf, s.Dated = now, false
		for _, f := range files {
			data, err := fs.ReadFile(a.FS, f)
			if err == nil {
				var got identity.Result
				got, err = identity.Read(bytes.NewReader(data), identity.Options{Source: en.Name, File: f})
				s.ids = append(s.ids, got.Identities...)
				for _, w := range got.Warnings {
					a.Notice("%s", w)
				}
			}
			if err != nil {
				if i >= len(a.sources) {
					return err
				}
				s = a.sources[i]
				s.Error = err.Error()
				a.Notice("identities %s refused: %v", en.Name, err)
				break
			}
			taken, dated := entitlement.Stamp(time.Time{}, asOf, f, now)
			if dated && (!s.Dated || taken.Before(s.AsOf)) { // several files are as old as the oldest
				s.AsOf, s.Dated = taken, true
			}
		}
		if i < len(a.sources) {
			a.sources[i] = s
		} else {
			a.sources = append(a.sources, s)
		}
	}
	a.people = nil
	for _, s := range a.sources {
		a.people = append(a.people, s.ids...)
	}
	return nil
}

// reading is one entitlement file with its time.
type reading struct {
	file  string
	taken time.Time
	dated bool
}

// ReadEntitlements reads the snapshots that are new since the last time, oldest first. One that cannot be believed is
// refused and said so; the last good one stays in force.
func (a *App) ReadEntitlements(ctx context.Context, now time.Time) error {
	for i := range a.Cfg.Entitlements {
		en := &a.Cfg.Entitlements[i]
		files, err := config.Expand(a.FS, en.From.File)
		if err != nil {
			return err
		}
		asOf, _ := config.ParseTime(en.AsOf)
		prev, known, err := a.summary(ctx, en.Name)
		if err != nil {
			return err
		}
		var list []reading
		for _, f := range files {
			taken, dated := entitlement.Stamp(time.Time{}, asOf, f, now)
			if !taken.After(now) && (!dated || !known[f+"\x00"+taken.String()]) {
				list = append(list, reading{f, taken, dated})
			}
		}
		slices.SortStableFunc(list, func(x, y reading) int {
			if c := x.taken.Compare(y.taken); c != 0 {
				return c
			}
			return strings.Compare(x.file, y.file)
		})
		for len(list) > 0 { // files of one time are parts of one snapshot
			n := 1
			for n < len(list) && list[n].taken.Equal(list[0].taken) {
				n++
			}
			if prev, err = a.readSnapshot(ctx, en, list[:n], prev, now); err != nil {
				return err
			}
			list = list[n:]
		}
	}
	return nil
}

func (a *App) readSnapshot(ctx context.Context, en *config.Entitlement, parts []reading, prev *entitlement.Summary, now time.Time) (*entitlement.Summary, error) {
	format, _ := entitlement.Lookup(en.Format)
	account := en.Account
	if account == "" && len(en.Accounts) == 1 {
		account = en.Accounts[0]
	}
	var snaps []access.Snapshot
	var refused *entitlement.Refusal
	fresh := false
	for _, p := range parts {
		data, err := fs.ReadFile(a.FS, p.file)
		if err != nil {
			return prev, err
		}
		if h := xxh3.Hash(data); a.lastRead[en.Name+"\x00"+p.file] != h {
			a.lastRead[en.Name+"\x00"+p.file] = h
			fresh = true
		}
		got, err := format.Read(bytes.NewReader(data), entitlement.Options{
			Entitlement: en.Name, Team: en.Team, Provider: en.Provider, Account: account, Accounts: en.Accounts, Source: p.file, TakenAt: p.taken, Dated: p.dated,
		})
		if err != nil {
			refused = entitlement.Refuse(err)
			refused.Account = account
			break
		}
		snaps = mergeSnapshots(snaps, got)
	}
	if !fresh {
		return prev, nil
	}
	if refused == nil {
		refused = entitlement.Guard(prev, snaps)
	}
	if refused != nil {
		return prev, a.refuse(ctx, en, parts, refused, now)
	}
	for _, s := range snaps {
		if len(parts) > 1 {
			s.Source = partNames(parts)
		}
		if err := a.Store.SaveSnapshot(ctx, s, "accepted", "", now); err != nil {
			return prev, err
		}
	}
	return entitlement.Summarise(prev, snaps), nil
}

func (a *App) refuse(ctx context.Context, en *config.Entitlement, parts []reading, r *entitlement.Refusal, now time.Time) error {
	var names []string
	for _, p := range parts {
		names = append(names, path.Base(p.file))
	}
	format, _ := entitlement.Lookup(en.Format)
	provider := format.Provider
	if provider == "" {
		provider = en.Provider
	}
	why := strings.Join(names, ", ") + ": " + r.Reason + ": " + r.Detail
	a.Notice("snapshot of %s refused: %s", en.Name, why)
	s := access.Snapshot{Entitlement: en.Name, Team: en.Team, Provider: provider, Account: r.Account, TakenAt: parts[0].taken, Dated: parts[0].dated, Source: parts[0].file}
	return a.Store.SaveSnapshot(ctx, s, "refused", why, now)
}

// partsOf separates the names of the files that made up one snapshot.
const partsOf = " + "

func partNames(parts []reading) string {
	names := make([]string, 0, len(parts))
	for _, p := range parts {
		names = append(names, p.file)
	}
	return strings.Join(names, partsOf)
}

// mergeSnapshots joins parts of one time: several files of one account are one snapshot.
func mergeSnapshots(into, more []access.Snapshot) []access.Snapshot {
next:
	for _, m := range more {
		for i := range into {
			if into[i].Provider == m.Provider && into[i].Account == m.Account {
				into[i].Grants = append(into[i].Grants, m.Grants...)
				into[i].Accounts = append(into[i].Accounts, m.Accounts...)
				continue next
			}
		}
		into = append(into, m)
	}
	return into
}

// summary is what the guard knows of the last accepted snapshots of an entry, and which dated files have been taken in.
func (a *App) summary(ctx context.Context, name string) (*entitlement.Summary, map[string]bool, error) {
	list, err := a.Store.Snapshots(ctx)
	if err != nil {
		return nil, nil, err
	}
	var out *entitlement.Summary
	taken := map[string]bool{}
	for _, s := range list {
		if s.Entitlement != name {
			continue
		}
		if s.Dated {
			for _, file := range strings.Split(s.Source, partsOf) {
				taken[file+"\x00"+s.TakenAt.String()] = true
			}
		}
		if s.Status != "accepted" {
			continue
		}
		if out == nil {
			out = &entitlement.Summary{Accounts: map[string]entitlement.Seen{}}
		}
		if last := out.Accounts[s.Account]; !s.TakenAt.Before(last.TakenAt) {
			out.Accounts[s.Account] = entitlement.Seen{TakenAt: s.TakenAt, Dated: s.Dated, Source: s.Source, Grants: s.Grants}
		}
	}
	return out, taken, nil
}
