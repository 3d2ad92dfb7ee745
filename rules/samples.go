package rules

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/rules/facts"
)

// None is the verdict of a test whose facts no case matches.
const None access.Verdict = "none"

// Test is one sample of a rule: facts, and what the rule must say of them.
type Test struct {
	Name     string
	Verdict  access.Verdict  // None when no case may hold
	Severity access.Severity // empty when the test does not ask
	Says     string          // part of the why text; empty when the test does not ask
	Line     int
	Column   int

	facts any              // a value of the rule's facts type
	team  map[string]Value // parameters in place of the defaults
}

func (r *reader) tests(rule *Rule, n ast.Node) {
	nodes := r.list(n, "tests")
	if len(nodes) > maxTests {
		r.fail(n, "more than the %d tests allowed", maxTests)
		return
	}
	for _, n := range nodes {
		before := len(*r.problems)
		t, ok := r.table(n, "a test", "name", "facts", "event", "params", "verdict", "severity", "says")
		if !ok {
			continue
		}
		test := r.test(rule, n, t)
		if len(*r.problems) == before {
			rule.Tests = append(rule.Tests, test)
		}
	}
}

func (r *reader) test(rule *Rule, n ast.Node, t table) Test {
	test := Test{}
	test.Line, test.Column = position(n)
	for _, key := range []string{"name", "verdict"} {
		if t.get(key) == nil {
			r.fail(n, "the test has no %s", key)
		}
	}
	sample := reflect.New(rule.scope.env.typ)
	if e := t.get("event"); e != nil {
		if rule.On != OnEvent {
			r.fail(e, "event: is for rules on events; this one is on %s", rule.On)
		} else {
			r.event(e, sample.Interface().(*facts.Event))
		}
	}
	for _, e := range t.entries {
		switch e.key {
		case "name":
			test.Name = r.word(e.value, "name")
		case "verdict":
			test.Verdict = access.Verdict(r.word(e.value, "verdict"))
			if allowed := append([]string{string(None)}, verdictsOf(rule.Kind)...); !contains(allowed, string(test.Verdict)) {
				r.fail(e.value, "verdict %q is not one of %s", cut(string(test.Verdict), 40), strings.Join(allowed, ", "))
			}
		case "severity":
			test.Severity = r.severity(e.value)
		case "says":
			test.Says = r.word(e.value, "says")
		case "facts":
			r.facts(rule, e.value, sample.Elem())
		case "params":
			test.team = map[string]Value{}
			pt, _ := r.table(e.value, "params")
			for _, pe := range pt.entries {
				p := rule.param(pe.key)
				if p == nil {
					r.fail(pe.at, "the rule has no parameter %q", pe.key)
					continue
				}
				if v, ok := r.value(pe.value, p.Tighter); ok {
					test.team[pe.key] = v
				}
			}
		}
	}
	test.facts = sample.Elem().Interface()
	return test
}

// facts fills a struct from a mapping; what is not given keeps its zero value.
func (r *reader) facts(rule *Rule, n ast.Node, into reflect.Value) {
	t, _ := r.table(n, "facts")
	env := rule.scope.env
	for _, e := range t.entries {
		i, known := env.fields[e.key]
		if !known {
			r.fail(e.at, "unknown fact %q of %s%s", cut(e.key, 60), rule.On, didYouMean(e.key, env.names))
			continue
		}
		field := into.Field(i)
		switch field.Interface().(type) {
		case string:
			field.SetString(r.word(e.value, e.key))
		case bool:
			if v, ok := r.flag(e.value, e.key); ok {
				field.SetBool(v)
			}
		case int:
			if f, ok := r.number(e.value, e.key); ok {
				if f != math.Trunc(f) || math.Abs(f) > 1<<53 {
					r.fail(e.value, "%s must be a whole number", e.key)
				} else {
					field.SetInt(int64(f))
				}
			}
		case float64:
			if f, ok := r.number(e.value, e.key); ok {
				field.SetFloat(f)
			}
		case []string:
			list, _ := facts.CutList(r.words(e.value, e.key))
			field.Set(reflect.ValueOf(list))
		case map[string]string:
			m := map[string]string{}
			mt, _ := r.table(e.value, e.key)
			for _, me := range mt.entries {
				m[me.key] = r.word(me.value, me.key)
			}
			field.Set(reflect.ValueOf(m))
		}
	}
}

// event fills the facts from a normalised event as `grantwatch normalise` prints it.
func (r *reader) event(n ast.Node, into *facts.Event) {
	before := len(*r.problems)
	value := r.plain(n, 0)
	if len(*r.problems) > before {
		return
	}
	data, err := json.Marshal(value)
	if err != nil {
		r.fail(n, "%v", err)
		return
	}
	var e access.Event
	d := json.NewDecoder(strings.NewReader(string(data)))
	d.DisallowUnknownFields()
	if err := d.Decode(&e); err != nil {
		r.fail(find(n, err.Error()), "event: %s", strings.TrimPrefix(err.Error(), "json: "))
		return
	}
	facts.FillEvent(into, &e)
}

// plain is a node as JSON would have it. Numbers stay text, as they were written, only where a text is meant.
func (r *reader) plain(n ast.Node, depth int) any {
	if depth > 8 {
		r.fail(n, "the event nests too deep")
		return nil
	}
	switch v := n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		out := map[string]any{}
		t, _ := r.table(n, "event")
		for _, e := range t.entries {
			out[e.key] = r.plain(e.value, depth+1)
		}
		return out
	case *ast.SequenceNode:
		out := []any{}
		for _, e := range v.Values {
			out = append(out, r.plain(e, depth+1))
		}
		return out
	case *ast.BoolNode:
		return v.Value
	default:
		s, ok := scalarText(n)
		if !ok {
			r.fail(n, "an event holds texts, lists and mappings, not %s", describe(n))
		}
		return s
	}
}

// find is the key that a JSON error names in quotes, or the node itself.
func find(n ast.Node, message string) ast.Node {
	_, rest, ok := strings.Cut(message, `"`)
	name, _, ok2 := strings.Cut(rest, `"`)
	if !ok || !ok2 {
		return n
	}
	var hit ast.Node
	var walk func(ast.Node, int)
	walk = func(n ast.Node, depth int) {
		if hit != nil || depth > 8 {
			return
		}
		switch v := n.(type) {
		case *ast.MappingNode:
			for _, e := range v.Values {
				walk(e, depth)
			}
		case *ast.MappingValueNode:
			if k, _ := scalarText(v.Key); k == name {
				hit = v.Key
				return
			}
			walk(v.Value, depth+1)
		case *ast.SequenceNode:
			for _, e := range v.Values {
				walk(e, depth+1)
			}
		}
	}
	walk(n, 0)
	if hit != nil {
		return hit
	}
	return n
}
