package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/grantwatch/grantwatch/dashboards/report"
)

// goldenFolder has the report of the demo with seed 1 and 60 000 events. The PDF stands in the manifest as its hash.
const goldenFolder = "testdata/demo-report"

// goldenReport compares the report that a demo wrote with the golden one, byte by byte, and the files with their manifest.
// Hash and size of the PDF are in the manifest, so nothing of it can change unseen.
func goldenReport(t *testing.T, folder string) {
	checked, err := report.Verify(os.DirFS(folder))
	if err != nil {
		t.Fatal(err)
	}
	if len(checked) != 4 {
		t.Errorf("the manifest lists %d files", len(checked))
	}
	for _, c := range checked {
		if c.Problem != "" {
			t.Errorf("%s: %s", c.File, c.Problem)
		}
	}
	if *update {
		if err := os.MkdirAll(goldenFolder, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, ext := range []string{"html", "csv", "json", "manifest.json"} {
		name := "grantwatch-2026-W36." + ext
		got := read(t, filepath.Join(folder, name))
		path := filepath.Join(goldenFolder, name)
		if *update {
			if err := os.WriteFile(path, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if want := read(t, path); !bytes.Equal(got, want) {
			t.Errorf("%s of the demo is not the golden one: %s\nmake update rewrites it; look at the difference first", name, firstDifference(got, want))
		}
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// firstDifference shows the first lines of two texts that differ, as much of them as can be read.
func firstDifference(got, want []byte) string {
	a, b := bytes.Split(got, []byte("\n")), bytes.Split(want, []byte("\n"))
	line := 0
	for line < len(a) && line < len(b) && bytes.Equal(a[line], b[line]) {
		line++
	}
	at := func(lines [][]byte) string {
		if line >= len(lines) {
			return "the end"
		}
		return fmt.Sprintf("%.200q", lines[line])
	}
	return fmt.Sprintf("line %d is %s, and was %s", line+1, at(a), at(b))
}
