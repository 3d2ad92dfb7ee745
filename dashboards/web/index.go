package web

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/dashboards/report"
	"github.com/grantwatch/grantwatch/dashboards/report/words"
	"github.com/grantwatch/grantwatch/detect/ledger"
)

// index is a view with what the pages look up in it, derived once.
type index struct {
	*ledger.View
	source      *ledger.View // the pointer it was made of; View is an empty one when that is nil
	all         []*access.Finding
	text        []string // per finding, lower case: what a search looks through
	shown       []show   // per finding, under which heading it is
	orders      map[string]func() []int
	fingerprint map[string]*access.Finding
	identity    map[string][]*access.Finding
	byRecord    map[string][]*access.Finding // by the uid of the register's record
	rank        map[string]int               // place in the ledger's order, by fingerprint
	team        map[string][]*access.Finding
	kinds       []string // that occur, by title
	teams       []string
	attention   []report.Group // by kind and team
}

func newIndex(v *ledger.View) *index {
	ix := &index{View: v, source: v, fingerprint: map[string]*access.Finding{}, identity: map[string][]*access.Finding{}, team: map[string][]*access.Finding{},
		byRecord: map[string][]*access.Finding{}, rank: make(map[string]int, 64)}
	if v == nil {
		ix.View = &ledger.View{}
	}
	ix.all = report.Pointers(ix.Findings)
	ix.text, ix.shown = make([]string, len(ix.all)), make([]show, len(ix.all))
	ix.orders = map[string]func() []int{}
	for _, column := range sorts {
		ix.orders[column] = sync.OnceValue(func() []int { return ix.order(column) })
	}
	kinds := map[string]bool{}
	for i, f := range ix.all {
		ix.text[i], ix.shown[i] = searchText(f), showOf(f)
		ix.fingerprint[f.Fingerprint], ix.rank[f.Fingerprint] = f, i
		if f.Identity != nil {
			ix.identity[f.Identity.UID] = append(ix.identity[f.Identity.UID], f)
			if r := f.Identity.Record; r != "" {
				ix.byRecord[r] = append(ix.byRecord[r], f)
			}
		}
		ix.team[f.Team] = append(ix.team[f.Team], f)
		kinds[f.Kind] = true
	}
	for k := range kinds {
		ix.kinds = append(ix.kinds, k)
	}
	slices.SortFunc(ix.kinds, func(a, b string) int {
		return cmp.Or(cmp.Compare(words.KindTitle(a), words.KindTitle(b)), cmp.Compare(a, b))
	})
	for _, t := range ix.Teams {
		ix.teams = append(ix.teams, t.Name)
	}
	ix.attention = report.Groups(ix.all, true)
	return ix
}

func searchText(f *access.Finding) string {
	parts := []string{f.Fingerprint, f.Kind, words.KindTitle(f.Kind), f.Rule, f.Team, f.Feed, f.Why, f.Title}
	if id := f.Identity; id != nil {
		parts = append(parts, id.Name, id.UID, id.Person, id.Owner)
	}
	if g := f.Grant; g != nil {
		parts = append(parts, g.Provider, g.Account, g.Permission, g.Resource, g.Path)
	}
	return strings.ToLower(strings.Join(parts, "\x00"))
}

// teamOf finds a team's figures.
func (ix *index) teamOf(name string) *ledger.Team {
	for i := range ix.Teams {
		if ix.Teams[i].Name == name {
			return &ix.Teams[i]
		}
	}
	return nil
}
