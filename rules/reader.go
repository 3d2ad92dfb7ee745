package rules

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// reader turns a YAML file into strict values and keeps every problem it meets. Positions come from the syntax tree,
// since a decoder into structs forgets them.
type reader struct {
	doc      *document
	id       string // of the rule being read, for problems
	problems *[]Problem
}

func (r *reader) failAt(line, column int, format string, args ...any) {
	p := r.doc.problem(LevelError, line, column, fmt.Sprintf(format, args...))
	p.Rule = r.id
	*r.problems = append(*r.problems, p)
}

func (r *reader) fail(n ast.Node, format string, args ...any) {
	line, column := position(n)
	r.failAt(line, column, format, args...)
}

func (r *reader) add(p Problem) {
	p.Rule = r.id
	*r.problems = append(*r.problems, p)
}

// position is where a node starts. The token of a mapping is its first colon, so the first key is asked instead.
func position(n ast.Node) (line, column int) {
	switch m := n.(type) {
	case *ast.MappingNode:
		if !m.IsFlowStyle && len(m.Values) > 0 {
			return position(m.Values[0].Key)
		}
	case *ast.MappingValueNode:
		return position(m.Key)
	}
	if n == nil || n.GetToken() == nil || n.GetToken().Position == nil {
		return 1, 1
	}
	p := n.GetToken().Position
	return max(p.Line, 1), max(p.Column, 1)
}

// entry is one key of a mapping with its value.
type entry struct {
	key   string
	at    ast.Node
	value ast.Node
}

// table is a mapping in file order.
type table struct {
	node    ast.Node
	entries []entry
}

func (t table) get(key string) ast.Node {
	for _, e := range t.entries {
		if e.key == key {
			return e.value
		}
	}
	return nil
}

// table reads a mapping. With a list of allowed keys any other key is a problem.
func (r *reader) table(n ast.Node, what string, allowed ...string) (table, bool) {
	var values []*ast.MappingValueNode
	switch m := n.(type) {
	case *ast.MappingNode:
		values = m.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{m}
	default:
		r.fail(n, "%s must be a mapping, not %s", what, describe(n))
		return table{}, false
	}
	t := table{node: n}
	ok := true
	for _, v := range values {
		if v.Key == nil || v.Key.IsMergeKey() || v.Key.Type() == ast.MappingKeyType {
			r.fail(v, "merge keys and complex keys are not used in rule files")
			ok = false
			continue
		}
		key, isKey := scalarText(v.Key)
		switch {
		case !isKey:
			r.fail(v.Key, "a key must be a plain word")
			ok = false
		case len(allowed) > 0 && !contains(allowed, key):
			r.fail(v.Key, "unknown key %q in %s%s", key, what, orList(key, allowed))
			ok = false
		case t.get(key) != nil:
			r.fail(v.Key, "key %q is given twice", key)
			ok = false
		default:
			t.entries = append(t.entries, entry{key: key, at: v.Key, value: v.Value})
		}
	}
	return t, ok
}

func contains(list []string, s string) bool {
	for _, l := range list {
		if l == s {
			return true
		}
	}
	return false
}

func orList(word string, known []string) string {
	if hint := didYouMean(word, known); hint != "" {
		return hint
	}
	return " (known: " + strings.Join(known, ", ") + ")"
}

func (r *reader) list(n ast.Node, what string) []ast.Node {
	s, ok := n.(*ast.SequenceNode)
	if !ok {
		r.fail(n, "%s must be a list, not %s", what, describe(n))
		return nil
	}
	return s.Values
}

// scalarText is the text of a scalar as it was written: 5.10 stays "5.10".
func scalarText(n ast.Node) (string, bool) {
	switch v := n.(type) {
	case *ast.StringNode:
		return v.Value, true
	case *ast.LiteralNode:
		return v.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, true
	}
	return "", false
}

// text reads a string with its position.
func (r *reader) text(n ast.Node, what string) (scalar, bool) {
	s, ok := scalarText(n)
	if !ok {
		r.fail(n, "%s must be a text, not %s", what, describe(n))
		return scalar{}, false
	}
	sc := scalar{text: s, doc: r.doc}
	sc.line, sc.column = position(n)
	switch n.GetToken().Type {
	case token.SingleQuoteType, token.DoubleQuoteType:
		sc.quoted = true
	}
	_, sc.block = n.(*ast.LiteralNode)
	return sc, true
}

func (r *reader) word(n ast.Node, what string) string {
	s, _ := r.text(n, what)
	return s.text
}

func (r *reader) number(n ast.Node, what string) (float64, bool) {
	s, ok := scalarText(n)
	if ok {
		if f, err := strconv.ParseFloat(s, 64); err == nil && !math.IsNaN(f) && !math.IsInf(f, 0) {
			return f, true
		}
	}
	r.fail(n, "%s must be a number, not %s", what, describe(n))
	return 0, false
}

func (r *reader) flag(n ast.Node, what string) (value, ok bool) {
	if b, isBool := n.(*ast.BoolNode); isBool {
		return b.Value, true
	}
	r.fail(n, "%s must be true or false, not %s", what, describe(n))
	return false, false
}

func (r *reader) words(n ast.Node, what string) []string {
	var out []string
	for _, v := range r.list(n, what) {
		if s, ok := r.text(v, "an entry of "+what); ok {
			out = append(out, s.text)
		}
	}
	return out
}

func describe(n ast.Node) string {
	switch v := n.(type) {
	case nil:
		return "nothing"
	case *ast.NullNode:
		return "nothing"
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a mapping"
	case *ast.SequenceNode:
		return "a list"
	case *ast.AnchorNode, *ast.AliasNode:
		return "an anchor or alias (not used in rule files)"
	case *ast.TagNode:
		return "a tagged value (tags are not used in rule files)"
	case *ast.StringNode:
		return strconv.Quote(cut(v.Value, 40))
	case *ast.LiteralNode:
		return "a block of text"
	default:
		return strconv.Quote(cut(n.GetToken().Value, 40))
	}
}

func cut(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n]) + "…"
	}
	return s
}
