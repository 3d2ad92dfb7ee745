package decode

import (
	"encoding/json"
	"time"

	"github.com/grantwatch/grantwatch/access"
)

// Canary makes the record that `grantwatch canary` posts: one in the form of the format, which the decoder takes for what
// it is (access.IsCanary) and which the provider itself never writes. ok is false for a format without one.
func Canary(format, id, account string, at time.Time) (record []byte, ok bool) {
	when := at.UTC().Format("2006-01-02T15:04:05.000000Z")
	var v any
	switch format {
	case "aws_cloudtrail":
		v = map[string]any{"eventVersion": "1.11", "eventTime": at.UTC().Format("2006-01-02T15:04:05.000Z"), "eventSource": "canary.grantwatch.invalid", "eventName": "GrantwatchCanary",
			"awsRegion": "us-east-1", "eventID": id, "recipientAccountId": account, "readOnly": true, "managementEvent": true, "eventType": "AwsApiCall",
			"userIdentity": map[string]any{"type": "Unknown", "principalId": access.CanaryName, "userName": access.CanaryName, "accountId": account}}
	case "k8s_audit":
		v = map[string]any{"kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "Metadata", "auditID": id, "stage": "ResponseComplete",
			"verb": access.CanaryName, "requestURI": access.CanaryPath, "user": map[string]any{"username": access.CanaryName},
			"requestReceivedTimestamp": when, "stageTimestamp": when, "responseStatus": map[string]any{"code": 200}}
	case "okta_system":
		v = map[string]any{"uuid": id, "published": at.UTC().Format("2006-01-02T15:04:05.000Z"), "eventType": access.CanaryOkta, "version": "0", "severity": "INFO",
			"actor":   map[string]any{"id": access.CanaryName, "type": "SystemPrincipal", "alternateId": access.CanaryName, "displayName": access.CanaryName},
			"outcome": map[string]any{"result": "SUCCESS"}}
	default:
		return nil, false
	}
	record, err := json.Marshal(v)
	return record, err == nil
}
