package report

import (
	"cmp"
	"slices"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/detect/ledger"
)

// Movement is what changed within the period, each finding counted once by where it stood before and after.
type Movement struct {
	Team         string `json:"team,omitempty"`
	New          int    `json:"new"`          // not there before, open now
	Reopened     int    `json:"reopened"`     // resolved before, open again
	Resolved     int    `json:"resolved"`     // open before, gone now
	Brief        int    `json:"brief"`        // came up and went within the period
	Excepted     int    `json:"excepted"`     // under an exception now
	Unverifiable int    `json:"unverifiable"` // verdicts that could not be given: missing evidence, not worse access
	Revised      int    `json:"revised"`      // open before and now, with another verdict or severity
}

// Total is how many findings moved.
func (m Movement) Total() int {
	return m.New + m.Reopened + m.Resolved + m.Brief + m.Excepted + m.Unverifiable + m.Revised
}

// movements sums the ledger's changes in [from, to) over all teams and per team, by team name.
func movements(changes []ledger.Change, from, to time.Time) (all Movement, teams []Movement) {
	steps := map[string][]ledger.Change{}
	var order []string
	for _, c := range changes {
		if !from.IsZero() && c.At.Before(from) || !to.IsZero() && !c.At.Before(to) {
			continue
		}
		if steps[c.Fingerprint] == nil {
			order = append(order, c.Fingerprint)
		}
		steps[c.Fingerprint] = append(steps[c.Fingerprint], c)
	}
	byTeam := map[string]*Movement{}
	for _, fp := range order {
		s := steps[fp]
		slices.SortStableFunc(s, func(a, b ledger.Change) int { return a.At.Compare(b.At) })
		first, last := s[0], s[len(s)-1]
		t := byTeam[last.Team]
		if t == nil {
			t = &Movement{Team: last.Team}
			byTeam[last.Team] = t
		}
		t.book(first.From, last)
		all.book(first.From, last)
	}
	for _, t := range byTeam {
		teams = append(teams, *t)
	}
	slices.SortFunc(teams, func(a, b Movement) int { return cmp.Compare(a.Team, b.Team) })
	return all, teams
}

func (m *Movement) book(before string, last ledger.Change) {
	there := before != "" && before != ledger.StateResolved
	switch {
	case last.To == ledger.StateResolved && there:
		m.Resolved++
	case last.To == ledger.StateResolved:
		m.Brief++
	case last.To == ledger.StateExcepted:
		m.Excepted++
	case last.Verdict == access.VerdictUnverifiable:
		m.Unverifiable++
	case before == ledger.StateResolved:
		m.Reopened++
	case before == "":
		m.New++
	default:
		m.Revised++
	}
}
