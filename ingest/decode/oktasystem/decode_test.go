package oktasystem

import (
	"fmt"
	"strings"
	"testing"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/ingest/decode/field"
)

func decode(t *testing.T, rec string) access.Event {
	t.Helper()
	var ev access.Event
	if err := New(field.NewStrings()).Decode([]byte(rec), &ev); err != nil {
		t.Fatalf("%s: %v", rec, err)
	}
	return ev
}

// record makes a log event; members in more come first and so win.
func record(event, more string) string {
	return fmt.Sprintf(`{%s,"eventType":"%s","uuid":"u1","published":"2026-09-11T09:00:00.123Z","actor":{"id":"00u1","type":"User","alternateId":"ana@corp.example","displayName":"Ana"},"outcome":{"result":"SUCCESS"}}`, more, event)
}

func TestOutcomes(t *testing.T) {
	for result, want := range map[string]access.Outcome{
		"SUCCESS": access.Success, "ALLOW": access.Success, "FAILURE": access.Failure, "DENY": access.Denied, "CHALLENGE": access.Unknown,
		"SKIPPED": access.Unknown, "UNKNOWN": access.Unknown, "DEFERRED": access.Unknown, "RATE_LIMIT": access.Failure, "ABANDONED": access.Failure, "": access.Unknown,
	} {
		ev := decode(t, record("user.session.start", `"outcome":{"result":"`+result+`","reason":"why"}`))
		if ev.Outcome != want || (ev.Error == "") != (want == access.Success) {
			t.Errorf("%s: %s %q, want %s", result, ev.Outcome, ev.Error, want)
		}
	}
	if ev := decode(t, record("application.policy.sign_on.deny_access", `"outcome":{"result":"FAILURE"}`)); ev.Outcome != access.Denied {
		t.Errorf("a denied sign-on is %s", ev.Outcome)
	}
	if ev := decode(t, record("user.session.start", `"outcome":null,"z":0`)); ev.Outcome != access.Unknown {
		t.Errorf("no outcome is %s", ev.Outcome)
	}
}

func TestFamilies(t *testing.T) {
	for event, want := range map[string][2]string{
		"user.session.start":              {"Authentication", "signin-interactive"},
		"user.session.access_admin_app":   {"Authentication", "signin-interactive"},
		"user.authentication.sso":         {"Authentication", "signin-interactive"},
		"user.mfa.factor.deactivate":      {"Account Change", "admin"},
		"user.account.privilege.grant":    {"User Access Management", "admin"},
		"user.account.lock":               {"Account Change", "admin"},
		"user.lifecycle.create":           {"Account Change", "admin"},
		"group.user_membership.add":       {"Group Management", "admin"},
		"application.user_membership.add": {"User Access Management", "admin"},
		"app.oauth2.token.grant":          {"Authentication", "signin-noninteractive"},
		"app.oauth2.as.consent.grant":     {"User Access Management", "admin"},
		"system.api_token.create":         {"API Activity", "admin"},
		"system.agent.ad.connect":         {"API Activity", "system"},
		"policy.rule.update":              {"API Activity", "admin"},
		"something.new":                   {"API Activity", "admin"},
	} {
		ev := decode(t, record(event, `"z":0`))
		if got := [2]string{ev.Class, ev.LogClass}; got != want {
			t.Errorf("%s: %q, want %q", event, got, want)
		}
	}
	for i, f := range families {
		for _, before := range families[:i] {
			if strings.HasPrefix(f.prefix, before.prefix) {
				t.Errorf("%q can never match: %q stands before it", f.prefix, before.prefix)
			}
		}
	}
}

func TestActors(t *testing.T) {
	for actor, want := range map[string]access.Actor{
		`{"id":"00u1","type":"User","alternateId":"ana@corp.example","displayName":"Ana"}`:            {ID: "ana@corp.example", UID: "00u1", Name: "Ana", Email: "ana@corp.example", Kind: access.Human},
		`{"id":"spr1","type":"SystemPrincipal","alternateId":"system@okta.com","displayName":"Okta"}`: {ID: "system@okta.com", UID: "spr1", Name: "Okta", Kind: access.System},
		`{"id":"0oa1","type":"PublicClientApp","alternateId":"unknown","displayName":"Bot"}`:          {ID: "0oa1", UID: "0oa1", Name: "Bot", Kind: access.Service},
		`{"id":"aia1","type":"AIAgent","alternateId":"helper"}`:                                       {ID: "helper", UID: "aia1", Kind: access.Agent},
		`{"id":"x","type":"SomethingNew","alternateId":"y"}`:                                          {ID: "y", UID: "x", Kind: access.KindUnknown},
		`{"alternateId":"kim@corp.example"}`:                                                          {ID: "kim@corp.example", Email: "kim@corp.example", Kind: access.Human},
		`{}`:                                                                                          {Kind: access.KindUnknown},
	} {
		want.Principal = want.ID
		ev := decode(t, record("user.session.start", `"actor":`+actor))
		if got := ev.Actor; fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
			t.Errorf("%s:\n got %+v\nwant %+v", actor, got, want)
		}
	}
}

