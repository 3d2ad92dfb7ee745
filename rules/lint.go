package rules

import (
	"fmt"
	"reflect"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"

	"github.com/grantwatch/grantwatch/access"
)

// Lint looks for what is not wrong enough to keep a rule from running: missing metadata and tests, cases that cannot
// be reached, control ids that do not exist, parameters that nothing reads. Shipped rules must pass it.
func Lint(s *Set) []Problem {
	report := RunTests(s)
	var out []Problem
	for _, r := range s.rules {
		l := linter{rule: r, out: &out}
		l.metadata()
		l.controls()
		l.params()
		l.cases()
		l.coverage(report.Cases[r.ID])
	}
	for _, res := range report.Results {
		if res.OK {
			continue
		}
		if r := s.find(res); r != nil {
			p := r.doc.problem(LevelError, res.Line, res.Column, fmt.Sprintf("test %q: wanted %s, got %s", res.Test, res.Want, res.Got))
			p.Rule = r.ID
			out = append(out, p)
		}
	}
	return out
}

func (s *Set) find(res Result) *Rule {
	for _, r := range s.rules {
		if r.ID == res.Rule && r.File == res.File {
			return r
		}
	}
	return nil
}

type linter struct {
	rule *Rule
	out  *[]Problem
}

func (l linter) warn(format string, args ...any) {
	*l.out = append(*l.out, l.rule.problem(LevelWarning, fmt.Sprintf(format, args...)))
}

func (l linter) warnAt(src scalar, format string, args ...any) {
	p := src.problem(0, fmt.Sprintf(format, args...))
	p.Severity, p.Rule = LevelWarning, l.rule.ID
	*l.out = append(*l.out, p)
}

func (l linter) metadata() {
	r := l.rule
	if r.Doc == "" {
		l.warn("the rule has no doc: what does it say, in a sentence or two?")
	}
	if len(r.FalsePositives) == 0 {
		l.warn("the rule names no false_positives")
	}
	if len(r.Response) == 0 {
		l.warn("the rule has no response steps")
	}
	if len(r.Needs.Feeds) == 0 && !r.Needs.Entitlements && !r.Needs.Identities {
		l.warn("the rule does not say what evidence it needs")
	}
	for i, c := range r.Cases {
		if c.Why == "" {
			l.warn("case %d has no why: the finding would not say why it is one", i+1)
		}
	}
	if len(r.Tests) < 2 {
		l.warn("the rule has %d tests; one that fires and one that must not are the least", len(r.Tests))
	}
	if r.On == OnEvent && r.Kind == "OUT_OF_BAND" {
		l.warn("OUT_OF_BAND is decided over grants: whether an approval exists is not known when the event arrives")
	}
}

func (l linter) controls() {
	c := l.rule.Controls
	if len(c.CSF)+len(c.CIS)+len(c.SP80053) == 0 {
		l.warn("the rule names no controls")
	}
	each := func(list []string, known func(string) bool, what string) {
		for _, id := range list {
			if !known(id) {
				l.warn("%q is not an id of %s", cut(id, 40), what)
			}
		}
	}
	each(c.CSF, knownCSF, "NIST CSF 2.0")
	each(c.CIS, knownCIS, "CIS Controls 8.1")
	each(c.SP80053, knownSP80053, "NIST SP 800-53 r5")
	each(c.SP80063, knownSP80063, "NIST SP 800-63 (A, B or C)")
	each(l.rule.OWASP, knownOWASP, "the OWASP NHI Top 10 (NHI1 to NHI10)")
}

