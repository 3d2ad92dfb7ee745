package ledger

import (
	"slices"
	"strconv"
	"strings"

	"github.com/grantwatch/grantwatch/access"
)

// Scope is whose rows somebody may see. The zero value sees nothing; rows without a team are seen by those who see all.
type Scope struct {
	All   bool
	Teams []string
}

// Everything is the scope of whoever needs no permission: the operator at the machine itself.
var Everything = Scope{All: true}

// TeamScope is the scope of somebody who may see some teams, in a form that equal scopes share.
func TeamScope(teams ...string) Scope {
	teams = slices.DeleteFunc(slices.Clone(teams), func(t string) bool { return t == "" })
	slices.Sort(teams)
	return Scope{Teams: slices.Compact(teams)}
}

// Sees reports whether rows of a team are in the scope.
func (s Scope) Sees(team string) bool {
	return s.All || team != "" && slices.Contains(s.Teams, team)
}

// Key is equal for equal scopes and for no others: what is kept for a scope is kept under it.
func (s Scope) Key() string {
	if s.All {
		return "all"
	}
	var b strings.Builder
	for _, t := range TeamScope(s.Teams...).Teams {
		b.WriteString(strconv.Quote(t)) // no name can pass for two
	}
	return b.String()
}

// For is the part of a view that a scope may see, with every figure computed from that part alone. What belongs to no
// team (notes, remarks on registers, head counts) is left out of it. The view itself when the scope is all of it.
func (v *View) For(s Scope) *View {
	if v == nil || s.All {
		return v
	}
	out := &View{AsOf: v.AsOf, Verdicts: map[access.Verdict]int{}, Severity: map[access.Severity]int{}}
	var mine []access.Finding
	for i := range v.Findings {
		if s.Sees(v.Findings[i].Team) {
			mine = append(mine, v.Findings[i])
		}
	}
	ignored := &teamSum{Team: Team{Severity: map[access.Severity]int{}, Verdicts: map[access.Verdict]int{}}}
	out.countFindings(mine, func(string) *teamSum { return ignored }) // the figures by team are in v.Teams
	covered := 0.0
	for _, t := range v.Teams {
		if !s.Sees(t.Name) {
			continue
		}
		out.Teams = append(out.Teams, t)
		out.Totals.Grants += t.Grants
		covered += t.Coverage * float64(t.Grants)
		for verdict, n := range t.Verdicts {
			out.Verdicts[verdict] += n
		}
	}
	if out.Totals.Grants > 0 {
		out.Totals.Coverage = covered / float64(out.Totals.Grants)
	}
	for _, f := range v.Feeds {
		if s.Sees(f.Team) {
			out.Feeds = append(out.Feeds, f)
			out.Totals.Events += f.Received
			out.Totals.Rejected += f.Rejected
		}
	}
	for _, e := range v.Rules {
		if s.Sees(e.Team) {
			out.Rules = append(out.Rules, e)
		}
	}
	for _, c := range v.Changes {
		if s.Sees(c.Team) {
			out.Changes = append(out.Changes, c)
		}
	}
	return out
}
