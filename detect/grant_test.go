package detect

import (
	"strings"
	"testing"
	"time"

	"github.com/grantwatch/grantwatch/access"
)

// TestCascade walks the verdicts of a grant in the order of docs/verdicts.md, one change to the world each.
func TestCascade(t *testing.T) {
	for _, c := range []struct {
		name string
		with func(w *world)
		want access.Verdict
	}{
		{"old, covered, not used", func(*world) {}, access.VerdictUnused},
		{"used yesterday", func(w *world) { w.use(roleName, "ec2:DescribeInstances", "", 1) }, access.VerdictUsed},
		{"used before the window only", func(w *world) { w.use(roleName, "ec2:DescribeInstances", "", 100) }, access.VerdictUnused},
		{"another action was used", func(w *world) { w.use(roleName, "ec2:RunInstances", "", 1) }, access.VerdictUnused},
		{"somebody else used it", func(w *world) { w.use(userName, "ec2:DescribeInstances", "", 1) }, access.VerdictUnused},
		{"the caller's path is left out in the log", func(w *world) {
			w.Grants[0].Subject = "arn:aws:iam::111122223333:role/team/worker"
			w.use(roleName, "ec2:DescribeInstances", "", 1)
		}, access.VerdictUsed},
		{"a role of the same name with another uid used it", func(w *world) { w.use(roleName, "ec2:DescribeInstances", "", 1).ActorUID = "AROAOLDONE" }, access.VerdictUnused},
		{"denied attempts are no use", func(w *world) {
			u := w.use(roleName, "ec2:DescribeInstances", "", 1)
			u.LastDenied, u.First, u.Last = u.Last, time.Time{}, time.Time{}
		}, access.VerdictUnused},
		{"granted last week", func(w *world) { w.Grants[0].GrantedAt = daysAgo(7) }, access.VerdictTooYoung},
		{"unknown age, old subject", func(w *world) { w.Grants[0].GrantedAt = time.Time{} }, access.VerdictUnused},
		{"unknown age, young subject", func(w *world) { w.Grants[0].GrantedAt, w.Accounts[0].Created = time.Time{}, daysAgo(10) }, access.VerdictTooYoung},
		{"subject made anew", func(w *world) { w.Accounts[0].Created = daysAgo(10) }, access.VerdictTooYoung},
		{"attached by event last week", func(w *world) {
			w.Grants[0].FirstSeen = daysAgo(0.1)
			w.change("iam:PutRolePolicy", 7, access.Change{Kind: access.ChangeGrant, Subject: roleName, Grant: "inline:p"})
		}, access.VerdictTooYoung},
		{"written again last week, but an earlier snapshot had it", func(w *world) {
			w.change("iam:PutRolePolicy", 7, access.Change{Kind: access.ChangeGrant, Subject: roleName, Grant: "inline:p"})
		}, access.VerdictUnused},
		{"an hour and a half without records", func(w *world) { w.drop(daysAgo(30), daysAgo(30).Add(90*time.Minute)) }, access.VerdictUnverifiable},
		{"half an hour without records is no silence", func(w *world) { w.drop(daysAgo(30), daysAgo(30).Add(29*time.Minute)) }, access.VerdictUnused},
		{"a gap before the window", func(w *world) { w.drop(daysAgo(110), daysAgo(100)) }, access.VerdictUnused},
		{"the feed began inside the window", func(w *world) { w.drop(daysAgo(121), daysAgo(60)) }, access.VerdictUnverifiable},
		{"one record in ten could not be read", func(w *world) { w.Feeds[0].Received, w.Feeds[0].Lost = 100, 10 }, access.VerdictUnverifiable},
		{"one record in ten thousand could not be read", func(w *world) { w.Feeds[0].Received, w.Feeds[0].Lost = 10_000, 1 }, access.VerdictUnused},
		{"used beside a gap", func(w *world) {
			w.drop(daysAgo(30), daysAgo(29))
			w.use(roleName, "ec2:DescribeInstances", "", 1)
		}, access.VerdictUsed},
		{"young beside a gap", func(w *world) {
			w.drop(daysAgo(30), daysAgo(29))
			w.Grants[0].GrantedAt = daysAgo(40)
		}, access.VerdictTooYoung},
		{"the feed died three days ago", func(w *world) { w.drop(daysAgo(3), now) }, access.VerdictUnverifiable},
		{"no feed for the account", func(w *world) { w.Feeds[0].Accounts = []string{"444455556666"} }, access.VerdictUnverifiable},
		{"no records at all", func(w *world) { w.Feeds[0].Minutes = nil }, access.VerdictUnverifiable},
		{"never logged", func(w *world) { w.Grants[0].Permission = "iam:PassRole" }, access.VerdictUnloggable},
		{"data events are off", func(w *world) { w.Grants[0].Permission = "s3:GetObject" }, access.VerdictUnloggable},
		{"data events are on", func(w *world) {
			w.Grants[0].Permission = "s3:GetObject"
			w.Feeds[0].Classes = []string{"management", "data:s3"}
		}, access.VerdictUnused},
		{"unknown to the catalogue", func(w *world) { w.Grants[0].Permission = "acme:Frobnicate" }, access.VerdictUnloggable},
		{"wildcard, two used", func(w *world) {
			w.Grants[0].Permission = "ecr:*"
			w.use(roleName, "ecr:BatchGetImage", "", 1)
		}, access.VerdictOverbroad},
		{"wildcard, young", func(w *world) {
			w.Grants[0].Permission, w.Grants[0].GrantedAt = "ecr:*", daysAgo(9)
			w.use(roleName, "ecr:BatchGetImage", "", 1)
		}, access.VerdictUsed},
		{"a role with everything that nobody became", func(w *world) { w.Grants[0].Permission = "*" }, access.VerdictUnused},
		{"a role with everything of which the provider says that it was used", func(w *world) {
			w.Grants[0].Permission, w.Accounts[0].LastUsed = "*", daysAgo(5)
		}, access.VerdictUnverifiable},
		{"a user with a wildcard, a few of whose actions are never seen", func(w *world) {
			w.Grants[0].Permission, w.Grants[0].Subject, w.Grants[0].SubjectKind = "ec2:*", userName, access.SubjectUser
		}, access.VerdictUnused},
		{"a user with a wildcard, many of whose actions are never seen", func(w *world) {
			w.Grants[0].Permission, w.Grants[0].Subject, w.Grants[0].SubjectKind = "glue:*", userName, access.SubjectUser
		}, access.VerdictUnverifiable},
		{"a user with everything, data events off", func(w *world) {
			w.Grants[0].Permission, w.Grants[0].Subject, w.Grants[0].SubjectKind = "*", userName, access.SubjectUser
		}, access.VerdictUnverifiable},
		{"revoked in the newest snapshot", func(w *world) { w.Grants[0].ClosedAt = daysAgo(1) }, access.VerdictClosed},
		{"expired", func(w *world) { w.Grants[0].ExpiresAt = daysAgo(1) }, access.VerdictClosed},
		{"detached after the snapshot", func(w *world) {
			w.change("iam:DeleteRolePolicy", 0.01, access.Change{Kind: access.ChangeRevoke, Subject: roleName, Grant: "inline:p"})
		}, access.VerdictClosed},
		{"deleted after the snapshot", func(w *world) {
			w.change("iam:DeleteRole", 0.01, access.Change{Kind: access.ChangeDelete, Subject: roleName})
		}, access.VerdictClosed},
		{"declared idle", func(w *world) {
			w.Idle = []access.Idle{{Match: access.Match{Subject: "worker"}, Class: "yearly", Expires: daysAgo(-30)}}
		}, access.VerdictDeclaredIdle},
		{"declared idle once, the entry has expired", func(w *world) {
			w.Idle = []access.Idle{{Match: access.Match{Subject: "worker"}, Class: "yearly", Expires: daysAgo(1)}}
		}, access.VerdictUnused},
		{"declared idle for longer than a year is no declaration", func(w *world) {
			w.Idle = []access.Idle{{Match: access.Match{Subject: "worker"}, Class: "yearly", Expires: daysAgo(-500)}}
		}, access.VerdictUnused},
		{"a quarterly job within 1.25 cadences", func(w *world) {
			w.Identities = []access.Identity{{UID: "n1", Kind: access.Service, Aliases: []access.Alias{{Name: roleName}}, Attrs: map[string]string{"cadence": "90d"}}}
			w.use(roleName, "ec2:DescribeInstances", "", 105)
		}, access.VerdictUsed},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			c.with(w)
			if got := w.verdict("g00"); got != c.want {
				t.Errorf("verdict %s, want %s", got, c.want)
			}
		})
	}
}

