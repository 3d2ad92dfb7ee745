package awscloudtrail

import (
	"errors"
	"fmt"
	"reflect"
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

// record makes a record of a call with more members, which come first and so win.
func record(source, name, more string) string {
	if more != "" {
		more += ","
	}
	return fmt.Sprintf(`{%s"eventTime":"2026-09-01T08:15:00Z","eventID":"e1","eventSource":"%s.amazonaws.com","eventName":"%s","recipientAccountId":"111122223333",
		"userIdentity":{"type":"IAMUser","principalId":"AIDA1","arn":"arn:aws:iam::111122223333:user/ana","accountId":"111122223333","userName":"ana"}}`, more, source, name)
}

func TestActors(t *testing.T) {
	cases := []struct {
		name, identity, more string
		want                 access.Actor
	}{
		{"root", `{"type":"Root","principalId":"111122223333","arn":"arn:aws:iam::111122223333:root"}`, "",
			access.Actor{ID: "arn:aws:iam::111122223333:root", UID: "111122223333", Name: "root", Kind: access.Human, Principal: "arn:aws:iam::111122223333:root"}},
		{"user with a key", `{"type":"IAMUser","principalId":"AIDA1","arn":"arn:aws:iam::111122223333:user/bot","userName":"bot","accessKeyId":"AKIA1"}`, "",
			access.Actor{ID: "arn:aws:iam::111122223333:user/bot", UID: "AIDA1", Name: "bot", Kind: access.KindUnknown, Credential: "AKIA1", Principal: "arn:aws:iam::111122223333:user/bot"}},
		{"user in the console", `{"type":"IAMUser","principalId":"AIDA1","arn":"arn:aws:iam::111122223333:user/ana","userName":"ana"}`, `"sessionCredentialFromConsole":"true"`,
			access.Actor{ID: "arn:aws:iam::111122223333:user/ana", UID: "AIDA1", Name: "ana", Kind: access.Human, Principal: "arn:aws:iam::111122223333:user/ana"}},
		{"role without issuer", `{"type":"AssumedRole","principalId":"AROA1:sess","arn":"arn:aws-us-gov:sts::111122223333:assumed-role/app/sess"}`, "",
			access.Actor{ID: "arn:aws-us-gov:sts::111122223333:assumed-role/app/sess", UID: "AROA1", Name: "app", Kind: access.Workload,
				Chain: []string{"arn:aws-us-gov:sts::111122223333:assumed-role/app/sess", "sess"}, Principal: "arn:aws-us-gov:iam::111122223333:role/app"}},
		{"federated person in a role", `{"type":"AssumedRole","principalId":"AROA1:li@corp.example","arn":"arn:aws:sts::111122223333:assumed-role/Dev/li@corp.example","sessionContext":{"sessionIssuer":{"arn":"arn:aws:iam::111122223333:role/x/Dev","userName":"Dev"}}}`, "",
			access.Actor{ID: "arn:aws:sts::111122223333:assumed-role/Dev/li@corp.example", UID: "AROA1", Name: "Dev", Email: "li@corp.example", Kind: access.Human, Issuer: "arn:aws:iam::111122223333:role/x/Dev",
				Chain: []string{"arn:aws:sts::111122223333:assumed-role/Dev/li@corp.example", "li@corp.example"}, Principal: "arn:aws:iam::111122223333:role/x/Dev"}},
		{"service-linked role", `{"type":"AssumedRole","principalId":"AROA1:s","arn":"arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForX/s","sessionContext":{"sessionIssuer":{"arn":"arn:aws:iam::111122223333:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX"}}}`, "",
			access.Actor{ID: "arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForX/s", UID: "AROA1", Name: "AWSServiceRoleForX", Kind: access.System, Issuer: "arn:aws:iam::111122223333:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX",
				Chain: []string{"arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForX/s", "s"}, Principal: "arn:aws:iam::111122223333:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX"}},
		{"source identity is the origin", `{"type":"AssumedRole","principalId":"AROA1:s","arn":"arn:aws:sts::111122223333:assumed-role/app/s","sessionContext":{"sourceIdentity":"kim","sessionIssuer":{"arn":"arn:aws:iam::111122223333:role/app"}}}`, "",
			access.Actor{ID: "arn:aws:sts::111122223333:assumed-role/app/s", UID: "AROA1", Name: "app", Kind: access.Workload, Issuer: "arn:aws:iam::111122223333:role/app",
				Chain: []string{"arn:aws:sts::111122223333:assumed-role/app/s", "s", "kim"}, Principal: "arn:aws:iam::111122223333:role/app"}},
		{"service", `{"type":"AWSService","invokedBy":"config.amazonaws.com"}`, "",
			access.Actor{ID: "config.amazonaws.com", Kind: access.System, Principal: "config.amazonaws.com"}},
		{"other account", `{"type":"AWSAccount","principalId":"AIDA9","accountId":"444455556666"}`, "",
			access.Actor{ID: "AIDA9", UID: "AIDA9", Kind: access.KindUnknown, Principal: "arn:aws:iam::444455556666:root"}},
		{"nobody", `{"type":"AWSAccount","principalId":"","accountId":"ANONYMOUS_PRINCIPAL"}`, "",
			access.Actor{ID: "anonymous", Kind: access.Anonymous, Principal: "anonymous"}},
		{"SAML", `{"type":"SAMLUser","principalId":"qualifier=:kim@corp.example","userName":"kim@corp.example","identityProvider":"qualifier="}`, "",
			access.Actor{ID: "kim@corp.example", Name: "kim@corp.example", Email: "kim@corp.example", Kind: access.Human, Issuer: "qualifier=", Chain: []string{"qualifier=:kim@corp.example"}, Principal: "kim@corp.example"}},
		{"person with a web identity", `{"type":"WebIdentityUser","principalId":"accounts.google.com:app:7","userName":"7","identityProvider":"accounts.google.com"}`, "",
			access.Actor{ID: "accounts.google.com:app:7", Name: "7", Kind: access.Human, Issuer: "accounts.google.com", Principal: "accounts.google.com:app:7"}},
		{"Identity Center", `{"type":"IdentityCenterUser","onBehalfOf":{"userId":"u-1","identityStoreArn":"arn:is"},"credentialId":"c-1"}`, "",
			access.Actor{ID: "u-1", UID: "u-1", Kind: access.Human, Issuer: "arn:is", Credential: "c-1", Chain: []string{"u-1"}, Principal: "u-1"}},
		{"unknown", `{"type":"Unknown","principalId":"p"}`, "", access.Actor{ID: "p", UID: "p", Kind: access.KindUnknown, Principal: "p"}},
		{"hidden", `{"type":"IAMUser","userName":"HIDDEN_DUE_TO_SECURITY_REASONS"}`, `"eventType":"AwsConsoleSignIn"`,
			access.Actor{Name: "HIDDEN_DUE_TO_SECURITY_REASONS", Kind: access.Human}},
		{"absent", `null`, "", access.Actor{Kind: access.KindUnknown}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			more := `"userIdentity":` + c.identity
			if c.more != "" {
				more += "," + c.more
			}
			rec := strings.Replace(record("ec2", "DescribeInstances", more), `"userIdentity":{"type":"IAMUser","principalId":"AIDA1","arn":"arn:aws:iam::111122223333:user/ana","accountId":"111122223333","userName":"ana"}`, `"z":0`, 1)
			if c.name == "user in the console" {
				rec = record("ec2", "DescribeInstances", more)
			}
			if got := decode(t, rec).Actor; !reflect.DeepEqual(got, c.want) {
				t.Errorf("\n got %+v\nwant %+v", got, c.want)
			}
		})
	}
}

