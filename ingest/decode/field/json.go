package field

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/valyala/fastjson"

	"github.com/grantwatch/grantwatch/access"
)

// large is the size of a record after which the parser is thrown away, so that one giant does not hold its memory
// for the life of the process.
const large = 1 << 20

// quotable is the size up to which the parser may report on a broken record itself.
const quotable = 64 << 10

// JSON parses records and reads values out of them without trusting their types. The values that it returns are valid
// until the next Parse.
type JSON struct {
	outer, inner *fastjson.Parser
	big          bool
}

// Parse reads rec, which must be one JSON object. Bytes that are fine in JSON are fine here: an escaped NUL is text, a
// raw one is an encoding error.
func (j *JSON) Parse(rec []byte) (*fastjson.Value, error) {
	if j.outer == nil || j.big {
		j.outer, j.inner = new(fastjson.Parser), new(fastjson.Parser)
		j.big = false
	}
	return j.parse(j.outer, rec)
}

// ParseInner reads a JSON object that is the text of a string in the outer one. The outer values stay valid.
func (j *JSON) ParseInner(rec []byte) (*fastjson.Value, error) {
	return j.parse(j.inner, rec)
}

func (j *JSON) parse(p *fastjson.Parser, rec []byte) (*fastjson.Value, error) {
	rec = bytes.TrimPrefix(rec, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(rec) {
		return nil, access.Reject(access.ReasonEncoding, "not UTF-8")
	}
	if bytes.IndexByte(rec, 0) >= 0 {
		return nil, access.Reject(access.ReasonEncoding, "NUL byte")
	}
	if len(rec) > large {
		j.big = true
	}
	// The parser's error quotes the rest of the record once per level of nesting, which a long, deep and broken record
	// could make us pay for; the standard library's check is slower and has no such habit.
	if len(rec) > quotable && !json.Valid(rec) {
		if tooDeep(rec) {
			return nil, errTooDeep
		}
		return nil, access.Reject(access.ReasonSyntax, "not JSON")
	}
	v, err := p.ParseBytes(rec)
	if err != nil {
		return nil, parseError(err)
	}
	if v.Type() != fastjson.TypeObject {
		return nil, access.Reject(access.ReasonType, "a JSON "+v.Type().String()+", not an object")
	}
	return v, nil
}

// diagnoses are the fixed phrases in which the parser says what is wrong, each with ours. Its full message quotes the
// record, and details are printed and logged while records may hold secrets.
var diagnoses = [][2]string{
	{"unexpected tail", "something follows the object"},
	{"missing closing '\"'", "a string is not closed"},
	{"unexpected end of", "it ends in the middle"},
	{"cannot parse empty string", "it ends in the middle"},
	{"missing ']'", "an array is not closed"},
	{"missing '}'", "an object is not closed"},
	{"cannot find opening", "an object's key is no string"},
	{"missing ':'", "a key has no colon"},
	{"missing ','", "a comma is missing"},
	{"cannot parse number", "a number is malformed"},
	{"unexpected value found", "a value is none of JSON's"},
}

var errTooDeep = access.Reject(access.ReasonTooDeep, "nested deeper than "+strconv.Itoa(fastjson.MaxDepth))

func parseError(err error) error {
	msg := err.Error()
	if len(msg) > 1<<16 {
		msg = msg[:1<<16]
	}
	if strings.Contains(msg, "too big depth") {
		return errTooDeep
	}
	for _, d := range diagnoses {
		if strings.Contains(msg, d[0]) {
			return access.Reject(access.ReasonSyntax, "not JSON: "+d[1])
		}
	}
	return access.Reject(access.ReasonSyntax, "not JSON")
}

// tooDeep reports whether brackets alone nest deeper than the parser goes; it is asked only of long broken records, and
// brackets inside strings may mislead it, which costs nothing but the better of two reasons.
func tooDeep(rec []byte) bool {
	depth := 0
	for _, c := range rec {
		switch c {
		case '{', '[':
			if depth++; depth > fastjson.MaxDepth {
				return true
			}
		case '}', ']':
			depth--
		}
	}
	return false
}

// Text returns the text of v: a string as it is, a number or boolean as it was written, nothing for anything else.
// Exporters turn numbers into strings and back, which harms nobody.
func Text(v *fastjson.Value) []byte {
	if v == nil {
		return nil
	}
	switch v.Type() {
	case fastjson.TypeString:
		b, _ := v.StringBytes()
		return b
	case fastjson.TypeNumber, fastjson.TypeTrue, fastjson.TypeFalse:
		return v.MarshalTo(nil)
	}
	return nil
}

// At returns the text of v's member key. v may be nil or of any type.
func At(v *fastjson.Value, key string) []byte {
	return Text(Get(v, key))
}

// Get returns v's member key, nil when v is no object, lacks it, or has it as null.
func Get(v *fastjson.Value, key string) *fastjson.Value {
	if v == nil || v.Type() != fastjson.TypeObject {
		return nil
	}
	o, _ := v.Object()
	m := o.Get(key)
	if m == nil || m.Type() == fastjson.TypeNull {
		return nil
	}
	return m
}

// List returns the elements of v when it is an array.
func List(v *fastjson.Value) []*fastjson.Value {
	if v == nil || v.Type() != fastjson.TypeArray {
		return nil
	}
	a, _ := v.Array()
	return a
}

// Bool reads true and false, as JSON or as text; known is false for anything else.
func Bool(v *fastjson.Value) (value, known bool) {
	if v == nil {
		return false, false
	}
	switch v.Type() {
	case fastjson.TypeTrue:
		return true, true
	case fastjson.TypeFalse:
		return false, true
	case fastjson.TypeString:
		b, _ := v.StringBytes()
		switch string(b) {
		case "true", "True", "TRUE":
			return true, true
		case "false", "False", "FALSE":
			return false, true
		}
	}
	return false, false
}

// Essential returns the text of v, which must be a string that is not empty.
func Essential(v *fastjson.Value, name string) ([]byte, error) {
	if v == nil || v.Type() == fastjson.TypeNull {
		return nil, access.Reject(access.ReasonMissing, name)
	}
	if v.Type() != fastjson.TypeString {
		return nil, access.Reject(access.ReasonType, name+" is a JSON "+v.Type().String()+", not a string")
	}
	b, _ := v.StringBytes()
	if len(b) == 0 {
		return nil, access.Reject(access.ReasonMissing, name+" is empty")
	}
	return b, nil
}

// Truncate cuts s to at most n bytes at a rune boundary.
func Truncate(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// TruncateBytes is Truncate for bytes.
func TruncateBytes(b []byte, n int) []byte {
	if len(b) <= n {
		return b
	}
	for n > 0 && !utf8.RuneStart(b[n]) {
		n--
	}
	return b[:n]
}
