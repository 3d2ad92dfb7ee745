package rules

import (
	"fmt"
	"reflect"
	"regexp"

	"github.com/expr-lang/expr/ast"
)

// The fences around an expression. Each stands because something without it ended the process, ran for seconds or
// took hundreds of megabytes; each has its test in fences_test.go.
const (
	maxSource      = 4 << 10 // bytes of one expression: bounds the recursion of parser and compiler
	maxBrackets    = 32      // nesting of brackets
	maxNodes       = 500     // nodes of one expression, with let: and params written out
	maxRange       = 1000    // elements of a constant range
	maxPatterns    = 16      // regular expressions in one expression
	maxPatternsIn  = 4       // of these, inside a predicate, where each runs once per element
	maxPatternSize = 512     // bytes of one regular expression
)

// builtins that an expression may call. Everything else is refused by name: what makes strings or lists grow
// (repeat, replace, join, concat, map, reduce), what reads the clock (now, date), what is not data (type, toJSON).
var builtins = map[string]bool{
	"all": true, "any": true, "none": true, "one": true, "count": true, "filter": true, "find": true, "findLast": true,
	"findIndex": true, "findLastIndex": true,
	"len": true, "abs": true, "ceil": true, "floor": true, "round": true, "int": true, "float": true, "max": true, "min": true,
	"lower": true, "upper": true, "trim": true, "trimPrefix": true, "trimSuffix": true, "split": true,
	"hasPrefix": true, "hasSuffix": true, "indexOf": true, "lastIndexOf": true, "first": true, "last": true,
}

// violation is a fence that an expression ran into, at a character offset.
type violation struct {
	at      int
	message string
}

// fenceSource looks at the text before any parser does.
func fenceSource(source string) (violation, bool) {
	if len(source) > maxSource {
		return violation{0, fmt.Sprintf("the expression has %d bytes, more than the %d allowed", len(source), maxSource)}, false
	}
	depth, at := 0, 0
	var quote rune
	escaped := false
	for _, r := range source {
		switch {
		case escaped:
			escaped = false
		case quote != 0:
			if r == '\\' && quote != '`' {
				escaped = true
			} else if r == quote {
				quote = 0
			}
		case r == '"' || r == '\'' || r == '`':
			quote = r
		case r == '(' || r == '[' || r == '{':
			if depth++; depth > maxBrackets {
				return violation{at, fmt.Sprintf("brackets nest deeper than the %d allowed", maxBrackets)}, false
			}
		case r == ')' || r == ']' || r == '}':
			depth--
		}
		at++
	}
	return violation{}, true
}

// fence walks the syntax tree of one expression.
type fence struct {
	known      map[string]bool // facts, params and lets
	names      []string        // the same, for proposals
	functions  map[string]bool // functions of templates
	nodes      int
	patterns   int
	patternsIn int
	violations []violation
}

func (f *fence) refuse(n ast.Node, format string, args ...any) {
	f.violations = append(f.violations, violation{n.Location().From, fmt.Sprintf(format, args...)})
}

