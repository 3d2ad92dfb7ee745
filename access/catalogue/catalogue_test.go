package catalogue

import (
	"regexp"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"pgregory.net/rapid"
)

func TestLookup(t *testing.T) {
	tests := []struct {
		action, name, class string
		level               access.Level
		weight              int
		logged              Logged
	}{
		{"s3:getobject", "s3:GetObject", "data:s3", access.LevelRead, 1, LoggedOptIn},
		{"S3:ListAllMyBuckets", "s3:ListAllMyBuckets", "management-read", access.LevelList, 1, LoggedDefault},
		{"s3:PutBucketPolicy", "s3:PutBucketPolicy", "management-write", access.LevelAdmin, 10, LoggedDefault},
		{"s3:BypassGovernanceRetention", "s3:BypassGovernanceRetention", "management-write", access.LevelAdmin, 10, LoggedNever},
		{"s3:GetObjectVersion", "s3:GetObjectVersion", "management-read", access.LevelRead, 1, LoggedUnknown},
		{"iam:PassRole", "iam:PassRole", "management-write", access.LevelWrite, 10, LoggedNever},
		{"iam:AttachRolePolicy", "iam:AttachRolePolicy", "management-write", access.LevelAdmin, 10, LoggedDefault},
		{"ec2:CreateTags", "ec2:CreateTags", "management-write", access.LevelWrite, 2, LoggedDefault},
		{"ec2:RunInstances", "ec2:RunInstances", "management-write", access.LevelWrite, 3, LoggedDefault},
		{"kms:Decrypt", "kms:Decrypt", "management-read", access.LevelWrite, 3, LoggedDefault},
		{"sts:AssumeRole", "sts:AssumeRole", "management-read", access.LevelWrite, 3, LoggedDefault},
		{"dynamodb:PutItem", "dynamodb:PutItem", "data:dynamodb", access.LevelWrite, 3, LoggedOptIn},
		{"dynamodb:CreateTable", "dynamodb:CreateTable", "management-write", access.LevelWrite, 3, LoggedDefault},
		{"lambda:InvokeFunction", "lambda:InvokeFunction", "data:lambda", access.LevelWrite, 3, LoggedOptIn},
		{"sqs:SendMessage", "sqs:SendMessage", "data:sqs", access.LevelWrite, 3, LoggedOptIn},
		{"sns:Publish", "sns:Publish", "data:sns", access.LevelWrite, 3, LoggedOptIn},
		{"bedrock:InvokeModel", "bedrock:InvokeModel", "management-read", access.LevelRead, 1, LoggedDefault},
		{"ec2:InjectApiError", "ec2:InjectApiError", "management-write", access.LevelWrite, 3, LoggedUnknown},
	}
	for _, tt := range tests {
		t.Run(tt.action, func(t *testing.T) {
			a, ok := AWS().Lookup(tt.action)
			if !ok {
				t.Fatal("not known")
			}
			if a.Name != tt.name || a.Class != tt.class || a.Access != tt.level || a.Weight != tt.weight || a.Logged != tt.logged {
				t.Errorf("got %+v (%s)", a, a.Logged)
			}
		})
	}
	for _, unknown := range []string{"", "s3", "s3:", "s3:GetObjec", "s3:GetObject2", "nosuch:Thing", "*"} {
		if a, ok := AWS().Lookup(unknown); ok {
			t.Errorf("Lookup(%q) = %v, want nothing", unknown, a)
		}
	}
}

func TestSortedAndSearchable(t *testing.T) {
	c := AWS()
	if c.Len() < 20000 {
		t.Fatalf("only %d actions", c.Len())
	}
	for i := range c.actions {
		if i > 0 && compareFold(c.actions[i-1].Name, c.actions[i].Name) >= 0 {
			t.Fatalf("%s is not before %s", c.actions[i-1].Name, c.actions[i].Name)
		}
		if _, ok := c.Lookup(strings.ToUpper(c.actions[i].Name)); !ok {
			t.Fatalf("%s is not found", c.actions[i].Name)
		}
	}
	count := map[string]int{}
	for i := range c.actions {
		prefix, _, _ := strings.Cut(c.actions[i].Name, ":")
		count[prefix]++
	}
	for prefix, want := range count {
		if got := len(c.Expand(prefix + ":*")); got != want {
			t.Errorf("%s:* expands to %d actions, want %d", prefix, got, want)
		}
	}
}

