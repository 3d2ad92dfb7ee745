package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/dashboards/report/viewtest"
	"github.com/grantwatch/grantwatch/detect"
	"github.com/grantwatch/grantwatch/detect/ledger"
	"github.com/grantwatch/grantwatch/store"
)

const (
	actors    = 50_000
	days      = 90
	batchRows = 40_000
)

// actor is one identity of the world. Few are very busy and most do little, as in an organisation.
type actor struct{ name, uid, team string }

type world struct {
	view   *ledger.View
	events int
	actors []actor
	input  detect.Input
	dice   *rand.Rand
}

var permissions = []string{"s3:GetObject", "s3:PutObject", "kms:Decrypt", "sqs:SendMessage", "dynamodb:Query"}

func newWorld(v *ledger.View, events int) *world {
	w := &world{view: v, events: events, dice: rand.New(rand.NewPCG(10, 19))}
	w.input.Now = v.AsOf
	for i := range actors {
		a := actor{fmt.Sprintf("arn:aws:iam::111122223333:role/worker-%05d", i), fmt.Sprintf("AROAWORKER%05d", i), v.Teams[i%len(v.Teams)].Name}
		w.actors = append(w.actors, a)
		w.input.Accounts = append(w.input.Accounts, access.Account{Provider: "aws", Account: "111122223333", Team: a.team, Name: a.name, UID: a.uid, Kind: access.SubjectRole, Created: v.AsOf.AddDate(-1, 0, 0), Enabled: true})
		w.input.Identities = append(w.input.Identities, access.Identity{UID: fmt.Sprintf("nhi-%05d", i), Name: fmt.Sprintf("worker %d", i), Kind: access.Workload, Team: a.team, Owner: "p-1", Source: "nhis", Aliases: []access.Alias{{Name: a.name}}})
	}
	return w
}

// of gives the actors whose pages are asked for: the busiest, one in the middle and a quiet one, of a scope.
func (w *world) of(s ledger.Scope) []int {
	var out []int
	for _, from := range []int{0, actors / 2, actors - 100} {
		for i := from; i < actors; i++ {
			if s.Sees(w.actors[i].team) {
				out = append(out, i)
				break
			}
		}
	}
	return out
}

// pick chooses who acts: one event in four belongs to the hundred busiest.
func (w *world) pick() int {
	if w.dice.IntN(4) == 0 {
		return w.dice.IntN(100)
	}
	return w.dice.IntN(actors)
}

func (w *world) fill(ctx context.Context, s *store.Store) error {
	for from := 0; from < w.events; from += batchRows {
		if err := s.WriteBatch(ctx, w.batch(from, min(batchRows, w.events-from))); err != nil {
			return err
		}
	}
	if err := s.WriteBatch(ctx, w.usage()); err != nil {
		return err
	}
	snap := access.Snapshot{Entitlement: "iam", Team: "payments", Provider: "aws", Account: "111122223333", TakenAt: w.view.AsOf.AddDate(0, 0, -1), Dated: true, Source: "iam.json"}
	for i, a := range w.actors {
		for j := range 2 {
			g := access.Grant{ID: fmt.Sprintf("g-%d-%d", i, j), Team: "payments", Entitlement: "iam", Provider: "aws", Account: "111122223333", Kind: access.GrantPermission, Subject: a.name, SubjectUID: a.uid, SubjectKind: access.SubjectRole,
				Permission: permissions[j], Resource: "*", Path: "inline:p"}
			snap.Grants = append(snap.Grants, g)
		}
	}
	w.input.Grants = snap.Grants
	if err := s.SaveSnapshot(ctx, snap, store.SnapshotAccepted, "", w.view.AsOf); err != nil {
		return err
	}
	if err := s.SaveFindings(ctx, w.view.Findings); err != nil {
		return err
	}
	steps := make([]store.HistoryEntry, 0, len(w.view.Findings))
	for i := range w.view.Findings {
		f := &w.view.Findings[i]
		steps = append(steps, store.HistoryEntry{Team: f.Team, Fingerprint: f.Fingerprint, At: f.FirstSeen, State: f.State, Verdict: f.Verdict, Severity: f.Severity, Why: "first seen", Who: "grantwatch"})
	}
	return s.AppendHistory(ctx, steps)
}

// batch is one stretch of the log. Time goes on from batch to batch, as it does where logs are read as they come.
func (w *world) batch(from, n int) *access.Batch {
	team := w.view.Teams[from/batchRows%len(w.view.Teams)].Name
	b := &access.Batch{Team: team, Feed: team + "-aws", Source: "bench", From: int64(from), To: int64(from + n), Token: fmt.Sprintf("bench/%d", from), Ingested: viewtest.Now, Received: int64(n), Accounts: []string{"111122223333"}}
	c := &b.Events
	length := days * 24 * time.Hour
	for i := range n {
		who := w.actors[w.pick()]
		at := viewtest.Now.Add(-length + time.Duration(float64(length)*float64(from+i)/float64(w.events)))
		c.Add(&access.Event{
			ID: fmt.Sprintf("%032x", w.dice.Uint64()), Time: at, Provider: "aws", Account: "111122223333", Class: "API Activity", LogClass: "management-read",
			Action: permissions[i%5], Access: access.LevelRead, Outcome: access.Success, Permission: permissions[i%5], Scope: "arn:aws:s3:::bucket", SrcIP: "192.0.2.1", UserAgent: "aws-sdk-go-v2/1.30",
			Actor:   access.Actor{ID: who.name + "/session", UID: who.uid, Name: "session", Principal: who.name, Kind: access.Workload, Issuer: who.name, Credential: "ASIAEXAMPLE"},
			Targets: []access.Target{{ID: "arn:aws:s3:::bucket/key", Type: "AWS::S3::Object"}},
		}, "")
		b.Newest = at
	}
	return b
}

// usage is the roll-up of it all: every actor of every team used five permissions.
func (w *world) usage() *access.Batch {
	b := &access.Batch{Team: "payments", Feed: "payments-aws", Source: "bench-usage", To: 1, Token: "bench-usage", Ingested: viewtest.Now, Newest: viewtest.Now}
	var rows []access.Usage
	today := uint16(viewtest.Now.Unix() / 86400)
	for i, a := range w.actors {
		var on []uint16
		for d := range uint16(days) {
			if i < 100 || (int(d)+i)%3 == 0 {
				on = append(on, today-d)
			}
		}
		for _, p := range permissions {
			rows = append(rows, access.Usage{Team: "payments", Feed: "payments-aws", Provider: "aws", Account: "111122223333", Actor: a.name, ActorUID: a.uid, Permission: p, Scope: "arn:aws:s3:::bucket",
				First: viewtest.Now.AddDate(0, 0, -days), Last: viewtest.Now.Add(-time.Duration(i%1440) * time.Minute), LastID: "e", Days: on})
		}
	}
	b.Usage, w.input.Usage = access.UsageOf(rows), rows
	return b
}
