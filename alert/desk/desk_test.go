package desk

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/alert"
	"github.com/grantwatch/grantwatch/detect"
	"github.com/grantwatch/grantwatch/detect/ledger"
)

var t0 = time.Date(2026, 9, 1, 10, 0, 0, 0, time.UTC)

// book keeps everything in memory; fail breaks the named method.
type book struct {
	done   map[string]alert.Outcome
	said   map[string]ledger.Handling
	made   map[string]Exception
	steps  []ledger.Change
	log    []Entry
	fail   string
	after  int
	failed int
}

func (b *book) err(what string) error {
	if b.fail == what {
		b.failed++
		return errors.New(what + " is away")
	}
	return nil
}

func (b *book) Done(_ context.Context, id string) (alert.Outcome, bool, error) {
	out, ok := b.done[id]
	return out, ok, b.err("done")
}

func (b *book) Say(_ context.Context, said []ledger.Handling) error {
	for _, h := range said {
		b.said[h.Fingerprint] = h
	}
	return b.err("say")
}

func (b *book) Except(_ context.Context, list []Exception) error {
	for _, x := range list {
		b.made[x.Fingerprint] = x
	}
	return b.err("except")
}

func (b *book) Tell(_ context.Context, steps []ledger.Change) error {
	b.steps = append(b.steps, steps...)
	return b.err("tell")
}

func (b *book) Keep(_ context.Context, e Entry) error {
	if err := b.err("keep"); err != nil {
		return err
	}
	b.done[e.ID] = e.Outcome
	b.log = append(b.log, e)
	return nil
}

func (b *book) changed() int { return len(b.said) + len(b.made) + len(b.steps) }

var people = alert.NewPeople([]access.Identity{
	{UID: "ana", Name: "Ana", Email: "ana@corp.example", Kind: access.Human, Manager: "max", Aliases: []access.Alias{{Provider: "slack", Name: "U0ANA"}}},
	{UID: "li", Name: "Li", Email: "li@corp.example", Kind: access.Human},
	{UID: "max", Name: "Max", Email: "max@corp.example", Kind: access.Human},
	{UID: "soc", Name: "Soc", Email: "soc@corp.example", Kind: access.Human},
	{UID: "bea", Name: "Bea", Email: "bea@corp.example", Kind: access.Human},
	{UID: "left", Name: "Left", Email: "left@corp.example", Kind: access.Human, End: t0.Add(-time.Hour)},
	{UID: "sus", Name: "Sus", Email: "sus@corp.example", Kind: access.Human, Status: "disabled"},
	{UID: "bot", Name: "Bot", Email: "bot@corp.example", Kind: access.Service, Owner: "bea"},
	{UID: "twin1", Email: "twin@corp.example", Kind: access.Human}, {UID: "twin2", Email: "twin@corp.example", Kind: access.Human},
}, t0)

var routes = alert.Routes{Teams: map[string]string{"payments": "#payments", "platform": "#platform"}}

func finding(fp, team string, sev access.Severity) access.Finding {
	return access.Finding{Fingerprint: fp, Team: team, Kind: "A", Rule: "r", Severity: sev, Verdict: access.VerdictUnused, State: ledger.StateOpen, FirstSeen: t0,
		Identity: &access.FindingIdentity{UID: "i", Name: "worker*", Owner: "bea"}, Grant: &access.FindingGrant{ID: "g", Permission: "s3:*", Resource: "*"}}
}

func open() *ledger.View {
	gone := finding("gone", "payments", access.SeverityHigh)
	gone.State = ledger.StateExcepted
	blind := finding("blind", "platform", access.SeverityLow)
	blind.Verdict, blind.Gaps, blind.Identity = access.VerdictUnverifiable, []access.Gap{{Feed: "payments-aws"}}, nil
	other := finding("p", "platform", access.SeverityHigh)
	other.Identity.Owner = ""
	return &ledger.View{AsOf: t0, Feeds: []detect.FeedReport{{Name: "payments-aws", Team: "payments"}},
		Findings: []access.Finding{finding("h", "payments", access.SeverityHigh), finding("m", "payments", access.SeverityMedium), other, gone, blind}}
}

