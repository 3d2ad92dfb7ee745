package store

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/grantwatch/grantwatch/access"
)

func TestFindings(t *testing.T) {
	s := open(t)
	coverage := 0.5
	f := access.Finding{Fingerprint: "f'1", Kind: "UNUSED_GRANT", Verdict: access.VerdictUnused, Rule: "r", Severity: access.SeverityHigh, Title: "t", Why: `w\`,
		Team: "payments", Feed: "aws", Identity: &access.FindingIdentity{UID: "AROA", Name: "worker", Kind: access.Workload, Owner: "ana"},
		Grant: &access.FindingGrant{ID: "g", Provider: "aws", Account: "1", Permission: "s3:*", Resource: "*", GrantedAt: day(-9)}, Window: &access.Interval{From: day(0), To: day(9)},
		Feeds: []string{"aws"}, Gaps: []access.Gap{{Feed: "aws", From: day(1), To: day(2), Why: "silence"}}, Coverage: &coverage, Evidence: []string{}, Controls: []string{"PR.AA-05"},
		OWASP: []string{}, BlindSpots: []string{}, FirstSeen: day(3), LastSeen: day(4), State: "open"}
	bare := access.Finding{Fingerprint: "f2", Kind: "FEED_SILENT", Team: "platform", State: "resolved", LastSeen: day(1)}
	save := func(list ...access.Finding) {
		t.Helper()
		if err := s.SaveFindings(t.Context(), list); err != nil {
			t.Fatal(err)
		}
	}
	save(f, bare)
	save()
	f.State, f.LastSeen = "resolved", day(6)
	save(f)
	f.State = "reopened"
	save(f) // states that come and go are never taken for a repeated insert
	f.State = "resolved"
	save(f)
	got, err := s.TeamFindings(t.Context(), "payments", FindingFilter{})
	if err != nil || !reflect.DeepEqual(got, []access.Finding{f}) {
		t.Errorf("got %+v, %v\nwant %+v", got, err, f)
	}
	for _, c := range []struct {
		filter FindingFilter
		want   string
	}{
		{FindingFilter{}, "f'1 f2"}, {FindingFilter{States: []string{"resolved"}}, "f'1 f2"}, {FindingFilter{States: []string{"open"}}, ""},
		{FindingFilter{Kinds: []string{"FEED_SILENT", "x"}}, "f2"}, {FindingFilter{Identity: "AROA"}, "f'1"}, {FindingFilter{Since: day(2)}, "f'1"},
	} {
		got, err := s.FindingsAll(t.Context(), c.filter)
		var ids []string
		for _, f := range got {
			ids = append(ids, f.Fingerprint)
		}
		if err != nil || strings.Join(ids, " ") != c.want || got == nil {
			t.Errorf("%+v: %v, %v", c.filter, ids, err)
		}
	}
}

func TestHistoryAndEvaluations(t *testing.T) {
	s := open(t)
	h := []HistoryEntry{
		{Team: "payments", Fingerprint: "f", At: day(1), State: "open", Verdict: access.VerdictUnused, Severity: access.SeverityLow, Why: "it's unused", Who: "rule"},
		{Team: "payments", Fingerprint: "f", At: day(2), State: "resolved", Who: "ana"}}
	for range 2 {
		if err := s.AppendHistory(t.Context(), h); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := s.History(t.Context(), "f"); err != nil || !reflect.DeepEqual(got, h) {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := s.HistorySince(t.Context(), day(2)); err != nil || !reflect.DeepEqual(got, h[1:]) {
		t.Errorf("%+v, %v", got, err)
	}
	e := []Evaluation{{Rule: "r", Team: "payments", At: day(3), From: day(1), To: day(2), Status: Partial, Judged: 5, Findings: 2, Why: "gap"},
		{Rule: "r", Team: "platform", At: day(3), Status: Skipped}}
	for range 2 {
		if err := s.SaveEvaluations(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := s.Evaluations(t.Context(), day(0)); err != nil || !reflect.DeepEqual(got, e) {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := s.Evaluations(t.Context(), day(4)); err != nil || got == nil || len(got) != 0 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestCheckpointsAndDeliveries(t *testing.T) {
	s := open(t)
	for _, position := range []int64{5, 9, 2} { // a file that was truncated goes back
		c := []Checkpoint{{Feed: "aws", Source: "a.log", Position: position, Identity: "i", Body: `{"a":"\\"}`}, {Feed: "aws", Source: "b'.log", Position: 1}}
		if err := s.SaveCheckpoints(t.Context(), "aws", c); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Checkpoints(t.Context(), "aws"); err != nil || !reflect.DeepEqual(got, c) {
			t.Errorf("%+v, %v", got, err)
		}
	}
	if err := s.SaveCheckpoints(t.Context(), "aws", []Checkpoint{{Feed: "other"}}); err == nil {
		t.Error("another feed's checkpoint was taken")
	}
	if _, ok, err := s.Delivery(t.Context(), "#soc", "f"); ok || err != nil {
		t.Errorf("%v, %v", ok, err)
	}
	d := Delivery{Channel: "#soc", Fingerprint: "f", At: day(1), TS: "17.1", Digest: "d", Status: "sent", Body: "{}"}
	for _, status := range []string{"pending", "sent", "pending"} {
		d.Status = status
		if err := s.SaveDeliveries(t.Context(), []Delivery{d}); err != nil {
			t.Fatal(err)
		}
		if got, ok, err := s.Delivery(t.Context(), "#soc", "f"); !ok || err != nil || got != d {
			t.Errorf("%+v, %v", got, err)
		}
	}
	if got, err := s.Deliveries(t.Context(), []string{"#soc"}, false); err != nil || !reflect.DeepEqual(got, []Delivery{d}) {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestIdentities(t *testing.T) {
	s := open(t)
	ana := access.Identity{UID: "ana", Name: "Ana 'O", Kind: access.Human, Team: "payments", Start: day(-100), End: day(50), Zone: "Europe/Berlin",
		Aliases: []access.Alias{{Provider: "aws", Name: "arn"}}, Attrs: map[string]string{"k": "v"}, Source: "hr", Line: 2}
	again := ana
	again.Line = 3
	bot := access.Identity{UID: "bot", Kind: access.Service, Owner: "ana", Source: "hr", Line: 4}
	for _, c := range []struct {
		asOf  time.Time
		state []access.Identity
	}{
		{day(1), []access.Identity{ana, again, bot}}, {day(1), []access.Identity{ana, again, bot}}, {day(2), []access.Identity{ana}},
		{day(3), []access.Identity{ana, bot}}, {day(4), nil},
	} {
		if err := s.SaveIdentities(t.Context(), "hr", c.asOf, c.state); err != nil {
			t.Fatal(err)
		}
		got, err := s.Identities(t.Context())
		if err != nil || len(got) != len(c.state) || len(got) > 0 && !reflect.DeepEqual(got, c.state) {
			t.Errorf("as of %s: %+v, %v", c.asOf, got, err)
		}
		sources, err := s.IdentitySources(t.Context())
		if err != nil || len(sources) != 1 || !sources[0].AsOf.Equal(c.asOf) || sources[0].Records != len(c.state) {
			t.Errorf("as of %s: %+v, %v", c.asOf, sources, err)
		}
	}
	if err := s.SaveIdentities(t.Context(), "contracts", day(1), []access.Identity{bot}); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Identities(t.Context()); err != nil || len(got) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
}
