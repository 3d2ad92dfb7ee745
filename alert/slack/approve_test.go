package slack

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/alert"
	"github.com/grantwatch/grantwatch/alert/slack/slacktest"
)

// TestApproverPresses: whoever is asked gets the finding as a direct message with two buttons, and what they press arrives as their
// answer; in the team's channel the same buttons stand, and whose they are is the desk's to say.
func TestApproverPresses(t *testing.T) {
	for _, way := range ways2 {
		t.Run(way, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := newOffice(t, way)
				defer o.stop()
				asked := message(alert.Mail("li@corp.example"), 2)
				asked.Audience = alert.AudienceApprover
				asked.Findings[0].Handling = &access.Handling{State: access.HandlingRequested, By: "ana", At: time.Now(), Until: time.Now().AddDate(0, 0, 3), Why: "needed until the migration",
					Asked: &access.Asked{Approver: "li", Mail: "li@corp.example", Expires: time.Now().AddDate(0, 1, 0)}}
				sent := o.mustSend(asked, nil)
				dm := o.Channels[len(o.Channels)-1]
				if dm.IM != "U0LI" || len(dm.Messages) != 1 {
					t.Fatalf("told in %+v", dm)
				}
				blocks, err := slacktest.Blocks(string(dm.Messages[0].Blocks), false)
				if err != nil {
					t.Fatal(err)
				}
				var can []string
				for _, b := range blocks {
					for _, e := range b.Elements {
						if e.ActionID != "" {
							can = append(can, e.ActionID)
						}
					}
				}
				if want := []string{actApprove, actDecline}; !slices.Equal(can, want) {
					t.Errorf("it offers %q, want %q", can, want)
				}
				for _, says := range []string{"An exception was asked for", "decides until", "needed until the migration", "you were asked to decide"} {
					if !strings.Contains(string(dm.Messages[0].Blocks), says) {
						t.Errorf("it does not say %q: %s", says, dm.Messages[0].Blocks)
					}
				}
				for _, action := range []string{actApprove, actDecline} {
					o.mustPress(slacktest.Press{User: "U0LI", Channel: dm.ID, TS: sent.TS, ActionID: action})
				}
				if len(o.desk.got) != 2 || o.desk.got[0].Verb != alert.VerbApprove || o.desk.got[1].Verb != alert.VerbDecline {
					t.Fatalf("arrived: %+v\n%s", o.desk.got, o.logs)
				}
				for _, a := range o.desk.got {
					if a.By.Email != "li@corp.example" || a.Key != asked.Key {
						t.Errorf("arrived: %+v", a)
					}
				}
			})
		})
	}
}