func newDesk() (*Desk, *book) {
	b := &book{done: map[string]alert.Outcome{}, said: map[string]ledger.Handling{}, made: map[string]Exception{}}
	return New(Config{
		Book: b, View: open, Routes: func() alert.Routes { return routes }, People: func() *alert.People { return people },
		Owners: map[string][]string{"payments": {"ana@corp.example", "left@corp.example", "bot"}, "platform": {"li"}}, Central: []string{"soc@corp.example"},
		TwoPeople: []access.Severity{access.SeverityHigh, access.SeverityCritical}, Now: func() time.Time { return t0 }, After: func() { b.after++ },
	}), b
}

func user(mail string) alert.User { return alert.User{Workspace: "T1", ID: "U0" + mail, Email: mail} }

func act(edits ...func(*alert.Action)) alert.Action {
	a := alert.Action{ID: "1", Verb: alert.VerbAcknowledge, Fingerprints: []string{"h"}, By: user("ana@corp.example"), At: t0}
	for _, e := range edits {
		e(&a)
	}
	return a
}

func TestAct(t *testing.T) {
	by := func(mail string) func(*alert.Action) { return func(a *alert.Action) { a.By = user(mail) } }
	on := func(fps ...string) func(*alert.Action) { return func(a *alert.Action) { a.Fingerprints = fps } }
	except := func(a *alert.Action) {
		a.Verb, a.Reason, a.Approver, a.Until = alert.VerbExcept, "needed for the audit", "soc@corp.example", t0.Add(720*time.Hour)
	}
	for name, c := range map[string]struct {
		a    alert.Action
		want alert.Refusal
		says string
	}{
		"an owner":                          {act(), "", "1 finding: acknowledged by Ana."},
		"by the alias alone":                {act(func(a *alert.Action) { a.By = alert.User{ID: "U0ANA"} }), "", "acknowledged by Ana"},
		"alias and address of two people":   {act(func(a *alert.Action) { a.By = alert.User{ID: "U0ANA", Email: "li@corp.example"} }), alert.RefusedUnknown, ""},
		"an address that two people have":   {act(by("twin@corp.example")), alert.RefusedUnknown, ""},
		"the manager of an owner":           {act(by("max@corp.example")), "", "by Max"},
		"the accountable owner":             {act(by("bea@corp.example")), "", "by Bea"},
		"the central desk":                  {act(by("soc@corp.example"), on("h", "p")), "", "2 findings: acknowledged by Soc."},
		"another team's owner":              {act(by("li@corp.example")), alert.RefusedRight, "Li may not act for team payments"},
		"one of two is another team's":      {act(on("h", "p")), alert.RefusedRight, "team platform"},
		"nobody on record":                  {act(by("eve@evil.example")), alert.RefusedUnknown, ""},
		"no address":                        {act(by("")), alert.RefusedUnknown, ""},
		"somebody who left":                 {act(by("left@corp.example")), alert.RefusedUnknown, ""},
		"somebody who is disabled":          {act(by("sus@corp.example")), alert.RefusedUnknown, ""},
		"a machine, owner or not":           {act(by("bot@corp.example")), alert.RefusedUnknown, ""},
		"what is no longer open":            {act(on("gone", "unknown")), alert.RefusedStale, ""},
		"a day late":                        {act(func(a *alert.Action) { a.At = t0.Add(-24 * time.Hour) }), alert.RefusedStale, ""},
		"tomorrow":                          {act(func(a *alert.Action) { a.At = t0.Add(24 * time.Hour) }), alert.RefusedStale, ""},
		"a verb that is none":               {act(func(a *alert.Action) { a.Verb = "delete" }), alert.RefusedInput, ""},
		"the feed's owner acknowledges":     {act(on("blind")), "", "acknowledged by Ana"},
		"the feed's owner excepts":          {act(on("blind"), except), alert.RefusedRight, ""},
		"snooze":                            {act(func(a *alert.Action) { a.Verb, a.Until = alert.VerbSnooze, t0.Add(time.Hour) }), "", "snoozed until 2026-09-01T11:00:00Z by Ana"},
		"snooze without an end":             {act(func(a *alert.Action) { a.Verb = alert.VerbSnooze }), alert.RefusedInput, "Until when?"},
		"snooze into the past":              {act(func(a *alert.Action) { a.Verb, a.Until = alert.VerbSnooze, t0 }), alert.RefusedInput, "has passed"},
		"snooze for a year":                 {act(func(a *alert.Action) { a.Verb, a.Until = alert.VerbSnooze, t0.AddDate(1, 0, 0) }), alert.RefusedInput, "the longest"},
		"hand over":                         {act(func(a *alert.Action) { a.Verb, a.Team = alert.VerbNotMine, "platform" }), "", "handed to team platform by Ana"},
		"hand over to itself":               {act(func(a *alert.Action) { a.Verb, a.Team = alert.VerbNotMine, "payments" }), alert.RefusedInput, "already"},
		"hand over to nobody":               {act(func(a *alert.Action) { a.Verb, a.Team = alert.VerbNotMine, "nobody" }), alert.RefusedInput, "no team"},
		"claim":                             {act(func(a *alert.Action) { a.Verb = alert.VerbMarkRevoked }), "", "open until a snapshot or an event shows it"},
		"except":                            {act(except), "", "Ana asks Soc for an exception until 2026-10-01T10:00:00Z: needed for the audit. It is in force once it is approved"},
		"except without a reason":           {act(except, func(a *alert.Action) { a.Reason = " \n" }), alert.RefusedInput, "needs a reason"},
		"except without an approver":        {act(except, func(a *alert.Action) { a.Approver = "" }), alert.RefusedInput, "no active person"},
		"except, the approver has left":     {act(except, func(a *alert.Action) { a.Approver = "left" }), alert.RefusedInput, "no active person"},
		"except, the approver has no right": {act(except, func(a *alert.Action) { a.Approver = "li" }), alert.RefusedInput, "may not approve"},
		"except, approved by oneself":       {act(except, func(a *alert.Action) { a.Approver = "ana" }), alert.RefusedInput, "Somebody else"},
		"except a medium one by oneself":    {act(on("m"), except, func(a *alert.Action) { a.Approver = "ana" }), "", "approved by Ana"},
		"except for ever":                   {act(except, func(a *alert.Action) { a.Until = time.Time{} }), alert.RefusedInput, "Until when?"},
		"except for longer than is allowed": {act(except, func(a *alert.Action) { a.Until = t0.AddDate(1, 0, 0) }), alert.RefusedInput, "the longest"},
		"a reason without end":              {act(func(a *alert.Action) { a.Reason = strings.Repeat("x", 1001) }), alert.RefusedInput, ""},
		"all that the message tells": {act(func(a *alert.Action) {
			a.Fingerprints = nil
			for _, m := range alert.Plan(open(), nil, routes, t0) {
				if m.Channel == "#payments" && len(m.Findings) > 0 {
					a.Key = m.Key
				}
			}
		}), "", "3 findings"},
	} {
		t.Run(name, func(t *testing.T) {
			d, b := newDesk()
			out, err := d.Act(t.Context(), c.a)
			if err != nil || out.Refused != c.want || !strings.Contains(out.Text, c.says) || out.Text == "" || out.Done != (c.want == "") {
				t.Errorf("%+v %v, want %q %q", out, err, c.want, c.says)
			}
			if (b.changed() == 0) != (c.want != "") || (b.after == 0) != (c.want != "") {
				t.Errorf("changed %d, after %d", b.changed(), b.after)
			}
			if len(b.log) != 1 || b.log[0].Outcome != out {
				t.Errorf("audited as %+v", b.log)
			}
			again, err := d.Act(t.Context(), c.a)
			if err != nil || again != out || len(b.log) != 1 {
				t.Errorf("the same press again: %+v %v, %d entries", again, err, len(b.log))
			}
		})
	}
}

