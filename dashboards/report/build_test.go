package report

import (
	"testing"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/dashboards/report/viewtest"
	"github.com/grantwatch/grantwatch/detect"
	"github.com/grantwatch/grantwatch/detect/ledger"
)

// TestGroupsAddUpToTheLedger holds the report's grouping against the ledger's own figures: one number, one place.
func TestGroupsAddUpToTheLedger(t *testing.T) {
	v := viewtest.Organisation(400)
	r := Build(v, Options{})
	sum := func(gs []Group) (n int) {
		for _, g := range gs {
			n += g.Count
			parts := 0
			for _, p := range g.Teams {
				parts += p.Count
			}
			if parts != g.Count {
				t.Errorf("%s: the teams add up to %d of %d", g.Kind, parts, g.Count)
			}
		}
		return n
	}
	if got := sum(r.Decisions); got != v.Totals.Open {
		t.Errorf("the decisions add up to %d, the ledger has %d open", got, v.Totals.Open)
	}
	for _, s := range r.Teams {
		if got := sum(s.Groups); got != s.Open {
			t.Errorf("%s: the groups add up to %d, the ledger has %d open", s.Name, got, s.Open)
		}
		if len(s.Gravest) > gravest {
			t.Errorf("%s lists %d findings", s.Name, len(s.Gravest))
		}
		for i, f := range s.Gravest {
			if !Counted(f) || f.Team != s.Name || i > 0 && f.Severity.Rank() > s.Gravest[i-1].Severity.Rank() {
				t.Errorf("%s: %s is out of place among the gravest", s.Name, f.Fingerprint)
			}
		}
	}
	if len(r.Teams) != len(v.Teams) {
		t.Errorf("%d sections for %d teams", len(r.Teams), len(v.Teams))
	}
}

func TestMovementsCountEachFindingOnce(t *testing.T) {
	at := func(h int) time.Time { return viewtest.Now.Add(time.Duration(h) * time.Hour) }
	step := func(fp string, h int, from, to string, v access.Verdict) ledger.Change {
		return ledger.Change{Fingerprint: fp, Team: "a", At: at(h), From: from, To: to, Verdict: v}
	}
	changes := []ledger.Change{
		step("new", -9, "", "open", access.VerdictUnused),
		step("brief", -8, "open", "resolved", access.VerdictUnused), step("brief", -20, "", "open", access.VerdictUnused), // out of order
		step("gone", -7, "open", "resolved", access.VerdictUnused),
		step("back", -6, "resolved", "reopened", access.VerdictUnused),
		step("wobble", -6, "open", "resolved", access.VerdictUnused), step("wobble", -5, "resolved", "reopened", access.VerdictUnused),
		step("except", -5, "open", "excepted", access.VerdictUnused),
		step("blind", -4, "", "open", access.VerdictUnverifiable),
		step("turned", -4, "open", "open", access.VerdictUnverifiable),
		step("early", -400, "", "open", access.VerdictUnused), step("late", 1, "", "open", access.VerdictUnused), step("edge", 0, "", "open", access.VerdictUnused),
	}
	all, teams := movements(changes, at(-168), at(0))
	want := Movement{New: 1, Brief: 1, Resolved: 1, Reopened: 1, Revised: 1, Excepted: 1, Unverifiable: 2}
	if all != want {
		t.Errorf("got %+v, want %+v", all, want)
	}
	want.Team = "a"
	if len(teams) != 1 || teams[0] != want || all.Total() != 8 {
		t.Errorf("by team %+v, in all %d", teams, all.Total())
	}
}

func TestChangesOfTheWeekStandBeforeTheViews(t *testing.T) {
	v := viewtest.Organisation(40)
	given := []ledger.Change{{Fingerprint: "x", Team: "a", At: viewtest.Now, To: "open", Verdict: access.VerdictUnused}}
	if r := Build(v, Options{Changes: given}); r.Movement != (Movement{New: 1}) {
		t.Errorf("got %+v", r.Movement)
	}
	if r := Build(v, Options{Changes: []ledger.Change{}}); r.Movement.Total() != 0 {
		t.Errorf("an empty week has %+v", r.Movement)
	}
}

