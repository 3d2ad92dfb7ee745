package web

import (
	"context"
	"fmt"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/dashboards/report/viewtest"
	"github.com/grantwatch/grantwatch/detect"
	"github.com/grantwatch/grantwatch/detect/ledger"
	"github.com/grantwatch/grantwatch/store"
)

// kept is evidence in memory. It ignores whose question it is and answers with everything, so that only the page's own
// walls stand between a reader and another team's rows; the store's walls have tests of their own.
type kept struct {
	roster  *detect.Roster
	changes []ledger.Change
	life    Life
	raw     []store.RawEvent
	asked   []ledger.Scope
	err     error
}

func (k *kept) Roster() *detect.Roster { return k.roster }

func (k *kept) History(_ context.Context, s ledger.Scope, fp string) ([]ledger.Change, error) {
	k.asked = append(k.asked, s)
	var out []ledger.Change
	for _, c := range k.changes {
		if c.Fingerprint == fp {
			out = append(out, c)
		}
	}
	return out, k.err
}

func (k *kept) Life(_ context.Context, s ledger.Scope, _ *detect.Listed) (*Life, error) {
	k.asked = append(k.asked, s)
	l := k.life
	l.Grants, l.Uses, l.Events = append([]access.Grant(nil), l.Grants...), append([]access.Usage(nil), l.Uses...), append([]store.StoredEvent(nil), l.Events...)
	return &l, k.err
}

func (k *kept) Raw(_ context.Context, s ledger.Scope, _ []string) ([]store.RawEvent, error) {
	k.asked = append(k.asked, s)
	return append([]store.RawEvent(nil), k.raw...), k.err
}

// evidenceOf makes evidence that fits a view: grants, accounts, uses, events and records of every identity that its
// findings name, and people who own them. mark goes into every text of a team's row.
func evidenceOf(v *ledger.View, mark func(team string) string) *kept {
	in := &detect.Input{Now: v.AsOf}
	k := &kept{}
	seen := map[string]bool{}
	for i := range v.Findings {
		f := &v.Findings[i]
		if f.Identity == nil || seen[f.Team+f.Identity.UID] {
			continue
		}
		seen[f.Team+f.Identity.UID] = true
		m := mark(f.Team)
		name := f.Identity.Name
		in.Accounts = append(in.Accounts, access.Account{Provider: "aws", Account: "111122223333", Team: f.Team, Name: name, UID: f.Identity.UID, Kind: access.SubjectRole, Created: viewtest.Now.AddDate(-1, 0, 0), Enabled: true})
		in.Identities = append(in.Identities, access.Identity{UID: "nhi-" + f.Identity.UID, Name: name + m, Kind: access.Service, Team: f.Team, Owner: f.Identity.Owner, Issuer: "issuer" + m, Email: name + m + "@harbour.example", Source: "hr",
			Aliases: []access.Alias{{Name: name}, {Name: f.Identity.UID}}})
		g := access.Grant{ID: "g-" + f.Fingerprint, Team: f.Team, Provider: "aws", Account: "111122223333", Kind: access.GrantPermission, Subject: name, SubjectUID: f.Identity.UID, SubjectKind: access.SubjectRole, Permission: "s3:*" + m, Resource: "arn:aws:s3:::x" + m, Path: "inline:x" + m}
		in.Grants = append(in.Grants, g)
		k.life.Grants = append(k.life.Grants, g)
		u := access.Usage{Team: f.Team, Feed: "feed" + m, Provider: "aws", Account: "111122223333", Actor: name, ActorUID: f.Identity.UID, Permission: "s3:GetObject" + m, Scope: "bucket" + m, First: viewtest.Now.AddDate(0, 0, -9), Last: viewtest.Now.AddDate(0, 0, -1), Days: []uint16{20_000}}
		in.Usage = append(in.Usage, u)
		k.life.Uses = append(k.life.Uses, u)
		ev := access.Event{ID: fmt.Sprintf("e%d%s", i, m), Time: viewtest.Now.AddDate(0, 0, -1), Provider: "aws", Action: "s3:GetObject" + m, Outcome: access.Success, SrcIP: "192.0.2.1", UserAgent: "agent" + m, Targets: []access.Target{{ID: "target" + m}}}
		k.life.Events = append(k.life.Events, store.StoredEvent{Team: f.Team, Feed: "feed" + m, Event: ev})
		in.Changes = append(in.Changes, detect.TeamEvent{Team: f.Team, Feed: "feed" + m, Event: access.Event{ID: "create" + m, Provider: "aws", Actor: access.Actor{Name: "maker" + m}, Change: &access.Change{Kind: access.ChangeCreate, Subject: name}}})
		k.raw = append(k.raw, store.RawEvent{Team: f.Team, Feed: "feed" + m, ID: ev.ID, Time: ev.Time, Expires: ev.Time.AddDate(0, 1, 0), Raw: []byte(`{"record":"` + m + `"}`)})
		k.changes = append(k.changes, ledger.Change{Fingerprint: f.Fingerprint, Team: f.Team, At: viewtest.Now, To: "open", Why: "first seen" + m, Who: "grantwatch" + m})
	}
	k.roster = detect.NewRoster(in, &detect.Result{Now: v.AsOf, Findings: v.Findings})
	return k
}
