package demo

import "strings"

// operation is one AWS call: the IAM action that it exercises, and how CloudTrail writes it down.
// In req, arn and res: $R is the resource's short name, $A the account, $G the region, $U a UUID.
type operation struct {
	action   string // IAM action
	event    string // CloudTrail's eventName; empty when it is the action's name
	source   string // event source without .amazonaws.com; empty when it is the action's prefix
	readOnly bool
	global   bool   // recorded in us-east-1
	req      string // requestParameters
	arn      string // resource pattern of a typical grant; empty for actions on "*"
	typ      string // type of the record's resource, for services that name it in the record
	data     bool   // a data event
}

// ordinary operations are logged as management events by default, and are what healthy identities do.
var ordinary = []*operation{
	{action: "ec2:DescribeInstances", readOnly: true, req: `{"instancesSet":{},"filterSet":{"items":[{"name":"tag:service","valueSet":{"items":[{"value":"$R"}]}}]}}`},
	{action: "ec2:DescribeVolumes", readOnly: true, req: `{"maxResults":500,"volumeSet":{},"filterSet":{}}`},
	{action: "ec2:DescribeSecurityGroups", readOnly: true, req: `{"securityGroupSet":{},"securityGroupIdSet":{},"filterSet":{}}`},
	{action: "dynamodb:DescribeTable", readOnly: true, req: `{"tableName":"$R"}`, arn: "arn:aws:dynamodb:$G:$A:table/$R", typ: "AWS::DynamoDB::Table"},
	{action: "secretsmanager:GetSecretValue", readOnly: true, req: `{"secretId":"$R"}`, arn: "arn:aws:secretsmanager:$G:$A:secret:$R-*"},
	{action: "kms:Decrypt", readOnly: true, req: `{"encryptionContext":{"service":"$R"},"encryptionAlgorithm":"SYMMETRIC_DEFAULT"}`, arn: "arn:aws:kms:$G:$A:key/$U", typ: "AWS::KMS::Key"},
	{action: "kms:GenerateDataKey", readOnly: true, req: `{"keySpec":"AES_256","encryptionContext":{"service":"$R"}}`, arn: "arn:aws:kms:$G:$A:key/$U", typ: "AWS::KMS::Key"},
	{action: "ssm:GetParameter", readOnly: true, req: `{"name":"/$R/config","withDecryption":true}`, arn: "arn:aws:ssm:$G:$A:parameter/$R/config"},
	{action: "lambda:UpdateFunctionCode", event: "UpdateFunctionCode20150331v2", req: `{"functionName":"$R","publish":true,"dryRun":false}`, arn: "arn:aws:lambda:$G:$A:function:$R"},
	{action: "ecr:GetAuthorizationToken", readOnly: true, req: `{}`},
	{action: "logs:CreateLogStream", req: `{"logGroupName":"/app/$R","logStreamName":"$R/main/0"}`, arn: "arn:aws:logs:$G:$A:log-group:/app/$R:*"},
	{action: "logs:DescribeLogGroups", readOnly: true, req: `{"logGroupNamePrefix":"/app/$R","limit":50}`},
	{action: "cloudformation:DescribeStacks", readOnly: true, req: `{"stackName":"$R"}`},
	{action: "ecs:UpdateService", req: `{"cluster":"main","service":"$R","desiredCount":3,"forceNewDeployment":true}`, arn: "arn:aws:ecs:$G:$A:service/main/$R"},
	{action: "ecs:DescribeServices", readOnly: true, req: `{"cluster":"main","services":["$R"]}`, arn: "arn:aws:ecs:$G:$A:service/main/$R"},
	{action: "s3:ListAllMyBuckets", event: "ListBuckets", readOnly: true, req: `{"Host":"s3.$G.amazonaws.com"}`},
	{action: "rds:DescribeDBInstances", readOnly: true, req: `{"dBInstanceIdentifier":"$R"}`},
	{action: "eks:DescribeCluster", readOnly: true, req: `{"name":"$R"}`, arn: "arn:aws:eks:$G:$A:cluster/$R"},
	{action: "autoscaling:SetDesiredCapacity", req: `{"autoScalingGroupName":"$R","desiredCapacity":4,"honorCooldown":true}`, arn: "arn:aws:autoscaling:$G:$A:autoScalingGroup:*:autoScalingGroupName/$R"},
	{action: "autoscaling:DescribeAutoScalingGroups", readOnly: true, req: `{"autoScalingGroupNames":["$R"]}`},
	{action: "cloudwatch:DescribeAlarms", source: "monitoring", readOnly: true, req: `{"alarmNamePrefix":"$R","maxRecords":100}`},
	{action: "iam:ListRoles", readOnly: true, global: true, req: `{"maxItems":100}`},
	{action: "sns:ListTopics", readOnly: true, req: `{}`},
	{action: "sqs:GetQueueAttributes", readOnly: true, req: `{"queueUrl":"https://sqs.$G.amazonaws.com/$A/$R","attributeNames":["ApproximateNumberOfMessages"]}`, arn: "arn:aws:sqs:$G:$A:$R"},
	{action: "elasticloadbalancing:DescribeLoadBalancers", readOnly: true, req: `{"names":["$R"]}`},
	{action: "elasticache:DescribeCacheClusters", readOnly: true, req: `{"cacheClusterId":"$R","showCacheNodeInfo":true}`},
	{action: "states:StartExecution", req: `{"stateMachineArn":"arn:aws:states:$G:$A:stateMachine:$R","name":"scheduled"}`, arn: "arn:aws:states:$G:$A:stateMachine:$R"},
	{action: "codebuild:StartBuild", req: `{"projectName":"$R","sourceVersion":"main"}`, arn: "arn:aws:codebuild:$G:$A:project/$R"},
	{action: "acm:ListCertificates", readOnly: true, req: `{"certificateStatuses":["ISSUED"],"maxItems":100}`},
}

