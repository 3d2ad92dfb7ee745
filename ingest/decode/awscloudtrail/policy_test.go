package awscloudtrail

import (
	"testing"

	"github.com/valyala/fastjson"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/ingest/decode/field"
)

func TestPolicyPrincipals(t *testing.T) {
	for policy, want := range map[string][]string{
		`{"Statement":[{"Effect":"Allow","Principal":"*"}]}`:                                          {"*"},
		`{"Statement":{"Effect":"Allow","Principal":{"AWS":["444455556666","arn:aws:iam::1:root"]}}}`: {"444455556666", "arn:aws:iam::1:root"},
		`{"Statement":[{"Effect":"Deny","Principal":"*"}]}`:                                           nil,
		`{"Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"}}]}`:              {"ec2.amazonaws.com"},
		`not json`:        nil,
		`{"Statement":7}`: nil,
	} {
		var a fastjson.Arena
		got := principals(a.NewString(policy))
		if len(got) != len(want) {
			t.Errorf("%s: %q, want %q", policy, got, want)
			continue
		}
		for i := range got {
			if got[i] != want[i] {
				t.Errorf("%s: %q, want %q", policy, got, want)
			}
		}
	}
}

func TestTrustPolicyReachesTheEvent(t *testing.T) {
	const rec = `{"eventID":"e","eventTime":"2026-09-01T08:15:00Z","eventSource":"iam.amazonaws.com","eventName":"UpdateAssumeRolePolicy","userIdentity":{"type":"Root","arn":"arn:aws:iam::111122223333:root"},"recipientAccountId":"111122223333","requestParameters":{"roleName":"r","policyDocument":"{\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"*\"}}]}"}}`
	var ev access.Event
	if err := New(field.NewStrings()).Decode([]byte(rec), &ev); err != nil {
		t.Fatal(err)
	}
	if ev.Attrs["policy_principals"] != "*" {
		t.Errorf("attrs %v", ev.Attrs)
	}
}

func TestSelectors(t *testing.T) {
	for params, want := range map[string]string{
		`{"eventSelectors":[{"readWriteType":"All","includeManagementEvents":true}]}`:                                                                                   "management:All",
		`{"eventSelectors":[{"readWriteType":"WriteOnly","includeManagementEvents":true}]}`:                                                                             "management:WriteOnly",
		`{"eventSelectors":[{"readWriteType":"ReadOnly"}]}`:                                                                                                             "management:ReadOnly",
		`{"eventSelectors":[{"readWriteType":"All","includeManagementEvents":false}]}`:                                                                                  "management:off",
		`{"advancedEventSelectors":[{"fieldSelectors":[{"field":"eventCategory","equals":["Management"]}]}]}`:                                                           "management:All",
		`{"advancedEventSelectors":[{"fieldSelectors":[{"field":"eventCategory","equals":["Management"]},{"field":"readOnly","equals":["false"]}]}]}`:                   "management:WriteOnly",
		`{"advancedEventSelectors":[{"fieldSelectors":[{"field":"eventCategory","equals":["Data"]}]}]}`:                                                                 "management:off",
		`{"advancedEventSelectors":[{"fieldSelectors":[{"field":"eventCategory","equals":["Management"]},{"field":"eventSource","notEquals":["kms.amazonaws.com"]}]}]}`: "management:off",
		`{}`: "management:off",
	} {
		v, err := fastjson.Parse(params)
		if err != nil {
			t.Fatal(err)
		}
		if got := selectors(v); got != want {
			t.Errorf("%s: %s, want %s", params, got, want)
		}
	}
}
