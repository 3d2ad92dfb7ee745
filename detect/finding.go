package detect

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/zeebo/xxh3"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/rules"
)

// fingerprint identifies a problem through its whole life: kind, identity, grant and scope, and no time.
func fingerprint(f *access.Finding) string {
	var b strings.Builder
	b.WriteString(f.Kind)
	for _, s := range []string{f.Team, f.Feed, identityUID(f), grantID(f), scopeOf(f)} {
		b.WriteByte(0)
		b.WriteString(s)
	}
	h := xxh3.HashString128(b.String()).Bytes()
	return hex.EncodeToString(h[:])
}

func identityUID(f *access.Finding) string {
	if f.Identity == nil {
		return ""
	}
	return f.Identity.UID
}

func grantID(f *access.Finding) string {
	if f.Grant == nil {
		return ""
	}
	return f.Grant.ID
}

// scopeOf tells apart findings of one kind and identity that no grant tells apart: those of different event rules.
func scopeOf(f *access.Finding) string {
	if f.Kind == "GUARDRAIL_DRIFT" || f.Kind == "HUMAN_USE" || f.Kind == "LOOSEN_ATTEMPT" || f.Kind == "ALERT_UNDELIVERABLE" {
		return f.Rule + f.Title
	}
	return ""
}

// stamp prints a time as findings print it: RFC 3339 in UTC, to the second.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// fromRule starts a finding with what the rule says.
func fromRule(j *rules.Judgement) access.Finding {
	return access.Finding{
		Kind: j.Rule.Kind, Verdict: j.Verdict, Rule: j.Rule.ID, Severity: j.Severity, Title: j.Rule.Title, Why: j.Why,
		OWASP: j.Rule.OWASPIDs(),
	}
}

// grantFindings lets the rules on grants decide over one grant and writes down what they say with its evidence. floor is
// the same grant under the central parameters where the team has tightened the window; a rule fires when either does.
func (e *evaluation) grantFindings(c, floor *grantCase) {
	judged := e.in.Rules.JudgeGrantBoth(&floor.facts, &c.facts, e.worker)
	for _, j := range judged {
		e.count(j.Rule.ID, c.Team, j.Verdict)
		f := fromRule(&j)
		f.Team, f.Weight = c.Team, c.facts.Weight
		f.Identity = e.dir.finding(c.Provider, c.Subject, c.SubjectUID, c.SubjectKind, e.in.Now)
		f.Grant = findingGrant(c.Grant, c.granted)
		f.Attribution = "action"
		if c.exact || c.Provider == "k8s" && c.last.IsZero() {
			f.Attribution = "exact"
		}
		f.BlindSpots = c.blind
		if !c.last.IsZero() {
			f.LastUsed = c.last
		}
		f.Note = e.snapshotNote(c)
		switch j.Rule.Kind {
		case "UNUSED_GRANT":
			e.unusedEvidence(c, &f)
		case "OUT_OF_BAND":
			e.outOfBandEvidence(c, &f)
		case "BASELINE_DRIFT", "BASELINE_STALE":
			e.baselineEvidence(c, &f)
		}
		e.add(f)
	}
}

func findingGrant(g *access.Grant, at granted) *access.FindingGrant {
	return &access.FindingGrant{
		ID: g.ID, Provider: g.Provider, Account: g.Account, Permission: g.Permission, Resource: g.Resource, Path: g.Path,
		GrantedAt: at.at, GrantedBy: at.by, ExpiresAt: g.ExpiresAt,
	}
}

func (e *evaluation) snapshotNote(c *grantCase) string {
	s := e.snapshot(c.Entitlement, c.Provider, c.Account)
	if s == nil || len(s.Refused) == 0 {
		return ""
	}
	return fmt.Sprintf("judged on the last good snapshot, of %s; refused since: %s", stamp(s.TakenAt), strings.Join(s.Refused, "; "))
}

// unusedEvidence adds the window, the coverage and what would have shown a use.
func (e *evaluation) unusedEvidence(c *grantCase, f *access.Finding) {
	f.Window = &access.Interval{From: c.sight.window.From, To: c.sight.window.To}
	f.Feeds = c.sight.feeds
	f.AttemptedOnly = c.facts.Attempted && f.Verdict == access.VerdictUnused
	cov := math.Round(c.facts.Coverage*1e6) / 1e6
	f.Coverage = &cov
	f.CoverageGrade = fmt.Sprintf("C%d", c.sight.grade)
	if f.Verdict != access.VerdictUnloggable {
		f.Gaps = c.sight.gaps
	}
	if s := e.snapshot(c.Entitlement, c.Provider, c.Account); s != nil {
		f.Evidence = append(f.Evidence, "listed by "+c.Entitlement+" at "+stamp(s.TakenAt))
	}
	if c.granted.event != "" {
		f.Evidence = append(f.Evidence, "given by event "+c.granted.event)
	}
	if c.lastRef != "" {
		by := ""
		if c.lastBy != "" {
			by = " by " + c.lastBy
		}
		f.Evidence = append(f.Evidence, "last use "+stamp(c.last)+by+", event "+c.lastRef)
	}
	if !c.denied.IsZero() && c.facts.Attempted {
		f.Evidence = append(f.Evidence, "last denied attempt "+stamp(c.denied))
	}
	switch f.Verdict {
	case access.VerdictTooYoung:
		if !c.since.IsZero() {
			f.DecidableAt = c.since.Add(c.window)
		}
	case access.VerdictUnverifiable:
		if !c.sight.hasFeed {
			f.Gaps = []access.Gap{{Feed: "(none)", From: f.Window.From, To: f.Window.To, Why: "no feed answers for " + strings.TrimSpace(c.Provider+" "+c.Account)}}
		} else if n := len(f.Gaps); n > 0 {
			end := f.Gaps[0].To
			for _, g := range f.Gaps {
				end = later(end, g.To)
			}
			f.DecidableAt = end.Add(c.window)
		}
	case access.VerdictUnused:
		f.Proposal = removal(c.Grant)
	case access.VerdictRedundant:
		f.Proposal = removal(c.Grant) + " (every use is covered by another grant of the same subject)"
	case access.VerdictOverbroad:
		f.UsedActions = c.usedActions()
		f.UnusedActions = c.facts.ActionsJudgeable - c.facts.ActionsUsed
		f.UnusedWeight = c.facts.UnusedWeight
		f.Proposal = leastPrivilege(c.Grant, f.UsedActions)
	}
}

