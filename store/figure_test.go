package store

import (
	"math"
	"reflect"
	"testing"
	"time"
)

func TestFiguresOfOneMomentReplaceEachOther(t *testing.T) {
	s := open(t)
	save := func(at time.Time, v ...Figure) {
		t.Helper()
		for i := range v {
			v[i].At = at
		}
		if err := s.SaveFigures(t.Context(), at, v); err != nil {
			t.Fatal(err)
		}
	}
	save(day(1), Figure{Team: "a'", Name: "open", Value: 3}, Figure{Team: "*", Name: "severity", Label: "high", Value: 2}, Figure{Team: "a'", Name: "coverage", Value: math.Nextafter(0.5, 1)})
	save(day(2), Figure{Team: "a'", Name: "open", Value: 4})
	save(day(1), Figure{Team: "a'", Name: "open", Value: 5}, Figure{Team: "a'", Name: "coverage", Value: math.Nextafter(0.5, 1)})
	save(day(1), Figure{Team: "a'", Name: "open", Value: 5}, Figure{Team: "a'", Name: "coverage", Value: math.Nextafter(0.5, 1)})
	got, err := s.FiguresAt(t.Context(), day(1))
	want := []Figure{{Team: "a'", At: day(1), Name: "coverage", Value: math.Nextafter(0.5, 1)}, {Team: "a'", At: day(1), Name: "open", Value: 5}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
	if at, err := s.NewestFigures(t.Context(), day(0), day(2)); err != nil || !at.Equal(day(1)) {
		t.Errorf("the newest before day 2 is of %v, %v", at, err)
	}
	if at, err := s.NewestFigures(t.Context(), day(5), day(9)); err != nil || !at.IsZero() {
		t.Errorf("no figures at all are of %v, %v", at, err)
	}
	if err := s.SaveFigures(t.Context(), day(3), []Figure{{At: day(4)}}); err == nil {
		t.Error("a figure of another moment was taken")
	}
}

func TestStretchesHaveTheLastWord(t *testing.T) {
	s := open(t)
	for i, v := range []float64{1, 2, 3, 4, 5, 6} {
		at := day(i)
		if err := s.SaveFigures(t.Context(), at, []Figure{{Team: "a", At: at, Name: "open", Value: v}}); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.FigureStretches(t.Context(), []time.Time{day(1), day(3), day(4), day(5)})
	if err != nil {
		t.Fatal(err)
	}
	var values []float64
	for _, f := range got {
		values = append(values, f.Value)
	}
	if !reflect.DeepEqual(values, []float64{3, 4, 5}) {
		t.Errorf("got %v", values)
	}
}

func TestOnlyChangedDaysAreWritten(t *testing.T) {
	s := open(t)
	midnight := day(0).Truncate(24 * time.Hour)
	days := []FeedDay{{Team: "a", Feed: "f", Day: midnight, Covered: 1, Grade: "C2", Gaps: "[]"}, {Team: "a", Feed: "f", Day: midnight.AddDate(0, 0, 1), Covered: 0.25, Grade: "C2", Gaps: `[{"feed":"f'"}]`, Blinds: 7}}
	for i, want := range []int{2, 0, 1} {
		if i == 2 {
			days[1].Covered = 1
		}
		if n, err := s.SaveFeedDays(t.Context(), days); err != nil || n != want {
			t.Errorf("round %d wrote %d days, want %d: %v", i, n, want, err)
		}
	}
	got, err := s.FeedDays(t.Context(), midnight, midnight.AddDate(0, 0, 2))
	if err != nil || !reflect.DeepEqual(got, days) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestCredentialsThatAreGoneAreLeftOut(t *testing.T) {
	s := open(t)
	one := CredentialAnswer{Team: "a", IdentityUID: "u", Credential: "AKIA1", IdentityName: "n'", Kind: "access key", Issuer: Answered{"known", "ana", "event"}, Reach: Answered{State: "stale"},
		Grants: 3, Weight: 12.5, Expiry: Answered{State: "known", Value: "never"}, At: day(1)}
	two := CredentialAnswer{Team: "a", IdentityUID: "u", Credential: "", Expires: day(4), At: day(1)}
	for _, v := range [][]CredentialAnswer{{one, two}, {one}, {one}} {
		if err := s.SaveCredentialAnswers(t.Context(), v); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.CredentialAnswers(t.Context())
	if err != nil || len(got) != 1 || !reflect.DeepEqual(got[0], one) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestGovernanceHasTheLastWordOfEachDay(t *testing.T) {
	s := open(t)
	var v []Governance
	for h := range 5 {
		at := day(0).Add(time.Duration(h*6) * time.Hour)
		v = append(v, Governance{Team: "a", Layer: "policy", At: at, Recommendation: "hybrid", Candidate: []string{"central", "hybrid", "local", "hybrid", "central"}[h], Rule: "r", Why: "w'", Since: day(0)})
	}
	for range 2 {
		if err := s.SaveGovernance(t.Context(), v); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.GovernanceDaily(t.Context(), day(0), day(9))
	if err != nil || len(got) != 2 || got[0] != v[1] || got[1] != v[4] {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestRevocationsReplaceEachOther(t *testing.T) {
	s := open(t)
	v := []Revocation{{Team: "a", Person: "p'", Ended: day(0), Open: 2, Evidence: "still there"}}
	for i := range 2 {
		if i == 1 {
			v[0].Revoked, v[0].Open = day(1), 0
		}
		if err := s.SaveRevocations(t.Context(), day(2), v); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.Revocations(t.Context(), day(-1))
	if err != nil || !reflect.DeepEqual(got, v) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestHistoryAtTellsWhereFindingsStood(t *testing.T) {
	s := open(t)
	if err := s.AppendHistory(t.Context(), []HistoryEntry{{Team: "a", Fingerprint: "x", At: day(1), State: "open"}, {Team: "a", Fingerprint: "x", At: day(3), State: "resolved"}, {Team: "a", Fingerprint: "y", At: day(4), State: "open"}}); err != nil {
		t.Fatal(err)
	}
	got, err := s.HistoryAt(t.Context(), day(3))
	if err != nil || len(got) != 1 || got[0].State != "resolved" {
		t.Errorf("got %+v, %v", got, err)
	}
	if got, err = s.HistoryAt(t.Context(), day(2)); err != nil || len(got) != 1 || got[0].State != "open" {
		t.Errorf("got %+v, %v", got, err)
	}
}
