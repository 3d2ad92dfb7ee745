package rules

import (
	"reflect"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/grantwatch/grantwatch/access"
)

var (
	idPattern   = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
	namePattern = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)
)

// Limits of one rule and one file, so that a file cannot make loading slow.
const (
	maxRules  = 5000 // rules of one file
	maxCases  = 32
	maxLets   = 16
	maxParams = 32
	maxTests  = 256
)

var ruleKeys = []string{"id", "title", "kind", "on", "doc", "severity", "needs", "params", "let", "cases", "when", "verdict",
	"why", "says", "false_positives", "response", "controls", "owasp", "refs", "tests"}

// rule reads and checks one rule. It returns nil when the rule cannot be used; every reason is a problem.
func (r *reader) rule(n ast.Node) *Rule {
	before := len(*r.problems)
	t, ok := r.table(n, "a rule", ruleKeys...)
	if !ok && t.node == nil {
		return nil
	}
	rule := &Rule{File: r.doc.name, doc: r.doc, Severity: access.SeverityMedium}
	rule.Line, rule.Column = position(n)
	defer func() { r.id = "" }()
	if id := t.get("id"); id != nil {
		rule.ID = r.word(id, "id")
		if !idPattern.MatchString(rule.ID) {
			r.fail(id, "id %q must be lower-case words joined by hyphens", cut(rule.ID, 60))
		}
		r.id = rule.ID
	}
	for _, key := range []string{"id", "title", "kind", "on"} {
		if t.get(key) == nil {
			r.fail(n, "the rule has no %s", key)
		}
	}
	for _, e := range t.entries {
		r.head(rule, e)
	}
	env := environments[rule.On]
	if env == nil || rule.Kind == "" {
		return nil
	}
	rule.scope = &scope{env: env, lets: map[string]scalar{}, params: map[string]Value{}, broken: map[string]bool{}}
	if p := t.get("params"); p != nil {
		r.params(rule, p)
	}
	if l := t.get("let"); l != nil {
		r.lets(rule, l)
	}
	r.cases(rule, t)
	if len(*r.problems) > before {
		return nil
	}
	// Tests are read last and do not keep a rule from working: a broken sample is a problem, not an outage.
	if n := t.get("tests"); n != nil {
		r.tests(rule, n)
	}
	return rule
}

func (r *reader) head(rule *Rule, e entry) {
	switch e.key {
	case "title":
		rule.Title = r.word(e.value, "title")
	case "doc":
		rule.Doc = strings.Join(strings.Fields(r.word(e.value, "doc")), " ")
	case "kind":
		rule.Kind = r.word(e.value, "kind")
		if !contains(kinds, rule.Kind) {
			r.fail(e.value, "kind %q is not a word of docs/verdicts.md%s", cut(rule.Kind, 60), didYouMean(rule.Kind, kinds))
			rule.Kind = ""
		}
	case "on":
		on := r.word(e.value, "on")
		rule.On = On(on)
		if !contains(ons, on) {
			r.fail(e.value, "on: %q is not one of %s", cut(on, 40), strings.Join(ons, ", "))
		}
	case "severity":
		if list, ok := e.value.(*ast.SequenceNode); ok {
			rule.Severity = heaviest(list) // of a rule with one case; the case reads the list
		} else {
			rule.Severity = r.severity(e.value)
		}
	case "needs":
		r.needs(rule, e.value)
	case "false_positives":
		rule.FalsePositives = r.words(e.value, e.key)
	case "response":
		rule.Response = r.words(e.value, e.key)
	case "owasp":
		rule.OWASP = r.words(e.value, e.key)
	case "refs":
		rule.Refs = r.words(e.value, e.key)
	case "controls":
		t, _ := r.table(e.value, "controls", "csf", "cis", "sp800_53", "sp800_63")
		for _, c := range t.entries {
			ids := r.words(c.value, c.key)
			switch c.key {
			case "csf":
				rule.Controls.CSF = ids
			case "cis":
				rule.Controls.CIS = ids
			case "sp800_53":
				rule.Controls.SP80053 = ids
			case "sp800_63":
				rule.Controls.SP80063 = ids
			}
		}
	}
}

func (r *reader) severity(n ast.Node) access.Severity {
	s := r.word(n, "severity")
	if !contains(severities, s) {
		r.fail(n, "severity %q is not one of %s", cut(s, 40), strings.Join(severities, ", "))
	}
	return access.Severity(s)
}

// heaviest is the default of a rule whose severity is a list: the severity that a floor is compared with.
func heaviest(list *ast.SequenceNode) access.Severity {
	out := access.SeverityInfo
	for _, n := range list.Values {
		m, ok := n.(*ast.MappingNode)
		if !ok {
			continue
		}
		for _, v := range m.Values {
			if k, _ := scalarText(v.Key); k == "is" {
				if s, _ := scalarText(v.Value); access.Severity(s).Rank() > out.Rank() {
					out = access.Severity(s)
				}
			}
		}
	}
	return out
}

