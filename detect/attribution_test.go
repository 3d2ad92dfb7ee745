package detect

import (
	"strings"
	"testing"

	"github.com/grantwatch/grantwatch/access"
)

func TestResourceNarrowsWhatWasUsed(t *testing.T) {
	w := newWorld(t)
	w.Feeds[0].Classes = []string{"management", "data:s3"}
	w.Grants = nil
	w.grant(roleName, "s3:GetObject", "arn:aws:s3:::invoices/*")
	w.grant(roleName, "s3:GetObject", "arn:aws:s3:::reports/*")
	w.use(roleName, "s3:GetObject", "arn:aws:s3:::reports", 1)
	if a, b := w.verdict("g00"), w.verdict("g01"); a != access.VerdictUnused || b != access.VerdictUsed {
		t.Errorf("invoices %s, reports %s; want UNUSED, USED", a, b)
	}
	// What the log names matches neither: something authorised it, so both are credited.
	w.Usage[0].Scope = "arn:aws:s3:::elsewhere"
	if a, b := w.verdict("g00"), w.verdict("g01"); a != access.VerdictUsed || b != access.VerdictUsed {
		t.Errorf("ambiguous: %s, %s; want USED, USED", a, b)
	}
	// The log names nothing: both could have authorised it.
	w.Usage[0].Scope = ""
	if a, b := w.verdict("g00"), w.verdict("g01"); a != access.VerdictUsed || b != access.VerdictUsed {
		t.Errorf("no resource in the log: %s, %s; want USED, USED", a, b)
	}
}

const groupName = "arn:aws:iam::111122223333:group/analysts"

func (w *world) member(user string) *access.Grant {
	g := w.grant(user, "member", groupName)
	g.Kind, g.SubjectKind, g.Via = access.GrantMembership, access.SubjectUser, groupName
	return g
}

func TestGroupsAndMemberships(t *testing.T) {
	const other = "arn:aws:iam::111122223333:user/bo"
	w := newWorld(t)
	w.Grants = nil
	w.grant(groupName, "rds:DescribeDBInstances", "*").SubjectKind = access.SubjectGroup // g00
	w.member(userName)                                                                   // g01
	w.member(other)                                                                      // g02
	w.use(userName, "rds:DescribeDBInstances", "", 1)
	for id, want := range map[string]access.Verdict{"g00": access.VerdictUsed, "g01": access.VerdictUsed, "g02": access.VerdictUnused} {
		if got := w.verdict(id); got != want {
			t.Errorf("%s: %s, want %s", id, got, want)
		}
	}
	// The user has the same permission directly: the membership gave nothing that only it gives.
	w.grant(userName, "rds:DescribeDBInstances", "*").SubjectKind = access.SubjectUser // g03
	if got := w.verdict("g01"); got != access.VerdictUnused {
		t.Errorf("membership beside a direct grant: %s, want UNUSED", got)
	}
	if got := w.verdict("g03"); got != access.VerdictUsed {
		t.Errorf("the direct grant: %s, want USED", got)
	}
	// A member who has left the group inside the window still used the group's grant.
	w = newWorld(t)
	w.Grants = nil
	w.grant(groupName, "rds:DescribeDBInstances", "*").SubjectKind = access.SubjectGroup
	w.member(userName).ClosedAt = daysAgo(5)
	w.use(userName, "rds:DescribeDBInstances", "", 20)
	if got := w.verdict("g00"); got != access.VerdictUsed {
		t.Errorf("used by a former member in the window: %s, want USED", got)
	}
}

func TestRoleChainCreditsEveryEdge(t *testing.T) {
	const a, b = "arn:aws:iam::111122223333:role/a", "arn:aws:iam::111122223333:role/b"
	w := newWorld(t)
	w.Grants = nil
	edge := func(from, to string, kind access.SubjectKind) {
		g := w.grant(from, "sts:AssumeRole", to)
		g.Kind, g.SubjectKind, g.Via = access.GrantAssume, kind, "trust:"+to
	}
	edge(userName, a, access.SubjectUser)     // g00
	edge(a, b, access.SubjectRole)            // g01
	w.grant(b, "dynamodb:DescribeTable", "*") // g02
	edge(userName, b, access.SubjectUser)     // g03: never taken
	w.use(userName, "sts:AssumeRole", a, 95)  // asked for before the window …
	w.use(a, "sts:AssumeRole", b, 95)         //
	w.use(b, "dynamodb:DescribeTable", "", 1) // … and used inside it
	w.Sessions = []access.SessionUse{
		{Team: "payments", Provider: "aws", Credential: "ASIA1", Parent: userName, Role: a, Issued: daysAgo(95), First: daysAgo(95), Last: daysAgo(2)},
		{Team: "payments", Provider: "aws", Credential: "ASIA2", Parent: a, ParentCred: "ASIA1", Role: b, Issued: daysAgo(95), First: daysAgo(95), Last: daysAgo(1)},
	}
	for id, want := range map[string]access.Verdict{"g00": access.VerdictUsed, "g01": access.VerdictUsed, "g02": access.VerdictUsed, "g03": access.VerdictUnused} {
		if got := w.verdict(id); got != want {
			t.Errorf("%s: %s, want %s", id, got, want)
		}
	}
	// A cycle must end.
	w.Sessions[0].ParentCred = "ASIA2"
	w.eval()
}

