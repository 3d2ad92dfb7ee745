package rules

import (
	"time"

	"github.com/grantwatch/grantwatch/rules/facts"
)

// repeats is how often a slow evaluation is done again, to tell a slow rule from a busy machine.
const repeats = 2

// EventMatcher runs the rules on events with one worker's memory.
type EventMatcher struct {
	set *Set
	w   *Worker
}

// Events is the matcher of a worker. The worker must be of this set.
func (s *Set) Events(w *Worker) EventMatcher { return EventMatcher{s, w} }

// Match judges one event by the rules that it could match. It returns nil for most events.
func (m EventMatcher) Match(e *facts.Event) []Judgement {
	return m.run(e, m.set.events.candidates(e, m.w))
}

// matchAll is Match without the index; tests compare the two.
func (m EventMatcher) matchAll(e *facts.Event) []Judgement {
	m.w.found = m.w.found[:0]
	for i := range m.set.events.rules {
		m.w.found = append(m.w.found, int32(i))
	}
	return m.run(e, m.w.found)
}

func (m EventMatcher) run(e *facts.Event, rules []int32) []Judgement {
	var env any
	var out []Judgement
	start := m.set.clock()
	for _, i := range rules {
		r := m.set.events.rules[i]
		if r.Team != "" && r.Team != e.Team || r.state.tripped.Load() {
			continue
		}
		if env == nil {
			env = *e // boxed once for all rules
		}
		if j, ok := m.w.event(r, e.Team, env); ok {
			out = append(out, j)
		}
		now := m.set.clock()
		took := now - start
		if took > m.set.limits.one {
			took = m.again(r, e.Team, env, took)
			now = m.set.clock()
		}
		m.set.measured(r, took)
		start = now
	}
	return out
}

// again measures a slow evaluation anew and returns the shortest time that it took: what the same rule does with the same
// event takes as long again when it is the rule's fault, and not when the machine had others to run meanwhile.
func (m EventMatcher) again(r *Rule, team string, env any, took time.Duration) time.Duration {
	for range repeats {
		if took <= m.set.limits.one {
			break
		}
		start := m.set.clock()
		if !r.floor.disabled {
			_, _, _ = m.w.run(r, r.floor, env) // what came of it is known
		}
		if v := r.variants[team]; v != nil && !v.disabled {
			_, _, _ = m.w.run(r, v, env)
		}
		took = min(took, m.set.clock()-start)
	}
	return took
}

// event runs one rule on an event. An event on which a rule fails is counted against the rule and does not match:
// an event is not left unjudged in silence, since Health says so, but a log line must not be able to raise a finding
// by being malformed.
func (w *Worker) event(r *Rule, team string, env any) (Judgement, bool) {
	var floor Judgement
	var ok bool
	if !r.floor.disabled {
		var err error
		if floor, ok, err = w.run(r, r.floor, env); err != nil {
			r.state.failed(err)
			ok = false
		}
	}
	v := r.variants[team]
	if v == nil || v.disabled {
		return floor, ok
	}
	j, also, err := w.run(r, v, env)
	if err != nil {
		r.state.failed(err)
		return floor, ok
	}
	switch {
	case ok && also:
		return stronger(floor, j), true
	case also:
		return j, true
	}
	return floor, ok
}
