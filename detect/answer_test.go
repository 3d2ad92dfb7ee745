package detect

import (
	"strings"
	"testing"
	"time"

	"github.com/grantwatch/grantwatch/access"
)

func answersOf(t *testing.T, res *Result, identity string) []CredentialAnswer {
	t.Helper()
	var out []CredentialAnswer
	for _, a := range res.Answers {
		if a.IdentityName == identity || a.IdentityUID == identity {
			out = append(out, a)
		}
	}
	return out
}

const botName = "arn:aws:iam::111122223333:user/bot"

// withBot adds a service user with an access key that the log saw created.
func withBot(w *world) *access.Identity {
	w.Identities = append(w.Identities, access.Identity{UID: "N1", Name: "bot", Kind: access.Service, Team: "payments", Start: daysAgo(300), Aliases: []access.Alias{{Name: botName}}, Source: "hr"})
	w.Accounts = append(w.Accounts, access.Account{Provider: "aws", Account: acct, Team: "payments", Name: botName, UID: "AIDABOT", Kind: access.SubjectUser, Created: daysAgo(300), Enabled: true})
	g := w.grant(botName, "s3:*", "*")
	g.SubjectKind = access.SubjectUser
	return &w.Identities[len(w.Identities)-1]
}

func TestACredentialSeenCreatedHasAllThreeAnswers(t *testing.T) {
	w := newWorld(t)
	withBot(w)
	w.change("iam:CreateAccessKey", 40, access.Change{Kind: access.ChangeCreate, Subject: botName, Grant: "AKIAONE"})
	w.change("iam:CreateAccessKey", 30, access.Change{Kind: access.ChangeCreate, Subject: botName, Grant: "AKIATWO"})
	w.change("iam:DeleteAccessKey", 20, access.Change{Kind: access.ChangeDelete, Subject: botName, Grant: "AKIAONE"})
	got := answersOf(t, w.eval(), "bot")
	if len(got) != 1 {
		t.Fatalf("got %+v", got)
	}
	a := got[0]
	if a.Credential != "AKIATWO" || a.Kind != "access key" || !a.Answered() || a.Issuer.Value != userName || !strings.Contains(a.Issuer.Evidence, "event aws c1") || a.Expiry.Value != "never" || a.Grants != 1 || a.Weight != 10 {
		t.Errorf("got %+v", a)
	}
}

func TestAnswersGoStaleAndUnknown(t *testing.T) {
	for name, c := range map[string]struct {
		change                func(*world, *access.Identity)
		issuer, reach, expiry string
	}{
		"nothing on record": {func(*world, *access.Identity) {}, Missing, Known, Missing},
		"record states all": {func(_ *world, id *access.Identity) { id.Issuer, id.NeverExpires = "terraform", true }, Known, Known, Known},
		"record too old": {func(w *world, id *access.Identity) {
			id.Issuer, id.Expires, w.People[0].AsOf = "terraform", daysAgo(-9), daysAgo(3)
		}, Stale, Known, Stale},
		"snapshot too old":        {func(w *world, _ *access.Identity) { w.Snapshots[0].MaxAge = time.Hour }, Missing, Stale, Missing},
		"newest snapshot refused": {func(w *world, _ *access.Identity) { w.Snapshots[0].Refused = []string{"truncated"} }, Missing, Stale, Missing},
		"no snapshot":             {func(w *world, _ *access.Identity) { w.Snapshots = nil }, Missing, Missing, Missing},
		"acts where none is":      {func(w *world, _ *access.Identity) { w.use(botName, "s3:GetObject", "b", 3).Account = "999999999999" }, Missing, Missing, Missing},
		"created in the log": {func(w *world, _ *access.Identity) {
			w.change("iam:CreateUser", 50, access.Change{Kind: access.ChangeCreate, Subject: botName})
		}, Known, Known, Missing},
		"created after the moment": {func(w *world, _ *access.Identity) {
			w.change("iam:CreateUser", -1, access.Change{Kind: access.ChangeCreate, Subject: botName})
		}, Missing, Known, Missing},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			c.change(w, withBot(w))
			got := answersOf(t, w.eval(), "bot")
			if len(got) != 1 || got[0].Issuer.State != c.issuer || got[0].Reach.State != c.reach || got[0].Expiry.State != c.expiry {
				t.Fatalf("got %+v", got)
			}
			for _, a := range []Answer{got[0].Issuer, got[0].Reach, got[0].Expiry} {
				if a.Evidence == "" {
					t.Errorf("an answer has no evidence: %+v", a)
				}
			}
			p := Who(&w.Input, w.eval(), "bot")
			if len(p.Credentials) != 1 || p.Credentials[0] != got[0] {
				t.Errorf("who says %+v, the figures count %+v", p.Credentials, got[0])
			}
		})
	}
}

func TestARoleIsAnsweredForByItsSessions(t *testing.T) {
	w := newWorld(t)
	w.Sessions = []access.SessionUse{{Team: "payments", Provider: "aws", Credential: "ASIA1", Parent: userName, Role: roleName, Issued: daysAgo(2)}, {Provider: "aws", Credential: "ASIA0", Parent: "older", Role: roleName, Issued: daysAgo(9)}}
	got := answersOf(t, w.eval(), roleName)
	if got == nil {
		got = answersOf(t, w.eval(), "AROAWORKER")
	}
	if len(got) != 1 || got[0].Kind != "role session" || got[0].Issuer.Value != userName || got[0].Expiry.Value != "sessions of at most 1 hour" || !got[0].Expires.IsZero() || !got[0].Answered() {
		t.Errorf("got %+v", got)
	}
}

func TestPeopleAndWhatHasEndedAreNotAnsweredFor(t *testing.T) {
	w := newWorld(t)
	id := withBot(w)
	id.Status = "terminated"
	w.Accounts, w.Grants = w.Accounts[:1], w.Grants[:1]
	w.Identities = append(w.Identities, access.Identity{UID: "P1", Kind: access.Human, Aliases: []access.Alias{{Name: userName}}, Start: daysAgo(900)})
	w.grant(userName, "s3:*", "*").SubjectKind = access.SubjectUser
	res := w.eval()
	if len(res.Answers) != 1 || res.Answers[0].IdentityUID != "AROAWORKER" {
		t.Errorf("got %+v", res.Answers)
	}
	if c := res.Census[CensusAll]; c.People != 1 || c.NHIs != 1 {
		t.Errorf("got %+v", c)
	}
}
