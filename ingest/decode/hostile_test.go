package decode

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/grantwatch/grantwatch/access"
)

// check decodes and holds the decoder to what Decoder promises: no panic, a Rejection or a sound event.
func check(t testing.TB, dec Decoder, rec []byte) (access.Event, *access.Rejection) {
	t.Helper()
	var ev access.Event
	err := dec.Decode(rec, &ev)
	var r *access.Rejection
	if err != nil && !errors.As(err, &r) {
		t.Fatalf("Decode returned %T: %v", err, err)
	}
	if err != nil {
		if r == nil || r.Reason == "" || len(r.Detail) > 300 || !utf8.ValidString(r.Detail) {
			t.Fatalf("poor rejection: %+v", r)
		}
		if r.Reason != access.ReasonTime {
			return ev, r
		}
	}
	if err == nil && (ev.Time.IsZero() || ev.ID == "" || ev.Action == "") {
		t.Fatalf("event without id, time or action: %+v", ev)
	}
	switch ev.Outcome {
	case access.Success, access.Failure, access.Denied, access.Unknown:
	default:
		if err == nil {
			t.Fatalf("outcome %q", ev.Outcome)
		}
	}
	if ev.Change != nil && ev.Outcome != access.Success {
		t.Fatalf("a call that did not succeed changed something: %+v", ev.Change)
	}
	for k, v := range ev.Attrs {
		if v == "" {
			t.Fatalf("attribute %s is empty, not absent", k)
		}
	}
	out, err := json.Marshal(ev)
	if err != nil || !utf8.Valid(out) {
		t.Fatalf("event cannot be printed: %v", err)
	}
	return ev, r
}

func TestHostile(t *testing.T) {
	for _, f := range All() {
		t.Run(f.Name, func(t *testing.T) {
			good := fixture(t, f)[0]
			dec := f.New(NewStrings())
			long := strings.Repeat("a", 10<<20)
			put := func(pair string) []byte { return append([]byte("{"+pair+","), good[1:]...) }
			cases := []struct {
				name string
				rec  []byte
				want access.Reason // "" means accepted
			}{
				{"good", good, ""},
				{"empty", nil, access.ReasonSyntax},
				{"blank", []byte("   "), access.ReasonSyntax},
				{"text", []byte("Sep  1 10:00:00 host sshd[1]: hello"), access.ReasonSyntax},
				{"truncated", good[:len(good)/2], access.ReasonSyntax},
				{"one byte short", good[:len(good)-1], access.ReasonSyntax},
				{"trailing garbage", append(bytes.Clone(good), " {}"...), access.ReasonSyntax},
				{"null", []byte("null"), access.ReasonType},
				{"array", append(append([]byte("["), good...), ']'), access.ReasonType},
				{"string", []byte(`"x"`), access.ReasonType},
				{"number", []byte(`7`), access.ReasonType},
				{"empty object", []byte("{}"), access.ReasonMissing},
				{"long string", put(`"zz":"` + long + `"`), ""},
				{"long broken string", put(`"zz":"` + long), access.ReasonSyntax},
				{"long broken value", append(bytes.Repeat([]byte(`{"a":`), 250), ("x" + long)...), access.ReasonSyntax},
				{"deep arrays", put(`"zz":` + strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000)), access.ReasonTooDeep},
				{"deep objects", put(`"zz":` + strings.Repeat(`{"a":`, 10_000) + "1" + strings.Repeat("}", 10_000)), access.ReasonTooDeep},
				{"deep and unclosed", bytes.Repeat([]byte(`{"a":[`), 50_000), access.ReasonTooDeep},
				{"invalid UTF-8", put("\"zz\":\"\xff\xfe\""), access.ReasonEncoding},
				{"UTF-16", []byte("{\x00\"\x00a\x00\"\x00:\x001\x00}\x00"), access.ReasonEncoding},
				{"raw NUL", put("\"zz\":\"a\x00b\""), access.ReasonEncoding},
				{"escaped NUL", put(`"zz":"a\u0000b"`), ""},
				{"lone surrogate", put(`"zz":"\ud800"`), ""},
				{"BOM", append([]byte("\xef\xbb\xbf"), good...), ""},
				{"CRLF", append(bytes.Clone(good), "\r\n"...), ""},
				{"duplicate keys", append(bytes.Clone(good[:len(good)-1]), append([]byte(","), good[1:]...)...), ""},
				{"huge number", put(`"zz":1e999999999999`), ""},
				{"many keys", put(manyKeys(20_000)), ""},
			}
			for _, c := range cases {
				_, r := check(t, dec, c.rec)
				got := access.Reason("")
				if r != nil {
					got = r.Reason
				}
				if got != c.want {
					t.Errorf("%s: rejected as %q, want %q (%v)", c.name, got, c.want, r)
				}
			}
			// The decoder is as good as new after all that.
			if _, r := check(t, dec, good); r != nil {
				t.Errorf("good record after bad ones: %v", r)
			}
		})
	}
}

