package viewtest

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/detect/ledger"
)

type generator struct {
	dice *rand.Rand
	n    int
}

func pick[T any](g *generator, of ...T) T { return of[g.dice.IntN(len(of))] }

// finding makes the i-th open finding: half of them on grants, the others of every kind in turn.
func (g *generator) finding(i int) access.Finding {
	team := teams[(i*i+i/3)%len(teams)].Name
	var f access.Finding
	switch {
	case i%2 == 0:
		f = g.unusedGrant(team, pick(g, access.VerdictUnused, access.VerdictUnused, access.VerdictOverbroad, access.VerdictUnverifiable))
	default:
		f = g.other(team, others[(i/2)%len(others)])
	}
	f.FirstSeen = Now.Add(-time.Duration(1+g.dice.IntN(g.dice.IntN(2400)+1)) * time.Hour)
	f.LastSeen = Now
	switch {
	case i%29 == 3:
		f.State = ledger.StateReopened
	case i%17 == 5 && f.Verdict != access.VerdictUnverifiable:
		f.State = ledger.StateExcepted
		f.Exception = &access.FindingException{Reason: "migration to workload identity, ticket ACC-2231", Approver: "ana@harbour.example", Expires: Now.Add(time.Duration(3+i%120) * day)}
	}
	return f
}

func (g *generator) identity(team string) *access.FindingIdentity {
	n := g.dice.IntN(40)
	names := []string{"deploy", "nightly-export", "ledger-sync", "ci-runner", "reporting", "backup", "invoice-agent", "catalogue-indexer"}
	name := names[n%len(names)]
	uid := fmt.Sprintf("AROA%s%04d", "EXAMPLE", n*7)
	if n%3 == 0 {
		person := pick(g, "ines.ortega", "jonas.weber", "amara.diallo", "yuki.tanaka", "peter.novak", "sofia.lind")
		return &access.FindingIdentity{UID: "AIDAEXAMPLE" + person, Name: person, Kind: access.Human, Person: "p-" + person}
	}
	return &access.FindingIdentity{UID: uid + "/" + team, Name: fmt.Sprintf("%s-%s", team, name), Kind: []access.Kind{access.Service, access.Workload, access.Agent}[n%3], Owner: "p-li.chen", Record: "nhi-" + uid}
}

func (g *generator) unusedGrant(team string, v access.Verdict) access.Finding {
	g.n++
	id := fingerprint("grant "+team, g.n)
	perm := pick(g, "s3:GetObject", "s3:*", "iam:CreateAccessKey", "kms:Decrypt", "sts:AssumeRole", "dynamodb:Query", "ec2:TerminateInstances", "ClusterRole/cluster-admin", "roles/bigquery.dataViewer")
	cov := 1.0
	f := access.Finding{
		Fingerprint: id, Kind: "UNUSED_GRANT", Verdict: v, Rule: "unused-grant", Title: "Access that nobody uses", Team: team, Identity: g.identity(team),
		Grant: &access.FindingGrant{ID: "g-" + id, Provider: "aws", Account: "111122223333", Permission: perm, Resource: "arn:aws:s3:::" + team + "-ledger/*",
			Path: "policy/" + team + "RW (managed) statement 2", GrantedAt: Now.Add(-time.Duration(100+g.dice.IntN(700)) * day), GrantedBy: "terraform-" + team},
		Window: &access.Interval{From: Now.Add(-90 * day), To: Now}, Feeds: []string{"payments-aws"}, Coverage: &cov, CoverageGrade: "C2", Attribution: "action",
		Evidence: []string{"listed by " + team + "-iam at 2026-11-23T05:00:00Z"}, Controls: []string{"PR.AA-01", "PR.AA-05", "PR.AC-4", "CIS 5.3", "AC-6"}, OWASP: []string{"NHI1:2025", "NHI5:2025"},
		BlindSpots: []string{}, Gaps: []access.Gap{}, FirstSeen: Now.Add(-9 * day), LastSeen: Now, State: ledger.StateOpen, Weight: float64(1 + g.dice.IntN(10)),
	}
	f.Severity = pick(g, access.SeverityLow, access.SeverityMedium, access.SeverityMedium, access.SeverityHigh)
	switch v {
	case access.VerdictUnused:
		f.Why = fmt.Sprintf("No use of %s by %s in the last 90 days (coverage C2, 100 %%).", perm, f.Identity.Name)
		f.Proposal = "take " + perm + " on " + f.Grant.Resource + " out of arn:aws:iam::111122223333:policy/" + team + "RW, or detach it from " + f.Identity.Name
		f.BlindSpots = []string{"s3:GetObject on this bucket is a data event; the trail carries them since 2026-05-02"}
	case access.VerdictOverbroad:
		f.UsedActions, f.UnusedActions, f.UnusedWeight = []string{"s3:GetObject", "s3:ListBucket"}, 31, 118
		f.Why = "2 of 33 logged actions of " + perm + " were used in the last 90 days."
		f.LastUsed = Now.Add(-26 * time.Hour)
		f.Proposal = `{"Version":"2012-10-17","Statement":[{"Action":["s3:GetObject","s3:ListBucket"],"Effect":"Allow","Resource":"arn:aws:s3:::` + team + `-ledger/*"}]}`
	case access.VerdictUnverifiable:
		cov = 0.8731
		f.Severity, f.Feeds = access.SeverityLow, []string{"logistics-aws"}
		f.Gaps = []access.Gap{
			{Feed: "logistics-aws", From: Now.Add(-44 * day), To: Now.Add(-35 * day), Why: "StopLogging by arn:aws:iam::111122223333:user/teo"},
			{Feed: "logistics-aws", From: Now.Add(-12 * day), To: Now.Add(-12*day + 40*time.Minute), Why: "no records for longer than max_silence"},
		}
		f.DecidableAt = f.Gaps[1].To.Add(90 * day)
		f.Why = "No use was seen, but 217 h of the last 90 days are without evidence, the longest stretch 216 h."
	}
	return f
}

