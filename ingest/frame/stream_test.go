package frame

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/klauspost/compress/gzip"
	"pgregory.net/rapid"

	"github.com/grantwatch/grantwatch/access"
)

// TestLayouts writes the same objects in any mixture of layouts and expects the same objects back.
func TestLayouts(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var in bytes.Buffer
		var want []string
		groups := rapid.IntRange(0, 6).Draw(rt, "groups")
		for range groups {
			objects := rapid.SliceOfN(object(), 1, 5).Draw(rt, "objects")
			layout := rapid.SampledFrom([]string{"lines", "crlf", "pretty", "joined", "array", "pretty array", "Records", "pretty Records", "items"}).Draw(rt, "layout")
			for _, o := range objects {
				want = append(want, compact(rt, o))
			}
			in.WriteString(lay(objects, layout))
			in.WriteByte('\n')
		}
		var r io.Reader = &in
		switch rapid.SampledFrom([]string{"plain", "byte", "gzip", "zstd"}).Draw(rt, "carrier") {
		case "byte":
			r = iotest.OneByteReader(r)
		case "gzip":
			r = bytes.NewReader(gzipped(t, in.String()))
		case "zstd":
			r = bytes.NewReader(zstded(t, in.String()))
		}
		got := read(t, r, Options{})
		for i := range got {
			got[i] = compact(rt, got[i])
		}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			rt.Fatalf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	})
}

func object() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		m := map[string]any{"id": rapid.IntRange(0, 99).Draw(t, "id")}
		text := rapid.StringMatching(`[a-z"\\{}\[\], :\n\x{e9}]{0,12}`)
		for range rapid.IntRange(0, 3).Draw(t, "members") {
			k := rapid.StringMatching(`[a-z]{1,3}`).Draw(t, "key")
			switch rapid.IntRange(0, 4).Draw(t, "type") {
			case 0:
				m[k] = text.Draw(t, "text")
			case 1:
				m[k] = map[string]any{text.Draw(t, "inner"): []any{}, "z": map[string]any{}}
			case 2:
				m[k] = []any{text.Draw(t, "text"), 1.5, nil, map[string]any{"k": true}}
			case 3:
				m[k] = nil
			case 4:
				m[k] = -1
			}
		}
		b, err := json.Marshal(m)
		if err != nil {
			panic(err)
		}
		return string(b)
	})
}

func lay(objects []string, layout string) string {
	pretty := func(s string) string {
		var b bytes.Buffer
		if err := json.Indent(&b, []byte(s), "", "  "); err != nil {
			panic(err)
		}
		return b.String()
	}
	switch layout {
	case "lines":
		return strings.Join(objects, "\n")
	case "crlf":
		return strings.Join(objects, "\r\n")
	case "joined":
		return strings.Join(objects, "")
	case "pretty":
		out := make([]string, len(objects))
		for i, o := range objects {
			out[i] = pretty(o)
		}
		return strings.Join(out, "\n")
	case "array":
		return "[" + strings.Join(objects, ",") + "]"
	case "pretty array":
		return pretty("[" + strings.Join(objects, ",") + "]")
	case "Records":
		return `{"Records":[` + strings.Join(objects, ",") + `],"next":{"a":[1]}}`
	case "pretty Records":
		return pretty(`{"Records":[` + strings.Join(objects, ",") + `]}`)
	case "items":
		return `{"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":[` + strings.Join(objects, ",") + `]}`
	}
	panic(layout)
}

func compact(t interface{ Fatalf(string, ...any) }, s string) string {
	var b bytes.Buffer
	if err := json.Compact(&b, []byte(s)); err != nil {
		t.Fatalf("%q is no JSON: %v", s, err)
	}
	return b.String()
}

