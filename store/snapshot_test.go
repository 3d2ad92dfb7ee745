package store

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/grantwatch/grantwatch/access"
)

// snapshot is one of day n that states the grants by these ids, and an account for each.
func snapshot(n int, ids ...string) access.Snapshot {
	s := access.Snapshot{Entitlement: "iam", Team: "payments", Provider: "aws", Account: "111122223333", TakenAt: day(n), Dated: true,
		Source: fmt.Sprintf("iam-%d.json", n)}
	for _, id := range ids {
		s.Grants = append(s.Grants, access.Grant{ID: id, Team: "payments", Entitlement: "iam", Provider: "aws", Account: "111122223333",
			Kind: access.GrantPermission, Subject: "arn:" + id, SubjectKind: access.SubjectRole, Permission: "s3:*"})
		s.Accounts = append(s.Accounts, access.Account{Provider: "aws", Account: "111122223333", Team: "payments", Name: "arn:" + id, UID: "AROA" + id, Kind: access.SubjectRole, Enabled: true})
	}
	return s
}

// days counts from day 0, and is empty for never.
func days(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return fmt.Sprint(int(t.Sub(day(0)) / (24 * time.Hour)))
}

// spell writes a grant as "id from-to".
func spell(g access.Grant) string { return g.ID + " " + days(g.FirstSeen) + "-" + days(g.ClosedAt) }

func TestSaveSnapshot(t *testing.T) {
	type taken struct {
		day int
		ids string // one letter each
	}
	for name, c := range map[string]struct {
		taken []taken
		when  int
		want  string // everything that was ever there at when: "id from-to prior"
	}{
		"the first":                        {[]taken{{1, "ab"}}, 1, "a 1-, b 1-"},
		"before the first":                 {[]taken{{1, "ab"}}, 0, ""},
		"one appears":                      {[]taken{{1, "a"}, {3, "ab"}}, 5, "a 1-, b 3- after 1"},
		"one disappears":                   {[]taken{{1, "ab"}, {3, "a"}}, 5, "a 1-, b 1-3"},
		"as of before it disappeared":      {[]taken{{1, "ab"}, {3, "a"}}, 2, "a 1-, b 1-"},
		"one reappears":                    {[]taken{{1, "ab"}, {3, "a"}, {4, "ab"}}, 5, "a 1-, b 1-3, b 4- after 3"},
		"all disappear":                    {[]taken{{1, "ab"}, {2, ""}}, 5, "a 1-2, b 1-2"},
		"the same again":                   {[]taken{{1, "ab"}, {1, "ab"}, {3, "a"}, {3, "a"}, {1, "ab"}}, 5, "a 1-, b 1-3"},
		"an older one later, same":         {[]taken{{3, "ab"}, {1, "ab"}}, 5, "a 1-, b 1-"},
		"an older one later, less":         {[]taken{{3, "ab"}, {1, "a"}}, 5, "a 1-, b 3- after 1"},
		"an older one later, more":         {[]taken{{3, "a"}, {1, "ab"}}, 5, "a 1-, b 1-3"},
		"in between, one is missing there": {[]taken{{1, "ab"}, {5, "ab"}, {3, "a"}}, 6, "a 1-, b 1-3, b 5- after 3"},
		"in between, one is only there":    {[]taken{{1, "a"}, {5, "a"}, {3, "ab"}}, 6, "a 1-, b 3-5 after 1"},
		"in between, it had gone since":    {[]taken{{1, "ab"}, {5, "a"}, {3, "ab"}}, 6, "a 1-, b 1-5"},
		"a letter twice":                   {[]taken{{1, "aab"}}, 2, "a 1-, b 1-"},
		"corrected at the same time":       {[]taken{{1, "ab"}, {1, "ac"}}, 2, "a 1-, c 1-"},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			for _, k := range c.taken {
				if err := s.SaveSnapshot(t.Context(), snapshot(k.day, strings.Split(k.ids, "")...), SnapshotAccepted, "", day(30)); err != nil {
					t.Fatal(err)
				}
			}
			got, err := s.Grants(t.Context(), day(c.when), day(-100))
			if err != nil {
				t.Fatal(err)
			}
			var seen []string
			for _, g := range got {
				text := spell(g)
				if g.SeenBefore {
					text += " after " + days(g.PriorAt)
				}
				seen = append(seen, text)
			}
			if text := strings.Join(seen, ", "); text != c.want {
				t.Errorf("got %q, want %q", text, c.want)
			}
			accounts, err := s.Accounts(t.Context(), day(c.when))
			open, err2 := s.Grants(t.Context(), day(c.when), time.Time{})
			if err != nil || err2 != nil || len(accounts) != len(open) {
				t.Errorf("%d accounts, %v; %d open grants, %v", len(accounts), err, len(open), err2)
			}
		})
	}
}

