package detect

import (
	"testing"

	"github.com/grantwatch/grantwatch/access"
)

func everyone(string) bool { return true }

func only(teams ...string) func(string) bool {
	return func(t string) bool {
		for _, x := range teams {
			if x == t {
				return true
			}
		}
		return false
	}
}

// rosterWorld has a person of team hr with accounts that payments and platform know, an NHI of payments that she owns, and
// an account that nobody has a record of.
func rosterWorld(t *testing.T) *Roster {
	w := newWorld(t)
	w.Identities = []access.Identity{
		{UID: "p1", Name: "Ana Lind", Email: "ana@corp.example", Kind: access.Human, Team: "hr", Source: "hr", Aliases: []access.Alias{{Name: userName}, {Provider: "okta", Name: "alind"}}},
		{UID: "n1", Name: "worker", Kind: access.Workload, Team: "payments", Owner: "p1; p9", Source: "nhis", Aliases: []access.Alias{{Name: roleName}}},
	}
	w.Accounts = append(w.Accounts, access.Account{Provider: "aws", Account: acct, Team: "payments", Name: userName, UID: "AIDAANA", Kind: access.SubjectUser, Enabled: true},
		access.Account{Provider: "aws", Account: acct, Team: "payments", Name: "arn:aws:iam::111122223333:group/devs", Kind: access.SubjectGroup})
	w.Usage = append(w.Usage, access.Usage{Team: "platform", Feed: "okta", Provider: "okta", Actor: "alind", ActorUID: "00uANA"}, access.Usage{Team: "platform", Feed: "k8s", Provider: "k8s", Actor: "system:serviceaccount:shop:web"})
	w.Changes = []TeamEvent{{Team: "payments", Feed: "aws", Event: access.Event{ID: "c1", Provider: "aws", Actor: access.Actor{Name: "terraform"}, Change: &access.Change{Kind: access.ChangeCreate, Subject: userName}}}}
	res, err := Evaluate(&w.Input)
	if err != nil {
		t.Fatal(err)
	}
	return NewRoster(&w.Input, res)
}

func TestRosterKnowsEveryName(t *testing.T) {
	r := rosterWorld(t)
	for _, name := range []string{"p1", "ana@corp.example", "Ana Lind", userName, "AIDAANA", "alind", "00uANA"} {
		found := r.Find(everyone, name)
		if len(found) != 1 || found[0].UID != "p1" || len(found[0].Names) != 2 {
			t.Errorf("%s finds %+v", name, found)
		}
	}
	if got := r.Find(everyone, "arn:aws:iam::111122223333:group/devs"); len(got) != 0 {
		t.Error("a group is an identity")
	}
	if got := r.Find(everyone, "p1")[0].Names; got[0].IssuedBy != "terraform" || got[0].IssuedRef != "event aws c1" {
		t.Errorf("issued by %+v", got[0])
	}
	for text, want := range map[string]int{"": 3, "ANA": 1, "shop:web": 1, "corp.example": 1, "worker": 1, "nobody": 0, "\x00": 3} {
		if list, n := r.Search(everyone, text, 2); n != want && text != "\x00" || len(list) > 2 {
			t.Errorf("%q finds %d", text, n)
		}
	}
	if owned := r.Owned(everyone, "p1"); len(owned) != 1 || owned[0].UID != "n1" {
		t.Errorf("p1 owns %+v", owned)
	}
	if v, ok := r.Verdict(everyone, "g00"); !ok || v.Verdict == "" {
		t.Errorf("the verdict of g00: %+v", v)
	}
}

func TestRosterIsCutToTeams(t *testing.T) {
	r := rosterWorld(t)
	for _, c := range []struct {
		sees      func(string) bool
		ask       string
		names     int // -1: nobody is found
		record    bool
		shownName string
	}{
		{only("payments"), userName, 1, false, userName}, {only("payments"), "AIDAANA", 1, false, userName},
		{only("payments"), "p1", -1, false, ""}, {only("payments"), "alind", -1, false, ""}, {only("payments"), "Ana Lind", -1, false, ""}, {only("payments"), "ana@corp.example", -1, false, ""},
		{only("platform"), "alind", 1, false, "alind"}, {only("platform"), userName, -1, false, ""},
		{only("hr"), "p1", 0, true, "Ana Lind"}, {only("hr"), "alind", 0, true, "Ana Lind"}, {only("hr", "platform"), "p1", 1, true, "Ana Lind"},
		{only(), "p1", -1, false, ""}, {only("payments"), "n1", 1, true, "worker"}, {only("platform"), "n1", -1, false, ""},
	} {
		found := r.Find(c.sees, c.ask)
		if len(found) == 0 {
			if c.names >= 0 {
				t.Errorf("%s: nobody is found", c.ask)
			}
			continue
		}
		k := found[0]
		if len(k.Names) != c.names || (k.Record != nil) != c.record || k.Name != c.shownName || !c.record && !k.Hidden {
			t.Errorf("%s: %+v", c.ask, k)
		}
		if !c.record && (k.UID == "p1" || k.UID == "n1") {
			t.Errorf("%s is shown the uid of a record of another team", c.ask)
		}
	}
	if _, n := r.Search(only("platform"), "corp.example", 10); n != 0 {
		t.Error("a search finds by what may not be seen")
	}
	if _, n := r.Search(only("platform"), "", 10); n != 2 {
		t.Errorf("platform sees %d identities, want alind and the service account", n)
	}
	if owned := r.Owned(only("platform"), "p1"); len(owned) != 0 {
		t.Error("what another team's record says of ownership is shown")
	}
	if _, ok := r.Verdict(only("platform"), "g00"); ok {
		t.Error("a verdict of another team is told")
	}
	var none *Roster
	if none.Find(everyone, "x") != nil || none.Owned(everyone, "x") != nil {
		t.Error("no roster knows somebody")
	}
}