func TestAnotherAccountsCallerCreditsItsEdges(t *testing.T) {
	const vendor, theirs = "arn:aws:iam::111122223333:role/vendor", "arn:aws:iam::999988887777:role/sync"
	w := newWorld(t)
	w.Grants = nil
	for _, from := range []string{"arn:aws:iam::999988887777:root", theirs, "arn:aws:iam::444455556666:root"} {
		g := w.grant(from, "sts:AssumeRole", vendor)
		g.Kind, g.SubjectKind, g.Via = access.GrantAssume, access.SubjectAccount, "trust:"+vendor
	}
	w.Grants[1].SubjectKind = access.SubjectRole
	w.use("arn:aws:iam::999988887777:root", "sts:AssumeRole", vendor, 1)
	for id, want := range map[string]access.Verdict{"g00": access.VerdictUsed, "g01": access.VerdictUsed, "g02": access.VerdictUnused} {
		if got := w.verdict(id); got != want {
			t.Errorf("%s: %s, want %s", id, got, want)
		}
	}
}

func TestRedundantKeepsOne(t *testing.T) {
	w := newWorld(t)
	w.Grants = nil
	w.grant(roleName, "logs:DescribeLogGroups", "*")
	w.grant(roleName, "logs:Describe*", "*")
	w.use(roleName, "logs:DescribeLogGroups", "", 1)
	if a, b := w.verdict("g00"), w.verdict("g01"); a != access.VerdictUsed || b != access.VerdictRedundant {
		t.Errorf("narrow %s, broad %s; want USED and REDUNDANT: the narrower one stays", a, b)
	}
}

func TestKubernetesIsExact(t *testing.T) {
	w := newWorld(t)
	w.Feeds[0].Provider, w.Feeds[0].Classes = "k8s", []string{"k8s:metadata"}
	w.Snapshots[0].Provider = "k8s"
	w.Grants, w.Accounts = nil, nil
	rules := []access.Rule{{Verbs: []string{"get"}, Groups: []string{""}, Resources: []string{"pods"}}}
	bind := func(subject, via string) {
		g := w.grant(subject, "Role/reader", "shop")
		g.Provider, g.Via, g.Rules, g.SubjectKind = "k8s", via, rules, access.SubjectServiceAccount
		if strings.HasPrefix(subject, "group:") {
			g.SubjectKind = access.SubjectGroup
		}
	}
	bind("system:serviceaccount:shop:web", "RoleBinding/shop/web")
	bind("system:serviceaccount:shop:web", "RoleBinding/shop/web-too")
	bind("group:devs", "RoleBinding/shop/devs")
	u := w.use("system:serviceaccount:shop:web", "get pods", "shop", 1)
	u.Provider, u.Via = "k8s", "RoleBinding/shop/web"
	if a, b := w.verdict("g00"), w.verdict("g01"); a != access.VerdictUsed || b != access.VerdictUnused {
		t.Errorf("named binding %s, the other %s; want USED, UNUSED", a, b)
	}
	u = w.use("kim@corp.example", "get pods", "shop", 1)
	u.Provider, u.Via, u.Groups = "k8s", "RoleBinding/shop/devs", []string{"devs", "system:authenticated"}
	if got := w.verdict("g02"); got != access.VerdictUsed {
		t.Errorf("the group's binding: %s, want USED", got)
	}
	// Without the annotation every grant that could have authorised it is credited; of two that give the same, one stays.
	w.Usage[0].Via = ""
	if a, b := w.verdict("g00"), w.verdict("g01"); a != access.VerdictRedundant || b != access.VerdictUsed {
		t.Errorf("no reason in the log: %s, %s; want REDUNDANT, USED", a, b)
	}
}
