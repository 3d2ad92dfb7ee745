package frame

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"testing"

	"github.com/grantwatch/grantwatch/access"
)

// What stands alone is what a Reader makes of it, whenever it is JSON.
func FuzzAlone(f *testing.F) {
	for _, s := range []string{`{"a":1}`, `{"a":"}{"}`, `{"a":1}{"b":2}`, `{"Records":[{"a":1}]}`, `{"Re\u0063ords":[{"a":1}]}`, `{"kind":"List","items":[{}]}`,
		`{"a":1} `, `{"a":[{"b":{}}]}`, `{ "Records":[{"a":1}]}`, "{\"a\":\n1}", `{"":{}}`, `{"a":"\"}`, `[{"a":1}]`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if !Alone(b) || !json.Valid(b) {
			return
		}
		r := New(bytes.NewReader(b), Options{})
		defer r.Close()
		rec, err := r.Next()
		var rejection *access.Rejection
		if errors.As(err, &rejection) && rejection.Reason == access.ReasonTooDeep {
			return // decoders go less deep
		}
		if err != nil || !bytes.Equal(rec.Bytes, b) {
			t.Fatalf("%q is %q, %v", b, rec.Bytes, err)
		}
		if _, err := r.Next(); !errors.Is(err, io.EOF) {
			t.Fatalf("%q goes on: %v", b, err)
		}
	})
}
