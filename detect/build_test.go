package detect

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/rules"
)

// world is a small organisation that a test changes one thing of. Its one feed answers for account 111122223333 without a
// gap for 120 days; its one role is old and has one old grant.
type world struct {
	Input
	t *testing.T
}

var now = time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)

const (
	acct     = "111122223333"
	roleName = "arn:aws:iam::111122223333:role/worker"
	userName = "arn:aws:iam::111122223333:user/ana"
)

func daysAgo(d float64) time.Time { return now.Add(-time.Duration(d * float64(day))) }

// minutes is a feed's coverage from one moment to another, a record every half hour.
func minutes(feed string, from, to time.Time) []access.CoverMinute {
	var out []access.CoverMinute
	for t := from; t.Before(to); t = t.Add(30 * time.Minute) {
		out = append(out, access.CoverMinute{Team: "payments", Feed: feed, Minute: t.Truncate(time.Minute), First: t, Last: t})
	}
	return out
}

var library *rules.Set

func shipped(t testing.TB) *rules.Set {
	t.Helper()
	if library == nil {
		set, problems := rules.Load(rules.Options{Library: true})
		if rules.HasErrors(problems) {
			t.Fatal(problems)
		}
		library = set
	}
	return library
}

func newWorld(t *testing.T) *world {
	w := &world{t: t}
	w.Now, w.Rules, w.Teams = now, shipped(t), []string{"payments"}
	w.Feeds = []FeedState{{
		Feed:    access.Feed{Name: "aws", Team: "payments", Format: "aws_cloudtrail", Provider: "aws", Accounts: []string{acct}, Classes: []string{"management"}, MaxSilence: time.Hour},
		Minutes: minutes("aws", daysAgo(120), now), Newest: now.Add(-30 * time.Minute),
	}}
	w.Snapshots = []SnapshotState{{Entitlement: "iam", Team: "payments", Provider: "aws", Account: acct, TakenAt: daysAgo(0.1), Dated: true}}
	w.People = []IdentitySource{{Name: "hr", Team: "payments", AsOf: daysAgo(0.1), Dated: true, MaxAge: day}}
	w.Accounts = []access.Account{{Provider: "aws", Account: acct, Team: "payments", Name: roleName, UID: "AROAWORKER", Kind: access.SubjectRole, Created: daysAgo(400), MaxSession: time.Hour, Enabled: true}}
	w.grant(roleName, "ec2:DescribeInstances", "*")
	return w
}

// grant adds an old permission grant and returns it for changing.
func (w *world) grant(subject, permission, resource string) *access.Grant {
	g := access.Grant{
		ID: fmt.Sprintf("g%02d", len(w.Grants)), Team: "payments", Entitlement: "iam", Provider: "aws", Account: acct, Kind: access.GrantPermission,
		Subject: subject, SubjectKind: access.SubjectRole, Permission: permission, Resource: resource, GrantedAt: daysAgo(300), FirstSeen: daysAgo(200), Via: "inline:p",
	}
	w.Grants = append(w.Grants, g)
	return &w.Grants[len(w.Grants)-1]
}

// use adds a successful use so many days ago.
func (w *world) use(actor, permission, scope string, ago float64) *access.Usage {
	at := daysAgo(ago)
	w.Usage = append(w.Usage, access.Usage{Team: "payments", Feed: "aws", Provider: "aws", Account: acct, Actor: actor, Permission: permission, Scope: scope, First: at, Last: at, LastID: "e1"})
	return &w.Usage[len(w.Usage)-1]
}

// change adds an event that changed access.
func (w *world) change(action string, ago float64, c access.Change) *access.Event {
	w.Changes = append(w.Changes, TeamEvent{Team: "payments", Feed: "aws", Event: access.Event{
		ID: fmt.Sprintf("c%d", len(w.Changes)), Time: daysAgo(ago), Provider: "aws", Account: acct, Action: action, Outcome: access.Success,
		Actor: access.Actor{ID: userName, Principal: userName}, Change: &c,
	}})
	return &w.Changes[len(w.Changes)-1].Event
}

// drop takes the coverage of a stretch away.
func (w *world) drop(from, to time.Time) {
	f := &w.Feeds[0]
	f.Minutes = slices.DeleteFunc(f.Minutes, func(m access.CoverMinute) bool { return !m.First.Before(from) && m.First.Before(to) })
}

func (w *world) eval() *Result {
	w.t.Helper()
	res, err := Evaluate(&w.Input)
	if err != nil {
		w.t.Fatal(err)
	}
	return res
}

// verdict is what is said of a grant by its id.
func (w *world) verdict(id string) access.Verdict {
	w.t.Helper()
	return w.finding(id).Verdict
}

func (w *world) finding(id string) access.Finding {
	w.t.Helper()
	for _, f := range w.eval().Findings {
		if f.Kind == "UNUSED_GRANT" && f.Grant.ID == id {
			return f
		}
	}
	w.t.Fatalf("nothing is said of grant %s", id)
	return access.Finding{}
}

// kinds are the findings of one kind.
func (w *world) kinds(kind string) []access.Finding {
	w.t.Helper()
	var out []access.Finding
	for _, f := range w.eval().Findings {
		if f.Kind == kind {
			out = append(out, f)
		}
	}
	return out
}
