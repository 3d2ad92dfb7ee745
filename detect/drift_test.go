package detect

import (
	"testing"

	"github.com/grantwatch/grantwatch/access"
)

func TestOutOfBand(t *testing.T) {
	attach := func(w *world, ago float64) {
		w.Grants[0].FirstSeen = daysAgo(0.1)
		w.change("iam:PutRolePolicy", ago, access.Change{Kind: access.ChangeGrant, Subject: roleName, Grant: "inline:p"})
	}
	ticket := func(w *world, ago float64) {
		w.Approvals = []access.Approval{{Subject: "worker", Permission: "ec2:*", ApprovedBy: "li", ApprovedAt: daysAgo(ago), Ticket: "T-1"}}
	}
	for _, c := range []struct {
		name string
		with func(w *world)
		want int
	}{
		{"older than our sight", func(*world) {}, 0},
		{"attached, nobody approved", func(w *world) { attach(w, 7) }, 1},
		{"attached and approved the same day", func(w *world) { attach(w, 7); ticket(w, 7.5) }, 0},
		{"approved two days before", func(w *world) { attach(w, 7); ticket(w, 9.1) }, 1},
		{"approved for somebody else", func(w *world) { attach(w, 7); ticket(w, 7); w.Approvals[0].Subject = "other" }, 1},
		{"made a member of a group whose path the log leaves out", func(w *world) {
			m := w.member(userName)
			m.Resource, m.Via, m.FirstSeen = "arn:aws:iam::111122223333:group/org/analysts", "arn:aws:iam::111122223333:group/org/analysts", daysAgo(0.1)
			w.change("iam:AddUserToGroup", 7, access.Change{Kind: access.ChangeGrant, Subject: userName, Grant: groupName})
		}, 1},
		{"in the baseline", func(w *world) {
			attach(w, 7)
			w.Baselines = []access.Baseline{{Team: "payments", ApprovedAt: daysAgo(100), ReviewBy: daysAgo(-100), Grants: []access.BaselineGrant{{Subject: "worker", Permission: "*"}}}}
		}, 0},
		{"new in a snapshot", func(w *world) {
			g := &w.Grants[0]
			g.FirstSeen, g.PriorAt, g.SeenBefore = daysAgo(3), daysAgo(10), true
		}, 1},
		{"new in a snapshot, approved between the two", func(w *world) {
			g := &w.Grants[0]
			g.FirstSeen, g.PriorAt, g.SeenBefore, g.GrantedAt = daysAgo(3), daysAgo(10), true, daysAgo(300)
			ticket(w, 3.5)
		}, 0},
		{"in the first snapshot there is", func(w *world) { w.Grants[0].FirstSeen = daysAgo(3) }, 0},
		{"given after the newest snapshot", func(w *world) {
			w.change("iam:AttachUserPolicy", 0.05, access.Change{Kind: access.ChangeGrant, Subject: userName, Grant: "arn:aws:iam::aws:policy/AdministratorAccess"})
		}, 1},
		{"given and taken again", func(w *world) {
			w.change("iam:AttachUserPolicy", 0.06, access.Change{Kind: access.ChangeGrant, Subject: userName, Grant: "arn:aws:iam::aws:policy/AdministratorAccess"})
			w.change("iam:DetachUserPolicy", 0.05, access.Change{Kind: access.ChangeRevoke, Subject: userName, Grant: "arn:aws:iam::aws:policy/AdministratorAccess"})
		}, 0},
		{"given, and gone in a later snapshot", func(w *world) {
			w.change("iam:AttachUserPolicy", 5, access.Change{Kind: access.ChangeGrant, Subject: userName, Grant: "arn:aws:iam::aws:policy/AdministratorAccess"})
		}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			c.with(w)
			if fs := w.kinds("OUT_OF_BAND"); len(fs) != c.want {
				t.Errorf("%d findings, want %d: %+v", len(fs), c.want, fs)
			}
		})
	}
}

func TestBaseline(t *testing.T) {
	w := newWorld(t)
	w.grant(roleName, "iam:CreateUser", "*")
	b := access.Baseline{Team: "payments", ApprovedBy: "li", ApprovedAt: daysAgo(100), ReviewBy: daysAgo(-100), Grants: []access.BaselineGrant{{Subject: "*:role/worker", Permission: "ec2:*"}}}
	w.Baselines = []access.Baseline{b}
	if fs := w.kinds("BASELINE_DRIFT"); len(fs) != 1 || fs[0].Grant.Permission != "iam:CreateUser" {
		t.Errorf("drift %+v, want the one that is not listed", fs)
	}
	w.Baselines[0].Team = "platform"
	if fs := w.kinds("BASELINE_DRIFT"); len(fs) != 0 {
		t.Errorf("a baseline of another team gave %d findings", len(fs))
	}
	w.Baselines[0].Team = ""
	if fs := w.kinds("BASELINE_DRIFT"); len(fs) != 1 {
		t.Errorf("a baseline without a team covers the accounts of what it lists: %d findings, want 1", len(fs))
	}
	w.Baselines[0] = b
	w.Baselines[0].ReviewBy = daysAgo(1)
	if d, s := w.kinds("BASELINE_DRIFT"), w.kinds("BASELINE_STALE"); len(d) != 0 || len(s) == 0 {
		t.Errorf("past its review: %d drift and %d stale, want none and some", len(d), len(s))
	}
}

func TestExceptionsAndRegisters(t *testing.T) {
	w := newWorld(t)
	w.Exceptions = []access.Exception{
		{Source: "x.yaml", Line: 1, Match: access.Match{Kind: "UNUSED_GRANT", Subject: "worker"}, Reason: "r", Approver: "a", Expires: daysAgo(-30)},
		{Source: "x.yaml", Line: 9, Match: access.Match{Kind: "UNUSED_GRANT", Subject: "nobody"}, Reason: "r", Approver: "a", Expires: daysAgo(-3)},
	}
	f := w.finding("g00")
	if f.State != "excepted" || f.Exception == nil || f.Verdict != access.VerdictUnused {
		t.Errorf("state %s, want excepted with the verdict kept", f.State)
	}
	var remarks []string
	for _, r := range w.eval().Registers {
		remarks = append(remarks, r.What)
	}
	if len(remarks) != 2 { // the second entry expires soon and matches nothing
		t.Errorf("remarks %q, want two on the second entry", remarks)
	}
	w.Exceptions[0].Expires = daysAgo(1)
	if f := w.finding("g00"); f.State != "open" {
		t.Errorf("the exception has expired and the finding is %s", f.State)
	}
}