func TestExpand(t *testing.T) {
	c := AWS()
	names := func(p string) []string {
		var out []string
		for _, a := range c.Expand(p) {
			out = append(out, a.Name)
		}
		return out
	}
	if got := strings.Join(names("SQS:sendmessage"), " "); got != "sqs:SendMessage" {
		t.Errorf("one action: %q", got)
	}
	if got := strings.Join(names("sts:Assume*"), " "); got != "sts:AssumeRole sts:AssumeRoleWithSAML sts:AssumeRoleWithWebIdentity sts:AssumeRoot" {
		t.Errorf("a prefix: %q", got)
	}
	if got := strings.Join(names("?qs:Send*ge"), " "); got != "sqs:SendMessage" {
		t.Errorf("a wildcard in the service: %q", got)
	}
	if got := len(c.Expand("*")); got != c.Len() {
		t.Errorf("* is %d actions", got)
	}
	if got := c.Expand("nosuch:*"); len(got) != 0 {
		t.Errorf("an unknown service has %d actions", len(got))
	}
	if &c.Expand("ec2:Describe*")[0] != &c.Expand("EC2:describe*")[0] {
		t.Error("the second expansion does not come from the cache")
	}
}

func TestExpandIsSubsetOfAll(t *testing.T) {
	c := AWS()
	rapid.Check(t, func(t *rapid.T) {
		pattern := rapid.StringMatching(`(s3|ec2|i?m|\*|k\*):[A-Z*?][a-z*?]{0,4}[*?A-Z]?`).Draw(t, "pattern")
		got := c.Expand(pattern)
		if !sort.SliceIsSorted(got, func(i, j int) bool { return compareFold(got[i].Name, got[j].Name) < 0 }) {
			t.Fatal("not sorted")
		}
		in := map[string]bool{}
		for _, a := range got {
			in[a.Name] = true
		}
		re := naive(pattern, true)
		// A slow matcher on every action is slow: each run looks at another seventh of them.
		all := c.Expand("*")
		for i := rapid.IntRange(0, 6).Draw(t, "from"); i < len(all); i += 7 {
			a := all[i]
			if re.MatchString(a.Name) != in[a.Name] {
				t.Fatalf("%q on %s: expansion says %v", pattern, a.Name, in[a.Name])
			}
		}
	})
}

// naive is the slow, plain meaning of an IAM glob.
func naive(pattern string, fold bool) *regexp.Regexp {
	var b strings.Builder
	b.WriteString("(?s)")
	if fold {
		b.WriteString("(?i)")
	}
	b.WriteString("^")
	for _, r := range pattern {
		switch r {
		case '*':
			b.WriteString(".*")
		case '?':
			b.WriteString(".")
		default:
			b.WriteString(regexp.QuoteMeta(string(r)))
		}
	}
	b.WriteString("$")
	return regexp.MustCompile(b.String())
}

func TestMatchIsTheNaiveMatcher(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pattern := rapid.StringMatching(`[abAB*?:]{0,12}`).Draw(t, "pattern")
		s := rapid.StringMatching(`[abAB:]{0,12}`).Draw(t, "s")
		if got, want := Match(pattern, s), naive(pattern, false).MatchString(s); got != want {
			t.Fatalf("Match(%q, %q) = %v", pattern, s, got)
		}
		if got, want := MatchFold(pattern, s), naive(pattern, true).MatchString(s); got != want {
			t.Fatalf("MatchFold(%q, %q) = %v", pattern, s, got)
		}
	})
}

func TestMatchHostilePattern(t *testing.T) {
	start := time.Now()
	if Match(strings.Repeat("*a", 500)+"b", strings.Repeat("a", 5000)) {
		t.Error("matches")
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("took %v", took)
	}
}

