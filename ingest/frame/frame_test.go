package frame

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/grantwatch/grantwatch/access"
)

// read reads everything and spells each record as its text, with T in front when truncated, or its rejection in brackets.
func read(t testing.TB, r io.Reader, opt Options) []string {
	t.Helper()
	f := New(r, opt)
	defer f.Close()
	var out []string
	var last Record
	for {
		rec, err := f.Next()
		if err == io.EOF {
			if _, again := f.Next(); again != io.EOF {
				t.Fatalf("after the end Next says %v", again)
			}
			return out
		}
		var rejection *access.Rejection
		if err != nil && !errors.As(err, &rejection) {
			return append(out, "error "+err.Error())
		}
		if rec.Index != int64(len(out)) || rec.Offset < last.Offset || rec.Line < last.Line || rec.Line < 1 {
			t.Fatalf("record %d after %+v: %+v", len(out), last, rec)
		}
		last = rec
		switch {
		case rejection != nil:
			out = append(out, "["+string(rejection.Reason)+"]")
		case rec.Truncated:
			out = append(out, "T"+string(rec.Bytes))
		default:
			out = append(out, string(rec.Bytes))
		}
	}
}

const kube = `{"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":[{"a":1},{"a":2}]}`

func TestShapes(t *testing.T) {
	small := Options{MaxRecord: 100, MaxDepth: 5}
	cases := []struct {
		name, in string
		opt      Options
		want     []string
	}{
		{"nothing", "", Options{}, nil},
		{"blank", " \n\t\r\n\n", Options{}, nil},
		{"lines", "{\"a\":1}\n{\"a\":2}\n", Options{}, []string{`{"a":1}`, `{"a":2}`}},
		{"no last newline", "{\"a\":1}\n{\"a\":2}", Options{}, []string{`{"a":1}`, `{"a":2}`}},
		{"CRLF and BOM", "\xef\xbb\xbf{\"a\":1}\r\n\r\n{\"a\":2}\r\n", Options{}, []string{`{"a":1}`, `{"a":2}`}},
		{"BOM in the middle", "{\"a\":1}\n\xef\xbb\xbf{\"a\":2}\n", Options{}, []string{`{"a":1}`, `{"a":2}`}},
		{"back to back", `{"a":1}{"a":2} {"a":3}` + "\n{\"a\":4}\n", Options{}, []string{`{"a":1}`, `{"a":2}`, `{"a":3}`, `{"a":4}`}},
		{"brackets in strings", `{"a":"}{"}` + "\n" + `{"a":"} {\""}` + "\n", Options{}, []string{`{"a":"}{"}`, `{"a":"} {\""}`}},
		{"commas between", "{\"a\":1},\n{\"a\":2},\n", Options{}, []string{`{"a":1}`, `{"a":2}`}},
		{"pretty", "{\n  \"a\": {\n    \"b\": 1\n  }\n}\n{\n  \"a\": 2\n}\n", Options{}, []string{"{\n  \"a\": {\n    \"b\": 1\n  }\n}", "{\n  \"a\": 2\n}"}},
		{"pretty beginning on the first line", "{\"a\": {},\n \"b\": 2}\n{\"c\":3}\n", Options{}, []string{"{\"a\": {},\n \"b\": 2}", `{"c":3}`}},
		{"pretty whose first line looks complete", "{\"a\": {}\n, \"b\": 2}\n{\"c\":3}\n", Options{}, []string{"{\"a\": {}\n, \"b\": 2}", `{"c":3}`}},
		{"array", `[{"a":1},{"a":2}]`, Options{}, []string{`{"a":1}`, `{"a":2}`}},
		{"empty array", "[]\n[ ]\n", Options{}, nil},
		{"pretty array", "[\n  {\n    \"a\": 1\n  },\n  {\n    \"a\": 2\n  }\n]\n", Options{}, []string{"{\n    \"a\": 1\n  }", "{\n    \"a\": 2\n  }"}},
		{"arrays and objects", "[{\"a\":1}]\n{\"a\":2}\n[{\"a\":3},{\"a\":4}]\n", Options{}, []string{`{"a":1}`, `{"a":2}`, `{"a":3}`, `{"a":4}`}},
		{"array of arrays", `[[1,2],[],"x",null,7,{"a":1}]`, Options{}, []string{`[1,2]`, `[]`, `"x"`, `null`, `7`, `{"a":1}`}},
		{"null first", `[null,{"a":1}]`, Options{}, []string{`null`, `{"a":1}`}},
		{"Records", `{"Records":[{"a":1},{"a":2}]}`, Options{}, []string{`{"a":1}`, `{"a":2}`}},
		{"pretty Records", "{\n \"Records\" : [\n {\"a\":1}\n ,{\"a\":2}\n ]\n}\n{\"b\":1}", Options{}, []string{`{"a":1}`, `{"a":2}`, `{"b":1}`}},
		{"two Records", `{"Records":[{"a":1}],"x":{"y":[]}}` + "\n" + `{"Records":[]}` + `{"Records":[{"a":2}]}`, Options{}, []string{`{"a":1}`, `{"a":2}`}},
		{"records", `{"records":[{"a":1}]}`, Options{}, []string{`{"a":1}`}},
		{"EventList", kube + "\n" + kube, Options{}, []string{`{"a":1}`, `{"a":2}`, `{"a":1}`, `{"a":2}`}},
		{"sorted EventList", `{"apiVersion":"audit.k8s.io/v1","items":[{"a":1}],"kind":"EventList"}`, Options{}, []string{`{"a":1}`}},
		{"CloudWatch Logs", `{"messageType":"DATA_MESSAGE","owner":"111122223333","logGroup":"g","logStream":"s","subscriptionFilters":["f"],"logEvents":[{"id":"1"},{"id":"2"}]}`, Options{}, []string{`{"id":"1"}`, `{"id":"2"}`}},
		{"items elsewhere", `{"kind":"Event","items":[{"a":1}]}`, Options{}, []string{`{"kind":"Event","items":[{"a":1}]}`}},
		{"Records is no array", `{"Records":{"a":[1]}}`, Options{}, []string{`{"Records":{"a":[1]}}`}},
		{"text", "Sep 1 hello\n  indented\n\nlast", Options{}, []string{"Sep 1 hello", "indented", "last"}},
		{"text in brackets", "[2026-09-01T00:00:00Z] hello\n[info] {x}\n", Options{}, []string{"[2026-09-01T00:00:00Z] hello", "[info] {x}"}},
		{"text after an object", "{\"a\":1} rest\n{\"a\":2}\n", Options{}, []string{`{"a":1}`, "rest", `{"a":2}`}},
		{"line mode", "[{\"a\":1}]\n  {\n\n }\n", Options{Lines: true}, []string{`[{"a":1}]`, "  {", " }"}},

		{"cut off line", "{\"a\":{\"b\":\n{\"c\":1}\n{\"d\":2}\n", Options{}, []string{`{"a":{"b":`, `{"c":1}`, `{"d":2}`}},
		{"cut off in a string", "{\"a\":\"b\n{\"c\":1}\n", Options{}, []string{`{"a":"b`, `{"c":1}`}},
		{"cut off after a comma", "{\"a\":1,\n{\"c\":1}\n", Options{}, []string{`{"a":1,`, `{"c":1}`}},
		{"mismatched", "{\"a\":1]}\n{\"c\":1}\n", Options{}, []string{`{"a":1]}`, `{"c":1}`}},
		{"pretty and broken", "{\n \"a\": [1\n }\n}\n{\n \"b\": 2\n}\n", Options{}, []string{"{\n \"a\": [1\n }\n}", "{\n \"b\": 2\n}"}},
		{"pretty and cut off", "{\n \"a\": [1,\n{\n \"b\": 2\n}\n", Options{}, []string{"T{\n \"a\": [1,\n{\n \"b\": 2\n}"}},
		{"truncated", `{"a":1}` + "\n" + `{"a":{"b":`, Options{}, []string{`{"a":1}`, `T{"a":{"b":`}},
		{"truncated behind a bracket", `{"a":{"b":1}`, Options{}, []string{`T{"a":{"b":1}`}},
		{"truncated pretty", "{\n \"a\": 1,\n", Options{}, []string{"T{\n \"a\": 1,"}},
		{"truncated element", `[{"a":1},{"a":`, Options{}, []string{`{"a":1}`, `T{"a":`}},
		{"truncated array", `[{"a":1},`, Options{}, []string{`{"a":1}`, `[truncated]`}},
		{"truncated wrapper", `{"Records":[{"a":1}]`, Options{}, []string{`{"a":1}`, `[truncated]`}},
		{"broken element", `[{"a":1},{"b":[1},{"c":2},{"d":3}]` + "\n" + `{"e":4}`, Options{}, []string{`{"a":1}`, `{"b":[1}`, `{"c":2}`, `{"d":3}`, `{"e":4}`}},

		{"long line", "{\"a\":1}\n{\"b\":\"" + strings.Repeat("x", 200) + "\"}\n{\"c\":1}\n", small, []string{`{"a":1}`, `[too_large]`, `{"c":1}`}},
		{"long text", strings.Repeat("x", 5000) + "\nshort\n", small, []string{`[too_large]`, `short`}},
		{"long element", `[{"a":1},{"b":"` + strings.Repeat("x", 200) + `"},{"c":1}]`, small, []string{`{"a":1}`, `[too_large]`, `{"c":1}`}},
		{"long scalar", `[{"a":1},` + strings.Repeat("7", 200) + `,{"c":1}]`, small, []string{`{"a":1}`, `[too_large]`, `{"c":1}`}},
		{"long pretty", "{\n\"b\":\"" + strings.Repeat("x", 200) + "\"\n}\n{\"c\":1}\n", small, []string{`[too_large]`, `{"c":1}`}},
		{"long and unclosed", "{\n\"b\":[" + strings.Repeat("1,", 200), small, []string{`[too_large]`}},
		{"many in one long line", "[" + strings.Repeat(`{"a":1},`, 50) + `{"a":1}]`, small, strings.Split(strings.Repeat(`{"a":1} `, 51), " ")[:51]},
		{"deep", "[" + strings.Repeat("[", 9) + strings.Repeat("]", 9) + `,{"a":1}]`, small, []string{`[too_deep]`, `{"a":1}`}},
		{"deep pretty", "{\n\"a\":[[[[[[]]]]]]\n}\n{\"a\":1}", small, []string{`[too_deep]`, `{"a":1}`}},
		{"stream limit", "{\"a\":1}\n{\"b\":2}\n{\"c\":3}\n", Options{MaxBytes: 12}, []string{`{"a":1}`, `T{"b"`, `[too_large]`}},
		{"stream limit that is just enough", "{\"a\":1}\n", Options{MaxBytes: 8}, []string{`{"a":1}`}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			readers := map[string]io.Reader{
				"at once":     strings.NewReader(c.in),
				"by the byte": iotest.OneByteReader(strings.NewReader(c.in)),
				"half":        iotest.HalfReader(strings.NewReader(c.in)),
				"with EOF":    iotest.DataErrReader(strings.NewReader(c.in)),
				"gzip":        bytes.NewReader(gzipped(t, c.in)),
				"zstd":        iotest.OneByteReader(bytes.NewReader(zstded(t, c.in))),
			}
			for name, r := range readers {
				got := read(t, r, c.opt)
				if strings.Join(got, "|") != strings.Join(c.want, "|") {
					t.Errorf("%s:\n got %q\nwant %q", name, got, c.want)
				}
			}
		})
	}
}

