package rules

import (
	_ "embed"
	"fmt"
	"io/fs"
	"reflect"
	"slices"
	"strings"

	"github.com/expr-lang/expr/vm"
	"github.com/goccy/go-yaml/ast"

	"github.com/grantwatch/grantwatch/rules/facts"
)

// The models that are recommended, from the most central on. Abstain is no recommendation.
const (
	ModelCentral = "central"
	ModelHybrid  = "hybrid"
	ModelLocal   = "local"
	ModelAbstain = "INSUFFICIENT_EVIDENCE"
)

var models = map[string]string{"central": ModelCentral, "hybrid": ModelHybrid, "local": ModelLocal, "abstain": ModelAbstain}

//go:embed governance/governance.yaml
var governanceFile []byte

const governanceName = "rules/governance/governance.yaml"

var governanceFacts = mustEnvironment("governance", facts.Governance{})

// Governance is the cascade that recommends who decides over a team's access and who carries it out. It is safe for
// concurrent use.
type Governance struct {
	params map[string]Value
	docs   map[string]string
	rules  []governanceRule
}

type governanceRule struct {
	id, policy, execution string
	why                   template
	any                   bool // one condition suffices; otherwise all must hold
	conditions            []governanceCondition
}

type governanceCondition struct {
	holds        *vm.Program
	text         string
	enter, leave template // what has to change so that it holds; so that it holds no more
}

// Recommended is what the cascade says of one team at one moment.
type Recommended struct {
	Rule           string
	Policy         string
	Execution      string
	Why            string
	Counterfactual string // what would have to change for less central models; empty when there is none
}

// LoadGovernance reads the shipped rules and the board's files over them: set: changes numbers, params: adds some, rules:
// replaces the cascade. With an error in a file nothing is returned, since a board that believes its rules to be in force
// must not be served others.
func LoadGovernance(files fs.FS, names []string) (*Governance, []Problem) {
	l := &governanceLoader{values: map[string]Value{}, docs: map[string]string{}}
	l.file(source{name: governanceName, data: governanceFile})
	for _, name := range names {
		data, err := fs.ReadFile(files, name)
		if err != nil {
			l.problems = append(l.problems, Problem{File: name, Message: err.Error(), Severity: LevelError})
			continue
		}
		l.file(source{name: name, data: data})
	}
	g := l.compile()
	if HasErrors(l.problems) {
		return nil, l.problems
	}
	return g, l.problems
}

type governanceLoader struct {
	values   map[string]Value
	docs     map[string]string
	reader   *reader // of the file whose rules hold
	rules    []ast.Node
	problems []Problem
}

func (l *governanceLoader) file(s source) {
	r := &reader{doc: newDocument(s), problems: &l.problems}
	body := r.parse(s.data)
	if body == nil {
		return
	}
	t, _ := r.table(body, "a governance file", "params", "set", "rules")
	for _, e := range t.entries {
		switch e.key {
		case "params":
			l.params(r, e.value)
		case "set":
			set, _ := r.table(e.value, "set")
			for _, p := range set.entries {
				if _, ok := l.values[p.key]; !ok {
					r.fail(p.at, "unknown parameter %q%s", p.key, orList(p.key, sortedNames(l.values)))
				} else if f, ok := r.number(p.value, p.key); ok {
					l.values[p.key] = Value{Number: f}
				}
			}
		case "rules":
			l.reader, l.rules = r, r.list(e.value, "rules")
		}
	}
}

func (l *governanceLoader) params(r *reader, n ast.Node) {
	t, _ := r.table(n, "params")
	for _, e := range t.entries {
		if _, fact := governanceFacts.fields[e.key]; fact {
			r.fail(e.at, "%q is the name of a fact", e.key)
			continue
		}
		p, ok := r.table(e.value, "a parameter", "default", "doc")
		if !ok {
			continue
		}
		if p.get("default") == nil {
			r.fail(e.at, "the parameter %s has no default", e.key)
		} else if f, ok := r.number(p.get("default"), "default"); ok {
			l.values[e.key] = Value{Number: f}
		}
		if d := p.get("doc"); d != nil {
			l.docs[e.key] = r.word(d, "doc")
		}
	}
}

