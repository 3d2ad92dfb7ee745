package rules

import (
	"strconv"
	"strings"

	"github.com/expr-lang/expr/ast"
)

// inWords reads a condition aloud: names without underscores, operators as words, parameters with their value. It
// says what the expression says, no more; the expression is printed beside it.
func (r *Rule) inWords(source string) string {
	tree, err := parseOnly(source)
	if err != nil {
		return source
	}
	return r.say(tree, 0)
}

var operatorWords = map[string]string{
	"==": "is", "!=": "is not", ">": "is more than", ">=": "is at least", "<": "is less than", "<=": "is at most",
	"in": "is one of", "contains": "contains", "startsWith": "starts with", "endsWith": "ends with", "matches": "matches",
	"+": "plus", "-": "minus", "*": "times", "/": "divided by", "%": "modulo",
}

// Binding strengths: a weaker part inside a stronger one is put in brackets.
const (
	sayAny = iota
	sayOr
	sayAnd
	sayCompare
	sayAtom
)

func (r *Rule) say(n ast.Node, around int) string {
	text, own := r.phrase(n)
	if own < around {
		return "(" + text + ")"
	}
	return text
}

func (r *Rule) phrase(n ast.Node) (text string, strength int) {
	switch x := n.(type) {
	case *ast.IdentifierNode:
		return r.name(x.Value), sayAtom
	case *ast.StringNode:
		if x.Value == "" {
			return "empty", sayAtom
		}
		return strconv.Quote(x.Value), sayAtom
	case *ast.IntegerNode:
		return strconv.Itoa(x.Value), sayAtom
	case *ast.FloatNode:
		return number(x.Value), sayAtom
	case *ast.BoolNode:
		return strconv.FormatBool(x.Value), sayAtom
	case *ast.PointerNode:
		return "it", sayAtom
	case *ast.UnaryNode:
		if x.Operator == "!" || x.Operator == "not" {
			return "not " + r.say(x.Node, sayAtom), sayCompare
		}
		return x.Operator + r.say(x.Node, sayAtom), sayAtom
	case *ast.BinaryNode:
		return r.binaryPhrase(x)
	case *ast.ConditionalNode:
		return "if " + r.say(x.Cond, sayAnd) + " then " + r.say(x.Exp1, sayOr) + ", else " + r.say(x.Exp2, sayOr), sayAny
	case *ast.ArrayNode:
		parts := make([]string, len(x.Nodes))
		for i, e := range x.Nodes {
			parts[i] = r.say(e, sayAtom)
		}
		return strings.Join(parts, ", "), sayAtom
	case *ast.MemberNode:
		if i, ok := x.Property.(*ast.IntegerNode); ok {
			return "part " + strconv.Itoa(i.Value) + " of (" + r.say(x.Node, sayAny) + ")", sayAtom
		}
		if id, ok := x.Node.(*ast.IdentifierNode); ok && id.Value == "attrs" {
			return "attribute " + r.say(x.Property, sayAtom), sayAtom
		}
		return r.say(x.Node, sayAtom) + " " + r.say(x.Property, sayAtom), sayAtom
	case *ast.PredicateNode:
		return r.phrase(x.Node)
	case *ast.BuiltinNode:
		if len(x.Arguments) == 2 {
			if _, ok := x.Arguments[1].(*ast.PredicateNode); ok {
				return x.Name + " of " + r.say(x.Arguments[0], sayAtom) + ": " + r.say(x.Arguments[1], sayAnd), sayCompare
			}
		}
		return x.Name + " of " + r.arguments(x.Arguments), sayAtom
	}
	return n.String(), sayAtom
}

func (r *Rule) arguments(nodes []ast.Node) string {
	parts := make([]string, len(nodes))
	for i, a := range nodes {
		parts[i] = r.say(a, sayAtom)
	}
	return strings.Join(parts, ", ")
}

func (r *Rule) binaryPhrase(x *ast.BinaryNode) (string, int) {
	switch x.Operator {
	case "&&", "and":
		return r.say(x.Left, sayAnd) + " and " + r.say(x.Right, sayAnd), sayAnd
	case "||", "or":
		return r.say(x.Left, sayOr) + " or " + r.say(x.Right, sayOr), sayOr
	case "in":
		if _, ok := x.Right.(*ast.ArrayNode); !ok {
			return r.say(x.Left, sayAtom) + " is among " + r.say(x.Right, sayAtom), sayCompare
		}
	case "<", "==":
		// -1 stands for "unknown" or "never" in the facts.
		if u, ok := x.Right.(*ast.UnaryNode); ok && x.Operator == "==" && u.Operator == "-" {
			return r.say(x.Left, sayAtom) + " is unknown or never", sayCompare
		}
	}
	word := operatorWords[x.Operator]
	if word == "" {
		word = x.Operator
	}
	return r.say(x.Left, sayAtom) + " " + word + " " + r.say(x.Right, sayAtom), sayCompare
}

func (r *Rule) name(n string) string {
	if p := r.param(n); p != nil {
		value := p.Default
		if r.floor != nil && r.floor.values != nil {
			value = r.floor.values[n]
		}
		return strings.ReplaceAll(n, "_", " ") + " (" + value.String() + ")"
	}
	return strings.ReplaceAll(n, "_", " ")
}
