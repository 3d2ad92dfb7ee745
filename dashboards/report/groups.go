package report

import (
	"cmp"
	"slices"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/detect/ledger"
)

// Group is findings of one kind that ask for one decision: nobody decides on two thousand rows.
type Group struct {
	Kind        string          `json:"kind"`
	Team        string          `json:"team,omitempty"` // empty when the group spans teams
	Severity    access.Severity `json:"severity"`       // the gravest among them
	Count       int             `json:"count"`
	Oldest      time.Time       `json:"oldest,omitzero"` // first_seen of the one that has been open longest
	Teams       []TeamCount     `json:"teams,omitempty"`
	Names       []string        `json:"examples"`              // whom the gravest are about, at most three
	Fingerprint string          `json:"fingerprint,omitempty"` // when there is only one
}

// TeamCount is how many of a group's findings a team has.
type TeamCount struct {
	Team  string `json:"team"`
	Count int    `json:"count"`
}

// Counted reports whether a finding is open in the sense of ledger.Totals: neither excepted nor unverifiable.
func Counted(f *access.Finding) bool {
	return f.State != ledger.StateExcepted && f.State != ledger.StateResolved && f.Verdict != access.VerdictUnverifiable
}

// Groups gathers the open findings by kind, and by team as well when perTeam is set, gravest and largest group first.
func Groups(findings []*access.Finding, perTeam bool) []Group {
	at := map[[2]string]*Group{}
	teams := map[[2]string]map[string]int{}
	var keys [][2]string
	for _, f := range findings {
		if !Counted(f) {
			continue
		}
		k := [2]string{f.Kind, ""}
		if perTeam {
			k[1] = f.Team
		}
		g := at[k]
		if g == nil {
			g = &Group{Kind: f.Kind, Team: k[1], Severity: f.Severity, Oldest: f.FirstSeen, Fingerprint: f.Fingerprint, Names: []string{}}
			at[k], teams[k] = g, map[string]int{}
			keys = append(keys, k)
		}
		g.Count++
		teams[k][f.Team]++
		if f.Severity.Rank() > g.Severity.Rank() {
			g.Severity = f.Severity
		}
		if f.FirstSeen.Before(g.Oldest) {
			g.Oldest = f.FirstSeen
		}
		if name := About(f); len(g.Names) < 3 && name != "" && !slices.Contains(g.Names, name) {
			g.Names = append(g.Names, name)
		}
	}
	out := make([]Group, 0, len(keys))
	for _, k := range keys {
		g := at[k]
		if g.Count > 1 {
			g.Fingerprint = ""
		}
		for team, n := range teams[k] {
			g.Teams = append(g.Teams, TeamCount{team, n})
		}
		slices.SortFunc(g.Teams, func(a, b TeamCount) int { return cmp.Or(-cmp.Compare(a.Count, b.Count), cmp.Compare(a.Team, b.Team)) })
		out = append(out, *g)
	}
	slices.SortFunc(out, func(a, b Group) int {
		return cmp.Or(-cmp.Compare(a.Severity.Rank(), b.Severity.Rank()), -cmp.Compare(a.Count, b.Count), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Team, b.Team))
	})
	return out
}

// Ages counts open findings by the week in which they were first seen: thirteen weeks up to now, oldest first. What is older
// is left out; it is no part of a recent trend.
func Ages(findings []*access.Finding, now time.Time) []int {
	const weeks, week = 13, 7 * 24 * time.Hour
	out := make([]int, weeks)
	for _, f := range findings {
		if age := now.Sub(f.FirstSeen); Counted(f) && age >= 0 && age < weeks*week {
			out[weeks-1-int(age/week)]++
		}
	}
	return out
}

// About names what a finding is about: an identity, or a feed.
func About(f *access.Finding) string {
	if f.Identity != nil {
		return cmp.Or(f.Identity.Name, f.Identity.UID)
	}
	return f.Feed
}

// Pointers refers to findings without copying them; a Finding is large.
func Pointers(fs []access.Finding) []*access.Finding {
	out := make([]*access.Finding, len(fs))
	for i := range fs {
		out[i] = &fs[i]
	}
	return out
}
