package store

import (
	"testing"
	"time"

	"github.com/grantwatch/grantwatch/access"
)

// TestHitsAreThereOnce: hits that were made durable before their batch are not doubled by it, nor by a second attempt at either.
func TestHitsAreThereOnce(t *testing.T) {
	s := open(t)
	b := &access.Batch{Team: "payments", Feed: "aws", Source: "http/1", Ingested: time.Now().UTC(), Token: "t1", Received: 2}
	for _, id := range []string{"a", "b"} {
		b.Hits = append(b.Hits, access.Hit{Rule: "r", Severity: access.SeverityHigh, Why: "because", Team: "payments", Feed: "aws", Event: access.Event{ID: id, Time: b.Ingested, Provider: "aws"}})
	}
	for range 2 {
		if err := s.SaveHits(t.Context(), b); err != nil {
			t.Fatal(err)
		}
		if err := s.WriteBatch(t.Context(), b); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Hits(t.Context(), b.Ingested.Add(-time.Hour)); err != nil || len(got) != 2 {
			t.Fatalf("%d hits, %v", len(got), err)
		}
	}
	b.Token = ""
	if err := s.SaveHits(t.Context(), b); err == nil {
		t.Error("hits without a token could be doubled")
	}
}
