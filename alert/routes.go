package alert

import (
	"maps"
	"slices"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/detect/ledger"
)

// Routes says which channel hears of which team's findings.
type Routes struct {
	Teams    map[string]string // team to channel
	Fallback string            // for teams without a channel; empty means that theirs are not sent
	Min      access.Severity   // the floor; empty means all
}

// Channel is where a team hears of its findings; empty when nowhere.
func (r Routes) Channel(team string) string {
	if c := r.Teams[team]; c != "" {
		return c
	}
	return r.Fallback
}

// Channels lists every channel once, in order.
func (r Routes) Channels() []string {
	set := map[string]bool{r.Fallback: true}
	for _, c := range r.Teams {
		set[c] = true
	}
	delete(set, "")
	return slices.Sorted(maps.Keys(set))
}

// addressee is the team that can do something about a finding: its own, and of one that cannot be verified the team whose
// feed lacks the evidence.
func addressee(f *access.Finding, feeds map[string]string) string {
	if f.Verdict == access.VerdictUnverifiable {
		if t := feeds[blindFeed(f)]; t != "" {
			return t
		}
	}
	return f.Team
}

func feedTeams(view *ledger.View) map[string]string {
	out := make(map[string]string, len(view.Feeds))
	for i := range view.Feeds {
		out[view.Feeds[i].Name] = view.Feeds[i].Team
	}
	return out
}
