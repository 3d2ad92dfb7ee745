package ingest

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"
)

func TestArenaKeepsWhatItCopied(t *testing.T) {
	var a arena
	rapid.Check(t, func(t *rapid.T) {
		a.reset()
		var kept, want [][]byte
		for i, n := range rapid.SliceOfN(rapid.IntRange(0, arenaPiece/2), 0, 20).Draw(t, "lengths") {
			rec := bytes.Repeat([]byte{byte(i + 1)}, n)
			got := a.copy(rec)
			clear(rec) // whoever gave it uses it again
			kept, want = append(kept, got), append(want, bytes.Repeat([]byte{byte(i + 1)}, n))
		}
		for i := range kept {
			if !bytes.Equal(kept[i], want[i]) {
				t.Fatalf("record %d of %d bytes is not what it was", i, len(want[i]))
			}
		}
	})
	if len(a.pieces) > 20 {
		t.Errorf("%d pieces: those of the time before are not used again", len(a.pieces))
	}
}
