package ingest

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/grantwatch/grantwatch/access"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func event(id string, at time.Duration, outcome access.Outcome) *access.Event {
	return &access.Event{ID: id, Time: noon.Add(at), Provider: "aws", Account: "1", Outcome: outcome, Permission: "s3:GetObject",
		Scope: "bucket", Actor: access.Actor{UID: "AROA1", Principal: "role/r", Groups: []string{"g"}}}
}

func folded(events ...*access.Event) ([]access.Usage, []access.CoverMinute, []access.SessionUse) {
	f := newFold()
	f.begin("payments", "feed")
	var c access.Columns
	for _, e := range events {
		f.add(e, c.Add(e, ""))
	}
	return f.usage.All(), f.coverage, f.sessions
}

func TestFoldOutcomes(t *testing.T) {
	day := uint16(noon.Unix() / 86400)
	row := access.Usage{Team: "payments", Feed: "feed", Provider: "aws", Account: "1", ActorUID: "AROA1", Actor: "role/r", Permission: "s3:GetObject", Scope: "bucket"}
	success, denied := row, row
	success.First, success.Last, success.LastID, success.Days, success.Groups = noon, noon.Add(time.Hour), "b", []uint16{day}, []string{"g"}
	denied.FirstDenied, denied.LastDenied, denied.Groups = noon, noon.Add(time.Hour), []string{"g"}
	both := success
	both.FirstDenied, both.LastDenied = noon.Add(time.Minute), noon.Add(time.Minute)
	for name, c := range map[string]struct {
		events []*access.Event
		want   []access.Usage
	}{
		"used":               {[]*access.Event{event("b", time.Hour, access.Success), event("a", 0, access.Success)}, []access.Usage{success}},
		"denied is no use":   {[]*access.Event{event("a", 0, access.Denied), event("b", time.Hour, access.Denied)}, []access.Usage{denied}},
		"both":               {[]*access.Event{event("a", 0, access.Success), event("x", time.Minute, access.Denied), event("b", time.Hour, access.Success)}, []access.Usage{both}},
		"failure is neither": {[]*access.Event{event("a", 0, access.Failure), event("b", 0, access.Unknown)}, nil},
	} {
		got, cover, _ := folded(c.events...)
		if len(got) != len(c.want) || len(got) > 0 && !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s:\n got %+v\nwant %+v", name, got, c.want)
		}
		if len(cover) == 0 {
			t.Errorf("%s: no coverage, though the feed spoke", name)
		}
	}
	nameless := event("a", 0, access.Success)
	nameless.Actor.Principal = ""
	if got, cover, _ := folded(nameless); len(got) != 0 || len(cover) != 1 {
		t.Errorf("nobody's use: %+v, %+v", got, cover)
	}
	signIn := event("a", 0, access.Success)
	signIn.Permission = ""
	if got, _, _ := folded(signIn); len(got) != 1 || got[0].Scope != "" || !got[0].Last.Equal(noon) {
		t.Errorf("a sign-in says that the identity is alive: %+v", got)
	}
}

