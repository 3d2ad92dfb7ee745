package awscloudtrail

import (
	"bytes"

	"github.com/valyala/fastjson"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/ingest/decode/field"
)

// targetLimit bounds the targets of one event; a call can name thousands of instances.
const targetLimit = 32

// named lists the request parameters that name what a call acts on, with the CloudFormation type of the thing. Only
// names and ARNs are in it: everything else in the request may be secret.
//
// scope marks those whose value, when it is an ARN, is the one resource that the permission is checked against. It is
// left off where a policy could be written against something else as well: attaching a policy is checked against the
// user, not the policy.
var named = []struct {
	param, kind string
	scope       bool
}{
	{"bucketName", "AWS::S3::Bucket", false},
	{"roleArn", "AWS::IAM::Role", false},
	{"roleName", "AWS::IAM::Role", false},
	{"userName", "AWS::IAM::User", false},
	{"groupName", "AWS::IAM::Group", false},
	{"policyArn", "AWS::IAM::ManagedPolicy", false},
	{"instanceProfileName", "AWS::IAM::InstanceProfile", false},
	{"secretId", "AWS::SecretsManager::Secret", true},
	{"keyId", "AWS::KMS::Key", true},
	{"functionName", "AWS::Lambda::Function", true},
	{"tableName", "AWS::DynamoDB::Table", true},
	{"instanceId", "AWS::EC2::Instance", false},
	{"groupId", "AWS::EC2::SecurityGroup", false},
	{"snapshotId", "AWS::EC2::Snapshot", false},
	{"dBInstanceIdentifier", "AWS::RDS::DBInstance", false},
	{"dBSnapshotIdentifier", "AWS::RDS::DBSnapshot", false},
	{"queueUrl", "AWS::SQS::Queue", false},
	{"topicArn", "AWS::SNS::Topic", true},
	{"trailName", "AWS::CloudTrail::Trail", true},
	{"detectorId", "AWS::GuardDuty::Detector", false},
	{"clusterName", "AWS::ECS::Cluster", false},
	{"repositoryName", "AWS::ECR::Repository", false},
	{"stackName", "AWS::CloudFormation::Stack", false},
	{"logGroupName", "AWS::Logs::LogGroup", false},
	{"permissionSetArn", "AWS::SSO::PermissionSet", false},
}

// targets lists what the call acted on: the resources that the record states, then the well-known request parameters.
func (d *decoder) targets(ev *access.Event) {
	d.certain = 0
	for _, r := range field.List(d.top(resources)) {
		arn := firstOf(field.At(r, "ARN"), field.At(r, "arn"), field.At(r, "ARNPrefix"))
		d.target(ev, arn, d.str.Intern(field.At(r, "type")))
	}
	d.certain = len(ev.Targets)
	if d.params == nil || d.params.Type() != fastjson.TypeObject {
		return
	}
	bucket := field.At(d.params, "bucketName")
	for _, n := range named {
		id := field.At(d.params, n.param)
		if len(id) == 0 || hasSuffixTarget(ev, id) {
			continue
		}
		certain := n.scope && d.certain == len(ev.Targets)
		if d.target(ev, id, n.kind) && certain {
			d.certain++
		}
	}
	if key := field.At(d.params, "key"); len(bucket) > 0 && len(key) > 0 {
		d.key = append(append(append(append(d.key[:0], "arn:"...), d.partition...), ":s3:::"...), bucket...)
		d.key = append(append(d.key, '/'), key...)
		d.target(ev, d.key, "AWS::S3::Object")
	}
	for _, item := range field.List(field.Get(field.Get(d.params, "instancesSet"), "items")) {
		d.target(ev, field.At(item, "instanceId"), "AWS::EC2::Instance")
	}
	if name := field.At(d.params, "name"); len(name) > 0 && len(ev.Targets) == 0 && len(name) < 512 {
		d.target(ev, name, "")
		d.certain = len(ev.Targets) // a trail and its like: the request names nothing else
	}
}

// target adds a target unless it is there already.
func (d *decoder) target(ev *access.Event, id []byte, kind string) (added bool) {
	if len(id) == 0 || len(ev.Targets) >= targetLimit {
		return false
	}
	for i := range ev.Targets {
		if ev.Targets[i].ID == string(id) {
			return false
		}
	}
	ev.Targets = append(ev.Targets, access.Target{ID: d.str.Intern(id), Type: kind})
	return true
}

// hasSuffixTarget reports whether a target already stands for this name: the ARN ends in it.
func hasSuffixTarget(ev *access.Event, name []byte) bool {
	for i := range ev.Targets {
		id := ev.Targets[i].ID
		if n := len(id) - len(name); n > 0 && id[n:] == string(name) && (id[n-1] == '/' || id[n-1] == ':') {
			return true
		}
	}
	return false
}

// scope is where the permission was exercised, as coarse as grants are matched. It is only set when it is certain: a
// wrong scope would hide a use, an empty one credits every grant of the permission.
func (d *decoder) scope(ev *access.Event, c *call) {
	switch c.prefix {
	case "s3":
		bucket := field.At(d.params, "bucketName")
		if len(bucket) == 0 {
			bucket = bucketOf(ev.Targets)
		}
		if len(bucket) > 0 && !bytes.HasPrefix(bucket, []byte("arn:")) {
			d.key = append(append(append(d.key[:0], "arn:"...), d.partition...), ":s3:::"...)
			ev.Scope = d.str.Intern(append(d.key, bucket...))
		}
		return
	case "sts":
		ev.Scope = d.str.Intern(field.At(d.params, "roleArn"))
		return
	}
	for i := range ev.Targets[:min(d.certain, len(ev.Targets))] {
		arn := ev.Targets[i].ID
		if !ofService(arn, c.prefix) {
			continue
		}
		if ev.Scope != "" && ev.Scope != arn {
			ev.Scope = ""
			return
		}
		ev.Scope = arn
	}
}

// bucketOf finds the bucket in the resources of an S3 event.
func bucketOf(targets []access.Target) []byte {
	for i := range targets {
		if _, rest, ok := bytes.Cut([]byte(targets[i].ID), []byte(":s3:::")); ok {
			bucket, _, _ := bytes.Cut(rest, []byte("/"))
			return bucket
		}
	}
	return nil
}

// ofService reports whether s is an ARN of the service.
func ofService(s, prefix string) bool {
	if len(s) < 8 || s[:4] != "arn:" {
		return false
	}
	for i := 4; i < len(s); i++ {
		if s[i] == ':' {
			rest := s[i+1:]
			return len(rest) > len(prefix) && rest[:len(prefix)] == prefix && rest[len(prefix)] == ':'
		}
	}
	return false
}
