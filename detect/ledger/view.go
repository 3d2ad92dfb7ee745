package ledger

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/detect"
)

// View is everything that is shown of one evaluation. It is made once and only read afterwards.
type View struct {
	AsOf      time.Time               `json:"as_of"`
	Findings  []access.Finding        `json:"findings"` // open and excepted, gravest first
	Verdicts  map[access.Verdict]int  `json:"verdicts"` // of UNUSED_GRANT, all grants judged
	Severity  map[access.Severity]int `json:"severity"` // of open findings, UNVERIFIABLE apart
	Kinds     []KindCount             `json:"kinds"`
	Teams     []Team                  `json:"teams"`
	Feeds     []detect.FeedReport     `json:"feeds"`
	Registers []detect.RegisterNote   `json:"registers"`
	Rules     []detect.Evaluation     `json:"evaluations"`
	Changes   []Change                `json:"changes"` // since the evaluation before
	Totals    Totals                  `json:"totals"`
	Notes     []string                `json:"notes"`
}

// Totals are figures over all teams.
type Totals struct {
	Open         int     `json:"open"`         // findings that are open: UNUSED, OVERBROAD, VIOLATION
	Unverifiable int     `json:"unverifiable"` // verdicts that the evidence does not allow
	Excepted     int     `json:"excepted"`
	Grants       int     `json:"grants"`   // grants judged
	Coverage     float64 `json:"coverage"` // mean covered share of the judged grants' windows, 0 to 1
	Events       int64   `json:"events"`
	Rejected     int64   `json:"rejected"`
	People       int     `json:"people"`
	NHIs         int     `json:"nhis"`
}

// KindCount is how many findings of a kind and verdict are open.
type KindCount struct {
	Kind     string          `json:"kind"`
	Verdict  access.Verdict  `json:"verdict"`
	Severity access.Severity `json:"severity"` // the gravest among them
	Count    int             `json:"count"`
}

// Team is one team's figures.
type Team struct {
	Name         string                  `json:"name"`
	Regulated    bool                    `json:"regulated"`
	Owners       []string                `json:"owners"`
	Open         int                     `json:"open"`
	Severity     map[access.Severity]int `json:"severity"`
	Unverifiable int                     `json:"unverifiable"`
	Excepted     int                     `json:"excepted"`
	Verdicts     map[access.Verdict]int  `json:"verdicts"` // of its grants
	Grants       int                     `json:"grants"`
	Coverage     float64                 `json:"coverage"`
	DriftIndex   float64                 `json:"drift_index"` // 0 to 100, see docs/verdicts.md
	DriftBand    string                  `json:"drift_band"`  // green [0,34), amber [34,67), red [67,100]
	Feeds        int                     `json:"feeds"`
	FeedsSilent  int                     `json:"feeds_silent"`
}

// TeamInfo is what the configuration says of a team.
type TeamInfo struct {
	Name      string
	Owners    []string
	Regulated bool
}

// NewView computes the figures of one evaluation. current is what Merge returned.
func NewView(res *detect.Result, current []access.Finding, changes []Change, teams []TeamInfo, people, nhis int) *View {
	v := &View{
		AsOf: res.Now, Verdicts: map[access.Verdict]int{}, Severity: map[access.Severity]int{}, Feeds: res.Feeds,
		Registers: res.Registers, Rules: res.Evaluations, Changes: changes, Notes: res.Notes,
	}
	v.Totals.People, v.Totals.NHIs = people, nhis
	byTeam := map[string]*teamSum{}
	for _, t := range teams {
		byTeam[t.Name] = &teamSum{Team: Team{Name: t.Name, Owners: t.Owners, Regulated: t.Regulated, Severity: map[access.Severity]int{}, Verdicts: map[access.Verdict]int{}}}
	}
	sum := func(name string) *teamSum {
		if byTeam[name] == nil {
			byTeam[name] = &teamSum{Team: Team{Name: name, Severity: map[access.Severity]int{}, Verdicts: map[access.Verdict]int{}}}
		}
		return byTeam[name]
	}
	v.countGrants(res, sum)
	v.countFindings(current, sum)
	for _, f := range res.Feeds {
		t := sum(f.Team)
		t.Feeds++
		if f.Silent {
			t.FeedsSilent++
		}
		v.Totals.Events += f.Received
		v.Totals.Rejected += f.Rejected
	}
	for _, t := range byTeam {
		if t.Name == "" && t.Open+t.Unverifiable+t.Grants+t.Feeds == 0 {
			continue
		}
		v.Teams = append(v.Teams, t.finish())
	}
	slices.SortFunc(v.Teams, func(a, b Team) int { return cmp.Compare(a.Name, b.Name) })
	return v
}

