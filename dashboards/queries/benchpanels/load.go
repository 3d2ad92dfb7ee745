package main

import (
	"context"
	"fmt"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/store"
)

// batch is how many events one insert has.
const batch = 20_000

// inserts are how long each insert took, and how many failed.
type inserts struct {
	took   []time.Duration
	failed int
}

// load inserts events at a rate until the time is over.
func load(ctx context.Context, s *store.Store, rate int, during time.Duration) inserts {
	var i inserts
	if rate <= 0 {
		return i
	}
	ctx, cancel := context.WithTimeout(ctx, during)
	defer cancel()
	ticker := time.NewTicker(time.Second * batch / time.Duration(rate))
	defer ticker.Stop()
	for n := 0; ; n++ {
		begun := time.Now()
		switch err := s.WriteBatch(ctx, made(n, begun)); {
		case err == nil:
			i.took = append(i.took, time.Since(begun))
		case ctx.Err() == nil:
			i.failed++
		}
		select {
		case <-ctx.Done():
			return i
		case <-ticker.C:
		}
	}
}

// made is one batch of events of one team, after the end of the organisation.
func made(n int, now time.Time) *access.Batch {
	team := teamOf(n)
	b := &access.Batch{Team: team, Feed: team + "-0", Source: "load", From: int64(n * batch), To: int64((n + 1) * batch), Token: fmt.Sprintf("%d/%d", now.UnixNano(), n), Ingested: now, Received: batch, Newest: end}
	c := &b.Events
	for i := range batch {
		actor := (i*teams + n%teams) % actors
		name := nameOf(actor)
		c.Add(&access.Event{
			ID: fmt.Sprintf("load-%d-%d", n, i), Time: end.Add(time.Duration(n*batch+i) * time.Millisecond), Provider: "aws", Account: "111122223333", Class: "API Activity", LogClass: "management-read",
			Action: "s3:GetObject", Access: access.LevelRead, Outcome: access.Success, Permission: "s3:GetObject", Scope: "bucket", SrcIP: "192.0.2.1", UserAgent: "cli",
			Actor: access.Actor{ID: name, UID: name, Name: name, Principal: name, Kind: access.Service, Issuer: "aws", Credential: "AKIA"},
		}, "")
	}
	return b
}
