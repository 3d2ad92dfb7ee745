package rules

import (
	"errors"
	"fmt"

	"github.com/expr-lang/expr/vm"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/rules/facts"
)

// Worker runs rules. It holds the machine and the scratch memory that are reused from one fact to the next, so one
// goroutine has one worker.
type Worker struct {
	set     *Set
	machine vm.VM
	marks   []uint32 // by event rule: the generation in which it was last a candidate
	turn    uint32
	found   []int32
}

// memoryBudget bounds what one evaluation may allocate, in the machine's own units (elements).
const memoryBudget = 100_000

// NewWorker makes a worker for the set.
func (s *Set) NewWorker() *Worker {
	w := &Worker{set: s, marks: make([]uint32, len(s.events.rules))}
	w.machine.MemoryBudget = memoryBudget
	return w
}

// JudgeGrant judges one grant by every rule on grants that holds for its team.
func (s *Set) JudgeGrant(f *facts.Grant, w *Worker) []Judgement {
	env := any(*f)
	return s.judge(OnGrant, f.Team, env, env, w)
}

// JudgeGrantBoth judges a grant whose facts themselves depend on a parameter that its team has tightened (a shorter
// window): floor holds the facts under the central parameters, team those under the team's. A rule fires when either
// does, so that a tightening can only add.
func (s *Set) JudgeGrantBoth(floor, team *facts.Grant, w *Worker) []Judgement {
	return s.judge(OnGrant, floor.Team, any(*floor), any(*team), w)
}

// JudgeIdle judges one entry of the declared-idle register.
func (s *Set) JudgeIdle(f *facts.Idle, w *Worker) []Judgement {
	env := any(*f)
	return s.judge(OnIdle, f.Team, env, env, w)
}

// JudgeAccount judges one account of a provider.
func (s *Set) JudgeAccount(f *facts.Account, w *Worker) []Judgement {
	env := any(*f)
	return s.judge(OnAccount, f.Team, env, env, w)
}

// JudgeNHI judges one non-human identity on record.
func (s *Set) JudgeNHI(f *facts.NHI, w *Worker) []Judgement {
	env := any(*f)
	return s.judge(OnNHI, f.Team, env, env, w)
}

// JudgeFeed judges the health of one feed.
func (s *Set) JudgeFeed(f *facts.Feed, w *Worker) []Judgement {
	env := any(*f)
	return s.judge(OnFeed, f.Team, env, env, w)
}

// Judge is the untyped form: facts must be a value of the type that on names.
func (s *Set) Judge(on On, value any, team string, w *Worker) ([]Judgement, error) {
	env := environments[on]
	if env == nil {
		return nil, fmt.Errorf("rules: there are no facts called %q", on)
	}
	if on == OnEvent {
		if e, ok := value.(facts.Event); ok {
			return s.Events(w).Match(&e), nil
		}
	}
	if t := fmt.Sprintf("%T", value); t != env.typ.String() {
		return nil, fmt.Errorf("rules: facts of %s are a %v, not a %s", on, env.typ, t)
	}
	return s.judge(on, team, value, value, w), nil
}

// judge runs every rule that holds for the team: the floor's, also as the team has tightened them, and the team's own.
func (s *Set) judge(on On, team string, floor, tightened any, w *Worker) []Judgement {
	var out []Judgement
	for _, r := range s.central[on] {
		if j, ok := w.judge(r, team, floor, tightened); ok {
			out = append(out, j)
		}
	}
	for _, r := range s.teams[on][team] {
		if j, ok := w.judge(r, team, floor, tightened); ok {
			out = append(out, j)
		}
	}
	return out
}

// judge runs one rule, twice where the team has tightened it.
func (w *Worker) judge(r *Rule, team string, floor, tightened any) (Judgement, bool) {
	j, ok := w.safely(r, r.floor, floor)
	variant := r.variants[team]
	if variant == nil {
		return j, ok
	}
	k, also := w.safely(r, variant, tightened)
	switch {
	case ok && also:
		return stronger(j, k), true
	case also:
		return k, true
	}
	return j, ok
}

// safely runs a rule and makes a failure a verdict: a grant that a broken rule did not judge would otherwise look
// like a grant with nothing wrong.
func (w *Worker) safely(r *Rule, c *compiled, env any) (Judgement, bool) {
	if c.disabled {
		return Judgement{}, false
	}
	j, ok, err := w.run(r, c, env)
	if err == nil {
		return j, ok
	}
	r.state.failed(err)
	return Judgement{Rule: r, Case: -1, Verdict: access.VerdictUnverifiable, Severity: access.SeverityLow,
		Why: "The rule could not be evaluated on these facts: " + plain(firstLine(err.Error())), Params: c.numbers}, true
}

var errNotNumber = errors.New("the cascade gave no case number")

// run evaluates the cascade and words the verdict of the case that holds.
func (w *Worker) run(r *Rule, c *compiled, env any) (Judgement, bool, error) {
	v, err := w.machine.Run(c.cascade, env)
	if err != nil {
		return Judgement{}, false, err
	}
	n, ok := v.(int)
	if !ok || n >= len(r.Cases) {
		return Judgement{}, false, errNotNumber
	}
	if n < 0 {
		return Judgement{}, false, nil
	}
	severity, err := w.severity(r, c, n, env)
	if err != nil {
		return Judgement{}, false, err
	}
	verdict := r.Cases[n].Verdict
	if accuses(verdict) && severity.Rank() < c.floor.Rank() {
		severity = c.floor
	}
	return Judgement{Rule: r, Case: n, Verdict: verdict, Severity: severity, Why: c.whys[n].render(&w.machine, env), Params: c.numbers}, true, nil
}

func (w *Worker) severity(r *Rule, c *compiled, n int, env any) (access.Severity, error) {
	list := r.Cases[n].Severity
	switch {
	case len(list) == 0:
		return r.defaultSeverity(c), nil
	case c.choices[n] == nil:
		return list[0].Is, nil
	}
	v, err := w.machine.Run(c.choices[n], env)
	if err != nil {
		return "", err
	}
	if i, ok := v.(int); ok && i >= 0 && i < len(list) {
		return list[i].Is, nil
	}
	return list[len(list)-1].Is, nil
}

// failed remembers that the rule could not be evaluated.
func (s *ruleState) failed(err error) {
	s.failures.Add(1)
	text := plain(firstLine(err.Error()))
	s.lastErr.Store(&text)
}
