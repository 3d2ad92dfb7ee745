package detect

import (
	"slices"
	"testing"
	"time"

	"github.com/grantwatch/grantwatch/access"
)

// leaver adds a person with one IAM user who left so many days ago, and serves the acts as the store would.
func leaver(w *world, ago float64, acts ...access.Event) {
	w.Identities = append(w.Identities, access.Identity{UID: "p1", Name: "Ana", Email: "ana@corp.example", Kind: access.Human, Start: daysAgo(900), End: daysAgo(ago), Source: "hr", Aliases: []access.Alias{{Name: userName}}})
	w.Accounts = append(w.Accounts, access.Account{Provider: "aws", Account: acct, Team: "payments", Name: userName, UID: "AIDAANA", Kind: access.SubjectUser, Created: daysAgo(800), Enabled: true})
	w.Acts = func(q ActsQuery) ([]TeamEvent, error) {
		var out []TeamEvent
		for _, ev := range acts {
			if !ev.Time.Before(q.From) && !ev.Time.After(q.To) {
				out = append(out, TeamEvent{"payments", "aws", ev})
			}
		}
		return out, nil
	}
}

func act(ago float64, credential string) access.Event {
	return access.Event{ID: "x", Time: daysAgo(ago), Provider: "aws", Account: acct, Action: "ec2:DescribeInstances", Outcome: access.Success,
		Actor: access.Actor{ID: userName, Principal: userName, UID: "AIDAANA", Credential: credential}}
}

func TestOffboarding(t *testing.T) {
	for _, c := range []struct {
		name string
		with func(w *world)
		want map[string]int // kind → findings
	}{
		{"still enabled after the grace", func(w *world) { leaver(w, 10) }, map[string]int{"ACCOUNT_STILL_ENABLED": 1}},
		{"within the grace", func(w *world) { leaver(w, 0.9) }, map[string]int{}},
		{"privileged accounts have four hours", func(w *world) {
			leaver(w, 0.9)
			g := w.grant(userName, "iam:CreateUser", "*")
			g.SubjectKind, g.Privileged = access.SubjectUser, true
		}, map[string]int{"ACCOUNT_STILL_ENABLED": 1}},
		{"gone from the newest snapshot", func(w *world) { leaver(w, 10); w.Accounts = w.Accounts[:1] }, map[string]int{}},
		{"deleted after the snapshot", func(w *world) {
			leaver(w, 10)
			w.change("iam:DeleteUser", 0.01, access.Change{Kind: access.ChangeDelete, Subject: userName})
		}, map[string]int{}},
		{"still employed", func(w *world) { leaver(w, -10) }, map[string]int{}},
		{"a key used days later", func(w *world) { leaver(w, 10, act(5, "AKIA1")) }, map[string]int{"ACCOUNT_STILL_ENABLED": 1, "POST_TERMINATION_ACTIVITY": 1}},
		{"a key used an hour later: keys are no sessions", func(w *world) { leaver(w, 10, act(10-1.0/24, "AKIA1")) }, map[string]int{"ACCOUNT_STILL_ENABLED": 1, "POST_TERMINATION_ACTIVITY": 1}},
		{"a session that was still open", func(w *world) { leaver(w, 10, act(10-1.0/24, "ASIA1")) }, map[string]int{"ACCOUNT_STILL_ENABLED": 1, "RESIDUAL_SESSION": 1}},
		{"a denied attempt is no activity", func(w *world) {
			ev := act(5, "AKIA1")
			ev.Outcome = access.Denied
			leaver(w, 10, ev)
		}, map[string]int{"ACCOUNT_STILL_ENABLED": 1}},
		{"before the end", func(w *world) { leaver(w, 10, act(11, "AKIA1")) }, map[string]int{"ACCOUNT_STILL_ENABLED": 1}},
		{"re-hired: active between the employments", func(w *world) {
			leaver(w, 60, act(40, "AKIA1"))
			w.Identities = append(w.Identities, access.Identity{UID: "p1", Kind: access.Human, Start: daysAgo(30), Source: "hr"})
		}, map[string]int{"POST_TERMINATION_ACTIVITY": 1}},
		{"re-hired: active again", func(w *world) {
			leaver(w, 60, act(10, "AKIA1"))
			w.Identities = append(w.Identities, access.Identity{UID: "p1", Kind: access.Human, Start: daysAgo(30), Source: "hr"})
		}, map[string]int{}},
		{"a transfer is no end", func(w *world) {
			leaver(w, 60, act(10, "AKIA1"))
			w.Identities = append(w.Identities, access.Identity{UID: "p1", Kind: access.Human, Start: daysAgo(60), Source: "hr"})
		}, map[string]int{}},
		{"leave of absence is no end", func(w *world) {
			leaver(w, -100)
			w.Identities = append(w.Identities, access.Identity{UID: "p1", Kind: access.Human, Start: daysAgo(50), End: daysAgo(5), Status: "leave", Source: "hr"})
		}, map[string]int{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			c.with(w)
			got := map[string]int{}
			for _, f := range w.eval().Findings {
				switch f.Kind {
				case "ACCOUNT_STILL_ENABLED", "POST_TERMINATION_ACTIVITY", "RESIDUAL_SESSION":
					got[f.Kind]++
					if f.Identity.Person != "p1" || f.Verdict != access.VerdictViolation {
						t.Errorf("%s names person %q with verdict %s", f.Kind, f.Identity.Person, f.Verdict)
					}
				}
			}
			for _, kind := range []string{"ACCOUNT_STILL_ENABLED", "POST_TERMINATION_ACTIVITY", "RESIDUAL_SESSION"} {
				if got[kind] != c.want[kind] {
					t.Errorf("%s: %d findings, want %d", kind, got[kind], c.want[kind])
				}
			}
		})
	}
}

