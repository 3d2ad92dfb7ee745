package awsauth

import (
	"bytes"
	"encoding/json"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/valyala/fastjson"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/ingest/entitlement/reader"
)

// statement is one statement of a policy.
type statement struct {
	name       string // its Sid, else its number from 1
	allow      bool
	actions    []string
	notActions []string
	resources  []string
	notRes     []string
	conditions string // canonical JSON, empty when there are none
	trusted    []trusted
}

// trusted is one principal of a trust policy's statement: its type (AWS, Service, Federated) and its name, or "*".
type trusted struct{ kind, name string }

func (d *document) statement(v *fastjson.Value, index int, trust bool) (statement, error) {
	s := statement{name: strconv.Itoa(index + 1)}
	if v.Type() != fastjson.TypeObject {
		return s, reader.Wrong("a statement must be an object, this is %s", v.Type())
	}
	if sid := v.GetStringBytes("Sid"); len(sid) > 0 {
		s.name = d.intern(string(sid))
	}
	switch effect := string(v.GetStringBytes("Effect")); effect {
	case "Allow":
		s.allow = true
	case "Deny":
	default:
		return s, reader.Wrong("Effect must be Allow or Deny, this is %q", effect)
	}
	var err error
	for _, f := range []struct {
		key  string
		into *[]string
	}{{"Action", &s.actions}, {"NotAction", &s.notActions}, {"Resource", &s.resources}, {"NotResource", &s.notRes}} {
		if *f.into, err = d.oneOrMany(v, f.key); err != nil {
			return s, err
		}
	}
	if (len(s.actions) == 0) == (len(s.notActions) == 0) {
		return s, reader.Wrong("a statement needs either Action or NotAction")
	}
	if !trust && (len(s.resources) == 0) == (len(s.notRes) == 0) {
		return s, reader.Wrong("a statement needs either Resource or NotResource")
	}
	if c := v.Get("Condition"); c != nil {
		if c.Type() != fastjson.TypeObject {
			return s, reader.Under(reader.Wrong("must be an object"), "Condition")
		}
		s.conditions = d.intern(canonicalCondition(c))
	}
	if trust {
		err = d.trusted(&s, v)
	}
	return s, err
}

func (d *document) trusted(s *statement, v *fastjson.Value) error {
	p := v.Get("Principal")
	if p == nil {
		if v.Exists("NotPrincipal") && s.allow {
			// Everybody but some: no tool can list them, so it is everybody.
			s.trusted = []trusted{{"AWS", "*"}}
		}
		return nil
	}
	if p.Type() == fastjson.TypeString {
		name := string(p.GetStringBytes())
		if name == "" {
			return reader.Under(errEmpty(), "Principal")
		}
		s.trusted = []trusted{{"AWS", name}}
		return nil
	}
	o, err := p.Object()
	if err != nil {
		return reader.Under(reader.Wrong(`must be an object or "*"`), "Principal")
	}
	o.Visit(func(key []byte, _ *fastjson.Value) {
		names, bad := d.oneOrMany(p, string(key))
		if bad != nil && err == nil {
			err = reader.Under(bad, "Principal")
		}
		for _, n := range names {
			s.trusted = append(s.trusted, trusted{string(key), n})
		}
	})
	return err
}

// errEmpty refuses an empty name: IAM accepts none, and a grant to or of nothing would be a finding about nothing.
func errEmpty() error { return reader.Wrong("must not be empty") }

