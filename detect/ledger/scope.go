package ledger

import (
	"slices"
	"strconv"
	"strings"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/detect"
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
// team (notes, remarks on registers) is left out of it. The view itself when the scope is all of it.
func (v *View) For(s Scope) *View {
	if v == nil || s.All {
		return v
	}
	out := &View{AsOf: v.AsOf, Rebuilt: v.Rebuilt, Verdicts: map[access.Verdict]int{}, Severity: map[access.Severity]int{}}
	mine := seen(s, v.Findings, func(f *access.Finding) string { return f.Team })
	sums := newSums(nil)
	out.countFindings(mine, sums) // the figures by team are in v.Teams
	all := sums.all
	for _, t := range v.Teams {
		if !s.Sees(t.Name) {
			continue
		}
		out.Teams = append(out.Teams, t)
		all.Grants += t.Grants
		all.covered += t.Coverage * float64(t.Grants)
		all.active += t.active
		all.Feeds, all.FeedsSilent = all.Feeds+t.Feeds, all.FeedsSilent+t.FeedsSilent
		all.People, all.NHIs = all.People+t.People, all.NHIs+t.NHIs
		all.ChangesPerWeek += t.ChangesPerWeek
		for verdict, n := range t.Verdicts {
			out.Verdicts[verdict] += n
			all.Verdicts[verdict] += n
		}
	}
	out.Credentials = seen(s, v.Credentials, func(c *detect.CredentialAnswer) string { return c.Team })
	out.Revocations = seen(s, v.Revocations, func(r *detect.Revocation) string { return r.Team })
	out.FeedDays = seen(s, v.FeedDays, func(d *detect.FeedDay) string { return d.Team })
	out.Governance = seen(s, v.Governance, func(r *Recommendation) string { return r.Team })
	out.Changes = seen(s, v.Changes, func(c *Change) string { return c.Team })
	out.Rules = seen(s, v.Rules, func(e *detect.Evaluation) string { return e.Team })
	out.Feeds = seen(s, v.Feeds, func(f *detect.FeedReport) string { return f.Team })
	sums.answers(out.Credentials)
	all.Revocation.add(out.Revocations)
	all.Revocation.measure(out.Revocations, v.AsOf)
	out.Org = all.finish()
	if len(out.Teams) == 1 { // what it changed since last week was measured for the team
		out.Org.DriftReal, out.Org.DriftNewlyVisible = out.Teams[0].DriftReal, out.Teams[0].DriftNewlyVisible
	}
	out.Totals.Grants, out.Totals.Coverage = out.Org.Grants, out.Org.Coverage
	out.Totals.People, out.Totals.NHIs = out.Org.People, out.Org.NHIs
	for i := range out.Feeds {
		out.Totals.Events += out.Feeds[i].Received
		out.Totals.Rejected += out.Feeds[i].Rejected
	}
	return out
}

// seen are the rows of a list that a scope sees.
func seen[T any](s Scope, list []T, team func(*T) string) []T {
	var out []T
	for i := range list {
		if s.Sees(team(&list[i])) {
			out = append(out, list[i])
		}
	}
	return out
}