func TestSnapshotOfChangedBody(t *testing.T) {
	s := open(t)
	first, second := snapshot(1, "a"), snapshot(2, "a")
	second.Grants[0].Conditions, second.Accounts[0].Enabled = `{"Bool":{}}`, false
	for _, snap := range []access.Snapshot{first, second, first} { // the old words again do not win
		if err := s.SaveSnapshot(t.Context(), snap, SnapshotAccepted, "", day(9)); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.CurrentGrants(t.Context(), "iam", "aws", "111122223333")
	want := second.Grants[0]
	want.FirstSeen = day(1)
	if err != nil || !reflect.DeepEqual(got, []access.Grant{want}) {
		t.Errorf("got %+v, %v", got, err)
	}
	accounts, err := s.Accounts(t.Context(), day(5))
	if err != nil || !reflect.DeepEqual(accounts, second.Accounts) {
		t.Errorf("got %+v, %v", accounts, err)
	}
}

func TestRefusedSnapshotChangesNothing(t *testing.T) {
	s := open(t)
	if err := s.SaveSnapshot(t.Context(), snapshot(1, "a", "b"), SnapshotAccepted, "", day(9)); err != nil {
		t.Fatal(err)
	}
	if err := s.SaveSnapshot(t.Context(), snapshot(2), SnapshotRefused, "it's empty", day(9)); err != nil {
		t.Fatal(err)
	}
	got, err := s.Grants(t.Context(), day(5), time.Time{})
	if err != nil || len(got) != 2 {
		t.Errorf("%d grants, %v", len(got), err)
	}
	list, err := s.Snapshots(t.Context())
	if err != nil || len(list) != 2 {
		t.Fatalf("%+v, %v", list, err)
	}
	want := SnapshotRecord{Team: "payments", Entitlement: "iam", Provider: "aws", Account: "111122223333", TakenAt: day(2), Source: "iam-2.json",
		Status: SnapshotRefused, Reason: "it's empty", SeenAt: day(9), Dated: true}
	if !reflect.DeepEqual(list[1], want) || list[0].Grants != 2 || list[0].Accounts != 2 {
		t.Errorf("got %+v", list)
	}
	if err := s.SaveSnapshot(t.Context(), access.Snapshot{Entitlement: "iam"}, SnapshotAccepted, "", day(9)); err == nil {
		t.Error("a snapshot without a time was taken")
	}
}

func TestSeriesDoNotTouch(t *testing.T) {
	s := open(t)
	other := snapshot(2, "b")
	other.Account = "444455556666"
	foreign := snapshot(2, "c")
	foreign.Team = "platform"
	for _, snap := range []access.Snapshot{snapshot(1, "a"), other, foreign, snapshot(3)} {
		if err := s.SaveSnapshot(t.Context(), snap, SnapshotAccepted, "", day(9)); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.Grants(t.Context(), day(5), time.Time{})
	if err != nil || len(got) != 2 || got[0].SeenBefore || got[1].SeenBefore {
		t.Errorf("%+v, %v", got, err)
	}
}

// In whatever order snapshots come, and however often, what holds at a moment is what the last one before it says. This
// asks the function that decides, many times; the table above asks the engine.
func TestChangeInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		stated := rapid.SliceOfN(rapid.SliceOfDistinct(rapid.SampledFrom([]string{"a", "b", "c"}), rapid.ID[string]), 1, 6).Draw(t, "stated")
		order := rapid.SliceOfN(rapid.IntRange(0, len(stated)-1), len(stated), 3*len(stated)).Draw(t, "order")
		var there []interval
		saved := map[int]bool{}
		for _, n := range order {
			where := place{day(n), future}
			for m := n + 1; m < len(stated); m++ {
				if saved[m] {
					where.next = day(m)
					break
				}
			}
			var items []item
			for _, id := range stated[n] {
				items = append(items, item{id: id, body: id})
			}
			write, _ := change(where, items, there)
			for _, w := range write {
				at := slices.IndexFunc(there, func(v interval) bool { return v.id == w.id && v.from.Equal(w.from) })
				if at >= 0 {
					there[at] = w
				} else {
					there = append(there, w)
				}
			}
			if again, _ := change(where, items, there); len(again) > 0 {
				t.Fatalf("a second time it writes %+v", again)
			}
			saved[n] = true
		}
		last := -1
		for n := range stated {
			if saved[n] {
				last = n
			}
			var want, got []string
			if last >= 0 {
				want = slices.Sorted(slices.Values(stated[last]))
			}
			for _, v := range there {
				if !v.from.After(day(n)) && v.to.After(day(n)) {
					got = append(got, v.id)
				}
			}
			if slices.Sort(got); !slices.Equal(got, want) {
				t.Fatalf("day %d has %v, want %v", n, got, want)
			}
		}
	})
}

func BenchmarkSaveSnapshot(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	big := access.Snapshot{Entitlement: "iam", Team: "payments", Provider: "aws", Account: "111122223333", TakenAt: day(1), Source: "iam.json"}
	for i := range 100_000 {
		big.Grants = append(big.Grants, access.Grant{ID: fmt.Sprintf("%016x%016x", r.Uint64(), r.Uint64()), Team: "payments", Entitlement: "iam", Provider: "aws",
			Account: "111122223333", Kind: access.GrantPermission, Subject: fmt.Sprintf("arn:aws:iam::111122223333:role/worker-%d", i/40), SubjectKind: access.SubjectRole,
			Permission: fmt.Sprintf("service%d:Action%d", i%90, i%700), Resource: fmt.Sprintf("arn:aws:s3:::bucket-%d/*", i%5000), Path: "policy/WorkerAccess (managed) statement 3",
			Via: "arn:aws:iam::111122223333:policy/WorkerAccess", GrantedAt: day(-100)})
	}
	for name, run := range map[string]func(*Store) error{
		"first": func(s *Store) error { return s.SaveSnapshot(b.Context(), big, SnapshotAccepted, "", day(9)) },
		"next with one per cent changed": func(s *Store) error {
			next := big
			next.TakenAt, next.Grants = day(2), big.Grants[1000:]
			return s.SaveSnapshot(b.Context(), next, SnapshotAccepted, "", day(9))
		},
		"read": func(s *Store) error {
			got, err := s.Grants(b.Context(), day(5), time.Time{})
			if err == nil && len(got) != len(big.Grants) {
				err = fmt.Errorf("%d grants", len(got))
			}
			return err
		},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				s := open(b)
				if name != "first" {
					if err := s.SaveSnapshot(b.Context(), big, SnapshotAccepted, "", day(9)); err != nil {
						b.Fatal(err)
					}
				}
				b.StartTimer()
				if err := run(s); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