// TestCutIntoReads puts pieces of JSON and rubbish together and reads the result at once, by halves and by the byte: how a
// stream arrives must not show in its records, and every byte that is not blank or punctuation must be in some record.
func TestCutIntoReads(t *testing.T) {
	pieces := []string{"{", "}", "[", "]", "\"", "\"a\":", "1", ",", ":", "\n", "\r\n", " ", "{\"a\":1}", "{}", "null", "\\", "text ", "\n{\"a\":", "\n}", "},{",
		"{\"Records\":[", "{\"kind\":\"XList\",\"items\":[", "]}\n", "\xef\xbb\xbf", "\xef", strings.Repeat("y", 70), strings.Repeat("[", 12), "\x00"}
	rapid.Check(t, func(rt *rapid.T) {
		in := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 40).Draw(rt, "pieces"), "")
		opt := Options{MaxRecord: rapid.SampledFrom([]int{64, 200, 0}).Draw(rt, "limit"), MaxDepth: 10, Lines: rapid.Bool().Draw(rt, "lines")}
		once := read(t, strings.NewReader(in), opt)
		for name, r := range map[string]io.Reader{"byte": iotest.OneByteReader(strings.NewReader(in)), "half": iotest.HalfReader(strings.NewReader(in)), "with EOF": iotest.DataErrReader(strings.NewReader(in))} {
			if got := read(t, r, opt); fmt.Sprintf("%q", got) != fmt.Sprintf("%q", once) {
				rt.Fatalf("%q read by %s: %q, at once: %q", in, name, got, once)
			}
		}
		// What stands beside the array in an object that wraps one is no record.
		if n := strings.Count(in, "y"); opt.MaxRecord == 0 && !strings.Contains(in, "Records") && !strings.Contains(in, "items") && strings.Count(strings.Join(once, ""), "y") != n {
			rt.Fatalf("%q: bytes are lost: %q", in, once)
		}
	})
}

// endless repeats a piece until so many bytes have been given out.
type endless struct {
	head, piece, tail string
	left              int
	buf               []byte
}

func (e *endless) Read(p []byte) (int, error) {
	for len(e.buf) == 0 {
		switch {
		case e.head != "":
			e.buf, e.head = []byte(e.head), ""
		case e.left > 0:
			e.buf = bytes.Repeat([]byte(e.piece), 1000)
			e.left -= len(e.buf)
		case e.tail != "":
			e.buf, e.tail = []byte(e.tail), ""
		default:
			return 0, io.EOF
		}
	}
	n := copy(p, e.buf)
	e.buf = e.buf[n:]
	return n, nil
}

// TestMemory reads streams that are much larger than what may be held: one line of a wrapped array, one endless string,
// a gzip bomb.
func TestMemory(t *testing.T) {
	const size = 200 << 20
	piece := `{"a":"` + strings.Repeat("x", 1000) + `"},`
	var bomb bytes.Buffer
	z, _ := gzip.NewWriterLevel(&bomb, gzip.BestSpeed)
	if _, err := io.Copy(z, &endless{head: `{"a":"`, piece: strings.Repeat("x", 1000), left: size}); err != nil {
		t.Fatal(err)
	}
	_ = z.Close()
	cases := []struct {
		name string
		in   io.Reader
		min  int64
	}{
		{"Records", &endless{head: `{"Records":[`, piece: piece, left: size, tail: `{}]}`}, size / 1100},
		{"one string", &endless{head: `{"a":"`, piece: strings.Repeat("x", 1000), left: size}, 1},
		{"one text line", &endless{piece: strings.Repeat("x", 1000), left: size}, 1},
		{"gzip bomb", &bomb, 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			f := New(c.in, Options{})
			defer f.Close()
			var n int64
			var most uint64
			for {
				_, err := f.Next()
				var r *access.Rejection
				if err == io.EOF {
					break
				} else if err != nil && !errors.As(err, &r) {
					t.Fatal(err)
				}
				if n++; n%50_000 == 1 {
					var m runtime.MemStats
					runtime.GC()
					runtime.ReadMemStats(&m)
					most = max(most, m.HeapAlloc)
				}
			}
			if n < c.min || most > 64<<20 {
				t.Errorf("%d records (want %d), %d MiB held", n, c.min, most>>20)
			}
		})
	}
}

