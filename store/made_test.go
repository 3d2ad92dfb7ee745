package store

import (
	"fmt"
	"time"

	"github.com/grantwatch/grantwatch/access"
)

// hostile are values that a log can contain and a statement must survive.
var hostile = []string{
	``, ` `, `'`, `"`, `\`, `\\`, `\'`, `'; DROP TABLE events; --`, "tab\there", "line\nbreak", "return\r", "nul\x00byte", `{x:String}`,
	`%s`, `\N`, `NULL`, `[1,2]`, "`tick`", `/* comment */`, `-- comment`, `$1`, `?`, `@p`, "日本語", "\u202Eright to left", "emoji 🙂", `\x01`, "\x01", `a,b]`, `') OR 1=1 --`,
}

// fullEvent has every field set, each to something of its own around s.
func fullEvent(id string, at time.Time, s string) access.Event {
	v := func(name string) string { return name + " " + s }
	return access.Event{
		ID: id, Time: at, Provider: "aws", Account: "111122223333", Class: v("class"), LogClass: v("log class"), Action: v("action"),
		Access: access.LevelAdmin, Outcome: access.Success, Error: v("error"),
		Actor: access.Actor{ID: v("id"), UID: v("uid"), Name: v("name"), Email: v("email"), Kind: access.Workload, Issuer: v("issuer"),
			Credential: v("credential"), Chain: []string{v("link"), v("origin")}, Principal: v("principal"), Groups: []string{v("group")}},
		Targets:    []access.Target{{ID: v("target"), Type: v("type")}, {ID: v("other")}},
		Permission: v("permission"), Scope: v("scope"), Via: v("via"), SrcIP: v("ip"), UserAgent: v("agent"), Session: v("session"),
		Change: &access.Change{Kind: access.ChangeGrant, Subject: v("subject"), Grant: v("grant")},
		Attrs:  map[string]string{v("key"): v("value"), "plain": v("again")},
	}
}

// fullBatch has rows for every table.
func fullBatch(team, feed string, n int) *access.Batch {
	b := &access.Batch{Team: team, Feed: feed, Source: "logs/" + feed + ".json", From: int64(n * 100), To: int64(n*100 + 100),
		Token: fmt.Sprintf("%s/%s/%d", team, feed, n), Ingested: day(10), Received: int64(len(hostile)) + 3, Filtered: 2, Flagged: 1,
		Newest: day(n), Accounts: []string{"111122223333", "it's \\ 222"}}
	b.Lateness[0], b.Lateness[7], b.Lateness[39] = 5, 6, 7
	var usage []access.Usage
	for i, h := range hostile {
		e := fullEvent(fmt.Sprintf("%s-%s-%d-%02d", team, feed, n, i), day(n).Add(time.Duration(i)*time.Second+123456*time.Microsecond), h)
		flag := ""
		if i == 0 {
			flag = "future"
		}
		b.Events.Add(&e, flag)
		usage = append(usage, access.Usage{Team: team, Feed: feed, Provider: "aws", Account: "111122223333", Actor: "actor " + h, ActorUID: "uid " + h,
			Permission: "p " + h, Scope: "s " + h, Via: "v " + h, First: e.Time.Add(-time.Hour), Last: e.Time, LastID: e.ID, Days: []uint16{20000, uint16(20000 + n)},
			FirstDenied: day(n - 1), LastDenied: day(n), Groups: []string{"group " + h}})
		b.Hits = append(b.Hits, access.Hit{Rule: "rule " + h, Severity: access.SeverityHigh, Why: "why " + h, Team: team, Feed: feed, Event: e})
	}
	b.Usage = access.UsageOf(usage)
	b.Coverage = []access.CoverMinute{{Team: team, Feed: feed, Minute: day(n), First: day(n).Add(time.Second), Last: day(n).Add(30 * time.Second)}}
	b.Sessions = []access.SessionUse{
		{Team: team, Provider: "aws", Credential: "ASIA" + feed, Parent: "parent", ParentUID: "uid", ParentCred: "AKIA'", Role: `arn\role`, Issued: day(n)},
		{Team: team, Provider: "aws", Credential: "ASIA" + feed, First: day(n).Add(time.Minute), Last: day(n).Add(time.Hour)}}
	b.Dead = []access.DeadLetter{{ID: b.Token, Team: team, Feed: feed, Reason: access.ReasonSyntax, Detail: "it's\\bad", Position: "a'b:1", At: day(10), Raw: []byte("\xff\x00{\"half")}}
	return b
}
