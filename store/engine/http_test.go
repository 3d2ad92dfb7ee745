package engine

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

func TestPlainHTTP(t *testing.T) {
	p := shared(t)
	esc := url.QueryEscape
	for _, tc := range []struct {
		name, method, query, body string
		status                    int
		want                      string // the whole body, or a part of an error
	}{
		{"ping", "GET", "ping", "", 200, "Ok.\n"},
		{"get", "GET", "?query=SELECT+1", "", 200, "1\n"},
		{"post", "POST", "", "SELECT 1 + 1", 200, "2\n"},
		{"query and body are one text", "POST", "?query=SELECT", "3", 200, "3\n"},
		{"format clause", "POST", "", "SELECT 1 AS a FORMAT JSONEachRow", 200, "{\"a\":1}\n"},
		{"default format", "POST", "?default_format=CSV", "SELECT 'x', 2", 200, "\"x\",2\n"},
		{"a format with a head is one document", "POST", "?default_format=CSVWithNames", "SELECT number AS n FROM numbers(3) SETTINGS max_block_size=1", 200, "\"n\"\n0\n1\n2\n"},
		{"parameter", "GET", "?query=" + esc("SELECT {a:String}") + "&param_a=" + esc("it's"), "", 200, "it\\'s\n"},
		{"trailing semicolon and comment", "POST", "", "SELECT 1; -- so", 200, "1\n"},
		{"show", "POST", "", "SHOW DATABASES LIKE 'system'", 200, "system\n"},
		{"unknown table", "POST", "", "SELECT * FROM nowhere", 404, "Code: 60."},
		{"syntax", "POST", "", "SELEC 1", 400, "Code: 62."},
		{"empty", "POST", "", "", 400, "Code: 62."},
		{"two statements", "POST", "", "SELECT 1; DROP TABLE x", 400, "Multi-statements"},
		{"unknown setting", "POST", "?no_such_setting=1", "SELECT 1", 404, "Code: 115."},
		{"setting that is no name", "POST", "?" + esc("a = 1, b") + "=1", "SELECT 1", 404, "Code: 115."},
		{"unknown database", "POST", "?database=nowhere", "SELECT 1", 404, "Code: 81."},
		{"a link changes nothing", "GET", "?query=" + esc("CREATE DATABASE by_link"), "", 500, "Code: 164."},
		{"into outfile", "POST", "", "SELECT 1 INTO OUTFILE '/tmp/x'", 500, "Code: 344."},
		{"a file", "POST", "", "SELECT * FROM file('/etc/hostname', 'LineAsString')", 403, "Code: 497."},
		{"a file by another door", "POST", "", "CREATE TABLE default.f (a String) ENGINE = File(TSV, '/tmp/f')", 403, "Code: 497."},
		{"an address", "POST", "", "SELECT * FROM url('http://192.0.2.1/', 'LineAsString')", 403, "Code: 497."},
		{"shutdown", "POST", "", "SYSTEM SHUTDOWN", 403, "Code: 497."},
		{"async insert", "POST", "", "SELECT 1 SETTINGS async_insert = 1", 500, "Code: 452."},
		{"async insert by address is not taken", "POST", "?async_insert=1", "SELECT getSetting('async_insert')", 200, "false\n"},
		{"time zone", "POST", "", "SELECT timezone(), serverTimezone()", 200, "UTC\tUTC\n"},
		{"sessions", "POST", "?session_id=a", "SELECT 1", 501, "Code: 48."},
		{"other path", "GET", "play", "", 404, ""},
		{"other method", "DELETE", "", "", 405, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := ask(t, p, tc.method, tc.query, tc.body)
			if r.status != tc.status {
				t.Fatalf("status %d, want %d: %s", r.status, tc.status, r.body)
			}
			if tc.status == 200 && r.body != tc.want {
				t.Fatalf("body %q, want %q", r.body, tc.want)
			}
			if !strings.Contains(r.body, tc.want) {
				t.Fatalf("body %q does not contain %q", r.body, tc.want)
			}
			if strings.HasPrefix(tc.want, "Code: ") && !strings.HasPrefix(tc.want, "Code: "+r.header.Get("X-ClickHouse-Exception-Code")) {
				t.Fatalf("code header %q, body %q", r.header.Get("X-ClickHouse-Exception-Code"), r.body)
			}
		})
	}
}

