package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/expr-lang/expr/ast"
)

// Tighter says which way a parameter gets stricter. Every parameter declares it, since it decides what a team may do.
type Tighter string

// The closed set of directions.
const (
	Lower    Tighter = "lower"    // ttl, window, grace, review interval, tolerance
	Higher   Tighter = "higher"   // approvers, look-back
	Superset Tighter = "superset" // lists of what must be there: more is stricter
	Subset   Tighter = "subset"   // lists of what is allowed: fewer is stricter
)

var directions = []string{string(Lower), string(Higher), string(Superset), string(Subset)}

// Value is the value of a parameter: a number, or a list of words for superset and subset.
type Value struct {
	Number float64
	List   []string
	IsList bool
}

// String prints the value as a rule file would have it.
func (v Value) String() string {
	if v.IsList {
		return "[" + strings.Join(v.List, ", ") + "]"
	}
	return strconv.FormatFloat(v.Number, 'f', -1, 64)
}

func (v Value) node() ast.Node {
	if !v.IsList {
		return &ast.FloatNode{Value: v.Number}
	}
	a := &ast.ArrayNode{}
	for _, s := range v.List {
		a.Nodes = append(a.Nodes, &ast.StringNode{Value: s})
	}
	return a
}

func (v Value) equal(w Value) bool {
	return v.IsList == w.IsList && v.Number == w.Number && slices.Equal(v.List, w.List)
}

// Param is one setting of a rule.
type Param struct {
	Name    string
	Default Value
	Tighter Tighter
	Unit    string
	Doc     string
	// InFacts says that Go reads the parameter when it computes the facts (a window, an approval interval), so that
	// the expressions need not name it.
	InFacts bool
	Min     float64 // smallest value that makes sense; numbers are never negative
	Max     float64 // largest value that makes sense; 0 means unbounded

	at scalar
}

// valid says what is wrong with a value, or "".
func (p Param) valid(v Value) string {
	if p.Default.IsList != v.IsList {
		if p.Default.IsList {
			return fmt.Sprintf("%s takes a list", p.Name)
		}
		return fmt.Sprintf("%s takes a number", p.Name)
	}
	if v.IsList {
		return ""
	}
	if v.Number < p.Min {
		return fmt.Sprintf("%s must be at least %v", p.Name, p.Min)
	}
	if p.Max > 0 && v.Number > p.Max {
		return fmt.Sprintf("%s must be at most %v", p.Name, p.Max)
	}
	return ""
}

// loosens reports whether wanted is less strict than central in any respect.
func (t Tighter) loosens(central, wanted Value) bool {
	switch t {
	case Lower:
		return wanted.Number > central.Number
	case Higher:
		return wanted.Number < central.Number
	case Superset:
		return !containsAll(wanted.List, central.List)
	case Subset:
		return !containsAll(central.List, wanted.List)
	}
	return true // an unknown direction tightens nothing
}

// meet is the stricter of two values, or what both demand.
func (t Tighter) meet(a, b Value) Value {
	switch t {
	case Lower:
		return Value{Number: min(a.Number, b.Number)}
	case Higher:
		return Value{Number: max(a.Number, b.Number)}
	case Superset:
		out := slices.Clone(a.List)
		for _, s := range b.List {
			if !slices.Contains(out, s) {
				out = append(out, s)
			}
		}
		return Value{List: out, IsList: true}
	case Subset:
		var out []string
		for _, s := range a.List {
			if slices.Contains(b.List, s) {
				out = append(out, s)
			}
		}
		return Value{List: out, IsList: true}
	}
	return a
}

func containsAll(all, some []string) bool {
	for _, s := range some {
		if !slices.Contains(all, s) {
			return false
		}
	}
	return true
}