func gzipped(t testing.TB, parts ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	for _, p := range parts {
		z := gzip.NewWriter(&b)
		if _, err := io.WriteString(z, p); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

func zstded(t testing.TB, parts ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	for _, p := range parts {
		z, err := zstd.NewWriter(&b)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(z, p); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

func TestCompression(t *testing.T) {
	var lines strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&lines, "{\"n\":%d,\"x\":\"%x\"}\n", i, i*7919)
	}
	gz, zs := gzipped(t, lines.String()), zstded(t, lines.String())
	cases := []struct {
		name string
		in   []byte
		last string // the last of what is read
		min  int
	}{
		{"members", gzipped(t, "{\"a\":1}\n", "{\"a\":2}\n"), `{"a":2}`, 2},
		{"record over two members", gzipped(t, `{"a":`, "1}\n"), `{"a":1}`, 1},
		{"zstd frames", zstded(t, "{\"a\":1}\n", "{\"a\":2}\n"), `{"a":2}`, 2},
		{"zstd behind a skippable frame", append([]byte{0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 9, 9}, zstded(t, "{\"a\":1}\n")...), `{"a":1}`, 1},
		{"gzip cut", gz[:len(gz)/2], "[compression]", 1000},
		{"gzip without its sum", gz[:len(gz)-4], "[compression]", 5001},
		{"gzip with a wrong sum", append(bytes.Clone(gz[:len(gz)-8]), 1, 2, 3, 4, 5, 6, 7, 8), "[compression]", 5001},
		{"gzip header only", gz[:5], "[compression]", 1},
		{"garbage behind gzip", append(bytes.Clone(gz), "garbage"...), "[compression]", 5001},
		{"zstd cut", zs[:len(zs)-20], "[compression]", 1},
		{"zstd broken", append(bytes.Clone(zs[:20]), bytes.Repeat([]byte{0xff}, 40)...), "[compression]", 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := read(t, bytes.NewReader(c.in), Options{})
			if len(got) < c.min || got[len(got)-1] != c.last {
				t.Fatalf("%d records, the last %q; want at least %d and %q", len(got), got[len(got)-1], c.min, c.last)
			}
			for _, r := range got[:len(got)-1] {
				if r[0] == '[' {
					t.Fatalf("rejected in the middle: %q", r)
				}
			}
		})
	}
}

// TestReadError shows that a stream that fails is an error, not a rejection, and that half a record is not delivered.
func TestReadError(t *testing.T) {
	broken := errors.New("disk on fire")
	for _, in := range []string{"{\"a\":1}\n{\"b\":", "{\"a\":1}\nhalf a li", "[{\"a\":1},{\"b\"", "[{\"a\":1},", `{"Records":[{"a":1}]`} {
		for _, opt := range []Options{{}, {Lines: false, MaxRecord: 64}} {
			got := read(t, io.MultiReader(strings.NewReader(in), iotest.ErrReader(broken)), opt)
			if want := []string{`{"a":1}`, "error disk on fire"}; strings.Join(got, "|") != strings.Join(want, "|") {
				t.Errorf("%q: %q", in, got)
			}
		}
	}
	gz := gzipped(t, "{\"a\":1}\n")
	got := read(t, io.MultiReader(bytes.NewReader(gz[:12]), iotest.ErrReader(broken)), Options{})
	if len(got) != 1 || got[0] != "error disk on fire" {
		t.Errorf("gzip over a failing stream: %q", got)
	}
}

func TestPlaces(t *testing.T) {
	in := "{\"a\":1}\n\n{\n\"b\":\n2}\n[{\"c\":3},\n {\"d\":4}]\ntext\n"
	want := []Record{
		{Line: 1, Index: 0, Offset: 0},
		{Line: 3, Index: 1, Offset: 9},
		{Line: 6, Index: 2, Offset: 20},
		{Line: 7, Index: 3, Offset: 30},
		{Line: 8, Index: 4, Offset: 39},
	}
	f := New(iotest.OneByteReader(strings.NewReader(in)), Options{})
	for _, w := range want {
		got, err := f.Next()
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(in[got.Offset:], string(got.Bytes)) {
			t.Errorf("%q is not at offset %d", got.Bytes, got.Offset)
		}
		got.Bytes = nil
		if got.Line != w.Line || got.Index != w.Index || got.Offset != w.Offset {
			t.Errorf("got %+v, want %+v", got, w)
		}
	}
}
