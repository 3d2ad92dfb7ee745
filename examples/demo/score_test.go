package demo_test

import (
	"strings"
	"testing"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/examples/demo"
)

// finding is what a perfect detector would print of a truth.
func finding(t demo.Truth) access.Finding {
	f := access.Finding{Kind: t.Kind, Verdict: t.Verdict, Team: t.Team, Feed: t.Feed, Fingerprint: t.Kind + t.Subject + t.Permission + t.Resource + t.Feed}
	if t.Subject != "" {
		f.Identity = &access.FindingIdentity{Name: t.Subject}
	}
	if t.Permission != "" {
		f.Grant = &access.FindingGrant{Permission: t.Permission, Resource: t.Resource}
	}
	return f
}

func perfect(o *demo.Org, skip ...access.Verdict) []access.Finding {
	var out []access.Finding
next:
	for _, t := range o.Truth() {
		for _, v := range skip {
			if t.Verdict == v {
				continue next
			}
		}
		out = append(out, finding(t))
	}
	return out
}

func line(t *testing.T, r demo.Report, kind string, v access.Verdict) demo.Line {
	t.Helper()
	for _, l := range r.Lines {
		if l.Kind == kind && l.Verdict == v {
			return l
		}
	}
	t.Fatalf("no line for %s %s", kind, v)
	return demo.Line{}
}

func TestScoreOfAPerfectDetector(t *testing.T) {
	o := small(t, 1)
	for name, skip := range map[string][]access.Verdict{
		"all verdicts": nil, "findings only": {access.VerdictUsed, access.VerdictClosed, access.VerdictDeclaredIdle},
	} {
		r := demo.Score(o.Truth(), perfect(o, skip...))
		if !r.All() {
			t.Errorf("%s: not all found", name)
		}
		for _, l := range r.Lines {
			if l.Precision != 1 || l.Recall != 1 || l.Found != l.Planted {
				t.Errorf("%s: %+v", name, l)
			}
		}
	}
}

func TestScoreOfMistakes(t *testing.T) {
	o := small(t, 1)
	planted := line(t, demo.Score(o.Truth(), nil), "UNUSED_GRANT", access.VerdictUnused).Planted

	findings := perfect(o, access.VerdictUsed)
	var used, orphan demo.Truth
	for _, row := range o.Truth() {
		switch {
		case row.Kind == "UNUSED_GRANT" && row.Verdict == access.VerdictUsed:
			used = row
		case row.Kind == "ORPHANED_NHI":
			orphan = row
		}
	}
	for i, f := range findings { // one missed, one twice
		if f.Kind == "UNUSED_GRANT" && f.Verdict == access.VerdictUnused {
			findings = append(append(findings[:i:i], findings[i+1:]...), findings[i+1])
			break
		}
	}
	wrong := finding(used)
	wrong.Verdict = access.VerdictUnused
	invented := finding(orphan)
	invented.Identity, invented.Fingerprint = &access.FindingIdentity{Name: "nobody"}, "x"
	other := access.Finding{Kind: "JIT_CANDIDATE", Verdict: access.VerdictViolation}
	r := demo.Score(o.Truth(), append(findings, wrong, invented, other))

	l := line(t, r, "UNUSED_GRANT", access.VerdictUnused)
	if len(l.Missed) != 1 || l.Correct != planted-1 || l.Found != planted || len(l.Wrong) != 1 || l.Wrong[0].Want != access.VerdictUsed {
		t.Errorf("UNUSED: planted %d found %d correct %d missed %d wrong %d", l.Planted, l.Found, l.Correct, len(l.Missed), len(l.Wrong))
	}
	if l := line(t, r, "UNUSED_GRANT", access.VerdictUsed); len(l.Missed) != 1 || l.Missed[0].Subject != used.Subject {
		t.Errorf("USED: missed %d", len(l.Missed))
	}
	if l := line(t, r, "ORPHANED_NHI", access.VerdictViolation); len(l.Wrong) != 1 || l.Recall != 1 || l.Precision >= 1 {
		t.Errorf("ORPHANED_NHI: %+v", l)
	}
	if r.Unscored["JIT_CANDIDATE"] != 1 || r.All() {
		t.Errorf("unscored: %v", r.Unscored)
	}
	var b strings.Builder
	if err := r.WriteTable(&b); err != nil || !strings.Contains(b.String(), "ORPHANED_NHI") || !strings.Contains(b.String(), "JIT_CANDIDATE 1") {
		t.Errorf("table: %v\n%s", err, b.String())
	}
}

func TestScoreKnowsAPersonByRecord(t *testing.T) {
	o := small(t, 1)
	var person string
	for _, row := range o.Truth() {
		if row.Kind == "RESIDUAL_SESSION" {
			person = row.Subject
		}
	}
	f := access.Finding{Kind: "RESIDUAL_SESSION", Identity: &access.FindingIdentity{Name: person}, Fingerprint: "a"}
	l := line(t, demo.Score(o.Truth(), []access.Finding{f, f}), "RESIDUAL_SESSION", access.VerdictViolation)
	if l.Correct != 1 || l.Found != 1 {
		t.Errorf("%+v", l)
	}
}