func TestOutcomes(t *testing.T) {
	cases := []struct {
		source, name, more string
		want               access.Outcome
		err                string
	}{
		{"s3", "GetObject", ``, access.Success, ""},
		{"s3", "GetObject", `"errorCode":null`, access.Success, ""},
		{"s3", "GetObject", `"errorCode":"AccessDenied","errorMessage":"no"`, access.Denied, "AccessDenied: no"},
		{"ec2", "RunInstances", `"errorCode":"Client.UnauthorizedOperation"`, access.Denied, "Client.UnauthorizedOperation"},
		{"ec2", "RunInstances", `"errorCode":"Client.DryRunOperation"`, access.Failure, "Client.DryRunOperation"},
		{"kms", "Decrypt", `"errorCode":"AccessDeniedException"`, access.Denied, "AccessDeniedException"},
		{"sns", "Publish", `"errorCode":"AuthorizationErrorException"`, access.Denied, "AuthorizationErrorException"},
		{"sqs", "SendMessage", `"errorCode":"NoSuchQueue"`, access.Failure, "NoSuchQueue"},
		{"signin", "ConsoleLogin", `"responseElements":{"ConsoleLogin":"Success"}`, access.Success, ""},
		{"signin", "ConsoleLogin", `"responseElements":{"ConsoleLogin":"Failure"},"errorMessage":"Failed authentication"`, access.Failure, "Failed authentication"},
		{"signin", "SwitchRole", `"responseElements":{"SwitchRole":"Success"}`, access.Success, ""},
		{"signin", "CheckMfa", `"responseElements":{"CheckMfa":"Failure"}`, access.Failure, ""},
	}
	for _, c := range cases {
		ev := decode(t, record(c.source, c.name, c.more))
		if ev.Outcome != c.want || ev.Error != c.err {
			t.Errorf("%s %s: %s %q, want %s %q", c.name, c.more, ev.Outcome, ev.Error, c.want, c.err)
		}
	}
	long := decode(t, record("s3", "GetObject", `"errorCode":"X","errorMessage":"`+strings.Repeat("é", 1000)+`"`))
	if len(long.Error) > messageMax+3 || strings.Contains(long.Error, "\ufffd") {
		t.Errorf("long message: %d bytes", len(long.Error))
	}
}