// TestLinear reads streams made to be tried as the beginning of a value again and again.
func TestLinear(t *testing.T) {
	for name, piece := range map[string]string{
		"open objects":          "{\"a\":\n",
		"open objects indented": " {\"a\":\n",
		"open arrays":           "{\"a\":[\n",
		"pretty heads":          "{\n",
		"pretty heads indented": " {\n \"a\":\n",
		"array heads":           "[{\n",
		"broken elements":       "[{\"a\":[1},{\n",
		"open lines":            "{\"a\":1,\n\"b\":\n",
		"closing brackets":      "{\"a\":{}\n}}\n",
		"wrapper heads":         "{\"Records\":[{\n",
		"keys before a wrapper": "{\"kind\":\"XList\",\n",
		"back to back":          "{}{}{}{}{}{",
	} {
		t.Run(name, func(t *testing.T) {
			const size = 1 << 20
			start := time.Now()
			f := New(&endless{piece: piece, left: size}, Options{})
			for {
				_, err := f.Next()
				var r *access.Rejection
				if err == io.EOF {
					break
				} else if err != nil && !errors.As(err, &r) {
					t.Fatal(err)
				}
			}
			// The ordinary pace is some hundred MB a second, the race detector and a busy machine included a few; the square of
			// this length would take many minutes.
			if took := time.Since(start); took > time.Minute {
				t.Errorf("%d MiB took %v", size>>20, took)
			} else {
				t.Logf("%d MiB in %v", size>>20, took)
			}
		})
	}
}

func FuzzFrame(f *testing.F) {
	for _, s := range []string{"{\"a\":1}\n{\"b\":2}\n", `{"Records":[{"a":1},{"b":[]}]}`, "[{\"a\":1},\n{\"b\":2}]\n", "{\n \"a\": [1]\n}\n", kube,
		"\xef\xbb\xbf{}\r\n[[[]]]", "text\n[2026] text\n", `{"a":1}{"b":`, "{\"a\":\"\\", "[{\"a\":[1},{\"b\":2}]", "{\"a\": {}\n, \"b\": 2}\n"} {
		f.Add([]byte(s))
	}
	f.Add(gzipped(f, "{\"a\":1}\n"))
	f.Add(zstded(f, "{\"a\":1}\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		opt := Options{MaxRecord: 512, MaxDepth: 16, MaxBytes: 1 << 20}
		a := read(t, bytes.NewReader(in), opt)
		b := read(t, iotest.OneByteReader(bytes.NewReader(in)), opt)
		if fmt.Sprint(a) != fmt.Sprint(b) {
			t.Fatalf("the cut into reads shows:\n%q\n%q", a, b)
		}
		for _, r := range read(t, bytes.NewReader(in), Options{Lines: true, MaxBytes: 1 << 20}) {
			if strings.Contains(r, "\n") {
				t.Fatalf("a line with a newline in it: %q", r)
			}
		}
	})
}

func BenchmarkNext(b *testing.B) {
	record := `{"eventVersion":"1.09","userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/a"},"x":"` + strings.Repeat("abcdefghij ", 100) + `"}`
	for name, in := range map[string]string{
		"lines":   strings.Repeat(record+"\n", 10_000),
		"Records": `{"Records":[` + strings.Repeat(record+",", 9_999) + record + `]}`,
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(in)))
			b.ReportAllocs()
			for b.Loop() {
				f := New(strings.NewReader(in), Options{})
				for {
					if _, err := f.Next(); err != nil {
						break
					}
				}
			}
		})
	}
}

// TestCorpus keeps what fuzzing found from coming back, and the corpus small.
func TestCorpus(t *testing.T) {
	files, err := filepath.Glob("testdata/fuzz/*/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if st, err := os.Stat(f); err != nil || st.Size() > 10<<10 {
			t.Errorf("%s: too large for the repository (%v)", f, err)
		}
	}
}
