package rules

import (
	"fmt"
	"time"
)

// limits of the breaker. A rule on events runs for every event that its index lets through, in the ingester; one slow
// rule would hold up every feed. Facts of the other kinds are few, so their rules are not measured.
type limits struct {
	one     time.Duration // one evaluation that takes longer is a strike
	strikes int32         // strikes that stop the rule; each was slow three times in a row with the same event
	never   time.Duration // one evaluation that takes this long stops the rule at once
	average time.Duration // an average over a window that is higher stops the rule
	window  int64         // evaluations that the average is taken over; strikes are forgotten with it
}

var defaultLimits = limits{one: 5 * time.Millisecond, strikes: 3, never: 250 * time.Millisecond, average: 50 * time.Microsecond, window: 10_000}

// measured books one evaluation and stops the rule when it is too slow.
func (s *Set) measured(r *Rule, took time.Duration) {
	st := &r.state
	l := s.limits
	switch {
	case took > l.never:
		s.trip(r, fmt.Sprintf("one evaluation took %v", took.Round(time.Millisecond)))
	case took > l.one:
		if st.strikes.Add(1) >= l.strikes {
			s.trip(r, fmt.Sprintf("%d evaluations took longer than %v each, the last %v", l.strikes, l.one, took.Round(100*time.Microsecond)))
		}
	}
	nanos := st.nanos.Add(int64(took))
	if st.runs.Add(1)%l.window != 0 {
		return
	}
	// Another worker may add between these lines; a window that is a few evaluations off decides the same.
	if average := time.Duration(nanos / l.window); average > l.average {
		s.trip(r, fmt.Sprintf("%d evaluations took %v each on average", l.window, average.Round(time.Microsecond)))
	}
	st.nanos.Add(-nanos)
	st.strikes.Store(0)
}

func (s *Set) trip(r *Rule, why string) {
	if !r.state.tripped.CompareAndSwap(false, true) {
		return
	}
	r.state.reason.Store(&why)
	if s.onTrip != nil {
		s.onTrip(r.tripProblem())
	}
}

func (r *Rule) tripProblem() Problem {
	why := "too slow"
	if p := r.state.reason.Load(); p != nil {
		why = *p
	}
	return r.problem(LevelError, fmt.Sprintf("rule %s was stopped: %s; events are no longer matched against it until the rules are loaded again", r.ID, why))
}

// Health is what running a rule has shown. It feeds metrics: a rule that was stopped or fails is never silent.
type Health struct {
	Rule     string
	Team     string
	Runs     int64 // evaluations of a rule on events
	Failures int64 // evaluations that ended in an error
	LastErr  string
	Tripped  bool
	Reason   string
}

// Health reports on every rule that has run on events, failed or been stopped.
func (s *Set) Health() []Health {
	var out []Health
	for _, r := range s.rules {
		h := Health{Rule: r.ID, Team: r.Team, Runs: r.state.runs.Load(), Failures: r.state.failures.Load(), Tripped: r.state.tripped.Load()}
		if p := r.state.reason.Load(); p != nil {
			h.Reason = *p
		}
		if p := r.state.lastErr.Load(); p != nil {
			h.LastErr = *p
		}
		if h.Runs > 0 || h.Failures > 0 || h.Tripped {
			out = append(out, h)
		}
	}
	return out
}

// Tripped lists the rules that were stopped, as problems that point at them.
func (s *Set) Tripped() []Problem {
	var out []Problem
	for _, r := range s.rules {
		if r.state.tripped.Load() {
			out = append(out, r.tripProblem())
		}
	}
	return out
}
