package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/alert"
	"github.com/grantwatch/grantwatch/alert/desk"
	"github.com/grantwatch/grantwatch/cmd/grantwatch/internal/config"
	"github.com/grantwatch/grantwatch/detect/ledger"
	"github.com/grantwatch/grantwatch/ingest/policy"
	"github.com/grantwatch/grantwatch/store"
)

var saidNow = time.Date(2026, 9, 1, 10, 0, 0, 0, time.UTC)

// saying opens an App over an organisation with one unused grant.
func saying(t *testing.T) (*App, func(name, text string)) {
	t.Helper()
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	use := func(id, at, name string) string {
		return `{"eventVersion":"1.10","userIdentity":{"type":"IAMUser","principalId":"AIDA1","arn":"arn:aws:iam::111122223333:user/ana","accountId":"111122223333","userName":"ana"},"eventTime":"` + at +
			`","eventSource":"ec2.amazonaws.com","eventName":"` + name + `","eventID":"` + id + `","readOnly":true,"managementEvent":true,"recipientAccountId":"111122223333"}` + "\n"
	}
	write("logs.json", use("e1", "2026-05-01T00:00:00Z", "DescribeInstances")+use("e2", "2026-09-01T09:00:00Z", "DescribeInstances"))
	write("iam-20260101T000000Z.json", iam("ec2:DescribeInstances", "ec2:DescribeVpcs"))
	write("people.csv", "uid,name,email,kind,aliases\nli,Li,li@corp.example,human,slack:U0LI\nmax,Max,max@corp.example,human,\n")
	write("grantwatch.yaml", `{"teams": [{"name": "payments", "slack": "#payments", "owners": ["li@corp.example", "max@corp.example"]}, {"name": "platform", "slack": "#platform"}],
"feeds": [{"name": "aws", "team": "payments", "format": "aws_cloudtrail", "accounts": ["111122223333"], "from": {"file": "logs.json"}, "max_silence": "26w"}],
"entitlements": [{"name": "iam", "team": "payments", "format": "aws_authorization_details", "from": {"file": "iam-*.json"}}],
"identities": [{"name": "hr", "format": "csv", "from": {"file": "people.csv"}, "as_of": "2026-09-01"}], "exceptions": ["exceptions/*.yaml"]}`)
	cfg, err := config.Load(filepath.Join(dir, "grantwatch.yaml"), nil)
	if err != nil {
		t.Fatal(err)
	}
	a, err := Open(t.Context(), Options{Config: cfg, Now: saidNow})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a, write
}

func iam(actions ...string) string {
	return `{"UserDetailList":[{"UserName":"ana","UserId":"AIDA1","Arn":"arn:aws:iam::111122223333:user/ana","Path":"/","CreateDate":"2025-01-01T00:00:00Z","GroupList":[],"AttachedManagedPolicies":[],"UserPolicyList":[{"PolicyName":"p","PolicyDocument":{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["` +
		strings.Join(actions, `","`) + `"],"Resource":"*"}]}}]}],"GroupDetailList":[],"RoleDetailList":[],"Policies":[],"IsTruncated":false}`
}