func sortedNames[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

const maxGovernanceRules = 50

func (l *governanceLoader) compile() *Governance {
	g := &Governance{params: l.values, docs: l.docs}
	if l.reader == nil {
		return g
	}
	r := l.reader
	if len(l.rules) == 0 || len(l.rules) > maxGovernanceRules {
		r.failAt(1, 1, "a governance file has between 1 and %d rules, not %d", maxGovernanceRules, len(l.rules))
		return g
	}
	ids := map[string]bool{}
	for i, n := range l.rules {
		rule, ok := l.rule(r, n)
		if !ok {
			continue
		}
		switch last := i == len(l.rules)-1; {
		case ids[rule.id]:
			r.fail(n, "the rule %q is there twice", rule.id)
		case last && len(rule.conditions) > 0:
			r.fail(n, "the last rule must have no conditions, so that every team gets an answer")
		case !last && len(rule.conditions) == 0:
			r.fail(n, "a rule without conditions must be the last: those behind it are never reached")
		}
		ids[rule.id] = true
		g.rules = append(g.rules, rule)
	}
	return g
}

func (l *governanceLoader) rule(r *reader, n ast.Node) (governanceRule, bool) {
	var out governanceRule
	before := len(l.problems)
	t, ok := r.table(n, "a governance rule", "id", "policy", "execution", "why", "all", "any")
	if !ok {
		return out, false
	}
	for _, key := range []string{"id", "policy", "execution", "why"} {
		if t.get(key) == nil {
			r.fail(n, "a governance rule needs %s", key)
		}
	}
	if t.get("all") != nil && t.get("any") != nil {
		r.fail(n, "a governance rule has all: or any:, not both")
	}
	s := &scope{env: governanceFacts, params: l.values}
	for _, e := range t.entries {
		switch e.key {
		case "id":
			out.id = r.word(e.value, "id")
			r.id = out.id
		case "policy", "execution":
			word := r.word(e.value, e.key)
			model, known := models[word]
			if !known {
				r.fail(e.value, "%s must be central, hybrid, local or abstain, not %q", e.key, cut(word, 40))
			}
			if e.key == "policy" {
				out.policy = model
			} else {
				out.execution = model
			}
		case "why":
			out.why = l.template(r, s, e.value, "why")
		case "all", "any":
			out.any = e.key == "any"
			for _, c := range r.list(e.value, e.key) {
				out.conditions = append(out.conditions, l.condition(r, s, c))
			}
		}
	}
	r.id = ""
	return out, len(l.problems) == before
}

func (l *governanceLoader) template(r *reader, s *scope, n ast.Node, what string) template {
	text, ok := r.text(n, what)
	if !ok {
		return template{}
	}
	t, problems := s.template(text)
	for _, p := range problems {
		r.add(p)
	}
	return t
}

func (l *governanceLoader) condition(r *reader, s *scope, n ast.Node) governanceCondition {
	var c governanceCondition
	t, ok := r.table(n, "a condition", "when", "enter", "leave")
	if !ok {
		return c
	}
	when := t.get("when")
	if when == nil {
		r.fail(n, "a condition needs when")
		return c
	}
	text, ok := r.text(when, "when")
	if !ok {
		return c
	}
	program, problems := s.check(text, reflect.Bool)
	for _, p := range problems {
		r.add(p)
	}
	c.holds, c.text = program, text.text
	c.enter, c.leave = template{parts: []templatePart{{text: text.text}}}, template{parts: []templatePart{{text: "no longer " + text.text}}}
	if e := t.get("enter"); e != nil {
		c.enter = l.template(r, s, e, "enter")
	}
	if e := t.get("leave"); e != nil {
		c.leave = l.template(r, s, e, "leave")
	}
	return c
}

// Param is the value of a number that the rules are judged with; 0 for one that there is not.
func (g *Governance) Param(name string) float64 { return g.params[name].Number }

// Params are the numbers that the rules are judged with, by name.
func (g *Governance) Params() map[string]float64 {
	out := make(map[string]float64, len(g.params))
	for k, v := range g.params {
		out[k] = v.Number
	}
	return out
}

// Judge recommends a model for one team: the first rule whose conditions hold. A condition that fails to run does not hold.
func (g *Governance) Judge(f *facts.Governance) Recommended {
	m := &vm.VM{}
	env := *f
	holds := func(c *governanceCondition) bool {
		v, err := m.Run(c.holds, env)
		b, is := v.(bool)
		return err == nil && is && b
	}
	fires := make([]bool, len(g.rules))
	first := -1
	for i := range g.rules {
		r := &g.rules[i]
		fires[i] = !r.any
		for k := range r.conditions {
			if h := holds(&r.conditions[k]); r.any && h || !r.any && !h {
				fires[i] = h
				break
			}
		}
		if fires[i] && first < 0 {
			first = i
		}
	}
	if first < 0 {
		return Recommended{Policy: ModelAbstain, Execution: ModelAbstain, Why: "no rule holds"}
	}
	r := &g.rules[first]
	out := Recommended{Rule: r.id, Policy: r.policy, Execution: r.execution, Why: r.why.render(m, env)}
	out.Counterfactual = g.counterfactual(first, fires, holds, m, env)
	return out
}

// counterfactual says what would have to change for each less central outcome further down: the rules that hold before it
// must be left, and its own conditions entered.
func (g *Governance) counterfactual(first int, fires []bool, holds func(*governanceCondition) bool, m *vm.VM, env any) string {
	var out []string
	said := map[string]bool{}
	for target := first + 1; target < len(g.rules); target++ {
		r := &g.rules[target]
		name := r.execution
		if said[name] || rank(r.policy)+rank(r.execution) <= rank(g.rules[first].policy)+rank(g.rules[first].execution) {
			continue
		}
		var needs []string
		need := func(s string) {
			if s != "" && !slices.Contains(needs, s) {
				needs = append(needs, s)
			}
		}
		for i := range target {
			if fires[i] {
				need(g.rules[i].left(holds, m, env))
			}
		}
		for i := range r.conditions {
			if c := &r.conditions[i]; !holds(c) {
				need(c.enter.render(m, env))
			}
		}
		said[name] = true
		out = append(out, fmt.Sprintf("to move to %s execution: %s", name, strings.Join(needs, ", ")))
	}
	return strings.Join(out, "; ")
}

// left says how a rule that fires would fire no more.
func (r *governanceRule) left(holds func(*governanceCondition) bool, m *vm.VM, env any) string {
	var parts []string
	for i := range r.conditions {
		if c := &r.conditions[i]; holds(c) {
			parts = append(parts, c.leave.render(m, env))
		}
	}
	if r.any {
		return strings.Join(parts, ", ")
	}
	return strings.Join(parts, " or ") // one of several that must all hold is enough
}

// rank orders models from central on; no recommendation stands before all of them.
func rank(model string) int {
	switch model {
	case ModelCentral:
		return 1
	case ModelHybrid:
		return 2
	case ModelLocal:
		return 3
	}
	return 0
}

// LessCentral reports whether a leaves more to the team than b. Abstaining leaves nothing to anybody.
func LessCentral(a, b string) bool { return rank(a) > rank(b) }
