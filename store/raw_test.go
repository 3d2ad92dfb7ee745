package store

import (
	"fmt"
	"reflect"
	"testing"
	"time"
)

func TestRawEvents(t *testing.T) {
	for name, dsn := range map[string]string{
		"our blocks":               "http://engine:80/%s",
		"the driver's, compressed": "http://engine:80/%s?compress=lz4",
	} {
		t.Run(name, func(t *testing.T) {
			s, err := Open(t.Context(), Options{DSN: fmt.Sprintf(dsn, open(t).Database()), DialContext: theEngine(t).DialContext})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close() //nolint:errcheck // the test is about what was written
			b := fullBatch("payments", "aws", 3)
			n := b.Events.Len()
			if n < 2 {
				t.Fatalf("%d events are too few", n)
			}
			want := []byte("{\"a\":\"\\u0000 \xff\"}")
			for range n {
				b.Events.Raw = append(b.Events.Raw, []byte("{}"))
			}
			b.Events.Raw[1] = want
			b.RawUntil = time.Date(2090, 1, 1, 0, 0, 0, 0, time.UTC)
			write(t, s, b, b) // written again, it is the same
			got, err := s.RawEvents(t.Context(), "", []string{string(b.Events.ID(1)), "nobody"})
			if err != nil {
				t.Fatal(err)
			}
			if len(got) != 1 || !reflect.DeepEqual(got[0], RawEvent{Team: b.Team, Feed: b.Feed, Time: b.Events.Time(1), ID: string(b.Events.ID(1)), Expires: b.RawUntil, Raw: want}) {
				t.Errorf("got %+v", got)
			}
			if rows := count(t, s, "SELECT count() FROM raw_events"); rows != uint64(n) {
				t.Errorf("%d rows for %d records", rows, n)
			}
			if got, err := s.RawEvents(t.Context(), "another", []string{string(b.Events.ID(1))}); err != nil || len(got) != 0 {
				t.Errorf("another team sees %+v, %v", got, err)
			}
		})
	}
}
