package alert

import (
	"slices"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/detect"
	"github.com/grantwatch/grantwatch/detect/ledger"
)

// sorter puts findings into groups.
type sorter struct {
	routes *Routes
	feeds  map[string]string
	now    time.Time
	groups map[groupKey]*Message
	held   map[Reason]*Message
	fates  map[string]*access.Finding // by shortened fingerprint, for what is said of findings that a message no longer tells
	room   []place
}

// blindAt is a finding that cannot be verified and waits for a group of its kind.
type blindAt struct {
	f    *access.Finding
	name string
	to   place
}

func (s *sorter) sort(view *ledger.View) {
	all := make([]*access.Finding, len(view.Findings))
	for i := range view.Findings {
		all[i] = &view.Findings[i]
	}
	if !slices.IsSortedFunc(all, ledger.Compare) { // those of a View are
		slices.SortStableFunc(all, ledger.Compare)
	}
	s.feeds = feedTeams(view)
	s.fates = make(map[string]*access.Finding, len(all))
	var blind []blindAt
	for _, f := range all {
		if !detect.Open(f.Verdict) || f.State == ledger.StateResolved {
			continue
		}
		name := short(f.Fingerprint)
		if s.fates[name] != nil {
			continue
		}
		s.fates[name] = f
		if f.State == ledger.StateExcepted {
			s.hold(ReasonExcepted, f)
			continue
		}
		verifiable := f.Verdict != access.VerdictUnverifiable
		if verifiable && f.Severity.Rank() < s.routes.Min.Rank() {
			s.hold(ReasonBelowFloor, f)
			continue
		}
		s.room = s.routes.places(f, s.feeds, s.now, s.room)
		if len(s.room) == 0 {
			s.hold(ReasonNoChannel, f)
		}
		for _, to := range s.room {
			if verifiable {
				m := s.group(f, to, false)
				m.members, m.names = append(m.members, f), append(m.names, name)
			} else {
				blind = append(blind, blindAt{f, name, to})
			}
		}
	}
	// What cannot be verified comes last: below the floor it rides along with a group that exists, and makes none.
	for _, b := range blind {
		if b.f.Severity.Rank() < s.routes.Min.Rank() && s.groups[key(b.f, b.to, false)] == nil {
			s.hold(ReasonBelowFloor, b.f)
			continue
		}
		m := s.group(b.f, b.to, false)
		m.Unverifiable = append(m.Unverifiable, *b.f)
	}
}

func key(f *access.Finding, to place, late bool) groupKey {
	return groupKey{channel: to.channel, team: to.team, kind: f.Kind, cause: f.Rule, late: late}
}

func (s *sorter) hold(r Reason, f *access.Finding) {
	if s.held[r] == nil {
		s.held[r] = &Message{Severity: f.Severity}
	}
	s.held[r].Findings = append(s.held[r].Findings, *f)
}

func (s *sorter) group(f *access.Finding, to place, late bool) *Message {
	k := key(f, to, late)
	m := s.groups[k]
	if m == nil {
		m = &Message{Audience: to.audience, Team: k.team, Kind: k.kind, Cause: k.cause, Key: Key{k.channel, k.fingerprint()}}
		s.groups[k] = m
	}
	return m
}
