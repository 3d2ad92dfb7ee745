package rules

import (
	"reflect"
	"sync"

	"github.com/expr-lang/expr/vm"
	"github.com/goccy/go-yaml/ast"

	"github.com/grantwatch/grantwatch/rules/facts"
)

// onFinding is what a condition is about. No rule can be: rules make findings.
const onFinding On = "finding"

var findingFacts = mustEnvironment(onFinding, facts.Finding{})

// Condition is one expression over one finding, behind the same fences as those of rules. It is safe for concurrent use.
type Condition struct {
	program *vm.Program
	pool    sync.Pool
}

// NewCondition compiles the value of a node of a YAML file. What is wrong with it points at its place in the file.
func NewCondition(file string, data []byte, n ast.Node) (*Condition, []Problem) {
	var problems []Problem
	r := &reader{doc: newDocument(source{name: file, data: data}), problems: &problems}
	text, ok := r.text(n, "a condition")
	if !ok {
		return nil, problems
	}
	s := &scope{env: findingFacts}
	program, bad := s.check(text, reflect.Bool)
	if len(bad) > 0 {
		return nil, bad
	}
	c := &Condition{program: program}
	c.pool.New = func() any {
		m := &vm.VM{}
		m.MemoryBudget = memoryBudget
		return m
	}
	return c, nil
}

// Holds evaluates the condition. An error means that nobody knows.
func (c *Condition) Holds(f *facts.Finding) (bool, error) {
	m, _ := c.pool.Get().(*vm.VM)
	defer c.pool.Put(m)
	v, err := m.Run(c.program, *f)
	if err != nil {
		return false, err
	}
	holds, _ := v.(bool) // the compiler has seen to it
	return holds, nil
}

// ConditionFacts lists what a condition can ask about, sorted.
func ConditionFacts() []string { return append([]string(nil), findingFacts.names...) }
