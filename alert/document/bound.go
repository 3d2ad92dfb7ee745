package document

import (
	"reflect"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/alert/inert"
)

// bound is how much of what came from outside a document keeps.
type bound struct{ text, items int }

// bounds are tried one after the other until a document is no longer than MaxBytes; the last always is.
var bounds = []bound{{600, 20}, {200, 5}, {60, 2}}

// MaxBytes is how long the JSON form of a document may be.
const MaxBytes = 256 << 10

// Finding is a finding with every string and list bounded.
func Finding(f access.Finding) access.Finding { return inside(bounds[0], f) }

var clock = reflect.TypeFor[time.Time]()

// inside is a copy of v in which every string is one visible line and every list is bounded, however deep: a field that is
// added to a finding one day is bounded too.
func inside[T any](b bound, v T) T {
	out := reflect.New(reflect.TypeFor[T]()).Elem()
	b.copy(out, reflect.ValueOf(v))
	return out.Interface().(T) //nolint:forcetypeassert // it was made as one
}

func (b bound) copy(to, from reflect.Value) {
	switch from.Kind() {
	case reflect.String:
		to.SetString(inert.Line(from.String(), b.text))
	case reflect.Pointer:
		if !from.IsNil() {
			to.Set(reflect.New(from.Type().Elem()))
			b.copy(to.Elem(), from.Elem())
		}
	case reflect.Slice:
		n := min(b.items, from.Len())
		to.Set(reflect.MakeSlice(from.Type(), n, n)) // never nil: an empty list is printed as one
		for i := range n {
			b.copy(to.Index(i), from.Index(i))
		}
	case reflect.Struct:
		if from.Type() == clock {
			to.Set(from)
			return
		}
		for i := range from.NumField() {
			b.copy(to.Field(i), from.Field(i))
		}
	default:
		to.Set(from)
	}
}
