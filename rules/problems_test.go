package rules

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestProblems loads each file of testdata/problems and compares what is said about it. A file named team-*.yaml is a
// team's, on top of the library.
func TestProblems(t *testing.T) {
	names, err := filepath.Glob("testdata/problems/*.yaml")
	if err != nil || len(names) < 10 {
		t.Fatalf("%d files, %v", len(names), err)
	}
	for _, name := range names {
		base := strings.TrimSuffix(filepath.Base(name), ".yaml")
		t.Run(base, func(t *testing.T) {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			team := strings.HasPrefix(base, "team-")
			file := base + ".yaml"
			if team {
				file = "team-payments/" + file
			}
			set, problems := load(team, map[string]string{file: string(data)})
			var b strings.Builder
			for _, p := range problems {
				if p.File != file {
					t.Errorf("problem of another file: %s", p)
				}
				b.WriteString(p.String())
				if p.Rule != "" {
					b.WriteString("      rule " + p.Rule + "\n")
				}
			}
			for _, l := range set.Loosens() {
				b.WriteString("loosen: " + l.Team + " " + l.Rule + " " + l.Param + ": " + l.Central + " -> " + l.Wanted + "\n")
			}
			if b.Len() == 0 {
				t.Error("nothing is said about it")
			}
			golden(t, "problems/"+base+".golden", b.String())
		})
	}
}
