package rules

import "github.com/grantwatch/grantwatch/rules/facts"

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
			m.w.again(r, e.Team, env)
			after := m.set.clock()
			took, now = min(took, after-now), after
		}
		m.set.measured(r, took)
		start = now
	}
	return out
}

// again runs one rule once more on an event for its time alone. A rule that is slow is slow twice; what was only waiting
// for a processor, on a machine that is busy or that slept, is not, and must not cost a rule its place.
func (w *Worker) again(r *Rule, team string, env any) {
	for _, v := range []*compiled{r.floor, r.variants[team]} {
		if v != nil && !v.disabled {
			_, _, _ = w.run(r, v, env) // judged, and counted, the first time
		}
	}
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