func (r *reader) needs(rule *Rule, n ast.Node) {
	t, _ := r.table(n, "needs", "feeds", "entitlements", "identities")
	for _, e := range t.entries {
		switch e.key {
		case "feeds":
			rule.Needs.Feeds = r.words(e.value, e.key)
		case "entitlements":
			rule.Needs.Entitlements, _ = r.flag(e.value, e.key)
		case "identities":
			rule.Needs.Identities, _ = r.flag(e.value, e.key)
		}
	}
}

// newName reports whether a let or a parameter may be called that.
func (r *reader) newName(rule *Rule, e entry, what string) bool {
	_, fact := rule.scope.env.fields[e.key]
	_, isParam := rule.scope.params[e.key]
	switch {
	case !namePattern.MatchString(e.key):
		r.fail(e.at, "%s %q must be lower-case letters, digits and underscores", what, cut(e.key, 60))
	case fact:
		r.fail(e.at, "%s %q is already the name of a fact", what, e.key)
	case isParam:
		r.fail(e.at, "%s %q is already the name of a parameter", what, e.key)
	case builtins[e.key] || templateNames[e.key]:
		r.fail(e.at, "%s %q is already the name of a function", what, e.key)
	default:
		return true
	}
	return false
}

func (r *reader) params(rule *Rule, n ast.Node) {
	t, _ := r.table(n, "params")
	if len(t.entries) > maxParams {
		r.fail(n, "more than the %d parameters allowed", maxParams)
		return
	}
	for _, e := range t.entries {
		if !r.newName(rule, e, "parameter") {
			continue
		}
		body, ok := r.table(e.value, "parameter "+e.key, "default", "tighter", "unit", "doc", "min", "max", "in_facts")
		if !ok {
			continue
		}
		p := Param{Name: e.key}
		p.at.doc = r.doc
		p.at.line, p.at.column = position(e.at)
		if body.get("tighter") == nil {
			r.fail(e.at, "parameter %q must declare its tighter direction (%s)", e.key, strings.Join(directions, ", "))
			continue
		}
		if body.get("default") == nil {
			r.fail(e.at, "parameter %q has no default", e.key)
			continue
		}
		for _, b := range body.entries {
			switch b.key {
			case "tighter":
				p.Tighter = Tighter(r.word(b.value, "tighter"))
				if !contains(directions, string(p.Tighter)) {
					r.fail(b.value, "tighter %q is not one of %s", cut(string(p.Tighter), 40), strings.Join(directions, ", "))
				}
			case "unit":
				p.Unit = r.word(b.value, b.key)
			case "doc":
				p.Doc = strings.Join(strings.Fields(r.word(b.value, b.key)), " ")
			case "min":
				p.Min, _ = r.number(b.value, b.key)
			case "max":
				p.Max, _ = r.number(b.value, b.key)
			case "in_facts":
				p.InFacts, _ = r.flag(b.value, b.key)
			}
		}
		p.Default, ok = r.value(body.get("default"), p.Tighter)
		if ok {
			if wrong := p.valid(p.Default); wrong != "" {
				r.fail(body.get("default"), "%s", wrong)
			}
		}
		rule.Params = append(rule.Params, p)
		rule.scope.params[p.Name] = p.Default
	}
}

// value reads a parameter's value: a list for superset and subset, else a number.
func (r *reader) value(n ast.Node, t Tighter) (Value, bool) {
	if t == Superset || t == Subset {
		before := len(*r.problems)
		list := r.words(n, "the value")
		if len(list) > 256 {
			r.fail(n, "the list has more than the 256 entries allowed")
		}
		return Value{List: list, IsList: true}, len(*r.problems) == before
	}
	f, ok := r.number(n, "the value")
	return Value{Number: f}, ok
}

func (r *reader) lets(rule *Rule, n ast.Node) {
	t, _ := r.table(n, "let")
	if len(t.entries) > maxLets {
		r.fail(n, "more than the %d lets allowed", maxLets)
		return
	}
	for _, e := range t.entries {
		if !r.newName(rule, e, "let") {
			continue
		}
		src, ok := r.text(e.value, "let "+e.key)
		if !ok {
			continue
		}
		_, problems := rule.scope.check(src, reflect.Invalid)
		for _, p := range problems {
			r.add(p)
		}
		if len(problems) > 0 {
			rule.scope.broken[e.key] = true
			continue
		}
		rule.lets = append(rule.lets, let{e.key, src})
		rule.scope.lets[e.key] = src
	}
}
