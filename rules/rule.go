package rules

import (
	"slices"
	"strings"
	"sync/atomic"

	"github.com/expr-lang/expr/vm"

	"github.com/grantwatch/grantwatch/access"
)

// Rule is one rule as a file states it. It is not changed after Load.
type Rule struct {
	ID             string
	Title          string
	Kind           string // an upper-case word of docs/verdicts.md
	On             On     // the facts that it decides over
	Doc            string // what it says, in a sentence or two
	Severity       access.Severity
	Needs          Needs
	Params         []Param
	Cases          []Case
	FalsePositives []string
	Response       []string // steps, in order
	Controls       Controls
	OWASP          []string // NHI1 … NHI10
	Refs           []string
	Tests          []Test
	Team           string // the team whose rule it is; empty for the floor
	Library        bool   // shipped with Grantwatch
	File           string
	Line, Column   int

	lets  []let
	scope *scope
	doc   *document

	floor    *compiled            // as the central team has it
	variants map[string]*compiled // by team, for teams that have tightened it
	state    ruleState
}

// Needs says what evidence a rule rests on.
type Needs struct {
	Feeds        []string // providers or log classes
	Entitlements bool
	Identities   bool
}

// Case is one step of the cascade.
type Case struct {
	When     string
	Verdict  access.Verdict
	Says     string // the case in words, optional
	Severity []Choice
	Why      string

	when scalar
	why  scalar
}

// Choice is one line of a severity list: the first whose condition holds gives the severity.
type Choice struct {
	When string // empty on the last line
	Is   access.Severity

	when scalar
}

type let struct {
	name string
	src  scalar
}

// ruleState is what running the rule has shown. It is shared by all workers.
type ruleState struct {
	tripped  atomic.Bool
	strikes  atomic.Int32
	runs     atomic.Int64
	nanos    atomic.Int64
	failures atomic.Int64
	reason   atomic.Pointer[string]
	lastErr  atomic.Pointer[string]
}

// compiled is a rule made ready to run with one set of parameter values.
type compiled struct {
	cascade  *vm.Program
	choices  []*vm.Program // per case; nil when the severity is constant
	whys     []template
	values   map[string]Value
	numbers  map[string]float64
	severity access.Severity // in place of the rule's own; empty to keep it
	floor    access.Severity // lightest severity of a verdict that accuses; empty for none
	disabled bool
}

// Judgement is what one rule says of one fact.
type Judgement struct {
	Rule     *Rule
	Case     int // place of the case that held, from 0; -1 when the rule failed
	Verdict  access.Verdict
	Severity access.Severity
	Why      string
	Params   map[string]float64 // the values it was judged with; shared, not to be changed
}

// Fires reports whether the judgement is a finding: something wrong, or something that cannot be verified.
func (j Judgement) Fires() bool {
	return accuses(j.Verdict) || j.Verdict == access.VerdictUnverifiable
}

// stronger is the judgement that stands when the floor and a tightened rule judge the same fact.
func stronger(floor, team Judgement) Judgement {
	a, b := strength(floor.Verdict), strength(team.Verdict)
	if a > b {
		return floor
	}
	if a == b && floor.Severity.Rank() > team.Severity.Rank() {
		team.Severity = floor.Severity
	}
	return team
}

// Controls are the ids of the frameworks that a finding of the rule is filed under.
type Controls struct {
	CSF     []string // NIST CSF 2.0 subcategories
	CIS     []string // CIS Controls 8.1 safeguards
	SP80053 []string // NIST SP 800-53 r5
	SP80063 []string // volumes of NIST SP 800-63, for findings on people only
}

// csf11 names the CSF 1.1 subcategory that auditors still ask for.
var csf11 = map[string]string{"PR.AA-05": "PR.AC-4"}

// ControlIDs lists the controls as findings print them. SP 800-63 speaks of people, so it is left out for an NHI.
func (r *Rule) ControlIDs(human bool) []string {
	var out []string
	for _, id := range r.Controls.CSF {
		out = append(out, id)
		if alias := csf11[id]; alias != "" {
			out = append(out, alias)
		}
	}
	for _, id := range r.Controls.CIS {
		out = append(out, "CIS "+id)
	}
	out = append(out, r.Controls.SP80053...)
	if human {
		for _, v := range r.Controls.SP80063 {
			out = append(out, "SP 800-63"+v)
		}
	}
	return out
}

// OWASPIDs lists the entries of the OWASP NHI Top 10 (2025) as findings print them.
func (r *Rule) OWASPIDs() []string {
	out := make([]string, 0, len(r.OWASP))
	for _, id := range r.OWASP {
		out = append(out, strings.TrimSuffix(id, ":2025")+":2025")
	}
	return out
}

// param is the rule's parameter of that name, or nil.
func (r *Rule) param(name string) *Param {
	i := slices.IndexFunc(r.Params, func(p Param) bool { return p.Name == name })
	if i < 0 {
		return nil
	}
	return &r.Params[i]
}

// problem is a problem with the rule as a whole.
func (r *Rule) problem(level Level, message string) Problem {
	p := r.doc.problem(level, r.Line, r.Column, message)
	p.Rule = r.ID
	return p
}