func manyKeys(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `"k%d":{"a":[%d]},`, i, i)
	}
	return strings.TrimSuffix(b.String(), ",")
}

// TestEveryPrefix cuts each fixture at every byte.
func TestEveryPrefix(t *testing.T) {
	for _, f := range All() {
		dec := f.New(NewStrings())
		for _, rec := range fixture(t, f) {
			for i := range rec {
				if _, r := check(t, dec, rec[:i]); r == nil {
					t.Fatalf("%s: accepted a record cut at byte %d", f.Name, i)
				}
			}
		}
	}
}

// TestTypesSwapped replaces every value of every fixture, one at a time, by each JSON type.
func TestTypesSwapped(t *testing.T) {
	others := []any{nil, true, 7, -1.5e300, "", "text", []any{}, []any{nil, 1, "a", map[string]any{}, []any{nil}}, map[string]any{}, map[string]any{"type": 1, "id": nil, "arn": []any{}}}
	for _, f := range All() {
		dec := f.New(NewStrings())
		tried := 0
		for _, rec := range fixture(t, f) {
			var doc any
			if err := json.Unmarshal(rec, &doc); err != nil {
				t.Fatal(err)
			}
			everyValue(doc, func(set func(any), old any) {
				for _, other := range others {
					set(other)
					b, err := json.Marshal(doc)
					if err != nil {
						t.Fatal(err)
					}
					check(t, dec, b)
					tried++
				}
				set(old)
			})
		}
		if tried < 1000 {
			t.Errorf("%s: only %d mutations", f.Name, tried)
		}
	}
}

// everyValue visits every value inside v with a function that replaces it.
func everyValue(v any, visit func(set func(any), old any)) {
	switch v := v.(type) {
	case map[string]any:
		for k, old := range v {
			visit(func(n any) { v[k] = n }, old)
			everyValue(old, visit)
		}
	case []any:
		for i, old := range v {
			visit(func(n any) { v[i] = n }, old)
			everyValue(old, visit)
		}
	}
}

func FuzzCloudTrail(f *testing.F) { fuzzFormat(f, "aws_cloudtrail") }
func FuzzK8s(f *testing.F)        { fuzzFormat(f, "k8s_audit") }
func FuzzOkta(f *testing.F)       { fuzzFormat(f, "okta_system") }

func fuzzFormat(f *testing.F, name string) {
	format, ok := Lookup(name)
	if !ok {
		f.Fatal("no such format")
	}
	for _, rec := range fixture(f, format) {
		f.Add(rec)
	}
	dec := format.New(NewStrings())
	f.Fuzz(func(t *testing.T, rec []byte) {
		first, r1 := check(t, dec, rec)
		second, r2 := check(t, dec, rec)
		a, _ := json.Marshal(first)
		b, _ := json.Marshal(second)
		if !bytes.Equal(a, b) || (r1 == nil) != (r2 == nil) {
			t.Fatalf("the same record decodes differently: %s / %s", a, b)
		}
	})
}