// walk visits n; inside says that n is part of a predicate, the closure of any(), all() and the like.
func (f *fence) walk(n ast.Node, inside bool) {
	if n == nil {
		return
	}
	if f.nodes++; f.nodes > maxNodes {
		if f.nodes == maxNodes+1 {
			f.refuse(n, "the expression has more than the %d nodes allowed", maxNodes)
		}
		return
	}
	switch x := n.(type) {
	case *ast.NilNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.StringNode, *ast.ConstantNode:
	case *ast.IdentifierNode:
		if !f.known[x.Value] {
			f.refuse(n, "unknown fact %q%s", x.Value, didYouMean(x.Value, f.names))
		}
	case *ast.PointerNode:
		if x.Name != "" {
			f.refuse(n, "#%s is not available; # is the element", x.Name)
		}
	case *ast.UnaryNode:
		f.walk(x.Node, inside)
	case *ast.BinaryNode:
		f.binary(x, inside)
	case *ast.ChainNode:
		f.walk(x.Node, inside)
	case *ast.MemberNode:
		f.walk(x.Node, inside)
		switch x.Property.(type) {
		case *ast.StringNode, *ast.IntegerNode:
			f.nodes++
		default:
			f.refuse(x.Property, "a key or index must be a constant")
		}
	case *ast.ConditionalNode:
		f.walk(x.Cond, inside)
		f.walk(x.Exp1, inside)
		f.walk(x.Exp2, inside)
	case *ast.ArrayNode:
		for _, e := range x.Nodes {
			f.walk(e, inside)
		}
	case *ast.BuiltinNode:
		if !builtins[x.Name] {
			f.refuse(n, "%s() is not available in rules", x.Name)
			return
		}
		for _, a := range x.Arguments {
			f.walk(a, inside)
		}
	case *ast.PredicateNode:
		if inside {
			f.refuse(n, "a predicate inside a predicate is refused: it runs once per pair of elements")
			return
		}
		f.walk(x.Node, true)
	case *ast.CallNode:
		f.call(x, inside)
	case *ast.VariableDeclaratorNode:
		f.refuse(n, "let inside an expression is refused; name the part in the rule's let: block")
	case *ast.SequenceNode:
		f.refuse(n, "one expression only: a semicolon is refused")
	case *ast.SliceNode:
		f.refuse(n, "slices are not available in rules")
	case *ast.MapNode, *ast.PairNode, *ast.BytesNode:
		f.refuse(n, "maps and byte strings are not available in rules")
	default:
		f.refuse(n, "%T is not available in rules", n)
	}
}

func (f *fence) call(x *ast.CallNode, inside bool) {
	name := "a method"
	if id, ok := x.Callee.(*ast.IdentifierNode); ok {
		if f.functions[id.Value] {
			for _, a := range x.Arguments {
				f.walk(a, inside)
			}
			return
		}
		name = id.Value + "()"
	}
	f.refuse(x, "%s is not available in rules", name)
}

func (f *fence) binary(x *ast.BinaryNode, inside bool) {
	switch x.Operator {
	case "..":
		low, okLow := constInt(x.Left)
		high, okHigh := constInt(x.Right)
		if !okLow || !okHigh {
			f.refuse(x, "the ends of a range must be constant numbers")
			return
		}
		// Compared before subtracting: the ends may be as far apart as an int reaches.
		if low < -maxRange*maxRange || high > maxRange*maxRange || high-low >= maxRange {
			f.refuse(x, "a range may have at most %d elements", maxRange)
		}
		f.nodes += 2
		return
	case "matches":
		pattern, ok := x.Right.(*ast.StringNode)
		if !ok {
			f.refuse(x.Right, "a regular expression must be a constant")
			return
		}
		if len(pattern.Value) > maxPatternSize {
			f.refuse(x.Right, "the regular expression has more than the %d bytes allowed", maxPatternSize)
		} else if _, err := regexp.Compile(pattern.Value); err != nil {
			f.refuse(x.Right, "%v", err)
		}
		f.patterns++
		if inside {
			f.patternsIn++
		}
		if f.patterns == maxPatterns+1 {
			f.refuse(x, "more than the %d regular expressions allowed", maxPatterns)
		}
		if f.patternsIn == maxPatternsIn+1 {
			f.refuse(x, "more than the %d regular expressions allowed inside a predicate", maxPatternsIn)
		}
	case "|":
		f.refuse(x, "pipes are not available in rules; write the call")
	}
	f.walk(x.Left, inside)
	f.walk(x.Right, inside)
}

func constInt(n ast.Node) (int, bool) {
	switch x := n.(type) {
	case *ast.IntegerNode:
		return x.Value, true
	case *ast.UnaryNode:
		if i, ok := x.Node.(*ast.IntegerNode); ok && x.Operator == "-" {
			return -i.Value, true
		}
	}
	return 0, false
}

// plusFence runs once types are known: + is for numbers. On strings it is how a short expression grows a long one.
type plusFence struct{ violations []violation }

func (p *plusFence) Visit(n *ast.Node) {
	x, ok := (*n).(*ast.BinaryNode)
	if !ok || x.Operator != "+" {
		return
	}
	for _, side := range []ast.Node{x.Left, x.Right} {
		t := side.Type()
		if t != nil && (t.Kind() == reflect.Int || t.Kind() == reflect.Float64) {
			continue
		}
		p.violations = append(p.violations, violation{x.Location().From, "+ is for numbers; use contains, startsWith or endsWith on text"})
		return
	}
}
