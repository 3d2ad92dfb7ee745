package ledger_test

import (
	"encoding/json"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/grantwatch/grantwatch/dashboards/report/viewtest"
	"github.com/grantwatch/grantwatch/detect/ledger"
)

func TestEveryFieldOfAViewIsScoped(t *testing.T) {
	// For handles these. A field that is not among them must be cut to the scope in For before it is added here.
	handled := []string{"AsOf", "Findings", "Verdicts", "Severity", "Kinds", "Teams", "Feeds", "Registers", "Rules", "Changes", "Totals", "Notes", "Rebuilt", "Org", "Credentials", "Revocations", "FeedDays", "Governance"}
	for f := range reflect.TypeFor[ledger.View]().Fields() {
		if !slices.Contains(handled, f.Name) {
			t.Errorf("View.%s is not known to For: may somebody of another team see it?", f.Name)
		}
	}
}

func TestScopedViewHoldsItsTeamsOnly(t *testing.T) {
	v := viewtest.Organisation(300)
	s := ledger.TeamScope("payments", "identity")
	got := v.For(s)
	for _, f := range got.Findings {
		if !s.Sees(f.Team) {
			t.Errorf("a finding of %q", f.Team)
		}
	}
	text, err := json.Marshal(struct{ A, B, C, D any }{got.Feeds, got.Rules, got.Changes, got.Teams})
	if err != nil {
		t.Fatal(err)
	}
	for _, other := range []string{"logistics", "storefront", "data-platform", "platform-k8s"} {
		if strings.Contains(string(text), other) {
			t.Errorf("the view of payments and identity names %s", other)
		}
	}
	open, grants := 0, 0
	for _, team := range v.Teams {
		if s.Sees(team.Name) {
			open += team.Open
			grants += team.Grants
		}
	}
	if got.Totals.Open != open || got.Totals.Grants != grants || open == 0 {
		t.Errorf("totals %+v, want %d open and %d grants", got.Totals, open, grants)
	}
	if got.Registers != nil || got.Notes != nil {
		t.Error("what belongs to no team is shown to one")
	}
}

func TestScopeOfAllTeamsCountsAsTheWhole(t *testing.T) {
	v := viewtest.Organisation(200)
	var names []string
	for _, team := range v.Teams {
		names = append(names, team.Name)
	}
	got := v.For(ledger.TeamScope(names...))
	if len(got.Findings) != len(v.Findings) || got.Totals.Open != v.Totals.Open || got.Totals.Grants != v.Totals.Grants || got.Totals.Events != v.Totals.Events || math.Abs(got.Totals.Coverage-v.Totals.Coverage) > 1e-9 || !reflect.DeepEqual(got.Kinds, v.Kinds) || !reflect.DeepEqual(got.Severity, v.Severity) || !reflect.DeepEqual(got.Verdicts, v.Verdicts) {
		t.Errorf("%+v, want %+v", got.Totals, v.Totals)
	}
	if v.For(ledger.Everything) != v || (*ledger.View)(nil).For(ledger.TeamScope("x")) != nil {
		t.Error("all of a view is the view, and none of none is none")
	}
}

func TestScope(t *testing.T) {
	if (ledger.Scope{}).Sees("") || (ledger.Scope{}).Sees("a") || ledger.TeamScope("").Sees("") || ledger.TeamScope("a").Sees("ab") || !ledger.Everything.Sees("") {
		t.Error("a scope sees what it should not, or all does not see all")
	}
	if ledger.TeamScope("b", "a", "b").Key() != ledger.TeamScope("a", "b").Key() || ledger.TeamScope("a", "b").Key() == ledger.TeamScope("a").Key() || ledger.TeamScope().Key() == ledger.Everything.Key() || ledger.TeamScope("all").Key() == ledger.Everything.Key() || ledger.TeamScope("a\x00b").Key() == ledger.TeamScope("a", "b").Key() || ledger.TeamScope(`a""b`).Key() == ledger.TeamScope("a", "b").Key() {
		t.Error("keys of scopes")
	}
}
