package rules

import (
	"fmt"
	"slices"
	"sort"
	"time"
)

// Set is a loaded rule set. It does not change after Load, apart from what running it shows about slow rules, and any
// number of workers may use it at once.
type Set struct {
	rules   []*Rule
	byID    map[string]*Rule // the floor by id, a team's rule by team/id
	central map[On][]*Rule
	teams   map[On]map[string][]*Rule
	loosens []Loosen
	events  *eventIndex
	onTrip  func(Problem)
	limits  limits
	clock   func() time.Duration // monotonic; measures rules on events, decides nothing else
}

func newSet(onTrip func(Problem)) *Set {
	start := time.Now()
	return &Set{byID: map[string]*Rule{}, central: map[On][]*Rule{}, teams: map[On]map[string][]*Rule{}, onTrip: onTrip,
		limits: defaultLimits, clock: func() time.Duration { return time.Since(start) }}
}

func (s *Set) add(key string, r *Rule) {
	s.rules = append(s.rules, r)
	s.byID[key] = r
}

// seal sorts the rules by what they are about and builds the index of those on events.
func (s *Set) seal() {
	for _, r := range s.rules {
		if r.floor == nil || r.floor.disabled && len(r.variants) == 0 {
			continue
		}
		if r.Team == "" {
			s.central[r.On] = append(s.central[r.On], r)
			continue
		}
		if s.teams[r.On] == nil {
			s.teams[r.On] = map[string][]*Rule{}
		}
		s.teams[r.On][r.Team] = append(s.teams[r.On][r.Team], r)
	}
	s.events = newEventIndex(s)
}

// Rules lists the rules in order: library, central, teams by name.
func (s *Set) Rules() []*Rule { return slices.Clone(s.rules) }

// Rule is the rule of that id, or nil. A team's rule is found by "team/id".
func (s *Set) Rule(id string) *Rule { return s.byID[id] }

// Loosens lists what teams tried to loosen. Each becomes a LOOSEN_ATTEMPT finding.
func (s *Set) Loosens() []Loosen { return slices.Clone(s.loosens) }

// Params are the numbers that a rule is judged with for a team: meet(central, team). It is nil for an unknown rule.
func (s *Set) Params(rule, team string) map[string]float64 {
	c := s.effective(rule, team)
	if c == nil {
		return nil
	}
	out := make(map[string]float64, len(c.numbers))
	for n, v := range c.numbers {
		out[n] = v
	}
	return out
}

// ListParam is a parameter that is a list, as a rule is judged with for a team.
func (s *Set) ListParam(rule, param, team string) []string {
	if c := s.effective(rule, team); c != nil {
		return slices.Clone(c.values[param].List)
	}
	return nil
}

// Enabled reports whether a rule runs for a team.
func (s *Set) Enabled(rule, team string) bool {
	c := s.effective(rule, team)
	return c != nil && !c.disabled
}

// Tightened lists the teams that have tightened a rule, sorted. Facts that depend on a parameter (a window) are
// computed twice for these, see JudgeGrantBoth.
func (s *Set) Tightened(rule string) []string {
	r := s.byID[rule]
	if r == nil {
		return nil
	}
	out := make([]string, 0, len(r.variants))
	for t := range r.variants {
		out = append(out, t)
	}
	sort.Strings(out)
	return out
}

func (s *Set) effective(rule, team string) *compiled {
	r := s.byID[rule]
	if r == nil && team != "" {
		r = s.byID[team+"/"+rule]
	}
	if r == nil {
		return nil
	}
	if v := r.variants[team]; v != nil {
		return v
	}
	return r.floor
}

// Summary is one line of `rules list`.
type Summary struct {
	ID, Title, Kind, Severity, Team, File string
	On                                    On
	Tests, Cases                          int
	Enabled                               bool
}

// List lists the rules of a set by id, the floor before the teams' rules.
func List(s *Set) []Summary {
	out := make([]Summary, 0, len(s.rules))
	for _, r := range s.rules {
		out = append(out, Summary{ID: r.ID, Title: r.Title, Kind: r.Kind, Severity: string(r.defaultSeverity(r.floor)), Team: r.Team,
			File: fmt.Sprintf("%s:%d", r.File, r.Line), On: r.On, Tests: len(r.Tests), Cases: len(r.Cases), Enabled: !r.floor.disabled})
	}
	sort.SliceStable(out, func(i, j int) bool {
		if out[i].Team != out[j].Team {
			return out[i].Team < out[j].Team
		}
		return out[i].ID < out[j].ID
	})
	return out
}
