package store

import (
	"testing"
	"time"

	"github.com/grantwatch/grantwatch/access"
)

func TestCanariesComeBack(t *testing.T) {
	s := open(t)
	b := access.Batch{Team: "payments", Feed: "aws", Token: "c", Source: "f", To: 3, Received: 3, Filtered: 1, Ingested: minute(5), Canaries: []access.Sighting{
		{Kind: access.CanaryCall, ID: "a", Time: minute(1)}, {Kind: access.CanaryCall, ID: "b", Time: minute(3)}, {Kind: access.CanaryPost, ID: "p", Time: minute(2)}}}
	for range 2 { // written twice is written once
		if err := s.WriteBatch(t.Context(), &b); err != nil {
			t.Fatal(err)
		}
	}
	var got []time.Time
	if err := s.CanaryEach(t.Context(), access.CanaryCall, minute(2), func(feed string, when time.Time) {
		if feed == "aws" {
			got = append(got, when)
		}
	}); err != nil || len(got) != 1 || !got[0].Equal(minute(3)) {
		t.Errorf("calls since 2: %v, %v", got, err)
	}
	last, err := s.LastCanaries(t.Context())
	if err != nil || len(last) != 2 || last[0].ID != "b" || !last[0].Time.Equal(minute(3)) || !last[0].Ingested.Equal(minute(5)) || last[1].ID != "p" {
		t.Errorf("last %+v, %v", last, err)
	}
}

func TestDigestsComeBack(t *testing.T) {
	s := open(t)
	d := ListedDigest{Digest: access.Digest{Team: "payments", Feed: "aws", Chain: "1/r/t", Object: "p/AWSLogs/d1.json.gz", Bucket: "b", Account: "1", Region: "r", From: minute(0), To: minute(60),
		Oldest: minute(-3), End: "2026-09-01T01:00:00Z", Hash: "h", Signature: "s", Key: "k", Previous: access.DigestLink{Object: "o", Hash: "ph", Signature: "ps"}, Backfill: true, Mark: "m"},
		Names: []string{"x'; DROP TABLE digests; --", "y"}, Hashes: []string{"1", "2"}}
	other := d
	other.Team = "platform"
	if err := s.SaveDigests(t.Context(), []ListedDigest{d, other}); err != nil {
		t.Fatal(err)
	}
	open, err := s.UnsettledDigests(t.Context(), "payments", "aws")
	if err != nil || len(open) != 1 || open[0].Digest != d.Digest || len(open[0].Names) != 2 || open[0].Names[0] != d.Names[0] {
		t.Fatalf("unsettled %+v, %v", open, err)
	}
	// A broken copy of the same file under another folder replaces it, and so does the whole one again.
	broken := d
	broken.Object, broken.Broken = "elsewhere/d1.json.gz", "its gzip is broken"
	d.State = access.FilesRead
	for _, v := range []ListedDigest{broken, d} {
		if err := s.SaveDigests(t.Context(), []ListedDigest{v}); err != nil {
			t.Fatal(err)
		}
		got, err := s.Digests(t.Context(), "payments", "aws")
		if err != nil || len(got) != 1 || got[0] != v.Digest {
			t.Errorf("digests %+v, %v", got, err)
		}
	}
	if open, err = s.UnsettledDigests(t.Context(), "payments", "aws"); err != nil || len(open) != 0 {
		t.Errorf("unsettled %+v, %v", open, err)
	}

	r := access.Reading{Team: "payments", Feed: "aws", Name: d.Names[0], Hash: "1", Account: "1", Region: "r", Records: 9, Dead: 1, At: minute(1)}
	if err := s.SaveReadings(t.Context(), []access.Reading{r, r}); err != nil {
		t.Fatal(err)
	}
	read, err := s.Readings(t.Context(), "payments", "aws", d.Names)
	r.At = time.Time{}
	if err != nil || len(read) != 1 || read[0] != r {
		t.Errorf("readings %+v, %v", read, err)
	}
	if read, err = s.Readings(t.Context(), "platform", "aws", d.Names); err != nil || len(read) != 0 {
		t.Errorf("another team's readings %+v, %v", read, err)
	}
	places, err := s.ReadPlaces(t.Context(), "payments", "aws")
	if err != nil || len(places) != 1 || places[0].Account != "1" || places[0].Region != "r" {
		t.Errorf("places %+v, %v", places, err)
	}
}

func TestHolesLieBetweenTheirBatches(t *testing.T) {
	s := open(t)
	for i, b := range []access.Batch{
		{From: 0, To: 10, Newest: minute(1)}, {From: 10, To: 20, Newest: minute(2)}, {From: 20, To: 50, Newest: minute(9)}, {From: 50, To: 60, Newest: minute(12)},
	} {
		b.Team, b.Feed, b.Source, b.Token, b.Ingested, b.Received = "payments", "k8s", "t/0", string(rune('a'+i)), minute(30), b.To-b.From
		if err := s.WriteBatch(t.Context(), &b); err != nil {
			t.Fatal(err)
		}
	}
	h := Hole{Team: "payments", Feed: "k8s", Source: "t/0", From: 20, To: 40, Noticed: minute(30)}
	alone := Hole{Team: "payments", Feed: "other", Source: "t/1", From: 2, To: 4, Noticed: minute(30)}
	for _, v := range []Hole{h, h, alone} {
		if err := s.SaveHole(t.Context(), v); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.Holes(t.Context())
	h.Before, h.After = minute(2), minute(9)
	if err != nil || len(got) != 2 || got[0] != h || got[1] != alone {
		t.Errorf("holes %+v, want %+v and %+v; %v", got, h, alone, err)
	}
}

// minute is so many minutes after a moment.
func minute(n int) time.Time {
	return time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(n) * time.Minute)
}
