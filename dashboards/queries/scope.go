package queries

import "slices"

// Scope is whose rows somebody may see. The zero value sees nothing.
type Scope struct {
	All   bool
	Teams []string
}

// Everything is the scope of those who may see every team.
var Everything = Scope{All: true}

// Of is the scope of some teams.
func Of(teams ...string) Scope { return Scope{Teams: teams} }

// Empty says that nothing can be seen.
func (s Scope) Empty() bool { return !s.All && len(s.Teams) == 0 }

// Holds says whether a team's rows can be seen. Rows of no team are seen by those who see everything.
func (s Scope) Holds(team string) bool {
	return s.All || team != "" && slices.Contains(s.Teams, team)
}

// narrow intersects the scope with what was asked for; nothing asked means all of it. outside is how many teams of
// those asked for it does not hold.
func (s Scope) narrow(asked []string) (narrowed Scope, outside int) {
	teams := slices.DeleteFunc(slices.Clone(s.Teams), func(t string) bool { return t == "" })
	if len(asked) == 0 {
		return Scope{All: s.All, Teams: teams}, 0
	}
	for _, t := range asked {
		switch {
		case s.All || slices.Contains(teams, t):
			narrowed.Teams = append(narrowed.Teams, t)
		default:
			outside++
		}
	}
	return narrowed, outside
}