func TestLogClasses(t *testing.T) {
	cases := []struct{ source, name, more, want string }{
		{"iam", "ListUsers", `"readOnly":true,"managementEvent":true,"eventCategory":"Management"`, "management-read"},
		{"iam", "ListUsers", `"readOnly":"true"`, "management-read"},
		{"iam", "CreateUser", `"readOnly":false`, "management-write"},
		{"iam", "ListUsers", ``, "management-read"},
		{"iam", "CreateUser", ``, "management-write"},
		{"signin", "ConsoleLogin", ``, "management-write"},
		{"s3", "GetObject", `"readOnly":true,"managementEvent":false,"eventCategory":"Data"`, "data:s3"},
		{"s3", "GetObject", `"readOnly":true`, "management-read"},
		{"s3", "GetObject", ``, "data:s3"},
		{"lambda", "Invoke", `"managementEvent":false`, "data:lambda"},
		{"newservice", "DoThing", `"eventCategory":"Data"`, "data:newservice"},
		{"ec2", "X", `"eventCategory":"NetworkActivity"`, "network"},
		{"ec2", "X", `"eventCategory":"Insight"`, "insight"},
	}
	for _, c := range cases {
		if got := decode(t, record(c.source, c.name, c.more)).LogClass; got != c.want {
			t.Errorf("%s %s {%s}: %q, want %q", c.source, c.name, c.more, got, c.want)
		}
	}
}

func TestPermissions(t *testing.T) {
	for _, c := range []struct {
		source, name, action, permission string
		level                            access.Level
	}{
		{"s3", "HeadObject", "s3:HeadObject", "s3:GetObject", access.LevelRead},
		{"lambda", "GetFunction20150331v2", "lambda:GetFunction20150331v2", "lambda:GetFunction", access.LevelRead},
		{"monitoring", "PutMetricAlarm", "cloudwatch:PutMetricAlarm", "cloudwatch:PutMetricAlarm", access.LevelWrite},
		{"sts", "GetCallerIdentity", "sts:GetCallerIdentity", "", access.LevelRead},
		{"sts", "AssumeRole", "sts:AssumeRole", "sts:AssumeRole", access.LevelAuth},
		{"signin", "ConsoleLogin", "signin:ConsoleLogin", "", access.LevelAuth},
		{"nonesuch", "DescribeThings", "nonesuch:DescribeThings", "", access.LevelRead},
	} {
		ev := decode(t, record(c.source, c.name, ""))
		if ev.Action != c.action || ev.Permission != c.permission || ev.Access != c.level {
			t.Errorf("%s %s: %s %q %s", c.source, c.name, ev.Action, ev.Permission, ev.Access)
		}
	}
}