func TestPrivilegedHumanWindowIsShorter(t *testing.T) {
	w := newWorld(t)
	w.Identities = []access.Identity{{UID: "p1", Kind: access.Human, Start: daysAgo(800), Aliases: []access.Alias{{Name: userName}}}}
	g := w.grant(userName, "iam:CreateUser", "*")
	g.SubjectKind, g.Privileged = access.SubjectUser, true
	w.use(userName, "iam:CreateUser", "", 60)
	if got := w.verdict("g01"); got != access.VerdictUnused {
		t.Errorf("a person's privileged grant used 60 days ago: %s, want UNUSED", got)
	}
	w.Grants[1].Privileged = false
	if got := w.verdict("g01"); got != access.VerdictUsed {
		t.Errorf("an ordinary one used 60 days ago: %s, want USED", got)
	}
}

func TestPrivilegedGrantsTolerateNoBlindMinute(t *testing.T) {
	w := newWorld(t)
	w.Feeds[0].MaxSilence = time.Minute * 31
	w.drop(daysAgo(20), daysAgo(20).Add(29*time.Minute)) // one record: an hour between its neighbours, 60 min > 31 min
	if got := w.finding("g00"); got.Verdict != access.VerdictUnverifiable {
		t.Fatalf("an hour's gap: %s", got.Verdict)
	}
	w = newWorld(t)
	w.Feeds[0].MaxSilence = 31 * time.Minute
	// Ten minutes of blindness: within the tolerance of an ordinary grant, too much for a privileged one.
	w.change("cloudtrail:StopLogging", 20, access.Change{Kind: access.ChangeLogging})
	w.change("cloudtrail:StartLogging", 20-10.0/1440, access.Change{Kind: access.ChangeLogging})
	if got := w.verdict("g00"); got != access.VerdictUnused {
		t.Errorf("ten blind minutes, ordinary: %s, want UNUSED", got)
	}
	w.Grants[0].Privileged = true
	if got := w.verdict("g00"); got != access.VerdictUnverifiable {
		t.Errorf("ten blind minutes, privileged: %s, want UNVERIFIABLE", got)
	}
}

