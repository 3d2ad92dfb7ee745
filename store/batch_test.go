package store

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/grantwatch/grantwatch/access"
)

func write(t testing.TB, s *Store, batches ...*access.Batch) {
	t.Helper()
	for _, b := range batches {
		if err := s.WriteBatch(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
}

// evidence is every table that WriteBatch writes.
var evidence = []string{"events", "usage", "coverage", "sessions", "batches", "dead_letters", "hits", "raw_events"}

// rows counts the rows as they were inserted, before anything is merged or read through a roll-up.
func rows(t testing.TB, s *Store) map[string]uint64 {
	t.Helper()
	n := map[string]uint64{}
	for _, table := range evidence {
		n[table] = count(t, s, "SELECT count() FROM "+table)
	}
	return n
}

func TestWriteBatchRoundTrip(t *testing.T) {
	for name, dsn := range map[string]string{
		"our blocks":               "http://engine:80/%s",
		"the driver's, compressed": "http://engine:80/%s?compress=lz4",
		"the driver's, gzipped":    "http://engine:80/%s?compress=gzip",
	} {
		t.Run(name, func(t *testing.T) {
			s, err := Open(t.Context(), Options{DSN: fmt.Sprintf(dsn, open(t).Database()), DialContext: theEngine(t).DialContext})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close() //nolint:errcheck // the test is about what was written
			if ours := name != "the driver's, compressed" && name != "the driver's, gzipped"; s.encodes != ours {
				t.Fatalf("encodes: %v", s.encodes)
			}
			b := fullBatch("payments", "aws", 3)
			write(t, s, b)
			checkEvents(t, s, b)
			checkRollUps(t, s, b)
		})
	}
}

// mended puts in place of each NUL in a list what the store does: it is what ends an element there.
func mended(ev *access.Event) {
	mend := func(s *string) { *s = strings.ReplaceAll(*s, "\x00", "\uFFFD") }
	for i := range ev.Actor.Chain {
		mend(&ev.Actor.Chain[i])
	}
	for i := range ev.Actor.Groups {
		mend(&ev.Actor.Groups[i])
	}
	for i := range ev.Targets {
		mend(&ev.Targets[i].ID)
		mend(&ev.Targets[i].Type)
	}
	attrs := map[string]string{}
	for k, v := range ev.Attrs {
		mend(&k)
		mend(&v)
		attrs[k] = v
	}
	ev.Attrs = attrs
}

func checkEvents(t *testing.T, s *Store, b *access.Batch) {
	t.Helper()
	got, err := s.TeamEvents(t.Context(), "payments", day(0), day(9), 1000)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != b.Events.Len() {
		t.Fatalf("%d events, want %d", len(got), b.Events.Len())
	}
	for i, e := range got {
		n := len(got) - 1 - i // newest first
		want := StoredEvent{Team: "payments", Feed: "aws", Event: fullEvent(string(b.Events.ID(n)), b.Events.Time(n), hostile[n])}
		if n == 0 {
			want.Flag = "future"
		}
		mended(&want.Event)
		if !reflect.DeepEqual(e, want) {
			t.Errorf("event %d:\n got %+v\nwant %+v", n, e, want)
		}
	}
	hits, err := s.Hits(t.Context(), day(0))
	if err != nil || len(hits) != len(b.Hits) {
		t.Fatalf("%d hits, %v", len(hits), err)
	}
	for i := range hits {
		if !reflect.DeepEqual(hits[i], b.Hits[i]) {
			t.Errorf("hit %d:\n got %+v\nwant %+v", i, hits[i], b.Hits[i])
		}
	}
	dead, err := s.DeadLetters(t.Context(), "payments", "aws", 10)
	if err != nil || !reflect.DeepEqual(dead, b.Dead) {
		t.Errorf("dead letters: %+v, %v", dead, err)
	}
}

func checkRollUps(t *testing.T, s *Store, b *access.Batch) {
	t.Helper()
	usage, err := s.Usage(t.Context(), "aws", "111122223333", time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	byActor := map[string]access.Usage{}
	for _, u := range usage {
		byActor[u.Actor] = u
	}
	for _, want := range b.Usage.All() {
		if got := byActor[want.Actor]; !reflect.DeepEqual(got, want) {
			t.Errorf("usage:\n got %+v\nwant %+v", got, want)
		}
	}
	var cover []access.CoverMinute
	if err := s.CoverageEach(t.Context(), day(0), func(c access.CoverMinute) error { cover = append(cover, c); return nil }); err != nil || !reflect.DeepEqual(cover, b.Coverage) {
		t.Errorf("coverage: %+v, %v", cover, err)
	}
	sessions, err := s.Sessions(t.Context(), day(0))
	want := b.Sessions[0]
	want.First, want.Last = b.Sessions[1].First, b.Sessions[1].Last // the two halves are one
	if err != nil || !reflect.DeepEqual(sessions, []access.SessionUse{want}) {
		t.Errorf("sessions: %+v, %v", sessions, err)
	}
	stats, err := s.FeedStats(t.Context())
	if err != nil || len(stats) != 1 {
		t.Fatalf("stats: %+v, %v", stats, err)
	}
	st := FeedStat{Team: "payments", Feed: "aws", Received: b.Received, Stored: int64(len(hostile)), Filtered: 2, Dead: 1, Flagged: 1, Batches: 1,
		Newest: b.Newest, Ingested: b.Ingested, Accounts: b.Accounts}
	st.Lateness[0], st.Lateness[7], st.Lateness[39] = 5, 6, 7
	if !reflect.DeepEqual(stats[0], st) {
		t.Errorf("stats:\n got %+v\nwant %+v", stats[0], st)
	}
}

func TestWriteBatchTwiceIsOnce(t *testing.T) {
	s := open(t)
	a, b := fullBatch("payments", "aws", 1), fullBatch("payments", "aws", 2)
	write(t, s, a, b)
	want := rows(t, s)
	write(t, s, a, b, a)
	if got := rows(t, s); !reflect.DeepEqual(got, want) {
		t.Errorf("rows after writing again: %v, before: %v", got, want)
	}
	stats, err := s.FeedStats(t.Context())
	if err != nil || len(stats) != 1 || stats[0].Received != a.Received+b.Received || stats[0].Lateness[39] != 14 {
		t.Errorf("%+v, %v", stats, err)
	}
}

// The same stretch read with another end replaces the account of the first reading, and usage takes no harm.
func TestBatchOfTheSameBeginningReplaces(t *testing.T) {
	s := open(t)
	a, b := fullBatch("payments", "aws", 1), fullBatch("payments", "aws", 1)
	b.Token, b.To, b.Received, b.Ingested = "another", a.To+50, a.Received+9, a.Ingested.Add(time.Second)
	write(t, s, a, b)
	stats, err := s.FeedStats(t.Context())
	if err != nil || len(stats) != 1 || stats[0].Received != b.Received || stats[0].Batches != 1 {
		t.Errorf("%+v, %v", stats, err)
	}
	usage, err := s.TeamUsage(t.Context(), "payments", time.Time{})
	if err != nil || len(usage) != a.Usage.Len() || !reflect.DeepEqual(usage[0].Days, a.Usage.Rows[0].Days) {
		t.Errorf("%+v, %v", usage, err)
	}
}

func TestTeamsAreWalls(t *testing.T) {
	s := open(t)
	write(t, s, fullBatch("payments", "a", 1), fullBatch("platform", "b", 1))
	if err := s.SaveFindings(t.Context(), []access.Finding{{Fingerprint: "f1", Team: "payments"}, {Fingerprint: "f2", Team: "platform"}}); err != nil {
		t.Fatal(err)
	}
	for _, team := range append([]string{"payments", "platform", "pay%", "*"}, hostile...) {
		want := 0
		if team == "payments" || team == "platform" {
			want = 1
		}
		events, err := s.TeamEvents(t.Context(), team, day(0), day(9), 1000)
		if err != nil || len(events) != want*len(hostile) {
			t.Errorf("team %q: %d events, %v", team, len(events), err)
		}
		usage, err := s.TeamUsage(t.Context(), team, time.Time{})
		if err != nil || len(usage) != want*len(hostile) {
			t.Errorf("team %q: %d rows of usage, %v", team, len(usage), err)
		}
		stats, err := s.TeamFeedStats(t.Context(), team)
		if err != nil || len(stats) != want {
			t.Errorf("team %q: %d feeds, %v", team, len(stats), err)
		}
		dead, err := s.DeadLetters(t.Context(), team, "", 10)
		if err != nil || len(dead) != want {
			t.Errorf("team %q: %d dead letters, %v", team, len(dead), err)
		}
		found, err := s.TeamFindings(t.Context(), team, FindingFilter{})
		if team == "" {
			if err == nil {
				t.Error("findings of no team are not findings of all")
			}
		} else if err != nil || len(found) != want {
			t.Errorf("team %q: %d findings, %v", team, len(found), err)
		}
		for _, e := range events {
			if e.Team != team {
				t.Errorf("team %q sees an event of %q", team, e.Team)
			}
		}
	}
}

// Whatever is asked for is compared, and never becomes part of a statement.
func TestHostileParameters(t *testing.T) {
	s := open(t)
	write(t, s, fullBatch("payments", "aws", 1))
	for i, h := range hostile {
		got, err := s.EventsBy(t.Context(), []ActorRef{{Provider: "aws", UID: "uid " + h}}, day(0), day(9), 0)
		if err != nil || len(got) != 1 || got[0].Event.Actor.UID != "uid "+h {
			t.Errorf("%q by uid: %d events, %v", h, len(got), err)
		}
		got, err = s.EventsBy(t.Context(), []ActorRef{{Provider: "aws", Principal: "principal " + h}}, day(0), day(9), 0)
		if err != nil || len(got) != 1 || got[0].Event.ID != fmt.Sprintf("payments-aws-1-%02d", i) {
			t.Errorf("%q by name: %d events, %v", h, len(got), err)
		}
		got, err = s.EventsByCredential(t.Context(), []string{"credential " + h}, day(0), day(9))
		if err != nil || len(got) != 1 {
			t.Errorf("%q by credential: %d events, %v", h, len(got), err)
		}
		for name, err := range map[string]error{
			"usage": second(s.Usage(t.Context(), h, h, day(0))), "current grants": second(s.CurrentGrants(t.Context(), h, h, h)),
			"history": second(s.History(t.Context(), h)), "checkpoints": second(s.Checkpoints(t.Context(), h)),
			"deliveries": second(s.Deliveries(t.Context(), []string{h}, true)), "dead letters": second(s.DeadLetters(t.Context(), h, h, 5)),
			"findings": second(s.FindingsAll(t.Context(), FindingFilter{States: []string{h}, Kinds: []string{h, h}, Identity: h})),
		} {
			if err != nil {
				t.Errorf("%s of %q: %v", name, h, err)
			}
		}
	}
	if got, err := s.EventsBy(t.Context(), []ActorRef{{Provider: "k8s", UID: "uid '"}}, day(0), day(9), 0); err != nil || len(got) != 0 {
		t.Errorf("another provider's uid: %d events, %v", len(got), err)
	}
	if n := count(t, s, "SELECT count() FROM events"); n != uint64(len(hostile)) {
		t.Errorf("%d events are left", n)
	}
}

func second[T any](_ T, err error) error { return err }

func TestEventsByManyActorsInOrderWithinALimit(t *testing.T) {
	s := open(t)
	write(t, s, fullBatch("payments", "aws", 1), fullBatch("payments", "aws", 2))
	refs := make([]ActorRef, 0, 1200)
	for i := range 1170 {
		refs = append(refs, ActorRef{Provider: "aws", UID: fmt.Sprintf("nobody %d", i)})
	}
	for _, h := range hostile {
		refs = append(refs, ActorRef{Provider: "aws", UID: "uid " + h, Principal: "principal " + h})
	}
	got, err := s.EventsBy(t.Context(), refs, day(0), day(9), 0)
	if err != nil || len(got) != 2*len(hostile) {
		t.Fatalf("%d events, %v", len(got), err)
	}
	for i := 1; i < len(got); i++ {
		if got[i].Event.Time.Before(got[i-1].Event.Time) {
			t.Fatal("out of order")
		}
	}
	last, err := s.EventsBy(t.Context(), refs, day(0), day(9), 3)
	if err != nil || !reflect.DeepEqual(last, got[len(got)-3:]) {
		t.Errorf("the limit keeps %d events, %v", len(last), err)
	}
	changes, err := s.Changes(t.Context(), day(2))
	if err != nil || len(changes) != len(hostile) || changes[0].Event.Change == nil {
		t.Errorf("%d changes, %v", len(changes), err)
	}
}

func TestWriteBatchRefuses(t *testing.T) {
	s := open(t)
	b := fullBatch("payments", "aws", 1)
	b.Token = ""
	if err := s.WriteBatch(t.Context(), b); err == nil || !strings.Contains(err.Error(), "token") {
		t.Errorf("no token: %v", err)
	}
	b = fullBatch("payments", "aws", 1)
	b.Events.Raw = append(b.Events.Raw, []byte("{}"))
	if err := s.WriteBatch(t.Context(), b); err == nil || !strings.Contains(err.Error(), "raw") {
		t.Errorf("a short column: %v", err)
	}
	if stats, err := s.FeedStats(t.Context()); err != nil || len(stats) != 0 {
		t.Errorf("a batch that failed is on the account: %+v, %v", stats, err)
	}
}
