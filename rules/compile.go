package rules

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/builtin"
	"github.com/expr-lang/expr/checker"
	"github.com/expr-lang/expr/compiler"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/optimizer"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"
)

// scope is what the expressions of one rule can name: the facts, its lets and its parameters. Lets and parameters
// are written out in the syntax tree, so that at run time there is nothing to look up and the index sees constants.
type scope struct {
	env       *environment
	lets      map[string]scalar
	params    map[string]Value
	functions map[string]bool // set for templates only
	broken    map[string]bool // lets that were refused: known by name, never written out
	spent     *int            // nodes written out so far for the expression at hand
}

// withParams is the same scope with other values, as a team's tightened rule has it.
func (s *scope) withParams(values map[string]Value) *scope {
	c := *s
	c.params = values
	return &c
}

func (s *scope) fence() *fence {
	f := &fence{known: map[string]bool{}, functions: s.functions}
	add := func(name string) {
		f.known[name] = true
		f.names = append(f.names, name)
	}
	for _, n := range s.env.names {
		add(n)
	}
	for n := range s.lets {
		add(n)
	}
	for n := range s.broken {
		add(n)
	}
	for n := range s.params {
		add(n)
	}
	return f
}

// parse turns source into a tree that has passed the fences and has lets and parameters written out. The tree is
// fresh on every call, since the checker and the optimizer write into it.
func (s *scope) parse(src scalar) (ast.Node, []violation) {
	if v, ok := fenceSource(src.text); !ok {
		return nil, []violation{v}
	}
	config := conf.CreateNew()
	config.MaxNodes = maxNodes
	tree, err := parser.ParseWithConfig(src.text, config)
	if err != nil {
		return nil, []violation{violationOf(err)}
	}
	f := s.fence()
	f.walk(tree.Node, false)
	if len(f.violations) > 0 {
		return nil, f.violations
	}
	inner := *s
	if inner.spent == nil {
		inner.spent = new(int)
	}
	*inner.spent += f.nodes
	w := &writeOut{scope: &inner}
	ast.Walk(&tree.Node, w)
	if *inner.spent > maxNodes {
		return nil, []violation{{0, fmt.Sprintf("the expression has more than the %d nodes allowed once its lets are written out", maxNodes)}}
	}
	if w.replaced == 0 {
		return tree.Node, nil
	}
	// What was small may be large once written out: the same fences again.
	again := s.fence()
	again.walk(tree.Node, false)
	for i := range again.violations {
		again.violations[i].at = 0
	}
	return tree.Node, again.violations
}

// writeOut replaces the names of lets and parameters by what they stand for.
type writeOut struct {
	scope    *scope
	replaced int
}

func (w *writeOut) Visit(n *ast.Node) {
	id, ok := (*n).(*ast.IdentifierNode)
	if !ok {
		return
	}
	if v, ok := w.scope.params[id.Value]; ok {
		w.replaced++
		ast.Patch(n, v.node())
		return
	}
	if w.scope.broken[id.Value] {
		ast.Patch(n, &ast.BoolNode{})
		return
	}
	// Lets that name lets can multiply; what is written out is counted as it grows, not when it has grown.
	if src, ok := w.scope.lets[id.Value]; ok && *w.scope.spent <= maxNodes {
		w.replaced++
		// A let sees only the lets before it, so this ends; a broken let has been reported at its own place.
		if node, bad := w.scope.before(id.Value).parse(src); len(bad) == 0 {
			ast.Patch(n, node)
		} else {
			ast.Patch(n, &ast.BoolNode{})
		}
	}
}

// before is the scope that the let of that name was written in.
func (s *scope) before(name string) *scope {
	c := *s
	c.lets = map[string]scalar{}
	limit := s.lets[name]
	for n, src := range s.lets {
		if src.line < limit.line || (src.line == limit.line && src.column < limit.column) {
			c.lets[n] = src
		}
	}
	return &c
}

func (s *scope) config() *conf.Config {
	c := conf.CreateNew()
	expr.Env(s.env.zero)(c)
	expr.MaxNodes(maxNodes)(c)
	expr.Timezone("UTC")(c)
	// The fence has refused these already; they are taken out of the compiler too.
	for _, b := range builtin.Builtins {
		if !builtins[b.Name] {
			expr.DisableBuiltin(b.Name)(c)
			delete(c.Builtins, b.Name)
		}
	}
	for name := range s.functions {
		templateFunctions[name](c)
	}
	return c
}

// program checks types and compiles. want is the kind that the result must have; Invalid takes any.
func (s *scope) program(node ast.Node, source string, want reflect.Kind) (*vm.Program, *violation) {
	c := s.config()
	tree := &parser.Tree{Node: node, Source: file.NewSource(source)}
	got, err := new(checker.Checker).PatchAndCheck(tree, c)
	if err != nil {
		v := violationOf(err)
		return nil, &v
	}
	if want != reflect.Invalid && (got == nil || got.Kind() != want) {
		return nil, &violation{0, fmt.Sprintf("the expression must give %s, not %v", kindWord(want), got)}
	}
	plus := &plusFence{}
	ast.Walk(&tree.Node, plus)
	if len(plus.violations) > 0 {
		return nil, &plus.violations[0]
	}
	if err := optimizer.Optimize(&tree.Node, c); err != nil {
		v := violationOf(err)
		return nil, &v
	}
	p, err := compiler.Compile(tree, c)
	if err != nil {
		v := violationOf(err)
		return nil, &v
	}
	return p, nil
}

func kindWord(k reflect.Kind) string {
	if k == reflect.Bool {
		return "true or false"
	}
	return k.String()
}

func violationOf(err error) violation {
	var at *file.Error
	if errors.As(err, &at) {
		return violation{at.From, firstLine(at.Message)}
	}
	return violation{0, firstLine(err.Error())}
}

// check compiles one expression alone and reports what is wrong with it at its place in the file.
func (s *scope) check(src scalar, want reflect.Kind) (*vm.Program, []Problem) {
	node, bad := s.parse(src)
	if len(bad) == 0 {
		p, v := s.program(node, src.text, want)
		if v == nil {
			return p, nil
		}
		bad = []violation{*v}
	}
	var problems []Problem
	for _, v := range bad {
		problems = append(problems, src.problem(v.at, v.message))
	}
	return nil, problems
}

// cascade compiles conditions, each of which check has accepted, into one program that gives the number of the first
// that holds, or -1. One run of the machine instead of one per case.
func (s *scope) cascade(conditions []scalar) (*vm.Program, error) {
	var root ast.Node = &ast.IntegerNode{Value: -1}
	for i := len(conditions) - 1; i >= 0; i-- {
		node, bad := s.parse(conditions[i])
		if len(bad) > 0 {
			return nil, errors.New(bad[0].message)
		}
		root = &ast.ConditionalNode{Cond: node, Exp1: &ast.IntegerNode{Value: i}, Exp2: root}
	}
	p, v := s.program(root, "", reflect.Int)
	if v != nil {
		return nil, errors.New(v.message)
	}
	return p, nil
}

// parseOnly parses without checking names or types, within the same limits of size.
func parseOnly(source string) (ast.Node, error) {
	if v, ok := fenceSource(source); !ok {
		return nil, errors.New(v.message)
	}
	config := conf.CreateNew()
	config.MaxNodes = maxNodes
	tree, err := parser.ParseWithConfig(source, config)
	if err != nil {
		return nil, err
	}
	return tree.Node, nil
}