func TestAddresses(t *testing.T) {
	for more, want := range map[string]string{
		`"client":{"ipAddress":"192.0.2.1"}`:                                          "192.0.2.1",
		`"client":{"ipAddress":"null"}`:                                               "",
		`"client":null,"request":{"ipChain":[{"ip":"192.0.2.2"},{"ip":"192.0.2.3"}]}`: "192.0.2.2",
		`"client":{"ipAddress":"not an address"}`:                                     "",
		`"request":{"ipChain":[]}`:                                                    "",
	} {
		if got := decode(t, record("user.session.start", more)).SrcIP; got != want {
			t.Errorf("%s: %q, want %q", more, got, want)
		}
	}
}

func TestChanges(t *testing.T) {
	const user, group, app = `{"type":"User","id":"00u2","alternateId":"kim@corp.example"}`, `{"type":"UserGroup","id":"00g","alternateId":"unknown","displayName":"Sales"}`, `{"type":"AppInstance","id":"0oa","displayName":"Wiki"}`
	for event, c := range map[string]struct {
		targets string
		want    access.Change
	}{
		"group.user_membership.add":          {user + "," + group, access.Change{Kind: access.ChangeGrant, Subject: "kim@corp.example", Grant: "group:Sales"}},
		"group.user_membership.remove":       {group + "," + user, access.Change{Kind: access.ChangeRevoke, Subject: "kim@corp.example", Grant: "group:Sales"}},
		"application.user_membership.add":    {app + "," + user, access.Change{Kind: access.ChangeGrant, Subject: "kim@corp.example", Grant: "app:Wiki"}},
		"application.user_membership.remove": {app + `,{"type":"AppUser","alternateId":"kim@corp.example"}`, access.Change{Kind: access.ChangeRevoke, Subject: "kim@corp.example", Grant: "app:Wiki"}},
		"group.application_assignment.add":   {app + "," + group, access.Change{Kind: access.ChangeGrant, Subject: "group:Sales", Grant: "app:Wiki"}},
		"user.lifecycle.suspend":             {user, access.Change{Kind: access.ChangeDisable, Subject: "kim@corp.example"}},
		"user.lifecycle.activate":            {user, access.Change{Kind: access.ChangeEnable, Subject: "kim@corp.example"}},
		"user.lifecycle.delete.initiated":    {user, access.Change{Kind: access.ChangeDelete, Subject: "kim@corp.example"}},
		"user.account.update_password":       {"", access.Change{Kind: access.ChangeRotate, Subject: "ana@corp.example", Grant: "password"}},
		"user.mfa.factor.reset_all":          {user, access.Change{Kind: access.ChangeDisable, Subject: "kim@corp.example", Grant: "factor"}},
		"system.api_token.revoke":            {`{"type":"Token","id":"00T","displayName":"ci"}`, access.Change{Kind: access.ChangeDelete, Subject: "ana@corp.example", Grant: "token:ci"}},
		"system.log_stream.lifecycle.delete": {`{"type":"LogStream","id":"ls","displayName":"siem"}`, access.Change{Kind: access.ChangeLogging, Subject: "siem"}},
		"app.oauth2.as.consent.grant":        {app, access.Change{Kind: access.ChangeGrant, Subject: "ana@corp.example", Grant: "app:Wiki"}},
		"user.account.privilege.grant":       {user + `,{"type":"ROLE","displayName":"Help Desk"}`, access.Change{Kind: access.ChangeGrant, Subject: "kim@corp.example", Grant: "role:Help Desk"}},
		"group.privilege.revoke":             {group + `,{"type":"ROLE","displayName":"Help Desk"}`, access.Change{Kind: access.ChangeRevoke, Subject: "group:Sales", Grant: "role:Help Desk"}},
	} {
		ev := decode(t, record(event, `"target":[`+c.targets+`]`))
		if ev.Change == nil || *ev.Change != c.want {
			t.Errorf("%s: %+v, want %+v", event, ev.Change, c.want)
		}
		if ev := decode(t, record(event, `"outcome":{"result":"FAILURE"},"target":[`+c.targets+`]`)); ev.Change != nil {
			t.Errorf("%s failed and changed %+v", event, ev.Change)
		}
	}
}
