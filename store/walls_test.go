package store

import (
	"testing"
	"time"
)

// TestWallsHoldInTheStore asks every query that a reader of one team can cause for everything, on behalf of another team.
func TestWallsHoldInTheStore(t *testing.T) {
	s := open(t)
	b := fullBatch("payments", "aws", 3)
	for range b.Events.Len() {
		b.Events.Raw = append(b.Events.Raw, []byte("{}"))
	}
	b.RawUntil = time.Date(2090, 1, 1, 0, 0, 0, 0, time.UTC)
	write(t, s, b)
	u := b.Usage.Usage(0)
	ev := b.Events.Event(0)
	step := HistoryEntry{Team: "payments", Fingerprint: "f1", At: ev.Time, State: "open", Verdict: "UNUSED", Severity: "low", Why: "first seen", Who: "grantwatch"}
	if err := s.AppendHistory(t.Context(), []HistoryEntry{step}); err != nil {
		t.Fatal(err)
	}
	usageBy := []ActorRef{{Provider: u.Provider, UID: u.ActorUID, Principal: u.Actor}}
	eventBy := []ActorRef{{Provider: ev.Provider, UID: ev.Actor.UID, Principal: ev.Actor.Principal}}
	from, to := ev.Time.Add(-time.Hour), ev.Time.Add(time.Hour)
	for _, c := range []struct {
		name string
		w    Walls
		sees bool
	}{
		{"everything", Walls{Every: true}, true}, {"its team", Walls{Teams: []string{"x", "payments"}}, true}, {"another team", Walls{Teams: []string{"paymentsx", "pay"}}, false},
		{"no team", Walls{}, false}, {"an empty name", Walls{Teams: []string{""}}, false}, {"hostile names", Walls{Teams: hostile}, false},
	} {
		usage, err1 := s.UsageOf(t.Context(), c.w, usageBy, 10)
		events, err2 := s.EventsOf(t.Context(), c.w, eventBy, from, to, 10)
		raw, err3 := s.RawOf(t.Context(), c.w, []string{ev.ID}, 10)
		steps, err4 := s.HistoryOf(t.Context(), c.w, "f1")
		for _, err := range []error{err1, err2, err3, err4} {
			if err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
		}
		for what, n := range map[string]int{"usage": len(usage), "events": len(events), "records": len(raw), "history": len(steps)} {
			if (n > 0) != c.sees {
				t.Errorf("%s sees %d rows of %s", c.name, n, what)
			}
		}
	}
	for _, h := range hostile {
		if got, err := s.EventsOf(t.Context(), Walls{Every: true}, []ActorRef{{h, h, h + "x"}}, from, to, 10); err != nil || len(got) > 0 {
			t.Errorf("events of %q: %d, %v", h, len(got), err)
		}
	}
}

func TestGrantsOf(t *testing.T) {
	s := open(t)
	snap := snapshot(1, "a", "b")
	if err := s.SaveSnapshot(t.Context(), snap, SnapshotAccepted, "", day(2)); err != nil {
		t.Fatal(err)
	}
	g := snap.Grants[0]
	when := snap.TakenAt.Add(time.Hour)
	for _, c := range []struct {
		w     Walls
		limit int
		want  int
	}{{Walls{Every: true}, 10, 1}, {Walls{Teams: []string{g.Team}}, 10, 1}, {Walls{Teams: []string{"other"}}, 10, 0}, {Walls{}, 10, 0}, {Walls{Every: true}, 0, 0}} {
		got, err := s.GrantsOf(t.Context(), c.w, []string{g.Subject, "nobody"}, when, c.limit)
		if err != nil || len(got) < c.want || c.want == 0 && len(got) > 0 {
			t.Fatalf("%+v sees %d grants, %v", c.w, len(got), err)
		}
		for i := range got {
			if got[i].Subject != g.Subject {
				t.Errorf("a grant of %s", got[i].Subject)
			}
		}
	}
	if got, err := s.GrantsOf(t.Context(), Walls{Every: true}, []string{g.Subject}, snap.TakenAt.Add(-time.Hour), 10); err != nil || len(got) != 0 {
		t.Errorf("before the snapshot: %d, %v", len(got), err)
	}
}