func TestStoppedTrailIsAGapThoughRecordsGoOn(t *testing.T) {
	w := newWorld(t)
	w.change("cloudtrail:StopLogging", 10, access.Change{Kind: access.ChangeLogging})
	f := w.finding("g00")
	if f.Verdict != access.VerdictUnverifiable || len(f.Gaps) == 0 || !strings.Contains(f.Gaps[0].Why, "StopLogging") {
		t.Errorf("%s with gaps %v, want UNVERIFIABLE for StopLogging", f.Verdict, f.Gaps)
	}
	if gaps := w.kinds("FEED_GAP"); len(gaps) != 1 {
		t.Errorf("%d FEED_GAP findings, want 1", len(gaps))
	}
}

func TestUnverifiableSaysWhenItCanBeDecided(t *testing.T) {
	w := newWorld(t)
	to := daysAgo(30)
	w.drop(daysAgo(31), to)
	f := w.finding("g00")
	if want := to.Add(90 * day); f.DecidableAt.Sub(want).Abs() > time.Hour {
		t.Errorf("decidable at %s, want the end of the gap plus the window, about %s", f.DecidableAt, want)
	}
	w = newWorld(t)
	w.Grants[0].GrantedAt = daysAgo(7)
	if f := w.finding("g00"); !f.DecidableAt.Equal(daysAgo(7).Add(90 * day)) {
		t.Errorf("decidable at %s, want 90 days after it was given", f.DecidableAt)
	}
}

func TestDeniedOnlyIsFlagged(t *testing.T) {
	w := newWorld(t)
	u := w.use(roleName, "ec2:DescribeInstances", "", 1)
	u.LastDenied, u.First, u.Last = u.Last, time.Time{}, time.Time{}
	if f := w.finding("g00"); !f.AttemptedOnly {
		t.Error("only denied attempts, and the finding does not say so")
	}
}

func TestOverbroadProposesTheUsedSubset(t *testing.T) {
	w := newWorld(t)
	w.Grants[0].Permission = "ecr:*"
	w.use(roleName, "ecr:BatchGetImage", "", 1)
	f := w.finding("g00")
	want := `{"Statement":[{"Action":["ecr:BatchGetImage"],"Effect":"Allow","Resource":"*"}],"Version":"2012-10-17"}`
	if f.Proposal != want {
		t.Errorf("proposal\n%s\nwant\n%s", f.Proposal, want)
	}
}

func TestDenyAndBoundarySubtract(t *testing.T) {
	w := newWorld(t)
	w.Grants[0].Permission = "ec2:Describe*"
	w.Grants[0].HasBoundary, w.Grants[0].Boundary = true, []string{"ec2:DescribeInstances"}
	w.use(roleName, "ec2:DescribeInstances", "", 1)
	if got := w.verdict("g00"); got != access.VerdictUsed {
		t.Errorf("the boundary leaves one action and it was used: %s, want USED", got)
	}
	w.Grants[0].Boundary = []string{"ec2:DescribeInstances", "ec2:DescribeVpcs"}
	w.Grants[0].Denied = []string{"ec2:DescribeInstances"}
	if got := w.verdict("g00"); got != access.VerdictUnused {
		t.Errorf("what was used is denied here, so another grant gave it: %s, want UNUSED", got)
	}
}
