package slack

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/alert"
	"github.com/grantwatch/grantwatch/alert/slack/slacktest"
	"github.com/grantwatch/grantwatch/detect/ledger"
)

// hostile are strings that an attacker may write into a log: names, resources, user agents.
var hostile = []string{
	// mentions and control sequences
	"<!channel>", "<!here>", "<!everyone>", "<!subteam^S0123ABCD>", "<@U0123ABCD>", "<#C0123ABCD>", "<#C0123ABCD|general>", "<!date^1700000000^{date}|now>",
	"@here", "@channel", "@everyone", "@group", "@HERE now", "x@here", "(@channel)", "@ana", "#general", "&lt;!channel&gt;", "&amp;lt;!here&amp;gt;", "<", ">", "&", "<<!here>>", "<!channel",
	"<!cha\u200bnnel>", "@\u200bhere", "@\u2060channel", "\uff20here", "@he\u00adre",
	// links
	"https://evil.example/login", "<https://evil.example|Grantwatch>", "[click](https://evil.example)", "HTTPS://EVIL.EXAMPLE", "mailto:a@evil.example", "slack://user?team=T1", "javascript:alert(1)", "data:text/html,x", "tel:110", "//evil.example", "http:\u200b//evil.example", "ftp://203.0.113.9/x",
	// formatting
	"`code`", "```block```", "a`b", "`", "``", "*bold*", "*RESOLVED*", "_it_", "~gone~", "* * *", "_ _", "*Who* `root`", "> quote", ">>> all quoted", "• item", "- item", "1. item", ":smile:", ":white_check_mark: all clear", "arn:aws:iam::111122223333:role/x", "s3:*", "**/*", "a_b_c_", "_x", "x_",
	// lines
	"a\nb", "a\r\nb", "a\u2028b", "a\u2029b", "a\u0085b", "a\vb\fc", "\n\n\n*Proposal* do nothing", "tab\there",
	// hidden
	"\u202Egnissap", "a\u202Db", "\u2066x\u2069", "adm\u200bin", "adm\u200cin", "adm\u200din", "adm\u2060in", "\ufeffadmin", "adm\u00adin", "a\x00b", "a\x1b[31mred", "a\x7fb", "a\u009bb", "\u3164", "\u115f\u1160", "\u2800", "a\u034fb", "x\ufe0f", "\U000e0041\U000e0042", "\ue000", "a\u180eb",
	"Z" + strings.Repeat("\u0335\u0346", 40), "\u17b4\u17b5", "\ufff9a\ufffa",
	// broken and long
	"\xff\xfe", "a\xc3", "\xed\xa0\x80", "\xf4\x90\x80\x80", strings.Repeat("A", 100_000), strings.Repeat("&", 5000), strings.Repeat("<", 5000), strings.Repeat("`", 5000), strings.Repeat("\U0001F600", 5000), strings.Repeat("\\\"", 5000),
	// syntax of other places
	`{"type":"actions"}`, `","blocks":[]`, "%3C!channel%3E", "&channel=C0OTHER", "token=x", "{{.Token}}", "${jndi:ldap://evil.example}", "'; DROP TABLE deliveries; --",
}

// poisoned is a message with a string in every place that a log can reach.
func poisoned(s string, findings int) *alert.Message {
	at := time.Date(2026, 9, 1, 10, 0, 0, 0, time.UTC)
	cov := 0.5
	f := access.Finding{
		Fingerprint: s, Kind: s, Verdict: access.Verdict(s), Rule: s, Severity: access.Severity(s), Title: s, Why: s, Team: s, Feed: s, State: "open",
		Identity: &access.FindingIdentity{UID: s, Name: s, Kind: access.Kind(s), Person: s + "p", Owner: s},
		Grant:    &access.FindingGrant{ID: s, Provider: s, Account: s, Permission: s, Resource: s, Path: s, GrantedAt: at, GrantedBy: s, ExpiresAt: at},
		Window:   &access.Interval{From: at.AddDate(0, 0, -90), To: at}, LastUsed: at, Coverage: &cov, CoverageGrade: s, Attribution: s, AttemptedOnly: true,
		Gaps: []access.Gap{{Feed: s, From: at, To: at, Why: s}, {Feed: s}, {Feed: s}, {Feed: s}}, Evidence: []string{s, s, s, s}, Proposal: s, Controls: []string{s, s}, OWASP: []string{s},
		BlindSpots: []string{s}, FirstSeen: at, Note: s, UsedActions: []string{s, s, s, s}, UnusedActions: 17, UnusedWeight: 40.25, Weight: 10,
		Handling: &access.Handling{State: s, By: s, At: at, Until: at, Team: s, Why: s},
	}
	m := &alert.Message{Key: alert.Key{Channel: "#payments", Fingerprint: s}, Reason: alert.ReasonWorse, Team: s, Kind: s, Cause: s, Title: s, Severity: access.Severity(s), New: 1, AsOf: at, At: at}
	m.Audience, m.Contradicted, m.Waited, m.StepsLeft = alert.AudienceEscalation, 2, 50*time.Hour, 3
	for range 20 {
		m.Steps = append(m.Steps, ledger.Change{Fingerprint: s, Team: s, At: at, From: s, To: s, Why: s, Who: s, Verdict: access.Verdict(s), Severity: access.Severity(s)})
	}
	m.Link = "https://grantwatch.example/finding/1"
	m.Record = alert.Record{Post: "p", Team: s, Kind: s, Cause: s, Title: s}
	for range findings {
		m.Findings = append(m.Findings, f)
	}
	for i := range 7 {
		u := f
		u.Gaps = []access.Gap{{Feed: s + fmt.Sprint(i)}}
		m.Unverifiable = append(m.Unverifiable, u)
	}
	return m
}

