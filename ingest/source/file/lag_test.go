package file

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

type noMarks struct{}

func (noMarks) Checkpoints(context.Context, string) ([]Checkpoint, error)   { return nil, nil }
func (noMarks) SaveCheckpoints(context.Context, string, []Checkpoint) error { return nil }

// TestLagIsWhatIsNotReadYet watches the lag while stretches are read: it is told before, and is gone after.
func TestLagIsWhatIsNotReadYet(t *testing.T) {
	dir := t.TempDir()
	line := `{"a":"` + strings.Repeat("x", 90) + `"}` + "\n"
	write := func(name, text string) {
		t.Helper()
		f, err := os.OpenFile(filepath.Join(dir, name), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteString(text); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	at := time.Now().Add(time.Hour) // long after the files were written, so that documents are at rest
	tr := NewTracker(os.DirFS(dir), "f", []string{"*"}, noMarks{})
	defer tr.Close()
	var during []int64
	step := func() {
		t.Helper()
		during = nil
		if err := tr.Step(t.Context(), at, 0, func(context.Context, Work) error { during = append(during, tr.Lag()); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	write("a.log", line+line)
	write("b.json", `[`+strings.TrimSpace(line)+`]`)
	step()
	n := int64(len(line))
	if len(during) != 2 || during[0] != 2*n || during[1] != n+1 || tr.Lag() != 0 {
		t.Errorf("while reading two lines and a document the lag was %d, then %d; want [%d %d] and 0", during, tr.Lag(), 2*n, n+1)
	}
	write("a.log", line+line+line+`{"half`)
	step()
	if len(during) != 1 || during[0] != 3*n+6 || tr.Lag() != 6 {
		t.Errorf("with three more lines and a half the lag was %d, then %d; want [%d] and 6", during, tr.Lag(), 3*n+6)
	}
}
