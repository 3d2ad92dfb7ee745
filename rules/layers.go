package rules

import (
	"fmt"

	"github.com/goccy/go-yaml/ast"

	"github.com/grantwatch/grantwatch/access"
)

// Loosen is a team's attempt to weaken the floor. It was refused and the central value stays.
type Loosen struct {
	Team    string `json:"team"`
	File    string `json:"file"`
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Rule    string `json:"rule"`
	Param   string `json:"param"` // a parameter's name, or "severity", "enabled", "rule"
	Central string `json:"central"`
	Wanted  string `json:"wanted"`
}

// refuse records a loosening, also as a warning: the configuration loads without it.
func (l *loader) refuse(r *reader, line, column int, at Loosen) {
	at.File, at.Line, at.Column = r.doc.name, line, column
	l.set.loosens = append(l.set.loosens, at)
	message := fmt.Sprintf("team %s may not loosen %s of rule %s: central is %s, wanted %s; the central value stays",
		at.Team, at.Param, at.Rule, at.Central, at.Wanted)
	if at.Param == "rule" {
		message = fmt.Sprintf("team %s may not replace rule %s, %s; the central rule stays", at.Team, at.Rule, at.Central)
	}
	p := r.doc.problem(LevelWarning, line, column, message)
	p.Rule = at.Rule
	l.problems = append(l.problems, p)
}

// target is the rule that a setting is about.
func (l *loader) target(s setting) *Rule {
	n := s.table.get("rule")
	if n == nil {
		s.reader.fail(s.node, "the entry does not say which rule it is about")
		return nil
	}
	id := s.reader.word(n, "rule")
	if r := l.ids[id]; r != nil {
		return r
	}
	known := make([]string, 0, len(l.ids))
	for id := range l.ids {
		known = append(known, id)
	}
	s.reader.fail(n, "there is no central rule %q%s", cut(id, 60), didYouMean(id, known))
	return nil
}

// params reads the params: of a setting and hands on those that are well-formed.
func (s setting) params(rule *Rule, each func(e entry, p *Param, v Value)) {
	n := s.table.get("params")
	if n == nil {
		return
	}
	t, _ := s.reader.table(n, "params")
	for _, e := range t.entries {
		p := rule.param(e.key)
		if p == nil {
			var known []string
			for _, q := range rule.Params {
				known = append(known, q.Name)
			}
			s.reader.fail(e.at, "rule %s has no parameter %q%s", rule.ID, cut(e.key, 60), didYouMean(e.key, known))
			continue
		}
		v, ok := s.reader.value(e.value, p.Tighter)
		if !ok {
			continue
		}
		if wrong := p.valid(v); wrong != "" {
			s.reader.fail(e.value, "%s", wrong)
			continue
		}
		each(e, p, v)
	}
}

// applySettings takes the central team's set: entries. It is their floor: they may move it either way.
func (l *loader) applySettings() {
	for _, s := range l.settings {
		rule := l.target(s)
		if rule == nil {
			continue
		}
		s.params(rule, func(_ entry, p *Param, v Value) { rule.set().values[p.Name] = v })
		if n := s.table.get("severity"); n != nil {
			rule.set().severity = s.reader.severity(n)
		}
		if n := s.table.get("enabled"); n != nil {
			if on, ok := s.reader.flag(n, "enabled"); ok {
				rule.set().disabled = !on
			}
		}
	}
	l.settings = nil
}

// set is the floor before it is compiled, where set: collects.
func (r *Rule) set() *compiled {
	if r.floor == nil {
		r.floor = &compiled{values: map[string]Value{}}
		for _, p := range r.Params {
			r.floor.values[p.Name] = p.Default
		}
	}
	return r.floor
}

func (l *loader) compileFloor() {
	for _, rule := range l.set.rules {
		l.compileOne(rule)
	}
}

func (l *loader) compileTeamRules() {
	for _, rule := range l.set.rules {
		if rule.Team != "" {
			l.compileOne(rule)
		}
	}
}

func (l *loader) compileOne(rule *Rule) {
	wanted := rule.set()
	c, err := rule.compile(wanted.values)
	if err != nil {
		l.problems = append(l.problems, rule.problem(LevelError, err.Error()))
		rule.floor.disabled = true
		return
	}
	c.severity, c.disabled = wanted.severity, wanted.disabled
	rule.floor = c
}

// applyTightening takes the teams' tighten: entries: effective = meet(central, team).
func (l *loader) applyTightening() {
	for _, s := range l.settings {
		rule := l.target(s)
		if rule == nil {
			continue
		}
		v := rule.variant(s.team)
		s.params(rule, func(e entry, p *Param, want Value) {
			central := rule.floor.values[p.Name]
			if p.Tighter.loosens(central, want) {
				line, column := position(e.value)
				l.refuse(s.reader, line, column, Loosen{Team: s.team, Rule: rule.ID, Param: p.Name, Central: central.String(), Wanted: want.String()})
			}
			// The meet keeps what the value tightens: a list can do both at once.
			v.values[p.Name] = p.Tighter.meet(v.values[p.Name], want)
		})
		if n := s.table.get("severity"); n != nil {
			l.tightenSeverity(s, rule, v, n)
		}
		if n := s.table.get("enabled"); n != nil {
			if on, ok := s.reader.flag(n, "enabled"); ok && !on && !rule.floor.disabled {
				line, column := position(n)
				l.refuse(s.reader, line, column, Loosen{Team: s.team, Rule: rule.ID, Param: "enabled", Central: "true", Wanted: "false"})
			} else if ok && on && rule.floor.disabled {
				v.disabled = false
			}
		}
	}
	for _, rule := range l.set.rules {
		for team, v := range rule.variants {
			c, err := rule.compile(v.values)
			if err != nil {
				l.problems = append(l.problems, rule.problem(LevelError, fmt.Sprintf("as tightened by team %s: %v", team, err)))
				delete(rule.variants, team)
				continue
			}
			c.severity, c.floor, c.disabled = v.severity, v.floor, v.disabled
			rule.variants[team] = c
		}
	}
}

// variant is a team's version of the rule, where tighten: collects. It starts as the floor.
func (r *Rule) variant(team string) *compiled {
	if v := r.variants[team]; v != nil {
		return v
	}
	v := &compiled{values: map[string]Value{}, severity: r.floor.severity, disabled: r.floor.disabled}
	for n, value := range r.floor.values {
		v.values[n] = value
	}
	if r.variants == nil {
		r.variants = map[string]*compiled{}
	}
	r.variants[team] = v
	return v
}

func (l *loader) tightenSeverity(s setting, rule *Rule, v *compiled, n ast.Node) {
	want := s.reader.severity(n)
	if want.Rank() == 0 {
		return
	}
	central := rule.Severity
	if rule.floor.severity != "" {
		central = rule.floor.severity
	}
	if want.Rank() < central.Rank() {
		line, column := position(n)
		l.refuse(s.reader, line, column, Loosen{Team: s.team, Rule: rule.ID, Param: "severity", Central: string(central), Wanted: string(want)})
		return
	}
	if want.Rank() > v.floor.Rank() {
		v.floor = want
	}
}

// Effective severity of the rule's default, after set:.
func (r *Rule) defaultSeverity(c *compiled) access.Severity {
	if c.severity != "" {
		return c.severity
	}
	return r.Severity
}
