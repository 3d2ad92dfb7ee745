package demo_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/examples/demo"
)

// subjects lists every name that a snapshot, or the identities files, know.
func subjects(t *testing.T, o *demo.Org) map[string]bool {
	t.Helper()
	known := map[string]bool{}
	for _, name := range o.Paths() {
		if demo.IsLog(name) {
			continue
		}
		data, err := fs.ReadFile(o.FS(), name)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case strings.HasPrefix(name, "iam/"):
			var s struct {
				UserDetailList, GroupDetailList, RoleDetailList []struct{ Arn string }
			}
			if err := json.Unmarshal(data, &s); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for _, list := range [][]struct{ Arn string }{s.UserDetailList, s.GroupDetailList, s.RoleDetailList} {
				for _, p := range list {
					known[p.Arn] = true
				}
			}
		case strings.HasPrefix(name, "rbac/"):
			var s struct {
				Items []struct {
					Kind     string
					Subjects []struct{ Kind, Name, Namespace string }
				}
			}
			if err := json.Unmarshal(data, &s); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for _, item := range s.Items {
				for _, sub := range item.Subjects {
					switch sub.Kind {
					case "ServiceAccount":
						known["system:serviceaccount:"+sub.Namespace+":"+sub.Name] = true
					case "Group":
						known["group:"+sub.Name] = true
					default:
						known[sub.Name] = true
					}
				}
			}
		case name == "people.csv" || name == "nhis.csv":
			rows, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for _, row := range rows[1:] {
				known[row[0]], known[row[2]] = true, true
			}
		}
	}
	return known
}

func TestTruth(t *testing.T) {
	o := small(t, 1)
	known := subjects(t, o)
	seen := map[string]bool{}
	kinds := map[string]int{}
	for _, row := range o.Truth() {
		k := strings.Join([]string{row.Kind, row.Subject, row.Permission, row.Resource, row.Feed}, "|")
		if seen[k] {
			t.Errorf("two truths for %s", k)
		}
		seen[k] = true
		if row.Feed == "" && !known[row.Subject] {
			t.Errorf("%s: no snapshot and no identities file knows %q", row.Kind, row.Subject)
		}
		kinds[row.Kind+" "+string(row.Verdict)]++
	}
	for _, want := range []string{
		"UNUSED_GRANT USED", "UNUSED_GRANT UNUSED", "UNUSED_GRANT UNVERIFIABLE", "UNUSED_GRANT UNLOGGABLE", "UNUSED_GRANT TOO_YOUNG",
		"UNUSED_GRANT OVERBROAD", "UNUSED_GRANT CLOSED", "UNUSED_GRANT DECLARED_IDLE", "OUT_OF_BAND VIOLATION", "BASELINE_DRIFT VIOLATION",
		"ACCOUNT_STILL_ENABLED VIOLATION", "POST_TERMINATION_ACTIVITY VIOLATION", "RESIDUAL_SESSION VIOLATION", "ORPHANED_NHI VIOLATION",
		"FEED_GAP VIOLATION", "FEED_SILENT VIOLATION",
	} {
		if kinds[want] == 0 {
			t.Errorf("nothing planted for %s", want)
		}
		t.Logf("%-45s %d", want, kinds[want])
	}
}

func TestVerdictOfUnusedHoldsInTheLog(t *testing.T) {
	// The truth is derived while planning; here it is checked against what the log really says, for the grants where
	// that is simple: one action of one role or user.
	o := small(t, 1)
	uses := map[string]time.Time{}
	denied := map[string]bool{}
	for _, name := range o.Paths() {
		if !strings.Contains(name, "/cloudtrail/") {
			continue
		}
		data, err := fs.ReadFile(o.FS(), name)
		if err != nil {
			t.Fatal(err)
		}
		for line := range bytes.Lines(data) {
			var r struct {
				EventTime                         time.Time
				EventSource, EventName, ErrorCode string
				RequestParameters                 struct{ BucketName string }
				UserIdentity                      struct {
					Arn            string
					SessionContext struct{ SessionIssuer struct{ Arn string } }
				}
			}
			if err := json.Unmarshal(line, &r); err != nil {
				t.Fatal(err)
			}
			who := r.UserIdentity.Arn
			if issuer := r.UserIdentity.SessionContext.SessionIssuer.Arn; issuer != "" {
				who = issuer
			}
			service, _, _ := strings.Cut(r.EventSource, ".")
			action := map[string]string{"s3:ListBuckets": "s3:ListAllMyBuckets", "lambda:UpdateFunctionCode20150331v2": "lambda:UpdateFunctionCode",
				"monitoring:DescribeAlarms": "cloudwatch:DescribeAlarms"}[service+":"+r.EventName]
			if action == "" {
				action = service + ":" + r.EventName
			}
			k := who + " " + action
			if bucket := r.RequestParameters.BucketName; bucket != "" { // the log names the bucket: a use of another one is none
				k += " arn:aws:s3:::" + bucket + "/*"
			}
			if r.ErrorCode != "" {
				denied[k] = true
			} else if r.EventTime.After(uses[k]) {
				uses[k] = r.EventTime
			}
		}
	}
	window := o.AsOf().AddDate(0, 0, -88)
	for _, row := range o.Truth() {
		if row.Kind != "UNUSED_GRANT" || row.Provider != "aws" || strings.Contains(row.Subject, ":group/") || strings.Contains(row.Permission, "*") || row.Permission == "member" || row.Permission == "sts:AssumeRole" {
			continue
		}
		k := row.Subject + " " + row.Permission
		if strings.HasPrefix(row.Resource, "arn:aws:s3:::") {
			k += " " + row.Resource
		}
		used := uses[k].After(window)
		switch row.Verdict {
		case access.VerdictUsed:
			if !used {
				t.Errorf("%s: USED, but its last use is %s", k, uses[k])
			}
		case access.VerdictUnused, access.VerdictUnverifiable, access.VerdictTooYoung, access.VerdictUnloggable:
			if used && !strings.Contains(row.Trap, "45 days") {
				t.Errorf("%s: %s (%s), but it was used on %s", k, row.Verdict, row.Trap, uses[k])
			}
		}
		if row.Note == "attempted_only" && !denied[k] {
			t.Errorf("%s: no denied attempt", k)
		}
	}
}
