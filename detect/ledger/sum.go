package ledger

import (
	"math"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/detect"
)

// expiringSight is how far ahead exceptions count as ending soon, the same as in the notes on registers.
const expiringSight = 14 * 24 * time.Hour

// teamSum is a team's figures while they are counted.
type teamSum struct {
	Team
	covered  float64
	bad      float64
	withheld float64 // weight of UNVERIFIABLE verdicts
	answered int
}

// sums counts everything twice: for the team that it belongs to, and for the organisation.
type sums struct {
	byTeam map[string]*teamSum
	all    *teamSum
}

func newSums(teams []TeamInfo) *sums {
	s := &sums{byTeam: map[string]*teamSum{}, all: newTeamSum(TeamInfo{Name: Organisation})}
	for _, t := range teams {
		s.byTeam[t.Name] = newTeamSum(t)
	}
	return s
}

func newTeamSum(t TeamInfo) *teamSum {
	return &teamSum{Team: Team{Name: t.Name, Owners: t.Owners, Regulated: t.Regulated, Severity: map[access.Severity]int{}, Verdicts: map[access.Verdict]int{}, Kinds: map[string]int{}}}
}

func (s *sums) each(team string, count func(*teamSum)) {
	t := s.byTeam[team]
	if t == nil {
		t = newTeamSum(TeamInfo{Name: team})
		s.byTeam[team] = t
	}
	count(t)
	count(s.all)
}

// known is the sum of a team that something else is known of, or of the organisation; nil for another.
func (s *sums) known(team string) *teamSum {
	if team == detect.CensusAll {
		return s.all
	}
	return s.byTeam[team]
}

func (s *sums) answers(list []detect.CredentialAnswer) {
	for i := range list {
		a := &list[i]
		s.each(a.Team, func(t *teamSum) {
			t.Credentials++
			switch {
			case a.Answered():
				t.answered++
			case a.Reach.State == detect.Missing:
				t.UnansweredWeight += math.Max(a.Weight, unknownReach)
			default:
				t.UnansweredWeight += a.Weight
			}
		})
	}
}

// unknownReach is the weight that a credential counts with when nobody knows what it can reach: an administrator's.
const unknownReach = 10

func (s *sums) revocations(list []detect.Revocation, now time.Time) {
	byTeam := map[string][]detect.Revocation{}
	for _, r := range list {
		byTeam[r.Team] = append(byTeam[r.Team], r)
	}
	for team, list := range byTeam {
		if t := s.known(team); t != nil {
			t.Revocation.add(list)
			t.Revocation.measure(list, now)
		}
	}
}

// count books one finding that is open or excepted.
func (t *teamSum) count(f *access.Finding, now time.Time) {
	switch {
	case f.State == StateExcepted:
		t.Excepted++
		if f.Exception != nil && !f.Exception.Expires.After(now.Add(expiringSight)) {
			t.Expiring++
		}
	case f.Verdict == access.VerdictUnverifiable:
		t.Unverifiable++
		t.withheld += f.Weight
	default:
		t.Open++
		t.Severity[f.Severity]++
		t.Kinds[f.Kind]++
		t.bad += f.Weight * ageFactor(f.LastSeen.Sub(f.FirstSeen))
	}
}

func (t *teamSum) finish() Team {
	if t.Grants > 0 {
		t.Coverage = t.covered / float64(t.Grants)
	}
	if t.active > 0 { // findings beyond grants (leavers, orphans) can outweigh them, hence the cap
		t.DriftIndex = math.Min(100, math.Round(1000*t.bad/t.active)/10)
		t.DriftWorst = math.Min(100, math.Round(1000*(t.bad+2*t.withheld)/t.active)/10)
	}
	if t.Credentials > 0 {
		t.Visibility = float64(t.answered) / float64(t.Credentials)
	}
	t.DriftBand = Band(t.DriftIndex)
	return t.Team
}

// Band names the band of a drift index: green [0,34), amber [34,67), red [67,100].
func Band(index float64) string {
	switch {
	case index < 34:
		return "green"
	case index < 67:
		return "amber"
	}
	return "red"
}
