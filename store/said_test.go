package store

import (
	"reflect"
	"testing"

	"github.com/grantwatch/grantwatch/access"
)

// TestWhatPeopleSaid: each row replaces the one before it, hostile words included, and written twice is written once.
func TestWhatPeopleSaid(t *testing.T) {
	s := open(t)
	h := Handling{Handling: access.Handling{State: access.HandlingAcknowledged, By: "ana'); DROP", At: day(1), Why: `\"`}, Fingerprint: "f", FindingTeam: "payments",
		Severity: access.SeverityHigh, Verdict: access.VerdictUnused, Action: "a1"}
	x := MadeException{Exception: access.Exception{Source: "desk", Match: access.Match{Kind: "A", Fingerprint: "f"}, Reason: "it's {x:String}", Approver: "li", Expires: day(30)},
		Team: "payments", Fingerprint: "f", Requester: "ana", At: day(1), Action: "a2"}
	a := Action{ID: "a1", At: day(1), Verb: "acknowledge", Team: "payments", User: "U1", Identity: "ana", Fingerprints: []string{"f", "g"}, Done: true, Changed: 2, Text: "done"}
	refused := Action{ID: "a3", At: day(3), Verb: "except", Refused: "no_right"}
	tr := Trouble{Channel: "#x", Team: "payments", Code: "is_archived", Hint: "route", Since: day(1), At: day(2), Open: true}
	for range 2 {
		for _, err := range []error{
			s.SaveHandlings(t.Context(), []Handling{h}), s.SaveExceptions(t.Context(), []MadeException{x}), s.SaveAction(t.Context(), a),
			s.SaveAction(t.Context(), refused), s.SaveTrouble(t.Context(), tr),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	if got, err := s.Handlings(t.Context()); err != nil || !reflect.DeepEqual(got, []Handling{h}) {
		t.Errorf("%+v %v", got, err)
	}
	if got, err := s.Exceptions(t.Context(), "payments"); err != nil || !reflect.DeepEqual(got, []MadeException{x}) {
		t.Errorf("%+v %v", got, err)
	}
	if got, err := s.Exceptions(t.Context(), "platform"); err != nil || len(got) != 0 {
		t.Errorf("%+v %v", got, err)
	}
	if got, ok, err := s.Action(t.Context(), "a1"); err != nil || !ok || !reflect.DeepEqual(got, a) {
		t.Errorf("%+v %v", got, err)
	}
	if _, ok, err := s.Action(t.Context(), "a'"); err != nil || ok {
		t.Errorf("%v %v", ok, err)
	}
	if got, err := s.ActionsSince(t.Context(), day(2)); err != nil || !reflect.DeepEqual(got, []Action{refused}) {
		t.Errorf("%+v %v", got, err)
	}
	if got, err := s.Troubles(t.Context()); err != nil || !reflect.DeepEqual(got, []Trouble{tr}) {
		t.Errorf("%+v %v", got, err)
	}
	tr.Open = false
	if err := s.SaveTrouble(t.Context(), tr); err != nil {
		t.Fatal(err)
	}
	if mark, err := s.FindingsMark(t.Context()); err != nil || mark != "0 2 2" {
		t.Errorf("%q %v", mark, err)
	}
	if got, err := s.Troubles(t.Context()); err != nil || len(got) != 0 {
		t.Errorf("%+v %v", got, err)
	}
	for fp, status := range map[string]string{"f": "sent", "digest:x": "sent", "g": "resolved"} {
		if err := s.SaveDeliveries(t.Context(), []Delivery{{Channel: "#" + fp, Fingerprint: fp, Status: status}}); err != nil {
			t.Fatal(err)
		}
	}
	named := func(channels []string, open bool) (out []string) {
		got, err := s.Deliveries(t.Context(), channels, open)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range got {
			out = append(out, d.Channel)
		}
		return out
	}
	if got := named(nil, true); !reflect.DeepEqual(got, []string{"#f"}) {
		t.Errorf("what stands and is not over is in %v", got)
	}
	if got := named([]string{"#g"}, true); !reflect.DeepEqual(got, []string{"#f", "#g"}) {
		t.Errorf("with all of #g that is %v", got)
	}
	if got := named([]string{"#g"}, false); !reflect.DeepEqual(got, []string{"#g"}) {
		t.Errorf("#g alone is %v", got)
	}
}