// TestExceptionIsOfOneFinding: patterns in the names of a finding are names.
func TestExceptionIsOfOneFinding(t *testing.T) {
	d, b := newDesk()
	if _, err := d.Act(t.Context(), act(func(a *alert.Action) {
		a.Verb, a.Fingerprints, a.Reason, a.Approver, a.Until = alert.VerbExcept, []string{"m"}, "needed", "ana", t0.Add(time.Hour)
	})); err != nil {
		t.Fatal(err)
	}
	x := b.made["m"]
	want := access.Match{Kind: "A", Subject: "worker*", Permission: "s3:*", Resource: "*", Team: "payments", Fingerprint: "m"}
	if x.Match != want || x.Approver != "ana" || x.Requester != "ana" || x.Source != Source {
		t.Errorf("%+v", x)
	}
}

// TestForgedActions: of a thousand actions that nobody has the right to, none changes anything, and each is on record.
func TestForgedActions(t *testing.T) {
	dice := rand.New(rand.NewPCG(1, 2))
	any := func(list ...string) string { return list[dice.IntN(len(list))] }
	d, b := newDesk()
	for i := range 1000 {
		a := alert.Action{
			ID: fmt.Sprint(i), At: t0, Fingerprints: []string{any("h", "m")}, Reason: "because", Approver: any("soc", "ana"), Until: t0.Add(time.Hour), Team: "platform",
			Verb: alert.Verb(any("acknowledge", "snooze", "not_mine", "except", "mark_revoked", "approve", "decline")),
			By:   user(any("ana@corp.example", "max@corp.example", "soc@corp.example")),
		}
		if a.Verb == alert.VerbExcept && a.Approver == "ana" {
			a.By = user("ana@corp.example") // approved by oneself is one of the faults
		}
		switch dice.IntN(9) { // what is wrong with it
		case 0:
			a.By = user(any("li@corp.example", "eve@evil.example", "", "left@corp.example", "sus@corp.example", "bot@corp.example", "twin@corp.example", "ana@corp.example.evil", "ana@"))
		case 1:
			a.By = alert.User{ID: any("U0LI", "u0ana'", "slack:U0ANA", "", "T1"), Name: "Ana"}
		case 2:
			a.By.ID, a.By.Email = "U0ANA", "soc@corp.example"
		case 3:
			a.At = t0.Add(time.Duration(1-2*dice.IntN(2)) * time.Duration(2+dice.IntN(1000)) * time.Hour)
		case 4:
			a.Verb, a.Until = alert.Verb(any("snooze", "except")), t0.Add(-time.Duration(dice.IntN(1000))*time.Hour)
			if dice.IntN(2) == 0 {
				a.Until = t0.AddDate(1, 0, dice.IntN(100))
			}
		case 5:
			a.Verb, a.Reason, a.Approver = alert.VerbExcept, any("", " ", "\t"), "soc"
		case 6:
			a.Verb, a.Approver = alert.VerbExcept, any("", "eve@evil.example", "left", "sus", "bot", "li", "twin@corp.example")
		case 7:
			a.Fingerprints = [][]string{{"p"}, {"gone"}, {"unknown"}, {"h", "p"}, {""}}[dice.IntN(5)]
			a.By = user("ana@corp.example")
		case 8:
			a.Verb, a.Team = alert.Verb(any("not_mine", "delete", "", "ACKNOWLEDGE")), any("", "nobody", "payments", "platform'")
		}
		out, err := d.Act(t.Context(), a)
		if err != nil || out.Done || out.Refused == "" || out.Text == "" {
			t.Fatalf("%d: %+v gave %+v %v", i, a, out, err)
		}
	}
	if b.changed() != 0 || b.after != 0 || len(b.log) != 1000 {
		t.Errorf("changed %d, after %d, on record %d", b.changed(), b.after, len(b.log))
	}
}

// TestHalfDoneIsDoneAgain: whatever breaks on the way, the same action handed in again is done once.
func TestHalfDoneIsDoneAgain(t *testing.T) {
	for _, what := range []string{"done", "say", "tell", "keep"} {
		d, b := newDesk()
		b.fail = what
		if _, err := d.Act(t.Context(), act()); err == nil || b.failed != 1 {
			t.Errorf("%s: %v", what, err)
		}
		b.fail = ""
		out, err := d.Act(t.Context(), act())
		steps := map[ledger.Change]bool{}
		for _, s := range b.steps {
			steps[s] = true
		}
		if err != nil || !out.Done || len(steps) != 1 || len(b.said) != 1 || len(b.log) != 1 {
			t.Errorf("%s: %+v %v %v", what, out, err, slices.Collect(maps.Keys(steps)))
		}
		if !reflect.DeepEqual(b.said["h"].Handling, access.Handling{State: access.HandlingAcknowledged, By: "ana", At: t0}) {
			t.Errorf("%s: %+v", what, b.said)
		}
	}
	if _, err := New(Config{}).Act(t.Context(), alert.Action{}); !errors.Is(err, errNoID) {
		t.Error(err)
	}
}