// names collects every identifier that the rule's expressions mention, lets followed.
func (r *Rule) names() map[string]bool {
	seen := map[string]bool{}
	collect := func(src scalar) {
		for _, n := range identifiers(src.text) {
			seen[n] = true
		}
	}
	for _, le := range r.lets {
		collect(le.src)
	}
	for _, c := range r.Cases {
		collect(c.when)
		for _, ch := range c.Severity {
			if ch.When != "" {
				collect(ch.when)
			}
		}
		for i := 0; i < len(c.why.text); i++ {
			if c.why.text[i] != '{' {
				continue
			}
			if size := holeSize(c.why.text[i+1:]); size >= 0 {
				collect(scalar{text: c.why.text[i+1 : i+1+size]})
				i += size
			}
		}
	}
	return seen
}

// identifiers lists the names in an expression, also in one that does not compile.
func identifiers(source string) []string {
	tree, err := parseOnly(source)
	if err != nil {
		return nil
	}
	var out []string
	v := visit(func(n ast.Node) {
		if id, ok := n.(*ast.IdentifierNode); ok {
			out = append(out, id.Value)
		}
	})
	ast.Walk(&tree, v)
	return out
}

type visit func(ast.Node)

func (v visit) Visit(n *ast.Node) { v(*n) }

func (l linter) params() {
	names := l.rule.names()
	for _, p := range l.rule.Params {
		if p.Doc == "" {
			l.warnAt(p.at, "parameter %s has no doc", p.Name)
		}
		if !p.InFacts && !names[p.Name] {
			l.warnAt(p.at, "parameter %s is read by no expression; if Go computes facts with it, say in_facts: true", p.Name)
		}
	}
	for _, le := range l.rule.lets {
		if !names[le.name] {
			l.warnAt(le.src, "let %s is used by no expression", le.name)
		}
	}
}

// cases finds cases that cannot hold: behind one that always holds, the same as an earlier one, or constantly false.
func (l linter) cases() {
	seen := map[string]int{}
	always := 0
	for i, c := range l.rule.Cases {
		if always > 0 {
			l.warnAt(c.when, "case %d cannot be reached: case %d always holds", i+1, always)
			continue
		}
		if earlier, twice := seen[c.When]; twice {
			l.warnAt(c.when, "case %d cannot be reached: case %d has the same condition", i+1, earlier)
		}
		seen[c.When] = i + 1
		switch l.rule.constant(c.when) {
		case "true":
			always = i + 1
			if l.rule.On == OnEvent {
				l.warnAt(c.when, "case %d holds for every event", i+1)
			}
		case "false":
			l.warnAt(c.when, "case %d never holds", i+1)
		}
	}
}

// constant says "true" or "false" of a condition that asks about no fact, else "".
func (r *Rule) constant(src scalar) string {
	node, bad := r.scope.parse(src)
	if len(bad) > 0 {
		return ""
	}
	asks := false
	ast.Walk(&node, visit(func(n ast.Node) {
		if _, ok := n.(*ast.IdentifierNode); ok {
			asks = true
		}
	}))
	if asks {
		return ""
	}
	p, v := r.scope.program(node, src.text, reflect.Bool)
	if v != nil {
		return ""
	}
	out, err := expr.Run(p, r.scope.env.zero)
	if err != nil {
		return ""
	}
	return fmt.Sprint(out)
}

func (l linter) coverage(hits []int) {
	for i, n := range hits {
		if n == 0 && len(l.rule.Tests) > 0 {
			l.warnAt(l.rule.Cases[i].when, "no test reaches case %d (%s)", i+1, l.rule.Cases[i].Verdict)
		}
	}
	if len(l.rule.Tests) == 0 {
		return
	}
	quiet := false
	for _, t := range l.rule.Tests {
		quiet = quiet || t.Verdict == None || !(Judgement{Verdict: t.Verdict}).Fires()
	}
	if !quiet {
		l.warn("no test shows facts on which the rule must stay quiet")
	}
	for _, t := range l.rule.Tests {
		if t.Verdict != None && (Judgement{Verdict: t.Verdict}).Fires() && t.Verdict != access.VerdictUnverifiable {
			return
		}
	}
	l.warn("no test shows facts on which the rule fires")
}
