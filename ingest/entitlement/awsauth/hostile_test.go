package awsauth

import (
	"errors"
	"fmt"
	"math/rand"
	"reflect"
	"strings"
	"testing"

	"github.com/valyala/fastjson"
	"pgregory.net/rapid"

	"github.com/grantwatch/grantwatch/ingest/entitlement/reader"
)

func TestRefused(t *testing.T) {
	role := func(rest string) string {
		return "{\"RoleDetailList\": [\n{\"RoleName\": \"R\", \"Arn\": \"arn:aws:iam::111122223333:role/R\"" + rest + "}]}"
	}
	tests := []struct {
		name, doc string
		truncated bool
		want      string
	}{
		{"empty file", "", true, "iam.json:1:1: the file holds no document"},
		{"white space", " \n\n", true, "holds no document"},
		{"cut off", `{"RoleDetailList": [` + "\n" + `{"RoleName": "R", "Ar`, true, "iam.json:2:22: the JSON ends in the middle"},
		{"cut off before the end", `{"RoleDetailList": []`, true, "ends in the middle"},
		{"last page missing", `{"RoleDetailList": [], "IsTruncated": true, "Marker": "x"}`, true, "the last page is missing"},
		{"both pages say more", `{"RoleDetailList": [], "IsTruncated": true} {"RoleDetailList": [], "IsTruncated": true}`, true, "last page"},
		{"no JSON", "Account,Role\n1,2\n", false, "iam.json:1:1: invalid character 'A'"},
		{"a broken line", "{\"RoleDetailList\": [],\n  \"Policies\": [,]}", false, "iam.json:2:16: invalid character ','"},
		{"trailing rubbish", "{\"RoleDetailList\": []}\nxyz", false, "iam.json:2:1: invalid character 'x'"},
		{"another document", `{"Users": []}`, false, "iam.json:1:1: this is no get-account-authorization-details document"},
		{"a number", "7", false, "a page must be an object"},
		{"null list", "{\n \"RoleDetailList\": null}", false, "iam.json:2:20: RoleDetailList: must be a list, this is null"},
		{"list of strings", `{"RoleDetailList": ["R"]}`, false, "iam.json:1:21: RoleDetailList.0: must be an object"},
		{"no ARN", `{"RoleDetailList": [{"RoleName": "R"}]}`, false, "iam.json:1:21: RoleDetailList.0: Arn is missing"},
		{"ARN of a user", `{"RoleDetailList": [{"RoleName": "R", "Arn": "arn:aws:iam::111122223333:user/R"}]}`, false, "is no ARN of a role"},
		{"ARN is a number", `{"RoleDetailList": [{"RoleName": "R", "Arn": 7}]}`, false, "iam.json:1:46: RoleDetailList.0.Arn: must be a string, this is number"},
		{"wild date", role(`, "CreateDate": "yesterday"`), false, `iam.json:2:76: RoleDetailList.0.CreateDate: "yesterday" is no time`},
		{"document is a list", role(`, "AssumeRolePolicyDocument": []`), false, "AssumeRolePolicyDocument: a policy document must be an object"},
		{"bad encoding", role(`, "AssumeRolePolicyDocument": "%zz"`), false, "iam.json:2:90: RoleDetailList.0.AssumeRolePolicyDocument: the policy document cannot be URL-decoded"},
		{"encoded rubbish", role(`, "AssumeRolePolicyDocument": "%7Bx"`), false, "the policy document is no JSON"},
		{"no effect", role(`, "RolePolicyList": [{"PolicyName": "p", "PolicyDocument": {"Statement": [{"Action": "*", "Resource": "*"}]}}]`), false, `iam.json:2:134: RoleDetailList.0.RolePolicyList.0.PolicyDocument.Statement.0: Effect must be Allow or Deny`},
		{"action and not action", role(`, "RolePolicyList": [{"PolicyName": "p", "PolicyDocument": {"Statement": {"Effect": "Allow", "Action": "*", "NotAction": "*", "Resource": "*"}}}]`), false, "either Action or NotAction"},
		{"no resource", role(`, "RolePolicyList": [{"PolicyName": "p", "PolicyDocument": {"Statement": {"Effect": "Allow", "Action": "*"}}}]`), false, "either Resource or NotResource"},
		{"action is a number", role(`, "RolePolicyList": [{"PolicyName": "p", "PolicyDocument": {"Statement": {"Effect": "Allow", "Action": [1], "Resource": "*"}}}]`), false, "Statement.Action.0: must be a string"},
		{"empty action", role(`, "RolePolicyList": [{"PolicyName": "p", "PolicyDocument": {"Statement": {"Effect": "Allow", "Action": "", "Resource": "*"}}}]`), false, "Statement.Action: must not be empty"},
		{"empty principal", role(`, "AssumeRolePolicyDocument": {"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": ""}}`), false, "Statement.Principal: must not be empty"},
		{"empty principal in a list", role(`, "AssumeRolePolicyDocument": {"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": [""]}}}`), false, "Statement.Principal.AWS.0: must not be empty"},
		{"condition is a list", role(`, "RolePolicyList": [{"PolicyName": "p", "PolicyDocument": {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": []}}}]`), false, "Condition: must be an object"},
		{"second page is wrong", "{\"RoleDetailList\": []}\n{\"RoleDetailList\": {}}", false, "iam.json:2:20: RoleDetailList: must be a list"},
		{"IsTruncated is a word", `{"RoleDetailList": [], "IsTruncated": "no"}`, false, "IsTruncated: must be true or false"},
		{"too deep", strings.Repeat("[", 100000), false, "iam.json"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			snaps, err := Read(strings.NewReader(tt.doc), options)
			if err == nil {
				t.Fatalf("accepted: %d snapshots", len(snaps))
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("says %q, want %q", err, tt.want)
			}
			if tt.name != "too deep" && errors.Is(err, reader.ErrTruncated) != tt.truncated {
				t.Errorf("truncated: %v", !tt.truncated)
			}
			var where *reader.SyntaxError
			if !errors.As(err, &where) {
				t.Errorf("%T is no SyntaxError", err)
			}
		})
	}
}

