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

func (s *server) overview(w http.ResponseWriter, _ *http.Request) {
	const groups, steps = 8, 12
	ix := s.index()
	b := overviewBody{View: ix.View, Known: ix.fingerprint, Attention: ix.attention[:min(groups, len(ix.attention))], More: max(0, len(ix.attention)-groups)}
	for _, f := range ix.Feeds {
		if f.Silent || f.Blinds > 0 {
			b.Troubled = append(b.Troubled, f)
		}
	}
	slices.SortStableFunc(b.Troubled, func(x, y detect.FeedReport) int { return y.Blinds - x.Blinds })
	b.Troubled = b.Troubled[:min(6, len(b.Troubled))]
	b.Steps = newest(ix.Changes, steps)
	s.render(w, http.StatusOK, "overview", s.page(ix, "overview", "Overview", b))
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
}

func (s *server) findings(w http.ResponseWriter, r *http.Request) {
	ix := s.index()
	b := findingsBody{Filter: parseFilter(r.URL.Query()), Kinds: ix.kinds, Teams: ix.teams, Severities: words.Severities(), View: ix.View,
		Verdicts: []access.Verdict{access.VerdictViolation, access.VerdictUnused, access.VerdictOverbroad, access.VerdictUnverifiable}}
	found, n := ix.apply(b.Filter)
	rows := b.Filter.cut(found)
	b.N, b.Shown, b.Pages = n, len(found), pages(len(found))
	b.First = (b.Filter.Page-1)*perPage + min(1, len(rows))
	b.Last = (b.Filter.Page-1)*perPage + len(rows)
	p := s.page(ix, "findings", "Findings", nil)
	p.Search = b.Filter.Text
	b.Table = table{Page: p, Caption: "Findings", Findings: rows, Filter: &b.Filter}
	p.Body = &b
	s.render(w, http.StatusOK, "findings", p)
}

// listBody is a page about one list of findings and what they hang on.
type listBody struct {
	Team     *ledger.Team
	UID      string
	Identity *access.FindingIdentity
	Groups   []report.Group
	Blinds   []report.Blind
	Feeds    []detect.FeedReport
	Rules    []detect.Evaluation
	Table    table
	Total    int
	Missing  string // what was looked for in vain
}

func (s *server) team(w http.ResponseWriter, r *http.Request) {
	const gravest = 15
	ix := s.index()
	name := r.PathValue("name")
	if name == words.NoTeam {
		name = ""
	}
	t := ix.teamOf(name)
	if t == nil {
		s.missing(w, ix, "There is no team of that name in the newest evaluation.")
		return
	}
	all := ix.team[name]
	b := listBody{Team: t, Groups: report.Groups(all, true), Blinds: report.Blinds(all), Total: len(all)}
	for _, f := range ix.Feeds {
		if f.Team == name {
			b.Feeds = append(b.Feeds, f)
		}
	}
	for _, e := range ix.Rules {
		if e.Team == name {
			b.Rules = append(b.Rules, e)
		}
	}
	p := s.page(ix, "teams", words.TeamName(name), nil)
	b.Table = table{Page: p, Caption: "The gravest findings of this team", Findings: all[:min(gravest, len(all))], NoTeam: true}
	p.Body = &b
	s.render(w, http.StatusOK, "team", p)
}

func (s *server) identity(w http.ResponseWriter, r *http.Request) {
	ix := s.index()
	uid := r.PathValue("uid")
	fs := ix.identity[uid]
	if len(fs) == 0 {
		s.missing(w, ix, "No finding is about this identity now. That does not say that it exists, or that its access is in use.")
		return
	}
	p := s.page(ix, "findings", words.Short(words.Visible(report.About(fs[0])), 80), nil)
	p.Body = &listBody{UID: uid, Identity: fs[0].Identity, Groups: report.Groups(fs, false), Total: len(fs),
		Table: table{Page: p, Caption: "Findings about this identity", Findings: fs[:min(500, len(fs))]}}
	s.render(w, http.StatusOK, "identity", p)
}

// teamRow is a team with a drawing of when its open findings were first seen.
type teamRow struct {
	ledger.Team
	Ages template.HTML
}

func (s *server) teams(w http.ResponseWriter, _ *http.Request) {
	ix := s.index()
	rows := make([]teamRow, 0, len(ix.Teams))
	for _, t := range ix.Teams {
		rows = append(rows, teamRow{t, charts.Sparkline("Open findings by the week in which they were first seen, 13 weeks", report.Ages(ix.team[t.Name], ix.AsOf))})
	}
	s.render(w, http.StatusOK, "teams", s.page(ix, "teams", "Teams", rows))
}

func (s *server) feeds(w http.ResponseWriter, _ *http.Request) {
	ix := s.index()
	s.render(w, http.StatusOK, "feeds", s.page(ix, "feeds", "Feeds", ix.View))
}

// ruleBody is one rule with the teams that it was judged for, and those that it has no line for.
type ruleBody struct {
	Rule     string
	Lines    []detect.Evaluation
	Judged   int
	Findings int
	Absent   []string
}

func (s *server) rules(w http.ResponseWriter, _ *http.Request) {
	ix := s.index()
	var out []*ruleBody
	at := map[string]*ruleBody{}
	for _, e := range ix.Rules {
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
		for _, t := range ix.teams {
			if !slices.ContainsFunc(b.Lines, func(e detect.Evaluation) bool { return e.Team == t }) {
				b.Absent = append(b.Absent, words.TeamName(t))
			}
		}
	}
	s.render(w, http.StatusOK, "rules", s.page(ix, "rules", "Rules", out))
}

func (s *server) notFound(w http.ResponseWriter, _ *http.Request) {
	s.missing(w, s.index(), "There is no such page.")
}

func (s *server) missing(w http.ResponseWriter, ix *index, why string) {
	s.render(w, http.StatusNotFound, "missing", s.page(ix, "", "Not found", &listBody{Missing: why}))
}
