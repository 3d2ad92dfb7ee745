package engine

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"pgregory.net/rapid"
)

func frames(tb rapid.TB, method string, pieces ...[]byte) []byte {
	var b bytes.Buffer
	w, err := newFrameWriter(&b, method)
	if err != nil {
		tb.Fatal(err)
	}
	for _, p := range pieces {
		if _, err := w.Write(p); err != nil {
			tb.Fatal(err)
		}
		if err := w.flush(); err != nil {
			tb.Fatal(err)
		}
	}
	return b.Bytes()
}

func TestFramesRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		method := rapid.SampledFrom([]string{"", "LZ4", "ZSTD", "NONE"}).Draw(t, "method")
		pieces := rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), 0, 5000), 0, 5).Draw(t, "pieces")
		packed := frames(t, method, pieces...)
		r := &frameReader{from: bytes.NewReader(packed)}
		got, err := io.ReadAll(r)
		if err != nil || !bytes.Equal(got, bytes.Join(pieces, nil)) {
			t.Fatalf("%d bytes, %v", len(got), err)
		}
	})
}

// A body that ends inside a frame, wherever that is, is an error and never a
// shorter body; so is a byte that has changed.
func TestBrokenFrames(t *testing.T) {
	first, second := []byte("the first frame"), []byte("and the second one")
	whole := frames(t, "LZ4", first, second)
	boundary := len(frames(t, "LZ4", first))
	for n := range len(whole) {
		_, err := io.ReadAll(&frameReader{from: bytes.NewReader(whole[:n])})
		if complete := n == 0 || n == boundary; complete != (err == nil) {
			t.Errorf("%d of %d bytes: %v", n, len(whole), err)
		}
		changed := bytes.Clone(whole)
		changed[n] ^= 0x40
		if got, err := io.ReadAll(&frameReader{from: bytes.NewReader(changed)}); err == nil {
			t.Errorf("byte %d changed: read %q", n, got)
		}
	}
	huge := bytes.Clone(whole)
	huge[plainOffset+3] = 0xff
	if _, err := io.ReadAll(&frameReader{from: bytes.NewReader(huge)}); !errors.Is(err, errFrame) {
		t.Errorf("a frame of 4 GiB: %v", err)
	}
}

func FuzzFrameReader(f *testing.F) {
	f.Add(frames(f, "LZ4", []byte("abc")))
	f.Add(frames(f, "ZSTD", []byte("abc")))
	f.Fuzz(func(t *testing.T, raw []byte) {
		r := &frameReader{from: bytes.NewReader(raw)}
		_, _ = io.Copy(io.Discard, io.LimitReader(r, 1<<20)) // only has to come back
		_ = r.Close()
	})
}
