package rules

import (
	"strings"
	"testing"
	"time"
)

type withMethod struct {
	A string `expr:"a"`
}

func (withMethod) Shell() string { return "" }

type withPointerMethod struct {
	A string `expr:"a"`
}

func (*withPointerMethod) Shell() string { return "" }

func TestFactsMustBePlainData(t *testing.T) {
	for name, c := range map[string]struct {
		zero any
		says string
	}{
		"a method":             {withMethod{}, "has methods"},
		"a method on pointers": {withPointerMethod{}, "has methods"},
		"a function": {struct {
			F func() `expr:"f"`
		}{}, "not plain data"},
		"a pointer": {struct {
			P *string `expr:"p"`
		}{}, "not plain data"},
		"an interface": {struct {
			I any `expr:"i"`
		}{}, "not plain data"},
		"a type with methods": {struct {
			T time.Time `expr:"t"`
		}{}, "not plain data"},
		"a named string": {struct {
			K On `expr:"k"`
		}{}, "not plain data"},
		"a field without a name": {struct{ A string }{}, "expr tag"},
		"an embedded struct":     {struct{ withMethod }{}, ""},
		"two of one name": {struct {
			A string `expr:"a"`
			B string `expr:"a"`
		}{}, "two fields"},
		"no struct": {3, "is not a struct"},
		"nothing":   {nil, "is not a struct"},
	} {
		if _, err := newEnvironment(OnEvent, c.zero); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, wanted %q", name, err, c.says)
		}
	}
	for _, on := range ons {
		if len(FactNames(On(on))) < 10 {
			t.Errorf("facts of %s: %v", on, FactNames(On(on)))
		}
	}
}
