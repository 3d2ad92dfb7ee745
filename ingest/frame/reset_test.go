package frame_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/ingest/frame"
)

// A Reader that is used again cuts every message as a new Reader would, whatever state the one before left it in.
func TestResetForgetsTheStreamBefore(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = z.Write([]byte("{\"a\":1}\n{\"a\":2}\n")) // a buffer does not fail
	_ = z.Close()
	half := packed.Bytes()[:packed.Len()/2]
	messages := [][]byte{
		[]byte(`{"a":1}`), []byte(`[{"a":1},{"a":2`), []byte("{\"a\":1}\n{\"b\":2}"), []byte(`{"Records":[{"a":1}`), packed.Bytes(), {},
		[]byte(`{"a":`), half, []byte("plain text"), []byte(`[1,2]`), {0x1f, 0x8b}, []byte(`{"a":1},`), []byte(`,{"a":1}`), {0x28}, []byte("\x50\x2a\x4d\x18"),
	}
	read := func(r *frame.Reader) string {
		var out bytes.Buffer
		for {
			rec, err := r.Next()
			if errors.Is(err, io.EOF) {
				return out.String()
			}
			var rejection *access.Rejection
			if err != nil && !errors.As(err, &rejection) {
				t.Fatal(err)
			}
			fmt.Fprintf(&out, "%q %d %d %d %v %v\n", rec.Bytes, rec.Line, rec.Index, rec.Offset, rec.Truncated, rejection)
		}
	}
	again := frame.New(nil, frame.Options{})
	defer again.Close()
	for i := range messages {
		for j := range messages {
			for _, k := range []int{i, j} {
				fresh := frame.New(bytes.NewReader(messages[k]), frame.Options{})
				want := read(fresh)
				fresh.Close()
				again.Reset(bytes.NewReader(messages[k]))
				if got := read(again); got != want {
					t.Fatalf("%q after %q:\n%swant\n%s", messages[k], messages[i], got, want)
				}
			}
		}
	}
}