// pass reads and evaluates once, and gives the finding on DescribeVpcs.
func pass(t *testing.T, a *App, now time.Time) access.Finding {
	t.Helper()
	if _, err := a.Read(t.Context(), now, 0); err != nil {
		t.Fatal(err)
	}
	_, v, err := a.Evaluate(t.Context(), now)
	if err != nil {
		t.Fatal(err)
	}
	a.Newest(v)
	list, err := a.Store.TeamFindings(t.Context(), "payments", findingsOf("UNUSED_GRANT"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range list {
		if f.Grant != nil && f.Grant.Permission == "ec2:DescribeVpcs" {
			return f
		}
	}
	t.Fatal("no finding on ec2:DescribeVpcs")
	return access.Finding{}
}

// TestWhatPeopleSayHolds walks one finding through acknowledged, claimed, contradicted and revoked, over the real store.
func TestWhatPeopleSayHolds(t *testing.T) {
	a, write := saying(t)
	now := saidNow
	d := a.Desk(func() time.Time { return now })
	f := pass(t, a, now)
	press := func(id string, verb alert.Verb, edits ...func(*alert.Action)) {
		t.Helper()
		now = now.Add(time.Minute)
		act := alert.Action{ID: id, Verb: verb, Fingerprints: []string{f.Fingerprint}, By: alert.User{ID: "U0LI"}, At: now}
		for _, e := range edits {
			e(&act)
		}
		if out, err := d.Act(t.Context(), act); err != nil || !out.Done {
			t.Fatalf("%s: %+v %v", verb, out, err)
		}
	}
	state := func(want string) {
		t.Helper()
		if f = pass(t, a, now); ledger.StateOf(&f) != want {
			t.Fatalf("%s, want %s: %+v", ledger.StateOf(&f), want, f.Handling)
		}
	}
	state("open")
	press("1", alert.VerbAcknowledge)
	if v := a.seen(now); ledger.StateOf(&v.Findings[0]) != "acknowledged" {
		t.Errorf("what was said is not seen before the next evaluation: %+v", v.Findings[0].Handling)
	}
	now = now.Add(time.Hour)
	state("acknowledged")
	press("2", alert.VerbSnooze, func(x *alert.Action) { x.Until = now.Add(2 * time.Hour) })
	state("snoozed")
	now = now.Add(2 * time.Hour)
	state("open")
	press("3", alert.VerbNotMine, func(x *alert.Action) { x.Team = "platform" })
	state("handed_over")
	press("4", alert.VerbMarkRevoked)
	now = now.Add(time.Hour)
	state("marked_revoked")
	write("iam-20260901T143000Z.json", iam("ec2:DescribeInstances", "ec2:DescribeVpcs"))
	now = now.Add(time.Hour)
	state("contradicted")
	press("5", alert.VerbMarkRevoked)
	write("iam-20260901T153000Z.json", iam("ec2:DescribeInstances"))
	now = now.Add(time.Hour)
	state("resolved")
	if f.Resolution != ledger.ResolvedByRevocation || f.Handling != nil {
		t.Errorf("%+v", f)
	}
	var steps []string
	told, err := a.Evidence().History(t.Context(), ledger.Everything, f.Fingerprint)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range told {
		steps = append(steps, c.To+" "+c.Who)
	}
	want := "open grantwatch, acknowledged li, snoozed li, open grantwatch, handed_over li, marked_revoked li, contradicted grantwatch, marked_revoked li, resolved grantwatch"
	if got := strings.Join(steps, ", "); got != want {
		t.Errorf("history\n%s\nwant\n%s", got, want)
	}
	if list, err := a.Store.ActionsSince(t.Context(), saidNow); err != nil || len(list) != 5 || list[0].Identity != "li" || !list[0].Done {
		t.Errorf("%+v %v", list, err)
	}
}

// TestExceptionFromAMessage: it acts like one of a file, is exported, and is not doubled once it stands in a file.
func TestExceptionFromAMessage(t *testing.T) {
	a, write := saying(t)
	f := pass(t, a, saidNow)
	out, err := a.Desk(func() time.Time { return saidNow }).Act(t.Context(), alert.Action{
		ID: "1", Verb: alert.VerbExcept, Fingerprints: []string{f.Fingerprint}, By: alert.User{ID: "U0LI"}, At: saidNow, Reason: "an audit: \"until\" then", Approver: "max", Until: saidNow.Add(30 * 24 * time.Hour),
	})
	if err != nil || !out.Done {
		t.Fatal(out, err)
	}
	// Whoever is to approve it is asked. Nothing is excepted until they do, and the request lapses when they do not.
	if f = pass(t, a, saidNow.Add(time.Minute)); ledger.StateOf(&f) != access.HandlingRequested || f.State == ledger.StateExcepted {
		t.Fatalf("%s %+v", f.State, f.Handling)
	}
	if f = pass(t, a, saidNow.Add(desk.DefaultAnswer)); f.Handling != nil || ledger.StateOf(&f) != ledger.StateOpen {
		t.Fatalf("nobody has answered: %s %+v", f.State, f.Handling)
	}
	if list, err := a.MadeExceptions(t.Context(), ""); err != nil || len(list) != 0 {
		t.Fatal(list, err)
	}
	now := saidNow.Add(desk.DefaultAnswer + time.Hour)
	for i, act := range []alert.Action{
		{ID: "2", Verb: alert.VerbExcept, By: alert.User{ID: "U0LI"}, Reason: "an audit: \"until\" then", Approver: "max", Until: saidNow.Add(30 * 24 * time.Hour)},
		{ID: "3", Verb: alert.VerbApprove, By: alert.User{Email: "max@corp.example"}},
	} {
		act.Fingerprints, act.At = []string{f.Fingerprint}, now
		if out, err := a.Desk(func() time.Time { return now }).Act(t.Context(), act); err != nil || !out.Done {
			t.Fatal(i, out, err)
		}
	}
	now = now.Add(time.Hour)
	if f = pass(t, a, now); f.State != ledger.StateExcepted || f.Exception == nil || f.Exception.Approver != "max" {
		t.Fatalf("%+v %+v", f.State, f.Exception)
	}
	excepted := 0
	told, err := a.Evidence().History(t.Context(), ledger.Everything, f.Fingerprint)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range told {
		if c.To == ledger.StateExcepted {
			excepted++
		}
	}
	if excepted != 1 {
		t.Errorf("%d steps say that it was excepted", excepted)
	}
	list, err := a.MadeExceptions(t.Context(), "payments")
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	data, err := policy.WriteExceptions([]access.Exception{list[0].Exception})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(a.Cfg.Dir, "exceptions"), 0o750); err != nil {
		t.Fatal(err)
	}
	write("exceptions/desk.yaml", string(data))
	if f = pass(t, a, now.Add(time.Hour)); f.State != ledger.StateExcepted {
		t.Errorf("%s by the file\n%s", f.State, data)
	}
	if list, err := a.MadeExceptions(t.Context(), ""); err != nil || len(list) != 0 {
		t.Errorf("it is doubled: %+v %v", list, err)
	}
	if f = pass(t, a, now.Add(31*24*time.Hour)); f.State == ledger.StateExcepted {
		t.Errorf("%s after its end", f.State)
	}
}

func findingsOf(kind string) store.FindingFilter { return store.FindingFilter{Kinds: []string{kind}} }