func TestForEvent(t *testing.T) {
	tests := []struct{ source, name, want string }{
		{"s3.amazonaws.com", "GetObject", "s3:GetObject"},
		{"s3.amazonaws.com", "HeadObject", "s3:GetObject"},
		{"s3.amazonaws.com", "ListObjectsV2", "s3:ListBucket"},
		{"s3.amazonaws.com", "HeadBucket", "s3:ListBucket"},
		{"s3.amazonaws.com", "ListBuckets", "s3:ListAllMyBuckets"},
		{"s3.amazonaws.com", "DeleteObjects", "s3:DeleteObject"},
		{"s3.amazonaws.com", "CopyObject", "s3:PutObject s3:GetObject"},
		{"s3.amazonaws.com", "GetBucketPublicAccessBlock", "s3:GetBucketPublicAccessBlock"},
		{"iam.amazonaws.com", "CreateUser", "iam:CreateUser"},
		{"monitoring.amazonaws.com", "PutMetricAlarm", "cloudwatch:PutMetricAlarm"},
		{"email.amazonaws.com", "SendEmail", "ses:SendEmail"},
		{"autoscaling.amazonaws.com", "CreateAutoScalingGroup", "autoscaling:CreateAutoScalingGroup"},
		{"autoscaling.amazonaws.com", "RegisterScalableTarget", "application-autoscaling:RegisterScalableTarget"},
		{"elasticloadbalancing.amazonaws.com", "DescribeLoadBalancers", "elasticloadbalancing:DescribeLoadBalancers"},
		{"tagging.amazonaws.com", "GetResources", "tag:GetResources"},
		{"lambda.amazonaws.com", "GetFunction20150331v2", "lambda:GetFunction"},
		{"lambda.amazonaws.com", "ListFunctions20150331", "lambda:ListFunctions"},
		{"lambda.amazonaws.com", "Invoke", "lambda:InvokeFunction"},
		{"cloudfront.amazonaws.com", "CreateDistribution2020_05_31", "cloudfront:CreateDistribution"},
		{"kms.amazonaws.com", "ReEncrypt", "kms:ReEncryptFrom kms:ReEncryptTo"},
		{"kms.amazonaws.com", "Decrypt", "kms:Decrypt"},
		{"apigateway.amazonaws.com", "GetRestApis", "apigateway:GET"},
		{"apigateway.amazonaws.com", "CreateDeployment", "apigateway:POST"},
		{"apigateway.amazonaws.com", "UpdateStage", "apigateway:PATCH"},
		{"apigateway.amazonaws.com", "PutMethod", "apigateway:PUT"},
		{"apigateway.amazonaws.com", "DeleteRestApi", "apigateway:DELETE"},
		{"apigateway.amazonaws.com", "CreatePortal", "apigateway:CreatePortal"},
		{"dynamodb.amazonaws.com", "TransactGetItems", "dynamodb:GetItem"},
		{"sqs.amazonaws.com", "SendMessageBatch", "sqs:SendMessage"},
		{"bedrock.amazonaws.com", "Converse", "bedrock:InvokeModel"},
		{"states.amazonaws.com", "StartExecution", "states:StartExecution"},
		{"sts.amazonaws.com", "AssumeRoleWithWebIdentity", "sts:AssumeRoleWithWebIdentity"},
		{"elasticfilesystem.amazonaws.com", "NewClientConnection", "elasticfilesystem:ClientMount"},
		{"signin.amazonaws.com", "ConsoleLogin", ""},
		{"ec2.amazonaws.com", "NoSuchThing", ""},
		{"", "", ""},
		{"nosuch.amazonaws.com", "GetObject", ""},
	}
	for _, tt := range tests {
		if got := strings.Join(AWS().ForEvent(tt.source, tt.name), " "); got != tt.want {
			t.Errorf("ForEvent(%s, %s) = %q, want %q", tt.source, tt.name, got, tt.want)
		}
	}
}

// Every action that events.tsv names must exist, and every action that it reaches must not be called unlogged.
func TestEventTargetsExist(t *testing.T) {
	c := AWS()
	for event, actions := range c.events.events {
		for _, a := range actions {
			got, ok := c.Lookup(a)
			if !ok {
				t.Errorf("%s gives %s, which does not exist", event, a)
			} else if got.Logged == LoggedNever {
				t.Errorf("%s gives %s, which is said never to be logged", event, a)
			}
		}
	}
	for source, prefixes := range c.events.sources {
		for _, p := range prefixes {
			if _, ok := c.ranges[p]; !ok {
				t.Errorf("event source %s gives %s, which is no service", source, p)
			}
		}
	}
}

func TestForEventSharesNothingWritable(t *testing.T) {
	got := AWS().ForEvent("iam.amazonaws.com", "CreateUser")
	_ = append(got, "x")
	if next, _ := AWS().Lookup("iam:CreateVirtualMFADevice"); next.Name != "iam:CreateVirtualMFADevice" {
		t.Error("appending to a result reached the catalogue")
	}
}

func BenchmarkDecode(b *testing.B) {
	for b.Loop() {
		load()
	}
}

func BenchmarkForEvent(b *testing.B) {
	b.ReportAllocs()
	c := AWS()
	for b.Loop() {
		c.ForEvent("ec2.amazonaws.com", "DescribeInstances")
	}
}