func TestEmptyLists(t *testing.T) {
	snap := read(t, `{"UserDetailList": [], "GroupDetailList": [], "RoleDetailList": [], "Policies": []}`)
	if len(snap.Grants) != 0 || snap.Account != "999900001111" {
		t.Errorf("%d grants of %q", len(snap.Grants), snap.Account)
	}
}

func TestPages(t *testing.T) {
	first := `{"RoleDetailList": [{"RoleName": "A", "Arn": "arn:aws:iam::111122223333:role/A", "AttachedManagedPolicies": [{"PolicyName": "P", "PolicyArn": "arn:aws:iam::111122223333:policy/P"}]}], "IsTruncated": true, "Marker": "m"}`
	second := `{"RoleDetailList": [{"RoleName": "B", "Arn": "arn:aws:iam::111122223333:role/B"}], "Policies": [{"PolicyName": "P", "Arn": "arn:aws:iam::111122223333:policy/P", "PolicyVersionList": [{"IsDefaultVersion": true, "Document": {"Statement": {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}}}]}], "IsTruncated": false}`
	for name, doc := range map[string]string{"lines": first + "\n" + second, "array": "[" + first + "," + second + "]", "no gap": first + second, "twice": first + first + second} {
		snap := read(t, doc)
		if len(snap.Accounts) != 2 || len(snap.Grants) != 1 || brief(snap.Grants[0]) != "permission A sqs:* on * privileged" {
			t.Errorf("%s: %d accounts, grants %v", name, len(snap.Accounts), briefs(snap))
		}
	}
}

func TestTwoAccounts(t *testing.T) {
	doc := `{"RoleDetailList": [{"RoleName": "A", "Arn": "arn:aws:iam::111122223333:role/A"}, {"RoleName": "A", "Arn": "arn:aws:iam::444455556666:role/A"}]}`
	snaps, err := Read(strings.NewReader(doc), options)
	if err != nil || len(snaps) != 2 || snaps[0].Account != "111122223333" || snaps[1].Account != "444455556666" {
		t.Errorf("%d snapshots, %v", len(snaps), err)
	}
}

func withPolicies(kind, statements, boundary string) string {
	doc := fmt.Sprintf(`{"RoleDetailList": [{"RoleName": "R", "Arn": "arn:aws:iam::111122223333:role/R",
		"PermissionsBoundary": {"PermissionsBoundaryArn": "arn:aws:iam::111122223333:policy/B"},
		"RolePolicyList": [{"PolicyName": "p", "PolicyDocument": {"Statement": %s}}]}]`, statements)
	if boundary != "" {
		doc += fmt.Sprintf(`, "Policies": [{"PolicyName": "B", "Arn": "arn:aws:iam::111122223333:policy/B", "PolicyVersionList": [{"IsDefaultVersion": true, "Document": {"Statement": %s}}]}]`, boundary)
	}
	return doc + "}"
}

