package rules

import (
	"fmt"
	"reflect"
	"sort"

	"github.com/grantwatch/grantwatch/rules/facts"
)

// environment is what expressions about one kind of fact can see.
type environment struct {
	on     On
	zero   any
	typ    reflect.Type
	fields map[string]int // fact name to field index
	names  []string
}

var environments = map[On]*environment{
	OnGrant:   mustEnvironment(OnGrant, facts.Grant{}),
	OnIdle:    mustEnvironment(OnIdle, facts.Idle{}),
	OnAccount: mustEnvironment(OnAccount, facts.Account{}),
	OnNHI:     mustEnvironment(OnNHI, facts.NHI{}),
	OnFeed:    mustEnvironment(OnFeed, facts.Feed{}),
	OnEvent:   mustEnvironment(OnEvent, facts.Event{}),
}

// mustEnvironment runs when the program starts: facts that are not plain data are a mistake of ours, not of a rule.
func mustEnvironment(on On, zero any) *environment {
	e, err := newEnvironment(on, zero)
	if err != nil {
		panic(err)
	}
	return e
}

// newEnvironment refuses anything but plain data. An expression can call every method of what it sees, and reach
// through pointers and interfaces, so the facts have none of them.
func newEnvironment(on On, zero any) (*environment, error) {
	t := reflect.TypeOf(zero)
	if t == nil || t.Kind() != reflect.Struct {
		return nil, fmt.Errorf("facts of %s: %v is not a struct", on, t)
	}
	if n := reflect.PointerTo(t).NumMethod(); n > 0 {
		return nil, fmt.Errorf("facts of %s: %v has methods, which an expression could call", on, t)
	}
	e := &environment{on: on, zero: zero, typ: t, fields: map[string]int{}}
	for i := range t.NumField() {
		f := t.Field(i)
		name := f.Tag.Get("expr")
		if !f.IsExported() || f.Anonymous || name == "" || name == "-" {
			return nil, fmt.Errorf("facts of %s: field %s must be exported, not embedded, and named by an expr tag", on, f.Name)
		}
		if _, twice := e.fields[name]; twice {
			return nil, fmt.Errorf("facts of %s: two fields are named %s", on, name)
		}
		switch f.Type {
		case reflect.TypeFor[string](), reflect.TypeFor[bool](), reflect.TypeFor[int](), reflect.TypeFor[float64](),
			reflect.TypeFor[[]string](), reflect.TypeFor[map[string]string]():
		default:
			return nil, fmt.Errorf("facts of %s: field %s has type %v, which is not plain data", on, f.Name, f.Type)
		}
		e.fields[name] = i
		e.names = append(e.names, name)
	}
	sort.Strings(e.names)
	return e, nil
}

// FactNames lists what a rule on the given facts can ask about, sorted.
func FactNames(on On) []string {
	if e := environments[on]; e != nil {
		return append([]string(nil), e.names...)
	}
	return nil
}