func TestTrimDate(t *testing.T) {
	for in, want := range map[string]string{
		"AddPermission20150331v2": "AddPermission", "Invoke20150331": "Invoke", "CreateDistribution2020_05_31": "CreateDistribution",
		"GetObject": "GetObject", "ListObjectsV2": "ListObjectsV2", "Describe12345678": "Describe12345678", "": "", "20150331": "",
		"CreateFunctionV2": "CreateFunctionV2", "x20150331v": "x20150331v",
	} {
		if got := trimDate(in); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

func TestScopes(t *testing.T) {
	for _, c := range []struct{ name, source, event, more, want string }{
		{"bucket", "s3", "PutObject", `"requestParameters":{"bucketName":"b","key":"k"}`, "arn:aws:s3:::b"},
		{"bucket in China", "s3", "PutObject", `"awsRegion":"cn-north-1","requestParameters":{"bucketName":"b"}`, "arn:aws-cn:s3:::b"},
		{"bucket from the resources", "s3", "GetObject", `"resources":[{"ARN":"arn:aws:s3:::b/k"}]`, "arn:aws:s3:::b"},
		{"role", "sts", "AssumeRole", `"requestParameters":{"roleArn":"arn:aws:iam::1:role/r"}`, "arn:aws:iam::1:role/r"},
		{"one key", "kms", "Decrypt", `"resources":[{"ARN":"arn:aws:kms:r:1:key/a"}]`, "arn:aws:kms:r:1:key/a"},
		{"two keys", "kms", "ReEncrypt", `"resources":[{"ARN":"arn:aws:kms:r:1:key/a"},{"ARN":"arn:aws:kms:r:1:key/b"}]`, ""},
		{"the same key twice", "kms", "Decrypt", `"resources":[{"ARN":"arn:aws:kms:r:1:key/a"},{"ARN":"arn:aws:kms:r:1:key/a"}]`, "arn:aws:kms:r:1:key/a"},
		{"another service's", "lambda", "Invoke", `"resources":[{"ARN":"arn:aws:s3:::b"}]`, ""},
		{"secret by name", "secretsmanager", "GetSecretValue", `"requestParameters":{"secretId":"prod/db"}`, ""},
		{"policy is not what attaching is checked against", "iam", "AttachUserPolicy", `"requestParameters":{"userName":"u","policyArn":"arn:aws:iam::aws:policy/P"}`, ""},
	} {
		if got := decode(t, record(c.source, c.event, c.more)).Scope; got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestEnvelopesAndErrors(t *testing.T) {
	var ev access.Event
	dec := New(field.NewStrings())
	for rec, want := range map[string]access.Reason{
		`{"eventName":7}`:                      access.ReasonType,
		`{"eventName":"X","eventTime":7}`:      access.ReasonType,
		`{"eventName":"X","eventTime":"soon"}`: access.ReasonTime,
		`{"eventName":"X"}`:                    access.ReasonTime,
		`{"eventName":"X","eventTime":"2026-09-01T08:15:00Z","userIdentity":"ana"}`: access.ReasonType,
		`{"message":"not json"}`: access.ReasonMissing,
		`{"message":"{broken"}`:  access.ReasonSyntax,
		`{"detail":{"x":1}}`:     access.ReasonMissing,
		`{"digestS3Object":"x"}`: access.ReasonUnsupported,
		`{"insightDetails":{"state":"Start"},"eventTime":"2026-09-01T08:15:00Z"}`:                            access.ReasonMissing,
		`{"eventname":"listbuckets","eventtime":"2026-09-01 08:15:00.000","eventsource":"s3.amazonaws.com"}`: "",
	} {
		ev.Reset()
		err := dec.Decode([]byte(rec), &ev)
		var r *access.Rejection
		got := access.Reason("")
		if errors.As(err, &r) {
			got = r.Reason
		}
		if got != want {
			t.Errorf("%s: %v, want %q", rec, err, want)
		}
	}
}
