package store

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/grantwatch/grantwatch/access"
)

// Usage is a union: however the rows are split into batches, in whatever order they come, and however often a batch is
// written, with the same token or another, what is read is the same.
func TestUsageOfAnySplitIsUsageOfTheWhole(t *testing.T) {
	s, checks := open(t), 0
	rapid.Check(t, func(rt *rapid.T) {
		checks++
		whole, parts := fmt.Sprintf("whole %d", checks), fmt.Sprintf("parts %d", checks)
		save := func(team, token string, from int, rows []access.Usage) {
			rows = slices.Clone(rows)
			for i := range rows {
				rows[i].Team = team
			}
			write(t, s, &access.Batch{Team: team, Feed: "aws", Token: team + token, From: int64(from), Ingested: day(9), Usage: access.UsageOf(rows)})
		}
		when := rapid.Custom(func(t *rapid.T) time.Time {
			if rapid.Bool().Draw(t, "never") {
				return time.Time{}
			}
			return day(rapid.IntRange(0, 3).Draw(t, "day")).Add(time.Duration(rapid.IntRange(0, 5).Draw(t, "µs")) * time.Microsecond)
		})
		row := rapid.Custom(func(t *rapid.T) access.Usage {
			u := access.Usage{Feed: "aws", Provider: "aws", Account: "1", Actor: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "actor"),
				Permission: rapid.SampledFrom([]string{"s3:GetObject", "k'"}).Draw(t, "permission"), FirstDenied: when.Draw(t, "denied")}
			u.LastDenied = u.FirstDenied
			if u.First = when.Draw(t, "used"); !u.First.IsZero() {
				u.Last, u.LastID = u.First, rapid.SampledFrom([]string{"e1", "e2", "e 3"}).Draw(t, "id")
				u.Days = []uint16{uint16(u.First.Unix() / 86400)}
				u.Groups = rapid.SliceOfDistinct(rapid.SampledFrom([]string{"x", "y"}), rapid.ID[string]).Draw(t, "groups")
			}
			return u
		})
		rowsOf := rapid.SliceOfN(row, 1, 12).Draw(rt, "rows")
		order := rapid.Permutation(rowsOf).Draw(rt, "order")
		save(whole, "", 0, rowsOf)
		for n := 0; len(order) > 0; n++ {
			size := rapid.IntRange(1, len(order)).Draw(rt, "size")
			token := fmt.Sprint(n)
			save(parts, token, n, order[:size])
			for range rapid.IntRange(0, 2).Draw(rt, "again") {
				if rapid.Bool().Draw(rt, "other token") {
					token += "'"
				}
				save(parts, token, n, order[:size])
			}
			order = order[size:]
		}
		want, err := s.TeamUsage(t.Context(), whole, time.Time{})
		if err != nil {
			rt.Fatal(err)
		}
		got, err := s.TeamUsage(t.Context(), parts, time.Time{})
		for i := range got {
			got[i].Team = whole
		}
		if err != nil || !reflect.DeepEqual(got, want) {
			rt.Fatalf("got %+v, %v\nwant %+v", got, err, want)
		}
		for _, u := range got { // and it is what the rows say
			var last time.Time
			var id string
			for _, r := range rowsOf {
				if r.Actor == u.Actor && r.Permission == u.Permission && (r.Last.After(last) || r.Last.Equal(last) && r.LastID > id) {
					last, id = r.Last, r.LastID
				}
			}
			if !u.Last.Equal(last) || u.LastID != id || !slices.IsSorted(u.Days) {
				rt.Fatalf("last use %s %s, want %s %s", u.Last, u.LastID, last, id)
			}
		}
	})
}

func TestUsageSince(t *testing.T) {
	s := open(t)
	u := func(actor string, last, denied time.Time) access.Usage {
		return access.Usage{Team: "payments", Feed: "aws", Provider: "aws", Account: "1", Actor: actor, Permission: "p", First: last, Last: last, FirstDenied: denied, LastDenied: denied}
	}
	write(t, s, &access.Batch{Team: "payments", Feed: "aws", Token: "t", Ingested: day(9),
		Usage: access.UsageOf([]access.Usage{u("old", day(1), time.Time{}), u("new", day(5), time.Time{}), u("denied", time.Time{}, day(5)), u("both", day(1), day(5))})})
	for since, want := range map[int][]string{-100: {"both", "denied", "new", "old"}, 5: {"both", "denied", "new"}, 6: nil} {
		got, err := s.Usage(t.Context(), "aws", "1", day(since))
		if err != nil {
			t.Fatal(err)
		}
		var actors []string
		for _, r := range got {
			actors = append(actors, r.Actor)
		}
		if !slices.Equal(actors, want) {
			t.Errorf("since %d: %v, want %v", since, actors, want)
		}
		n := 0
		if err := s.UsageEach(t.Context(), day(since), func(*access.Usage) error { n++; return nil }); err != nil || n != len(want) {
			t.Errorf("since %d: %d rows one by one, %v", since, n, err)
		}
	}
	if got, err := s.Usage(t.Context(), "aws", "2", time.Time{}); err != nil || got == nil || len(got) != 0 {
		t.Errorf("another account: %v, %v", got, err)
	}
	stop := fmt.Errorf("enough")
	if err := s.UsageEach(t.Context(), time.Time{}, func(*access.Usage) error { return stop }); err == nil {
		t.Error("the caller's error was lost")
	}
}
