package store

import (
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/grantwatch/grantwatch/access"
)

// What stands in an event twice is written once, and read as it was.
func TestWhatAnEventRepeatsIsReadAsItWas(t *testing.T) {
	s := open(t)
	b := &access.Batch{Team: "payments", Feed: "aws", Source: "log", To: 9, Token: "like", Ingested: day(9)}
	var want []access.Actor
	for i, a := range []access.Actor{
		{Principal: "arn:aws:iam::1:role/path/reader", Name: "reader", Issuer: "arn:aws:iam::1:role/path/reader", Credential: "ASIA1", ID: "x", Chain: []string{"x", "y"}},
		{Principal: "arn:aws:iam::1:role/path/reader", Name: "path/reader"},
		{Principal: "reader", Name: "reader"},
		{Principal: "role/日本語", Name: "日本語"},
		{Principal: "role/", Name: ""},
		{Principal: "role/x", Name: ""},
		{Principal: "", Name: ""},
		{Principal: "", Name: "somebody"},
	} {
		a.UID = string(rune('a' + i))
		ev := access.Event{ID: a.UID, Time: day(1), Provider: "aws", Actor: a, Session: a.Credential}
		b.Events.Add(&ev, "")
		want = append(want, a)
	}
	write(t, s, b)
	got, err := s.TeamEvents(t.Context(), "payments", day(0), day(2), 100)
	if err != nil || len(got) != len(want) {
		t.Fatalf("%d events, %v", len(got), err)
	}
	for _, g := range got {
		if w := want[g.Event.ID[0]-'a']; !reflect.DeepEqual(g.Event.Actor, w) || g.Event.Session != w.Credential {
			t.Errorf("got %+v\nwant %+v", g.Event.Actor, w)
		}
	}
}

// Lists and maps are kept as texts, and read as they were: empty elements, other languages and the bytes that stand for something.
func TestListsOfAnEventAreReadAsTheyWere(t *testing.T) {
	s := open(t)
	b := &access.Batch{Team: "payments", Feed: "aws", Source: "log", To: 9, Token: "lists", Ingested: day(9)}
	events := []access.Event{
		{},
		{Actor: access.Actor{ID: "x", Chain: []string{"x"}, Groups: []string{"g"}}, Targets: []access.Target{{ID: "a", Type: "T"}}, Attrs: map[string]string{"k": "v"}},
		{Actor: access.Actor{ID: "x", Chain: []string{"y", "", "x", "\x01", "\x01z", "\x01\x01"}, Groups: []string{"", "日本語", "it's", `back\slash`}},
			Targets: []access.Target{{ID: "a"}, {Type: "T"}, {}, {ID: "a\nb", Type: "日"}}, Attrs: map[string]string{"": "empty", "b": "", "a": "\x01", "日": "it's"}},
		{Actor: access.Actor{Chain: []string{""}}},
		{Actor: access.Actor{ID: "\x01", Chain: []string{"\x01", "x"}}},
	}
	for i := range events {
		events[i].ID, events[i].Time, events[i].Provider, events[i].Actor.UID = string(rune('a'+i)), day(1), "aws", string(rune('a'+i))
		b.Events.Add(&events[i], "")
	}
	write(t, s, b)
	got, err := s.TeamEvents(t.Context(), "payments", day(0), day(2), 100)
	if err != nil || len(got) != len(events) {
		t.Fatalf("%d events, %v", len(got), err)
	}
	for _, g := range got {
		w, ev := events[g.Event.ID[0]-'a'], g.Event
		if !slices.Equal(ev.Actor.Chain, w.Actor.Chain) || !slices.Equal(ev.Actor.Groups, w.Actor.Groups) || !slices.Equal(ev.Targets, w.Targets) || !maps.Equal(ev.Attrs, w.Attrs) {
			t.Errorf("got %+v %+v %q\nwant %+v %+v %q", ev.Actor, ev.Targets, ev.Attrs, w.Actor, w.Targets, w.Attrs)
		}
	}
}
