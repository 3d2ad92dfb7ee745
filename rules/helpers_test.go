package rules

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

var update = flag.Bool("update", false, "rewrite goldens")

// files loads rules from texts: names starting with "team-" followed by the team's name and "/" are that team's.
func load(library bool, files map[string]string) (*Set, []Problem) {
	o := Options{Library: library, Teams: map[string][]string{}}
	m := fstest.MapFS{}
	for name, text := range files {
		m[name] = &fstest.MapFile{Data: []byte(text)}
		if team, _, ok := strings.Cut(name, "/"); ok && strings.HasPrefix(team, "team-") {
			team = strings.TrimPrefix(team, "team-")
			o.Teams[team] = append(o.Teams[team], name)
		} else {
			o.Central = append(o.Central, name)
		}
	}
	o.FS = m
	return Load(o)
}

// mustLoad fails the test on any problem.
func mustLoad(t testing.TB, library bool, files map[string]string) *Set {
	t.Helper()
	s, problems := load(library, files)
	for _, p := range problems {
		t.Errorf("problem:\n%s", p)
	}
	if t.Failed() {
		t.FailNow()
	}
	return s
}

// ruleText is a small rule on the given facts whose one condition is quoted as it is.
func ruleText(id string, on On, when string) string {
	return "id: " + id + "\ntitle: t\nkind: GUARDRAIL_DRIFT\non: " + string(on) + "\nwhen: >\n  " +
		strings.ReplaceAll(when, "\n", "\n  ") + "\nverdict: VIOLATION\nwhy: w\n"
}

// golden compares got with testdata/name, or writes it with -update.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("no golden; run with -update: %v", err)
	}
	if got != string(want) {
		t.Errorf("%s differs; run with -update if that is meant.\n--- got\n%s\n--- want\n%s", path, got, want)
	}
}
