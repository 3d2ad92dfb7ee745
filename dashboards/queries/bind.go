package queries

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// bound are the parameters of one query as the store takes them.
type bound struct {
	teams   []string
	lists   map[string][]string
	texts   map[string]string
	numbers map[string]int64
	limit   int
	missing string // a needed parameter without a value
	notices []Notice
}

const (
	mostValues = 500  // of one parameter
	mostBytes  = 2048 // of one value: ARNs are long, and no name is longer
)

var fingerprint = regexp.MustCompile(`^[0-9a-zA-Z_.:-]{1,128}$`)

// bind checks every value against its parameter. A name that no parameter has is an error: a typing mistake must not
// widen an answer.
func bind(q *Query, given Params) (*bound, error) {
	b := &bound{lists: map[string][]string{}, texts: map[string]string{}, numbers: map[string]int64{}, limit: q.Limit}
	names := make([]string, 0, len(given))
	for name := range given {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if _, ok := q.Param(name); !ok {
			return nil, &Error{Reason: BadParameter, Query: q.Name, Param: name, Detail: "there is no such parameter"}
		}
	}
	for i := range q.Params {
		if err := b.set(q, &q.Params[i], given[q.Params[i].Name]); err != nil {
			return nil, &Error{Reason: BadParameter, Query: q.Name, Param: q.Params[i].Name, Detail: err.Error()}
		}
	}
	return b, nil
}

func (b *bound) set(q *Query, p *Param, given []string) error {
	values, everything, err := clean(p, given)
	if err != nil {
		return err
	}
	if len(values) == 0 && !everything {
		values = p.Default
	}
	if p.Needed && len(values) == 0 {
		if everything && len(p.Choices) > 0 {
			values = p.Choices
		} else {
			b.missing = p.Name
		}
	}
	switch {
	case p.Kind == KindTeam:
		b.teams = values
	case p.Kind == KindInt:
		n, err := integer(p, values)
		if err != nil {
			return err
		}
		if p.Name == "limit" {
			b.limit = int(n)
		} else {
			b.numbers[p.Name] = n
		}
	case p.Multi:
		b.lists[p.Name] = values
	case len(values) > 1:
		return fmt.Errorf("it takes one value, not %d", len(values))
	case len(values) == 1:
		b.texts[p.Name] = values[0]
	default:
		b.texts[p.Name] = ""
	}
	return nil
}

// clean drops empty values and All, and refuses what no value can be.
func clean(p *Param, given []string) (values []string, everything bool, err error) {
	if len(given) > mostValues {
		return nil, false, fmt.Errorf("it has %d values; %d at most", len(given), mostValues)
	}
	for _, v := range given {
		switch {
		case v == "":
			continue
		case v == AllValue:
			everything = true
			continue
		case len(v) > mostBytes:
			return nil, false, fmt.Errorf("a value has %d bytes; %d at most", len(v), mostBytes)
		case !utf8.ValidString(v) || strings.ContainsRune(v, 0):
			return nil, false, fmt.Errorf("a value is not text")
		case p.Choices != nil && !slices.Contains(p.Choices, v):
			return nil, false, fmt.Errorf("%q is not one of %s", short(v), strings.Join(p.Choices, ", "))
		case p.Kind == KindFingerprint && !fingerprint.MatchString(v):
			return nil, false, fmt.Errorf("%q is no fingerprint", short(v))
		}
		if !slices.Contains(values, v) {
			values = append(values, v)
		}
	}
	if everything {
		return nil, true, nil
	}
	return values, false, nil
}

func integer(p *Param, values []string) (int64, error) {
	if len(values) == 0 {
		values = p.Default
	}
	if len(values) != 1 {
		return 0, fmt.Errorf("it takes one number")
	}
	n, err := parseInt(values[0])
	if err != nil || n < p.Min || n > p.Max {
		return 0, fmt.Errorf("%q is no whole number from %d to %d", short(values[0]), p.Min, p.Max)
	}
	return n, nil
}
