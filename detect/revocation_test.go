package detect

import (
	"strings"
	"testing"
	"time"

	"github.com/grantwatch/grantwatch/access"
)

// withLeaver adds a person who ended so many days ago, with an account and a grant.
func withLeaver(w *world, ago float64) *access.Grant {
	w.Identities = append(w.Identities, access.Identity{UID: "P1", Name: "Ana", Kind: access.Human, Team: "payments", Start: daysAgo(800), End: daysAgo(ago), EndActivity: daysAgo(ago), Aliases: []access.Alias{{Name: userName}}, Source: "hr"})
	w.Accounts = append(w.Accounts, access.Account{Provider: "aws", Account: acct, Team: "payments", Name: userName, UID: "AIDAANA", Kind: access.SubjectUser, Created: daysAgo(800), Enabled: true})
	g := w.grant(userName, "s3:*", "*")
	g.SubjectKind = access.SubjectUser
	return g
}

func revocation(t *testing.T, w *world, team string) Revocation {
	t.Helper()
	for _, r := range w.eval().Revocations {
		if r.Team == team {
			return r
		}
	}
	t.Fatalf("nothing is said of %s", team)
	return Revocation{}
}

func TestRevocationEndsWithTheLastThing(t *testing.T) {
	for name, c := range map[string]struct {
		change  func(*world, *access.Grant)
		revoked time.Time
		open    int
		says    string
	}{
		"all left": {func(*world, *access.Grant) {}, time.Time{}, 2, "left: account"},
		"account disabled by event": {func(w *world, _ *access.Grant) {
			w.Snapshots[0].TakenAt = daysAgo(9.5)
			w.change("iam:DeleteUser", 8, access.Change{Kind: access.ChangeDelete, Subject: userName})
		}, daysAgo(8), 0, "by event"},
		"account gone, grant gone from the snapshot": {func(w *world, g *access.Grant) {
			w.Accounts = w.Accounts[:1]
			g.ClosedAt = daysAgo(6)
		}, daysAgo(6), 0, "gone from the snapshot"},
		"disabled in the snapshot": {func(w *world, _ *access.Grant) { w.Accounts[1].Enabled = false }, daysAgo(0.1), 0, "disabled in the snapshot"},
		"key left": {func(w *world, g *access.Grant) {
			w.Accounts = w.Accounts[:1]
			g.ClosedAt = daysAgo(6)
			w.change("iam:CreateAccessKey", 60, access.Change{Kind: access.ChangeCreate, Subject: userName, Grant: "AKIA1"})
		}, time.Time{}, 1, "left: access key AKIA1"},
		"key deleted last": {func(w *world, g *access.Grant) {
			w.Accounts = w.Accounts[:1]
			g.ClosedAt = daysAgo(6)
			w.change("iam:CreateAccessKey", 60, access.Change{Kind: access.ChangeCreate, Subject: userName, Grant: "AKIA1"})
			w.change("iam:DeleteAccessKey", 2, access.Change{Kind: access.ChangeDelete, Subject: userName, Grant: "AKIA1"})
		}, daysAgo(2), 0, "access key AKIA1"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			c.change(w, withLeaver(w, 10))
			for _, team := range []string{"payments", CensusAll} {
				if r := revocation(t, w, team); !r.Revoked.Equal(c.revoked) || r.Open != c.open || !strings.Contains(r.Evidence, c.says) || !r.Ended.Equal(daysAgo(10)) {
					t.Errorf("%s: %+v", team, r)
				}
			}
		})
	}
}

func TestWhoIsThereOrLeftLongAgoHasNoRevocation(t *testing.T) {
	w := newWorld(t)
	withLeaver(w, 100)
	if got := w.eval().Revocations; len(got) != 0 {
		t.Errorf("got %+v", got)
	}
	w = newWorld(t)
	withLeaver(w, 10)
	w.Identities = append(w.Identities, access.Identity{UID: "P1", Kind: access.Human, Start: daysAgo(3)})
	if got := w.eval().Revocations; len(got) != 0 {
		t.Errorf("rehired: %+v", got)
	}
}

func TestTheFirstSnapshotThatToldOfItStands(t *testing.T) {
	end, first, again := daysAgo(10), daysAgo(8), daysAgo(1)
	got := KeepEarliest([]Revocation{{Team: "a", Person: "p", Ended: end, Revoked: first, Evidence: "first"}}, []Revocation{
		{Team: "a", Person: "p", Ended: end, Revoked: again, Evidence: "again"}, {Team: "a", Person: "q", Ended: end, Revoked: again}, {Team: "b", Person: "p", Ended: end, Open: 1}})
	if !got[0].Revoked.Equal(first) || got[0].Evidence != "first" || !got[1].Revoked.Equal(again) || !got[2].Revoked.IsZero() {
		t.Errorf("got %+v", got)
	}
	if got = KeepEarliest([]Revocation{{Team: "a", Person: "p", Ended: end, Open: 1}}, got[:1]); !got[0].Revoked.Equal(first) {
		t.Errorf("got %+v", got)
	}
}
