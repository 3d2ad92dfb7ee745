package awscloudtrail

import (
	"strings"
	"testing"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/access/catalogue"
)

func TestChanges(t *testing.T) {
	const u, g, r = "arn:aws:iam::111122223333:user/", "arn:aws:iam::111122223333:group/", "arn:aws:iam::111122223333:role/"
	cases := []struct {
		source, name, params, reply string
		want                        access.Change
	}{
		{"iam", "AttachUserPolicy", `{"userName":"u","policyArn":"arn:aws:iam::aws:policy/P"}`, `null`, access.Change{Kind: access.ChangeGrant, Subject: u + "u", Grant: "arn:aws:iam::aws:policy/P"}},
		{"iam", "DetachGroupPolicy", `{"groupName":"g","policyArn":"arn:P"}`, `null`, access.Change{Kind: access.ChangeRevoke, Subject: g + "g", Grant: "arn:P"}},
		{"iam", "PutRolePolicy", `{"roleName":"r","policyName":"p","policyDocument":"{}"}`, `null`, access.Change{Kind: access.ChangeGrant, Subject: r + "r", Grant: "inline:p"}},
		{"iam", "DeleteUserPolicy", `{"userName":"u","policyName":"p"}`, `null`, access.Change{Kind: access.ChangeRevoke, Subject: u + "u", Grant: "inline:p"}},
		{"iam", "AddUserToGroup", `{"userName":"u","groupName":"g"}`, `null`, access.Change{Kind: access.ChangeGrant, Subject: u + "u", Grant: g + "g"}},
		{"iam", "RemoveUserFromGroup", `{"userName":"u","groupName":"g"}`, `null`, access.Change{Kind: access.ChangeRevoke, Subject: u + "u", Grant: g + "g"}},
		{"iam", "CreateUser", `{"userName":"u","path":"/x/"}`, `{"user":{"arn":"` + u + `x/u"}}`, access.Change{Kind: access.ChangeCreate, Subject: u + "x/u"}},
		{"iam", "CreateRole", `{"roleName":"r"}`, `null`, access.Change{Kind: access.ChangeCreate, Subject: r + "r"}},
		{"iam", "DeleteRole", `{"roleName":"r"}`, `null`, access.Change{Kind: access.ChangeDelete, Subject: r + "r"}},
		{"iam", "CreateAccessKey", `null`, `{"accessKey":{"userName":"ana","accessKeyId":"AKIA2","secretAccessKey":"s"}}`, access.Change{Kind: access.ChangeCreate, Subject: u + "ana", Grant: "AKIA2"}},
		{"iam", "UpdateAccessKey", `{"userName":"u","accessKeyId":"AKIA2","status":"Inactive"}`, `null`, access.Change{Kind: access.ChangeDisable, Subject: u + "u", Grant: "AKIA2"}},
		{"iam", "UpdateAccessKey", `{"userName":"u","accessKeyId":"AKIA2","status":"Active"}`, `null`, access.Change{Kind: access.ChangeEnable, Subject: u + "u", Grant: "AKIA2"}},
		{"iam", "DeleteAccessKey", `{"userName":"u","accessKeyId":"AKIA2"}`, `null`, access.Change{Kind: access.ChangeDelete, Subject: u + "u", Grant: "AKIA2"}},
		{"iam", "UpdateLoginProfile", `{"userName":"u","password":"s"}`, `null`, access.Change{Kind: access.ChangeRotate, Subject: u + "u", Grant: "console-password"}},
		{"iam", "DeactivateMFADevice", `{"userName":"u","serialNumber":"arn:m"}`, `null`, access.Change{Kind: access.ChangeDisable, Subject: u + "u", Grant: "mfa:arn:m"}},
		{"iam", "UpdateAssumeRolePolicy", `{"roleName":"r","policyDocument":"{}"}`, `null`, access.Change{Kind: access.ChangeGrant, Subject: r + "r", Grant: "trust-policy"}},
		{"iam", "SetDefaultPolicyVersion", `{"policyArn":"arn:P","versionId":"v2"}`, `null`, access.Change{Kind: access.ChangeGrant, Subject: "arn:P", Grant: "arn:P"}},
		{"iam", "PutUserPermissionsBoundary", `{"userName":"u","permissionsBoundary":"arn:B"}`, `null`, access.Change{Kind: access.ChangeGrant, Subject: u + "u", Grant: "boundary:arn:B"}},
		{"sts", "AssumeRole", `{"roleArn":"arn:aws:iam::9:role/x"}`, `{"credentials":{"accessKeyId":"ASIA3","sessionToken":"s"}}`, access.Change{Kind: access.ChangeIssue, Subject: "arn:aws:iam::9:role/x", Grant: "ASIA3"}},
		{"sts", "AssumeRole", `null`, `{"credentials":{"accessKeyId":"ASIA3"},"assumedRoleUser":{"arn":"arn:aws:sts::111122223333:assumed-role/x/s"}}`, access.Change{Kind: access.ChangeIssue, Subject: r + "x", Grant: "ASIA3"}},
		{"sts", "GetSessionToken", `{"durationSeconds":900}`, `{"credentials":{"accessKeyId":"ASIA3"}}`, access.Change{Kind: access.ChangeIssue, Subject: u + "ana", Grant: "ASIA3"}},
		{"kms", "CreateGrant", `{"granteePrincipal":"arn:g","keyId":"k"}`, `{"grantId":"id7","grantToken":"s"}`, access.Change{Kind: access.ChangeGrant, Subject: "arn:g", Grant: "id7"}},
		{"kms", "PutKeyPolicy", `{"keyId":"arn:aws:kms:r:1:key/k","policyName":"default"}`, `null`, access.Change{Kind: access.ChangeGrant, Subject: "arn:aws:kms:r:1:key/k", Grant: "key-policy"}},
		{"s3", "PutBucketPolicy", `{"bucketName":"b"}`, `null`, access.Change{Kind: access.ChangeGrant, Subject: "arn:aws:s3:::b", Grant: "bucket-policy"}},
		{"lambda", "AddPermission20150331v2", `{"functionName":"f","principal":"p.amazonaws.com","statementId":"s1"}`, `null`, access.Change{Kind: access.ChangeGrant, Subject: "p.amazonaws.com", Grant: "statement:s1"}},
		{"secretsmanager", "UpdateSecret", `{"secretId":"n"}`, `{"arn":"arn:s","versionId":"v"}`, access.Change{Kind: access.ChangeRotate, Subject: "arn:s"}},
		{"cloudtrail", "StopLogging", `{"name":"t"}`, `null`, access.Change{Kind: access.ChangeLogging, Subject: "t"}},
		{"guardduty", "DeleteDetector", `{"detectorId":"d"}`, `null`, access.Change{Kind: access.ChangeLogging, Subject: "d"}},
	}
	for _, c := range cases {
		more := `"requestParameters":` + c.params + `,"responseElements":` + c.reply
		ev := decode(t, record(c.source, c.name, more))
		if ev.Change == nil || *ev.Change != c.want {
			t.Errorf("%s %s: %+v, want %+v", c.name, c.params, ev.Change, c.want)
		}
		if ev := decode(t, record(c.source, c.name, more+`,"errorCode":"AccessDenied"`)); ev.Change != nil {
			t.Errorf("%s was denied and changed %+v", c.name, ev.Change)
		}
	}
	for _, rec := range []string{record("secretsmanager", "UpdateSecret", `"requestParameters":{"secretId":"n","description":"x"},"responseElements":{"arn":"arn:s"}`), record("iam", "GetUser", "")} {
		if ev := decode(t, rec); ev.Change != nil {
			t.Errorf("%s changes nothing, not %+v", ev.Action, ev.Change)
		}
	}
}

// TestChangesExist holds the table's keys against the catalogue: a name with a slip in it would never match.
func TestChangesExist(t *testing.T) {
	other := map[string]bool{"kms:RotateKey": true} // done by the service itself
	for key, spec := range changes {
		if _, known := catalogue.AWS().Lookup(key); !known && !other[key] {
			prefix, name, _ := strings.Cut(key, ":")
			if len(catalogue.AWS().ForEvent(prefix+".amazonaws.com", name)) == 0 {
				t.Errorf("%s is no call that the catalogue knows", key)
			}
		}
		if spec.kind == "" {
			t.Errorf("%s has no kind", key)
		}
		if spec.kind != access.ChangeLogging && len(spec.subject.param) == 0 && len(spec.subject.reply) == 0 && !spec.subject.self {
			t.Errorf("%s names nobody", key)
		}
	}
}