type template struct {
	kind     string
	severity access.Severity
	why      string
	owasp    string
}

var others = []template{
	{"POST_TERMINATION_ACTIVITY", access.SeverityCritical, "%s was used 3 times after its person's end, the last 60 hours after it; a session could last 12 hours.", "NHI1:2025"},
	{"OUT_OF_BAND", access.SeverityHigh, "%s was given access on 2026-11-18 and no approval is on record within 24 hours of it.", ""},
	{"ACCOUNT_STILL_ENABLED", access.SeverityHigh, "%s ended 9 days ago and the account is still enabled.", "NHI1:2025"},
	{"BASELINE_DRIFT", access.SeverityMedium, "%s holds access that the baseline of 2026-08-01 does not list.", ""},
	{"ORPHANED_NHI", access.SeverityHigh, "The owner of %s left 40 days ago and nobody has taken over; it was used yesterday.", "NHI1:2025"},
	{"LONG_LIVED_SECRET", access.SeverityMedium, "The key of %s is 612 days old and has no expiry.", "NHI7:2025"},
	{"HUMAN_USE", access.SeverityMedium, "A person used %s from a console.", "NHI10:2025"},
	{"EXPOSED_SECRET_NOT_ROTATED", access.SeverityHigh, "A leaver had read the secret of %s, and it was not rotated since.", "NHI1:2025"},
	{"BREAK_GLASS_USED", access.SeverityHigh, "%s was used, and no ticket matches.", ""},
	{"FEED_SILENT", access.SeverityHigh, "The feed has been silent for 6 days; its limit is 1 hour.%.0s", ""},
	{"LOOSEN_ATTEMPT", access.SeverityHigh, "rules/team.yaml:12:5 sets nhi_days of unused-grant to 400, the central value is 90; the central value stays in force.%.0s", ""},
	{"JIT_CANDIDATE", access.SeverityLow, "%s uses its standing privilege for 2 hours a week.", "NHI5:2025"},
}

func (g *generator) other(team string, t template) access.Finding {
	g.n++
	id := g.identity(team)
	f := access.Finding{
		Fingerprint: fingerprint(t.kind+team, g.n), Kind: t.kind, Verdict: access.VerdictViolation, Rule: "rule-" + t.kind, Severity: t.severity, Team: team, Identity: id,
		Why: fmt.Sprintf(t.why, id.Name), Feeds: []string{}, Gaps: []access.Gap{}, BlindSpots: []string{}, Controls: []string{"PR.AA-05", "PR.AC-4", "CIS 6.2", "AC-2"}, OWASP: []string{},
		Evidence: []string{"2026-11-20T21:04:11Z s3:GetObject, event payments-aws 4f1c9a7e-example"}, State: ledger.StateOpen, LastSeen: Now, FirstSeen: Now.Add(-2 * day),
		Proposal: "disable " + id.Name + " and revoke its credentials", Weight: 4,
	}
	if t.owasp != "" {
		f.OWASP = []string{t.owasp}
	}
	if t.kind == "FEED_SILENT" {
		f.Identity, f.Feed, f.Feeds, f.Team = nil, "storefront-github", []string{"storefront-github"}, "storefront"
		f.Note, f.Proposal = "61 verdicts made UNVERIFIABLE", ""
		f.Controls = []string{"PR.PS-04", "DE.CM-09", "CIS 8.2", "AU-5"}
	}
	return f
}
