package decode

import (
	"bytes"
	"os"
	"testing"

	"github.com/grantwatch/grantwatch/access"
)

// BenchmarkDecode measures one event of each format's fixture, averaged over the fixture.
func BenchmarkDecode(b *testing.B) {
	for _, f := range All() {
		raw, err := os.ReadFile("testdata/" + f.Name + ".jsonl")
		if err != nil {
			b.Fatal(err)
		}
		lines := bytes.Split(bytes.TrimSpace(raw), []byte("\n"))
		b.Run(f.Name, func(b *testing.B) {
			dec := f.New(NewStrings())
			var ev access.Event
			b.SetBytes(int64(len(raw) / len(lines)))
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				ev.Reset()
				_ = dec.Decode(lines[i%len(lines)], &ev) // some fixtures are rejected on purpose
				i++
			}
		})
	}
}