func TestHeaders(t *testing.T) {
	r := ask(t, shared(t), "POST", "?query_id=abc", "SELECT number FROM numbers(5)", "X-ClickHouse-Format", "JSONEachRow")
	for name, want := range map[string]string{
		"X-ClickHouse-Query-Id": "abc",
		"X-ClickHouse-Format":   "JSONEachRow",
		"X-ClickHouse-Timezone": "UTC",
		"Content-Type":          "application/x-ndjson; charset=UTF-8",
	} {
		if got := r.header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if s := r.header.Get("X-ClickHouse-Summary"); !strings.Contains(s, `"read_rows":"5"`) || !strings.Contains(s, `"result_rows":"5"`) {
		t.Errorf("summary %s", s)
	}
}

func TestEncodings(t *testing.T) {
	p := shared(t)
	unpack := map[string]func(io.Reader) io.Reader{
		"gzip": func(r io.Reader) io.Reader {
			zr, err := gzip.NewReader(r)
			if err != nil {
				t.Fatal(err)
			}
			return zr
		},
		"zstd": func(r io.Reader) io.Reader {
			zr, err := zstd.NewReader(r)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(zr.Close)
			return zr
		},
	}
	for name, open := range unpack {
		r := ask(t, p, "POST", "?enable_http_compression=1", "SELECT number FROM numbers(100000)", "Accept-Encoding", name)
		if got := r.header.Get("Content-Encoding"); got != name {
			t.Fatalf("asked for %s, got %q", name, got)
		}
		raw, err := io.ReadAll(open(strings.NewReader(r.body)))
		if err != nil || bytes.Count(raw, []byte("\n")) != 100000 {
			t.Fatalf("%s: %d lines, %v", name, bytes.Count(raw, []byte("\n")), err)
		}
	}
	if r := ask(t, p, "POST", "", "SELECT 1", "Accept-Encoding", "gzip"); r.header.Get("Content-Encoding") != "" {
		t.Error("compressed although enable_http_compression was not set")
	}
	var b bytes.Buffer
	zw := gzip.NewWriter(&b)
	_, _ = zw.Write([]byte("SELECT 7"))
	_ = zw.Close()
	if r := ask(t, p, "POST", "", b.String(), "Content-Encoding", "gzip"); r.body != "7\n" {
		t.Errorf("gzip body: %q", r.body)
	}
}

func TestErrorAfterOutput(t *testing.T) {
	p := shared(t)
	q := "SELECT number, throwIf(number = 900000) FROM numbers(1000000) SETTINGS max_block_size=65536"
	r := ask(t, p, "POST", "", q)
	if r.status != http.StatusOK {
		t.Fatalf("status %d: the test wants an error after the answer has begun", r.status)
	}
	tag := r.header.Get("X-ClickHouse-Exception-Tag")
	if !strings.Contains(r.body, "\r\n__exception__\r\n"+tag+"\r\nCode: 395.") || !strings.HasSuffix(r.body, tag+"\r\n__exception__\r\n") {
		t.Fatalf("no exception block at the end: %q", r.body[max(0, len(r.body)-400):])
	}
	if r = ask(t, p, "POST", "?wait_end_of_query=1", q); r.status != 500 || !strings.HasPrefix(r.body, "Code: 395.") {
		t.Fatalf("wait_end_of_query: %d %q", r.status, r.body[:min(len(r.body), 200)])
	}
}

func TestWebPagesAreRefused(t *testing.T) {
	if r := ask(t, shared(t), "POST", "", "SELECT 1", "Origin", "https://attacker.example"); r.status != http.StatusForbidden {
		t.Fatalf("status %d", r.status)
	}
}
