package ledger

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/detect"
)

// Past is what the store kept of one evaluation.
type Past struct {
	At         time.Time
	Figures    []Figure         // of that evaluation
	Findings   []access.Finding // as they stood then: state, verdict and severity by history, the rest as it is told today
	Changes    []Change         // of that evaluation; may be nil
	Feeds      []detect.FeedReport
	FeedDays   []detect.FeedDay
	Governance []Recommendation // of that moment or the last before it
	Rules      []detect.Evaluation
	Teams      []TeamInfo
}

// Rebuild makes the view of an evaluation of the past from what was kept of it. Every figure is the one that was saved
// then; none is computed anew, so that a report of a past week says what was said in that week.
func Rebuild(p Past) *View {
	v := &View{
		AsOf: p.At, Rebuilt: true, Verdicts: map[access.Verdict]int{}, Severity: map[access.Severity]int{}, Feeds: p.Feeds, FeedDays: p.FeedDays,
		Rules: p.Rules, Changes: p.Changes, Governance: p.Governance, Registers: []detect.RegisterNote{}, Notes: []string{},
	}
	teams := map[string]*Team{}
	at := func(name string) *Team {
		t := teams[name]
		if t == nil {
			t = &newTeamSum(TeamInfo{Name: name}).Team
			teams[name] = t
		}
		return t
	}
	for _, f := range p.Figures {
		at(f.Team).set(f)
	}
	for _, i := range p.Teams {
		if t := teams[i.Name]; t != nil {
			t.Owners, t.Regulated = i.Owners, i.Regulated
		}
	}
	org := at(Organisation)
	delete(teams, Organisation)
	for _, t := range teams {
		t.DriftBand = Band(t.DriftIndex)
		v.Teams = append(v.Teams, *t)
	}
	slices.SortFunc(v.Teams, func(a, b Team) int { return cmp.Compare(a.Name, b.Name) })
	org.DriftBand = Band(org.DriftIndex)
	v.Org = *org
	v.Severity, v.Verdicts = org.Severity, org.Verdicts
	v.Totals = Totals{Open: org.Open, Unverifiable: org.Unverifiable, Excepted: org.Excepted, Grants: org.Grants, Coverage: org.Coverage, People: org.People, NHIs: org.NHIs}
	for _, f := range p.Feeds {
		v.Totals.Events += f.Received
		v.Totals.Rejected += f.Rejected
	}
	v.Findings = p.Findings
	v.kindsOf(p.Findings)
	Sort(v.Findings)
	return v
}

func (v *View) kindsOf(findings []access.Finding) {
	kinds := map[[2]string]*KindCount{}
	for i := range findings {
		if f := &findings[i]; f.State != StateExcepted && f.State != StateResolved {
			countKind(kinds, f)
		}
	}
	v.Kinds = sortedKinds(kinds)
}

func countKind(kinds map[[2]string]*KindCount, f *access.Finding) {
	k := [2]string{f.Kind, string(f.Verdict)}
	if kinds[k] == nil {
		kinds[k] = &KindCount{Kind: f.Kind, Verdict: f.Verdict, Severity: f.Severity}
	}
	kinds[k].Count++
	if f.Severity.Rank() > kinds[k].Severity.Rank() {
		kinds[k].Severity = f.Severity
	}
}

func sortedKinds(kinds map[[2]string]*KindCount) []KindCount {
	var out []KindCount
	for _, k := range kinds {
		out = append(out, *k)
	}
	slices.SortFunc(out, func(a, b KindCount) int {
		return cmp.Or(-cmp.Compare(a.Severity.Rank(), b.Severity.Rank()), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Verdict, b.Verdict))
	})
	return out
}

// set puts one saved figure back into the place that it was taken from.
func (t *Team) set(f Figure) {
	n := int(f.Value)
	switch f.Name {
	case "open":
		t.Open = n
	case "unverifiable":
		t.Unverifiable = n
	case "excepted":
		t.Excepted = n
	case "exceptions_expiring_14d":
		t.Expiring = n
	case "grants":
		t.Grants = n
	case "coverage":
		t.Coverage = f.Value
	case "drift_index":
		t.DriftIndex = f.Value
	case "drift_real":
		t.DriftReal = f.Value
	case "drift_newly_visible":
		t.DriftNewlyVisible = f.Value
	case "drift_worst":
		t.DriftWorst = f.Value
	case "credentials":
		t.Credentials = n
	case "visibility":
		t.Visibility = f.Value
	case "revocations":
		t.Revocation.People = n
	case "revocations_open":
		t.Revocation.Open = n
	case "revocation_median_hours":
		t.Revocation.Median.Hours = f.Value
	case "revocation_p95_hours":
		t.Revocation.P95.Hours = f.Value
	case "people":
		t.People = n
	case "nhis":
		t.NHIs = n
	case "changes_per_week":
		t.ChangesPerWeek = f.Value
	case "feeds":
		t.Feeds = n
	case "feeds_silent":
		t.FeedsSilent = n
	case "severity":
		t.Severity[access.Severity(f.Label)] = n
	case "kind":
		t.Kinds[f.Label] = n
	case "verdict":
		t.Verdicts[access.Verdict(f.Label)] = n
	case "revocation_at_least":
		t.Revocation.Median.AtLeast = strings.Contains(f.Label, "median") && n > 0 || t.Revocation.Median.AtLeast
		t.Revocation.P95.AtLeast = strings.Contains(f.Label, "p95") && n > 0 || t.Revocation.P95.AtLeast
	}
}
