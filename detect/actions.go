package detect

import (
	"strings"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/access/catalogue"
)

// actionSet is what a grant allows, action by action, after unconditional denies and boundaries.
type actionSet struct {
	list    []action
	byName  map[string]int // folded name → index in list; nil for a single action
	unknown int            // patterns that name nothing the catalogue knows
}

type action struct {
	name   string
	class  string // log class in which a use is recorded; "" where any feed of the provider may hold it
	logged bool   // false: never logged, whatever the configuration
	weight float64
}

// actionSets builds each distinct set once: thousands of roles share a few policies.
type actionSets struct{ seen map[string]*actionSet }

func newActionSets() *actionSets { return &actionSets{seen: map[string]*actionSet{}} }

func (a *actionSets) of(g *access.Grant) *actionSet {
	key := setKey(g)
	if s, ok := a.seen[key]; ok {
		return s
	}
	var s *actionSet
	switch {
	case g.Kind == access.GrantMembership:
		s = &actionSet{unknown: 1} // replaced by what the group holds, see memberSet
	case g.Provider == "aws":
		s = awsActions(g)
	case g.Provider == "k8s":
		s = k8sActions(g)
	default:
		s = otherActions(g)
	}
	if len(s.list) > 1 {
		s.byName = make(map[string]int, len(s.list))
		for i, x := range s.list {
			s.byName[strings.ToLower(x.name)] = i
		}
	}
	a.seen[key] = s
	return s
}

func setKey(g *access.Grant) string {
	var b strings.Builder
	b.WriteString(g.Provider + "\x00" + string(g.Kind) + "\x00" + g.Permission)
	for _, part := range [][]string{g.Except, g.Denied, g.Boundary} {
		b.WriteByte(1)
		b.WriteString(strings.Join(part, "\x02"))
	}
	if g.HasBoundary {
		b.WriteByte(3)
	}
	for _, r := range g.Rules {
		for _, part := range [][]string{r.Verbs, r.Groups, r.Resources, r.Names, r.URLs} {
			b.WriteByte(4)
			b.WriteString(strings.Join(part, "\x02"))
		}
	}
	return b.String()
}

func awsActions(g *access.Grant) *actionSet {
	s := &actionSet{}
	found := catalogue.AWS().Expand(g.Permission)
	if len(found) == 0 {
		s.unknown = 1
		return s
	}
	for _, a := range found {
		if matchAny(g.Except, a.Name) || matchAny(g.Denied, a.Name) || g.HasBoundary && !matchAny(g.Boundary, a.Name) {
			continue
		}
		s.list = append(s.list, action{name: a.Name, class: a.Class, logged: a.Logged != catalogue.LoggedNever && a.Logged != catalogue.LoggedUnknown, weight: float64(a.Weight)})
	}
	return s
}

func k8sActions(g *access.Grant) *actionSet {
	s := &actionSet{}
	for _, a := range catalogue.ExpandK8s(g.Rules) {
		s.list = append(s.list, action{name: a.Permission, class: "k8s:metadata", logged: true, weight: float64(a.Weight)})
	}
	if len(s.list) == 0 {
		s.unknown = 1
	}
	return s
}

// otherActions serves providers without a catalogue: the words that their decoders print as permissions are known.
func otherActions(g *access.Grant) *actionSet {
	if g.Provider == "okta" && strings.HasPrefix(g.Permission, "app:") {
		return &actionSet{list: []action{{name: g.Permission, logged: true, weight: 3}}}
	}
	return &actionSet{unknown: 1}
}

func matchAny(patterns []string, name string) bool {
	for _, p := range patterns {
		if catalogue.MatchFold(p, name) {
			return true
		}
	}
	return false
}

// covers reports whether the set holds the permission. A permission that the catalogue does not know is covered by a
// grant that names it.
func (s *actionSet) covers(permission string) bool {
	if s.byName != nil {
		_, ok := s.byName[strings.ToLower(permission)]
		return ok
	}
	return len(s.list) == 1 && strings.EqualFold(s.list[0].name, permission)
}

// index is the place of a permission in the set, -1 when it is not there.
func (s *actionSet) index(permission string) int {
	if s.byName != nil {
		if i, ok := s.byName[strings.ToLower(permission)]; ok {
			return i
		}
		return -1
	}
	if len(s.list) == 1 && strings.EqualFold(s.list[0].name, permission) {
		return 0
	}
	return -1
}