func TestBlindsSayWhichGaps(t *testing.T) {
	gap := func(feed string, h int, why string) access.Gap {
		return access.Gap{Feed: feed, From: viewtest.Now.Add(-time.Duration(h) * time.Hour), To: viewtest.Now.Add(-time.Duration(h-1) * time.Hour), Why: why}
	}
	u := access.VerdictUnverifiable
	got := Blinds([]*access.Finding{
		{Verdict: u, Gaps: []access.Gap{gap("f", 9, "silence"), gap("f", 5, "silence"), gap("g", 3, "StopLogging")}},
		{Verdict: u, Gaps: []access.Gap{gap("f", 20, "silence")}},
		{Verdict: u, Note: "the identity feed hr was older than its max_age"},
		{Verdict: access.VerdictUnused, Gaps: []access.Gap{gap("f", 1, "silence")}},
	})
	if len(got) != 3 || got[0].Feed != "f" || got[0].Count != 2 || got[0].From != viewtest.Now.Add(-20*time.Hour) || got[0].To != viewtest.Now.Add(-4*time.Hour) || got[1].Why == "" || got[2].Feed != "g" {
		t.Errorf("got %+v", got)
	}
}

func TestFeedSightTellsOfBeforeAndAfter(t *testing.T) {
	n := viewtest.Now
	for _, c := range []struct {
		name string
		feed detect.FeedReport
		want []string
	}{
		{"whole", detect.FeedReport{First: n.Add(-200 * 24 * time.Hour), Newest: n, Watermark: n}, nil},
		{"never", detect.FeedReport{Watermark: n, Silent: true}, []string{"no record was ever seen"}},
		{"young", detect.FeedReport{First: n.Add(-24 * time.Hour), Newest: n, Watermark: n}, []string{"before the feed's first record"}},
		{"silent", detect.FeedReport{First: n.Add(-200 * 24 * time.Hour), Newest: n.Add(-48 * time.Hour), Watermark: n, Silent: true, Gaps: []access.Gap{{From: n.Add(-90 * time.Hour), To: n.Add(-80 * time.Hour), Why: "gap"}}}, []string{"gap", "silent since its newest record"}},
	} {
		w, got := FeedSight(&c.feed)
		if w.To != n || w.To.Sub(w.From) != sight || len(got) != len(c.want) {
			t.Errorf("%s: %v, %+v", c.name, w, got)
			continue
		}
		for i := range got {
			if got[i].Why != c.want[i] {
				t.Errorf("%s: %q, want %q", c.name, got[i].Why, c.want[i])
			}
		}
	}
}

func TestControlCounts(t *testing.T) {
	got := ControlCounts([]*access.Finding{
		{Controls: []string{"PR.AA-05", "PR.AC-4", "CIS 15.1", "CIS 5.3", "CIS 5.3"}, OWASP: []string{"NHI10:2025", "NHI2:2025"}},
		{Controls: []string{"PR.AA-05"}, Verdict: access.VerdictUnverifiable},
		{Controls: []string{"PR.AA-05"}, State: ledger.StateExcepted},
		{Controls: []string{"PR.AC-4"}},
	})
	var ids []string
	for _, fw := range got {
		for _, c := range fw.Controls {
			ids = append(ids, c.ID)
			if c.ID == "PR.AA-05" && (c.Open != 1 || c.Unverifiable != 1 || c.Excepted != 1 || c.Alias == "") {
				t.Errorf("%+v", c)
			}
			if (c.ID == "PR.AC-4" || c.ID == "CIS 5.3") && c.Open != 1 {
				t.Errorf("%+v", c)
			}
		}
	}
	want := []string{"PR.AA-05", "NHI2:2025", "NHI10:2025", "CIS 5.3", "CIS 15.1", "PR.AC-4"}
	if len(ids) != len(want) {
		t.Fatalf("got %v, want %v", ids, want)
	}
	for i := range ids {
		if ids[i] != want[i] {
			t.Fatalf("got %v, want %v", ids, want)
		}
	}
}

func TestExpiriesAreGathered(t *testing.T) {
	x := func(days int) *access.FindingException {
		return &access.FindingException{Reason: "r", Approver: "a", Expires: viewtest.Now.AddDate(0, 0, days)}
	}
	got := expiries([]*access.Finding{
		{Team: "t", Kind: "K", State: ledger.StateExcepted, Exception: x(9)}, {Team: "t", Kind: "K", State: ledger.StateExcepted, Exception: x(9)},
		{Team: "t", Kind: "K", State: ledger.StateExcepted, Exception: x(31)}, {Team: "t", Kind: "K", State: ledger.StateExcepted, Exception: x(2)}, {Team: "t", Kind: "K", State: ledger.StateOpen},
	}, viewtest.Now)
	if len(got) != 2 || got[0].Count != 1 || got[1].Count != 2 {
		t.Errorf("got %+v", got)
	}
}
