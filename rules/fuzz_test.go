package rules

import (
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/grantwatch/grantwatch/rules/facts"
)

// FuzzLoad: no file, as a central or as a team's, ends the process; every problem has a place inside of the file; what
// loads can be run, tested, explained and linted.
func FuzzLoad(f *testing.F) {
	for _, s := range shipped() {
		f.Add(s.data, false)
	}
	names, err := filepath.Glob("testdata/problems/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, n := range names {
		data, err := os.ReadFile(n)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, false)
		f.Add(data, true)
	}
	for _, h := range hostile {
		f.Add([]byte(ruleText("x", OnEvent, h.when)), false)
	}
	f.Fuzz(func(t *testing.T, data []byte, team bool) {
		o := Options{FS: fstest.MapFS{"f.yaml": &fstest.MapFile{Data: data}}}
		if team {
			o.Teams = map[string][]string{"payments": {"f.yaml"}}
		} else {
			o.Central = []string{"f.yaml"}
		}
		set, problems := Load(o)
		lines := len(newDocument(source{data: data}).lines)
		for _, p := range problems {
			if p.File == "" || p.Message == "" || p.Line < 1 || p.Column < 1 || p.Line > lines+1 {
				t.Fatalf("a problem without a place: %+v", p)
			}
			_ = p.String()
		}
		Lint(set)
		GeneratePages(set)
		w := set.NewWorker()
		m := set.Events(w)
		e := &facts.Event{Team: "payments", Provider: "aws", Action: "x", Groups: []string{"a"}}
		if got, want := ids(m.Match(e)), ids(m.matchAll(e)); got != want && len(set.Tripped()) == 0 {
			t.Fatalf("index %s, brute force %s", got, want)
		}
		set.JudgeGrant(&facts.Grant{Team: "payments"}, w)
	})
}
