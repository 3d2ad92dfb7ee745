package rules

import (
	"fmt"
	"sort"
	"strings"
)

// GeneratePages makes one Markdown page per rule of the floor and an overview, by file name. They are committed under
// docs/rules and compared by a test.
func GeneratePages(s *Set) map[string][]byte {
	pages := map[string][]byte{}
	var floor []*Rule
	for _, r := range s.rules {
		if r.Team == "" {
			floor = append(floor, r)
			pages[r.ID+".md"] = []byte(s.page(r))
		}
	}
	sort.Slice(floor, func(i, j int) bool { return floor[i].ID < floor[j].ID })
	pages["README.md"] = []byte(overview(floor))
	return pages
}

const generated = "<!-- Generated from the rule's file by rules/gendocs. Change the rule, not this page. -->\n\n"

var onWords = []struct {
	on    On
	title string
	text  string
}{
	{OnGrant, "Rules on grants", "judged once per grant at the moment of judgement"},
	{OnIdle, "Rules on the declared-idle register", "judged once per entry"},
	{OnAccount, "Rules on accounts", "judged once per account of a provider"},
	{OnNHI, "Rules on non-human identities", "judged once per NHI on record"},
	{OnFeed, "Rules on feeds", "judged once per log, entitlement or identity source"},
	{OnEvent, "Rules on events", "run in the ingester on every event that could match"},
}

func overview(rules []*Rule) string {
	var b strings.Builder
	b.WriteString(generated)
	b.WriteString("# The rules that ship with Grantwatch\n\nEach page says what a rule claims, what evidence it needs, where it may be wrong and what to do.\n")
	for _, o := range onWords {
		fmt.Fprintf(&b, "\n## %s\n\nThey are %s.\n\n| rule | kind | severity | what it says |\n| --- | --- | --- | --- |\n", o.title, o.text)
		for _, r := range rules {
			if r.On == o.on {
				fmt.Fprintf(&b, "| [%s](%s.md) | `%s` | %s | %s |\n", r.ID, r.ID, r.Kind, r.defaultSeverity(r.floor), cell(r.Title))
			}
		}
	}
	return b.String()
}

func (s *Set) page(r *Rule) string {
	var b strings.Builder
	b.WriteString(generated)
	fmt.Fprintf(&b, "# %s\n\n`%s` · kind `%s` · on %s · severity %s\n", r.Title, r.ID, r.Kind, r.On, r.defaultSeverity(r.floor))
	if r.Doc != "" {
		fmt.Fprintf(&b, "\n%s\n", r.Doc)
	}
	bullets(&b, "What it needs", r.needsLines())
	if len(r.Params) > 0 {
		b.WriteString("\n## Parameters\n\n| name | value | tighter | meaning |\n| --- | --- | --- | --- |\n")
		for _, p := range r.Params {
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", p.Name, cell(strings.TrimSpace(r.floor.values[p.Name].String()+" "+p.Unit)), p.Tighter, cell(p.Doc))
		}
		b.WriteString("\nA team may move a parameter in its tighter direction for itself, never the other way.\n")
	}
	if len(r.lets) > 0 {
		b.WriteString("\n## Words that the cases use\n\n")
		for _, l := range r.lets {
			fmt.Fprintf(&b, "* **%s**: %s.\n", strings.ReplaceAll(l.name, "_", " "), r.inWords(l.src.text))
		}
	}
	b.WriteString("\n## Cases\n\nThe first case that holds decides.\n\n| # | verdict | severity | when | expression |\n| --- | --- | --- | --- | --- |\n")
	for i, c := range r.Cases {
		says := c.Says
		if says == "" {
			says = r.inWords(c.When)
		}
		severity := r.severityWords(c)
		if severity == "" {
			severity = string(r.defaultSeverity(r.floor))
		}
		fmt.Fprintf(&b, "| %d | %s | %s | %s | `%s` |\n", i+1, c.Verdict, cell(severity), cell(says), strings.ReplaceAll(c.When, "|", "\\|"))
	}
	bullets(&b, "Where it may be wrong", r.FalsePositives)
	if len(r.Response) > 0 {
		b.WriteString("\n## What to do\n\n" + strings.Join(numbered(r.Response), "\n") + "\n")
	}
	bullets(&b, "Controls", r.controlLines())
	bullets(&b, "More", r.Refs)
	if len(r.Tests) > 0 {
		b.WriteString("\n## Samples it is tested with\n\n| sample | verdict |\n| --- | --- |\n")
		for _, t := range r.Tests {
			fmt.Fprintf(&b, "| %s | %s |\n", cell(t.Name), strings.TrimSpace(string(t.Verdict)+" "+string(t.Severity)))
		}
	}
	return b.String()
}

func bullets(b *strings.Builder, title string, lines []string) {
	if len(lines) == 0 {
		return
	}
	fmt.Fprintf(b, "\n## %s\n\n", title)
	for _, l := range lines {
		fmt.Fprintf(b, "* %s\n", l)
	}
}

// cell keeps a text inside its table cell.
func cell(s string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(s), " "), "|", "\\|")
}
