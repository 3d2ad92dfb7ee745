package store

import (
	"reflect"
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
