package datasource

import (
	"slices"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/grantwatch/grantwatch/dashboards/queries"
)

// everyTeam stands for all teams in settings.
const everyTeam = "*"

// scopeOf is what a user may see. Rules add up; the default is for those whom no rule names.
func (s *Settings) scopeOf(u *backend.User) queries.Scope {
	if !s.ForwardIdentity || u == nil {
		return scopeOfTeams(s.DefaultTeams)
	}
	var teams []string
	named := false
	for _, r := range s.Scopes {
		if r.names(u) {
			named = true
			teams = append(teams, r.Teams...)
		}
	}
	if !named {
		teams = s.DefaultTeams
	}
	return scopeOfTeams(teams)
}

func scopeOfTeams(teams []string) queries.Scope {
	if slices.Contains(teams, everyTeam) {
		return queries.Everything
	}
	out := slices.Clone(teams)
	slices.Sort(out)
	return queries.Of(slices.Compact(out)...)
}

func (r *ScopeRule) names(u *backend.User) bool {
	for _, name := range r.Users {
		if name != "" && (fold(name) == fold(u.Login) || fold(name) == fold(u.Email)) {
			return true
		}
	}
	return slices.ContainsFunc(r.Roles, func(role string) bool { return role != "" && role == u.Role })
}

// fold makes ASCII letters small and leaves all others alone: that another alphabet's K is a k to Unicode must give
// nobody another one's teams.
func fold(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}
