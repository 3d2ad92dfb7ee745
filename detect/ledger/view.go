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
	Rebuilt   bool                    `json:"rebuilt,omitempty"` // of a past evaluation, from what was kept of it
	Findings  []access.Finding        `json:"findings"`          // open and excepted, gravest first
	Verdicts  map[access.Verdict]int  `json:"verdicts"`          // of UNUSED_GRANT, all grants judged
	Severity  map[access.Severity]int `json:"severity"`          // of open findings, UNVERIFIABLE apart
	Kinds     []KindCount             `json:"kinds"`
	Teams     []Team                  `json:"teams"`
	Org       Team                    `json:"organisation"` // the same figures over all teams and what belongs to none
	Feeds     []detect.FeedReport     `json:"feeds"`
	Registers []detect.RegisterNote   `json:"registers"`
	Rules     []detect.Evaluation     `json:"evaluations"`
	Changes   []Change                `json:"changes"` // since the evaluation before
	Totals    Totals                  `json:"totals"`
	Notes     []string                `json:"notes"`

	Credentials []detect.CredentialAnswer `json:"-"` // who issued them, what they reach, when they expire
	Revocations []detect.Revocation       `json:"-"`
	FeedDays    []detect.FeedDay          `json:"-"`
	Governance  []Recommendation          `json:"governance,omitempty"` // by team and layer; set by Recommend
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
	Kinds        map[string]int          `json:"kinds"`    // open findings
	Expiring     int                     `json:"expiring"` // exceptions that end within 14 days

	DriftReal         float64    `json:"drift_real"`          // part of the week's change of the drift index that came to be in it
	DriftNewlyVisible float64    `json:"drift_newly_visible"` // part that was so before and only now can be said
	DriftWorst        float64    `json:"drift_worst"`         // the index if every UNVERIFIABLE verdict were an old finding
	Credentials       int        `json:"credentials"`         // of non-human identities
	Visibility        float64    `json:"visibility"`          // share of them with issuer, reach and expiry known
	UnansweredWeight  float64    `json:"unanswered_weight"`   // privilege weight that the others can reach; an unknown reach counts as an administrator's
	Revocation        Revocation `json:"revocation"`
	People            int        `json:"people"`
	NHIs              int        `json:"nhis"`
	ChangesPerWeek    float64    `json:"changes_per_week"`

	active float64 // weight of all active grants, which the drift index is measured against
}

// NHIRatio is how many non-human identities there are for each person; 0 without people.
func (t *Team) NHIRatio() float64 {
	if t.People == 0 {
		return 0
	}
	return math.Round(100*float64(t.NHIs)/float64(t.People)) / 100
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
	if c, ok := res.Census[detect.CensusAll]; ok {
		v.Totals.People, v.Totals.NHIs = c.People, c.NHIs
	}
	v.Credentials, v.Revocations, v.FeedDays = res.Answers, res.Revocations, res.FeedDays
	sums := newSums(teams)
	v.countGrants(res, sums)
	v.countFindings(current, sums)
	for _, f := range res.Feeds {
		sums.each(f.Team, func(t *teamSum) {
			t.Feeds++
			if f.Silent {
				t.FeedsSilent++
			}
		})
		v.Totals.Events += f.Received
		v.Totals.Rejected += f.Rejected
	}
	sums.answers(res.Answers)
	sums.revocations(res.Revocations, res.Now)
	for team, c := range res.Census {
		if t := sums.known(team); t != nil {
			t.People, t.NHIs, t.ChangesPerWeek = c.People, c.NHIs, math.Round(100*c.ChangesPerWeek)/100
		}
	}
	for _, t := range sums.byTeam {
		if t.Name == "" && t.Open+t.Unverifiable+t.Grants+t.Feeds == 0 {
			continue
		}
		v.Teams = append(v.Teams, t.finish())
	}
	slices.SortFunc(v.Teams, func(a, b Team) int { return cmp.Compare(a.Name, b.Name) })
	v.Org = sums.all.finish()
	return v
}

func (v *View) countGrants(res *detect.Result, sums *sums) {
	covered := 0.0
	for i := range res.Findings {
		f := &res.Findings[i]
		if f.Kind != "UNUSED_GRANT" {
			continue
		}
		v.Verdicts[f.Verdict]++
		v.Totals.Grants++
		if f.Coverage != nil {
			covered += *f.Coverage
		}
		sums.each(f.Team, func(t *teamSum) {
			t.Verdicts[f.Verdict]++
			t.Grants++
			if f.Coverage != nil {
				t.covered += *f.Coverage
			}
			if f.Verdict != access.VerdictClosed {
				t.active += f.Weight
			}
		})
	}
	if v.Totals.Grants > 0 {
		v.Totals.Coverage = covered / float64(v.Totals.Grants)
	}
}

func (v *View) countFindings(current []access.Finding, sums *sums) {
	kinds := map[[2]string]*KindCount{}
	for i := range current {
		f := current[i]
		if f.State == StateResolved {
			continue
		}
		v.Findings = append(v.Findings, f)
		sums.each(f.Team, func(t *teamSum) { t.count(&f, v.AsOf) })
		switch {
		case f.State == StateExcepted:
			v.Totals.Excepted++
			continue
		case f.Verdict == access.VerdictUnverifiable:
			v.Totals.Unverifiable++
		default:
			v.Totals.Open++
			v.Severity[f.Severity]++
		}
		countKind(kinds, &f)
	}
	v.Kinds = sortedKinds(kinds)
	Sort(v.Findings)
}

// ageFactor grows from 1 to 2 over the first 90 days that a finding stays open.
func ageFactor(open time.Duration) float64 {
	return 1 + math.Min(1, open.Hours()/24/90)
}

// Sort puts findings in the order in which they are shown: gravest first, what cannot be verified after what can.
func Sort(fs []access.Finding) {
	slices.SortStableFunc(fs, func(a, b access.Finding) int {
		return cmp.Or(
			-cmp.Compare(a.Severity.Rank(), b.Severity.Rank()),
			cmp.Compare(boolRank(a.Verdict == access.VerdictUnverifiable), boolRank(b.Verdict == access.VerdictUnverifiable)),
			cmp.Compare(a.Team, b.Team), cmp.Compare(a.Kind, b.Kind), cmp.Compare(name(&a), name(&b)), cmp.Compare(a.Fingerprint, b.Fingerprint))
	})
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