type teamSum struct {
	Team
	covered     float64
	weight, bad float64
}

func (v *View) countGrants(res *detect.Result, sum func(string) *teamSum) {
	covered := 0.0
	for i := range res.Findings {
		f := &res.Findings[i]
		if f.Kind != "UNUSED_GRANT" {
			continue
		}
		t := sum(f.Team)
		v.Verdicts[f.Verdict]++
		t.Verdicts[f.Verdict]++
		t.Grants++
		v.Totals.Grants++
		if f.Coverage != nil {
			covered += *f.Coverage
			t.covered += *f.Coverage
		}
		if f.Verdict != access.VerdictClosed {
			t.weight += f.Weight
		}
	}
	if v.Totals.Grants > 0 {
		v.Totals.Coverage = covered / float64(v.Totals.Grants)
	}
}

func (v *View) countFindings(current []access.Finding, sum func(string) *teamSum) {
	kinds := map[[2]string]*KindCount{}
	for i := range current {
		f := current[i]
		if f.State == StateResolved {
			continue
		}
		v.Findings = append(v.Findings, f)
		t := sum(f.Team)
		switch {
		case f.State == StateExcepted:
			v.Totals.Excepted++
			t.Excepted++
			continue
		case f.Verdict == access.VerdictUnverifiable:
			v.Totals.Unverifiable++
			t.Unverifiable++
		default:
			v.Totals.Open++
			v.Severity[f.Severity]++
			t.Open++
			t.Severity[f.Severity]++
			t.bad += f.Weight * ageFactor(f.LastSeen.Sub(f.FirstSeen))
		}
		k := [2]string{f.Kind, string(f.Verdict)}
		if kinds[k] == nil {
			kinds[k] = &KindCount{Kind: f.Kind, Verdict: f.Verdict, Severity: f.Severity}
		}
		kinds[k].Count++
		if f.Severity.Rank() > kinds[k].Severity.Rank() {
			kinds[k].Severity = f.Severity
		}
	}
	for _, k := range kinds {
		v.Kinds = append(v.Kinds, *k)
	}
	slices.SortFunc(v.Kinds, func(a, b KindCount) int {
		return cmp.Or(-cmp.Compare(a.Severity.Rank(), b.Severity.Rank()), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Verdict, b.Verdict))
	})
	Sort(v.Findings)
}

func (t *teamSum) finish() Team {
	if t.Grants > 0 {
		t.Coverage = t.covered / float64(t.Grants)
	}
	if t.weight > 0 { // findings beyond grants (leavers, orphans) can outweigh them, hence the cap
		t.DriftIndex = math.Min(100, math.Round(1000*t.bad/t.weight)/10)
	}
	switch {
	case t.DriftIndex < 34:
		t.DriftBand = "green"
	case t.DriftIndex < 67:
		t.DriftBand = "amber"
	default:
		t.DriftBand = "red"
	}
	return t.Team
}

// ageFactor grows from 1 to 2 over the first 90 days that a finding stays open.
func ageFactor(open time.Duration) float64 {
	return 1 + math.Min(1, open.Hours()/24/90)
}

// Sort puts findings in the order in which they are shown: gravest first, what cannot be verified after what can.
func Sort(fs []access.Finding) {
	slices.SortStableFunc(fs, func(a, b access.Finding) int { return Compare(&a, &b) })
}

// Compare is the order in which findings are shown.
func Compare(a, b *access.Finding) int {
	return cmp.Or(
		-cmp.Compare(a.Severity.Rank(), b.Severity.Rank()),
		cmp.Compare(boolRank(a.Verdict == access.VerdictUnverifiable), boolRank(b.Verdict == access.VerdictUnverifiable)),
		cmp.Compare(a.Team, b.Team), cmp.Compare(a.Kind, b.Kind), cmp.Compare(name(a), name(b)), cmp.Compare(a.Fingerprint, b.Fingerprint))
}

func boolRank(b bool) int {
	if b {
		return 1
	}
	return 0
}

func name(f *access.Finding) string {
	if f.Identity == nil {
		return f.Feed
	}
	return f.Identity.Name
}
