package awsauth

import (
	"slices"
	"sort"
	"strings"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/access/catalogue"
)

// limits is what takes away from a principal's grants: the unconditional denies of its own and its groups' policies, and its
// permission boundary. A limit that cannot be told exactly takes nothing away.
type limits struct {
	denies   []*statement
	boundary []string // action patterns that may pass, when bounded
	bounded  bool
	noted    map[string][]string // resource → Denied, computed once
}

// limits gathers what cuts the grants of p.
func (b *builder) limits(p *principal) *limits {
	l := &limits{noted: map[string][]string{}}
	b.denies(l, p)
	for _, name := range p.groups {
		if g := b.groups[name]; g != nil {
			b.denies(l, g)
		}
	}
	if policy := b.d.policies[p.boundary]; p.boundary != "" && policy != nil && policy.found {
		l.bound(policy.statements)
	}
	return l
}

func (b *builder) denies(l *limits, p *principal) {
	for _, in := range p.inline {
		l.addDenies(in.statements)
	}
	for _, at := range p.attached {
		if policy := b.d.resolve(at.arn); policy != nil {
			l.addDenies(policy.statements)
		}
	}
}

func (l *limits) addDenies(statements []statement) {
	for i := range statements {
		if s := &statements[i]; !s.allow && s.conditions == "" {
			l.denies = append(l.denies, s)
		}
	}
}

// bound takes in a boundary policy: what its statements allow, wherever and under whatever conditions, may pass; what it denies
// everywhere is denied. An allowing NotAction passes everything but its list, which is exact only if nothing else is allowed.
func (l *limits) bound(statements []statement) {
	l.addDenies(statements)
	l.bounded = true
	var open []*statement
	for i := range statements {
		s := &statements[i]
		if !s.allow {
			continue
		}
		l.boundary = append(l.boundary, s.actions...)
		if len(s.notActions) > 0 {
			open = append(open, s)
		}
	}
	switch {
	case len(open) == 1 && len(l.boundary) == 0:
		l.denies = append(l.denies, &statement{actions: open[0].notActions, resources: []string{"*"}})
		l.boundary = []string{"*"}
	case len(open) > 0:
		l.boundary = []string{"*"}
	}
	l.boundary = unique(l.boundary)
	if slices.Contains(l.boundary, "*") {
		l.boundary, l.bounded = nil, false
	}
}

// deniedOn lists the action patterns that are denied on everything that a resource pattern covers.
func (l *limits) deniedOn(resource string) []string {
	if len(l.denies) == 0 {
		return nil
	}
	if got, ok := l.noted[resource]; ok {
		return got
	}
	var out []string
	for _, s := range l.denies {
		if len(s.actions) > 0 && s.reaches(resource) {
			out = append(out, s.actions...)
		}
	}
	out = unique(out)
	l.noted[resource] = out
	return out
}

// reaches reports whether a deny holds on everything that a resource pattern covers.
func (s *statement) reaches(resource string) bool {
	for _, r := range s.resources {
		if catalogue.Covers(r, resource) {
			return true
		}
	}
	if len(s.notRes) == 0 {
		return false
	}
	for _, r := range s.notRes {
		if overlaps(r, resource) {
			return false
		}
	}
	return true
}

// overlaps reports whether two resource patterns may have something in common: it is sure of "no" only where the fixed
// text before the first wildcard differs.
func overlaps(a, b string) bool {
	a, b = fixed(a), fixed(b)
	n := min(len(a), len(b))
	return a[:n] == b[:n]
}

func fixed(pattern string) string {
	if i := strings.IndexAny(pattern, "*?$"); i >= 0 {
		return pattern[:i]
	}
	return pattern
}

// apply notes on a grant what is taken away from it, and reports whether anything is left.
func (l *limits) apply(g *access.Grant, denied []string, w *weights) bool {
	for _, d := range denied {
		if catalogue.CoversFold(d, g.Permission) {
			return false
		}
		if touches(d, g.Permission) {
			g.Denied = append(g.Denied, d)
		}
	}
	if l.bounded {
		g.HasBoundary, g.Boundary = true, l.boundary
	}
	// A deny of everything but some actions is a boundary of those actions.
	for _, s := range l.denies {
		if len(s.notActions) == 0 || !s.reaches(g.Resource) {
			continue
		}
		if g.HasBoundary {
			g.Boundary = w.meet(g.Boundary, s.notActions)
		} else {
			g.HasBoundary, g.Boundary = true, s.notActions
		}
	}
	if g.HasBoundary && g.Boundary == nil {
		g.Boundary = []string{}
	}
	return w.anythingLeft(g)
}

// touches reports whether two action patterns may have an action in common.
func touches(a, b string) bool {
	a, b = strings.ToLower(a), strings.ToLower(b)
	return overlaps(a, b)
}

func unique(list []string) []string {
	if len(list) < 2 {
		return list
	}
	out := slices.Clone(list)
	sort.Strings(out)
	return slices.Compact(out)
}

// weights answers questions about action patterns by the catalogue, and remembers the answers.
type weights struct {
	c     *catalogue.Catalogue
	heavy map[string]bool
}

func newWeights(c *catalogue.Catalogue) *weights { return &weights{c: c, heavy: map[string]bool{}} }

// privileged reports whether what is left of a grant holds a privileged action.
func (w *weights) privileged(g *access.Grant) bool {
	plain := len(g.Except) == 0 && len(g.Denied) == 0 && !g.HasBoundary
	if plain {
		if got, ok := w.heavy[g.Permission]; ok {
			return got
		}
	}
	found := plain && g.Permission == "*"
	if !found {
		for _, a := range w.c.Expand(g.Permission) {
			if a.Privileged() && left(g, a.Name) {
				found = true
				break
			}
		}
	}
	if plain {
		w.heavy[g.Permission] = found
	}
	return found
}

// anythingLeft reports whether a grant still gives something. A pattern that matches no known action is kept: an action that
// the catalogue does not know may exist.
func (w *weights) anythingLeft(g *access.Grant) bool {
	if len(g.Denied) == 0 && !g.HasBoundary {
		return true
	}
	actions := w.c.Expand(g.Permission)
	if len(actions) == 0 {
		return !g.HasBoundary || slices.ContainsFunc(g.Boundary, func(b string) bool { return touches(b, g.Permission) })
	}
	for i := range actions {
		if left(g, actions[i].Name) {
			return true
		}
	}
	return false
}

// left reports whether an action that a grant's pattern matches survives its exceptions, denies and boundary.
func left(g *access.Grant, action string) bool {
	return !matchAny(g.Except, action) && !matchAny(g.Denied, action) && (!g.HasBoundary || matchAny(g.Boundary, action))
}

// meet is the action patterns that pass both lists.
func (w *weights) meet(a, b []string) []string {
	var out []string
	for _, x := range a {
		for _, y := range b {
			switch {
			case catalogue.CoversFold(x, y):
				out = append(out, y)
			case catalogue.CoversFold(y, x):
				out = append(out, x)
			case touches(x, y):
				for _, action := range w.c.Expand(x) {
					if catalogue.MatchFold(y, action.Name) {
						out = append(out, action.Name)
					}
				}
			}
		}
	}
	return unique(out)
}
