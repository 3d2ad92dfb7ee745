package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// The keys of a dictionary are one, two or four bytes, whichever its size needs; the engine must read back each value.
func TestDictionaries(t *testing.T) {
	s := open(t)
	if err := s.exec(t.Context(), "create", "CREATE TABLE dictionary (n UInt64, one LowCardinality(String)) ENGINE = MergeTree ORDER BY n"); err != nil {
		t.Fatal(err)
	}
	for _, distinct := range []int{1, 2, 254, 255, 256, 257, 65535, 65536, 65537} {
		rows := distinct + 3
		n, one := make([]uint64, rows), make([]string, rows)
		for i := range rows {
			n[i], one[i] = uint64(i%distinct), fmt.Sprint(i%distinct)
		}
		if err := s.insert(t.Context(), "dictionary", "", []column{{"n", "UInt64", n}, {"one", typeLow, one}}); err != nil {
			t.Fatal(err)
		}
		bad := "SELECT count() FROM dictionary WHERE one != toString(n)"
		if got := count(t, s, "SELECT count() FROM dictionary"); got != uint64(rows) {
			t.Errorf("%d distinct values: %d rows, want %d", distinct, got, rows)
		}
		if got := count(t, s, bad); got != 0 {
			t.Errorf("%d distinct values: %d rows are wrong", distinct, got)
		}
		if err := s.exec(t.Context(), "truncate", "TRUNCATE TABLE dictionary"); err != nil {
			t.Fatal(err)
		}
	}
}

// A block is the same bytes however it is read, and from one attempt to the next, maps included.
func TestBlockIsTheSameEachTime(t *testing.T) {
	b := fullBatch("payments", "aws", 1)
	var first []byte
	for n := range 20 {
		var e encoder
		if n%2 == 1 { // one that has been used
			if err := e.begin(usageColumns(&b.Usage), b.Usage.Len()); err != nil {
				t.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, &e); err != nil {
				t.Fatal(err)
			}
			e.forget()
		}
		if err := e.begin(eventColumns(b), b.Events.Len()); err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(iotest.HalfReader(&e))
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = got
		}
		if !bytes.Equal(got, first) {
			t.Fatal("another block")
		}
	}
	var e encoder
	if err := e.begin([]column{{"x", typeString, []complex128{1}}}, 1); err == nil {
		t.Error("a type without encoding was taken")
	}
}

func TestClassify(t *testing.T) {
	exception := func(code int32, message string) error {
		return fmt.Errorf("insert: %w", &clickhouse.HTTPError{StatusCode: 500, Err: &clickhouse.Exception{Code: code, Message: message}})
	}
	for name, c := range map[string]struct {
		err  error
		want class
	}{
		"syntax":               {exception(62, "Syntax error"), final},
		"unknown table":        {exception(60, "Unknown table"), final},
		"too many parts":       {exception(252, "Too many parts (300)"), passes},
		"too many partitions":  {exception(252, "Too many partitions for single INSERT block"), final},
		"memory":               {exception(241, "Memory limit"), passes},
		"refused":              {&net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}, gone},
		"reset":                {fmt.Errorf("x: %w", syscall.ECONNRESET), gone},
		"cut off":              {fmt.Errorf("x: %w", io.ErrUnexpectedEOF), gone},
		"no free connection":   {clickhouse.ErrAcquireConnTimeout, gone},
		"a gateway":            {&clickhouse.HTTPError{StatusCode: 503, Err: errors.New("busy")}, gone},
		"not found":            {&clickhouse.HTTPError{StatusCode: 404, Err: errors.New("nothing here")}, final},
		"cancelled":            {context.Canceled, final},
		"a mistake of our own": {errors.New("column x has 1 rows"), final},
	} {
		if got := classify(c.err); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// Every file in sql/ is asked for somewhere, and every statement takes its values as parameters that say their type.
func TestEveryQueryIsUsed(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var code strings.Builder
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		code.Write(text)
	}
	for name, query := range statements {
		// The panels are asked for by name; dashboards/queries has the list, and a test that it is whole.
		if !strings.HasPrefix(name, "panel_") && !strings.Contains(code.String(), `"`+name+`"`) {
			t.Errorf("sql/%s.sql is used nowhere", name)
		}
		for _, bad := range []string{"%s", "%d", "?", "$1"} {
			if strings.Contains(query, bad) {
				t.Errorf("sql/%s.sql has a place for a value that is no parameter: %s", name, bad)
			}
		}
	}
}