// all is every kind of message that m can become.
func all(m *alert.Message) []rendered {
	over, blind := *m, *m
	over.Reason, over.Closing = alert.ReasonResolved, alert.Closing{Unverifiable: 1, Excepted: 2, Elsewhere: 3}
	blind.Findings = nil
	graver, soon, late, week, ack, quiet := *m, *m, *m, *m, *m, *m
	graver.New = 0
	soon.Reason, late.Reason, week.Reason, quiet.Reason = alert.ReasonReminder, alert.ReasonEscalate, alert.ReasonDigest, alert.ReasonChanged
	over.Closing.How = []alert.Resolved{{How: "use", N: 1}, {How: m.Team, N: 2}}
	week.Week = &alert.Week{Name: m.Team, Open: m.Counts(), Unverifiable: 7, Blinds: m.Blinds(), New: 3, Resolved: over.Closing.How, Oldest: m.Findings}
	for range 20 {
		week.Week.Expiring = append(week.Week.Expiring, alert.Expiring{What: m.Team, Reason: m.Team, Approver: m.Team, Expires: m.At})
	}
	ack.Findings = slices.Clone(m.Findings)
	for i := range ack.Findings {
		ack.Findings[i].Handling = &access.Handling{State: "acknowledged", By: m.Team, At: m.At, Until: m.At, Why: m.Team}
	}
	ack.Unverifiable = nil
	return []rendered{render(m, testSeal), render(&over, testSeal), render(&blind, testSeal), renderReply(m), renderReply(&graver), renderReply(&soon), renderReply(&late), renderReply(&quiet), render(&week, testSeal), render(&ack, testSeal)}
}

func mustBeInert(t testing.TB, s string, r rendered) {
	t.Helper()
	markup, plain := texts(t, r)
	for _, text := range markup {
		if got := alive(text); len(got) > 0 {
			t.Errorf("%.60q: %.300q in %.400q", s, got, text)
		}
	}
	for _, text := range plain {
		if control.MatchString(text) || loud.MatchString(text) || outside["emoji"].MatchString(text) || outside["link"].MatchString(text) || strings.Contains(text, "\n") {
			t.Errorf("%.60q: header %q", s, text)
		}
	}
	mustBeAccepted(t, s, r)
}

func mustBeAccepted(t testing.TB, s string, r rendered) {
	t.Helper()
	raw, err := json.Marshal(r.blocks)
	if err != nil {
		t.Fatal(err)
	}
	form := url.Values{"text": {r.text}, "blocks": {string(raw)}, "parse": {"none"}, "metadata": {`{"event_type":"grantwatch_alert","event_payload":{"fingerprint":"f","post":"p"}}`}}
	if code, err := slacktest.CheckMessage(form); code != "" {
		t.Errorf("%.60q: %s, %d blocks of %d bytes: %v", s, code, len(r.blocks), len(raw), err)
	}
}

func TestHostileStringsAreInert(t *testing.T) {
	if len(hostile) < 60 {
		t.Fatalf("only %d strings", len(hostile))
	}
	for _, s := range hostile {
		for _, n := range []int{1, 20, 21} {
			for _, r := range all(poisoned(s, n)) {
				mustBeInert(t, s, r)
			}
		}
		mustBeInert(t, s, render(poisoned("a "+s+" b "+s, 1), testSeal))
	}
}

// TestCodeIsExact: what needs no change is shown as it is, so that it can be copied.
func TestCodeIsExact(t *testing.T) {
	for in, want := range map[string]string{
		"arn:aws:iam::111122223333:role/a_b*": "`arn:aws:iam::111122223333:role/a_b*`",
		"ana@corp.example":                    "`ana@corp.example`",
		"Zoë Müller 張":                        "`Zoë Müller 張`",
		"a<b":                                 "`a&lt;b`",
		"adm\u200bin":                         "`adm\uFFFDin`",
		"  a \n b ":                           "`a b`",
		"":                                    "",
		" \t":                                 "",
	} {
		if got := code(in, 200); got != want {
			t.Errorf("code(%q) = %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{
		"Used by ana@corp.example: 3 of 4 actions, 5 > 4, snake_case stays": "Used by ana@corp.example: 3 of 4 actions, 5 &gt; 4, snake_case stays",
		"s3:* on *": "s3∶∗ on ∗",
	} {
		if got := prose(in, 200); got != want {
			t.Errorf("prose(%q) = %q, want %q", in, got, want)
		}
	}
}

// TestTwoNamesStayTwo: hidden characters are marked, not dropped, or "admin" and its impostor would look the same.
func TestTwoNamesStayTwo(t *testing.T) {
	for _, impostor := range []string{"adm\u200bin", "\u202eadmin", "admin\u3164", "adm\u00adin", "admin\x00"} {
		if code(impostor, 100) == code("admin", 100) || prose(impostor, 100) == prose("admin", 100) {
			t.Errorf("%q reads like admin", impostor)
		}
	}
}

func FuzzInert(f *testing.F) {
	for _, s := range hostile {
		if len(s) < 200 {
			f.Add(s, 20)
		}
	}
	f.Fuzz(func(t *testing.T, s string, n int) {
		n = min(max(n, 0), 400)
		for _, got := range []string{code(s, n), prose(s, n)} {
			if found := alive(got); len(found) > 0 || len(got) > n+2 || !utf8.ValidString(got) {
				t.Errorf("%q to %q (%d bytes of %d): %q", s, got, len(got), n, found)
			}
		}
		if got := title(s, n); len(got) > n || control.MatchString(got) || loud.MatchString(got) {
			t.Errorf("title of %q: %q", s, got)
		}
		mustBeInert(t, s, render(poisoned(s, 1), testSeal))
	})
}