// Operations with a part of their own in the story.
var (
	opCanary      = &operation{action: "ec2:DescribeRegions", readOnly: true, req: `{"regionSet":{},"allRegions":false}`}
	opGetObject   = &operation{action: "s3:GetObject", readOnly: true, data: true, req: `{"bucketName":"$R","Host":"$R.s3.$G.amazonaws.com","key":"daily/part-0001.parquet"}`, arn: "arn:aws:s3:::$R/*"}
	opPutObject   = &operation{action: "s3:PutObject", data: true, req: `{"bucketName":"$R","Host":"$R.s3.$G.amazonaws.com","key":"daily/part-0002.parquet","x-amz-server-side-encryption":"aws:kms"}`, arn: "arn:aws:s3:::$R/*"}
	opPassRole    = &operation{action: "iam:PassRole", global: true, arn: "arn:aws:iam::$A:role/$R-*"}
	opAssumeRole  = &operation{action: "sts:AssumeRole", readOnly: true}
	opCreateRole  = &operation{action: "iam:CreateRole", global: true}
	opPutRole     = &operation{action: "iam:PutRolePolicy", global: true}
	opAttachRole  = &operation{action: "iam:AttachRolePolicy", global: true}
	opDeleteUser  = &operation{action: "iam:DeleteUser", global: true}
	opCreateUser  = &operation{action: "iam:CreateUser", global: true}
	opPutUser     = &operation{action: "iam:PutUserPolicy", global: true}
	opPutKey      = &operation{action: "kms:PutKeyPolicy", req: `{"policyName":"default","bypassPolicyLockoutSafetyCheck":false}`, arn: "arn:aws:kms:$G:$A:key/$U", typ: "AWS::KMS::Key"}
	opStopLog     = &operation{action: "cloudtrail:StopLogging", req: `{"name":"arn:aws:cloudtrail:$G:$A:trail/audit"}`, arn: "arn:aws:cloudtrail:$G:$A:trail/audit"}
	opStartLog    = &operation{action: "cloudtrail:StartLogging", req: `{"name":"arn:aws:cloudtrail:$G:$A:trail/audit"}`, arn: "arn:aws:cloudtrail:$G:$A:trail/audit"}
	opGuardDuty   = &operation{action: "guardduty:ListDetectors", readOnly: true, req: `{"maxResults":50}`}
	opConfigRules = &operation{action: "config:DescribeConfigRules", readOnly: true, req: `{}`}
	opTrails      = &operation{action: "cloudtrail:DescribeTrails", readOnly: true, req: `{"includeShadowTrails":true}`}
)

// wide grants are patterns of which one action is all that is ever used.
var wide = []struct {
	pattern string
	used    *operation
}{
	{"ecr:*", named("ecr:GetAuthorizationToken")},
	{"cloudformation:*", named("cloudformation:DescribeStacks")},
	{"route53:*", &operation{action: "route53:ListHostedZones", readOnly: true, global: true, req: `{"maxItems":"100"}`}},
	{"autoscaling:*", named("autoscaling:DescribeAutoScalingGroups")},
	{"ec2:Describe*", named("ec2:DescribeInstances")},
}

// idleOps are privileged enough that it matters when nobody uses them.
var idleOps = []string{"iam:CreateAccessKey", "iam:UpdateAssumeRolePolicy", "ec2:AuthorizeSecurityGroupIngress", "rds:DeleteDBInstance", "kms:ScheduleKeyDeletion",
	"dynamodb:DeleteTable", "lambda:AddPermission", "route53:ChangeResourceRecordSets", "ec2:TerminateInstances", "secretsmanager:PutSecretValue"}

func named(action string) *operation {
	for _, op := range ordinary {
		if op.action == action {
			return op
		}
	}
	panic("demo: no operation " + action)
}

func (op *operation) prefix() string { return op.action[:strings.IndexByte(op.action, ':')] }

func (op *operation) eventName() string {
	if op.event != "" {
		return op.event
	}
	return op.action[strings.IndexByte(op.action, ':')+1:]
}

func (op *operation) eventSource() string {
	if op.source != "" {
		return op.source + ".amazonaws.com"
	}
	return op.prefix() + ".amazonaws.com"
}

// fill puts the account, region and the resource's name into a template. The UUID depends on these alone, so that a
// grant's pattern and the record agree.
func (a *account) fill(template, name string) string {
	if strings.Contains(template, "$U") {
		template = strings.ReplaceAll(template, "$U", uuid(hash(a.h, name)))
	}
	return strings.NewReplacer("$R", name, "$A", a.id, "$G", a.region).Replace(template)
}