func TestStaleIdentityFeedMakesOffboardingUnverifiable(t *testing.T) {
	w := newWorld(t)
	leaver(w, 10)
	w.People[0].AsOf = daysAgo(20) // the end was announced, and nobody has heard from HR since
	fs := w.kinds("ACCOUNT_STILL_ENABLED")
	if len(fs) != 1 || fs[0].Verdict != access.VerdictUnverifiable || fs[0].Note == "" {
		t.Errorf("findings %+v, want one UNVERIFIABLE that names the feed", fs)
	}
	if len(w.kinds("IDENTITY_FEED_STALE")) != 1 {
		t.Error("the stale feed itself is not reported")
	}
}

func TestOriginOfAChainIsWhoActed(t *testing.T) {
	ev := act(5, "ASIA2")
	ev.Actor.ID, ev.Actor.Principal, ev.Actor.UID = roleName, roleName, "AROAWORKER"
	w := newWorld(t)
	leaver(w, 10, ev)
	w.Sessions = []access.SessionUse{
		{Provider: "aws", Credential: "ASIA1", Parent: userName, Role: "arn:aws:iam::111122223333:role/hop", Issued: daysAgo(5.1)},
		{Provider: "aws", Credential: "ASIA2", Parent: "arn:aws:iam::111122223333:role/hop", ParentCred: "ASIA1", Role: roleName, Issued: daysAgo(5.05)},
	}
	fs := w.kinds("POST_TERMINATION_ACTIVITY")
	if len(fs) != 1 || fs[0].Identity.Person != "p1" {
		t.Errorf("findings %+v, want the leaver's, two roles away", fs)
	}
}

func TestOrphans(t *testing.T) {
	for _, c := range []struct {
		name  string
		owner string
		ago   float64
		want  int
	}{
		{"owner left three weeks ago", "p1", 21, 1},
		{"owner left five days ago", "p1", 5, 0},
		{"owner is here", "p1", -5, 0},
		{"a second owner is here", "p1;p2", 21, 0},
		{"owner without a record", "p9", 21, 0},
		{"no owner at all", "", 21, 0},
		{"a group all of whose members left", "g1", 21, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.Identities = []access.Identity{
				{UID: "p1", Kind: access.Human, Start: daysAgo(900), End: daysAgo(c.ago), Source: "hr", Attrs: map[string]string{"group": "g1"}},
				{UID: "p2", Kind: access.Human, Start: daysAgo(900), Source: "hr"},
				{UID: "n1", Name: "worker", Kind: access.Service, Team: "payments", Owner: c.owner, Aliases: []access.Alias{{Name: roleName}}, Source: "hr"},
			}
			fs := slices.DeleteFunc(w.kinds("ORPHANED_NHI"), func(f access.Finding) bool { return f.Verdict != access.VerdictViolation })
			if len(fs) != c.want {
				t.Fatalf("%d findings, want %d", len(fs), c.want)
			}
			if c.want == 1 && fs[0].Proposal != "nobody uses it: disable it" {
				t.Errorf("idle and orphaned: proposal %q", fs[0].Proposal)
			}
			if c.want == 1 {
				w.use(roleName, "ec2:DescribeInstances", "", 1)
				if p := w.kinds("ORPHANED_NHI")[0].Proposal; p != "transfer it to an active owner and rotate its credentials" {
					t.Errorf("live and orphaned: proposal %q", p)
				}
			}
		})
	}
}

func TestOwnerWithoutARecordIsUnverifiable(t *testing.T) {
	w := newWorld(t)
	w.Identities = []access.Identity{{UID: "n1", Name: "worker", Kind: access.Service, Team: "payments", Owner: "p9", Source: "hr"}}
	if fs := w.kinds("ORPHANED_NHI"); len(fs) != 1 || fs[0].Verdict != access.VerdictUnverifiable {
		t.Errorf("findings %+v, want one UNVERIFIABLE: nobody knows whether p9 is still there", fs)
	}
}

func TestDateOnlyEndCountsTheWholeDay(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	end := time.Date(2026, 8, 21, 0, 0, 0, 0, berlin) // the reader turns 2026-08-20 into the start of the next day there
	r := &record{uid: "p", kind: access.Human, intervals: []access.Identity{{UID: "p", End: end}}}
	if r.employed(end) || !r.employed(end.Add(-time.Second)) {
		t.Error("the last second of the last day is employment, the next one is not")
	}
}
