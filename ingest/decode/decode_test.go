package decode

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/grantwatch/grantwatch/access"
)

var update = flag.Bool("update", false, "rewrite goldens")

func fixture(t testing.TB, f Format) [][]byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", f.Name+".jsonl"))
	if err != nil {
		t.Fatalf("format %s has no fixture: %v", f.Name, err)
	}
	return bytes.Split(bytes.TrimSpace(raw), []byte("\n"))
}

// show prints what a decoder made of a record, with everything that it said.
func show(t *testing.T, dec Decoder, rec []byte) []byte {
	t.Helper()
	var ev access.Event
	err := dec.Decode(rec, &ev)
	out := map[string]any{}
	if err != nil {
		var r *access.Rejection
		if !errors.As(err, &r) {
			t.Fatalf("Decode returned %T, not an *access.Rejection: %v", err, err)
		}
		out["rejected"] = r
	}
	if err == nil || ev.ID != "" {
		out["event"] = ev
	}
	line, err := json.Marshal(out)
	if err != nil {
		t.Fatal(err)
	}
	return line
}

func TestGolden(t *testing.T) {
	for _, f := range All() {
		t.Run(f.Name, func(t *testing.T) {
			dec := f.New(NewStrings())
			var got bytes.Buffer
			for _, rec := range fixture(t, f) {
				var pretty bytes.Buffer
				if err := json.Indent(&pretty, show(t, dec, rec), "", " "); err != nil {
					t.Fatal(err)
				}
				got.Write(pretty.Bytes())
				got.WriteByte('\n')
			}
			golden := filepath.Join("testdata", f.Name+".golden.json")
			if *update {
				if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatalf("format %s has no golden: %v", f.Name, err)
			}
			if !bytes.Equal(got.Bytes(), want) {
				t.Errorf("%s differs from its golden at %s; run with -update after checking", f.Name, firstDifference(got.Bytes(), want))
			}
		})
	}
}

func firstDifference(a, b []byte) string {
	la, lb := bytes.Split(a, []byte("\n")), bytes.Split(b, []byte("\n"))
	for i := range la {
		if i >= len(lb) || !bytes.Equal(la[i], lb[i]) {
			other := "end of file"
			if i < len(lb) {
				other = string(lb[i])
			}
			return "line " + string(json.Number(itoa(i+1))) + ": got " + string(la[i]) + ", want " + other
		}
	}
	return "its end"
}

func itoa(n int) string {
	b, _ := json.Marshal(n)
	return string(b)
}

func TestRegistry(t *testing.T) {
	names := make([]string, 0, len(formats))
	for _, f := range All() {
		names = append(names, f.Name)
		if f.Title == "" || f.Provider == "" || !strings.HasPrefix(f.Docs, "https://") || f.New == nil {
			t.Errorf("format %s is not fully described: %+v", f.Name, f)
		}
		if got, ok := Lookup(f.Name); !ok || got.Name != f.Name {
			t.Errorf("Lookup(%q) = %q, %v", f.Name, got.Name, ok)
		}
		if n := len(fixture(t, f)); n < 15 {
			t.Errorf("format %s has only %d fixtures", f.Name, n)
		}
	}
	if !slices.IsSorted(names) || len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Errorf("formats are not sorted or not unique: %v", names)
	}
	if _, ok := Lookup("nonesuch"); ok {
		t.Error("Lookup found a format that does not exist")
	}
	All()[0].Name = "changed"
	if formats[0].Name == "changed" {
		t.Error("All gives out the registry itself")
	}
}

// TestStringsOutliveTheRecord decodes every fixture from one buffer that is overwritten, and compares each event with
// what it was right after it was decoded.
func TestStringsOutliveTheRecord(t *testing.T) {
	for _, f := range All() {
		t.Run(f.Name, func(t *testing.T) {
			dec := f.New(NewStrings())
			var kept []access.Event
			var then []string
			buf := make([]byte, 0, 1<<20)
			for range 3 {
				for _, rec := range fixture(t, f) {
					buf = append(buf[:0], rec...)
					var ev access.Event
					_ = dec.Decode(buf, &ev)
					now, _ := json.Marshal(ev)
					kept, then = append(kept, ev), append(then, string(now))
					for i := range buf {
						buf[i] = 'X'
					}
				}
			}
			for i := range kept {
				if now, _ := json.Marshal(kept[i]); string(now) != then[i] {
					t.Fatalf("event %d changed after later records:\n%s\n%s", i, then[i], now)
				}
			}
		})
	}
}

// TestNoSecrets plants secrets in the fixtures wherever providers put them and looks for them in everything decoded.
func TestNoSecrets(t *testing.T) {
	for _, f := range All() {
		planted := false
		dec := f.New(NewStrings())
		for i, rec := range fixture(t, f) {
			planted = planted || bytes.Contains(rec, []byte("canary-"))
			if out := show(t, dec, rec); bytes.Contains(out, []byte("canary-")) {
				t.Errorf("%s: a secret of record %d is in the event: %s", f.Name, i+1, out)
			}
		}
		if !planted && f.Name != "okta_system" { // Okta writes no secrets into its log
			t.Errorf("%s: no fixture holds a canary, so this test shows nothing", f.Name)
		}
	}
}