// oneOrMany reads a string or a list of strings, without doubles and in alphabetical order: in a policy order means nothing.
func (d *document) oneOrMany(v *fastjson.Value, key string) ([]string, error) {
	f := v.Get(key)
	if f == nil {
		return nil, nil
	}
	if f.Type() == fastjson.TypeString {
		if len(f.GetStringBytes()) == 0 {
			return nil, reader.Under(errEmpty(), key)
		}
		return []string{d.intern(string(f.GetStringBytes()))}, nil
	}
	if f.Type() != fastjson.TypeArray {
		return nil, reader.Under(reader.Wrong("must be a string or a list of strings, this is %s", f.Type()), key)
	}
	items := f.GetArray()
	out := make([]string, 0, len(items))
	for i, item := range items {
		b, err := item.StringBytes()
		if err != nil {
			return nil, reader.Under(reader.Under(reader.Wrong("must be a string, this is %s", item.Type()), itoa(i)), key)
		}
		if len(b) == 0 {
			return nil, reader.Under(reader.Under(errEmpty(), itoa(i)), key)
		}
		out = append(out, d.intern(string(b)))
	}
	sort.Strings(out)
	n := 0
	for i, s := range out {
		if i == 0 || s != out[n-1] {
			out[n] = s
			n++
		}
	}
	return out[:n], nil
}

// canonicalCondition is a condition block with keys in order, lists sorted and a list of one as that one: what means the same
// is written the same.
func canonicalCondition(v *fastjson.Value) string {
	var block map[string]any
	if json.Unmarshal(v.MarshalTo(nil), &block) != nil || len(block) == 0 {
		return ""
	}
	for _, operator := range block {
		keys, ok := operator.(map[string]any)
		if !ok {
			continue
		}
		for key, values := range keys {
			list, ok := values.([]any)
			if !ok {
				continue
			}
			sort.Slice(list, func(i, j int) bool { return string(encode(list[i])) < string(encode(list[j])) })
			if len(list) == 1 {
				keys[key] = list[0]
			}
		}
	}
	return string(encode(block))
}

func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(v) != nil {
		return nil
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

func list(v *fastjson.Value, key string) ([]*fastjson.Value, error) {
	f := v.Get(key)
	if f == nil {
		return nil, nil
	}
	if f.Type() != fastjson.TypeArray {
		return nil, reader.Under(reader.Wrong("must be a list, this is %s", f.Type()), key)
	}
	return f.GetArray(), nil
}

func text(v *fastjson.Value, key string, must bool) (string, error) {
	f := v.Get(key)
	if f == nil {
		if must {
			return "", reader.Wrong("%s is missing", key)
		}
		return "", nil
	}
	b, err := f.StringBytes()
	if err != nil {
		return "", reader.Under(reader.Wrong("must be a string, this is %s", f.Type()), key)
	}
	if must && len(b) == 0 {
		return "", reader.Under(reader.Wrong("is empty"), key)
	}
	return string(b), nil
}

// when reads a time: RFC 3339 as the CLI prints it, or seconds since 1970 as some tools do.
func when(v *fastjson.Value, key string) (time.Time, error) {
	f := v.Get(key)
	switch {
	case f == nil, f.Type() == fastjson.TypeNull:
		return time.Time{}, nil
	case f.Type() == fastjson.TypeNumber:
		if s := f.GetFloat64(); s > 0 && s < 253402300800 {
			return time.Unix(int64(s), 0).UTC(), nil
		}
	case f.Type() == fastjson.TypeString:
		if t, ok := reader.ParseTime(string(f.GetStringBytes())); ok {
			return t, nil
		}
	}
	return time.Time{}, reader.Under(reader.Wrong("%s is no time", f), key)
}

func accountOf(arn, kind string) (string, error) {
	a, ok := access.ParseARN(arn)
	if !ok || a.Service != "iam" || !strings.HasPrefix(a.Resource, kind+"/") {
		return "", reader.Wrong("%q is no ARN of a %s", arn, kind)
	}
	return a.Account, nil
}

func itoa(i int) string { return strconv.Itoa(i) }

// intern keeps one copy of a string that comes again and again: policy names, actions, resources.
func (d *document) intern(s string) string {
	if got, ok := d.strings[s]; ok {
		return got
	}
	if len(d.strings) < 1<<18 {
		d.strings[s] = s
	}
	return s
}