func (c *grantCase) usedActions() []string {
	var out []string
	for p, last := range c.used {
		if i := c.actions.index(p); i >= 0 && last.After(c.sight.window.From) {
			out = append(out, c.actions.list[i].name)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// removal says how the grant would be taken away, in the provider's own words.
func removal(g *access.Grant) string {
	switch {
	case g.Kind == access.GrantMembership:
		return "remove " + g.Subject + " from " + g.Resource
	case g.Kind == access.GrantAssume:
		return "take " + g.Subject + " out of the trust policy of " + g.Resource
	case g.Provider == "k8s":
		return "remove " + g.Subject + " from " + g.Via
	case strings.HasPrefix(g.Via, "arn:") && g.Provider == "aws":
		return "take " + g.Permission + " on " + g.Resource + " out of " + g.Via + ", or detach it from " + g.Subject
	}
	return "remove " + g.Permission + " on " + g.Resource + " from " + g.Subject
}

// leastPrivilege is the used subset in the provider's own policy format.
func leastPrivilege(g *access.Grant, used []string) string {
	var doc any
	switch g.Provider {
	case "aws":
		st := map[string]any{"Effect": "Allow", "Action": used, "Resource": g.Resource}
		if len(g.NotResource) > 0 {
			delete(st, "Resource")
			st["NotResource"] = g.NotResource
		}
		if g.Conditions != "" {
			st["Condition"] = json.RawMessage(g.Conditions)
		}
		doc = map[string]any{"Version": "2012-10-17", "Statement": []any{st}}
	case "k8s":
		doc = map[string]any{"rules": k8sRules(used)}
	default:
		return "keep only " + strings.Join(used, ", ")
	}
	b, err := json.Marshal(doc)
	if err != nil { // conditions that are not JSON: the subset in words is still true
		return "keep only " + strings.Join(used, ", ")
	}
	return string(b)
}

type k8sRule struct {
	APIGroups []string `json:"apiGroups,omitempty"`
	Resources []string `json:"resources,omitempty"`
	URLs      []string `json:"nonResourceURLs,omitempty"`
	Verbs     []string `json:"verbs"`
}

// k8sRules groups used permissions by resource.
func k8sRules(used []string) []k8sRule {
	var out []k8sRule
	at := map[string]int{}
	for _, p := range used {
		verb, what, _ := strings.Cut(p, " ")
		i, ok := at[what]
		if !ok {
			i = len(out)
			at[what] = i
			r := k8sRule{}
			if strings.HasPrefix(what, "/") {
				r.URLs = []string{what}
			} else {
				group, res := splitResource(what)
				r.APIGroups, r.Resources = []string{group}, []string{res}
			}
			out = append(out, r)
		}
		out[i].Verbs = append(out[i].Verbs, verb)
	}
	return out
}

// splitResource splits "apps/deployments/scale" into group and resource. A first part with a dot or one of the groups
// without a dot is a group; "pods/log" is a resource of the core group.
func splitResource(s string) (group, resource string) {
	first, rest, ok := strings.Cut(s, "/")
	if !ok {
		return "", s
	}
	switch first {
	case "apps", "batch", "autoscaling", "policy", "extensions", "events":
		return first, rest
	}
	if strings.Contains(first, ".") {
		return first, rest
	}
	return "", s
}

func (e *evaluation) outOfBandEvidence(c *grantCase, f *access.Finding) {
	if c.granted.event != "" {
		f.Evidence = append(f.Evidence, "given by event "+c.granted.event+" at "+stamp(c.granted.at))
	} else {
		f.Evidence = append(f.Evidence, "absent from the snapshot of "+stamp(c.PriorAt)+", present in that of "+stamp(c.FirstSeen))
	}
	hours := e.params("out-of-band", c.Team)["approval_hours"]
	f.Evidence = append(f.Evidence, fmt.Sprintf("no approval on record within %g h, and no baseline lists it", hours))
	f.Proposal = "approve it after the fact with a ticket, or " + removal(c.Grant)
}

func (e *evaluation) baselineEvidence(c *grantCase, f *access.Finding) {
	if c.baseline != nil {
		f.Evidence = append(f.Evidence, fmt.Sprintf("baseline %s, approved by %s at %s, to be reviewed by %s", c.baseline.Source, c.baseline.ApprovedBy, stamp(c.baseline.ApprovedAt), stamp(c.baseline.ReviewBy)))
	}
	f.Proposal = "have it approved into the baseline, or " + removal(c.Grant)
}

func xxh(s string) uint64 { return xxh3.HashString(s) }

// severityWeight stands in for a privilege weight where a finding is about no grant, in the same steps (1 … 10).
func severityWeight(s access.Severity) float64 {
	switch s {
	case access.SeverityCritical:
		return 10
	case access.SeverityHigh:
		return 6
	case access.SeverityMedium:
		return 3
	}
	return 1
}