func TestLimits(t *testing.T) {
	const all = `{"Effect": "Allow", "Action": "*", "Resource": "*"}`
	tests := []struct{ name, statements, boundary, want string }{
		{"deny everywhere", `[` + all + `, {"Effect": "Deny", "Action": "iam:*", "Resource": "*"}]`, "", "permission R * on * denied=iam:* privileged"},
		{"deny on one bucket leaves the rest", `[` + all + `, {"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::b/*"}]`, "", "permission R * on * privileged"},
		{"conditional deny", `[` + all + `, {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "false"}}}]`, "", "permission R * on * privileged"},
		{"denied entirely", `[{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}, {"Effect": "Deny", "Action": "S3:*", "Resource": "*"}]`, "", ""},
		{"denied piece by piece", `[{"Effect": "Allow", "Action": "sqs:SendM*", "Resource": "*"}, {"Effect": "Deny", "Action": "sqs:SendMessage", "Resource": "*"}]`, "", ""},
		{"denied on its resource", `[{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/logs/*"}, {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}]`, "", ""},
		{"denied on part of its resource", `[{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}, {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/x"}]`, "", "permission R s3:GetObject on arn:aws:s3:::b/*"},
		{"deny elsewhere by NotResource", `[{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}, {"Effect": "Deny", "Action": "s3:*", "NotResource": "arn:aws:s3:::c/*"}]`, "", ""},
		{"deny all but some", `[` + all + `, {"Effect": "Deny", "NotAction": ["s3:*", "sqs:*"], "Resource": "*"}]`, "", "permission R * on * boundary=s3:*,sqs:* privileged"},
		{"boundary", `[` + all + `]`, `[{"Effect": "Allow", "Action": ["s3:Get*", "ec2:*"], "Resource": "*"}]`, "permission R * on * boundary=ec2:*,s3:Get* privileged"},
		{"boundary takes privilege away", `[` + all + `]`, `{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}`, "permission R * on * boundary=s3:Get*"},
		{"outside the boundary", `[{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}]`, `{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}`, ""},
		{"boundary of everything", `[` + all + `]`, all, "permission R * on * privileged"},
		{"boundary by exception", `[` + all + `]`, `{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}`, "permission R * on * denied=iam:* privileged"},
		{"boundary without its document", `[` + all + `]`, "", "permission R * on * privileged"},
		{"boundary and deny of all but some", `[` + all + `, {"Effect": "Deny", "NotAction": ["s3:*", "sqs:SendMessage"], "Resource": "*"}]`, `{"Effect": "Allow", "Action": ["s3:Get*", "sqs:*"], "Resource": "*"}`, "permission R * on * boundary=s3:Get*,sqs:SendMessage"},
		{"unknown action stays", `[{"Effect": "Allow", "Action": "nosuch:Thing", "Resource": "*"}, {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]`, "", "permission R nosuch:Thing on *"},
		{"unknown action, other boundary", `[{"Effect": "Allow", "Action": "nosuch:Thing", "Resource": "*"}]`, `{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			snap := read(t, withPolicies("role", tt.statements, tt.boundary))
			var got []string
			for _, g := range snap.Grants {
				got = append(got, brief(g))
			}
			if s := strings.Join(got, "; "); s != tt.want {
				t.Errorf("got  %q\nwant %q", s, tt.want)
			}
		})
	}
}

func TestGroupsDenyTheirMembers(t *testing.T) {
	snap := read(t, `{"UserDetailList": [{"UserName": "u", "Arn": "arn:aws:iam::111122223333:user/u", "GroupList": ["g"],
		"UserPolicyList": [{"PolicyName": "p", "PolicyDocument": {"Statement": {"Effect": "Allow", "Action": ["ec2:*", "sqs:*"], "Resource": "*"}}}]}],
		"GroupDetailList": [{"GroupName": "g", "Arn": "arn:aws:iam::111122223333:group/g",
		"GroupPolicyList": [{"PolicyName": "no", "PolicyDocument": {"Statement": {"Effect": "Deny", "Action": "sqs:*", "Resource": "*"}}}]}]}`)
	want := map[string]bool{"permission u ec2:* on * privileged": true, "membership u member on arn:aws:iam::111122223333:group/g": true}
	if got := briefs(snap); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v", got)
	}
}

func TestTenThousandStatements(t *testing.T) {
	var b strings.Builder
	b.WriteString("[")
	for i := range 10000 {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b%d/*"}`, i)
	}
	b.WriteString(`,{"Effect": "Deny", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b9/*"}]`)
	if got := len(read(t, withPolicies("role", b.String(), "")).Grants); got != 9999 {
		t.Errorf("%d grants, want 9999", got)
	}
}

