package rules

import (
	"embed"
	"fmt"
	"io/fs"
	"sort"

	"github.com/goccy/go-yaml/ast"
)

//go:embed library/*.yaml
var library embed.FS

// shipped is the rules that ship with Grantwatch, one file each; the file is named after the rule's id.
func shipped() []source {
	entries, err := library.ReadDir("library")
	if err != nil {
		panic(err) // embedded: it is there or the program does not build
	}
	var out []source
	for _, e := range entries {
		data, err := library.ReadFile("library/" + e.Name())
		if err != nil {
			panic(err)
		}
		out = append(out, source{name: "rules/library/" + e.Name(), data: data})
	}
	return out
}

// Options says what to load.
type Options struct {
	Library bool                // the rules that ship with Grantwatch
	FS      fs.FS               // where the files below are
	Central []string            // names of the central team's files
	Teams   map[string][]string // by team: names of the files with rules of its own and what it tightens
	OnTrip  func(Problem)       // called once when a slow rule on events is stopped; may be nil
}

// Load reads, checks and compiles rules. A rule with an error is left out of the set and the error is among the
// problems; whether to go on without it is the caller's decision. What a team tried to loosen is in Set.Loosens.
func Load(o Options) (*Set, []Problem) {
	l := &loader{set: newSet(o.OnTrip), ids: map[string]*Rule{}}
	if o.Library {
		for _, s := range shipped() {
			l.file(s, "", true)
		}
	}
	for _, name := range o.Central {
		l.named(o.FS, name, "")
	}
	l.applySettings()
	l.compileFloor()
	teams := make([]string, 0, len(o.Teams))
	for t := range o.Teams {
		teams = append(teams, t)
	}
	sort.Strings(teams)
	for _, team := range teams {
		for _, name := range o.Teams[team] {
			l.named(o.FS, name, team)
		}
	}
	l.compileTeamRules()
	l.applyTightening()
	l.set.seal()
	return l.set, l.problems
}

// loader holds what Load knows so far.
type loader struct {
	set      *Set
	ids      map[string]*Rule // the floor, by id
	problems []Problem
	settings []setting // from set: and tighten:
}

// setting is one entry of set: or tighten:, kept until all rules are known.
type setting struct {
	reader *reader
	node   ast.Node
	table  table
	team   string
}

// named reads the file of that name. A file that cannot be read is a problem like any other.
func (l *loader) named(files fs.FS, name, team string) {
	if files == nil {
		l.problems = append(l.problems, Problem{File: name, Message: "no file system was given to read it from", Severity: LevelError})
		return
	}
	data, err := fs.ReadFile(files, name)
	if err != nil {
		l.problems = append(l.problems, Problem{File: name, Message: err.Error(), Severity: LevelError})
		return
	}
	l.file(source{name: name, data: data}, team, false)
}

// file reads one file of a layer: a single rule, or rules: with set: (central) or tighten: (team).
func (l *loader) file(s source, team string, shipped bool) {
	r := &reader{doc: newDocument(s), problems: &l.problems}
	body := r.parse(s.data)
	if body == nil {
		return
	}
	if t, ok := body.(*ast.MappingNode); ok && hasKey(t, "id") {
		l.accept(r, body, team, shipped)
		return
	}
	extra := "set"
	if team != "" {
		extra = "tighten"
	}
	t, _ := r.table(body, "a rule file", "rules", extra)
	for _, e := range t.entries {
		nodes := r.list(e.value, e.key)
		if len(nodes) > maxRules {
			r.fail(e.at, "more than the %d entries allowed in one file", maxRules)
			continue
		}
		for _, n := range nodes {
			if e.key == "rules" {
				l.accept(r, n, team, shipped)
				continue
			}
			if st, ok := r.table(n, "an entry of "+e.key, "rule", "params", "severity", "enabled"); ok {
				l.settings = append(l.settings, setting{reader: r, node: n, table: st, team: team})
			}
		}
	}
}

func hasKey(m *ast.MappingNode, key string) bool {
	for _, v := range m.Values {
		if k, _ := scalarText(v.Key); k == key {
			return true
		}
	}
	return false
}

// accept adds one rule to its layer.
func (l *loader) accept(r *reader, n ast.Node, team string, shipped bool) {
	rule := r.rule(n)
	if rule == nil {
		return
	}
	rule.Team, rule.Library = team, shipped
	if shipped && r.doc.name != "rules/library/"+rule.ID+".yaml" {
		r.failAt(rule.Line, rule.Column, "the file of a shipped rule is named after its id, %s.yaml", rule.ID)
	}
	if other := l.ids[rule.ID]; other != nil {
		if team != "" {
			l.loosen(r, team, rule, other)
			return
		}
		r.failAt(rule.Line, rule.Column, "rule %q is already defined in %s:%d; change a shipped rule's parameters with set:", rule.ID, other.File, other.Line)
		return
	}
	key := rule.ID
	if team != "" {
		key = team + "/" + rule.ID
		if other := l.set.byID[key]; other != nil {
			r.failAt(rule.Line, rule.Column, "rule %q is already defined in %s:%d", rule.ID, other.File, other.Line)
			return
		}
	} else {
		l.ids[rule.ID] = rule
	}
	l.set.add(key, rule)
}

// loosen records a team's attempt to replace a rule of the floor.
func (l *loader) loosen(r *reader, team string, rule, floor *Rule) {
	l.refuse(r, rule.Line, rule.Column, Loosen{Team: team, Rule: rule.ID, Param: "rule",
		Central: fmt.Sprintf("defined in %s:%d", floor.File, floor.Line), Wanted: "a rule of the same id"})
}