func TestFoldSessions(t *testing.T) {
	issue := event("a", 0, access.Success)
	issue.Change = &access.Change{Kind: access.ChangeIssue, Subject: "role/target", Grant: "ASIA2"}
	issue.Actor.Credential = "AKIA1"
	refused := event("b", 0, access.Denied)
	refused.Change = &access.Change{Kind: access.ChangeIssue, Subject: "role/target", Grant: "ASIA3"}
	use := event("c", time.Hour, access.Denied) // an attempt is a use of the credential, if not of a grant
	use.Actor.Credential = "ASIA2"
	key := event("d", time.Hour, access.Success)
	key.Actor.Credential = "AKIA1"
	_, _, got := folded(issue, refused, use, key)
	want := []access.SessionUse{{Team: "payments", Provider: "aws", Credential: "ASIA2", ParentUID: "AROA1", Parent: "role/r", ParentCred: "AKIA1",
		Role: "role/target", Issued: noon, First: noon.Add(time.Hour), Last: noon.Add(time.Hour)}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
}

// Folding is the same in any order.
func TestFoldInAnyOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var events []*access.Event
	for i := range 200 {
		e := event(fmt.Sprint(i%50), time.Duration(r.IntN(1000))*time.Minute, []access.Outcome{access.Success, access.Denied, access.Failure}[r.IntN(3)])
		e.Actor.Principal = fmt.Sprint("role/", r.IntN(3))
		e.Actor.Groups = []string{fmt.Sprint("g", r.IntN(4))}
		events = append(events, e)
	}
	normal := func(u []access.Usage, c []access.CoverMinute) ([]access.Usage, []access.CoverMinute) {
		for i := range u {
			slices.Sort(u[i].Days)
			slices.Sort(u[i].Groups)
		}
		slices.SortFunc(u, func(a, b access.Usage) int { return slices.Compare([]string{a.Actor}, []string{b.Actor}) })
		slices.SortFunc(c, func(a, b access.CoverMinute) int { return a.Minute.Compare(b.Minute) })
		return u, c
	}
	u, c, _ := folded(events...)
	wantUsage, wantCover := normal(u, c)
	for range 20 {
		r.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
		u, c, _ := folded(append(events, events[:20]...)...)
		gotUsage, gotCover := normal(u, c)
		if !reflect.DeepEqual(gotUsage, wantUsage) || !reflect.DeepEqual(gotCover, wantCover) {
			t.Fatalf("got %+v\nwant %+v", gotUsage, wantUsage)
		}
	}
}

func TestLateness(t *testing.T) {
	var h [40]uint32
	newest := time.Time{}
	for _, s := range []float64{0, 10, 9.5, 9, 8, 6, 10, -1e6, 11} {
		newest = late(&h, noon.Add(time.Duration(s*float64(time.Second))), newest)
	}
	want := [40]uint32{0: 5, 1: 1, 2: 1, 3: 1, 20: 1} // 0, 10, 9.5, 10 and 11 are on time
	if h != want || !newest.Equal(noon.Add(11*time.Second)) {
		t.Errorf("%v, %s", h, newest)
	}
	var far [40]uint32
	late(&far, time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Hour), noon.AddDate(200, 0, 0))
	if far[39]+far[38]+far[34] != 1 {
		t.Errorf("very late: %v", far)
	}
}

func TestSeenForgetsAndRemembers(t *testing.T) {
	s := newSeen(10)
	for i := range 1000 {
		if s.again(fmt.Sprint(i)) {
			t.Fatalf("%d was not there before", i)
		}
		for back := max(0, i-9); back <= i; back++ {
			if !s.again(fmt.Sprint(back)) {
				t.Fatalf("%d is forgotten at %d", back, i)
			}
		}
		if n := s.now.n + s.old.n; n > 20 {
			t.Fatalf("%d ids are kept", n)
		}
	}
}

func TestTidyAttrsIsBoundedAndAlwaysTheSame(t *testing.T) {
	make1 := func() map[string]string {
		m := map[string]string{}
		for i := range 500 {
			m[fmt.Sprintf("key %03d", i)] = "v\x00\xff"
		}
		return m
	}
	tidied := func() map[string]string {
		ev := access.Event{Attrs: make1()}
		tidyAttrs(&ev)
		return ev.Attrs
	}
	first := tidied()
	if len(first) != mostAttrs || first["key 000"] != "v\uFFFD\uFFFD" {
		t.Errorf("%d attributes, %q", len(first), first["key 000"])
	}
	for range 5 {
		if again := tidied(); !reflect.DeepEqual(again, first) {
			t.Fatal("another choice of attributes")
		}
	}
}

// Sessions that are seen once each are long rows that nothing is rolled up into: they bring a stream to its roll-ups sooner.
func TestSessionsSeenOnceAreWrittenSooner(t *testing.T) {
	for _, c := range []struct{ uses, sessions, want int }{{0, 0, 0}, {100, 0, 100}, {100, 100, 200}, {100, 150, 350}, {0, 10, 30}} {
		f := newFold()
		f.begin("payments", "aws")
		f.usage.Rows = make([]access.UsageRow, c.uses)
		for i := range c.sessions {
			f.sessionRow("aws", fmt.Sprintf("ASIA%d", i))
		}
		if got := f.rows(); got != c.want {
			t.Errorf("%d uses and %d sessions count %d rows, not %d", c.uses, c.sessions, got, c.want)
		}
	}
}
