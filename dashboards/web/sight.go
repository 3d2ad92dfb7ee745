package web

import (
	"context"
	"io/fs"
	"slices"
	"time"

	"github.com/grantwatch/grantwatch/dashboards/web/signin"
	"github.com/grantwatch/grantwatch/detect"
	"github.com/grantwatch/grantwatch/detect/ledger"
	"github.com/grantwatch/grantwatch/store"
)

// sight is everything that readers of one scope may see of one evaluation. It is the one place where teams are walls on
// the page: the view in it is cut before anything is derived from it, every question to the evidence carries the scope,
// and what comes back is cut once more.
type sight struct {
	*index
	scope    ledger.Scope
	evidence Evidence // nil when nothing keeps it
	reports  fs.FS    // nil when there are none, or they are not for this reader
	mayRead  bool     // reports
}

// maxSights bounds for how many scopes an evaluation is kept cut.
const maxSights = 64

// sight gives what a reader may see of the newest view, deriving it once per view and scope.
func (s *server) sight(r signin.Reader) *sight {
	var v *ledger.View
	if s.c.View != nil {
		v = s.c.View()
	}
	key := r.Scope.Key()
	if r.Reports() {
		key += "\x00\x00reports"
	}
	s.mu.Lock()
	if s.sights == nil || s.source != v {
		s.source, s.sights = v, map[string]*sight{}
	}
	got := s.sights[key]
	s.mu.Unlock()
	if got != nil {
		return got
	}
	made := &sight{index: newIndex(v.For(r.Scope)), scope: r.Scope, evidence: s.c.Evidence, mayRead: r.Reports()}
	if made.mayRead {
		made.reports = s.c.Reports
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.source != v {
		return made // a newer view has come meanwhile; the next request sees it
	}
	if kept := s.sights[key]; kept != nil {
		return kept
	}
	if len(s.sights) >= maxSights {
		clear(s.sights)
	}
	s.sights[key] = made
	return made
}

func (si *sight) roster() *detect.Roster {
	if si.evidence == nil {
		return nil
	}
	return si.evidence.Roster()
}

// lookups are bounded in time: a page is drawn without what does not come.
const lookFor = 2 * time.Second

func (si *sight) history(ctx context.Context, fingerprint string) ([]ledger.Change, error) {
	if si.evidence == nil {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, lookFor)
	defer cancel()
	steps, err := si.evidence.History(ctx, si.scope, fingerprint)
	return slices.DeleteFunc(steps, func(c ledger.Change) bool { return !si.scope.Sees(c.Team) || c.Fingerprint != fingerprint }), err
}

func (si *sight) life(ctx context.Context, who *detect.Listed) (*Life, error) {
	if si.evidence == nil {
		return &Life{}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, lookFor)
	defer cancel()
	l, err := si.evidence.Life(ctx, si.scope, who)
	if l == nil {
		l = &Life{}
	}
	l.cut(si.scope)
	return l, err
}

func (si *sight) raw(ctx context.Context, ids []string) ([]store.RawEvent, error) {
	if si.evidence == nil || len(ids) == 0 {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, lookFor)
	defer cancel()
	got, err := si.evidence.Raw(ctx, si.scope, ids)
	return slices.DeleteFunc(got, func(e store.RawEvent) bool { return !si.scope.Sees(e.Team) }), err
}
