package ingest_test

import (
	"bytes"
	"fmt"
	"io"
	"testing"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/ingest"
	"github.com/grantwatch/grantwatch/ingest/made"
)

// The parts of a group are counted one by one, whatever batches they end up in, and add up to what is stored.
func TestRunGroup(t *testing.T) {
	sink := newMemory()
	p, err := ingest.New(sink, ingest.Config{BatchRecords: 7, Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	log := bytes.SplitAfter(made.Log(40, 5), []byte("\n"))
	var parts []ingest.Part
	add := func(body []byte) {
		parts = append(parts, ingest.Part{Name: fmt.Sprint("part-", len(parts)), Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }})
	}
	add(bytes.Join(log[:20], nil))
	add(nil)
	add(append(bytes.Join(log[15:25], nil), "no record\n"...)) // five of these came before
	add(log[30])
	feed := access.Feed{Name: "aws", Team: "payments", Format: "aws_cloudtrail"}
	want := []ingest.Stats{{Received: 20, Stored: 20}, {}, {Received: 11, Stored: 5, Filtered: 5, Dead: 1}, {Received: 1, Stored: 1}}
	for range 2 { // the second time it is the same group
		got, err := p.RunGroup(t.Context(), feed, "http/abc", parts, start, nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != len(want) {
			t.Fatalf("%d parts are told of", len(got))
		}
		for i, g := range got {
			if g.Bytes = 0; g.Flagged != 0 && g.Flagged == g.Stored {
				g.Flagged = 0 // start lies before the records
			}
			if g != want[i] {
				t.Errorf("part %d: %+v, want %+v", i, g, want[i])
			}
		}
		if n := len(sink.ids()); n != 26 {
			t.Errorf("%d events are stored", n)
		}
	}
	sink.fail = func(_, table string) bool { return table == "coverage" }
	if got, err := p.RunGroup(t.Context(), feed, "http/def", parts, start, nil); err == nil || got != nil {
		t.Errorf("the sink is broken: %v, %v", got, err)
	}
}
