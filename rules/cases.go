package rules

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/expr-lang/expr/vm"

	"github.com/grantwatch/grantwatch/access"
)

// cases reads the cascade: a list of cases, or one case written at the top of the rule.
func (r *reader) cases(rule *Rule, t table) {
	list := t.get("cases")
	if list == nil {
		rule.Cases = append(rule.Cases, r.oneCase(rule, t.node, t))
		return
	}
	for _, e := range t.entries {
		if _, isList := e.value.(*ast.SequenceNode); isList && e.key == "severity" {
			r.fail(e.at, "a severity list belongs to a case; this rule has a list of cases")
		}
		if e.key == "when" || e.key == "verdict" || e.key == "why" || e.key == "says" {
			r.fail(e.at, "%s belongs to a case; this rule has a list of cases", e.key)
		}
	}
	nodes := r.list(list, "cases")
	if len(nodes) == 0 || len(nodes) > maxCases {
		r.fail(list, "a rule has 1 to %d cases, not %d", maxCases, len(nodes))
		return
	}
	for _, n := range nodes {
		ct, ok := r.table(n, "a case", "when", "verdict", "says", "severity", "why")
		if ok {
			rule.Cases = append(rule.Cases, r.oneCase(rule, n, ct))
		}
	}
}

func (r *reader) oneCase(rule *Rule, n ast.Node, t table) Case {
	c := Case{Verdict: access.VerdictViolation}
	if t.get("when") == nil {
		r.fail(n, "the case has no when")
	}
	for _, e := range t.entries {
		switch e.key {
		case "when":
			if src, ok := r.text(e.value, "when"); ok {
				c.when, c.When = src, strings.Join(strings.Fields(src.text), " ")
				r.check(rule, src)
			}
		case "verdict":
			c.Verdict = access.Verdict(r.word(e.value, "verdict"))
			if allowed := verdictsOf(rule.Kind); !contains(allowed, string(c.Verdict)) {
				r.fail(e.value, "verdict %q is not one that %s can have: %s", cut(string(c.Verdict), 40), rule.Kind, strings.Join(allowed, ", "))
			}
		case "says":
			c.Says = strings.Join(strings.Fields(r.word(e.value, "says")), " ")
		case "why":
			if src, ok := r.text(e.value, "why"); ok {
				src.text = strings.TrimSpace(src.text)
				c.why, c.Why = src, src.text
				if _, problems := rule.scope.template(src); len(problems) > 0 {
					for _, p := range problems {
						r.add(p)
					}
				}
			}
		case "severity":
			if list, ok := e.value.(*ast.SequenceNode); ok {
				c.Severity = r.choices(rule, list)
			} else if t.get("id") == nil { // at the top of a rule it is the rule's own, read already
				c.Severity = []Choice{{Is: r.severity(e.value)}}
			}
		}
	}
	return c
}

// check reports what is wrong with a condition. One that can never hold is a slip, but not a fence: Lint says so.
func (r *reader) check(rule *Rule, src scalar) {
	if strings.TrimSpace(src.text) == "" {
		r.add(src.problem(0, "the condition is empty"))
		return
	}
	_, problems := rule.scope.check(src, reflect.Bool)
	for _, p := range problems {
		r.add(p)
	}
}

func (r *reader) choices(rule *Rule, list *ast.SequenceNode) []Choice {
	var out []Choice
	if len(list.Values) == 0 || len(list.Values) > 8 {
		r.fail(list, "a severity list has 1 to 8 lines, not %d", len(list.Values))
	}
	for i, n := range list.Values {
		t, ok := r.table(n, "a severity line", "when", "is")
		if !ok {
			continue
		}
		var c Choice
		if is := t.get("is"); is != nil {
			c.Is = r.severity(is)
		} else {
			r.fail(n, "the severity line has no is")
		}
		if w := t.get("when"); w != nil {
			if src, ok := r.text(w, "when"); ok {
				c.when, c.When = src, strings.Join(strings.Fields(src.text), " ")
				r.check(rule, src)
			}
		}
		if last := i == len(list.Values)-1; last != (c.When == "") {
			r.fail(n, "every line of a severity list has a when, except the last")
		}
		out = append(out, c)
	}
	return out
}

// compile makes the rule ready to run with the given values. The expressions have been checked when the rule was
// read; values of another length can still push one over a fence.
func (r *Rule) compile(values map[string]Value) (*compiled, error) {
	s := r.scope.withParams(values)
	c := &compiled{values: values, numbers: map[string]float64{}}
	for name, v := range values {
		if !v.IsList {
			c.numbers[name] = v.Number
		}
	}
	var whens []scalar
	for _, cs := range r.Cases {
		whens = append(whens, cs.when)
	}
	var err error
	if c.cascade, err = s.cascade(whens); err != nil {
		return nil, err
	}
	for i, cs := range r.Cases {
		t, problems := s.template(cs.why)
		if len(problems) > 0 {
			return nil, fmt.Errorf("case %d: %s", i+1, problems[0].Message)
		}
		c.whys = append(c.whys, t)
		var choice *vm.Program
		if len(cs.Severity) > 1 {
			var whens []scalar
			for _, ch := range cs.Severity[:len(cs.Severity)-1] {
				whens = append(whens, ch.when)
			}
			if choice, err = s.cascade(whens); err != nil {
				return nil, err
			}
		}
		c.choices = append(c.choices, choice)
	}
	return c, nil
}
