package web

import (
	"html/template"
	"net/http"
	"slices"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/dashboards/charts"
	"github.com/grantwatch/grantwatch/dashboards/report"
	"github.com/grantwatch/grantwatch/dashboards/report/words"
	"github.com/grantwatch/grantwatch/detect"
	"github.com/grantwatch/grantwatch/detect/ledger"
)

type overviewBody struct {
	*ledger.View
	Attention []report.Group
	More      int // groups that are not shown
	Troubled  []detect.FeedReport
	Steps     []ledger.Change
	Known     map[string]*access.Finding
}

func overview(v *visit) {
	const groups, steps = 8, 12
	b := overviewBody{View: v.View, Known: v.fingerprint, Attention: v.attention[:min(groups, len(v.attention))], More: max(0, len(v.attention)-groups)}
	for _, f := range v.Feeds {
		if f.Silent || f.Blinds > 0 {
			b.Troubled = append(b.Troubled, f)
		}
	}
	slices.SortStableFunc(b.Troubled, func(x, y detect.FeedReport) int { return y.Blinds - x.Blinds })
	b.Troubled = b.Troubled[:min(6, len(b.Troubled))]
	b.Steps = newest(v.Changes, steps)
	v.render(http.StatusOK, "overview", v.page("overview", "Overview", b))
}

// newest gives the last n steps, newest first.
func newest(changes []ledger.Change, n int) []ledger.Change {
	out := slices.Clone(changes)
	slices.SortStableFunc(out, func(a, b ledger.Change) int { return b.At.Compare(a.At) })
	return out[:min(n, len(out))]
}

type findingsBody struct {
	Filter     filter
	N          tallies
	Shown      int // under the filter, all pages
	First      int
	Last       int
	Pages      int
	Table      table
	Kinds      []string
	Teams      []string
	Verdicts   []access.Verdict
	Severities []access.Severity
	View       *ledger.View
	People     []*detect.Listed // whose names hold what was searched for
	MorePeople int
}

func findings(v *visit) {
	const people = 6
	b := findingsBody{Filter: parseFilter(v.r.URL.Query()), Kinds: v.kinds, Teams: v.teams, Severities: words.Severities(), View: v.View,
		Verdicts: []access.Verdict{access.VerdictViolation, access.VerdictUnused, access.VerdictOverbroad, access.VerdictUnverifiable}}
	found, n := v.apply(b.Filter)
	rows := b.Filter.cut(found)
	b.N, b.Shown, b.Pages = n, len(found), pages(len(found))
	b.First = (b.Filter.Page-1)*perPage + min(1, len(rows))
	b.Last = (b.Filter.Page-1)*perPage + len(rows)
	if b.Filter.Text != "" && b.Filter.Page == 1 {
		var total int
		b.People, total = v.roster().Search(v.scope.Sees, b.Filter.Text, people)
		b.MorePeople = total - len(b.People)
	}
	p := v.page("findings", "Findings", nil)
	p.Search = b.Filter.Text
	b.Table = table{Page: p, Caption: "Findings", Findings: rows, Filter: &b.Filter}
	p.Body = &b
	v.render(http.StatusOK, "findings", p)
}

// listBody is a page about one list of findings and what they hang on.
type listBody struct {
	Team   *ledger.Team
	Groups []report.Group
	Blinds []report.Blind
	Feeds  []detect.FeedReport
	Rules  []detect.Evaluation
	Table  table
	Total  int

	Governance []ledger.Recommendation
	Missing    string // what was looked for in vain
}

func team(v *visit) {
	const gravest = 15
	name := v.r.PathValue("name")
	if name == words.NoTeam {
		name = ""
	}
	t := v.teamOf(name)
	if t == nil {
		v.missing("There is no team of that name in the newest evaluation, or it is not yours to see.")
		return
	}
	all := v.team[name]
	b := listBody{Team: t, Groups: report.Groups(all, true), Blinds: report.Blinds(all), Total: len(all)}
	for _, f := range v.Feeds {
		if f.Team == name {
			b.Feeds = append(b.Feeds, f)
		}
	}
	for _, e := range v.Rules {
		if e.Team == name {
			b.Rules = append(b.Rules, e)
		}
	}
	for _, r := range v.Governance {
		if r.Team == name {
			b.Governance = append(b.Governance, r)
		}
	}
	p := v.page("teams", words.TeamName(name), nil)
	b.Table = table{Page: p, Caption: "The gravest findings of this team", Findings: all[:min(gravest, len(all))], NoTeam: true}
	p.Body = &b
	v.render(http.StatusOK, "team", p)
}

// teamRow is a team with a drawing of when its open findings were first seen.
type teamRow struct {
	ledger.Team
	Ages template.HTML
}

func teams(v *visit) {
	rows := make([]teamRow, 0, len(v.Teams))
	for _, t := range v.Teams {
		rows = append(rows, teamRow{t, charts.Sparkline("Open findings by the week in which they were first seen, 13 weeks", report.Ages(v.team[t.Name], v.AsOf))})
	}
	v.render(http.StatusOK, "teams", v.page("teams", "Teams", rows))
}

// ruleBody is one rule with the teams that it was judged for, and those that it has no line for.
type ruleBody struct {
	Rule     string
	Lines    []detect.Evaluation
	Judged   int
	Findings int
	Absent   []string
}

func rules(v *visit) {
	var out []*ruleBody
	at := map[string]*ruleBody{}
	for _, e := range v.Rules {
		b := at[e.Rule]
		if b == nil {
			b = &ruleBody{Rule: e.Rule}
			at[e.Rule] = b
			out = append(out, b)
		}
		b.Lines = append(b.Lines, e)
		b.Judged += e.Judged
		b.Findings += e.Findings
	}
	for _, b := range out {
		for _, t := range v.teams {
			if !slices.ContainsFunc(b.Lines, func(e detect.Evaluation) bool { return e.Team == t }) {
				b.Absent = append(b.Absent, words.TeamName(t))
			}
		}
	}
	v.render(http.StatusOK, "rules", v.page("rules", "Rules", out))
}

func notFound(v *visit) { v.missing("There is no such page.") }

func (v *visit) missing(why string) {
	v.render(http.StatusNotFound, "missing", v.page("", "Not found", &listBody{Missing: why}))
}