// shuffle reorders every list of a document except the statements of its policies, whose numbers are names.
func shuffle(v *fastjson.Value, key string, rnd *rand.Rand) *fastjson.Value {
	var a fastjson.Arena
	switch v.Type() {
	case fastjson.TypeArray:
		items := v.GetArray()
		out := make([]*fastjson.Value, len(items))
		for i := range items {
			out[i] = shuffle(items[i], "", rnd)
		}
		if key != "Statement" {
			rnd.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
		}
		arr := a.NewArray()
		for i, item := range out {
			arr.SetArrayItem(i, item)
		}
		return arr
	case fastjson.TypeObject:
		obj := a.NewObject()
		o, _ := v.Object()
		o.Visit(func(k []byte, item *fastjson.Value) { obj.Set(string(k), shuffle(item, string(k), rnd)) })
		return obj
	}
	return v
}

func TestOrderMeansNothing(t *testing.T) {
	doc := fastjson.MustParseBytes(fixture(t, "ledger.json"))
	want := read(t, doc.String())
	rapid.Check(t, func(rt *rapid.T) {
		rnd := rand.New(rand.NewSource(rapid.Int64().Draw(rt, "seed")))
		got := read(t, shuffle(doc, "", rnd).String())
		if !reflect.DeepEqual(got, want) {
			rt.Fatalf("another order gives another snapshot:\n%v\n%v", briefs(got), briefs(want))
		}
	})
}

func FuzzRead(f *testing.F) {
	f.Add(fixture(f, "ledger.json"))
	f.Add([]byte(`[{"RoleDetailList": []}]`))
	f.Add([]byte(withPolicies("role", `{"Effect": "Deny", "NotAction": "*", "NotResource": "?"}`, `[]`)))
	f.Fuzz(func(t *testing.T, data []byte) {
		snaps, err := Read(strings.NewReader(string(data)), options)
		if err != nil {
			if len(snaps) > 0 {
				t.Fatal("an error and snapshots at once")
			}
			return
		}
		for _, s := range snaps {
			ids := map[string]bool{}
			for _, g := range s.Grants {
				if g.ID == "" || g.Subject == "" || g.Permission == "" || ids[g.ID] {
					t.Fatalf("bad grant %+v", g)
				}
				ids[g.ID] = true
			}
		}
	})
}

func BenchmarkNineThousandRoles(b *testing.B) {
	var doc strings.Builder
	doc.WriteString(`{"RoleDetailList": [`)
	for i := range 9000 {
		if i > 0 {
			doc.WriteByte(',')
		}
		fmt.Fprintf(&doc, `{"Path": "/", "RoleName": "role-%d", "RoleId": "AROA%016d", "Arn": "arn:aws:iam::111122223333:role/role-%d", "CreateDate": "2026-01-02T03:04:05+00:00",
			"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]},
			"RolePolicyList": [{"PolicyName": "inline", "PolicyDocument": {"Version": "2012-10-17", "Statement": [
				{"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "arn:aws:s3:::bucket-%d/*"},
				{"Effect": "Allow", "Action": "dynamodb:*", "Resource": "arn:aws:dynamodb:*:*:table/t%d"},
				{"Effect": "Allow", "Action": ["sqs:SendMessage", "sqs:Receive*"], "Resource": "*", "Condition": {"StringEquals": {"aws:RequestedRegion": "eu-central-1"}}},
				{"Effect": "Deny", "Action": "dynamodb:DeleteTable", "Resource": "*"}]}}],
			"AttachedManagedPolicies": [{"PolicyName": "Base", "PolicyArn": "arn:aws:iam::111122223333:policy/Base"}],
			"InstanceProfileList": [], "Tags": [{"Key": "team", "Value": "payments"}], "RoleLastUsed": {"LastUsedDate": "2026-08-01T00:00:00+00:00", "Region": "eu-central-1"}}`, i, i, i, i, i)
	}
	doc.WriteString(`], "Policies": [{"PolicyName": "Base", "Arn": "arn:aws:iam::111122223333:policy/Base", "PolicyVersionList": [{"IsDefaultVersion": true, "CreateDate": "2025-01-01T00:00:00Z",
		"Document": {"Statement": [{"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "*"}]}}]}]}`)
	text := doc.String()
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	var grants int
	for b.Loop() {
		snaps, err := Read(strings.NewReader(text), options)
		if err != nil {
			b.Fatal(err)
		}
		grants = len(snaps[0].Grants)
	}
	b.ReportMetric(float64(grants), "grants")
}
