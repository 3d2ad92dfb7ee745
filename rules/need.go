package rules

import (
	"github.com/expr-lang/expr/ast"
)

// op says how an atom looks at a fact.
type op uint8

const (
	opEqual  op = iota // a text fact equals the value
	opPrefix           // a text fact starts with the value
	opHas              // a list fact holds the value
	opTrue             // a yes/no fact is true
	opAttr             // the attribute named by field equals the value
)

// atom is one test on one fact that an index can answer.
type atom struct {
	op    op
	field string
	value string
}

// need is a necessary condition: if the expression is true, at least one of the atoms is. nil means that nothing is
// known and the rule has to be run on every event.
type need []atom

// needOf reads a necessary condition out of an expression. It may only ever be too weak: where it is not sure, it
// says nil.
func needOf(n ast.Node) need {
	switch x := n.(type) {
	case *ast.IdentifierNode:
		if eventBools[x.Value] != nil {
			return need{{op: opTrue, field: x.Value}}
		}
	case *ast.BuiltinNode:
		return needOfBuiltin(x)
	case *ast.ConditionalNode:
		return either(both(needOf(x.Cond), needOf(x.Exp1)), needOf(x.Exp2))
	case *ast.BinaryNode:
		return needOfBinary(x)
	}
	return nil
}

func needOfBinary(x *ast.BinaryNode) need {
	switch x.Operator {
	case "&&", "and":
		return both(needOf(x.Left), needOf(x.Right))
	case "||", "or":
		return either(needOf(x.Left), needOf(x.Right))
	case "==":
		if b, ok := x.Right.(*ast.BoolNode); ok {
			if b.Value {
				return needOf(x.Left)
			}
			return nil
		}
		if a, ok := equal(x.Left, x.Right); ok {
			return need{a}
		}
		if a, ok := equal(x.Right, x.Left); ok {
			return need{a}
		}
	case "startsWith":
		if name, ok := textFact(x.Left); ok {
			if s, ok := x.Right.(*ast.StringNode); ok && s.Value != "" {
				return need{{op: opPrefix, field: name, value: s.Value}}
			}
		}
	case "in":
		return needOfIn(x)
	}
	return nil
}

// equal is the atom of fact == constant. An empty text equals what is absent, which no index holds.
func equal(fact, constant ast.Node) (atom, bool) {
	s, ok := constant.(*ast.StringNode)
	if !ok || s.Value == "" {
		return atom{}, false
	}
	if name, ok := textFact(fact); ok {
		return atom{op: opEqual, field: name, value: s.Value}, true
	}
	if name, ok := attribute(fact); ok {
		return atom{op: opAttr, field: name, value: s.Value}, true
	}
	return atom{}, false
}

// needOfIn covers `fact in [constants]` and `constant in list`.
func needOfIn(x *ast.BinaryNode) need {
	switch right := x.Right.(type) {
	case *ast.ArrayNode:
		var out need
		for _, e := range right.Nodes {
			a, ok := equal(x.Left, e)
			if !ok {
				return nil
			}
			out = append(out, a)
		}
		return out // nil for an empty list, which never holds: running the rule finds that out too
	case *ast.IdentifierNode:
		s, ok := x.Left.(*ast.StringNode)
		if ok && eventLists[right.Value] != nil {
			return need{{op: opHas, field: right.Value, value: s.Value}}
		}
	}
	return nil
}

// needOfBuiltin covers any(list, # == constant) and any(list, # in [constants]), and hasPrefix.
func needOfBuiltin(x *ast.BuiltinNode) need {
	if len(x.Arguments) != 2 {
		return nil
	}
	if x.Name == "hasPrefix" {
		return needOfBinary(&ast.BinaryNode{Operator: "startsWith", Left: x.Arguments[0], Right: x.Arguments[1]})
	}
	list, isList := x.Arguments[0].(*ast.IdentifierNode)
	p, isPredicate := x.Arguments[1].(*ast.PredicateNode)
	if x.Name != "any" || !isList || !isPredicate || eventLists[list.Value] == nil {
		return nil
	}
	test, ok := p.Node.(*ast.BinaryNode)
	if !ok {
		return nil
	}
	if _, ok := test.Left.(*ast.PointerNode); !ok {
		return nil
	}
	has := func(n ast.Node) (atom, bool) {
		s, ok := n.(*ast.StringNode)
		if !ok {
			return atom{}, false
		}
		return atom{op: opHas, field: list.Value, value: s.Value}, true
	}
	switch test.Operator {
	case "==":
		if a, ok := has(test.Right); ok {
			return need{a}
		}
	case "in":
		array, ok := test.Right.(*ast.ArrayNode)
		if !ok {
			return nil
		}
		var out need
		for _, e := range array.Nodes {
			a, ok := has(e)
			if !ok {
				return nil
			}
			out = append(out, a)
		}
		return out
	}
	return nil
}

func textFact(n ast.Node) (string, bool) {
	id, ok := n.(*ast.IdentifierNode)
	if !ok || eventTexts[id.Value] == nil {
		return "", false
	}
	return id.Value, true
}

func attribute(n ast.Node) (string, bool) {
	m, ok := n.(*ast.MemberNode)
	if !ok {
		return "", false
	}
	id, isID := m.Node.(*ast.IdentifierNode)
	key, isText := m.Property.(*ast.StringNode)
	if !isID || !isText || id.Value != "attrs" {
		return "", false
	}
	return key.Value, true
}

// both is what a conjunction needs: either side is necessary, so the more selective one is kept.
func both(a, b need) need {
	if a == nil {
		return b
	}
	if b == nil || a.weight() >= b.weight() {
		return a
	}
	return b
}

// either is what a disjunction needs: one of all, and nothing is known as soon as one side is unknown.
func either(a, b need) need {
	if a == nil || b == nil {
		return nil
	}
	return append(append(need{}, a...), b...)
}

// selectivity is how rare a value of a fact usually is. It only decides how fast the index is, never what it finds.
var selectivity = map[string]int{
	"action": 90, "permission": 88, "change_grant": 86, "change_subject": 84, "target": 82, "actor": 80, "actor_uid": 80,
	"actor_email": 80, "origin": 78, "src_ip": 78, "error": 74, "scope": 72, "user_agent": 70, "targets": 70, "groups": 60,
	"chain": 60, "person_ended": 76, "issuer": 58, "feed": 40, "change": 50, "target_type": 40, "account": 36,
	"log_class": 30, "access": 28, "class": 26, "actor_kind": 24, "record_kind": 24, "team": 20, "provider": 16, "cut": 70,
}

func (n need) weight() int {
	weight := 100
	for _, a := range n {
		w := selectivity[a.field]
		if a.op == opAttr {
			w = 66
		}
		if a.op == opPrefix {
			w -= 10 - min(len(a.value), 9)
		}
		weight = min(weight, w)
	}
	return weight
}
